//! Records for the checks, with something in every member.

use std::time::{Duration, SystemTime};

use domain::{Collision, Evidence, OutcomeKind};

use crate::{Author, DocumentRef, EntryId, IntentRecord, OutcomeRecord};

/// An author with everything.
fn author() -> Author {
    Author {
        run: "run-1".to_owned(),
        command: "update".to_owned(),
        client: "client".to_owned(),
        user: Some("ann".to_owned()),
        host: Some("desk".to_owned()),
        reason: Some("because \"quotes\" and ümlauts".to_owned()),
        plan_id: None,
        shown_target: None,
        org_name: None,
    }
}

/// A time, to the microsecond.
pub fn moment(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(1_800_000_000_000_007 + seconds * 1_000_000)
}

/// A trigger rule of the target that these records are of.
pub fn rule(id: &str) -> DocumentRef {
    DocumentRef {
        target: "api client".to_owned(),
        kind: "rule".to_owned(),
        id: id.to_owned(),
    }
}

/// An intent for a document, made at a time.
pub fn intent(document: &str, version: u64, at: u64) -> IntentRecord {
    let base = format!(r#"{{"id": "{document}", "name": "v{version}", "weight": 1.50, "big": 12345678901234567890}}"#);
    let ours = format!(r#"{{"id": "{document}", "name": "v{}", "weight": 1.50}}"#, version + 1);
    IntentRecord {
        document: rule(document),
        author: author(),
        follows: None,
        undoes: Vec::new(),
        absent_intents: Vec::new(),
        guard: "etag".to_owned(),
        version: Some(format!("\"{version}\"").parse().unwrap()),
        base: base.parse().unwrap(),
        ours: ours.parse().unwrap(),
        change: format!(r#"{{"name": "v{}"}}"#, version + 1).parse().unwrap(),
        overwrites: vec![Collision {
            pointer: "/name".parse().unwrap(),
            base: Some("1.50".parse().unwrap()),
            ours: None,
            theirs: Some(r#"{"a": [1e2]}"#.parse().unwrap()),
        }],
        merges: 2,
        at: moment(at),
        leased_until: moment(at + 180),
    }
}

/// An outcome of an intent.
pub fn outcome(intent: &IntentRecord, id: Option<EntryId>, kind: OutcomeKind, at: u64) -> OutcomeRecord {
    let version = intent.version.as_ref().map_or(String::new(), ToString::to_string);
    let is_applied = kind == OutcomeKind::Applied;
    OutcomeRecord {
        document: intent.document.clone(),
        author: intent.author.clone(),
        intent: id,
        kind,
        evidence: is_applied.then_some(Evidence::Answer),
        version_before: intent.version.clone(),
        version_after: is_applied.then(|| format!("\"{version}-after\"").parse().unwrap()),
        after: is_applied.then(|| format!(r#"{{"after": "{version}"}}"#).parse().unwrap()),
        attempts: 1,
        requests: 2,
        retries: 3,
        merges: 1,
        waited: Duration::from_micros(1_234),
        latency: Some(Duration::from_millis(40 + at)),
        correlation_id: Some("c-1".to_owned()),
        error: (!is_applied).then(|| "AR0501 it went wrong".to_owned()),
        at: moment(at),
    }
}
