//! The manifests: one version of everything, in one place, and no unused entry.

use std::path::Path;

use crate::repository::{Source, assert_none, metadata, read, root, sources};

/// The package that is no member of the workspace, because it is built otherwise.
const FUZZ: &str = "fuzz/Cargo.toml";

/// The manifests of the crates, without the root's.
fn members() -> Vec<Source> {
    let mut manifests = sources(&["Cargo.toml"]);
    manifests.retain(|manifest| !["Cargo.toml", FUZZ].contains(&manifest.path.as_str()));
    manifests
}

/// The lines `key = …` of each table whose header ends in `dependencies]`, with the key.
fn dependencies(manifest: &str) -> Vec<(&str, &str)> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end().ends_with("dependencies]");
        } else if inside
            && !line.starts_with('#')
            && let Some((key, value)) = line.split_once('=')
        {
            let key = key.trim();
            found.push((key.split_once('.').map_or(key, |(key, _)| key), value.trim()));
        }
    }
    found
}

#[test]
fn every_crate_takes_from_the_workspace_what_is_the_same_for_all() {
    let mut faults = Vec::new();
    for Source { path, text } in members() {
        for line in [
            "version.workspace = true",
            "edition.workspace = true",
            "rust-version.workspace = true",
            "license.workspace = true",
            "publish.workspace = true",
            "[lints]\nworkspace = true",
        ] {
            if !format!("\n{text}\n").contains(&format!("\n{line}\n")) {
                faults.push(format!("{path} lacks `{}`", line.replace('\n', " ")));
            }
        }
    }
    assert_none(&faults, "Put it there: the root manifest speaks for all crates.");
}

#[test]
fn versions_stand_in_the_root_manifest_only() {
    let mut faults = Vec::new();
    for Source { path, text } in members() {
        for (key, value) in dependencies(&text) {
            let from_workspace = value == "true" || value.contains("workspace = true");
            // A crate that tests itself under another feature can only name itself by path.
            let itself = value.contains("path = \".\"") && !value.contains("version");
            if !from_workspace && !itself {
                faults.push(format!("{path}: {key} = {value}"));
            }
        }
    }
    assert_none(
        &faults,
        "Give the version in [workspace.dependencies] of the root manifest and write `{ workspace = true }` here.",
    );
}

#[test]
fn nothing_in_the_root_manifest_is_unused() {
    let members = members();
    let used = |key: &str| {
        let mut all = members.iter().flat_map(|member| dependencies(&member.text));
        all.any(|(other, _)| other == key)
    };
    let root = read("Cargo.toml");
    let unused: Vec<String> = dependencies(&root)
        .into_iter()
        .filter(|(key, _)| !used(key))
        .map(|(key, _)| format!("`{key}` is in [workspace.dependencies], and no crate uses it"))
        .collect();
    assert_none(&unused, "Take it out of the root manifest.");
}

#[test]
fn the_fuzz_targets_are_no_member_and_read_json_as_the_workspace_does() {
    let fuzz = read(FUZZ);
    assert!(
        fuzz.contains("\n[workspace]\n"),
        "{FUZZ} is to be a workspace of its own"
    );
    let line = |manifest: &str| {
        let mut all = dependencies(manifest).into_iter();
        all.find(|(key, _)| *key == "serde_json")
            .map(|(_, value)| value.to_owned())
    };
    assert_eq!(line(&fuzz), line(&read("Cargo.toml")));
}

#[test]
fn the_lock_file_is_there_and_not_ignored() {
    for lock in ["Cargo.lock", "fuzz/Cargo.lock"] {
        assert!(root().join(lock).is_file(), "{lock} is missing: commit it");
    }
    let ignored = read(".gitignore").lines().any(|line| line.contains("Cargo.lock"));
    assert!(!ignored, ".gitignore names Cargo.lock: it is committed");
}

#[test]
fn every_crate_forbids_unsafe_code_by_the_workspace() {
    assert!(read("Cargo.toml").contains("\nunsafe_code = \"forbid\"\n"));
}

#[test]
fn folders_and_names_agree() {
    let mut faults = Vec::new();
    for package in &metadata().packages {
        let folder = package
            .manifest_path
            .parent()
            .and_then(|folder| folder.file_name())
            .unwrap_or_default();
        let name = package.name.as_str();
        if name != folder && name.strip_prefix("assist-rules-") != Some(folder) {
            faults.push(format!("{name} is in a folder `{folder}`"));
        }
    }
    assert_none(&faults, "crates/NAME holds the package assist-rules-NAME.");
}

#[test]
fn both_licenses_are_there() {
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(
            Path::new(root()).join(license).is_file(),
            "{license} is missing: the manifests name it"
        );
        // A package holds nothing from outside its folder.
        assert!(
            read(license) == read(&format!("crates/domain/{license}")),
            "crates/domain/{license} is another text"
        );
    }
}
