//! The relative links of the Markdown files: each leads to a file of the repository, and to a heading that is in it.
//!
//! Addresses on the web are left alone: no test opens a connection.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use regex::Regex;

use crate::repository::{Source, assert_none, root, sources};

/// The lines of a document, those in fenced blocks left empty.
fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut kept = String::new();
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        if !is_fence && !fenced {
            kept.push_str(line);
        }
        fenced ^= is_fence;
        kept.push('\n');
    }
    kept
}

/// The targets of `[text](target)` and `[name]: target`, each with its line.
fn links(text: &str) -> Vec<(usize, String)> {
    // Code spans come first: what looks like a link in one is none.
    let pattern = Regex::new(r"(?m)`[^`]*`|\]\(<?([^)\s>]+)>?[^)]*\)|^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)").unwrap();
    let prose = prose(text);
    let target = |found: regex::Captures| {
        let target = found.get(1).or_else(|| found.get(2))?;
        let before = prose.get(..target.start())?;
        Some((before.matches('\n').count() + 1, target.as_str().to_owned()))
    };
    pattern.captures_iter(&prose).filter_map(target).collect()
}

/// The anchors that a forge gives the headings of a document.
fn anchors(text: &str) -> BTreeSet<String> {
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    let prose = prose(text);
    for line in prose.lines() {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug: String = link
            .replace_all(title.trim(), "$1")
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let count = seen.entry(slug.clone()).or_default();
        anchors.insert(if *count == 0 { slug } else { format!("{slug}-{count}") });
        *count += 1;
    }
    anchors
}

/// The fault of a link in the file at `from`, if it has one.
fn fault(from: &str, target: &str, documents: &BTreeMap<&str, BTreeSet<String>>) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, anchor) = target
        .split_once('#')
        .map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let Some(path) = resolve(from, path) else {
        return Some(format!("`{target}` leads out of the repository"));
    };
    if !root().join(&path).exists() {
        return Some(format!("`{target}`: there is no {path}"));
    }
    let anchor = anchor?;
    let has_anchor = documents
        .get(path.as_str())
        .is_some_and(|anchors| anchors.contains(anchor));
    (!has_anchor).then(|| format!("`{target}`: {path} has no heading `#{anchor}`"))
}

/// A path from the root, for one that is seen from a file. No path at all is the file itself.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return Some(from.to_owned());
    }
    let folder = Path::new(from).parent()?.to_str()?;
    let mut steps: Vec<&str> = Vec::new();
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop()?;
            }
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

#[test]
fn every_relative_link_leads_somewhere() {
    let files = sources(&[".md"]);
    let documents: BTreeMap<&str, BTreeSet<String>> = files
        .iter()
        .map(|Source { path, text }| (path.as_str(), anchors(text)))
        .collect();
    let mut faults = Vec::new();
    let mut count = 0;
    for Source { path, text } in &files {
        for (line, target) in links(text) {
            count += 1;
            if let Some(fault) = fault(path, &target, &documents) {
                faults.push(format!("{path}:{line}: {fault}"));
            }
        }
    }
    assert!(count > 0, "no document has a link");
    assert_none(&faults, "Mend the link, or what it leads to.");
}

#[test]
fn links_are_found_in_prose_only() {
    let text = "[a](b.md) and [c\nd](e.md#f \"t\")\n\n```sh\n[g](h)\n```\n\n`[i](j)` ![k](l.png)\n\n[m]: n.md\n";
    let found = links(text);
    let found: Vec<(usize, &str)> = found.iter().map(|(line, target)| (*line, target.as_str())).collect();
    assert_eq!(found, [(1, "b.md"), (2, "e.md#f"), (8, "l.png"), (10, "n.md")]);
}

#[test]
fn headings_have_the_anchors_that_a_forge_gives_them() {
    let text = "# One, `two` & 3\n\n## Same\n\n```sh\n# no heading\n```\n\n## Same\n\n### [A link](b.md)_x\n\n#no\n";
    let expected = ["one-two--3", "same", "same-1", "a-link_x"];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
}

#[test]
fn dead_links_are_told() {
    let documents = [("docs/errors.md", anchors("# Here\n"))].into();
    for (target, expected) in [
        ("#here", None),
        ("#gone", Some("`#gone`: docs/errors.md has no heading `#gone`")),
        ("../README.md", None),
        (
            "../Cargo.toml#x",
            Some("`../Cargo.toml#x`: Cargo.toml has no heading `#x`"),
        ),
        ("gone.md", Some("`gone.md`: there is no docs/gone.md")),
        ("../../x", Some("`../../x` leads out of the repository")),
        ("https://example.com/x#y", None),
    ] {
        assert_eq!(
            fault("docs/errors.md", target, &documents).as_deref(),
            expected,
            "{target}"
        );
    }
}
