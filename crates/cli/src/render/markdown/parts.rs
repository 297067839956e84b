//! The parts that pages share: documents by their names, changes as lines of a diff, conflicts as tables, findings and
//! errors.

use std::fmt::Write as _;

use domain::Collision;
use domain::document::ElementDifference;
use domain::json::Document;

use super::code::{cell, fence, span};
use crate::cli_error::CliError;
use crate::output::{render_error, visible};
use crate::render::{difference, mask};
use crate::saved_plan::{ChangeDocument, Conflicts, DiffLine};

/// A document by its name and its id.
pub(super) fn name(title: Option<&str>, id: &str) -> String {
    match title {
        Some(title) => format!("{} ({})", span(&mask::title(title)), span(id)),
        None => span(id),
    }
}

/// The name of a document of a plan.
pub(super) fn name_of(change: &ChangeDocument) -> String {
    let id = change
        .document
        .split_once('/')
        .map_or(change.document.as_str(), |(_, id)| id);
    name(change.name.as_deref(), id)
}

/// The file and the version of a document of a plan, in a line of its own.
pub(super) fn origin(change: &ChangeDocument) -> String {
    let file = change.file.as_deref().map(span);
    let version = change.version.as_deref();
    let version = version.map(|version| format!("version {}", span(version.trim_matches('"'))));
    let parts: Vec<String> = file.into_iter().chain(version).collect();
    parts.join(", ")
}

/// The changes of a document, each as lines of a diff: the place, the value before, the value after.
pub(super) fn changes(change: &ChangeDocument) -> Vec<Vec<String>> {
    change.diff.iter().map(|line| lines(line, change)).collect()
}

fn lines(line: &DiffLine, change: &ChangeDocument) -> Vec<String> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let at = |end: &str| format!("@@ {} @@{end}", difference::place(&line.path, None));
    if let Some(from) = &line.from {
        let to = difference::number(&line.path).unwrap_or_default();
        return vec![format!("@@ {} @@ moved to {to}", difference::place(from, before))];
    }
    match (&line.before, &line.after) {
        (Some(old), Some(new)) => {
            let (old_text, new_text) = difference::whole_values(&line.path, (before, old), (after, new));
            let hint = difference::hint(old, new).map_or_else(String::new, |hint| format!(" {hint}"));
            vec![at(&hint), format!("- {old_text}"), format!("+ {new_text}")]
        }
        (None, Some(new)) => vec![at(""), format!("+ {}", difference::whole(&line.path, after, new))],
        (Some(old), None) => {
            let is_member = line.path.matches('/').count() == 1;
            let cleared = if is_member { " cleared" } else { "" };
            vec![at(cleared), format!("- {}", difference::whole(&line.path, before, old))]
        }
        (None, None) => vec![at("")],
    }
}

/// The sides of a conflict as a table, and the changes of others that collide with nothing. Secrets are masked by what any
/// of these documents says of their places.
pub(super) fn conflict(conflicts: &Conflicts, documents: &[Option<&Document>]) -> String {
    let Conflicts {
        collisions,
        theirs_changed,
    } = conflicts;
    let mut text = String::new();
    if !collisions.is_empty() {
        text.push_str("\n| both changed | base | ours | theirs |\n| --- | --- | --- | --- |\n");
        for Collision {
            pointer,
            base,
            ours,
            theirs,
        } in collisions
        {
            row(
                &mut text,
                pointer.as_str(),
                &[base.as_ref(), ours.as_ref(), theirs.as_ref()],
                documents,
            );
        }
    }
    if !theirs_changed.is_empty() {
        text.push_str("\n| they changed | before | after |\n| --- | --- | --- |\n");
        for ElementDifference {
            difference: theirs,
            from,
        } in theirs_changed
        {
            if let Some(from) = from {
                let [place, from] = [&theirs.pointer, from].map(|place| cell(&difference::place(place.as_str(), None)));
                let _ = writeln!(text, "| {place} | moved from {from} | |");
                continue;
            }
            let sides = [theirs.before.as_ref(), theirs.after.as_ref()];
            row(&mut text, theirs.pointer.as_str(), &sides, documents);
        }
    }
    text
}

fn row(text: &mut String, path: &str, sides: &[Option<&Document>], documents: &[Option<&Document>]) {
    let place = cell(&difference::place(path, None));
    let side = |side: Option<String>| side.map_or_else(|| "nothing".to_owned(), |side| cell(&side));
    let sides = difference::sides(path, sides, documents).into_iter().map(side);
    let cells: Vec<String> = sides.collect();
    let _ = writeln!(text, "| {place} | {} |", cells.join(" | "));
}

/// The changes of others since the base as a table, with the entry that made each where the record knows it.
pub(super) fn drift(change: &ChangeDocument) -> String {
    if change.drift.is_empty() {
        return String::new();
    }
    let documents = [change.before.as_ref(), change.authored.as_ref()];
    let mut text = String::from("\n| others changed | base | theirs |\n| --- | --- | --- |\n");
    for line in &change.drift {
        row(
            &mut text,
            &line.path,
            &[line.base.as_ref(), line.theirs.as_ref()],
            &documents,
        );
    }
    for line in &change.drift {
        let Some(entry) = line.entry else { continue };
        let author = line.author.as_deref().map(span).unwrap_or_default();
        let reason = line
            .reason
            .as_deref()
            .map_or_else(String::new, |reason| format!(": {}", span(reason)));
        let _ = write!(text, "\n- {}: entry {entry} by {author}{reason}", span(&line.path));
    }
    text.push('\n');
    text
}

/// A finding in a line of a list.
pub(super) fn finding(finding: &serde_json::Value) -> String {
    let part = |name: &str| finding.get(name).and_then(serde_json::Value::as_str);
    let severity = part("severity").unwrap_or("error");
    let place = part("pointer").filter(|pointer| !pointer.is_empty()).map(span);
    let place = place.map_or_else(String::new, |place| format!(" at {place}"));
    let help = part("help").map_or_else(String::new, |help| format!("; help: {}", span(help)));
    format!(
        "- {}: {}{place}: {}{help}\n",
        if severity == "warning" { "warning" } else { "error" },
        span(part("code").unwrap_or_default()),
        span(part("message").unwrap_or_default()),
    )
}

/// An error as it is printed, in a fence.
pub(super) fn error(problem: &CliError) -> String {
    let text = anstream::adapter::strip_str(&render_error(problem)).to_string();
    fence("text", text.lines())
}

/// The error of a document as a plan has it, in a fence.
pub(super) fn saved_error(error: &serde_json::Value) -> String {
    let part = |name: &str| error.get(name).and_then(serde_json::Value::as_str).map(visible);
    let code = part("code").unwrap_or_default();
    let first = format!("error[{code}]: {}", part("message").unwrap_or_default());
    let help = part("help").map(|help| format!("  help: {help}"));
    let ids =
        ["context_id", "correlation_id"].map(|name| Some(format!("  {}: {}", name.replace('_', " "), part(name)?)));
    let lines: Vec<String> = std::iter::once(first)
        .chain(help)
        .chain(ids.into_iter().flatten())
        .collect();
    fence("text", lines.iter().map(String::as_str))
}
