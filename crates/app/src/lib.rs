//! The use cases, over ports. Thin: the domain decides, the ports do.

mod deliver;
mod listing;
mod paced;
mod patient;
mod read_only;
mod reconcile;
mod rollback;
mod service;
mod update;

pub use deliver::{Deliverer, Round, SCHEDULE};
pub use listing::every_rule;
pub use paced::{LONGEST_PAUSE, Paced};
pub use patient::Patient;
pub use read_only::ReadOnly;
pub use reconcile::{Finding, NO_WRITE_IS_OLDER, Reconciled, Reconciler};
pub use rollback::{Back, NothingToUndo, Rollback, rollback};
pub use service::{Closed, Desk, Limits, Served, Service};
pub use update::{Progress, Report, Updater};
