//! Ledgers that cannot be used: a sentence with the path or the host and what to do, before anything is written or sent.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
};

use serde_json::json;

use super::{document, recording::Workstation, writes};
use crate::{
    binary::{Ran, new_home, run},
    database::DatabaseFile,
    postgres::Schema,
};

/// Commands that record.
const WRITERS: [&[&str]; 4] = [&["update", "--name", "A"], &["rollback"], &["reconcile"], &["deliver"]];

/// Commands that only read.
const READERS: [&[&str]; 4] = [&["history"], &["stats"], &["audit", "verify"], &["audit", "export"]];

/// A command ends with the code and says all of the words, and the platform heard nothing.
#[track_caller]
fn is_refused(workstation: &Workstation, args: &[&str], ledger: &str, code: i32, words: &[&str]) {
    let mut command = workstation.command(args);
    command.env("ASSIST_RULES_LEDGER", ledger);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(code), "{args:?} {ran}");
    for word in words {
        assert!(ran.stderr.contains(word), "{args:?} `{word}`: {ran}");
    }
    assert_eq!(workstation.sandbox.emulator.requests().len(), 0, "{args:?} {ran}");
}

/// Asserts that every command ends with 64 at this ledger, and says the words.
fn is_refused_everywhere(workstation: &Workstation, ledger: &str, words: &[&str]) {
    for args in WRITERS.into_iter().chain(READERS) {
        is_refused(workstation, args, ledger, 64, words);
    }
}

/// A ledger in a file, with one update in it.
fn ledger_in_file() -> PathBuf {
    let file = new_home().join("ledger.db");
    let workstation = Workstation::new();
    workstation.does(&[
        "update",
        "--name",
        "A",
        "--ledger",
        &format!("sqlite:{}", file.display()),
    ]);
    workstation.does(&["audit", "verify", "--ledger", &format!("sqlite:{}", file.display())]);
    file
}

/// The names in a folder, in order.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_of_a_newer_format_is_left_to_a_newer_program() {
    let file = ledger_in_file();
    let mut newer = DatabaseFile::open(&file);
    newer.run("UPDATE ledger_format SET version = 3");
    newer.close();
    let before = fs::read(&file).unwrap();
    let workstation = Workstation::new();
    let ledger = format!("sqlite:{}", file.display());
    is_refused_everywhere(
        &workstation,
        &ledger,
        &[&ledger, "format 3", "use a newer version of assist-rules"],
    );
    assert!(fs::read(&file).unwrap() == before, "no byte was changed");
}

#[test]
fn a_shared_ledger_of_a_newer_format_is_left_to_a_newer_program() {
    let Some(schema) = Schema::new("a_shared_ledger_of_a_newer_format") else {
        return;
    };
    Workstation::new().does(&["update", "--name", "A", "--ledger", &schema.url()]);
    schema.query("UPDATE ledger_format SET version = 3");
    let workstation = Workstation::new();
    is_refused_everywhere(
        &workstation,
        &schema.url(),
        &[&schema.place(), "format 3", "use a newer version of assist-rules"],
    );
    assert_eq!(schema.query("SELECT count(*) FROM entries"), "2");
}

#[test]
fn a_file_of_another_program_is_left_as_it_is() {
    for made in ["CREATE TABLE things (name TEXT)", "CREATE TABLE entries (seq INTEGER)"] {
        let home = new_home();
        let file = home.join("theirs.db");
        let mut theirs = DatabaseFile::open(&file);
        theirs.run(made);
        theirs.close();
        let (before, beside) = (fs::read(&file).unwrap(), names_in(&home));
        let workstation = Workstation::new();
        let ledger = format!("sqlite:{}", file.display());
        is_refused_everywhere(
            &workstation,
            &ledger,
            &[&ledger, "the file of another program", "name another one with --ledger"],
        );
        assert!(fs::read(&file).unwrap() == before, "{made}: a byte was changed");
        assert_eq!(names_in(&home), beside);
    }
}

