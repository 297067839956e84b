//! `edit`: a rule in an editor, and back.

use std::{process::Stdio, thread};

use emulator::{SAMPLE_RULE_ID, Script};

use super::{against, document, file, recording::Workstation, writes};
use crate::{binary::run, postgres::Schema, sandbox::Sandbox};

/// Runs `edit` with an editor that does this to the file.
fn edit(sandbox: &Sandbox, editor: &str) -> crate::binary::Ran {
    run(against(sandbox).arg("edit").env("EDITOR", editor))
}

#[test]
fn what_was_saved_is_applied() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "sed -i.old s/Detection/Edited/");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("7 → 8"), "{ran}");
    assert_eq!(
        sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Credit Card Edited Rule"
    );
}

/// One document on stdout, whatever became of the command.
#[test]
fn what_was_not_changed_is_a_document_to_programs() {
    let sandbox = Sandbox::sample();
    let ran = run(against(&sandbox).args(["edit", "-o", "json"]).env("EDITOR", "true"));
    let result = document(&ran);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        (&result["kind"], &result["exit_code"]),
        (&"result".into(), &0.into()),
        "{ran}"
    );
    assert_eq!(result["changes"][0]["outcome"], "unchanged", "{ran}");
    assert_eq!(writes(&sandbox), 0, "{ran}");
}

/// An editor prints what it likes: stdout has the document alone.
#[test]
fn what_the_editor_prints_is_not_in_the_document() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    command
        .args(["edit", "-o", "json"])
        .env("EDITOR", "echo in the editor; sed -i.old s/Detection/Edited/");
    let ran = run(&mut command);
    assert_eq!(document(&ran)["changes"][0]["outcome"], "applied", "{ran}");
    assert!(ran.stderr.contains("in the editor"), "{ran}");
}

/// A signal while the editor is open: the changed text is kept, and said to be.
#[cfg(unix)]
#[test]
fn a_signal_while_the_editor_is_open_keeps_the_text_and_says_so() {
    let sandbox = Sandbox::sample();
    let mut command = against(&sandbox);
    for (signal, code) in [("TERM", Some(143)), ("INT", Some(0))] {
        let editor = format!(
            "sh -c 'sed -i.old s/Detection/{signal}/ \"$1\"; kill -s {signal} $(ps -o ppid= -p $PPID); sleep 1' sh"
        );
        let ran = run(command.arg("edit").env("EDITOR", editor));
        assert_eq!(ran.code, code, "{signal}: {ran}");
        assert_eq!(
            ran.stderr.contains("your text is kept in"),
            signal == "TERM",
            "{signal}: {ran}"
        );
        command = against(&sandbox);
    }
    assert_eq!(
        sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["name"],
        "Credit Card INT Rule"
    );
}

#[test]
fn what_was_not_changed_is_not_sent() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "true");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(
        sandbox
            .emulator
            .requests()
            .iter()
            .all(|request| request.method != "PUT")
    );
}

#[test]
fn a_text_with_findings_is_kept_and_the_way_back_is_told() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "sed -i.old s/contains/near/");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("Go on with it: assist-rules update "), "{ran}");
    assert!(
        std::fs::read_to_string(kept_text(&ran)).unwrap().contains("near"),
        "{ran}"
    );
    assert_eq!(sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap()["etag"], "7");
}

