//! The record of updates, for people and for programs.

use std::fmt::Write;
use std::time::SystemTime;

use comfy_table::{ContentArrangement, Table, presets};
use domain::document::ElementDifference;
use domain::{Collision, DocumentKind, Evidence, OutcomeKind, TriggerRule, Version};
use genesys_adapter::Organization;
use ports::{Author, DocumentRef, Entry, IntentRecord};
use serde::Serialize;

use crate::output::{BOLD, DIM, FORMAT_VERSION, PLACE, visible};
use crate::render::diff::unified;
use crate::render::result::{milliseconds, whole_milliseconds};
use crate::time::to_the_second;

/// Updates, newest first.
#[derive(Serialize)]
pub(crate) struct HistoryDocument {
    format_version: &'static str,
    kind: &'static str,
    entries: Vec<EntryDocument>,
}

/// One update.
#[derive(Serialize)]
pub(crate) struct EntryDocument {
    entry: u64,
    at: Option<String>,
    target: String,
    org: Option<Organization>,
    /// Its reference: the kind and the id.
    document: Option<String>,
    id: String,
    outcome: Option<&'static str>,
    command: Option<String>,
    run_id: Option<String>,
    /// The plan that it carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<String>,
    author: Option<AuthorDocument>,
    guard: Option<String>,
    version_before: Option<Version>,
    version_after: Option<Version>,
    attempts: u32,
    requests: u32,
    retries: u32,
    merges: u32,
    waited_ms: u64,
    latency_ms: Option<f64>,
    confirmed_by: Option<&'static str>,
    correlation_id: Option<String>,
    diff: Vec<ElementDifference>,
    overwrote: Vec<Collision>,
    error: Option<String>,
    /// The settlement by another run, if there was one.
    settled: Option<SettledDocument>,
}

/// The settlement of an update that an earlier run had left open: the time and the author.
#[derive(Serialize)]
struct SettledDocument {
    at: String,
    run_id: String,
    author: AuthorDocument,
}

/// The author of a change or of a settlement.
#[derive(Serialize)]
struct AuthorDocument {
    client: String,
    user: Option<String>,
    host: Option<String>,
    reason: Option<String>,
}

/// The document of these updates.
pub(crate) fn document(entries: &[Entry]) -> HistoryDocument {
    HistoryDocument {
        format_version: FORMAT_VERSION,
        kind: "history",
        entries: entries.iter().map(EntryDocument::of).collect(),
    }
}

impl EntryDocument {
    /// The document of one update.
    pub(crate) fn of(entry: &Entry) -> Self {
        let (intent, outcome) = (entry.intent.as_ref(), entry.outcome.as_ref());
        let author = entry.author();
        let (version_before, version_after) = versions(entry);
        Self {
            entry: entry.id.0,
            at: entry.at().map(time),
            target: target(entry).to_owned(),
            org: organization(entry),
            document: entry.document().map(DocumentRef::reference),
            id: id(entry).to_owned(),
            outcome: entry.outcome_kind().map(OutcomeKind::as_str),
            command: author.map(|author| author.command.clone()),
            run_id: author.map(|author| author.run.clone()),
            plan_id: author.and_then(|author| author.plan_id.clone()),
            author: author.map(AuthorDocument::of),
            guard: intent.map(|intent| intent.guard.clone()),
            version_before: version_before.cloned(),
            version_after: version_after.cloned(),
            attempts: outcome.map_or(0, |outcome| outcome.attempts),
            requests: outcome.map_or(0, |outcome| outcome.requests),
            retries: outcome.map_or(0, |outcome| outcome.retries),
            merges: outcome.map_or(0, |outcome| outcome.merges),
            waited_ms: outcome.map_or(0, |outcome| whole_milliseconds(outcome.waited)),
            latency_ms: outcome.and_then(|outcome| outcome.latency).map(milliseconds),
            confirmed_by: outcome.and_then(|outcome| outcome.evidence).map(Evidence::as_str),
            correlation_id: outcome.and_then(|outcome| outcome.correlation_id.clone()),
            diff: differences(entry),
            overwrote: intent.map_or_else(Vec::new, |intent| intent.overwrites.clone()),
            error: outcome.and_then(|outcome| outcome.error.clone()),
            settled: outcome
                .filter(|outcome| author.is_some_and(|author| author.run != outcome.author.run))
                .map(|outcome| SettledDocument {
                    at: time(outcome.at),
                    run_id: outcome.author.run.clone(),
                    author: AuthorDocument::of(&outcome.author),
                }),
        }
    }
}