#[test]
fn a_schema_with_a_table_of_another_program_is_left_as_it_is() {
    let Some(schema) = Schema::new("a_schema_with_a_table_of_another_program") else {
        return;
    };
    schema.query("CREATE TABLE entries (seq INTEGER)");
    let workstation = Workstation::new();
    let words = [&*schema.place(), "another program has tables there", "with --ledger"];
    is_refused(&workstation, &["update", "--name", "A"], &schema.url(), 64, &words);
    for args in READERS
        .into_iter()
        .chain([&["rollback"] as &[&str], &["reconcile"], &["deliver"]])
    {
        is_refused(&workstation, args, &schema.url(), 64, &["there is no ledger at"]);
    }
    let tables = "SELECT string_agg(tablename, ' ') FROM pg_tables WHERE schemaname = current_schema()";
    assert_eq!(schema.query(tables), "entries");
}

/// FIELD I1: what reads a record refuses one that is not there, and makes none; a dry run has no base.
#[test]
fn a_ledger_that_is_not_there_is_refused_where_a_record_is_read() {
    let home = new_home();
    fs::write(home.join("notes.txt"), "").unwrap();
    let workstation = Workstation::new();
    for path in [
        home.join("ledger.db"),
        home.join("folder").join("ledger.db"),
        home.join("notes.txt").join("ledger.db"),
    ] {
        let ledger = format!("sqlite:{}", path.display());
        for args in READERS.into_iter().chain([
            &["rollback"] as &[&str],
            &["rollback", "--dry-run"],
            &["reconcile"],
            &["deliver"],
            &["audit", "upgrade"],
        ]) {
            is_refused(&workstation, args, &ledger, 64, &["there is no ledger at", &ledger]);
        }
        for args in [
            &["diff", "--name", "A"] as &[&str],
            &["update", "--dry-run", "--name", "A"],
        ] {
            Workstation::new().does(&[args, &["--ledger", &ledger]].concat());
        }
    }
    assert_eq!(names_in(&home), ["notes.txt"]);
}

/// FIELD I1: "may not be read" is not "is not there".
#[cfg(unix)]
#[test]
fn a_ledger_that_may_not_be_read_is_a_fault_and_no_empty_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = "a_ledger_that_may_not_be_read_is_a_fault_and_no_empty_record";
    let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let file = ledger_in_file();
    let folder = file.parent().unwrap().to_owned();
    let workstation = Workstation::new();
    fs::create_dir_all(&workstation.state).unwrap();
    set(&workstation.state, 0o777);
    for (of_file, of_folder) in [(0o600, 0o777), (0o600, 0o700), (0o000, 0o555)] {
        set(&file, of_file);
        set(&folder, of_folder);
        let ledger = format!("sqlite:{}", file.display());
        for args in READERS
            .into_iter()
            .chain(WRITERS)
            .chain([&["diff", "--name", "A"] as &[&str]])
        {
            let mut command = workstation.command(args);
            command.env("ASSIST_RULES_LEDGER", &ledger);
            let Some(mut command) = as_anyone(test, &command) else {
                return set(&folder, 0o755);
            };
            let ran = run(&mut command);
            let words = ran.stderr.contains(&ledger) && !ran.stderr.contains("there is no ledger");
            assert!(
                ran.code == Some(64) && words,
                "{args:?} {of_file:o} {of_folder:o}: {ran}"
            );
        }
    }
    set(&folder, 0o755);
}

/// FIELD I1: a copy with a write-ahead log is read where SQLite can open the log, and else the files to copy are told.
#[cfg(unix)]
#[test]
fn a_copy_with_a_log_that_cannot_be_opened_says_what_to_copy() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = "a_copy_with_a_log_that_cannot_be_opened_says_what_to_copy";
    let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let made = new_home().join("ledger.db");
    let workstation = Workstation::new();
    workstation.does(&[
        "update",
        "--name",
        "A",
        "--ledger",
        &format!("sqlite:{}", made.display()),
    ]);
    let beside = |file: &Path, end: &str| PathBuf::from(format!("{}{end}", file.display()));
    assert!(fs::metadata(beside(&made, "-wal")).unwrap().len() > 0);
    for (ends, code) in [(&["", "-wal"] as &[&str], 64), (&["", "-wal", "-shm"], 0)] {
        let copy = new_home().join("ledger.db");
        for end in ends {
            fs::copy(beside(&made, end), beside(&copy, end)).unwrap();
            set(&beside(&copy, end), 0o444);
        }
        set(copy.parent().unwrap(), 0o555);
        let mut command = workstation.command(&["history"]);
        command.env("ASSIST_RULES_LEDGER", format!("sqlite:{}", copy.display()));
        let Some(mut command) = as_anyone(test, &command) else {
            return;
        };
        let ran = run(&mut command);
        set(copy.parent().unwrap(), 0o755);
        assert_eq!(ran.code, Some(code), "{ran}");
        if code == 0 {
            assert!(ran.stdout.contains("applied"), "{ran}");
        } else {
            for words in [format!("copy `{}` and", copy.display()), "ledger.db-wal`".to_owned()] {
                assert!(ran.stderr.contains(&words), "{ran}");
            }
        }
    }
}

