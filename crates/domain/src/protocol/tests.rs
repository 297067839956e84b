//! The protocol step by step, as scripts of what happens and the steps that it answers with.

mod content;
mod prepare;

use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use crate::document::{Collision, Edit, Stored};
use crate::request_error::{FailureClass, IndeterminateCause, RequestError};
use crate::severity::Severity;
use crate::trigger_rule::TriggerRule;
use crate::version::Version;

/// A condition that the checks warn of.
const WARNED_OF: &str = r#"{"type":"keyword","field":"conversation.text","operator":"equals","value":""}"#;

const ACTION: &str = r#"{"type":"webhook","url":"https://example.com"}"#;

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// `name@version`; with `+` after the name others have described it, and without a version the read reports none.
fn shown(word: &str) -> Stored<TriggerRule> {
    let (name, version) = word.split_once('@').unwrap();
    let described = name.ends_with('+').then_some(r#","description":"theirs""#);
    let rule = format!(
        r#"{{"id":"r","ruleType":"conversation","enabled":false,"conditions":[{WARNED_OF}],"actions":[{ACTION}],
            "name":"{}"{}}}"#,
        name.trim_end_matches('+'),
        described.unwrap_or_default()
    );
    Stored {
        id: "r".parse().unwrap(),
        version: (!version.is_empty()).then(|| version.parse().unwrap()),
        value: rule.parse().unwrap(),
    }
}

/// A failure by its name; `slow:` has the milliseconds that the server wants to be left alone.
fn failure(word: &str) -> Option<RequestError> {
    let class = match word.split_once(':').unwrap_or((word, "")) {
        ("indeterminate", wait) => FailureClass::Indeterminate {
            wait: wait.parse().ok().map(millis),
            cause: IndeterminateCause::NoAnswer,
        },
        ("unsent", _) => FailureClass::NotSent,
        ("moved", _) => FailureClass::PreconditionFailed,
        ("taken", _) => FailureClass::Conflict,
        ("cancelled", _) => FailureClass::TransactionCancelled,
        ("absent", _) => FailureClass::NotFound,
        ("denied", _) => FailureClass::Denied,
        ("page", _) => FailureClass::Malformed,
        ("elsewhere", _) => FailureClass::Redirected,
        ("slow", wait) => FailureClass::Throttled {
            wait: Some(millis(wait.parse().unwrap())),
        },
        _ => return None,
    };
    Some(RequestError::new(class, word))
}

/// The class of a failure in a word.
fn class(failure: &RequestError) -> &'static str {
    match failure.class {
        FailureClass::Indeterminate { .. } => "Indeterminate",
        FailureClass::NotSent => "Unavailable",
        FailureClass::PreconditionFailed => "PreconditionFailed",
        FailureClass::Conflict => "Conflict",
        FailureClass::TransactionCancelled => "TransactionCancelled",
        FailureClass::NotFound => "NotFound",
        FailureClass::Denied => "Denied",
        FailureClass::Malformed => "Malformed",
        FailureClass::Redirected => "Redirected",
        FailureClass::Throttled { .. } => "Throttled",
        FailureClass::Unauthenticated
        | FailureClass::Rejected
        | FailureClass::Untrusted
        | FailureClass::IdMismatch
        | FailureClass::OtherOrganization => "another",
    }
}

