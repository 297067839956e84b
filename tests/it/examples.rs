//! Every example runs, and prints what its own documentation says that it prints.

use std::process::Command;

use crate::{
    binary::{built, run},
    repository::{Source, sources},
};

/// The files `crates/CRATE/examples/EXAMPLE.rs`.
fn examples() -> Vec<Source> {
    let mut files = sources(&[".rs"]);
    files.retain(|file| file.path.starts_with("crates/") && file.path.contains("/examples/"));
    files
}

/// The block ` ```text ` of a file's documentation.
fn promised(text: &str) -> Option<String> {
    let (_, block) = text.split_once("//! ```text\n")?;
    let (block, _) = block.split_once("//! ```\n")?;
    let shown = |line: &str| {
        line.trim_start_matches("//!")
            .strip_prefix(' ')
            .unwrap_or_default()
            .to_owned()
            + "\n"
    };
    Some(block.lines().map(shown).collect())
}

#[test]
fn every_example_prints_what_it_says() {
    let examples = examples();
    assert!(!examples.is_empty());
    for Source { path, text } in examples {
        let promised = promised(&text)
            .unwrap_or_else(|| panic!("{path}: say what it prints, in a block ```text of its `//!` lines"));
        let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        // As `cargo test --workspace --all-features` builds it: under other features all it depends on is built again.
        let program = built(name, &["--workspace", "--all-features", "--example", name]);
        let ran = run(&mut Command::new(program));
        assert_eq!(
            ran.to_string(),
            format!("exit 0\n--- stdout\n{promised}--- stderr\n"),
            "{path}"
        );
    }
}

#[test]
fn what_an_example_promises_stands_in_its_documentation() {
    let promised = |text| promised(text).unwrap_or_default();
    assert_eq!(
        promised("//! It.\n//!\n//! ```text\n//! a\n//!\n//!   b\n//! ```\nfn main() {}\n"),
        "a\n\n  b\n"
    );
    assert_eq!(promised("//! It.\nfn main() {}\n"), "");
}
