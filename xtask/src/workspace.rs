//! The root of the repository.

use std::path::Path;

use anyhow::{Context as _, Result};

/// The folder of the root manifest: the parent of this package's, as it was when this was built, and a moved clone
/// is built again.
///
/// # Errors
///
/// If this package stands at the root of a file system.
pub(crate) fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("cannot find the folder of the workspace")
}
