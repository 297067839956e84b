//! Room on a disk.

use std::io::{self, Write};
use std::path::Path;

/// Writes so many bytes to a file in the folder, which is gone afterwards.
///
/// # Errors
///
/// If the folder cannot be written to, or its disk has no room for them.
pub fn try_room(folder: &Path, bytes: usize) -> io::Result<()> {
    // Why: the folder of a path without one is the one that the program runs in.
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut file = tempfile::tempfile_in(folder)?;
    file.write_all(&vec![0; bytes])?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_tried_without_leaving_a_file() {
        let folder = tempfile::tempdir().unwrap();
        try_room(folder.path(), 1 << 16).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        try_room(&folder.path().join("gone"), 1).unwrap_err();
    }
}
