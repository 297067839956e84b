//! The use cases, over ports. Thin: the domain decides, the ports do.

mod listing;
mod read_only;
mod update;

pub use listing::every_rule;
pub use read_only::ReadOnly;
pub use update::{Progress, Report, Updater};