/// All that a completion says, where it says anything.
fn described(completion: &Completion<TriggerRule>) -> String {
    let version = |version: Option<&Version>| version.map_or("-".to_owned(), Version::to_string);
    let pointers = |all: &[Collision]| {
        let all: Vec<_> = all.iter().map(|one| one.pointer.to_string()).collect();
        all.join(",")
    };
    let outcome = &completion.outcome;
    let mut text = outcome.kind().as_str().to_owned();
    if let Outcome::Conflict(conflict) = outcome {
        let theirs = conflict.theirs.as_ref().map(|theirs| version(theirs.version.as_ref()));
        write!(
            text,
            "({} collide:{} changed:{}{})",
            theirs.as_deref().unwrap_or("unseen"),
            pointers(&conflict.collisions),
            conflict.theirs_changed.len(),
            if conflict.is_base_unknown() {
                " base-unknown"
            } else {
                ""
            },
        )
        .unwrap();
    }
    if let Outcome::Deferred { wait, .. } = outcome {
        write!(text, ":{}", wait.as_millis()).unwrap();
    }
    if let Some(base) = outcome.base() {
        write!(text, " base:{}", version(base.version.as_ref())).unwrap();
    }
    let ours = if let Outcome::Unchanged { stored, .. } = outcome {
        Some(&stored.value)
    } else if let Outcome::Conflict(conflict) = outcome {
        conflict.ours.as_ref()
    } else {
        outcome.write().map(|write| &write.ours)
    };
    if let Some(ours) = ours {
        write!(text, " ours:{}", ours.name().unwrap()).unwrap();
    }
    if let Some(by) = outcome.evidence() {
        write!(text, " by:{by:?} after:{}", version(outcome.after().1)).unwrap();
    }
    if let Some(write) = outcome.write().filter(|write| !write.overwrites.is_empty()) {
        write!(text, " overwrites:{}", pointers(&write.overwrites)).unwrap();
    }
    for finding in outcome.findings() {
        write!(text, " {}", finding.code).unwrap();
    }
    if let Outcome::Failed(Failed::NoVersion { .. }) = outcome {
        text += " failed:NoVersion";
    } else if let Outcome::Failed(Failed::NotRecorded { .. }) = outcome {
        text += " failed:NotRecorded";
    } else if let Some(failure) = outcome.failure() {
        write!(text, " failed:{}", class(failure)).unwrap();
    }
    let (sent, merges, waited) = (
        u128::from(completion.attempts),
        u128::from(completion.merges),
        completion.waited.as_millis(),
    );
    for (name, count) in [("sent", sent), ("merged", merges), ("waited", waited)] {
        if count > 0 {
            write!(text, " {name}:{count}").unwrap();
        }
    }
    text
}

fn rename() -> Edit<TriggerRule> {
    Edit::default().name("ours").unwrap()
}

/// Plays the words of a script against an update that renames the rule to `ours`, and what it does meanwhile. Intents
/// are recorded and waits are over by themselves. `late:` lets milliseconds pass before what comes next; `stop:` has
/// the step in place of which it is stopped; `give-up` is said at the next wait.
fn play(options: UpdateOptions, script: &str) -> String {
    play_request(UpdateRequest::Edit(rename()), options, script)
}

fn play_request(request: UpdateRequest<TriggerRule>, options: UpdateOptions, script: &str) -> String {
    let mut words = script.split_whitespace().peekable();
    let mut now = Now {
        elapsed: Duration::ZERO,
        jitter: 1.0,
    };
    let mut step = Update::start(request, options);
    let mut trace = String::new();
    loop {
        let name = match &step {
            Step::Read(_) => "read",
            Step::Record(_) => "record",
            Step::Write(_) => "write",
            Step::Wait(_) => "wait",
            Step::Done(completion) => return trace + &described(completion),
        };
        trace += name;
        if let Step::Wait(wait) = &step {
            write!(trace, ":{}", wait.duration().as_millis()).unwrap();
        }
        trace += " ";
        if let Some(late) = words.peek().and_then(|word| word.strip_prefix("late:")) {
            now.elapsed += millis(late.parse().unwrap());
            words.next();
        }
        let stops = words.next_if(|word| word.strip_prefix("stop:") == Some(name)).is_some();
        let is_unrecorded = name == "record" && words.next_if_eq(&"unrecorded").is_some();
        let is_lease_over = name == "write" && words.next_if_eq(&"lease-over").is_some();
        let mut answer = || words.next().expect("the script goes on");
        step = match step {
            Step::Read(read) if stops => read.cancel(now),
            Step::Record(record) if stops => record.cancel(now),
            Step::Write(write) if stops => write.cancel(now),
            Step::Wait(wait) if stops => wait.cancel(now),
            Step::Record(record) if is_unrecorded => record.not_recorded(RecordError::Unusable("settled".to_owned())),
            Step::Record(record) => record.recorded(),
            Step::Write(write) if is_lease_over => write.record_again(),
            Step::Wait(mut wait) => {
                if words.next_if_eq(&"give-up").is_some() {
                    match wait.give_up(RequestError::new(FailureClass::NotSent, "too many")) {
                        Ok(end) => {
                            step = end;
                            continue;
                        }
                        Err(goes_on) => wait = goes_on,
                    }
                    trace += "(goes on) ";
                }
                now.elapsed += wait.duration();
                wait.over()
            }
            Step::Read(read) => {
                let word = answer();
                read.answered(failure(word).map_or_else(|| Ok(shown(word)), Err), now)
            }
            Step::Write(write) => match answer() {
                "unseen" => write.answered(Ok(None), now),
                word => write.answered(failure(word).map_or_else(|| Ok(Some(shown(word))), Err), now),
            },
            Step::Done(_) => return trace,
        };
    }
}

