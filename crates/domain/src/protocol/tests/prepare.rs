//! The first read of an update: for an edit of the document as it is, or of one that moved on since.

use std::time::Duration;

use crate::document::{DocumentKind, Edit, Patch, Stored};
use crate::json::Node;
use crate::protocol::{Now, OnConflict, Outcome, Step, Update, UpdateOptions, UpdateRequest};
use crate::trigger_rule::TriggerRule;

const SEEN: &str = r#"{"id":"r","ruleType":"conversation","name":"a","description":"d"}"#;
/// Made from version 7.
const FILE: &str = r#"{"id":"r","ruleType":"conversation","etag":"7","name":"ours","description":"d","enabled":true,
    "conditions":[],"actions":[]}"#;

fn edit() -> Edit<TriggerRule> {
    Edit::new(FILE.parse().unwrap()).unwrap()
}

fn read(members: &str, version: &str) -> Stored<TriggerRule> {
    let rule =
        format!(r#"{{"id":"r","ruleType":"conversation","enabled":true,"conditions":[],"actions":[]{members}}}"#);
    Stored {
        id: "r".parse().unwrap(),
        version: Some(version.parse().unwrap()),
        value: rule.parse().unwrap(),
    }
}

/// The result of the first read: the outcome, or what is written and under which version.
fn first_step(request: UpdateRequest<TriggerRule>, options: UpdateOptions, read: Stored<TriggerRule>) -> String {
    let now = Now {
        elapsed: Duration::ZERO,
        jitter: 0.5,
    };
    let Step::Read(first) = Update::start(request, options) else {
        panic!("the first step is a read")
    };
    match first.answered(Ok(read), now) {
        Step::Record(record) => {
            let intent = record.intent();
            let ours_of = |member| intent.ours.member(member).map(Node::compact).unwrap_or_default();
            let version = intent.precondition.version().unwrap();
            format!("{} {} under {version}", ours_of("name"), ours_of("description"))
        }
        Step::Done(completion) => {
            let Outcome::Conflict(conflict) = &completion.outcome else {
                return completion.outcome.kind().as_str().to_owned();
            };
            let expected = conflict.expected.as_ref().map(ToString::to_string).unwrap_or_default();
            let places: Vec<_> = conflict.collisions.iter().map(|it| it.pointer.as_str()).collect();
            let theirs: Vec<_> = conflict
                .theirs_changed
                .iter()
                .map(|it| it.difference.pointer.as_str())
                .collect();
            format!("conflict {expected} {places:?} {theirs:?}")
        }
        step @ (Step::Read(_) | Step::Write(_) | Step::Wait(_)) => format!("{step:?}"),
    }
}

fn rename() -> Patch<TriggerRule> {
    Patch::from_document(&r#"{"name":"ours"}"#.parse().unwrap())
}

#[test]
fn a_wish_older_base_a_version_that_is_known_is_merged_with_what_was_done_since() {
    use OnConflict::{Fail, Merge, Ours};
    let base = read(r#","name":"a","description":"d""#, "7").value;
    for (on_conflict, members, version, expected) in [
        (Merge, r#","name":"a","description":"d""#, "7", r#""ours" "d" under 7"#),
        (Fail, r#","name":"a","description":"d""#, "7", r#""ours" "d" under 7"#),
        (
            Merge,
            r#","name":"a","description":"theirs""#,
            "9",
            r#""ours" "theirs" under 9"#,
        ),
        (
            Merge,
            r#","name":"b","description":"d""#,
            "9",
            r#"conflict 7 ["/name"] ["/name"]"#,
        ),
        (Ours, r#","name":"b","description":"d""#, "9", r#""ours" "d" under 9"#),
        (
            Fail,
            r#","name":"a","description":"theirs""#,
            "9",
            r#"conflict 7 [] ["/description"]"#,
        ),
        (Fail, r#","name":"a","description":"d""#, "9", "conflict 7 [] []"),
        (Merge, r#","name":"ours","description":"theirs""#, "9", "unchanged"),
        // The version is the one that was named: what the server says of it counts.
        (Merge, r#","name":"a","description":"e""#, "7", r#""ours" "d" under 7"#),
    ] {
        let options = UpdateOptions {
            on_conflict,
            ..UpdateOptions::default()
        };
        let request = UpdateRequest::EditOf {
            edit: edit(),
            base: base.clone(),
        };
        let step = first_step(request, options, read(members, version));
        assert_eq!(step, expected, "{on_conflict:?} {members} {version}");
    }
}

#[test]
fn a_version_that_only_the_document_states_is_the_one_that_an_edit_of_it_names() {
    for (etag, expected) in [("7", "failed"), ("9", "conflict 7 [\"/name\", \"/description\"] []")] {
        let mut stored = read(&format!(r#","etag":"{etag}","name":"a""#), "7");
        stored.version = None;
        let step = first_step(UpdateRequest::Edit(edit()), UpdateOptions::default(), stored);
        assert_eq!(
            step, expected,
            "{etag}: a rule without a version is not written, and the one that is named is not missed"
        );
    }
}

#[test]
fn a_version_that_the_options_name_must_be_the_one_whatever_is_known() {
    let base = read(r#","name":"a","description":"d""#, "7").value;
    let patch = rename();
    for request in [
        UpdateRequest::Edit(edit()),
        UpdateRequest::EditOf {
            edit: edit(),
            base: base.clone(),
        },
        UpdateRequest::Patch { patch, base },
    ] {
        let options = UpdateOptions {
            expected_version: Some("7".parse().unwrap()),
            on_conflict: OnConflict::Merge,
            ..UpdateOptions::default()
        };
        let step = first_step(request, options, read(r#","name":"a","description":"theirs""#, "9"));
        assert!(step.starts_with("conflict 7"), "{step}");
    }
}

#[test]
fn a_change_of_a_document_that_moved_on_is_merged_with_what_was_done_since() {
    let base: TriggerRule = SEEN.parse().unwrap();
    for (on_conflict, members, expected) in [
        (
            OnConflict::Fail,
            r#","name":"a","description":"d""#,
            r#"conflict  [] ["/enabled", "/conditions", "/actions"]"#,
        ),
        (
            OnConflict::Merge,
            r#","name":"a","description":"d""#,
            r#""ours" "d" under 9"#,
        ),
        (
            OnConflict::Merge,
            r#","name":"a","description":"e""#,
            r#""ours" "e" under 9"#,
        ),
        (OnConflict::Merge, r#","name":"ours","description":"e""#, "unchanged"),
        (
            OnConflict::Merge,
            r#","name":"b","description":"d""#,
            r#"conflict  ["/name"] ["/name", "/enabled", "/conditions", "/actions"]"#,
        ),
    ] {
        let options = UpdateOptions {
            on_conflict,
            ..UpdateOptions::default()
        };
        let request = UpdateRequest::Patch {
            patch: rename(),
            base: base.clone(),
        };
        assert_eq!(
            first_step(request, options, read(members, "9")),
            expected,
            "{on_conflict:?} {members}"
        );
    }
}