/// FIELD H2: the way back works when it is pasted, quotes and flags included.
#[cfg(unix)]
#[test]
fn the_way_back_works_when_it_is_pasted() {
    let workstation = Workstation::new();
    let state = workstation.state.with_file_name("it's a \"state\" $HOME");
    let ledger = format!("sqlite:{}/other ledger.db", state.display());
    let edit = [
        "edit",
        "--ledger",
        &ledger,
        "--reason",
        "it's; `echo` \"$HOME\"",
        "--no-sinks",
        "--deadline",
        "30s",
    ];
    let mut command = workstation.command(&edit);
    command.env("ASSIST_RULES_STATE_DIR", &state);
    let ran = run(command.env("EDITOR", "sed -i.old s/contains/near/"));
    assert_eq!(ran.code, Some(3), "{ran}");
    let back = ran
        .stderr
        .lines()
        .find_map(|line| line.split_once("Go on with it: assist-rules "))
        .unwrap()
        .1;
    let texts = std::fs::read_dir(state.join("edits"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_kept = |path: &std::path::PathBuf| path.extension().is_some_and(|it| it == "json");
    let kept = texts.into_iter().find(is_kept).unwrap();
    let mended = std::fs::read_to_string(&kept).unwrap().replace("near", "equals");
    std::fs::write(&kept, mended).unwrap();
    let mut pasted = paste(&workstation, &format!("assist-rules {back}"));
    let ran = run(pasted.env("ASSIST_RULES_STATE_DIR", &state));
    assert_eq!(ran.code, Some(0), "{back}: {ran}");
    let mut history = workstation.command(&["history", "--ledger", &ledger, "-o", "json"]);
    let entries = document(&run(&mut history));
    assert_eq!(
        entries["entries"][0]["author"]["reason"], "it's; `echo` \"$HOME\"",
        "{entries}"
    );
}

/// FIELD H1: an editor that goes to the background has changed nothing yet.
#[test]
fn an_editor_that_comes_back_at_once_keeps_the_text() {
    let workstation = Workstation::new();
    let ran = run(workstation.command(&["edit"]).env("EDITOR", "true"));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr.contains("EDITOR='code --wait'") && ran.stderr.contains("Go on with it: "),
        "{ran}"
    );
    assert_eq!((kept(&workstation.state), writes(&workstation.sandbox)), (1, 0));
}

/// FIELD H1: on a terminal the program waits for the person in place of the editor.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_an_editor_that_comes_back_at_once_is_waited_for() {
    let workstation = Workstation::new();
    let mut edit = workstation.command(&["edit"]);
    edit.env("EDITOR", "true");
    let test = "on_a_terminal_an_editor_that_comes_back_at_once_is_waited_for";
    let Some(ran) = crate::terminal::on_a_terminal(test, &edit, "\n") else {
        return;
    };
    assert_eq!(ran.code, Some(0), "{ran}");
    for words in ["press Enter once you have saved", "Nothing was changed."] {
        assert!(ran.stdout.contains(words), "{ran}");
    }
    assert_eq!(
        (kept(&workstation.state), writes(&workstation.sandbox)),
        (0, 0),
        "{ran}"
    );
}

/// FIELD H1: nothing, and nothing that can be read.
#[test]
fn a_text_that_is_empty_is_no_edit_and_one_that_is_no_text_has_a_way_back() {
    let workstation = Workstation::new();
    let ran = run(workstation.command(&["edit"]).env("EDITOR", "cp /dev/null"));
    assert!(
        ran.code == Some(1) && ran.stderr.contains("aborted: what was saved is empty"),
        "{ran}"
    );
    assert_eq!(kept(&workstation.state), 0);
    let latin = "sh -c 'printf \"{\\\"name\\\": \\\"caf\\351\\\"}\" > \"$1\"' x";
    let ran = run(workstation.command(&["edit"]).env("EDITOR", latin));
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(
        ran.stderr.contains("not UTF-8") && ran.stderr.contains("Go on with it: "),
        "{ran}"
    );
}

/// FIELD H4: nothing hangs where nobody sits.
#[test]
fn without_an_editor_and_a_terminal_nothing_is_opened() {
    let workstation = Workstation::new();
    let ran = workstation.run(&["edit"]);
    assert!(
        ran.code == Some(64) && ran.stderr.contains("there is no editor, and no terminal for one"),
        "{ran}"
    );
    assert_eq!(kept(&workstation.state), 0);
}

