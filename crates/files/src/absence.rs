//! Files that are not there, told apart from those that may not be read.

use std::fs;
use std::io;
use std::path::Path;

/// True if the error says that there is no such file. One that may not be read may well be there.
#[must_use]
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Reads a file; none if it is not there.
///
/// # Errors
///
/// If it is there and cannot be read, or it cannot be told whether it is there.
pub fn read_if_there(file: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "text").unwrap();
        for (path, found) in [
            (file.clone(), Some(Some(&b"text"[..]))),
            (folder.path().join("absent"), Some(None)),
            (folder.path().join("absent").join("file"), Some(None)),
            #[cfg(unix)]
            (file.join("file"), Some(None)),
            (folder.path().to_owned(), None),
        ] {
            let read = read_if_there(&path).ok();
            assert_eq!(read.as_ref().map(Option::as_deref), found, "{}", path.display());
        }
    }
}
