//! `schema`: what is promised about documents, held against the documents that are printed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::SystemTime;

use domain::json::Document;
use domain::trigger_rule::Operator;
use domain::{Collision, Evidence};
use emulator::{SAMPLE_ASSISTANT_ID, SAMPLE_CHANGE, SAMPLE_RULE, SAMPLE_RULE_ID, SAMPLE_VARIATION_ID, Script};
use ports::testing::VirtualTime;
use ports::{Author, DocumentRef, EntryId, Event};
use serde_json::{Value, json};
use sink_adapter::{EVENT_SCHEMA, SinkKind, SinkSettings};

use super::{
    against,
    delivering::{Workstation as Deliverer, listen, webhook},
    document, file, on,
    recording::Workstation,
    sandbox_with,
};
use crate::{
    binary::{assist_rules, feed, run},
    repository::read,
    sandbox::Sandbox,
};

/// A schema as the program prints it.
fn schema(kind: &str) -> Value {
    document(&run(assist_rules().args(["schema", kind])))
}

/// The deviations of a value from its schema: wrong types, missing and undescribed members, values outside of an
/// enumeration.
fn faults(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let place = name.strip_prefix('#').and_then(|place| root.pointer(place));
        return faults(root, place.unwrap_or_else(|| panic!("{name} leads nowhere")), value, at);
    }
    let mut found = Vec::new();
    let is_one_of = |words: &Value, holds: &dyn Fn(&Value) -> bool| match words.as_array() {
        Some(words) => words.iter().any(holds),
        None => words.is_null() || holds(words),
    };
    if !is_one_of(&schema["type"], &|word| is_of_type(word.as_str().unwrap(), value)) {
        found.push(format!("{at}: is no {}", schema["type"]));
    }
    if !is_one_of(&schema["enum"], &|word| word == value) || !is_one_of(&schema["const"], &|word| word == value) {
        found.push(format!("{at}: {value} is not told"));
    }
    if let Value::Object(members) = value {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at}: lacks {name}"));
            }
        }
        for (name, member) in members {
            match schema["properties"].get(name) {
                Some(inner) => found.extend(faults(root, inner, member, &format!("{at}/{name}"))),
                None if schema["properties"].is_null() => {}
                None => found.push(format!("{at}: {name} is not told")),
            }
        }
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if !schema["items"].is_null() {
            found.extend(faults(root, &schema["items"], item, &format!("{at}/{index}")));
        }
    }
    found
}