/// The number of texts that `edit` keeps because they were not applied.
fn kept(state: &std::path::Path) -> usize {
    let files = std::fs::read_dir(state.join("edits")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .count()
}

#[test]
fn a_text_that_was_applied_is_not_to_be_gone_on_with_although_a_delivery_is_pending() {
    let workstation = Workstation::new();
    let sinks = "[[sinks]]\nname = \"chat\"\nkind = \"command\"\nargv = [\"false\"]\n";
    let mut command = workstation.command(&["edit", "--config", "mine.toml"]);
    file(&command, "mine.toml", sinks);
    let ran = run(command.env("EDITOR", "sed -i.old s/Detection/Edited/"));
    assert_eq!(ran.code, Some(10), "{ran}");
    let shown_now = format!("Your text was applied: `{SAMPLE_RULE_ID}` has it as version 8.\n");
    assert!(
        ran.stderr.ends_with(&shown_now) && !ran.stderr.contains("Go on"),
        "{ran}"
    );
    assert_eq!(kept(&workstation.state), 0);
}

#[test]
fn a_text_that_was_applied_is_not_to_be_gone_on_with_although_it_could_not_be_recorded() {
    let Some(schema) = Schema::new("a_text_that_was_applied") else {
        return;
    };
    let workstation = Workstation::new();
    let late = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 1500}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(late).unwrap());
    let mut edit = workstation.command(&["edit", "--ledger", &schema.url()]);
    let edit = edit.env("EDITOR", "sed -i.old s/Detection/Edited/");
    let child = edit.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    while writes(&workstation.sandbox) == 0 {
        thread::yield_now();
    }
    schema.query("ALTER TABLE entries RENAME TO kept");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(12), "{stderr}");
    assert!(
        stderr.contains("Your text was applied") && !stderr.contains("Go on"),
        "{stderr}"
    );
    assert_eq!(kept(&workstation.state), 0);
}

#[test]
fn a_text_of_which_nobody_knows_whether_it_was_applied_is_kept_and_not_to_be_gone_on_with() {
    let workstation = Workstation::new();
    let lost = r#"{"faults": [
        {"on": {"kind": "put"}, "do": {"status": {"code": 503}}, "times": 9},
        {"on": {"kind": "get", "skip": 2}, "do": {"status": {"code": 503}}, "times": 99}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(lost).unwrap());
    let mut command = workstation.command(&["edit", "--deadline", "3s"]);
    let ran = run(command.env("EDITOR", "sed -i.old s/Detection/Edited/"));
    assert_eq!(ran.code, Some(11), "{ran}");
    assert!(
        ran.stderr.contains("Whether it was applied is not known") && !ran.stderr.contains("Go on"),
        "{ran}"
    );
    assert_eq!(kept(&workstation.state), 1);
}

#[test]
fn an_editor_that_fails_changes_nothing() {
    let sandbox = Sandbox::sample();
    let ran = edit(&sandbox, "false");
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(
        ran.stderr.contains("ended with an error") && !ran.stderr.contains("kept"),
        "{ran}"
    );
    let ran = edit(&sandbox, "sh -c 'echo more >> \"$1\"; exit 1' x");
    assert_eq!(ran.code, Some(64), "{ran}");
    assert!(ran.stderr.contains("your text is kept in "), "{ran}");
    assert_eq!(writes(&sandbox), 0);
}

/// An editor in which this happens to the shown text, `$1`, while a colleague does that with the program, `$AR`.
#[cfg(unix)]
fn edit_beside(workstation: &Workstation, colleague: &str, deed: &str) -> crate::binary::Ran {
    let mut command = workstation.command(&["edit", "--reason", "tidy up"]);
    let program = command.get_program().to_owned();
    let editor = format!("sh -c '$AR {colleague} >/dev/null && {deed}' x");
    run(command.env("AR", program).env("EDITOR", editor))
}

