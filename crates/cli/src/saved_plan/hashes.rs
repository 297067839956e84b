//! The hash of what a plan changes: the same for the same changes, whoever planned them, when and where.

use std::fmt::Write as _;

use domain::ContentHash;
use domain::json::Document;

use super::{Action, ChangeDocument};
use crate::render::result::TargetDocument;

/// The hash over target and updates, in the order of their documents: SHA-256 over canonical JSON.
pub(crate) fn changes_hash(target: &TargetDocument, changes: &[ChangeDocument]) -> ContentHash {
    let mut updates: Vec<&ChangeDocument> = changes
        .iter()
        .filter(|change| change.action == Action::Update)
        .collect();
    updates.sort_by(|one, other| one.document.cmp(&other.document));
    let updates: Vec<String> = updates.into_iter().map(canonical).collect();
    let target = quoted(&identity(target));
    ContentHash::of(format!("{{\"changes\":[{}],\"target\":{target}}}", updates.join(",")).as_bytes())
}

/// The identity of a target: the organization's id, or else API and client.
pub(crate) fn identity(target: &TargetDocument) -> String {
    match (&target.org, &target.api, &target.client) {
        (Some(organization), _, _) => organization.id.clone(),
        (None, api, client) => {
            format!(
                "{} {}",
                api.as_deref().unwrap_or_default(),
                client.as_deref().unwrap_or_default()
            )
        }
    }
}

/// An update with its members in canonical order, absent ones left out.
fn canonical(change: &ChangeDocument) -> String {
    let mut text = String::from("{");
    let mut member = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let comma = if text.len() > 1 { "," } else { "" };
            // Why ignored: a String takes whatever is written to it.
            let _ = write!(text, "{comma}\"{name}\":{value}");
        }
    };
    member("after", change.after.as_ref().map(Document::canonical));
    member("before", change.before.as_ref().map(Document::canonical));
    member("document", Some(quoted(&change.document)));
    member("guard", Some(quoted(&change.guard)));
    member("version", change.version.as_deref().map(quoted));
    text + "}"
}

/// A text as canonical JSON has it.
fn quoted(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    Document::parse(&quoted).map_or(quoted, |document| document.canonical())
}