fn is_of_type(word: &str, value: &Value) -> bool {
    match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

fn assert_fits(schema: &Value, value: &Value) {
    assert_eq!(faults(schema, schema, value, ""), [] as [&str; 0], "{value:#}");
}

/// A document is what the schema of its kind tells.
pub(super) fn assert_is(kind: &str, value: &Value) {
    assert_fits(&schema(kind), value);
}

#[test]
fn results_are_what_their_schema_tells() {
    let schema = schema("result");
    let put = |deed: &str| {
        sandbox_with(&format!(
            r#"{{"faults": [{{"on": {{"kind": "put"}}, "times": 9, "do": {deed}}}]}}"#
        ))
    };
    let name = ["update", "--name", "X", "-o", "json"];
    for (sandbox, args, outcome) in [
        (Sandbox::sample(), &name as &[&str], "applied"),
        (Sandbox::sample(), &["update", "--enable", "-o", "json"], "unchanged"),
        (Sandbox::sample(), &["diff", "--name", "X", "-o", "json"], "planned"),
        (put(r#"{"edit_between": {"merge": {"name": "T"}}}"#), &name, "conflict"),
        (
            Sandbox::sample(),
            &["update", "--name", "X", "--if-version", "1", "-o", "json"],
            "conflict",
        ),
        (put(r#"{"status": {"code": 400}}"#), &name, "rejected"),
        (put(r#"{"status": {"code": 403}}"#), &name, "denied"),
        (put(r#"{"status": {"code": 404}}"#), &name, "failed"),
        (
            put(r#"{"status": {"code": 429, "retry_after": 3600}}"#),
            &name,
            "deferred",
        ),
        (put(r#"{"drop_before": {}}"#), &name, "unknown"),
    ] {
        let result = document(&on(&sandbox, args));
        assert_eq!(result["changes"][0]["outcome"], outcome);
        assert_fits(&schema, &result);
    }
    let mut update = assist_rules();
    update.args(["update", "r1", "--from", "-", "-o", "json", "--sandbox"]);
    for change in ["{", r#"{"name": 1, "enabld": true}"#] {
        assert_fits(&schema, &document(&feed(&mut update, change)));
    }
}

/// FIELD G3: each document that is printed has a schema, and fits it.
#[test]
fn every_document_that_is_printed_is_what_its_schema_tells() {
    let workstation = Workstation::new();
    workstation.does(&["update", "--name", "X", "--reason", "because"]);
    let lost = r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#;
    let script = Script::from_json(lost).unwrap();
    workstation.sandbox.emulator.load_faults(script);
    assert_eq!(workstation.run(&["update", "--name", "Y"]).code, Some(11));
    let mut validate = workstation.command(&["validate", "bad.json", "-o", "json"]);
    file(
        &validate,
        "bad.json",
        r#"{"conditions": [{"operator": "near"}], "x": "1"}"#,
    );
    let mut plan = workstation.command(&["plan", "rule.json", "-o", "json"]);
    let mut status = workstation.command(&["status", "rule.json", "-o", "json"]);
    let rule = SAMPLE_RULE.replace("\"etag\": \"7\",", "");
    file(&plan, "rule.json", &rule);
    file(&status, "rule.json", rule);
    let mut printed: Vec<(&str, Value)> = vec![
        ("findings", document(&run(&mut validate))),
        ("plan", document(&run(&mut plan))),
        ("status", document(&run(&mut status))),
    ];
    for (kind, args) in [
        ("rules", &["list"][..]),
        ("copilots", &["list", "--kind", "copilot"]),
        ("copilot-rules", &["list", "copilot/name:Billing", "--rules"]),
        ("pulled", &["pull", "rules"]),
        ("history", &["history"]),
        ("stats", &["stats"]),
        ("doctor", &["doctor"]),
        ("auth", &["auth", "status"]),
        ("auth", &["auth", "status", "--check"]),
        ("settings", &["config", "show"]),
        ("deliver", &["deliver"]),
        ("audit", &["audit", "verify"]),
        ("upgrade", &["audit", "upgrade"]),
        ("explanation", &["explain"]),
        ("explanation", &["explain", "AR0101"]),
        ("error", &["get", "unknown"]),
        ("error", &["get", "name:unknown"]),
        ("error", &["history", "--ledger", "sqlite:not-there.db"]),
    ] {
        printed.push((kind, document(&workstation.run(&[args, &["-o", "json"]].concat()))));
    }
    for (kind, value) in &printed {
        let schema = schema(kind);
        assert_fits(&schema, value);
        let wrong = json!({"format_version": "2.0"});
        assert!(!faults(&schema, &schema, &wrong, "").is_empty(), "{kind}");
    }
    let ran = workstation.run(&["history", "--ledger", "sqlite:not-there.db", "-o", "ndjson"]);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
    assert_is("error", &document(&ran));
    let kinds = run(assist_rules().args(["schema", "?"])).stderr;
    let (_, kinds) = kinds.split_once("possible values: ").unwrap();
    let kinds: BTreeSet<&str> = kinds
        .split([',', ']', '\n'])
        .map(str::trim)
        .take_while(|kind| !kind.is_empty())
        .collect();
    let tried: BTreeSet<&str> = printed.iter().map(|(kind, _)| *kind).collect();
    let elsewhere = ["rule", "change", "result", "outcome", "event", "config", "sandbox"];
    assert_eq!(kinds, tried.into_iter().chain(elsewhere).collect());
}

#[test]
fn rules_and_changes_are_what_their_schemas_tell() {
    assert_fits(&schema("change"), &serde_json::from_str(SAMPLE_CHANGE).unwrap());
    let rule = document(&on(&Sandbox::sample(), &["get", "-o", "json"]));
    assert_eq!(rule, serde_json::from_str::<Value>(SAMPLE_RULE).unwrap());
    assert_fits(&schema("rule"), &rule);
}

#[test]
fn each_key_of_the_configuration_is_in_its_schema_and_is_read() {
    let schema = schema("config");
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let ran = run(assist_rules().args(["get", "r1"]).env("ASSIST_RULES_ZZZZZZZZ", "1"));
    let (_, listed) = ran.stderr.split_once("the keys are ").unwrap();
    let mut listed: Vec<&str> = listed.lines().next().unwrap().split(", ").collect();
    listed.sort_unstable();
    let mut in_schema: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    in_schema.sort_unstable();
    assert_eq!(in_schema, listed);
}

/// The enumerations of a member, wherever it stands in a schema.
fn enumerations<'s>(schema: &'s Value, member: &str, found: &mut Vec<&'s Value>) {
    let names = &schema[member]["enum"];
    found.extend(names.is_array().then_some(names));
    match schema {
        Value::Object(members) => members.values().for_each(|inner| enumerations(inner, member, found)),
        Value::Array(elements) => elements.iter().for_each(|inner| enumerations(inner, member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn each_operator_is_in_the_schemas_and_on_the_pages() {
    for kind in ["rule", "change"] {
        let schema = schema(kind);
        let mut found = Vec::new();
        enumerations(&schema, "operator", &mut found);
        let all = found.iter().position(|names| **names == json!(Operator::NAMES));
        let all = all.unwrap_or_else(|| panic!("schemas/{kind}.json has no list of all operators: {found:?}"));
        found.remove(all);
        let typed = found.iter().flat_map(|names| names.as_array().unwrap());
        let typed: BTreeSet<&str> = typed.map(|name| name.as_str().unwrap()).chain(["equals"]).collect();
        assert_eq!(typed, Operator::NAMES.into(), "schemas/{kind}.json, by what they take");
    }
    let page = read("docs/errors.md");
    let row = page.lines().find(|line| line.starts_with("| AR0101")).unwrap();
    let explained = ["AR0101", "AR0102"].map(|code| run(assist_rules().args(["explain", code])).stdout);
    for name in Operator::NAMES.map(|name| format!("`{name}`")) {
        assert!(row.contains(&name), "{name} is not in the row of AR0101");
        assert!(
            explained.iter().all(|text| text.contains(&name)),
            "{name} is not explained"
        );
    }
}

#[test]
fn each_kind_of_sink_is_in_the_schema_the_configuration_and_on_the_page() {
    let schema = schema("config");
    let kinds = schema["properties"]["sinks"]["items"]["oneOf"]
        .as_array()
        .unwrap()
        .iter();
    let kinds: Vec<&str> = kinds
        .map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        SinkKind::NAMES,
        "schemas/config.json, in the order of `SinkKind::NAMES`"
    );

    let page = read("docs/sinks.md");
    let on_page = page
        .lines()
        .filter_map(|line| line.strip_prefix("kind = \"")?.strip_suffix('"'));
    let on_page: BTreeSet<&str> = on_page.collect();
    assert_eq!(on_page, SinkKind::NAMES.into(), "docs/sinks.md, and `SinkKind::NAMES`");

    let mut command = against(&Sandbox::sample());
    file(&command, "mine.toml", "[[sinks]]\nname = \"a\"\nkind = \"pigeon\"\n");
    let ran = run(command.args(["--config", "mine.toml", "update", "--name", "x"]));
    let expected = SinkKind::NAMES.map(|name| format!("`{name}`")).join(", ");
    assert!(
        ran.stderr.contains(&format!("expected one of {expected}")),
        "`SinkTable` of config/sinks.rs has not the kinds of `SinkKind::NAMES`, in their order: {ran}"
    );
}

/// An event about the sample change, with something in every member.
fn event() -> Event {
    let before: Document = SAMPLE_RULE.parse().unwrap();
    let after = before
        .with_members(&[("name", "\"Theirs\""), ("weight", "1.50")])
        .unwrap();
    Event {
        id: "e1".to_owned(),
        document: DocumentRef {
            target: "https://api.mypurecloud.com client".to_owned(),
            kind: "rule".to_owned(),
            id: SAMPLE_RULE_ID.to_owned(),
        },
        at: SystemTime::UNIX_EPOCH,
        entry: EntryId(12),
        head: Some("e1".to_owned()),
        author: Author {
            run: "r".to_owned(),
            ..Author::default()
        },
        evidence: Some(Evidence::Answer),
        version_before: Some("7".parse().unwrap()),
        version_after: Some("8".parse().unwrap()),
        diff: domain::recorded_changes("rule", &before, &after),
        overwrites: vec![Collision {
            pointer: "/name".parse().unwrap(),
            base: None,
            ours: Some(before.clone()),
            theirs: Some(after.clone()),
        }],
        before,
        after,
        is_after_shown: true,
    }
}

/// The document that a webhook on this machine receives for an event.
fn delivered(event: &Event) -> Value {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = SinkSettings {
        name: "audit".to_owned(),
        kind: SinkKind::Webhook {
            url: format!("http://{}/", listener.local_addr().unwrap()),
            secrets: vec![format!("whsec_{}", "k".repeat(32)).into()],
            allow_private: true,
            timeout: SinkKind::TIMEOUT,
        },
        ca_file: None,
    };
    let receiver = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(&stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        body
    });
    let sink = settings.build(Arc::new(VirtualTime::default())).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    runtime.block_on(sink.deliver(event)).unwrap();
    serde_json::from_slice(&receiver.join().unwrap()).unwrap()
}

#[test]
fn events_are_what_their_schema_tells() {
    let schema: Value = serde_json::from_str(EVENT_SCHEMA).unwrap();
    let full = delivered(&event());
    assert_fits(&schema, &full);
    let mut bare = event();
    (bare.head, bare.evidence, bare.version_after) = (None, None, None);
    (bare.author.user, bare.author.reason) = (Some("ann".to_owned()), Some("because".to_owned()));
    (bare.diff, bare.overwrites) = (Vec::new(), Vec::new());
    assert_fits(&schema, &delivered(&bare));

    let mut wrong = full;
    wrong["data"]["entry"] = "12".into();
    wrong["data"]["author"]["password"] = "x".into();
    wrong["data"]["diff"][0]["path"] = Value::Null;
    wrong["type"] = "assist-rules.rule.updated.v2".into();
    wrong["data"].as_object_mut().unwrap().remove("before");
    assert_eq!(faults(&schema, &schema, &wrong, "").len(), 5);
}

/// A real change of a Copilot, and of a variation, as a webhook and a directory receive it.
#[test]
fn events_about_copilots_are_what_their_schema_tells() {
    let (url, posted) = listen("204 No Content");
    let directory = "[[sinks]]\nname = \"files\"\nkind = \"directory\"\npath = \"rules\"\n";
    let deliverer = Deliverer::new(&(webhook(&url) + directory));
    let variation = format!("{SAMPLE_ASSISTANT_ID}/{SAMPLE_VARIATION_ID}");
    for (id, file) in [
        (SAMPLE_ASSISTANT_ID, format!("rules/copilot/{SAMPLE_ASSISTANT_ID}.json")),
        (
            variation.as_str(),
            format!("rules/copilot/{SAMPLE_ASSISTANT_ID}.{SAMPLE_VARIATION_ID}.json"),
        ),
    ] {
        let named = format!("copilot/{id}");
        let change = r#"{"ruleEngineConfig": {"fallback": {"enabled": false}}, "liveOnQueue": false}"#;
        let ran = feed(
            &mut deliverer.command(&["update", &named, "--from", "-", "-o", "json"]),
            change,
        );
        let result = document(&ran);
        assert_eq!(
            (ran.code, &result["delivery"]),
            (Some(0), &json!({"queued": 2, "delivered": 2, "failed": 0})),
            "{ran}"
        );
        let event: Value = serde_json::from_str(&posted.recv().unwrap().1).unwrap();
        assert_fits(&schema("event"), &event);
        assert_eq!(
            (&event["type"], &event["subject"]),
            (&json!("assist-rules.copilot.updated.v1"), &json!(id))
        );
        let data = &event["data"];
        assert_eq!([&data["version_before"], &data["version_after"]], [&Value::Null; 2]);
        assert_eq!(
            data["diff"][0],
            json!({"path": "/liveOnQueue", "before": true, "after": false})
        );
        let written: Value = serde_json::from_str(&deliverer.text(&file)).unwrap();
        assert_eq!(written, data["after"]);
        let ran = run(&mut deliverer.command(&["update", &named, "--from", &file]));
        assert!(ran.code == Some(0) && ran.stdout.contains("unchanged"), "{ran}");
    }
}

#[test]
fn what_a_schema_does_not_tell_is_found() {
    let schema = schema("change");
    for change in [
        r#"{"nam": "x"}"#,
        r#"{"enabled": "no"}"#,
        r#"{"actions": [{"type": "email"}]}"#,
        r#"{"actions": [{}]}"#,
    ] {
        let value: Value = serde_json::from_str(change).unwrap();
        assert_eq!(faults(&schema, &schema, &value, "").len(), 1, "{change}");
    }
}
