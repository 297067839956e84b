//! A plan for people: what changes in each rule, and why some are not changed.

use std::fmt::Write as _;

use domain::json::Document;
use domain::plan::{SafetyKind, SafetyLimits};

use crate::output::{ADDED, BOLD, DIM, ERROR, PLACE, REMOVED, SUCCESS, visible};
use crate::render::counted::counted;
use crate::render::{difference, mask};
use crate::saved_plan::{
    Action, By, ChangeDocument, DiffLine, PlanDocument, SavedPlan, SummaryDocument, TakenBackDocument,
};

/// The advice about a document that is missing, by its reference.
pub(crate) fn cannot_be_made(reference: &str) -> &'static str {
    if reference.starts_with("copilot/") {
        return "the organization has no such assistant, or the assistant has no Copilot: set it up in Genesys Cloud, and put \
                the assistant's id here";
    }
    "the organization has no such rule, and rules cannot be made by its API: make it in Genesys Cloud, and put its id here"
}

/// The advice about a rule that is at another version than its file names.
pub(crate) const OTHER_VERSION: &str =
    "it is not at the version that the file names; leave `etag` out of files that are kept";

/// The plan in lines. Its last line is the summary.
pub(crate) fn human(plan: &SavedPlan, limits: SafetyLimits) -> String {
    let document = &plan.document;
    let mut text = String::new();
    // Why first: a plan from an old branch brings back what a colleague replaced, in one line among many.
    for change in &document.changes {
        for line in &change.diff {
            if let Some(taken) = &line.takes_back {
                let place = difference::place(&line.path, None);
                let _ = writeln!(
                    text,
                    "{ERROR}warning{ERROR:#}:{} {PLACE}{place}{PLACE:#} of {}",
                    taken_back(taken),
                    name(change)
                );
            }
        }
    }
    for change in document
        .changes
        .iter()
        .filter(|change| change.action != Action::Unchanged)
    {
        one(&mut text, change);
    }
    for change in document
        .changes
        .iter()
        .filter(|change| change.action == Action::Unchanged)
    {
        one(&mut text, change);
    }
    if document.summary.update > 0 {
        if !text.is_empty() {
            text.push('\n');
        }
        safety(&mut text, document, limits);
        without_base(&mut text, document);
        let _ = writeln!(
            text,
            "  {DIM}{:<9}{DIM:#} {}",
            "target",
            visible(&document.target.shown())
        );
        let _ = writeln!(text, "  {DIM}{:<9}{DIM:#} {}", "changes", document.changes_hash);
        let _ = writeln!(text, "  {DIM}{:<9}{DIM:#} {}", "plan", plan.hash);
    }
    let _ = writeln!(text, "{BOLD}{}{BOLD:#}", summary(document));
    text
}

fn one(text: &mut String, change: &ChangeDocument) {
    let style = match change.action {
        Action::Update => SUCCESS,
        Action::Unchanged => DIM,
        Action::Conflict | Action::Missing | Action::Invalid | Action::Unread => ERROR,
    };
    let file = change
        .file
        .as_deref()
        .map(|file| format!("  {DIM}{}{DIM:#}", visible(file)));
    let version = change
        .version
        .as_ref()
        .map(|version| format!("  {DIM}version {}{DIM:#}", visible(version.trim_matches('"'))));
    let (file, version) = (file.unwrap_or_default(), version.unwrap_or_default());
    let _ = writeln!(
        text,
        "{style}{:<9}{style:#} {}{version}{file}",
        change.action.to_string(),
        name(change)
    );
    details(text, change);
}

