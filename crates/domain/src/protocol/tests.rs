//! What the protocol does step by step, as scripts of what happens and the steps that it answers with.

use std::fmt::Write as _;
use std::time::Duration;

use super::*;
use crate::change::RuleChange;
use crate::code::Code;
use crate::draft::Draft;
use crate::finding::{Findings, Severity};
use crate::pointer::Pointer;
use crate::rule::TriggerRule;

/// What the checks warn of.
const WARNED_OF: &str = r#"{"type":"keyword","field":"conversation.text","operator":"equals","value":""}"#;

const ACTION: &str = r#"{"type":"webhook","url":"https://example.com"}"#;

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// `name@version`; with `+` after the name somebody else described it, and without a version none is told.
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
fn failure(word: &str) -> Option<Failure> {
    let class = match word.split_once(':').unwrap_or((word, "")) {
        ("unclear", _) => FailureClass::Indeterminate { wait: None },
        ("unsent", _) => FailureClass::NotSent,
        ("moved", _) => FailureClass::PreconditionFailed,
        ("absent", _) => FailureClass::NotFound,
        ("denied", _) => FailureClass::Denied,
        ("slow", wait) => FailureClass::Throttled {
            wait: Some(millis(wait.parse().unwrap())),
        },
        _ => return None,
    };
    Some(Failure::new(class, word))
}

/// All that a verdict says, where it says anything.
fn told(verdict: &Verdict<TriggerRule>) -> String {
    let version = |version: &Option<Version>| version.as_ref().map_or("-".to_owned(), Version::to_string);
    let pointers = |all: &[Collision]| {
        let all: Vec<_> = all.iter().map(|one| one.pointer.to_string()).collect();
        all.join(",")
    };
    let mut text = match &verdict.outcome {
        Outcome::Conflict(conflict) => format!(
            "conflict({} collide:{} changed:{}{})",
            conflict
                .theirs
                .as_ref()
                .map_or("unseen".to_owned(), |theirs| version(&theirs.version)),
            pointers(&conflict.collisions),
            conflict.theirs_changed.len(),
            if conflict.is_base_unknown() {
                " base-unknown"
            } else {
                ""
            },
        ),
        Outcome::Deferred { wait } => format!("deferred:{}", wait.as_millis()),
        Outcome::Applied
        | Outcome::Unchanged
        | Outcome::Planned
        | Outcome::Rejected
        | Outcome::Denied
        | Outcome::Failed
        | Outcome::Unknown
        | Outcome::NotAttempted => format!("{:?}", verdict.outcome).to_lowercase(),
    };
    if let Some(base) = &verdict.base {
        write!(text, " base:{}", version(&base.version)).unwrap();
    }
    if let Some(ours) = &verdict.ours {
        write!(text, " ours:{}", ours.name().unwrap()).unwrap();
    }
    if let Some(by) = verdict.confirmed_by {
        write!(text, " by:{by:?} after:{}", version(&verdict.version_after)).unwrap();
    }
    if !verdict.overwrites.is_empty() {
        write!(text, " overwrites:{}", pointers(&verdict.overwrites)).unwrap();
    }
    for finding in &verdict.findings {
        write!(text, " {}", finding.code).unwrap();
    }
    if let Some(failure) = &verdict.failure {
        write!(text, " failed:{:?}", verdict.code.unwrap_or_else(|| failure.code())).unwrap();
    }
    let (sent, merges, waited) = (
        u128::from(verdict.attempts),
        u128::from(verdict.merges),
        verdict.waited.as_millis(),
    );
    for (name, count) in [("sent", sent), ("merged", merges), ("waited", waited)] {
        if count > 0 {
            write!(text, " {name}:{count}").unwrap();
        }
    }
    text
}