impl AuthorDocument {
    fn of(author: &Author) -> Self {
        Self {
            client: author.client.clone(),
            user: author.user.clone(),
            host: author.host.clone(),
            reason: author.reason.clone(),
        }
    }
}

/// The differences that an update made, or was about to make.
fn differences(entry: &Entry) -> Vec<ElementDifference> {
    let intent = entry.intent.as_ref();
    intent.map_or_else(Vec::new, IntentRecord::changes)
}

/// A time to the second, UTC.
fn time(at: SystemTime) -> String {
    to_the_second(at).unwrap_or_else(|| "out of time".to_owned())
}

fn target(entry: &Entry) -> &str {
    let shown = entry.document().zip(entry.author());
    shown.map_or("", |(document, author)| author.shown_target(document))
}

/// The organization that an update was made in, where it is known.
fn organization(entry: &Entry) -> Option<Organization> {
    let author = entry.author()?;
    Some(Organization {
        id: author.organization(entry.document()?)?.to_owned(),
        name: author.org_name.clone(),
    })
}

fn id(entry: &Entry) -> &str {
    entry.document().map_or("", |document| &document.id)
}

/// The document as commands name it: a trigger rule by its id alone.
fn reference(entry: &Entry) -> String {
    match entry.document() {
        Some(document) if document.kind != TriggerRule::NAME.as_str() => document.reference(),
        Some(_) | None => id(entry).to_owned(),
    }
}

fn outcome(entry: &Entry) -> &'static str {
    entry.outcome_kind().map_or("open", OutcomeKind::as_str)
}

/// The version before and after it.
fn versions(entry: &Entry) -> (Option<&Version>, Option<&Version>) {
    let (intent, outcome) = (entry.intent.as_ref(), entry.outcome.as_ref());
    let before = intent.and_then(|intent| intent.version.as_ref());
    let before = before.or_else(|| outcome?.version_before.as_ref());
    (before, outcome.and_then(|outcome| outcome.version_after.as_ref()))
}

/// The same in a word.
fn shown_versions(entry: &Entry) -> String {
    match versions(entry) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (Some(before), None) => before.to_string(),
        (None, _) => String::new(),
    }
}

/// A row for each, newest first. Rules and targets stand there where there are several.
pub(crate) fn table(entries: &[Entry]) -> String {
    let differ = |of: fn(&Entry) -> &str| entries.iter().any(|entry| entries.first().map(of) != Some(of(entry)));
    let (has_several_targets, has_several_rules) = (differ(target), differ(id));
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    let mut header = vec!["ENTRY", "WHEN", "OUTCOME", "VERSION", "BY", "WHAT"];
    if has_several_rules {
        header.insert(2, "RULE");
    }
    if has_several_targets {
        header.push("TARGET");
    }
    table.set_header(header);
    for entry in entries {
        let mut row = vec![
            entry.id.to_string(),
            entry.at().map(time).unwrap_or_default(),
            outcome(entry).to_owned(),
            shown_versions(entry),
            entry.author().map(by).unwrap_or_default(),
            what(entry),
        ];
        if has_several_rules {
            row.insert(2, visible(&reference(entry)));
        }
        if has_several_targets {
            row.push(visible(target(entry)));
        }
        table.add_row(row);
    }
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n") + "\n"
}