/// Plays each script of `script => steps and verdict; …`.
#[track_caller]
fn assert_plays(options: &UpdateOptions, table: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = table.split(';').map(words).filter(|row| !row.is_empty());
    for row in rows {
        let (script, expected) = row.split_once(" => ").unwrap();
        assert_eq!(play(options.clone(), script), expected, "{script}");
    }
}

/// Options under which it stops after so many milliseconds.
fn within(deadline: u64) -> UpdateOptions {
    UpdateOptions {
        deadline: millis(deadline),
        ..UpdateOptions::default()
    }
}

fn on_conflict(on_conflict: OnConflict) -> UpdateOptions {
    UpdateOptions {
        on_conflict,
        ..UpdateOptions::default()
    }
}

#[test]
fn a_wait_ends_before_the_deadline_or_is_not_begun() {
    assert_plays(
        &within(1_001),
        "
         slow:1000 ours@1
             => read wait:1000 read unchanged base:1 ours:ours AR0203 waited:1000;
        ",
    );
    assert_plays(
        &within(1_000),
        "
         slow:1000
             => read deferred:1000 failed:Throttled;
         a@1 slow:1000
             => read record write deferred:1000 base:1 ours:ours AR0203 failed:Throttled;
         a@1 indeterminate slow:1000
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1 waited:200;
         a@1 indeterminate a@1 slow:1000 ours@2
             => read record write wait:200 read write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:200;
         a@1 moved slow:1000
             => read record write read unknown base:1 ours:ours AR0203 failed:Throttled sent:1;
         a@1 moved a@1
             => read record write read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1;
         a@1 cancelled late:900 a@1
             => read record write read deferred:200 base:1 ours:ours AR0203 failed:TransactionCancelled sent:1;
         a@1 moved absent
             => read record write read unknown base:1 ours:ours AR0203 failed:NotFound sent:1;
        ",
    );
}

#[test]
fn the_answer_to_a_write_is_proof_and_where_it_tells_no_version_a_read_looks_for_it() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 ours@2
             => read record write applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
         a@1 a@2
             => read record write applied base:1 ours:ours by:Answer after:2 AR0203 AR0213 sent:1;
         a@1 a@
             => read record write applied base:1 ours:ours by:Answer after:- AR0203 AR0213 sent:1;
         a@1 ours@ ours@2
             => read record write read applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
         a@1 unseen ours@2
             => read record write read applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
         a@1 unseen denied
             => read record write read applied base:1 ours:ours by:Answer after:- AR0203 sent:1;
         a@1 unseen theirs@3
             => read record write read applied base:1 ours:ours by:Answer after:- AR0203 sent:1;
        ",
    );
}

#[test]
fn a_write_that_was_not_sent_is_none_of_the_four() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 unsent indeterminate a@1 indeterminate a@1 indeterminate a@1 indeterminate a@1
             => read record write wait:200 write wait:400 read write wait:800 read write wait:1600 read write
                wait:3200 read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:4 waited:6200;
         a@1 indeterminate a@1 slow:9 ours@2
             => read record write wait:200 read write wait:9 write applied base:1 ours:ours by:Answer after:2 AR0203
                sent:2 waited:209;
        ",
    );
}

