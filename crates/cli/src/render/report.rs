//! The report of an update for people: the diff, then what became of it.

use std::fmt::Write;

use app::Report;
use domain::document::{Difference, ElementDifference};
use domain::json::Document;
use domain::protocol::Outcome;
use domain::{Collision, DocumentKind, OutcomeKind, Pointer};

use crate::cli_error::CliError;
use crate::output::{ADDED, BOLD, DIM, ERROR, PLACE, REMOVED, SUCCESS, visible};
use crate::render::counted::counted;
use crate::render::diff::unified;
use crate::render::mask;
use crate::render::result::{Delivery, activation, milliseconds};

/// The operation that the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To change the rule.
    Update,
    /// To see what would change.
    DryRun,
}

/// The report in lines. A deferred update has the time to retry at.
pub(crate) fn report<K: DocumentKind>(
    report: &Report<K>,
    problem: Option<&CliError>,
    asked: Asked,
    delivery: Delivery,
    retry_at: Option<&str>,
) -> String {
    let mut text = diff(report);
    let completion = &report.completion;
    let outcome = &completion.outcome;
    let style = match outcome.kind() {
        OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Planned => SUCCESS,
        OutcomeKind::Conflict
        | OutcomeKind::Rejected
        | OutcomeKind::Denied
        | OutcomeKind::Failed
        | OutcomeKind::Deferred
        | OutcomeKind::Unknown
        | OutcomeKind::Overwritten
        | OutcomeKind::NotAttempted
        | OutcomeKind::NotApplied => ERROR,
    };
    let id = &report.id;
    let name = outcome
        .title()
        .map_or_else(|| id.to_string(), |name| format!("{} ({id})", visible(name)));
    let word = outcome.kind().as_str();
    let _ = writeln!(text, "{style}{word}{style:#}  {name}");
    fact(&mut text, "version", &versions(report));
    if let Outcome::Conflict(conflict) = outcome {
        collisions(&mut text, &conflict.collisions, conflict.is_base_unknown());
        they_changed(&mut text, &conflict.theirs_changed);
        text.push('\n');
    }
    if let Outcome::Overwritten { .. } = outcome {
        they_changed(&mut text, &outcome.theirs_changed());
        text.push('\n');
    }
    if completion.merges > 0 {
        let times = if completion.merges == 1 {
            "once".to_owned()
        } else {
            format!("{} times", completion.merges)
        };
        fact(
            &mut text,
            "merged",
            &format!("{times}, with what others changed meanwhile"),
        );
        if let Some(write) = outcome.write() {
            they_changed(&mut text, &write.theirs_changed);
            text.push('\n');
        }
    }
    if let Outcome::Applied { write, .. } = outcome
        && !write.overwrites.is_empty()
    {
        fact(&mut text, "overwrote", "what they had changed, as you asked");
        collisions(&mut text, &write.overwrites, false);
        text.push('\n');
    }
    if report.requests > 0 {
        let waited = if completion.waited.is_zero() {
            String::new()
        } else {
            format!(", of which {} ms waited", completion.waited.as_millis())
        };
        let requests = counted(report.requests, "request");
        fact(
            &mut text,
            "time",
            &format!("{} ms, {requests}{waited}", milliseconds(report.latency)),
        );
    }
    if let Some(recorded) = &report.recorded {
        let head = recorded
            .head
            .as_ref()
            .map_or_else(String::new, |head| format!(", head {head}"));
        fact(&mut text, "recorded", &format!("entry {}{head}", recorded.entry));
    }
    if delivery.queued > 0 {
        let (delivered, queued) = (delivery.delivered, delivery.queued);
        let sinks = counted(queued, "sink");
        fact(&mut text, "delivered", &format!("{delivered} of {sinks}"));
    }
    fact(&mut text, "retry at", retry_at.unwrap_or_default());
    if asked == Asked::Update {
        let activation = activation(outcome.kind(), false);
        let (activated, attempted) = (activation.activated, activation.attempted);
        fact(
            &mut text,
            "updates",
            &format!(
                "{activated} of {attempted} carried out ({:.0} %)",
                activation.rate * 100.0
            ),
        );
    }
    if let (Some(id), Some(_)) = (&report.last.correlation_id, problem) {
        fact(&mut text, "correlation id", &visible(id));
    }
    text
}

