//! Questions before steps that a person may regret.

use serde_json::json;

use super::document;
use super::recording::{Workstation, writes};
use crate::binary::run;
use crate::terminal::on_a_terminal;

/// FIELD H7: each such step asks on a terminal, and anything but a yes leaves all as it was.
#[test]
fn a_step_that_one_may_regret_asks_on_a_terminal() {
    let test = "a_step_that_one_may_regret_asks_on_a_terminal";
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A"]);
    let sent = writes(&workstation);
    for (args, question) in [
        (&["rollback"] as &[&str], "will be undone. Type `yes` to go on:"),
        (
            &["update", "--name", "B", "--on-conflict", "ours"],
            "will be overwritten, whoever made it. Type `yes` to go on:",
        ),
        (
            &["reconcile", "--close", "1", "--as", "applied", "--reason", "seen"],
            "will be recorded as applied, by your word alone. Type `yes` to go on:",
        ),
    ] {
        for quiet in [&[] as &[&str], &["-q"]] {
            for typed in ["no\n", "\n", ""] {
                let mut command = workstation.command(args);
                let Some(ran) = on_a_terminal(test, command.args(quiet), typed) else {
                    return;
                };
                assert_eq!(ran.code, Some(1), "{args:?} {typed:?} {ran}");
                assert!(ran.stdout.contains(question), "{args:?} {ran}");
                assert!(
                    ran.stdout.contains("not confirmed: nothing was changed"),
                    "{args:?} {ran}"
                );
            }
        }
    }
    assert_eq!(writes(&workstation), sent, "nothing was sent");
    let ran = on_a_terminal(test, &workstation.command(&["rollback"]), "yes\n");
    assert_eq!(ran.and_then(|ran| ran.code), Some(0));
    assert_eq!(writes(&workstation), sent + 1);
    let ran = on_a_terminal(test, &workstation.command(&["rollback", "--yes"]), "");
    assert!(ran.is_some_and(|ran| ran.code == Some(0) && !ran.stdout.contains("Type `yes`")));
}

/// FIELD H7: without a terminal nobody is asked, and only what a person alone can judge is refused.
#[test]
fn without_a_terminal_nobody_is_asked() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A"]);
    workstation.does(&["update", "--name", "B", "--on-conflict", "ours"]);
    workstation.does(&["rollback"]);
    let lost = r#"{"faults": [{"on": {"kind": "put"}, "do": {"drop_after": {}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(emulator::Script::from_json(lost).unwrap());
    let by_read = workstation.does(&["update", "--name", "C", "-o", "json"]);
    assert_eq!(
        document(&by_read)["changes"][0]["confirmed_by"],
        json!("read"),
        "{by_read}"
    );
    let sent = writes(&workstation);
    let ran = workstation.run(&["rollback"]);
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("not done without a word from you"), "{ran}");
    assert_eq!(writes(&workstation), sent);
    let ran = run(workstation.command(&["rollback"]).arg("--yes"));
    assert_eq!(ran.code, Some(0), "{ran}");
}
