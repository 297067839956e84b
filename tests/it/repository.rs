//! The files of the repository and what cargo says about it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use cargo_metadata::{Metadata, MetadataCommand};

/// Folders that hold nothing written by hand.
const NOT_OURS: [&str; 3] = ["target", ".git", "proptest-regressions"];

/// A text file of the repository.
#[derive(Clone)]
pub(crate) struct Source {
    /// From the root, with `/`.
    pub(crate) path: String,
    /// The contents of the file.
    pub(crate) text: String,
}

/// The folder of the root manifest.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// One file, by its path from the root.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("cannot read {path}: {error}"))
}

/// All files whose name ends in one of `suffixes`, in order.
pub(crate) fn sources(suffixes: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    walk(root(), suffixes, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "no file of {suffixes:?} under {}", root().display());
    let from_root = |path: PathBuf| {
        let path = path.strip_prefix(root()).unwrap();
        path.to_str().unwrap().replace('\\', "/")
    };
    paths
        .into_iter()
        .map(from_root)
        .map(|path| Source {
            text: read(&path),
            path,
        })
        .collect()
}

fn walk(folder: &Path, suffixes: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if !NOT_OURS.contains(&name.as_str()) {
                walk(&entry.path(), suffixes, found);
            }
        } else if suffixes.iter().any(|suffix| name.ends_with(suffix)) {
            found.push(entry.path());
        }
    }
}

/// The workspace as cargo sees it, without what others wrote.
pub(crate) fn metadata() -> &'static Metadata {
    static METADATA: OnceLock<Metadata> = OnceLock::new();
    METADATA.get_or_init(|| {
        MetadataCommand::new()
            .manifest_path(root().join("Cargo.toml"))
            .no_deps()
            .exec()
            .unwrap()
    })
}

/// Fails with all faults at once, and with what to do about them.
pub(crate) fn assert_none(faults: &[String], what_to_do: &str) {
    assert!(faults.is_empty(), "\n  {}\n\n{what_to_do}\n", faults.join("\n  "));
}
