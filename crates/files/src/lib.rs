//! Files as this workspace reads and writes them: written whole or not at all, and told apart from those that are not
//! there.
//!
//! Nothing here knows what is in a file.

mod absence;
mod folder;
mod replacement;
mod room;

pub use absence::{is_absent, read_if_there};
pub use folder::make_private_folder;
pub use replacement::{replace_private, replace_public};
pub use room::try_room;