/// A command line that a shell runs as it stands.
#[cfg(unix)]
pub(super) fn paste(workstation: &Workstation, line: &str) -> std::process::Command {
    let program = workstation.command(&[]);
    let folder = std::path::Path::new(program.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut pasted = std::process::Command::new("sh");
    pasted
        .args(["-c", line])
        .current_dir(program.get_current_dir().unwrap())
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PATH", format!("{}:{path}", folder.display()));
    pasted
}

/// Pastes what stands on stderr after these words.
#[cfg(unix)]
pub(super) fn pasted(workstation: &Workstation, ran: &crate::binary::Ran, before: &str) -> crate::binary::Ran {
    let next = ran.stderr.lines().find_map(|line| line.split_once(before));
    let (_, next) = next.unwrap_or_else(|| panic!("{ran}"));
    run(&mut paste(workstation, next))
}

/// The kept text of an edit, by the way back that is printed.
fn kept_text(ran: &crate::binary::Ran) -> &str {
    let (_, rest) = ran.stderr.split_once("--from ").unwrap_or_else(|| panic!("{ran}"));
    rest.split_whitespace().next().unwrap()
}

/// Mends the kept text of an edit.
#[cfg(unix)]
fn mend(ran: &crate::binary::Ran, fault: &str, mended: &str) {
    let text = std::fs::read_to_string(kept_text(ran)).unwrap().replace(fault, mended);
    std::fs::write(kept_text(ran), text).unwrap();
}

/// FIELD H3: the base of an edit is what was shown in the editor.
#[cfg(unix)]
#[test]
fn what_a_colleague_changed_while_the_editor_was_open_is_merged() {
    let workstation = Workstation::new();
    let ran = edit_beside(
        &workstation,
        "update --description theirs",
        "sed -i.old s/Detection/Edited/ \"$1\"",
    );
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(ran.stdout.contains("what they changed\n    /description  "), "{ran}");
    let rule = workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (&rule["name"], &rule["description"]),
        (&"Credit Card Edited Rule".into(), &"theirs".into())
    );
    assert_eq!(kept(&workstation.state), 0, "{ran}");
}

/// FIELD H3: a conflict has three sides, nothing is overwritten, and the way back leads out of it.
#[cfg(unix)]
#[test]
fn the_same_place_in_the_editor_and_by_a_colleague_is_a_conflict_with_a_way_out() {
    let workstation = Workstation::new();
    let ran = edit_beside(
        &workstation,
        "update --name Theirs --description theirs",
        "sed -i.old s/Detection/Edited/ \"$1\"",
    );
    assert_eq!(ran.code, Some(4), "{ran}");
    for side in [
        "base    \"Credit Card Detection Rule\"",
        "ours    \"Credit Card Edited Rule\"",
        "theirs  \"Theirs\"",
        "put on version 8, with what you wrote at `/name`",
    ] {
        assert!(ran.to_string().contains(side), "{side}: {ran}");
    }
    assert_eq!(kept(&workstation.state), 1, "{ran}");
    let applied = pasted(&workstation, &ran, "Go on with it: ");
    assert_eq!(applied.code, Some(0), "{applied}");
    let rule = workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (&rule["name"], &rule["description"]),
        (&"Credit Card Edited Rule".into(), &"theirs".into())
    );
}

/// FIELD H3: what was deleted in the editor is deleted, on the way back too, or told by its place.
#[cfg(unix)]
#[test]
fn what_is_deleted_in_the_editor_is_deleted_or_a_finding() {
    let rule = |workstation: &Workstation| workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    let workstation = Workstation::new();
    let ran = edit(&workstation.sandbox, "sed -i.old /description/d");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(rule(&workstation).get("description"), None, "{ran}");

    let workstation = Workstation::new();
    let python = "python3 -c 'import json,sys; p=sys.argv[1]; d=json.load(open(p)); DEED; json.dump(d,open(p,\"w\"))'";
    let deed = |deed: &str| python.replace("DEED", deed);
    let ran = edit(&workstation.sandbox, &deed("del d[\"conditions\"][0]"));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(rule(&workstation)["conditions"].as_array().unwrap().len(), 0, "{ran}");

    for member in ["enabled", "conditions", "actions", "id", "ruleType"] {
        let workstation = Workstation::new();
        let ran = edit(&workstation.sandbox, &deed(&format!("del d[\"{member}\"]")));
        assert_eq!((ran.code, writes(&workstation.sandbox)), (Some(3), 0), "{member} {ran}");
        assert!(ran.stderr.contains(&format!("`{member}`")), "{ran}");
    }

    let workstation = Workstation::new();
    let editor = deed("del d[\"description\"]; d[\"conditions\"][0][\"operator\"] = \"near\"");
    let ran = run(workstation.command(&["edit"]).env("EDITOR", editor));
    assert_eq!(ran.code, Some(3), "{ran}");
    mend(&ran, "near", "equals");
    let applied = pasted(&workstation, &ran, "Go on with it: ");
    assert_eq!(applied.code, Some(0), "{applied}");
    assert_eq!(rule(&workstation).get("description"), None, "{applied}");
}

