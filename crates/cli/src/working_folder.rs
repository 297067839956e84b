//! Files as they are named to others, who have the same folder elsewhere.

use std::path::{Component, Path, PathBuf};

/// The folder that the program runs in; none where the system does not say.
#[derive(Clone, Debug, Default)]
pub(crate) struct WorkingFolder(Option<PathBuf>);

impl WorkingFolder {
    /// The folder of this process.
    pub(crate) fn here() -> Self {
        Self(std::env::current_dir().ok())
    }

    /// The file relative to the folder, with `/` between folders. A path that was given so stays as it is.
    pub(crate) fn relative(&self, file: &str) -> String {
        let path = Path::new(file);
        let Some(folder) = self.0.as_deref().filter(|_| path.is_absolute()) else {
            return file.to_owned();
        };
        let (mut to, mut from) = (path.components().peekable(), folder.components().peekable());
        while to.peek().is_some() && to.peek() == from.peek() {
            to.next();
            from.next();
        }
        let up = from.map(|_| "..".to_owned());
        let down = to.filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            Component::ParentDir => Some("..".to_owned()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        });
        up.chain(down).collect::<Vec<_>>().join("/")
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// FIELD K4.
    #[test]
    fn no_folder_of_this_machine_is_named() {
        let folder = WorkingFolder(Some("/a/b".into()));
        for (file, expected) in [
            ("/a/b/rules/x.yaml", "rules/x.yaml"),
            ("/a/c/x.yaml", "../c/x.yaml"),
            ("/x.yaml", "../../x.yaml"),
            ("rules/x.yaml", "rules/x.yaml"),
            ("stdin", "stdin"),
        ] {
            assert_eq!(folder.relative(file), expected);
        }
    }
}
