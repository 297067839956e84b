//! Outputs as programs of others read them: Prometheus, readers of reports and of YAML, receivers of webhooks.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use emulator::SAMPLE_RULE_ID;
use serde_json::{Map, Value, json};

use super::{
    against,
    delivering::{SECRET, Workstation as Deliverer, listen, webhook},
    document, file,
    recording::Workstation,
};
use crate::{
    binary::{assist_rules, feed, new_home, run},
    repository::root,
    sandbox::Sandbox,
};

/// Texts that a writer may lose on the way to a reader: of another type where they stand bare, of another line, or of
/// characters that a format has no place for.
#[rustfmt::skip]
const HOSTILE: &[&str] = &[
    // Another type, in YAML 1.2 or 1.1.
    "null", "Null", "~", "true", "FALSE", "no", "No", "NO", "on", "off", "yes", "y", "N", "1", "+1", "0042", "0o17", "0x1F",
    "0b101", "1_000", "1e5", "1.5e+3", "1.", ".5", "-.inf", ".NaN", "nan", "12:30", "190:20:30", "12:30:45.5", "2026-03-01",
    "2026-3-1 1:02:03", "2026-03-01T12:30:00Z", "<<", "=", "!!int", "1,000",
    // The marks of YAML and of XML.
    "", "-", "?", ":", "- a", "? a", "a: b", "a:", ":a", "a #b", "#a", "a#b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`",
    "[a", "]", "{a}", ",", "'a'", "\"a\"", "it's", "\\", "a\\n", "---", "--- a", "...", "]]>", "<!-- -->", "&amp;", "&#0;",
    // Blanks and lines.
    " ", " a", "a ", "\ta", "a\tb", "\n", "\n\n", "a\nb", "a\nb\n", "a\n\n", "\na", " a\nb", "a\n b\n", "a \nb", "a\n\tb",
    "a\r\nb", "a\rb", "a\n---\nb", "a\n# b", "a\n\n\n",
    // Characters.
    "é", "日本語", "😀", "👩\u{200d}🚀", "\u{202e}abc", "a\u{85}b", "a\u{2028}b", "a\u{2029}b\n", "\u{a0}a\u{a0}",
    "\u{feff}a", "a\u{feff}", "\u{0}", "\u{1b}[31m", "\u{7f}", "\u{80}", "\u{9f}", "\u{d7ff}", "\u{e000}", "\u{fffd}",
    "\u{fffe}", "\u{ffff}", "\u{1fffe}", "\u{10ffff}", "a\u{7f}\nb", "a\u{ffff}\nb\n", "a\u{feff}\nb",
];

/// Hostile texts, and some that are long.
fn hostile() -> Vec<String> {
    let long = [
        "word ".repeat(60),
        "two  blanks ".repeat(30),
        "letters".repeat(200),
        format!("{}\nb", "word ".repeat(60)),
        format!("a: {}", "word ".repeat(60)),
    ];
    HOSTILE.iter().map(|text| (*text).to_owned()).chain(long).collect()
}

/// True if a program is there; else the test is reported as skipped.
pub(super) fn has(test: &str, program: &str, package: &str) -> bool {
    let is_there = Command::new(program).arg("--version").output().is_ok();
    if !is_there {
        ports::testing::skip(test, &format!("it needs {program} (Debian: {package})"));
    }
    is_there
}

/// The interpreter that has the libraries; none, and it says so, where they are not there.
fn python(test: &str) -> Option<PathBuf> {
    let folders = fs::read_dir(root().join("target/tools"))
        .into_iter()
        .flatten()
        .flatten();
    let named = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with("readers-"));
    let in_it = if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    };
    let python = named
        .map(|folder| folder.path().join(in_it))
        .find(|python| python.is_file());
    if python.is_none() {
        ports::testing::skip(test, "it needs the readers (cargo xtask tools readers)");
    }
    python
}

/// The answer of a script to a document, both JSON on its stdin and stdout.
#[track_caller]
fn ask(python: &Path, script: &str, question: &Value) -> Value {
    let mut command = Command::new(python);
    // Why: without `-I` it would read what the user has installed.
    command.args(["-I", "-X", "utf8", "-c", script]);
    let ran = feed(&mut command, &question.to_string());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    document(&ran)
}