/// Plays the words of a script against an update that renames the rule to `ours`, and what it does meanwhile. Intents
/// are recorded and waits are over by themselves. `late:` lets milliseconds pass before what comes next; `stop:` has
/// the step in place of which it is stopped; `give-up` is said at the next wait.
fn play(terms: Terms, script: &str) -> String {
    let wish = Draft::from(&RuleChange::default().name("ours").unwrap());
    let mut update = Update::<TriggerRule>::new(wish, terms);
    let mut words = script.split_whitespace().peekable();
    let mut now = Moment {
        at: Duration::ZERO,
        chance: 1.0,
    };
    let mut step = update.next(Event::Started, now);
    let mut trace = String::new();
    loop {
        let name = match &step {
            Step::Read => "read",
            Step::Record(_) => "record",
            Step::Write { .. } => "write",
            Step::Wait(_) => "wait",
            Step::Done(verdict) => return trace + &told(verdict),
        };
        trace += name;
        if let Step::Wait(time) = step {
            write!(trace, ":{}", time.as_millis()).unwrap();
        }
        trace += " ";
        if let Some(late) = words.peek().and_then(|word| word.strip_prefix("late:")) {
            now.at += millis(late.parse().unwrap());
            words.next();
        }
        if words.next_if(|word| word.strip_prefix("stop:") == Some(name)).is_some() {
            step = update.stop(now);
            continue;
        }
        let mut answer = || words.next().expect("the script goes on");
        let event = match step {
            Step::Record(_) => Event::Recorded(Ok(())),
            Step::Wait(time) => {
                if words.next_if_eq(&"give-up").is_some() {
                    let refused = Failure::new(FailureClass::NotSent, "too many");
                    if let Some(end) = update.give_up(refused, time) {
                        step = end;
                        continue;
                    }
                    trace += "(goes on) ";
                }
                now.at += time;
                Event::Waited
            }
            Step::Read => {
                let word = answer();
                Event::Read(failure(word).map_or_else(|| Ok(shown(word)), Err))
            }
            Step::Write { .. } => match answer() {
                "unseen" => Event::Written(Ok(None)),
                word => Event::Written(failure(word).map_or_else(|| Ok(Some(shown(word))), Err)),
            },
            Step::Done(_) => return trace,
        };
        step = update.next(event, now);
    }
}

/// Plays each script of `script => steps and verdict; …`.
#[track_caller]
fn assert_plays(terms: &Terms, table: &str) {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let rows = table.split(';').map(words).filter(|row| !row.is_empty());
    for row in rows {
        let (script, expected) = row.split_once(" => ").unwrap();
        assert_eq!(play(terms.clone(), script), expected, "{script}");
    }
}

/// Terms under which it stops after so many milliseconds.
fn within(deadline: u64) -> Terms {
    Terms {
        deadline: millis(deadline),
        ..Terms::default()
    }
}

fn on_conflict(on_conflict: OnConflict) -> Terms {
    Terms {
        on_conflict,
        ..Terms::default()
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
         a@1 unclear slow:1000
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Unclear sent:1 waited:200;
         a@1 moved slow:1000
             => read record write read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 sent:1;
         a@1 moved a@1
             => read record write read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 sent:1;
         a@1 moved absent
             => read record write read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 sent:1;
        ",
    );
}

#[test]
fn the_answer_to_a_write_is_proof_and_where_it_tells_no_version_a_read_looks_for_it() {
    assert_plays(
        &Terms::default(),
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
        &Terms::default(),
        "
         a@1 unsent unclear a@1 unclear a@1 unclear a@1 unclear a@1
             => read record write wait:200 write wait:400 read write wait:800 read write wait:1600 read write
                wait:3200 read unknown base:1 ours:ours AR0203 failed:Unclear sent:4 waited:6200;
         a@1 unclear a@1 slow:9 ours@2
             => read record write wait:200 read write wait:9 write applied base:1 ours:ours by:Answer after:2 AR0203
                sent:2 waited:209;
        ",
    );
}

#[test]
fn a_write_in_doubt_is_settled_by_what_a_read_shows() {
    assert_plays(
        &Terms::default(),
        "
         a@1 unclear ours@2
             => read record write wait:200 read applied base:1 ours:ours by:Read after:2 AR0203 sent:1 waited:200;
         a@1 unclear ours+@3
             => read record write wait:200 read applied base:1 ours:ours by:Read after:- AR0203 sent:1 waited:200;
         a@1 unclear ours@1
             => read record write wait:200 read applied base:1 ours:ours by:Read after:- AR0203 sent:1 waited:200;
         a@1 unclear theirs@2
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Unclear sent:1 waited:200;
         a@1 unclear absent absent absent
             => read record write wait:200 read wait:1000 read wait:1000 read unknown base:1 ours:ours AR0203
                failed:Unclear sent:1 waited:2200;
         a@1 unclear denied
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Unclear sent:1 waited:200;
         a@1 unclear a@1 moved ours@2
             => read record write wait:200 read write read applied base:1 ours:ours by:Read after:2 AR0203 sent:2
                waited:200;
         a@1 unclear a@1 moved theirs@2
             => read record write wait:200 read write read unknown base:1 ours:ours AR0203 failed:Unclear sent:2
                waited:200;
         a@1 unclear a@1 denied ours@2
             => read record write wait:200 read write read applied base:1 ours:ours by:Read after:2 AR0203 sent:2
                waited:200;
        ",
    );
}

