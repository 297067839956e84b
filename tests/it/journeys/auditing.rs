//! The record as others need it: proved, counted, and made up for where it could not be made.

use std::{fs, process::Stdio, thread};

use emulator::{SAMPLE_RULE_ID, Script};
use serde_json::{Value, json};

use super::{
    document,
    recording::{Workstation, writes},
};
use crate::{binary::new_home, postgres::Schema, repository::root};

#[test]
fn a_record_is_proved_and_one_flipped_bit_is_found() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A"]);
    let result = document(&workstation.does(&["update", "--name", "B", "-o", "json"]));
    let head = result["head"].as_str().unwrap();
    workstation.does(&["audit", "verify", "--head", head]);
    let export = workstation.does(&["audit", "export"]).stdout;
    let file = new_home().join("export.jsonl");
    let path = file.to_str().unwrap();
    fs::write(&file, &export).unwrap();
    workstation.does(&["audit", "verify", "--export", path, "--head", head]);
    // FIELD A10: git on Windows changes every line end, which is one fault and named as what it is.
    let with_cr_lf = file.with_file_name("cr-lf.jsonl");
    fs::write(&with_cr_lf, fs::read_to_string(&file).unwrap().replace('\n', "\r\n")).unwrap();
    let ran = workstation.run(&["audit", "verify", "--export", with_cr_lf.to_str().unwrap()]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stdout.contains("all line ends were changed to CR LF"), "{ran}");
    assert!(!ran.stdout.contains("is not as it was exported"), "{ran}");
    let mut broken = export.into_bytes();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    fs::write(&file, &broken).unwrap();
    assert_eq!(workstation.run(&["audit", "verify", "--export", path]).code, Some(3));
    let ledger = workstation.state.join("ledger.db");
    let mut bytes = fs::read(&ledger).unwrap();
    let name = bytes.windows(10).rposition(|at| at == b"\"name\":\"A\"").unwrap();
    bytes[name + 8] ^= 1;
    fs::write(&ledger, &bytes).unwrap();
    let ran = workstation.run(&["audit", "verify"]);
    assert_eq!(ran.code, Some(3), "{ran}");
}

#[test]
fn a_record_of_format_1_is_read_and_is_brought_up_to_date_once() {
    let old = root().join("crates/ledger-adapter/tests/fixtures/format-1/sandbox.db");
    let ledger = new_home().join("old.db");
    fs::copy(old, &ledger).unwrap();
    let address = format!("sqlite:{}", ledger.display());
    let workstation = Workstation::new();
    let proved =
        || document(&workstation.does(&["audit", "verify", "-o", "json", "--ledger", &address]))["head"].clone();
    let upgraded = || {
        let shown_now = document(&workstation.does(&["audit", "upgrade", "-o", "json", "--ledger", &address]));
        (shown_now["from"].clone(), shown_now["to"].clone())
    };
    let head = proved();
    assert_eq!(upgraded(), (json!(1), json!(2)));
    assert_eq!(upgraded(), (json!(2), json!(2)));
    assert_eq!(proved(), head, "no entry was touched");
    let nowhere = format!("sqlite:{}", ledger.with_extension("none").display());
    let ran = workstation.run(&["audit", "upgrade", "--ledger", &nowhere]);
    assert_eq!(ran.code, Some(64), "{ran}");
}

#[test]
fn a_file_of_another_program_is_refused_before_anything_is_sent() {
    let file = new_home().join("letter.txt");
    fs::write(&file, "Dear customer,\n").unwrap();
    let address = format!("sqlite:{}", file.display());
    let workstation = Workstation::new();
    let ran = workstation.run(&[
        "update",
        SAMPLE_RULE_ID,
        "--name",
        "A",
        "-o",
        "json",
        "--ledger",
        &address,
    ]);
    let error = document(&ran);
    assert_eq!((ran.code, &error["code"]), (Some(64), &json!("AR0602")), "{ran}");
    assert!(ran.stderr.contains("the file of another program"), "{ran}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear customer,\n");
}