/// Passes figures to Prometheus' own check, which says on stderr what is bad and what is bad manners.
#[track_caller]
fn assert_figures(figures: &str) {
    let ran = feed(Command::new("promtool").args(["check", "metrics"]), figures);
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (Some(0), "", ""),
        "{figures}"
    );
}

#[test]
fn figures_are_what_prometheus_takes() {
    if !has("figures_are_what_prometheus_takes", "promtool", "prometheus") {
        return;
    }
    let workstation = Workstation::new();
    let place = new_home().join("figures.prom");
    let kept = |code: i32, args: &[&str]| {
        let ran = workstation.run(&[args, &["--metrics-file", place.to_str().unwrap()]].concat());
        assert_eq!(ran.code, Some(code), "{ran}");
        let written = fs::read_to_string(&place).unwrap();
        assert_figures(&written);
        written
    };
    let hostile = [
        "update",
        "--name",
        "\"A\"\n\\ {rule=\"b\"} 1",
        "--reason",
        "\n# TYPE a counter\n",
    ];
    kept(0, &hostile);
    kept(4, &["update", "--name", "B", "--if-version", "1"]);
    kept(1, &["update", "absent", "--name", "B"]);
    workstation.loses_a_write("C");
    let unknown = kept(0, &["stats"]);
    let reconciled = kept(11, &["reconcile"]);
    let counted = |figures: &str, outcome: &str| {
        let end = format!("outcome=\"{outcome}\"}} 1");
        figures.lines().filter(|line| line.ends_with(&end)).count()
    };
    assert_eq!(
        ["applied", "conflict", "unknown"].map(|outcome| counted(&unknown, outcome)),
        [1; 3],
        "{unknown}"
    );
    let mut all = workstation.command(&["stats", "-o", "prometheus"]);
    let printed = run(all.env_remove("GENESYS_RULE_ID")).stdout;
    assert_figures(&printed);
    assert_eq!(printed, reconciled);
}

const JUNIT: &str = r#"
import json, sys
from junitparser import Failure, JUnitXml
report = JUnitXml.fromfile(json.load(sys.stdin))
json.dump([{
    "tests": suite.tests, "failures": suite.failures, "errors": suite.errors, "skipped": suite.skipped,
    "cases": [{
        "name": case.name,
        "failures": [[it.type, it.message, it.text or ""] for it in case.result if isinstance(it, Failure)],
        "others": len([it for it in case.result if not isinstance(it, Failure)]),
        "out": case.system_out,
    } for case in suite],
} for suite in report], sys.stdout)
"#;