#[test]
fn old_versions_and_absence_are_waited_out_three_reads_long() {
    assert_plays(
        &Terms::default(),
        "
         a@1 moved a@1 a@1 a@1
             => read record write read wait:1000 read wait:1000 read conflict(unseen collide: changed:0) base:1
                ours:ours AR0203 sent:1 waited:2000;
         a@1 moved a@1 theirs@2
             => read record write read wait:1000 read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203
                sent:1 waited:1000;
         a@1 moved late:4000 a@1 theirs@2
             => read record write read wait:1000 read conflict(2 collide:/name changed:1) base:1 ours:ours AR0203
                sent:1 waited:1000;
         a@1 moved late:4001 a@1
             => read record write read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 sent:1;
         a@1 moved absent absent absent
             => read record write read wait:1000 read wait:1000 read conflict(unseen collide: changed:0) base:1
                ours:ours AR0203 sent:1 waited:2000;
         a@1 moved denied
             => read record write read conflict(unseen collide: changed:0) base:1 ours:ours AR0203 sent:1;
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
         a@1 moved ours@2
             => read record write read unchanged base:2 ours:ours sent:1;
         a@1 moved a+@2 ours+@3
             => read record write read record write applied base:2 ours:ours by:Answer after:3 AR0203 sent:2
                merged:1;
         a@1 moved theirs@2 ours@3
             => read record write read record write applied base:2 ours:ours by:Answer after:3 overwrites:/name
                AR0203 sent:2 merged:1;
         a@
             => read failed base:- AR0203 failed:NoVersion;
        ",
    );
    assert_plays(
        &Terms {
            expected: Some("7".parse().unwrap()),
            ..Terms::default()
        },
        "
         a@1
             => read conflict(1 collide:/name changed:0 base-unknown) base:1;
         a@7 moved a+@8
             => read record write read conflict(8 collide: changed:1) base:7 ours:ours AR0203 sent:1;
        ",
    );
    assert_plays(
        &Terms {
            fail_on: Severity::Warning,
            ..Terms::default()
        },
        "
         a@1
             => read rejected base:1 AR0203;
        ",
    );
}

#[test]
fn a_stop_writes_nothing_more_and_looks_for_what_was_written() {
    assert_plays(
        &Terms::default(),
        "
         stop:read
             => read notattempted;
         slow:9 stop:wait
             => read wait:9 notattempted waited:9;
         a@1 stop:record
             => read record notattempted base:1 ours:ours AR0203;
         a@1 stop:write
             => read record write notattempted base:1 ours:ours AR0203;
         a@1 unclear stop:wait ours@2
             => read record write wait:200 read applied base:1 ours:ours by:Read after:2 AR0203 sent:1 waited:200;
         a@1 unclear a@1 stop:write a@1
             => read record write wait:200 read write read unknown base:1 ours:ours AR0203 failed:Unclear sent:1
                waited:200;
         a@1 unclear stop:wait unsent ours@2
             => read record write wait:200 read wait:400 read applied base:1 ours:ours by:Read after:2 AR0203 sent:1
                waited:600;
         a@1 unclear stop:wait slow:10000
             => read record write wait:200 read unknown base:1 ours:ours AR0203 failed:Unclear sent:1 waited:200;
         a@1 unseen stop:read ours@2
             => read record write read read applied base:1 ours:ours by:Answer after:2 AR0203 sent:1;
        ",
    );
}

#[test]
fn only_a_wait_to_try_again_is_given_up() {
    assert_plays(
        &Terms::default(),
        "
         unsent give-up
             => read wait:200 deferred:200 failed:Unavailable;
         a@1 slow:9 give-up
             => read record write wait:9 deferred:9 base:1 ours:ours AR0203 failed:Unavailable;
         a@1 unclear give-up ours@2
             => read record write wait:200 (goes on) read applied base:1 ours:ours by:Read after:2 AR0203 sent:1
                waited:200;
         a@1 unclear a@1 slow:9 give-up ours@2
             => read record write wait:200 read write wait:9 (goes on) write applied base:1 ours:ours by:Answer
                after:2 AR0203 sent:2 waited:209;
         a@1 moved a@1 give-up theirs@2
             => read record write read wait:1000 (goes on) read conflict(2 collide:/name changed:1) base:1 ours:ours
                AR0203 sent:1 waited:1000;
        ",
    );
}

#[test]
fn what_was_refused_before_anything_was_read_says_why() {
    let mut findings = Findings::default();
    findings.add(Finding::new(Code::TooLarge, Pointer::root(), ""));
    let verdict = Verdict::<TriggerRule>::rejected(findings);
    assert_eq!(told(&verdict), "rejected AR0004");
}

#[test]
fn a_verdict_shows_what_it_changes() {
    let mut verdict = Verdict::of(Outcome::Planned);
    assert!(verdict.diff().is_empty());
    verdict.base = Some(shown("a@1"));
    verdict.ours = Some(shown("ours@1").value);
    let pointers: Vec<_> = verdict.diff().iter().map(|one| one.pointer.to_string()).collect();
    assert_eq!(pointers, ["/name"]);
}
