//! Plans, results and failures as comments of a pull request: rendered as GitHub does it, with names of strangers in them.

use std::{collections::BTreeSet, process::Command};

use emulator::Script;
use serde_json::{Value, json};

use super::Repository;
use crate::{
    binary::{Ran, feed},
    journeys::readers::has,
};

/// FIELD O2, and what acts on a terminal, ends a cell or a fence, or begins a line that a CI obeys.
const HOSTILE: &[&str] = &[
    "Fixes #12 @oncall GH-7 www.x.example </details> <!-- x --> | a ``` 0123456789abcdef0123456789abcdef01234567",
    "owner/repo#1 deadbeef https://x.example/a ![i](http://x.example/i.png) [l](javascript:alert(1)) <img src=x>",
    "`a` ``b`` ```` | \\| \\\\| c |",
    "\n::error::x\n```\n# heading\n- item\n<script>alert(1)</script>\n~~~\n",
    "\u{1b}[31mred\u{1b}[0m \u{202e}abc\u{200b}",
    " ` ",
    "*bold* _i_ ~~s~~ $x$ &lt; \\@all :tada: me@x.example <https://x.example>",
];

impl Repository {
    fn fault(&self, script: &str) {
        let emulator = &self.workstation.sandbox.emulator;
        emulator.load_faults(Script::from_json(script).unwrap());
    }

    /// A comment of a command that ends with a code.
    #[track_caller]
    fn comment(&self, code: i32, args: &[&str]) -> String {
        let ran = self.run(&[args, &["-o", "markdown"]].concat());
        assert_eq!(ran.code, Some(code), "{args:?} {ran}");
        assert_eq!(ran.stdout.matches("<!-- assist-rules ").count(), 1, "{ran}");
        ran.stdout
    }
}

/// The comment as GitHub renders it.
#[track_caller]
fn rendered(comment: &str) -> String {
    let mut cmark = Command::new("cmark-gfm");
    let extensions = ["table", "strikethrough", "autolink", "tasklist"];
    cmark
        .args(extensions.iter().flat_map(|name| ["-e", *name]))
        .arg("--unsafe");
    let Ran { code, stdout, stderr } = feed(&mut cmark, comment);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    stdout
}

/// A page as the text outside of code, the tags outside of code, and the texts in code.
struct Seen {
    text: String,
    tags: BTreeSet<String>,
    code: Vec<String>,
}

fn seen(html: &str) -> Seen {
    let (mut text, mut tags, mut code) = (String::new(), BTreeSet::new(), Vec::new());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = after.split_once('>').unwrap();
        rest = after;
        if tag == "code" || tag.starts_with("code class=\"language-") {
            let (inside, after) = after.split_once("</code>").unwrap();
            assert!(!inside.contains('<'), "{inside}");
            code.push(unescaped(inside));
            rest = after;
        } else {
            tags.insert(tag.to_owned());
        }
    }
    text.push_str(rest);
    Seen { text, tags, code }
}

fn unescaped(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (escaped, letter)| text.replace(escaped, letter))
}