#[test]
fn junit_reports_are_what_their_readers_take() {
    let test = "junit_reports_are_what_their_readers_take";
    if !has(test, "xmllint", "libxml2-utils") {
        return;
    }
    let Some(python) = python(test) else { return };
    let command = assist_rules();
    let condition = |text: &str| json!({"type": text, "field": text, "operator": text, "value": text, text: text});
    let conditions: Vec<Value> = hostile().iter().map(|text| condition(text)).collect();
    for (name, text) in [
        (
            "a/hostile.json",
            json!({"conditions": conditions, "actions": []}).to_string(),
        ),
        ("a/sound.json", emulator::SAMPLE_CHANGE.to_owned()),
        ("a/warned.json", r#"{"actions": []}"#.to_owned()),
        ("a/cut.json", "{\"\u{1b}]]>".to_owned()),
        ("a/bad.yaml", "a: !t\u{1f600} ]]>\n- &x\n".to_owned()),
        #[cfg(unix)]
        (
            "a/<&\">]]>\n\t\r\u{1b}\u{7f}\u{85}\u{ffff}😀'.json",
            r#"{"enabled": 1, "enabld": 1}"#.to_owned(),
        ),
    ] {
        file(&command, name, text);
    }
    let home = command.get_current_dir().unwrap().to_owned();
    let validated = |args: &[&str]| {
        let mut command = assist_rules();
        run(command.current_dir(&home).args(["validate", "a"]).args(args))
    };
    for fail_on in ["error", "warning"] {
        let findings = document(&validated(&["--fail-on", fail_on, "-o", "json"]));
        let printed = validated(&["--fail-on", fail_on, "-o", "junit"]).stdout;
        let report = file(&command, "report.xml", printed);
        let schema = root().join("tests/it/junit.xsd");
        let mut xmllint = Command::new("xmllint");
        let ran = run(xmllint
            .args(["--noout", "--nonet", "--schema"])
            .arg(schema)
            .arg(&report));
        let valid = format!("{} validates\n", report.display());
        assert_eq!((ran.code, ran.stderr), (Some(0), valid));
        assert_eq!(ask(&python, JUNIT, &json!(report)), json!([suite(&findings, fail_on)]));
    }
}

/// The suite that a reader finds in the report of these findings.
fn suite(findings: &Value, fail_on: &str) -> Value {
    let mut cases: BTreeMap<String, (Vec<Value>, Vec<String>)> = BTreeMap::new();
    // Nothing is found in it, and it is a case.
    cases.insert("a/sound.json".to_owned(), Default::default());
    for finding in findings["findings"].as_array().unwrap() {
        let [code, message, name] = ["code", "message", "file"].map(|member| finding[member].as_str().unwrap());
        let start = &finding["range"]["start"];
        let text = in_xml(&format!("{}:{}: {message}", start["line"], start["column"]));
        let (failures, others) = cases.entry(in_xml(name)).or_default();
        if fail_on == "warning" || finding["severity"] == "error" {
            let help = in_xml(finding["help"].as_str().unwrap_or_default());
            failures.push(json!([code, text, help]));
        } else {
            others.push(format!("{code} {text}"));
        }
    }
    let summary = &findings["summary"];
    assert_eq!(summary["files"], json!(cases.len()));
    let failures: usize = cases.values().map(|(failures, _)| failures.len()).sum();
    let warnings = if fail_on == "warning" {
        &summary["warnings"]
    } else {
        &json!(0)
    };
    let counted = [&summary["errors"], warnings].map(|count| count.as_u64().unwrap());
    assert_eq!(counted.iter().sum::<u64>(), failures as u64);
    json!({
        "tests": cases.len(),
        "failures": cases.values().filter(|(failures, _)| !failures.is_empty()).count(),
        "errors": 0,
        "skipped": 0,
        "cases": cases.into_iter().map(|(name, (failures, others))| json!({
            "name": name,
            "failures": failures,
            "others": 0,
            "out": if others.is_empty() { Value::Null } else { json!(others.join("\n")) },
        })).collect::<Vec<_>>(),
    })
}

/// A text without what XML has no place for, and on one line.
fn in_xml(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\n' | '\t' => ' ',
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        letter => letter,
    };
    text.chars().map(letter).collect()
}

const WEBHOOK: &str = r#"
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
asked = json.load(sys.stdin)
body, headers = asked["body"].encode(), asked["headers"]
def verifies(secret, body, headers):
    try:
        return Webhook(secret).verify(body, headers) == json.loads(body)
    except WebhookVerificationError:
        return False
def changed(body, at):
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
json.dump({
    "secrets": [verifies(secret, body, headers) for secret in asked["secrets"]],
    "bytes": [at for at in range(len(body)) if body[at] < 128
        and verifies(asked["secrets"][0], changed(body, at), headers)],
    "headers": [name for name in ("webhook-id", "webhook-timestamp")
        if verifies(asked["secrets"][0], body, {**headers, name: headers[name][:-1] + chr(ord(headers[name][-1]) ^ 1)})],
}, sys.stdout)
"#;

