//! The names in the Markdown files: files of the repository that are there, words and tests that are in the code.

use std::collections::BTreeSet;

use regex::Regex;

use crate::repository::{Source, assert_none, read, root, sources};

/// The texts in backticks outside of fenced blocks, each with its line.
fn code_spans(text: &str) -> Vec<(usize, &str)> {
    let span = Regex::new("`([^`]+)`").unwrap();
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_fence = line.trim_start().starts_with("```");
        fenced ^= is_fence;
        if !is_fence && !fenced {
            let spans = span.captures_iter(line).filter_map(|captures| captures.get(1));
            found.extend(spans.map(|span| (number, span.as_str())));
        }
    }
    found
}

/// Names of files that stand for any, and one that no file has.
const EXAMPLES: [&str; 2] = ["foo.rs", "mod.rs"];

/// True if it can only be a path of the repository: a source file, or something below a folder of the root.
///
/// A capital letter makes a placeholder of it, as in `crates/NAME`.
fn is_path(span: &str, folders: &BTreeSet<String>) -> bool {
    let is_plain = span
        .chars()
        .all(|letter| matches!(letter, 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '/'));
    let begins_at_root = span.split_once('/').is_some_and(|(folder, _)| folders.contains(folder));
    is_plain
        && !EXAMPLES.contains(&span)
        && (begins_at_root || span.rsplit_once('.').is_some_and(|(_, kind)| kind == "rs"))
}

/// True if the path is there: from the root, or as the end of the path of a source file.
fn is_there(path: &str, files: &[Source]) -> bool {
    let end = format!("/{path}");
    root().join(path).exists() || files.iter().any(|file| file.path.ends_with(&end))
}

/// The folders of the root that hold what people write.
fn folders() -> BTreeSet<String> {
    let paths = sources(&[".rs", ".md", ".yml"]);
    let first = paths.iter().filter_map(|source| source.path.split_once('/'));
    first
        .map(|(folder, _)| folder.to_owned())
        .chain([".ci".to_owned()])
        .collect()
}

/// The rows of the table under a heading of ARCHITECTURE.md, each as its two cells.
fn table(heading: &str) -> Vec<(String, String)> {
    let page = read("ARCHITECTURE.md");
    let (_, section) = page
        .split_once(&format!("\n## {heading}\n"))
        .expect("the heading is there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = |line: &str| {
        let (first, second) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((first.to_owned(), second.to_owned()))
    };
    section.lines().filter_map(cells).skip(1).collect()
}

/// The code and the comments of all crates and suites, in lower case.
fn all_code() -> String {
    let files = sources(&[".rs"]);
    let texts = files.iter().filter(|file| file.path != "tests/it/pages.rs");
    texts.map(|file| file.text.to_lowercase()).collect()
}

#[test]
fn every_path_that_a_page_names_is_there() {
    let (folders, files) = (folders(), sources(&[".rs"]));
    let (mut faults, mut count) = (Vec::new(), 0);
    for Source { path, text } in sources(&[".md"]) {
        for (line, span) in code_spans(&text) {
            if is_path(span, &folders) {
                count += 1;
                if !is_there(span, &files) {
                    faults.push(format!("{path}:{line}: `{span}`"));
                }
            }
        }
    }
    assert!(count > 50, "the paths are not found");
    assert_none(&faults, "Name the file as it is called now.");
}

#[test]
fn paths_are_told_from_other_code() {
    let folders = ["crates", "docs"].map(str::to_owned).into();
    for (span, expected) in [
        ("crates/domain/src/code.rs", true),
        ("docs/", true),
        ("code.rs", true),
        ("crates/NAME", false),
        ("rules/refund.json", false),
        ("/api/v2/agent-assist", false),
        ("cargo test", false),
    ] {
        assert_eq!(is_path(span, &folders), expected, "{span}");
    }
}

#[test]
fn the_glossary_has_the_words_of_the_code() {
    let code = all_code();
    let rows = table("Glossary");
    assert!(
        (35..=50).contains(&rows.len()),
        "{} words: about 40 are enough",
        rows.len()
    );
    let mut faults = Vec::new();
    for (words, meaning) in &rows {
        let is_used = |word: &str| {
            ["_", "", " ", "-"]
                .iter()
                .any(|joint| code.contains(&word.replace([' ', '-'], joint)))
        };
        let unused = words.split(", ").map(str::to_lowercase).filter(|word| !is_used(word));
        faults.extend(unused.map(|word| format!("`{word}` is in no file")));
        let names = code_spans(meaning).into_iter().map(|(_, name)| name.to_lowercase());
        let names = names.map(|name| name.split('<').next().unwrap_or_default().to_owned());
        faults.extend(
            names
                .filter(|name| !code.contains(name))
                .map(|name| format!("{words}: `{name}`")),
        );
    }
    let mut sorted = rows.clone();
    sorted.sort();
    assert_eq!(rows, sorted, "the glossary is in order");
    assert_none(&faults, "The code has another word for it by now.");
}

#[test]
fn every_invariant_names_what_holds_it() {
    let rows = table("Invariants");
    assert!(rows.len() > 15, "the invariants are not found");
    let files = sources(&[".rs"]);
    let tests: String = files.iter().map(|file| file.text.as_str()).collect();
    let lints = read("Cargo.toml");
    let mut faults = Vec::new();
    for (invariant, held_by) in &rows {
        let spans = code_spans(held_by);
        if spans.is_empty() {
            faults.push(format!("{invariant}: by nothing"));
        }
        for (_, span) in spans {
            let is_module = files.iter().any(|file| file.path.ends_with(&format!("/{span}.rs")));
            let is_test = tests.contains(&format!("fn {span}("));
            let is_lint = lints.contains(&format!("\n{span} = \"deny\""));
            if !(span.contains(['/', '.']) || is_module || is_test || is_lint) {
                faults.push(format!("{invariant}: there is no `{span}`"));
            }
        }
    }
    assert_none(&faults, "Name the test that holds it now.");
}
