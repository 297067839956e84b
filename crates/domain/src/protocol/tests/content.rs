//! The steps of the protocol where only the content guards a write.

use std::fmt::Write as _;
use std::time::Duration;

use crate::document::{DocumentKind, Stored};
use crate::json::Node;
use crate::protocol::{Now, PriorWrite, Step, Update, UpdateOptions, UpdateRequest};
use crate::request_error::{FailureClass, RequestError};
use crate::testing::{Specimen, Toy};

/// The specimen with another title; after a `+` others gave it a list of their own, after a `*` they did more.
fn shown(word: &str) -> Stored<Toy> {
    let list = match word.chars().last() {
        Some('+') => "[]",
        Some('*') => r#"[{"word":"z"}]"#,
        _ => r#"[{"word":"a"},{"word":"b"}]"#,
    };
    let title = word.trim_end_matches(['+', '*']);
    let text = format!(r#"{{"number":1,"title":"{title}","any_of":{list}}}"#);
    Stored {
        id: 1,
        version: None,
        value: Toy::from_document(text.parse().unwrap()).unwrap(),
    }
}

/// Plays an update that gives the title `ours` to the specimen, whose title is `before`.
fn play(request: UpdateRequest<Toy>, script: &str) -> String {
    play_until(UpdateOptions::default().deadline, request, script)
}

fn play_until(deadline: Duration, request: UpdateRequest<Toy>, script: &str) -> String {
    let mut words = script.split_whitespace();
    let mut now = Now {
        elapsed: Duration::ZERO,
        jitter: 1.0,
    };
    let options = UpdateOptions {
        deadline,
        on_conflict: super::OnConflict::Merge,
        ..UpdateOptions::default()
    };
    let mut step = Update::start(request, options);
    let mut trace = String::new();
    loop {
        let mut answer = || words.next().expect("the script goes on");
        let failed = |class| RequestError::new(class, "");
        step = match step {
            Step::Read(read) => {
                trace += "read ";
                let answer = match answer() {
                    "stop" => {
                        step = read.cancel(now);
                        continue;
                    }
                    "absent" => Err(failed(FailureClass::NotFound)),
                    "denied" => Err(failed(FailureClass::Denied)),
                    word => Ok(shown(word)),
                };
                read.answered(answer, now)
            }
            Step::Record(record) => {
                trace += "record ";
                record.recorded()
            }
            Step::Write(write) => {
                trace += "write ";
                let answer = match answer() {
                    "indeterminate" => Err(RequestError::no_answer("")),
                    "throttled" => Err(failed(FailureClass::Throttled { wait: None })),
                    "moved" => Err(failed(FailureClass::PreconditionFailed)),
                    "taken" => Err(failed(FailureClass::Conflict)),
                    "cancelled" => Err(failed(FailureClass::TransactionCancelled)),
                    "unseen" => Ok(None),
                    word => Ok(Some(shown(word))),
                };
                write.answered(answer, now)
            }
            Step::Wait(wait) => {
                now.elapsed += wait.duration();
                wait.over()
            }
            Step::Done(completion) => {
                trace += completion.outcome.kind().as_str();
                if let Some(evidence) = completion.outcome.evidence() {
                    write!(trace, " by:{}", evidence.as_str()).unwrap();
                }
                if let Some(write) = completion.outcome.write() {
                    write!(
                        trace,
                        " over:{}",
                        write.base.value.member("any_of").map_or("", Node::raw)
                    )
                    .unwrap();
                }
                for finding in completion.outcome.findings() {
                    write!(trace, " {}", finding.code).unwrap();
                }
                return trace + &format!(" sent:{}", completion.attempts);
            }
        };
    }
}

const LIST: &str = r#"over:[{"word":"a"},{"word":"b"}]"#;

#[track_caller]
fn assert_plays(script: &str, expected: &str) {
    let request = UpdateRequest::Edit(Toy::edit(&[(0, 0)]));
    assert_eq!(play(request, script), expected, "{script}");
}

#[test]
fn the_content_is_compared_right_before_the_write_and_read_back_after_it() {
    for (script, expected) in [
        (
            "before before ours ours",
            format!("read record read write read applied by:answer {LIST} sent:1"),
        ),
        (
            "before before unseen ours",
            format!("read record read write read applied by:answer {LIST} sent:1"),
        ),
        // Others wrote after ours, and kept it.
        (
            "before before ours ours+",
            format!("read record read write read applied by:answer {LIST} sent:1"),
        ),
        // What moved before the write is merged with, under a new intent and a new comparison.
        (
            "before before+ before+ ours+ ours+",
            "read record read record read write read applied by:answer over:[] sent:1".to_owned(),
        ),
        // A wait before the write makes the comparison worthless: it is made again.
        (
            "before before throttled before ours ours",
            format!("read record read write read write read applied by:answer {LIST} sent:1"),
        ),
        (
            "before before throttled theirs",
            "read record read write read conflict sent:0".to_owned(),
        ),
        // A request that was throttled may have been the repetition of one that was accepted.
        (
            "before before throttled ours",
            format!("read record read write read applied by:read {LIST} AR0215 sent:0"),
        ),
        ("before theirs", "read record read conflict sent:0".to_owned()),
        ("before ours", "read record read unchanged sent:0".to_owned()),
        ("before absent", "read record read conflict sent:0".to_owned()),
        ("before denied", format!("read record read denied {LIST} sent:0")),
    ] {
        assert_plays(script, &expected);
    }
}

#[test]
fn what_others_wrote_over_ours_is_reported_and_what_the_server_made_of_it_is_not_theirs() {
    for (script, expected) in [
        (
            "before before ours theirs theirs theirs",
            format!("read record read write read read read overwritten by:answer {LIST} sent:1"),
        ),
        // A stop does not keep it from being looked at.
        (
            "before before ours stop theirs theirs theirs",
            format!("read record read write read read read read overwritten by:answer {LIST} sent:1"),
        ),
        (
            "before before ours theirs ours",
            format!("read record read write read read applied by:answer {LIST} sent:1"),
        ),
        (
            "before before ours before before before",
            format!("read record read write read read read unknown {LIST} sent:1"),
        ),
        (
            "before before OURS OURS",
            format!("read record read write read applied by:answer {LIST} AR0213 sent:1"),
        ),
        (
            "before before ours denied",
            format!("read record read write read applied by:answer {LIST} AR0214 sent:1"),
        ),
    ] {
        assert_plays(script, &expected);
    }
}

/// A stale read may show the document that the write replaced.
#[test]
fn a_read_back_that_cannot_be_repeated_does_not_say_that_others_wrote_over_ours() {
    let request = UpdateRequest::Edit(Toy::edit(&[(0, 0)]));
    let played = play_until(Duration::from_millis(500), request, "before before ours theirs");
    assert_eq!(played, format!("read record read write read unknown {LIST} sent:1"));
}

#[test]
fn an_indeterminate_write_is_looked_for_and_not_sent_again() {
    for (script, expected) in [
        (
            "before before indeterminate ours",
            format!("read record read write read applied by:read {LIST} AR0215 sent:1"),
        ),
        (
            "before before indeterminate before before before",
            format!("read record read write read read read unknown {LIST} sent:1"),
        ),
        (
            "before before indeterminate theirs theirs theirs",
            format!("read record read write read read read unknown {LIST} sent:1"),
        ),
        (
            "before before indeterminate before ours",
            format!("read record read write read read applied by:read {LIST} AR0215 sent:1"),
        ),
    ] {
        assert_plays(script, &expected);
    }
}

#[test]
fn a_refused_write_is_looked_for_and_nobody_else_is_blamed_where_nothing_moved() {
    for (script, expected) in [
        (
            "before before moved ours",
            format!("read record read write read applied by:read {LIST} AR0215 sent:1"),
        ),
        (
            "before before taken before before before",
            format!("read record read write read read read rejected {LIST} sent:1"),
        ),
        (
            "before before taken theirs",
            "read record read write read conflict sent:1".to_owned(),
        ),
        (
            "before before cancelled before before ours ours",
            format!("read record read write read read write read applied by:answer {LIST} sent:2"),
        ),
    ] {
        assert_plays(script, &expected);
    }
}

#[test]
fn a_reviewed_patch_is_compared_with_what_was_reviewed() {
    let base = shown("before");
    let request = UpdateRequest::Planned {
        patch: Toy::patch(&[(0, 0)]),
        base,
        prior: PriorWrite::None,
    };
    for (script, expected) in [
        (
            "before ours ours",
            format!("record read write read applied by:answer {LIST} sent:1"),
        ),
        ("ours", "record read unchanged sent:0".to_owned()),
        ("theirs", "record read conflict sent:0".to_owned()),
    ] {
        assert_eq!(play(request.clone(), script), expected, "{script}");
    }
}

/// Nothing but the content says whether a write of a run that was killed arrived: it is sent once more where three reads
/// all show what was reviewed.
#[test]
fn what_an_earlier_run_left_open_is_sent_again_after_three_reads_of_what_was_reviewed() {
    let request = UpdateRequest::Planned {
        patch: Toy::patch(&[(0, 0)]),
        base: shown("before"),
        prior: PriorWrite::Unsettled,
    };
    for (script, expected) in [
        ("ours", format!("read applied by:read {LIST} AR0215 sent:0")),
        ("before ours", format!("read read applied by:read {LIST} AR0215 sent:0")),
        (
            "before before before before ours ours",
            format!("read read read record read write read applied by:answer {LIST} AR0234 sent:1"),
        ),
        // One read of another state says that somebody is at work there.
        ("theirs before before", format!("read read read unknown {LIST} sent:0")),
        ("before theirs before", format!("read read read unknown {LIST} sent:0")),
        ("before before theirs", format!("read read read unknown {LIST} sent:0")),
        ("absent before before", format!("read read read unknown {LIST} sent:0")),
        // From the second send on, nothing is merged, compared otherwise or sent a third time.
        (
            "before before before theirs",
            format!("read read read record read unknown {LIST} sent:0"),
        ),
        (
            "before before before ours",
            format!("read read read record read applied by:read {LIST} AR0215 sent:0"),
        ),
        (
            "before before before absent",
            format!("read read read record read unknown {LIST} sent:0"),
        ),
        (
            "before before before denied",
            format!("read read read record read unknown {LIST} sent:0"),
        ),
        (
            "before before before before indeterminate before before before",
            format!("read read read record read write read read read unknown {LIST} AR0234 sent:1"),
        ),
        (
            "before before before before throttled before ours ours",
            format!("read read read record read write read write read applied by:answer {LIST} AR0234 sent:1"),
        ),
        (
            "before before before before taken before before before",
            format!("read read read record read write read read read unknown {LIST} AR0234 sent:1"),
        ),
    ] {
        assert_eq!(play(request.clone(), script), expected, "{script}");
    }
    // Without the time for three reads nothing is known.
    let played = play_until(Duration::from_secs(2), request, "before before");
    assert_eq!(played, format!("read read unknown {LIST} sent:0"));
}