#[test]
fn a_ledger_below_a_file_or_in_place_of_a_folder_cannot_be_made() {
    let home = new_home();
    fs::write(home.join("notes.txt"), "Dear customer,\n").unwrap();
    let workstation = Workstation::new();
    for path in [home.join("notes.txt").join("ledger.db"), home.clone()] {
        let ledger = format!("sqlite:{}", path.display());
        let words = [&*ledger, "make it writable", "name another one with --ledger"];
        is_refused(&workstation, &["update", "--name", "A"], &ledger, 64, &words);
    }
    let ledger = format!("sqlite:{}", home.display());
    for args in WRITERS {
        is_refused(&workstation, args, &ledger, 64, &[&ledger, "--ledger"]);
    }
    assert_eq!(names_in(&home), ["notes.txt"]);
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_a_pipe_or_a_device_is_refused_and_not_waited_for() {
    let home = new_home();
    let pipe = home.join("pipe.db");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let workstation = Workstation::new();
    for path in [pipe.as_path(), Path::new("/dev/null")] {
        let ledger = format!("sqlite:{}", path.display());
        is_refused_everywhere(&workstation, &ledger, &["no regular file", "--ledger"]);
    }
    assert_eq!(names_in(&home), ["pipe.db"]);
}

/// The command as a user who owns no file; as it is, where the tests' own user is none whom permissions do not hold.
/// Nothing, and it says so, where there is no way to become such a user.
#[cfg(unix)]
fn as_anyone(test: &str, command: &std::process::Command) -> Option<std::process::Command> {
    use std::process::Command;
    let id = Command::new("id").arg("-u").output().unwrap();
    let mut anyone = Command::new(command.get_program());
    if id.stdout == b"0\n" {
        anyone = Command::new("setpriv");
        let identity = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let may = Command::new("setpriv").args(identity).arg("true").output();
        if !may.is_ok_and(|tried| tried.status.success()) {
            ports::testing::skip(test, "it needs setpriv, to be somebody else than root");
            return None;
        }
        anyone.args(identity).arg(command.get_program());
    }
    anyone.args(command.get_args()).env_clear();
    anyone.current_dir(command.get_current_dir().unwrap());
    for (name, value) in command.get_envs() {
        anyone.env(name, value.unwrap());
    }
    Some(anyone)
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_that_may_only_be_read_takes_no_record_and_is_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = "a_file_or_folder_that_may_only_be_read_takes_no_record_and_is_read";
    let set = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let file = ledger_in_file();
    let folder = file.parent().unwrap().to_owned();
    fs::remove_dir(folder.join("ledger.db.runs")).unwrap();
    let before = fs::read(&file).unwrap();
    let workstation = Workstation::new();
    fs::create_dir_all(&workstation.state).unwrap();
    set(&workstation.state, 0o777);
    for (of_file, of_folder) in [(0o444, 0o777), (0o666, 0o555), (0o444, 0o555)] {
        set(&file, of_file);
        set(&folder, of_folder);
        let ledger = format!("sqlite:{}", file.display());
        let ran = |args: &[&str]| -> Option<Ran> {
            let mut command = workstation.command(args);
            command.env("ASSIST_RULES_LEDGER", &ledger);
            Some(run(&mut as_anyone(test, &command)?))
        };
        for args in WRITERS {
            let Some(ran) = ran(args) else { return };
            assert_eq!(ran.code, Some(64), "{args:?} {ran}");
            for word in [&*ledger, "make it writable", "name another one with --ledger"] {
                assert!(ran.stderr.contains(word), "{args:?} {of_file:o} {of_folder:o}: {ran}");
            }
            assert_eq!(workstation.sandbox.emulator.requests().len(), 0, "{args:?} {ran}");
        }
        let Some(ran) = ran(&["audit", "verify"]) else { return };
        assert_eq!(ran.code, Some(0), "{of_file:o} {of_folder:o} {ran}");
        assert!(fs::read(&file).unwrap() == before, "no byte was changed");
    }
    set(&folder, 0o755);
}

#[test]
fn a_shared_ledger_that_the_role_may_only_read_takes_no_record_and_is_read() {
    let Some(schema) = Schema::new("a_shared_ledger_that_the_role_may_only_read") else {
        return;
    };
    let name = schema.query("SELECT current_schema()");
    let role = format!("{name}_reader");
    schema.query(&format!("CREATE ROLE {role}; GRANT USAGE ON SCHEMA {name} TO {role}"));
    let as_reader = format!("{}%20-crole%3D{role}", schema.url());
    let workstation = Workstation::new();
    let words = [&*schema.place(), "may not be written", "--ledger"];
    is_refused(&workstation, &["update", "--name", "A"], &as_reader, 64, &words);
    for args in [&["rollback"] as &[&str], &["reconcile"], &["deliver"]] {
        is_refused(&workstation, args, &as_reader, 64, &["there is no ledger at"]);
    }
    Workstation::new().does(&["update", "--name", "A", "--ledger", &schema.url()]);
    schema.query(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {role}"));
    for args in WRITERS {
        is_refused(
            &workstation,
            args,
            &as_reader,
            64,
            &[&schema.place(), "may not be written", "grant it", "--ledger"],
        );
    }
    assert_eq!(schema.query("SELECT count(*) FROM entries"), "2");
    workstation.does(&["audit", "verify", "--ledger", &as_reader]);
    schema.query(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn a_file_that_another_process_has_locked_is_worth_another_try() {
    thread::scope(|scope| {
        // No reader comes in, and no writer gets a turn.
        for (lock, reads) in [
            (
                "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE ledger_format SET version = version",
                7,
            ),
            ("BEGIN IMMEDIATE", 0),
        ] {
            scope.spawn(move || {
                let file = ledger_in_file();
                let mut other = DatabaseFile::open(&file);
                other.run(lock);
                let workstation = Workstation::new();
                let ledger = format!("sqlite:{}", file.display());
                let ran = workstation.run(&["update", "--name", "B", "-o", "json", "--ledger", &ledger]);
                assert_eq!((ran.code, writes(&workstation.sandbox)), (Some(7), 0), "{lock}: {ran}");
                let reported = document(&ran);
                let error = reported.pointer("/changes/0/error").unwrap_or(&reported);
                assert_eq!(error["retryable"], json!(true), "{lock}: {ran}");
                let message = error["message"].as_str().unwrap();
                assert!(
                    message.contains("others are at work in it: database is locked"),
                    "{lock}: {ran}"
                );
                assert_eq!(
                    workstation.run(&["history", "--ledger", &ledger]).code,
                    Some(reads),
                    "{lock}"
                );
                other.run("ROLLBACK");
                other.close();
                workstation.does(&["update", "--name", "B", "--ledger", &ledger]);
            });
        }
    });
}

#[test]
fn a_shared_ledger_that_another_process_has_locked_is_worth_another_try() {
    let Some(schema) = Schema::new("a_shared_ledger_that_another_process_has_locked") else {
        return;
    };
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A", "--ledger", &schema.url()]);
    let lock = schema.locked("entries");
    // Without it, the program waits for half a minute.
    let impatient = format!("{}%20-clock_timeout%3D200ms", schema.url());
    let before = writes(&workstation.sandbox);
    let ran = workstation.run(&["update", "--name", "B", "--ledger", &impatient]);
    assert_eq!((ran.code, writes(&workstation.sandbox)), (Some(7), before), "{ran}");
    assert!(
        ran.stderr.contains("others are at work in it") && ran.stderr.contains("run the command again later"),
        "{ran}"
    );
    drop(lock);
    workstation.does(&["update", "--name", "B", "--ledger", &schema.url()]);
}