/// FIELD H3: what is gone on with is what was edited, although the text was no document, had no version, and a colleague was
/// faster.
#[cfg(unix)]
#[test]
fn the_way_back_means_what_the_editor_meant() {
    let workstation = Workstation::new();
    let broken = r#"sh -c 'sed -i.old "/\"etag\"/d; /\"description\"/d; /\"priority\"/d; s/98765\",/98765\"/; s/: true,/: true,,/" "$1"' x"#;
    let ran = run(workstation.command(&["edit"]).env("EDITOR", broken));
    assert_eq!(ran.code, Some(3), "{ran}");
    workstation.does(&["update", "--name", "Colleague"]);
    mend(&ran, ",,", ",");
    let applied = pasted(&workstation, &ran, "Go on with it: ");
    assert_eq!(applied.code, Some(0), "{applied}");
    let rule = workstation.sandbox.emulator.rule(SAMPLE_RULE_ID).unwrap();
    assert_eq!(
        (
            &rule["name"],
            rule.get("description"),
            rule["actions"][0].get("priority")
        ),
        (&"Colleague".into(), None, None),
        "{applied}"
    );
}

/// FIELD H6: a conflict of what belongs together is gone on with by one's word alone.
#[cfg(unix)]
#[test]
fn a_conflict_of_a_group_in_the_editor_is_merged_by_one_s_word_alone() {
    let workstation = Workstation::new();
    workstation.does(&["disable"]);
    let deed = "sed -i.old \"s/credit card declined/chargeback/\" \"$1\"";
    let ran = edit_beside(&workstation, "enable", deed);
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(
        std::fs::read_to_string(kept_text(&ran))
            .unwrap()
            .contains("\"enabled\": false"),
        "{ran}"
    );
    let line = ran
        .stderr
        .lines()
        .find_map(|line| line.split_once("Go on with it: "))
        .unwrap()
        .1;
    let without = line.replace(" --accept-group-merge", "");
    assert_ne!(line, without, "{ran}");
    assert_eq!(run(&mut paste(&workstation, &without)).code, Some(4));
    assert_eq!(run(&mut paste(&workstation, line)).code, Some(0));
}

/// The terms of other writers hold in the editor too.
#[cfg(unix)]
#[test]
fn an_edit_can_be_tried_and_bound_to_a_version() {
    let workstation = Workstation::new();
    let edited = |args: &[&str]| {
        let args = [&["edit"], args].concat();
        run(workstation
            .command(&args)
            .env("EDITOR", "sed -i.old s/Detection/Edited/"))
    };
    let ran = edited(&["--dry-run", "--detailed-exitcode"]);
    assert_eq!((ran.code, writes(&workstation.sandbox)), (Some(2), 0), "{ran}");
    assert!(ran.stderr.contains("Go on with it: "), "{ran}");
    let ran = edited(&["--if-version", "3"]);
    assert_eq!((ran.code, writes(&workstation.sandbox)), (Some(4), 0), "{ran}");
}

/// A text is kept as it was laid out, and the way back is told where nothing could be sent at all.
#[test]
fn a_text_that_could_not_be_sent_is_kept_as_it_was_saved() {
    let workstation = Workstation::new();
    let mut command = workstation.command(&["edit", "--ledger", "sqlite:file/ledger.db"]);
    file(&command, "file", "no folder");
    let ran = run(command.env("EDITOR", "sed -i.old s/Detection/Edited/"));
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(
        ran.stderr
            .contains("Your text is kept. Go on with it: assist-rules update "),
        "{ran}"
    );
    let text = std::fs::read_to_string(kept_text(&ran)).unwrap();
    assert!(text.contains("\n  \"name\": \"Credit Card Edited Rule\","), "{text}");
}
