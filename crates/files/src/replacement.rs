//! Files that are put in their place whole, or not at all.
//!
//! Only a file is replaced: what is a link, a folder or a device stays, and is an error.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::folder::make_private_folder;

/// Puts a file in its place that people and other programs read. One that was there before keeps its mode, and its owner
/// and group as far as this user may say so; a new one is as readable as the user's mask says. It stays after a crash of
/// the machine.
///
/// # Errors
///
/// If its folder is not there or may not be written, or what stands in its place is no file.
pub fn replace_public(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(file);
    let standing = standing(file)?;
    let mut builder = builder();
    readable(&mut builder);
    let mut new = builder.tempfile_in(folder)?;
    new.write_all(content)?;
    if let Some(standing) = standing {
        keep_access(new.as_file(), &standing)?;
    }
    new.as_file().sync_all()?;
    put(new, file)?;
    sync_folder(folder)
}

/// Puts a file in its place that this program alone reads: its owner may, and nobody else. Its folder is made if it is
/// not there. After a crash of the machine it may be empty.
///
/// # Errors
///
/// If its folder cannot be made or may not be written, or what stands in its place is no file.
pub fn replace_private(file: &Path, content: &[u8]) -> io::Result<()> {
    let folder = folder_of(file);
    make_private_folder(folder)?;
    standing(file)?;
    let mut new = builder().tempfile_in(folder)?;
    new.write_all(content)?;
    put(new, file)
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".assist-rules-").suffix(".tmp");
    builder
}

/// The file that stands there; none if nothing does.
fn standing(file: &Path) -> io::Result<Option<Metadata>> {
    let found = match fs::symlink_metadata(file) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kind = found.file_type();
    let what = if kind.is_file() {
        return Ok(Some(found));
    } else if kind.is_symlink() {
        "a link"
    } else if kind.is_dir() {
        "a folder"
    } else {
        "a device"
    };
    Err(io::Error::other(format!("it is {what}, and only a file is replaced")))
}

fn put(new: NamedTempFile, file: &Path) -> io::Result<()> {
    new.persist(file).map_err(|failed| failed.error)?;
    Ok(())
}

#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable(_builder: &mut tempfile::Builder<'_, '_>) {}

#[cfg(unix)]
fn keep_access(new: &File, standing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    // Why no error: only the superuser may give a file to somebody else, and a group takes only what its members give.
    if fchown(new, Some(standing.uid()), Some(standing.gid())).is_err() {
        let _ = fchown(new, None, Some(standing.gid()));
    }
    new.set_permissions(standing.permissions())
}

#[cfg(not(unix))]
fn keep_access(_new: &File, _standing: &Metadata) -> io::Result<()> {
    Ok(())
}

/// A file's name is in its folder, which is written by itself.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Replace = fn(&Path, &[u8]) -> io::Result<()>;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        for replace in [replace_public as Replace, replace_private] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("file");
            for text in ["long before", "after"] {
                replace(&file, text.as_bytes()).unwrap();
                assert_eq!(fs::read_to_string(&file).unwrap(), text);
            }
            assert_eq!(names(folder.path()), ["file"]);
        }
    }

    #[test]
    fn no_folder_is_made_for_a_public_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("absent").join("file");
        assert_eq!(replace_public(&file, b"").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(names(folder.path()), [] as [&str; 0]);
        replace_private(&file, b"").unwrap();
        assert_eq!(names(folder.path()), ["absent"]);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_stays() {
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;

        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::write(place("theirs"), "theirs").unwrap();
        symlink(place("theirs"), place("link")).unwrap();
        symlink(place("nowhere"), place("dangling")).unwrap();
        fs::create_dir(place("folder")).unwrap();
        let _device = UnixListener::bind(place("device")).unwrap();
        let before = names(folder.path());
        for (name, is) in [
            ("link", "a link"),
            ("dangling", "a link"),
            ("folder", "a folder"),
            ("device", "a device"),
        ] {
            for replace in [replace_public as Replace, replace_private] {
                let kind = fs::symlink_metadata(place(name)).unwrap().file_type();
                assert_eq!(
                    replace(&place(name), b"ours").unwrap_err().to_string(),
                    format!("it is {is}, and only a file is replaced")
                );
                assert_eq!(fs::symlink_metadata(place(name)).unwrap().file_type(), kind);
            }
        }
        assert_eq!(fs::read_to_string(place("theirs")).unwrap(), "theirs");
        assert_eq!(names(folder.path()), before);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_keeps_its_mode_and_a_new_one_follows_the_mask() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        let file = folder.path().join("file");
        replace_public(&file, b"").unwrap();
        let any = folder.path().join("any");
        fs::write(&any, "").unwrap();
        assert_eq!(mode(&file), mode(&any));
        for kept in [0o600, 0o640, 0o666, 0o444] {
            fs::set_permissions(&file, PermissionsExt::from_mode(kept)).unwrap();
            replace_public(&file, b"").unwrap();
            assert_eq!(mode(&file), kept);
        }
        replace_private(&file, b"").unwrap();
        assert_eq!(mode(&file), 0o600);
    }
}