#[test]
fn a_delivery_is_what_its_receivers_verify() {
    let Some(python) = python("a_delivery_is_what_its_receivers_verify") else {
        return;
    };
    let (url, posted) = listen("204 No Content");
    let old = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let deliverer =
        Deliverer::new(&webhook(&url).replace("\"env:CHAT_SECRET\"", "\"env:CHAT_SECRET\", \"env:OLD_SECRET\""));
    let name = "\u{1f600} \u{2028}\u{7f}\\ \"no\"";
    let ran = run(deliverer.command(&["update", "--name", name]).env("OLD_SECRET", old));
    assert_eq!(ran.code, Some(0), "{ran}");
    let (head, body) = posted.recv().unwrap();
    assert!(body.contains('\u{1f600}'), "{body}");
    let headers: Vec<_> = head.lines().filter_map(|line| line.split_once(": ")).collect();
    let headers: BTreeMap<&str, &str> = headers
        .into_iter()
        .filter(|(name, _)| name.starts_with("webhook-"))
        .collect();
    assert_eq!(headers.len(), 3, "{head}");
    let other = "whsec_AAAAqR8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let question = json!({"secrets": [SECRET, old, other], "body": body, "headers": headers});
    assert_eq!(
        ask(&python, WEBHOOK, &question),
        json!({"secrets": [true, true, false], "bytes": [], "headers": []})
    );
}

const YAML: &str = r#"
import json, sys, yaml
OF_ONE_RUN = ("/'run_id'", "/'latency_ms'", "/'waited_ms'", "/'context_id'", "/'correlation_id'")
def differences(json, yaml, at):
    if type(json) is not type(yaml):
        return [f"{at}: {json!r} is {yaml!r}"]
    if isinstance(json, dict):
        if list(json) != list(yaml):
            return [f"{at}: {[(a, b) for a, b in zip(json, yaml) if a != b]}"]
        return [it for name in json for it in differences(json[name], yaml[name], f"{at}/{name!r}")]
    if isinstance(json, list):
        if len(json) != len(yaml):
            return [f"{at}: {len(json)} are {len(yaml)}"]
        return [it for number in range(len(json)) for it in differences(json[number], yaml[number], f"{at}/{number}")]
    return [] if json == yaml or at.endswith(OF_ONE_RUN) else [f"{at}: {json!r} is {yaml!r}"]
asked = json.load(sys.stdin)
json.dump(differences(json.loads(asked["json"]), yaml.safe_load(asked["yaml"]), ""), sys.stdout)
"#;

#[test]
fn yaml_is_what_readers_of_its_older_version_take() {
    let Some(python) = python("yaml_is_what_readers_of_its_older_version_take") else {
        return;
    };
    let command = assist_rules();
    let home = command.get_current_dir().unwrap().to_owned();
    let sandbox = Sandbox::sample();
    // A text that is a command to a CI changes how all others are written.
    for more in [None, Some("a\n::error::b")] {
        let mut texts = hostile();
        texts.extend(more.map(str::to_owned));
        let members: Map<String, Value> = texts.iter().map(|text| (text.clone(), json!(text))).collect();
        let condition = |text: &String| json!({"type": "keyword", "field": text, "operator": text, "value": text});
        let edit = |rule: &mut Value| {
            rule["name"] = json!("no");
            rule["description"] = json!("12:30");
            rule["members"] = json!(members);
            rule["lists"] = json!([texts, [texts, [members]], [], {}, [[]], null, true]);
            rule["numbers"] = json!([0, -1, 0.4, 1.5, 12_345_678_901_234_567_u64]);
        };
        sandbox.emulator.edit_rule(SAMPLE_RULE_ID, edit).unwrap();
        let conditions: Vec<Value> = texts.iter().map(condition).collect();
        let bad = json!({"conditions": conditions, "members": members});
        file(&command, "=.json", bad.to_string());
        for (code, args) in [
            (0, &["get"][..]),
            (0, &["list"]),
            (0, &["diff", "--name", "0042"]),
            (0, &["update", "--name", "0042", "--dry-run"]),
            (3, &["validate", "=.json"]),
            (1, &["get", "absent"]),
        ] {
            let printed = |format: &str| {
                let mut command = against(&sandbox);
                let ran = run(command.current_dir(&home).args(args).args(["-o", format]));
                assert_eq!(ran.code, Some(code), "{args:?}: {ran}");
                ran.stdout
            };
            let question = json!({"json": printed("json"), "yaml": printed("yaml")});
            assert_eq!(ask(&python, YAML, &question), json!([]), "{args:?}");
        }
    }
}
