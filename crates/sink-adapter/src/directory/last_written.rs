//! The event that was written last about a document.

use std::io;
use std::path::Path;

use jiff::Timestamp;
use ports::Event;
use serde::{Deserialize, Serialize};

use crate::cloud_event;

/// The event that a document's file is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LastWritten {
    target: String,
    /// The organization, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    entry: u64,
    at: String,
    event: String,
}

impl LastWritten {
    pub(super) fn of(event: &Event) -> Self {
        Self {
            target: event.author.shown_target(&event.document).to_owned(),
            org: event.author.organization(&event.document).map(str::to_owned),
            entry: event.entry.0,
            at: cloud_event::time(event.at),
            event: event.id.clone(),
        }
    }

    /// The note in a file. One that cannot be understood counts for nothing: the next event is written.
    pub(super) fn read(file: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(file) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default() + "\n"
    }

    /// The organization of the other event, if it is known to be another one.
    pub(super) fn other_organization<'n>(&self, other: &'n Self) -> Option<&'n str> {
        let found = other.org.as_deref()?;
        self.org.as_ref().is_some_and(|org| org != found).then_some(found)
    }

    /// True if this event came before the other, by entry and by time.
    ///
    /// Why both: a new ledger counts from one again, and a clock may be put back. Neither may keep the next change
    /// from being written.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let at = |last_written: &Self| last_written.at.parse::<Timestamp>().ok();
        let is_of_one_org = self.org.is_some() && self.org == other.org;
        let is_of_one_target = self.target == other.target || is_of_one_org;
        is_of_one_target && self.entry < other.entry && at(self) < at(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_is_what_is_older_by_entry_and_by_time() {
        let last_written = |target: &str, entry, second: u32| LastWritten {
            target: target.to_owned(),
            org: None,
            entry,
            at: format!("2026-11-24T12:00:{second:02}.000000Z"),
            event: String::new(),
        };
        let last = last_written("a", 7, 30);
        for (other, is_older) in [
            (last_written("a", 6, 29), true),
            (last_written("a", 7, 30), false),
            (last_written("a", 8, 31), false),
            // A new ledger.
            (last_written("a", 1, 31), false),
            // A clock that was put back.
            (last_written("a", 8, 29), false),
            (last_written("b", 6, 29), false),
        ] {
            assert_eq!(other.is_older_than(&last), is_older, "{other:?}");
        }
        // Another client of the same organization, and the same client before its organization was known.
        let of_org = |last_written: LastWritten, org: &str| LastWritten {
            org: Some(org.to_owned()),
            ..last_written
        };
        let last = of_org(last, "o");
        for (other, is_older) in [
            (of_org(last_written("b", 6, 29), "o"), true),
            (of_org(last_written("b", 6, 29), "p"), false),
            (last_written("a", 6, 29), true),
            (last_written("b", 6, 29), false),
        ] {
            assert_eq!(other.is_older_than(&last), is_older, "{other:?}");
        }
    }
}