#[test]
fn what_was_applied_and_could_not_be_recorded_is_told_and_recorded_by_the_next_run() {
    let Some(schema) = Schema::new("what_could_not_be_recorded") else {
        return;
    };
    let workstation = Workstation::new();
    let ledger = schema.url();
    let late = r#"{"faults": [{"on": {"kind": "put"}, "times": 1, "do": {"delay": {"ms": 1500}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(late).unwrap());
    let mut update = workstation.command(&["update", "--name", "Refunds", "--ledger", &ledger, "-o", "json"]);
    let child = update.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while writes(&workstation) == 0 {
        thread::yield_now();
    }
    schema.query("ALTER TABLE entries RENAME TO kept");
    let output = child.wait_with_output().unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let change = &result["changes"][0];
    assert_eq!(
        (output.status.code(), &change["outcome"], &change["error"]["code"]),
        (Some(12), &json!("applied"), &json!("AR0515")),
        "{result:#}"
    );
    schema.query("ALTER TABLE kept RENAME TO entries");
    workstation.does(&["update", "--description", "next", "--ledger", &ledger]);
    let history = document(&workstation.does(&["history", "--ledger", &ledger, "-o", "json"]));
    let outcomes: Vec<&Value> = history["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["outcome"])
        .collect();
    assert_eq!(outcomes, ["applied", "applied"]);
    workstation.does(&["audit", "verify", "--ledger", &ledger]);
    workstation.does(&["rollback", "--ledger", &ledger]);
}

#[test]
fn figures_go_out_as_prometheus_reads_them() {
    let workstation = Workstation::new();
    let file = new_home().join("figures.prom");
    workstation.does(&["update", "--name", "A", "--metrics-file", file.to_str().unwrap()]);
    let written = fs::read_to_string(&file).unwrap();
    let line = format!("assist_rules_updates_total{{rule=\"{SAMPLE_RULE_ID}\",outcome=\"applied\"}} 1\n");
    assert!(written.contains(&line), "{written}");
    assert_eq!(workstation.does(&["stats", "-o", "prometheus"]).stdout, written);
    // Whatever their number: a rule that is left out now and then is a counter that was set back.
    for number in 0..21 {
        workstation.run(&["update", &format!("absent-{number}"), "--name", "A"]);
    }
    let all = workstation
        .command(&["stats", "-o", "prometheus"])
        .env_remove("GENESYS_RULE_ID")
        .output()
        .unwrap();
    let counted = String::from_utf8(all.stdout).unwrap();
    assert_eq!(counted.matches("outcome=\"applied\"").count(), 22, "{counted}");
    let ran = workstation.does(&["stats", "--since", "2020-01-01"]);
    assert!(ran.stdout.contains("1 of 1"), "{ran}");
    let ran = workstation.run(&["stats", "--since", "yesterday"]);
    assert_eq!(ran.code, Some(64), "{ran}");
}

/// FIELD E5: a file for the figures is a file, in a folder that is there.
#[cfg(unix)]
#[test]
fn figures_replace_a_file_and_nothing_else() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "A"]);
    let home = new_home();
    let place = |name: &str| home.join(name).to_str().unwrap().to_owned();
    let mode = |name: &str| fs::metadata(place(name)).unwrap().permissions().mode() & 0o7777;
    fs::write(place("any"), "").unwrap();
    workstation.does(&["stats", "--metrics-file", &place("new.prom")]);
    assert_eq!(mode("new.prom"), mode("any"));
    fs::set_permissions(place("new.prom"), PermissionsExt::from_mode(0o640)).unwrap();
    workstation.does(&["stats", "--metrics-file", &place("new.prom")]);
    assert_eq!(mode("new.prom"), 0o640);

    symlink(place("any"), place("link")).unwrap();
    fs::create_dir(place("folder")).unwrap();
    for (name, why) in [
        ("link", "it is a link, and only a file is replaced"),
        ("folder", "it is a folder, and only a file is replaced"),
        ("absent/new.prom", "No such file or directory"),
    ] {
        let ran = workstation.does(&["stats", "--metrics-file", &place(name)]);
        let said = format!("cannot write the figures to `{}`: {why}", place(name));
        assert!(ran.stderr.contains(&said), "{ran}");
    }
    assert_eq!(fs::read(place("any")).unwrap(), b"");
    assert!(!home.join("absent").exists());
}
