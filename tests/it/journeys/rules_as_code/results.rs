//! Each outcome of an apply in each format: exit code and document.

use domain::OutcomeKind;
use emulator::Script;
use serde_json::{Value, json};

use super::{Repository, outcomes};
use crate::{journeys::schemas::assert_is, schema_agreement::validator};

/// The fault that makes an outcome of the second of two rules, and the exit code with the other applied and alone; none for an
/// outcome that an apply of trigger rules does not have.
fn fault(outcome: OutcomeKind) -> Option<(&'static str, i32, i32)> {
    match outcome {
        OutcomeKind::Applied => Some((r#"{"delay": {"ms": 0}}"#, 0, 0)),
        OutcomeKind::Conflict => Some((r#"{"edit_between": {"merge": {"name": "Theirs"}}}"#, 5, 4)),
        OutcomeKind::Rejected => Some((r#"{"status": {"code": 400}}"#, 5, 1)),
        OutcomeKind::Denied => Some((r#"{"status": {"code": 403}}"#, 5, 8)),
        OutcomeKind::Failed => Some((r#"{"status": {"code": 404}}"#, 5, 1)),
        OutcomeKind::Deferred => Some((r#"{"status": {"code": 429, "retry_after": 3600}}"#, 5, 7)),
        OutcomeKind::Unknown => Some((r#"{"drop_before": {}}"#, 11, 11)),
        // Without a fault: applied before, a dry run, stopped, or found out later; and under another guard than theirs.
        OutcomeKind::Unchanged
        | OutcomeKind::Planned
        | OutcomeKind::NotAttempted
        | OutcomeKind::NotApplied
        | OutcomeKind::Overwritten => None,
    }
}

#[test]
fn each_outcome_has_its_exit_code_and_its_document_in_each_format() {
    let (plans, results) = (validator("plan"), validator("result"));
    for outcome in OutcomeKind::ALL {
        let Some((fault, partial, alone)) = fault(outcome) else {
            continue;
        };
        for (changed, code) in [(&["r1", "r2"][..], partial), (&["r2"], alone)] {
            for format in ["human", "json", "yaml", "ndjson", "markdown"] {
                let repository = Repository::of(2);
                repository.rename(changed, "New");
                let plan = repository.plan();
                assert!(plans.is_valid(&plan), "{plan:#}");
                let script = format!(
                    r#"{{"faults": [{{"on": {{"kind": "put", "path_contains": "/r2"}}, "times": 9, "do": {fault}}}]}}"#
                );
                let emulator = &repository.workstation.sandbox.emulator;
                emulator.load_faults(Script::from_json(&script).unwrap());
                let ran = repository.run(&["apply", "p.plan", "--parallelism", "1", "-o", format]);
                assert_eq!(ran.code, Some(code), "{outcome:?} {format} {ran}");
                let word = outcome.as_str();
                assert!(ran.stdout.contains(word), "{outcome:?} {format} {ran}");
                let result: Value = match format {
                    "json" => serde_json::from_str(&ran.stdout).unwrap(),
                    "ndjson" => serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap(),
                    _ => continue,
                };
                assert_is("result", &result);
                assert!(results.is_valid(&result), "{result:#}");
                assert_eq!(result["exit_code"], code);
                assert_eq!(outcomes(&result).last(), Some(&format!("r2 {word}")));
                assert_eq!(
                    result["summary"][word],
                    json!(if outcome == OutcomeKind::Applied {
                        changed.len()
                    } else {
                        1
                    })
                );
            }
        }
    }
}