#[test]
fn a_write_in_doubt_is_settled_by_what_a_read_shows() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 indeterminate ours@2
             => read record write wait:200 read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1 waited:200;
         a@1 indeterminate ours+@3
             => read record write wait:200 read applied base:1 ours:ours by:Read after:- AR0203 AR0215 sent:1 waited:200;
         a@1 indeterminate ours@1
             => read record write wait:200 read applied base:1 ours:ours by:Read after:- AR0203 AR0215 sent:1 waited:200;
         a@1 indeterminate theirs@2
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1 waited:200;
         a@1 indeterminate absent absent absent
             => read record write wait:200 read wait:1000 read wait:3000 read unknown base:1 ours:ours AR0203
                failed:Indeterminate sent:1 waited:4200;
         a@1 indeterminate denied
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1 waited:200;
         a@1 indeterminate a@1 moved ours@2
             => read record write wait:200 read write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:2
                waited:200;
         a@1 indeterminate a@1 moved theirs@2
             => read record write wait:200 read write read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:2
                waited:200;
         a@1 indeterminate a@1 denied ours@2
             => read record write wait:200 read write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:2
                waited:200;
        ",
    );
}

#[test]
fn old_versions_and_absence_are_waited_out_three_reads_long() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 moved a@1 a@1 a@1
             => read record write read wait:1000 read wait:3000 read rejected base:1 ours:ours AR0203
                failed:PreconditionFailed sent:1 waited:4000;
         a@1 taken a@1 a@1 a@1
             => read record write read wait:1000 read wait:3000 read rejected base:1 ours:ours AR0203
                failed:Conflict sent:1 waited:4000;
         a@1 taken theirs@2
             => read record write read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203 sent:1;
         a@1 indeterminate a@1 moved a@1 a@1 a@1
             => read record write wait:200 read write read wait:1000 read wait:3000 read unknown base:1 ours:ours
                AR0203 failed:Indeterminate sent:2 waited:4200;
         a@1 moved a@1 theirs@2
             => read record write read wait:1000 read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203
                sent:1 waited:1000;
         a@1 moved late:4000 a@1 theirs@2
             => read record write read wait:1000 read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203
                sent:1 waited:1000;
         a@1 moved late:4900 a@1 a@1
             => read record write read wait:100 read rejected base:1 ours:ours AR0203 failed:PreconditionFailed sent:1
                waited:100;
         a@1 moved late:5000 a@1
             => read record write read rejected base:1 ours:ours AR0203 failed:PreconditionFailed sent:1;
         a@1 moved absent absent absent
             => read record write read wait:1000 read wait:3000 read conflict(unseen collide: changed:0) base:1
                ours:ours AR0203 sent:1 waited:4000;
         a@1 moved denied
             => read record write read unknown base:1 ours:ours AR0203 failed:Denied sent:1;
        ",
    );
}

/// A gateway that repeats a request passes on the answer to the second one.
#[test]
fn a_refusal_after_which_ours_is_there_is_an_applied_change() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 moved ours@2
             => read record write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1;
         a@1 taken ours@2
             => read record write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1;
         a@1 moved ours+@3
             => read record write read applied base:1 ours:ours by:Read after:- AR0203 AR0215 sent:1;
         a@1 moved a@1 ours@2
             => read record write read wait:1000 read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:1000;
         a@1 slow:9 moved ours@2
             => read record write wait:9 write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:9;
         a@1 moved stop:read ours@2
             => read record write read read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1;
         a@1 moved stop:read a@1
             => read record write read read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1;
         a@1 moved stop:read theirs@2
             => read record write read read not_attempted base:1 ours:ours AR0203 sent:1;
         a@1 moved stop:read denied
             => read record write read read unknown base:1 ours:ours AR0203 failed:Denied sent:1;
        ",
    );
}

