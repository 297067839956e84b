//! The difference between two documents, as lines.

use std::fmt::Write;

use domain::json::Document;
use similar::{ChangeTag, TextDiff};

use crate::output::{ADDED, BOLD, DIM, PLACE, REMOVED, visible};

/// A unified diff of two documents, printed the same way, under the names of its sides.
pub(crate) fn unified(before: &Document, after: &Document, names: (&str, &str)) -> String {
    let (before, after) = (lines(before), lines(after));
    let diff = TextDiff::from_lines(before.as_str(), after.as_str());
    let (old, new) = (visible(names.0), visible(names.1));
    let mut text = format!("{BOLD}--- {old}{BOLD:#}\n{BOLD}+++ {new}{BOLD:#}\n");
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        let _ = writeln!(text, "{PLACE}{}{PLACE:#}", hunk.header().to_string().trim_end());
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches('\n');
            let _ = match change.tag() {
                ChangeTag::Delete => writeln!(text, "{REMOVED}-{line}{REMOVED:#}"),
                ChangeTag::Insert => writeln!(text, "{ADDED}+{line}{ADDED:#}"),
                ChangeTag::Equal => writeln!(text, "{DIM} {line}{DIM:#}"),
            };
        }
    }
    text
}

/// The lines of a document, in which only the layout breaks lines.
fn lines(document: &Document) -> String {
    let pretty = document.pretty();
    pretty
        .lines()
        .flat_map(|line| [visible(line), "\n".to_owned()])
        .collect()
}