/// Asserts that nothing of a stranger has an effect where a comment is rendered.
#[track_caller]
fn assert_harmless(comment: &str) -> Seen {
    assert!(!comment.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{comment}");
    let commands = comment.lines().filter(|line| line.trim_start().starts_with("::"));
    assert_eq!(commands.count(), 0, "{comment}");
    let html = rendered(comment);
    let seen = seen(&html);
    let ours = [
        "h2",
        "h3",
        "h4",
        "p",
        "strong",
        "ul",
        "li",
        "blockquote",
        "pre",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ];
    for tag in &seen.tags {
        let is_first_line = tag.starts_with("!-- assist-rules ") && html.starts_with(&format!("<{tag}>"));
        let is_ours = ours.contains(&tag.trim_start_matches('/'));
        assert!(is_first_line || is_ours, "<{tag}>\n{html}\n{comment}");
    }
    let words = seen.text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let hex = words.filter(|word| word.len() >= 7 && word.chars().all(|letter| letter.is_ascii_hexdigit()));
    assert_eq!(hex.collect::<Vec<_>>(), [] as [&str; 0], "{comment}");
    for mark in [
        "@",
        "#",
        "GH-",
        "www.",
        "http",
        "oncall",
        "x.example",
        "`",
        "|",
        "$",
        ":tada",
        "~",
        "*",
    ] {
        assert!(!seen.text.contains(mark), "{mark}\n{}\n{comment}", seen.text);
    }
    seen
}

/// The name as it is shown: what acts on a terminal or breaks a line is escaped.
fn shown(name: &str) -> String {
    let escape = |letter: char| match letter {
        '\n' => "\\n".to_owned(),
        '\u{1b}' | '\u{202e}' | '\u{200b}' => letter.escape_unicode().to_string(),
        letter => letter.to_string(),
    };
    name.chars().map(escape).collect()
}

fn set(text: &'static str) -> impl Fn(&mut Value) {
    move |rule: &mut Value| {
        rule["name"] = json!(text);
        rule["description"] = json!(text);
        rule["conditions"][0]["value"] = json!(text);
        rule["actions"][0]["templateId"] = json!(text);
    }
}

#[test]
fn no_name_or_value_of_a_stranger_has_an_effect_in_a_plan() {
    if !has(
        "no_name_or_value_of_a_stranger_has_an_effect_in_a_plan",
        "cmark-gfm",
        "cmark-gfm",
    ) {
        return;
    }
    for text in HOSTILE {
        let repository = Repository::of(2);
        repository.others_edit("r1", |rule| {
            set(text)(rule);
            rule["headers"] = json!([{"name": text, text.trim(): text}]);
        });
        repository.edit("r2", |rule| {
            set(text)(rule);
            rule["enabled"] = json!(false);
        });
        let comments = [
            repository.comment(0, &["plan", "rules", "--out", "p.plan"]),
            repository.comment(0, &["show", "p.plan"]),
            repository.comment(0, &["apply", "p.plan"]),
        ];
        for comment in comments {
            let seen = assert_harmless(&comment);
            let name = shown(text);
            let is_name = |code: &&String| **code == name;
            assert!(seen.code.iter().filter(is_name).count() >= 2, "{name}\n{comment}");
            let value = format!("\n+ {}\n", shown(&json!(text).to_string()));
            assert!(seen.code.iter().any(|code| code.contains(&value)), "{value}\n{comment}");
        }
    }
}

#[test]
fn no_text_of_a_stranger_has_an_effect_in_a_conflict_or_an_error() {
    let test = "no_text_of_a_stranger_has_an_effect_in_a_conflict_or_an_error";
    if !has(test, "cmark-gfm", "cmark-gfm") {
        return;
    }
    for text in HOSTILE {
        let repository = Repository::of(3);
        repository.rename(&["r1", "r2", "r3"], "New");
        repository.plan();
        repository.others_edit("r1", set(text));
        let body = json!({"message": text, "details": [{"fieldName": text, "errorCode": text}]});
        let on = |id: &str, code: u16| json!({"on": {"kind": "put", "path_contains": id}, "times": 9, "do": {"status": {"code": code, "body": body}}});
        repository.fault(&json!({"faults": [on("/r2", 400), on("/r3", 403)]}).to_string());
        let seen = assert_harmless(&repository.comment(4, &["apply", "p.plan"]));
        let has = |part: &str| seen.code.iter().any(|code| code.contains(part));
        assert!(
            has("error[AR0505]") && has("error[AR0503]") && has("help: "),
            "{:?}",
            seen.code
        );
        repository.fault(
            &json!({"faults": [
                {"on": {"kind": "get"}, "times": 99, "do": {"status": {"code": 403, "body": body}}},
                {"on": {"kind": "list"}, "times": 99, "do": {"status": {"code": 403, "body": body}}},
            ]})
            .to_string(),
        );
        let unread = repository.comment(8, &["plan", "rules"]);
        assert_harmless(&unread);
        repository.write(
            "rules/bad.json",
            json!({"id": "r9", *text: 1, "enabled": text}).to_string(),
        );
        let findings = repository.comment(3, &["plan", "rules"]);
        assert_harmless(&findings);
        assert!(findings.contains("Nothing was planned"), "{findings}");
    }
}

/// The three sides of a conflict, in the plan, in the saved plan and in what comes of it.
#[test]
fn a_conflict_shows_base_ours_and_theirs() {
    let repository = Repository::of(2);
    repository.rename(&["r1", "r2"], "New");
    repository.plan();
    assert_eq!(repository.run(&["apply", "p.plan"]).code, Some(0));
    repository.others_edit("r1", |rule| rule["name"] = json!("a | b"));
    let row = "| `name` | `\"New\"` | `\"Rule r1\"` | `\"a \\| b\"` |";
    for (code, args) in [
        (4, &["plan", "--undo", "p.plan", "--out", "back.plan"][..]),
        (0, &["show", "back.plan"]),
        (5, &["apply", "back.plan"]),
    ] {
        let comment = repository.comment(code, args);
        assert!(comment.contains("### 1 conflict\n"), "{args:?}\n{comment}");
        assert!(comment.contains(row), "{args:?}\n{comment}");
    }
}

/// FIELD O1, O4.
#[test]
fn what_comes_of_a_plan_takes_its_place() {
    let repository = Repository::of(2);
    repository.rename(&["r1"], "New");
    let first = |comment: &str| comment.lines().next().unwrap().to_owned();
    let planned = repository.comment(0, &["plan", "rules", "--out", "p.plan"]);
    let line = first(&planned);
    let short = line
        .strip_prefix("<!-- assist-rules plan ")
        .and_then(|rest| rest.strip_suffix(" - -->"));
    let short = short.unwrap_or_else(|| panic!("{line}"));
    assert!(
        short.len() == 8 && short.chars().all(|digit| digit.is_ascii_hexdigit()),
        "{line}"
    );
    let stopped = ["apply", "p.plan", "--expect", &format!("sha256:{}", "0".repeat(64))].map(str::to_owned);
    let stopped: Vec<&str> = stopped.iter().map(String::as_str).collect();
    for (code, args) in [
        (0, &["show", "p.plan"][..]),
        (9, &stopped),
        (64, &["apply", "rules"]),
        (0, &["apply", "p.plan"]),
        (0, &["apply", "rules", "--yes"]),
    ] {
        assert_eq!(first(&repository.comment(code, args)), line, "{args:?}");
    }
    assert!(
        planned.contains("assist-rules apply p.plan --expect sha256:"),
        "{planned}"
    );
}

/// FIELD O4: with a key, each end of a run has the same first line, and says what is wrong.
#[test]
fn a_failure_before_any_plan_says_what_is_wrong_in_the_comment() {
    let key = "<!-- assist-rules plan - prod/rules -->\n";
    let denied = r#"{"faults": [{"on": {"kind": "token"}, "times": 99, "do": {"status": {"code": 401}}}]}"#;
    let away = r#"{"faults": [{"on": {"kind": "list"}, "times": 99, "do": {"status": {"code": 503}}},
        {"on": {"kind": "get"}, "times": 99, "do": {"status": {"code": 503}}}]}"#;
    let none = r#"{"faults": []}"#;
    let cases: [(&str, i32, &str, &[&str]); 8] = [
        (none, 0, "1 to change", &["plan", "rules"]),
        (none, 64, "error[AR0604]", &["plan", "nowhere"]),
        (none, 64, "error[AR0601]", &["plan", "rules", "--no-such-flag"]),
        (none, 3, "AR0108", &["plan", "faulty.json"]),
        (none, 9, "error[AR0524]", &["show", "rules/r1.json"]),
        (none, 1, "missing: `r9`", &["plan", "absent.json"]),
        (denied, 8, "error[AR0504]", &["plan", "rules"]),
        (away, 7, "AR0514", &["plan", "rules", "--deadline", "1s"]),
    ];
    for (faults, code, part, args) in cases {
        let repository = Repository::of(2);
        repository.rename(&["r1"], "New");
        repository.write("faulty.json", r#"{"id": "r1", "enabled": "no"}"#);
        repository.write("absent.json", r#"{"id": "r9", "enabled": true}"#);
        repository.fault(faults);
        let comment = repository.comment(code, &[args, &["--comment-key", "prod/rules"]].concat());
        assert!(comment.starts_with(key), "{args:?}\n{comment}");
        assert!(comment.contains(part), "{args:?}\n{comment}");
    }
}

#[test]
fn a_comment_has_no_more_characters_than_it_may_have() {
    let repository = Repository::of(60);
    for number in 1..=60 {
        repository.edit(&format!("r{number}"), |rule| {
            rule["description"] = json!("🚀".repeat(300));
        });
    }
    let comment = repository.comment(0, &["plan", "rules", "--max-chars", "5000"]);
    assert!(comment.encode_utf16().count() <= 5_000, "{comment}");
    for part in [
        "60 to change",
        "Safety stop",
        "more documents**",
        "changes `sha256:",
        "--allow change=60 --expect sha256:",
    ] {
        assert!(comment.contains(part), "{part}\n{comment}");
    }
    let none = repository.run(&["plan", "rules", "-o", "markdown", "--max-chars", "999"]);
    assert_eq!(none.code, Some(64), "{none}");
}