/// A firewall that blocks an answer lets the write through, and answers in the platform's place.
#[test]
fn an_answer_that_is_none_of_the_server_s_is_not_believed() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 page ours@2
             => read record write read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1;
         a@1 elsewhere ours+@3
             => read record write read applied base:1 ours:ours by:Read after:- AR0203 AR0215 sent:1;
         a@1 page a@1 a@1 a@1
             => read record write read wait:1000 read wait:3000 read failed base:1 ours:ours AR0203 failed:Malformed
                sent:1 waited:4000;
         a@1 page theirs@2
             => read record write read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203 sent:1;
         a@1 page denied
             => read record write read unknown base:1 ours:ours AR0203 failed:Denied sent:1;
        ",
    );
}

#[test]
fn nothing_is_read_in_a_pause_that_does_not_fit_into_the_deadline() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 indeterminate:9000 ours@2
             => read record write wait:9000 read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:9000;
         a@1 indeterminate:999000
             => read record write unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1;
        ",
    );
}

#[test]
fn a_transaction_that_the_server_cancelled_is_sent_again_as_the_same_bytes() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 cancelled a@1 ours@2
             => read record write read wait:200 write applied base:1 ours:ours by:Answer after:2 AR0203 sent:2
                waited:200;
         a@1 cancelled theirs@2
             => read record write read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203 sent:1;
         a@1 cancelled a@1 cancelled a@1 cancelled a@1 cancelled a@1
             => read record write read wait:200 write read wait:400 write read wait:800 write read deferred:1600
                base:1 ours:ours AR0203 failed:TransactionCancelled sent:4 waited:1400;
         a@1 indeterminate a@1 cancelled a@1 cancelled a@1 cancelled a@1
             => read record write wait:200 read write read wait:400 write read wait:800 write read unknown base:1
                ours:ours AR0203 failed:Indeterminate sent:4 waited:1400;
        ",
    );
}

#[test]
fn what_somebody_else_did_meanwhile_is_told() {
    assert_plays(
        &on_conflict(OnConflict::Ours),
        "
         ours@1
             => read unchanged base:1 ours:ours AR0203;
         a@1 moved a+@2 ours+@3
             => read record write read record write applied base:2 ours:ours by:Answer after:3 AR0203 sent:2
                merged:1;
         a@1 moved theirs@2 ours@3
             => read record write read record write applied base:2 ours:ours by:Answer after:3 overwrites:/name
                AR0203 sent:2 merged:1;
         a@1 moved theirs@2 moved theirs+@3 ours+@4
             => read record write read record write read record write applied base:3 ours:ours by:Answer after:4
                overwrites:/name AR0203 sent:3 merged:2;
         a@
             => read failed base:- AR0203 failed:NoVersion;
        ",
    );
    assert_plays(
        &UpdateOptions {
            expected_version: Some("7".parse().unwrap()),
            ..UpdateOptions::default()
        },
        "
         a@1
             => read conflict(1 collide:/name changed:0 base-unknown) base:1;
         a@7 moved a+@8
             => read record write read conflict(8 collide: changed:1) base:7 ours:ours AR0203 sent:1;
        ",
    );
    assert_plays(
        &UpdateOptions {
            fail_on: Severity::Warning,
            ..UpdateOptions::default()
        },
        "
         a@1
             => read rejected base:1 AR0203;
        ",
    );
}

#[test]
fn a_document_that_moves_again_and_again_is_merged_with_five_times() {
    assert_plays(
        &on_conflict(OnConflict::Merge),
        "
         a@1 moved a+@2 moved a+@3 moved a+@4 moved a+@5 moved a+@6 ours+@7
             => read record write read record write read record write read record write read record write read record
                write applied base:6 ours:ours by:Answer after:7 AR0203 sent:6 merged:5;
         a@1 moved a+@2 moved a+@3 moved a+@4 moved a+@5 moved a+@6 moved a+@7
             => read record write read record write read record write read record write read record write read record
                write read conflict(7 collide: changed:1) base:6 ours:ours AR0203 sent:6 merged:5;
        ",
    );
}