fn diff<K: DocumentKind>(report: &Report<K>) -> String {
    let outcome = &report.completion.outcome;
    let (Some(base), Some(ours)) = (outcome.base(), outcome.ours()) else {
        return String::new();
    };
    if outcome.diff().is_empty() {
        return String::new();
    }
    let version = base
        .version
        .as_ref()
        .map_or("no version".to_owned(), |version| format!("version {version}"));
    let names = (
        format!("{} ({version})", report.id),
        format!("{} (your change)", report.id),
    );
    let (before, after) = mask::sides(base.value.document(), ours.document());
    unified(&before, &after, (&names.0, &names.1)) + "\n"
}

fn fact(text: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(text, "  {DIM}{name:<14}{DIM:#} {value}");
    }
}

fn versions<K: DocumentKind>(report: &Report<K>) -> String {
    let outcome = &report.completion.outcome;
    let before = outcome.base().and_then(|base| base.version.as_ref());
    match (outcome, before, outcome.after().1) {
        (Outcome::Applied { .. }, Some(before), Some(after)) => format!("{before} → {after}"),
        (Outcome::Applied { .. }, Some(before), None) => format!("{before} → unknown"),
        (Outcome::Conflict(conflict), Some(before), _) => {
            let theirs = conflict.theirs.as_ref().and_then(|theirs| theirs.version.as_ref());
            match (&conflict.expected, theirs) {
                (Some(expected), _) => format!("{before}; the change was made for {expected}"),
                (None, Some(theirs)) if before == theirs => before.to_string(),
                (None, Some(theirs)) => format!("{before} when it was read, {theirs} now"),
                (None, None) => format!("{before} when it was read; it cannot be read now"),
            }
        }
        (_, Some(before), _) => before.to_string(),
        (_, None, _) => String::new(),
    }
}

/// The sides of each collision.
fn collisions(text: &mut String, collisions: &[Collision], is_base_unknown: bool) {
    for collision in collisions {
        let _ = writeln!(text, "\n  {PLACE}{}{PLACE:#}", visible(collision.pointer.as_str()));
        let base = if is_base_unknown {
            "not known".to_owned()
        } else {
            value(&collision.pointer, collision.base.as_ref())
        };
        for (name, label, style) in [
            ("base", base, DIM),
            ("ours", value(&collision.pointer, collision.ours.as_ref()), ADDED),
            ("theirs", value(&collision.pointer, collision.theirs.as_ref()), REMOVED),
        ] {
            let _ = writeln!(text, "    {name:<7} {style}{label}{style:#}");
        }
    }
}

fn they_changed(text: &mut String, differences: &[ElementDifference]) {
    if differences.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n  {BOLD}what they changed{BOLD:#}");
    for ElementDifference { difference, from } in differences {
        let Difference { pointer, before, after } = difference;
        if let Some(from) = from {
            let (from, place) = (visible(from.as_str()), visible(pointer.as_str()));
            let _ = writeln!(text, "    {PLACE}{place}{PLACE:#}  moved from {from}");
            continue;
        }
        let (before, after) = (value(pointer, before.as_ref()), value(pointer, after.as_ref()));
        let _ = writeln!(
            text,
            "    {PLACE}{}{PLACE:#}  {before} → {after}",
            visible(pointer.as_str())
        );
    }
}

fn value(pointer: &Pointer, document: Option<&Document>) -> String {
    document.map_or("nothing".to_owned(), |document| {
        visible(&mask::value(pointer, None, document))
    })
}
