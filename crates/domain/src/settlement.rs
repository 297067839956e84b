//! The outcome of a write that was left open, as far as a later read shows it.

use std::time::Duration;

use crate::document::{DocumentKind, Patch, Stored};
use crate::evidence::Evidence;
use crate::outcome_kind::OutcomeKind;
use crate::request_error::RequestError;
use crate::version::Version;

/// No write is in flight for longer than this, on any network.
pub const MAX_WRITE_IN_FLIGHT: Duration = Duration::from_mins(15);

/// A write whose outcome is not known.
#[derive(Clone, Debug)]
pub struct OpenWrite<K: DocumentKind> {
    /// The document as it was stored; none where it cannot be read any more.
    pub base: Option<K>,
    /// The version that it was written under; none under the guard `content`.
    pub version: Option<Version>,
    /// The patch.
    pub patch: Patch<K>,
    /// The document as it was written; none where it cannot be read any more.
    pub written: Option<K>,
}

/// The result of settling a write whose outcome was open.
#[derive(Clone, Debug, PartialEq)]
pub enum Settlement {
    /// Ours is in the document: it was applied.
    Applied,
    /// The version is the one that was written under, and no write can be in flight any more: it was not applied.
    NotApplied,
    /// The document is as it was, but the write may still arrive.
    Inconclusive,
    /// Its owner may still be at work on it.
    Leased,
    /// Others changed the document since, and ours is not in it: the outcome cannot be known. A person closes the entry.
    Moved,
    /// The document cannot be read.
    Unreadable(RequestError),
}

impl Settlement {
    /// The outcome that it settles, and the evidence for it; none while it stays open.
    pub fn outcome(&self) -> Option<(OutcomeKind, Evidence)> {
        match self {
            Self::Applied => Some((OutcomeKind::Applied, Evidence::Read)),
            Self::NotApplied => Some((OutcomeKind::NotApplied, Evidence::Age)),
            Self::Inconclusive | Self::Leased | Self::Moved | Self::Unreadable(_) => None,
        }
    }
}

/// Settles an open write by a read, `since_last_send` after the last time that it can have been sent.
///
/// "The version has not moved, so it did not happen" is not true before [`MAX_WRITE_IN_FLIGHT`]. Under the guard `content`
/// it never is: equal content may be ours, undone.
#[must_use]
pub fn settle<K: DocumentKind>(
    write: &OpenWrite<K>,
    read: Result<&Stored<K>, RequestError>,
    since_last_send: Duration,
) -> Settlement {
    let stored = match read {
        Ok(stored) => stored,
        Err(failure) => return Settlement::Unreadable(failure),
    };
    let is_evident = match (&write.base, &write.written) {
        // Why: a write that changes nothing leaves nothing to be seen.
        _ if write.patch.is_empty() => false,
        (Some(base), Some(written)) => write.patch.is_evident_in(base, written, &stored.value),
        (None, Some(written)) => written.has_content_of(&stored.value),
        (Some(_) | None, None) => false,
    };
    if is_evident {
        return Settlement::Applied;
    }
    match &write.version {
        Some(version) if stored.version.as_ref() != Some(version) => Settlement::Moved,
        Some(_) if since_last_send > MAX_WRITE_IN_FLIGHT => Settlement::NotApplied,
        Some(_) => Settlement::Inconclusive,
        None if write
            .base
            .as_ref()
            .is_some_and(|base| base.has_content_of(&stored.value)) =>
        {
            Settlement::Inconclusive
        }
        None => Settlement::Moved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Specimen, Toy};
    use crate::trigger_rule::TriggerRule;

    fn found<K: Specimen>(under: Option<&str>, base: Option<K>, read: (Option<&str>, K), minutes: u64) -> Settlement {
        let patch = K::patch(&[(0, 0)]);
        let version = |text: &str| -> Version { text.parse().unwrap() };
        let write = OpenWrite {
            base,
            version: under.map(version),
            written: patch.apply(&K::specimen()).ok(),
            patch,
        };
        let stored = Stored {
            id: K::specimen_id(),
            version: read.0.map(version),
            value: read.1,
        };
        settle(&write, Ok(&stored), Duration::from_mins(minutes))
    }

    fn with<K: Specimen>(value: usize) -> K {
        K::patch(&[(0, value)]).apply(&K::specimen()).unwrap()
    }

    #[test]
    fn a_version_that_did_not_move_says_so_only_once_no_write_can_be_in_flight() {
        let before = TriggerRule::specimen;
        for (read, minutes, settlement) in [
            ((Some("2"), with(0)), 0, Settlement::Applied),
            ((Some("1"), before()), 15, Settlement::Inconclusive),
            ((Some("1"), before()), 16, Settlement::NotApplied),
            ((Some("2"), with(1)), 16, Settlement::Moved),
            ((None, before()), 16, Settlement::Moved),
        ] {
            let found = found(Some("1"), Some(before()), read.clone(), minutes);
            assert_eq!(found, settlement, "{read:?} {minutes}");
        }
    }

    #[test]
    fn content_that_did_not_move_never_says_that_nothing_was_written() {
        for (value, minutes, settlement) in [
            (with(0), 0, Settlement::Applied),
            (Toy::specimen(), 60 * 24, Settlement::Inconclusive),
            (with(1), 60 * 24, Settlement::Moved),
        ] {
            let found = found(None, Some(Toy::specimen()), (None, value), minutes);
            assert_eq!(found, settlement, "{minutes}");
        }
    }

    #[test]
    fn without_the_base_only_the_content_that_was_written_proves_anything() {
        for (value, settlement) in [(with(0), Settlement::Applied), (with(1), Settlement::Moved)] {
            assert_eq!(found::<Toy>(None, None, (None, value), 0), settlement);
        }
    }
}