#[test]
fn a_stop_writes_nothing_more_and_looks_for_what_was_written() {
    assert_plays(
        &UpdateOptions::default(),
        "
         stop:read
             => read not_attempted;
         slow:9 stop:wait
             => read wait:9 not_attempted;
         slow:9 late:4 stop:wait
             => read wait:9 not_attempted waited:4;
         a@1 stop:record
             => read record not_attempted base:1 ours:ours AR0203;
         a@1 stop:write
             => read record write not_attempted base:1 ours:ours AR0203;
         a@1 indeterminate stop:wait ours@2
             => read record write wait:200 read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1;
         a@1 indeterminate a@1 stop:write a@1
             => read record write wait:200 read write read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1
                waited:200;
         a@1 indeterminate stop:wait unsent ours@2
             => read record write wait:200 read wait:400 read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:400;
         a@1 indeterminate stop:wait slow:10000
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Indeterminate sent:1;
         a@1 unseen stop:read ours@2
             => read record write read read applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
        ",
    );
}

#[test]
fn a_write_whose_lease_is_over_is_recorded_once_more_or_not_sent() {
    assert_plays(
        &UpdateOptions::default(),
        "
         a@1 lease-over ours@2
             => read record write record write applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
         a@1 lease-over unrecorded
             => read record write record failed base:1 ours:ours AR0203 failed:NotRecorded;
         a@1 indeterminate a@1 lease-over unrecorded ours@2
             => read record write wait:200 read write record read applied base:1 ours:ours by:Read after:2 AR0203 AR0215
                sent:1 waited:200;
         a@1 indeterminate a@1 lease-over unrecorded a@1
             => read record write wait:200 read write record read unknown base:1 ours:ours AR0203 failed:Indeterminate
                sent:1 waited:200;
        ",
    );
}

#[test]
fn only_a_wait_to_try_again_is_given_up() {
    assert_plays(
        &UpdateOptions::default(),
        "
         unsent give-up
             => read wait:200 deferred:200 failed:Unavailable;
         a@1 slow:9 give-up
             => read record write wait:9 deferred:9 base:1 ours:ours AR0203 failed:Unavailable;
         a@1 indeterminate give-up ours@2
             => read record write wait:200 (goes on) read applied base:1 ours:ours by:Read after:2 AR0203 AR0215 sent:1
                waited:200;
         a@1 indeterminate a@1 slow:9 give-up ours@2
             => read record write wait:200 read write wait:9 (goes on) write applied base:1 ours:ours by:Answer
                after:2 AR0203 sent:2 waited:209;
         a@1 moved a@1 give-up theirs@2
             => read record write read wait:1000 (goes on) read conflict(2 collide:/name changed:1) base:1 ours:ours
                AR0203 sent:1 waited:1000;
        ",
    );
}

#[test]
fn a_reviewed_patch_is_written_without_a_read_and_any_move_is_a_conflict() {
    let base = shown("a@1");
    let request = UpdateRequest::Planned {
        patch: rename().resolve(&base.value).unwrap(),
        base,
        prior: PriorWrite::None,
    };
    for (options, script, expected) in [
        (
            OnConflict::Fail,
            "ours@2",
            "record write applied base:1 ours:ours by:Answer after:2 AR0203 sent:1",
        ),
        (
            OnConflict::Fail,
            "moved a@2",
            "record write read conflict(2 collide: changed:0) base:1 ours:ours AR0203 sent:1",
        ),
        (
            OnConflict::Fail,
            "moved a+@2",
            "record write read conflict(2 collide: changed:1) base:1 ours:ours AR0203 sent:1",
        ),
        (
            OnConflict::Merge,
            "moved a+@2 ours+@3",
            "record write read record write applied base:2 ours:ours by:Answer after:3 AR0203 sent:2 merged:1",
        ),
        (
            OnConflict::Fail,
            "indeterminate a@1 ours@2",
            "record write wait:200 read write applied base:1 ours:ours by:Answer after:2 AR0203 sent:2 waited:200",
        ),
    ] {
        assert_eq!(
            play_request(request.clone(), on_conflict(options), script),
            expected,
            "{script}"
        );
    }
}