fn by(author: &Author) -> String {
    let user = author.user.as_deref().unwrap_or(&author.client);
    let host = author.host.as_ref().map_or_else(String::new, |host| format!("@{host}"));
    visible(&format!("{user}{host}"))
}

/// The command, where it changed the rule, and why.
fn what(entry: &Entry) -> String {
    let mut fields: Vec<String> = differences(entry)
        .iter()
        .filter_map(|found| found.difference.pointer.tokens().next().map(|token| token.to_string()))
        .collect();
    fields.dedup();
    let author = entry.author();
    let command = author.map_or("", |author| author.command.as_str());
    let mut text = visible(command);
    if !fields.is_empty() {
        let _ = write!(text, " {}", visible(&fields.join(", ")));
    }
    if let Some(reason) = author.and_then(|author| author.reason.as_ref()) {
        let _ = write!(text, ": {}", visible(reason));
    }
    text
}

/// The time, author and reason of the settlement, if another run settled the update.
fn settled(entry: &Entry, document: &EntryDocument) -> String {
    let (Some(settled), Some(outcome)) = (&document.settled, &entry.outcome) else {
        return String::new();
    };
    let reason = settled
        .author
        .reason
        .as_ref()
        .map_or_else(String::new, |reason| format!(": {reason}"));
    format!("{} by {}{reason}", settled.at, by(&outcome.author))
}

/// All that is known of one update.
pub(crate) fn at_length(entry: &Entry) -> String {
    let document = EntryDocument::of(entry);
    let mut text = String::new();
    if let Some(intent) = &entry.intent {
        let names = (
            format!(
                "{} (version {})",
                reference(entry),
                document
                    .version_before
                    .as_ref()
                    .map_or("none".to_owned(), ToString::to_string)
            ),
            format!("{} (entry {})", reference(entry), entry.id),
        );
        text = unified(&intent.base, &intent.ours, (&names.0, &names.1)) + "\n";
    }
    let _ = writeln!(
        text,
        "{BOLD}entry {}{BOLD:#}  {}  {}",
        entry.id,
        outcome(entry),
        visible(&reference(entry))
    );
    let author = document.author.as_ref();
    let count = |count: u32| if count == 0 { String::new() } else { count.to_string() };
    let known_by = match document.confirmed_by {
        Some("read") => "read: by this run, or identically by another",
        other => other.unwrap_or_default(),
    };
    for (name, value) in [
        ("at", document.at.clone().unwrap_or_default()),
        ("target", document.target.clone()),
        ("command", document.command.clone().unwrap_or_default()),
        ("by", entry.author().map(by).unwrap_or_default()),
        ("client", author.map(|author| author.client.clone()).unwrap_or_default()),
        (
            "reason",
            author.and_then(|author| author.reason.clone()).unwrap_or_default(),
        ),
        ("version", shown_versions(entry)),
        ("guard", document.guard.clone().unwrap_or_default()),
        ("known by", known_by.to_owned()),
        ("sends", count(document.attempts)),
        ("requests", count(document.requests)),
        ("retries", count(document.retries)),
        ("merges", count(document.merges)),
        (
            "time",
            document
                .latency_ms
                .map_or_else(String::new, |time| format!("{time} ms")),
        ),
        ("correlation id", document.correlation_id.clone().unwrap_or_default()),
        ("run", document.run_id.clone().unwrap_or_default()),
        ("plan", document.plan_id.clone().unwrap_or_default()),
        ("error", document.error.clone().unwrap_or_default()),
        ("settled", settled(entry, &document)),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "  {DIM}{name:<14}{DIM:#} {}", visible(&value));
        }
    }
    for collision in &document.overwrote {
        let theirs = collision
            .theirs
            .as_ref()
            .map_or("nothing".to_owned(), domain::json::Document::compact);
        let _ = writeln!(
            text,
            "  {DIM}{:<14}{DIM:#} {PLACE}{}{PLACE:#} {}",
            "overwrote",
            visible(collision.pointer.as_str()),
            visible(&theirs)
        );
    }
    text
}