/// The differences, the drift, the findings and the error of a document.
pub(crate) fn details(text: &mut String, change: &ChangeDocument) {
    for line in &change.diff {
        let taken = line.takes_back.as_ref().map(|taken| format!(" {}", taken_back(taken)));
        let by = if line.by == By::Drift {
            format!("  {PLACE}takes back{PLACE:#}")
        } else {
            String::new()
        };
        let taken = taken.unwrap_or(by);
        let _ = writeln!(text, "  {}{taken}", diff_line(line, change));
    }
    drift(text, change);
    match change.action {
        Action::Missing => {
            let _ = writeln!(text, "  {}", cannot_be_made(&change.document));
        }
        Action::Conflict if !change.drift.is_empty() => {
            let _ = writeln!(
                text,
                "  others changed it since its base: pull, or plan with --on-drift keep (theirs stays) or revert (the file \
                 wins)"
            );
        }
        Action::Conflict => {
            let _ = writeln!(text, "  {OTHER_VERSION}");
        }
        Action::Update | Action::Unchanged | Action::Invalid | Action::Unread => {}
    }
    for reference in &change.references {
        let (place, name) = (difference::place(&reference.path, None), visible(&reference.text));
        let _ = writeln!(
            text,
            "  {DIM}{place}: {name} is {}{DIM:#}",
            visible(reference.shown_id())
        );
    }
    for finding in &change.findings {
        let part = |name: &str| {
            finding
                .get(name)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let style = if part("severity") == "error" { ERROR } else { PLACE };
        let _ = writeln!(
            text,
            "  {style}{}[{}]{style:#} {}: {}",
            visible(part("severity")),
            visible(part("code")),
            visible(part("pointer")),
            visible(part("message"))
        );
        if !part("help").is_empty() {
            let _ = writeln!(text, "    {DIM}help: {}{DIM:#}", visible(part("help")));
        }
    }
    if let Some(message) = change.error.as_ref().and_then(|error| error.get("message")) {
        let _ = writeln!(text, "  {}", visible(message.as_str().unwrap_or_default()));
    }
}

/// The entry that a line takes back.
fn taken_back(change: &TakenBackDocument) -> String {
    format!(
        " {ERROR}takes back entry {}{ERROR:#} of {} at {}",
        change.entry,
        visible(&change.author),
        visible(&change.at)
    )
}

/// The changes of others since the base, and who made them where the record knows; or that there is no base.
fn drift(text: &mut String, change: &ChangeDocument) {
    for line in &change.drift {
        let who = line.entry.map(|entry| {
            let author = line.author.as_deref().unwrap_or_default();
            let reason = line
                .reason
                .as_deref()
                .map_or_else(String::new, |reason| format!(": {}", visible(reason)));
            format!("  {DIM}entry {entry} by {}{reason}{DIM:#}", visible(author))
        });
        let shown = DiffLine {
            path: line.path.clone(),
            from: line.from.clone(),
            before: line.base.clone(),
            after: line.theirs.clone(),
            by: By::Drift,
            takes_back: None,
        };
        let place = diff_line(&shown, change);
        let _ = writeln!(text, "  {PLACE}drift{PLACE:#} {place}{}", who.unwrap_or_default());
    }
}

/// The name of a document, with its id.
pub(crate) fn name(change: &ChangeDocument) -> String {
    let id = change
        .document
        .split_once('/')
        .map_or(change.document.as_str(), |(_, id)| id);
    match &change.name {
        Some(name) => format!("{} ({})", visible(&mask::title(name)), visible(id)),
        None => visible(id),
    }
}

fn diff_line(line: &DiffLine, change: &ChangeDocument) -> String {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let place = |path: &str, document: Option<&Document>| difference::place(path, document);
    if let Some(from) = &line.from {
        let to = difference::number(&line.path).unwrap_or_default();
        return format!("{PLACE}{}{PLACE:#} moved to {to}", place(from, before));
    }
    match (&line.before, &line.after) {
        (Some(old), Some(new)) => {
            let (old_text, new_text) = difference::values(&line.path, (before, old), (after, new));
            let hint = difference::hint(old, new).map_or_else(String::new, |hint| format!("  {DIM}({hint}){DIM:#}"));
            format!(
                "{PLACE}{}{PLACE:#}: {REMOVED}{old_text}{REMOVED:#} → {ADDED}{new_text}{ADDED:#}{hint}",
                place(&line.path, None)
            )
        }
        (None, Some(new)) => {
            let text = difference::value(&line.path, after, new);
            format!(
                "{ADDED}+{ADDED:#} {PLACE}{}{PLACE:#}: {ADDED}{text}{ADDED:#}",
                place(&line.path, None)
            )
        }
        (Some(old), None) => {
            let text = difference::value(&line.path, before, old);
            let cleared = if line.path.matches('/').count() == 1 {
                "  (cleared)"
            } else {
                ""
            };
            format!(
                "{REMOVED}-{REMOVED:#} {PLACE}{}{PLACE:#}: {REMOVED}{text}{REMOVED:#}{cleared}",
                place(&line.path, None)
            )
        }
        (None, None) => place(&line.path, None),
    }
}

fn safety(text: &mut String, document: &PlanDocument, limits: SafetyLimits) {
    let counts = document.safety.counts();
    for (kind, found) in SafetyKind::ALL.into_iter().zip(counts) {
        let (name, limit) = (kind.name(), limits.limit(kind));
        if found > limit {
            let _ = writeln!(
                text,
                "  {ERROR}{:<9}{ERROR:#} {found} to {name}, and {limit} may: `apply` needs --allow {name}={found}",
                "safety"
            );
        }
    }
}

/// The number of updates of which nobody can tell who changed what.
fn without_base(text: &mut String, document: &PlanDocument) {
    let of_files = document.changes.iter().filter(|change| change.authored.is_some());
    let updates = of_files.filter(|change| change.action == Action::Update);
    let without = updates.filter(|change| change.base.is_none()).count();
    if without > 0 {
        let _ = writeln!(
            text,
            "  {DIM}{:<9}{DIM:#} no base for {without} of them: drift not checked",
            "base"
        );
    }
}

/// The counts in a sentence: `3 to change, 996 unchanged, 1 conflict`.
pub(crate) fn summary(document: &PlanDocument) -> String {
    let SummaryDocument {
        update,
        unchanged,
        conflict,
        missing,
        invalid,
        unread,
        not_in_files,
        ..
    } = document.summary;
    let sandbox = if document.target.sandbox { " (sandbox)" } else { "" };
    let mut parts = vec![format!("{update} to change"), format!("{unchanged} unchanged")];
    let others = [
        (conflict, counted(conflict, "conflict")),
        (missing, format!("{missing} missing")),
        (invalid, format!("{invalid} invalid")),
        (unread, format!("{unread} unread")),
    ];
    let found = others.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(found.map(|(_, text)| text));
    let beside = match not_in_files {
        Some(0) => String::new(),
        Some(number) => format!("; {number} of the organization in no file"),
        None => "; those in no file are not counted, since the listing could not be read".to_owned(),
    };
    format!("{}{beside}{sandbox}", parts.join(", "))
}