/// Applied once, and asked for again: nothing is written twice.
#[test]
fn a_reviewed_patch_that_the_record_knows_of_is_looked_for_before_anything_is_sent() {
    let applied = |of, stored: Option<&str>| PriorWrite::Applied {
        of,
        stored: stored.map(|word| shown(word).value),
    };
    let same = applied(PlanOfWrite::Same, None);
    let other = applied(PlanOfWrite::Other, None);
    let planned = |prior: &PriorWrite<TriggerRule>| UpdateRequest::Planned {
        patch: rename().resolve(&shown("a@1").value).unwrap(),
        base: shown("a@1"),
        prior: prior.clone(),
    };
    for (prior, policy, script, expected) in [
        (&same, OnConflict::Fail, "ours@2", "read unchanged base:2 ours:ours"),
        (&same, OnConflict::Fail, "ours+@3", "read unchanged base:3 ours:ours"),
        (
            &same,
            OnConflict::Fail,
            "a@1 a@1 ours@2",
            "read wait:1000 read wait:3000 read unchanged base:2 ours:ours waited:4000",
        ),
        (
            &same,
            OnConflict::Merge,
            "a@3",
            "read conflict(3 collide: changed:0) base:1 ours:ours AR0203",
        ),
        (
            &same,
            OnConflict::Merge,
            "a@1 a@1 a@1",
            "read wait:1000 read wait:3000 read conflict(1 collide: changed:0) base:1 ours:ours AR0203 waited:4000",
        ),
        (
            &applied(PlanOfWrite::Same, Some("stored@2")),
            OnConflict::Fail,
            "stored+@3",
            "read unchanged base:3 ours:stored AR0213",
        ),
        (
            &PriorWrite::Overwritten,
            OnConflict::Merge,
            "ours@2",
            "read conflict(2 collide: changed:1) base:1 ours:ours AR0203",
        ),
        (&other, OnConflict::Fail, "ours@2", "read unchanged base:2 ours:ours"),
        (
            &other,
            OnConflict::Fail,
            "a@1 a@1 a@1 ours@2",
            "read wait:1000 read wait:3000 read record write applied base:1 ours:ours by:Answer after:2 AR0203 sent:1 \
             waited:4000",
        ),
        (
            &other,
            OnConflict::Fail,
            "a+@2",
            "read conflict(2 collide: changed:1) base:1 ours:ours AR0203",
        ),
        (
            &other,
            OnConflict::Merge,
            "a+@2 ours+@3",
            "read record write applied base:2 ours:ours by:Answer after:3 AR0203 sent:1 merged:1",
        ),
        (
            &other,
            OnConflict::Fail,
            "absent absent absent",
            "read wait:1000 read wait:3000 read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 waited:4000",
        ),
        (
            &PriorWrite::Unsettled,
            OnConflict::Fail,
            "ours@2",
            "read applied base:1 ours:ours by:Read after:2 AR0203 AR0215",
        ),
        (
            &PriorWrite::Unsettled,
            OnConflict::Fail,
            "a@1 ours@2",
            "read write applied base:1 ours:ours by:Answer after:2 AR0203 sent:1",
        ),
        (
            &PriorWrite::Unsettled,
            OnConflict::Merge,
            "a+@2",
            "read unknown base:1 ours:ours AR0203 failed:Indeterminate",
        ),
    ] {
        let played = play_request(planned(prior), on_conflict(policy), script);
        assert_eq!(played, expected, "{prior:?} {script}");
    }
}

/// Without a write, a reviewed patch is compared with what is stored.
#[test]
fn a_dry_run_of_a_reviewed_patch_reads() {
    let request = UpdateRequest::Planned {
        patch: rename().resolve(&shown("a@1").value).unwrap(),
        base: shown("a@1"),
        prior: PriorWrite::None,
    };
    for (script, expected) in [
        ("a@1", "read planned base:1 ours:ours AR0203"),
        ("ours@2", "read unchanged base:2 ours:ours"),
        ("a@2", "read conflict(2 collide: changed:0) base:1 ours:ours AR0203"),
    ] {
        let options = UpdateOptions {
            mode: Mode::DryRun,
            ..on_conflict(OnConflict::Fail)
        };
        assert_eq!(play_request(request.clone(), options, script), expected, "{script}");
    }
}
