//! The program where the machine gives it a wrong clock, few files, texts that are none, or streams that take nothing.

use std::fs;
#[cfg(unix)]
use std::process::Command;

use emulator::SAMPLE_RULE_ID;
use serde_json::json;

#[cfg(target_os = "linux")]
use super::against;
use super::{document, recording::Workstation};
use crate::{
    binary::{assist_rules, run},
    sandbox::Sandbox,
};

/// FIELD I3: no clock makes the program panic, or an entry that is broken ever after.
#[cfg(target_os = "linux")]
#[test]
fn no_clock_breaks_the_program_or_the_record() {
    use crate::binary::{at_clock, has_faketime};

    if !has_faketime("no_clock_breaks_the_program_or_the_record") {
        return;
    }
    let update = &["update", "--name", "X"] as &[&str];
    for (clock, args, code, said) in [
        ("1901-12-20 00:00:00", update, 64, "clock says it is 1901-12-20T00:00:0"),
        ("1960-01-01 00:00:00", update, 64, "clock says it is 1960-01-01T00:00:0"),
        (
            "1960-01-01 00:00:00",
            &["get"],
            64,
            "clock says it is 1960-01-01T00:00:0",
        ),
        (
            "1960-01-01 00:00:00",
            &["get", "--sandbox"],
            64,
            "clock says it is 1960",
        ),
        ("1960-01-01 00:00:00", &["sandbox"], 64, "clock says it is 1960"),
        ("1960-01-01 00:00:00", &["doctor", "-vv"], 64, "clock says it is 1960"),
        ("1960-01-01 00:00:00", &["history", "-vv"], 0, ""),
        ("1960-01-01 00:00:00", &["stats", "--since", "7d"], 0, ""),
        ("1960-01-01 00:00:00", &["audit", "verify"], 0, ""),
        ("1970-01-01 00:00:00", update, 0, ""),
        ("2038-01-19 03:14:08", update, 0, ""),
        ("9999-12-30 21:59:00", update, 0, ""),
        (
            "9999-12-31 12:00:00",
            update,
            64,
            "clock says a time that no calendar has",
        ),
        ("9999-12-31 12:00:00", &["history"], 0, ""),
        (
            "9999-12-31 12:00:00",
            &["stats", "--since", "7d"],
            64,
            "that no calendar has",
        ),
        ("9999-12-31 12:00:00", &["audit", "verify"], 0, ""),
    ] {
        let workstation = Workstation::new();
        workstation.does(&["update", "--name", "Before"]);
        let ran = run(&mut at_clock(clock, &workstation.command(args)));
        assert_eq!(ran.code, Some(code), "{clock} {args:?} {ran}");
        assert!(ran.to_string().contains(said), "{clock} {args:?} {ran}");
        assert!(!ran.stderr.contains("panicked"), "{clock} {args:?} {ran}");
        workstation.does(&["audit", "verify"]);
        workstation.does(&["update", "--name", "After"]);
        workstation.does(&["audit", "verify"]);
    }
}

#[test]
fn figures_since_a_time_that_is_still_to_come_are_refused() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "X"]);
    for command in ["stats", "history"] {
        let ran = workstation.run(&[command, "--since", "9000-01-01"]);
        assert_eq!(ran.code, Some(64), "{ran}");
        assert!(ran.stderr.contains("`9000-01-01` is still to come: it is "), "{ran}");
    }
}

/// FIELD I6: too few files are told as that.
#[cfg(unix)]
#[test]
fn a_limit_of_open_files_is_named() {
    let workstation = Workstation::new();
    for (limit, code) in [(6, 64), (8, 64), (12, 64), (20, 64), (34, 64), (64, 0)] {
        let program = workstation.command(&["update", "--name", "X", "-o", "json"]);
        let mut limited = Command::new("sh");
        limited
            .args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")])
            .arg(program.get_program())
            .args(program.get_args())
            .current_dir(program.get_current_dir().unwrap())
            .env_clear()
            .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let ran = run(&mut limited);
        assert_eq!(ran.code, Some(code), "{limit} {ran}");
        if code == 64 {
            let error = document(&ran);
            assert_eq!(error["code"], "AR0602", "{ran}");
            assert!(
                error["message"].as_str().unwrap().contains("more files may be opened"),
                "{ran}"
            );
            assert!(!ran.stderr.contains("panicked"), "{limit} {ran}");
        }
    }
}

