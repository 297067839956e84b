//! Files that are written whole or not at all, and stay after a crash.

use std::io::{self, Write};
use std::path::Path;

/// Puts a file in its place. A link that stands there is replaced; what it leads to is left alone.
pub(super) fn write(folder: &Path, file: &Path, text: &str) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".assist-rules-").suffix(".tmp");
    readable(&mut builder);
    let mut new = builder.tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file().sync_all()?;
    new.persist(file).map_err(|failed| failed.error)?;
    sync_folder(folder)
}

/// As readable as any file that the user makes: the user's mask says who may read it.
#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_builder: &mut tempfile::Builder<'_, '_>) {}

/// A file's name is in its folder, which is written by itself.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