/// FIELD I6: a text that is none is named, and never taken for one that is not there.
#[cfg(target_os = "linux")]
#[test]
fn what_is_no_text_is_named() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    let strange = OsStr::from_bytes(b"\xff.json");
    for args in [&["get"] as &[&str], &["update", "--name"], &["list", "--profile"]] {
        let ran = run(assist_rules().args(args).arg(strange));
        assert_eq!(ran.code, Some(64), "{args:?} {ran}");
        let ran = run(assist_rules().args(["-o", "json"]).args(args).arg(strange));
        assert_eq!(
            (ran.code, &document(&ran)["code"]),
            (Some(64), &json!("AR0601")),
            "{ran}"
        );
    }
    let mut validate = assist_rules();
    let file = validate.get_current_dir().unwrap().join(strange);
    fs::write(file, emulator::SAMPLE_CHANGE).unwrap();
    let ran = run(validate.arg("validate").arg(strange));
    assert_eq!(ran.code, Some(0), "a file may have any name: {ran}");

    let sandbox = Sandbox::sample();
    for name in [
        "ASSIST_RULES_LEDGER",
        "ASSIST_RULES_STATE_DIR",
        "GENESYSCLOUD_REGION",
        "HTTPS_PROXY",
        "no_proxy",
        "XDG_STATE_HOME",
    ] {
        let mut command = against(&sandbox);
        let ran = run(command.args(["get", "-o", "json"]).env(name, strange));
        let error = document(&ran);
        assert_eq!((ran.code, &error["code"]), (Some(64), &json!("AR0602")), "{ran}");
        assert_eq!(
            error["message"],
            format!("the environment: the value of `{name}` is not UTF-8")
        );
    }
    let ran = run(against(&sandbox).arg("get").env("EDITOR", strange));
    assert_eq!(ran.code, Some(0), "what is not read does not matter: {ran}");
}

/// FIELD I6: where nobody reads what is said, the work is done all the same.
#[cfg(target_os = "linux")]
#[test]
fn a_stream_that_takes_nothing_ends_no_update() {
    let workstation = Workstation::new();
    for (number, format) in (1..).zip(["text", "json"]) {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut update =
            workstation.command(&["update", "--name", &format!("X{number}"), "-vv", "--log-format", format]);
        let ended = update.stderr(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        workstation.does(&["audit", "verify"]);
        let history = document(&workstation.does(&["history", "-o", "json"]));
        assert_eq!(history["entries"].as_array().unwrap().len(), number, "{history}");
    }
}

/// FIELD I1: a state that cannot be read is never taken for one that is not there.
#[test]
fn a_sandbox_that_cannot_be_read_is_not_taken_for_none() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "X", "--sandbox"]);
    let state = workstation.state.join("sandbox.json");
    for (code, said) in [
        ("AR0604", "cannot read the sandbox of"),
        ("AR0602", "cannot go on with"),
    ] {
        fs::remove_file(&state).unwrap();
        if code == "AR0604" {
            fs::create_dir(&state).unwrap();
        } else {
            fs::write(&state, "{").unwrap();
        }
        for command in ["history", "stats", "get"] {
            let ran = workstation.run(&[command, "--sandbox", "-o", "json"]);
            let error = document(&ran);
            assert_eq!((ran.code, &error["code"]), (Some(64), &json!(code)), "{ran}");
            assert!(error["message"].as_str().unwrap().starts_with(said), "{ran}");
        }
        if code == "AR0604" {
            fs::remove_dir(&state).unwrap();
            fs::write(&state, "").unwrap();
        }
    }
}

/// FIELD A9: without a home nothing is kept where others may write, and what needs no place works.
#[cfg(target_os = "linux")]
#[test]
fn without_a_home_nothing_is_kept_where_everybody_may_write() {
    // A user that the machine has no entry for, as in a container; who is not root cannot become one.
    let becomes = |command: &Command| {
        let mut nobody = Command::new("setpriv");
        nobody
            .args(["--reuid=54321", "--regid=54321", "--clear-groups"])
            .arg(command.get_program())
            .args(command.get_args())
            .current_dir("/")
            .env_clear()
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        nobody
    };
    let test = "without_a_home_nothing_is_kept_where_everybody_may_write";
    if !Command::new("setpriv")
        .args(["--reuid=54321", "true"])
        .output()
        .is_ok_and(|output| output.status.success())
    {
        ports::testing::skip(test, "it needs root and setpriv (Debian: util-linux)");
        return;
    }
    let program = assist_rules();
    let copy = std::env::temp_dir().join(format!("assist-rules-{}", std::process::id()));
    fs::copy(program.get_program(), &copy).unwrap();
    let mut homeless = Command::new(&copy);
    homeless
        .env("PATH", "/usr/bin:/bin")
        .args(["update", SAMPLE_RULE_ID, "--sandbox", "--name", "X", "-o", "json"]);
    let ran = run(&mut becomes(&homeless));
    let error = document(&ran);
    assert_eq!((ran.code, &error["code"]), (Some(64), &json!("AR0602")), "{ran}");
    for word in ["ASSIST_RULES_STATE_DIR", "HOME"] {
        assert!(error["help"].as_str().unwrap().contains(word), "{ran}");
    }
    let mut validate = Command::new(&copy);
    validate.args(["validate", "-"]);
    let ran = crate::binary::feed(&mut becomes(&validate), "enabled: true\n");
    fs::remove_file(&copy).unwrap();
    assert_eq!(ran.code, Some(0), "{ran}");
}

/// FIELD A9: what is kept is its owner's alone.
#[cfg(unix)]
#[test]
fn the_state_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "X"]);
    for place in ["", "ledger.db", "ledger.db.runs", "tokens"] {
        let mode = workstation.state.join(place).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{place}: {mode:o}");
    }
}
