//! Laws of every layout and every change.

mod written;

use std::sync::Mutex;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::*;
use written::{Written, file_look, shape, written};

/// Cases of each law.
const CASES: u32 = 1_000;

fn config() -> Config {
    Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Change,
    Remove,
    Insert,
    Move,
    Add,
}

/// An act on the value that a number picks, with one of the new values.
type Change = (Act, usize, usize);

fn change() -> impl Strategy<Value = Change> {
    let act = proptest::sample::select(vec![
        Act::Change,
        Act::Change,
        Act::Remove,
        Act::Insert,
        Act::Move,
        Act::Add,
    ]);
    (act, any::<prop::sample::Index>(), any::<prop::sample::Index>())
        .prop_map(|(act, place, new)| (act, place.index(1 << 16), new.index(1 << 16)))
}

fn new_values() -> Vec<Value> {
    vec![
        json!("new"),
        json!("no"),
        json!("true"),
        json!(""),
        json!(" blank "),
        json!("1.50"),
        json!("a: b # c"),
        json!("tab\there"),
        json!("line one\nline two"),
        json!("line one\n\n  line two\n"),
        json!("  indented\nback\n"),
        json!("ends\n\n"),
        json!(
            "many words that go on and on, until a folded text has to be broken, and then once more, at the very end"
        ),
        json!("- \"quoted\" 'text', [x] {y}"),
        json!("\u{7}\u{85}"),
        json!(7),
        json!(-0.25),
        json!(true),
        json!(null),
        json!([]),
        json!({}),
        json!(["x", {"y": 1, "z": ["a\nb"]}]),
        json!({"name": "new", "list": [1, [2, 3]], "empty": {}}),
    ]
}

fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut see = |name: &str, inner: &Value| {
        let inner_at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        found.push(inner_at.clone());
        pointers(inner, &inner_at, found);
    };
    match value {
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(index, inner)| see(&index.to_string(), inner)),
        Value::Object(map) => map.iter().for_each(|(name, inner)| see(name, inner)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Makes a change; the pointer that it is made at, and that of what holds it.
fn make(value: &mut Value, (act, place, new): Change) -> Option<(Act, String, String)> {
    let mut found = Vec::new();
    pointers(value, "", &mut found);
    let pointer = found.get(place % found.len().max(1))?.clone();
    let (holder, name) = pointer.rsplit_once('/')?;
    let name = name.replace("~1", "/").replace("~0", "~");
    let all = new_values();
    let new_value = all[new % all.len()].clone();
    let target = value.pointer_mut(holder)?;
    let act = match (act, target) {
        (Act::Change, target) => {
            *target.pointer_mut(pointer.get(holder.len()..)?)? = new_value;
            Act::Change
        }
        (Act::Remove, Value::Array(list)) => {
            list.remove(name.parse().ok()?);
            Act::Remove
        }
        (Act::Remove, Value::Object(map)) => {
            map.shift_remove(&name);
            Act::Remove
        }
        (Act::Insert, Value::Array(list)) => {
            list.insert(new % (list.len() + 1), new_value);
            Act::Insert
        }
        (Act::Move, Value::Array(list)) => {
            let element = list.remove(name.parse().ok()?);
            list.insert(new % (list.len() + 1), element);
            Act::Move
        }
        (Act::Insert | Act::Move | Act::Add, Value::Object(map)) => {
            map.insert(format!("added {new}"), new_value);
            Act::Add
        }
        (Act::Add, Value::Array(list)) => {
            list.push(new_value);
            Act::Insert
        }
        _ => return None,
    };
    Some((act, pointer.clone(), holder.to_owned()))
}

/// The documents of a text, its byte order mark left out.
fn documents(text: &str) -> Option<Vec<Document>> {
    read(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text), Syntax::Yaml)
}

fn value_of(document: &Document) -> Value {
    serde_json::from_str(document.text()).unwrap()
}

/// The first line of a text that is not in another one, after all those before it. Blank lines and those that may change
/// are not looked for.
fn first_lost_line(before: &str, after: &str, may_change: impl Fn(&usize) -> bool) -> Option<String> {
    let lines = |text: &str| -> Vec<String> {
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let lines = text.split('\n').map(|line| line.trim_end_matches('\r').to_owned());
        lines.collect()
    };
    let mut left = lines(after).into_iter();
    let kept = lines(before).into_iter().enumerate();
    let mut kept = kept.filter(|(number, line)| !line.is_empty() && !may_change(number));
    kept.find(|(_, line)| !left.any(|other| other == *line))
        .map(|(number, line)| format!("{number}: {line}"))
}

#[test]
fn one_change_touches_its_own_lines_and_comments() {
    let refused = Mutex::new((0, 0));
    let result = TestRunner::new(config()).run(&(shape(false), file_look(), change()), |(shape, file, change)| {
        let written = written(&shape, file);
        let Some(all) = documents(&written.text) else {
            return Err(TestCaseError::fail(format!("no YAML:\n{}", written.text)));
        };
        let old = &all[written.index];
        let mut value = value_of(old);
        let Some((act, pointer, holder)) = make(&mut value, change) else {
            return Err(TestCaseError::reject("nothing to change"));
        };
        let wanted = Document::from_serialize(&value).unwrap();
        refused.lock().unwrap().1 += 1;
        let rewritten = match rewrite(&written.text, Syntax::Yaml, written.index, &wanted) {
            Ok(rewritten) => rewritten,
            Err(why) => {
                refused.lock().unwrap().0 += 1;
                return Err(TestCaseError::fail(format!(
                    "{why:?} {act:?} {pointer}\n{}\n{}",
                    written.text,
                    wanted.text()
                )));
            }
        };
        holds(&written, &wanted, &rewritten)?;
        let fault = format!(
            "{act:?} {pointer}\n{}\n---->\n{}\n{:?}",
            written.text, rewritten.text, rewritten.removed_comments
        );
        if *old == wanted {
            prop_assert_eq!(&rewritten.text, &written.text);
        }
        let node = written.nodes.iter().find(|node| node.pointer == pointer);
        let node = node.ok_or_else(|| TestCaseError::fail(format!("no {pointer}\n{}", written.text)))?;
        let holder = written.nodes.iter().find(|node| node.pointer == holder);
        let is_in = |line: &usize| {
            let beside_first = written.nodes.iter().filter(|other| {
                other.is_beside
                    && other.pointer.rsplit_once('/').map(|it| it.0) == pointer.rsplit_once('/').map(|it| it.0)
            });
            let holder_line = holder.is_some_and(|holder| holder.lines.start <= *line && *line < holder.lines.end);
            match act {
                Act::Change => node.lines.contains(line),
                // Of two neighbors that change places, either one has moved.
                Act::Move if holder_line || holder.is_none() => true,
                Act::Remove | Act::Move | Act::Insert | Act::Add => {
                    let is_touched = matches!(act, Act::Remove) && node.lines.contains(line);
                    // A first entry beside a dash, or the last one of its holder, touch lines around them.
                    is_touched
                        || (node.is_in_flow && node.lines.contains(line))
                        || (beside_first.count() > 0 && holder_line)
                        || (rewritten.text.contains("[]") || rewritten.text.contains("{}")) && holder_line
                }
            }
        };
        let lost = first_lost_line(&written.text, &rewritten.text, is_in);
        prop_assert!(lost.is_none(), "{lost:?} {fault}");
        match act {
            Act::Remove => {
                let mut expected = node.comments.clone();
                // One that stands free within what is removed goes, too.
                let mut found = rewritten.removed_comments.clone();
                found.retain(|comment| comment.starts_with("# c"));
                expected.sort();
                found.sort();
                prop_assert_eq!(found, expected, "{}", fault);
            }
            Act::Insert | Act::Add | Act::Move => prop_assert!(rewritten.removed_comments.is_empty(), "{fault}"),
            Act::Change => {
                let is_own = |comment: &String| node.comments.contains(comment) || !comment.starts_with("# c");
                prop_assert!(rewritten.removed_comments.iter().all(is_own), "{fault}");
            }
        }
        Ok(())
    });
    let (refused, all) = *refused.lock().unwrap();
    eprintln!("one change, no anchors: {refused} of {all} refused");
    result.unwrap_or_else(|fault| panic!("{fault}"));
}

/// All that holds for each result: the documents, the comments, and the text of the others.
fn holds(written: &Written, wanted: &Document, rewritten: &Rewritten) -> Result<(), TestCaseError> {
    let before = documents(&written.text).unwrap();
    let Some(after) = documents(&rewritten.text) else {
        return Err(TestCaseError::fail("no YAML"));
    };
    prop_assert_eq!(before.len(), after.len());
    for (index, document) in after.iter().enumerate() {
        let expected = if index == written.index { wanted } else { &before[index] };
        prop_assert!(document == expected, "{}\n---->\n{}", written.text, rewritten.text);
    }
    let tail = |text: &str| {
        text.find("---\n# last")
            .or(text.find("---\r\n# last"))
            .and_then(|at| text.get(at..).map(str::to_owned))
    };
    prop_assert_eq!(tail(&written.text), tail(&rewritten.text));
    let counted =
        |text: &str| text.matches("# c").count() + text.matches("# free").count() + text.matches("# tail").count();
    let kept = counted(&rewritten.text) + rewritten.removed_comments.len();
    prop_assert!(
        kept >= counted(&written.text),
        "{}\n---->\n{}",
        written.text,
        rewritten.text
    );
    prop_assert!(written.text.contains("\r\n") || !rewritten.text.contains("\r\n"));
    prop_assert!(!rewritten.text.replace("\r\n", "").contains('\r'));
    if written.text.contains("\r\n") {
        prop_assert!(
            !rewritten.text.replace("\r\n", "").contains('\n'),
            "{:?}",
            rewritten.text
        );
    }
    Ok(())
}

#[test]
fn several_changes_at_once_are_made() {
    let changes = proptest::collection::vec(change(), 2..6);
    let counts = Mutex::new((0, 0));
    let result = TestRunner::new(config()).run(&(shape(false), file_look(), changes), |(shape, file, changes)| {
        let written = written(&shape, file);
        let mut value = value_of(&documents(&written.text).unwrap()[written.index]);
        let made: Vec<_> = changes
            .into_iter()
            .filter_map(|change| make(&mut value, change))
            .collect();
        let wanted = Document::from_serialize(&value).unwrap();
        counts.lock().unwrap().1 += 1;
        match rewrite(&written.text, Syntax::Yaml, written.index, &wanted) {
            Ok(rewritten) => holds(&written, &wanted, &rewritten),
            Err(why) => {
                counts.lock().unwrap().0 += 1;
                Err(TestCaseError::fail(format!(
                    "{why:?} {made:?}\n{}\n{}",
                    written.text,
                    wanted.text()
                )))
            }
        }
    });
    let (refused, all) = *counts.lock().unwrap();
    eprintln!("several changes, no anchors: {refused} of {all} refused");
    result.unwrap_or_else(|fault| panic!("{fault}"));
}

#[test]
fn with_anchors_a_change_is_made_right_or_not_at_all() {
    let counts = Mutex::new((0, 0));
    let result = TestRunner::new(config()).run(&(shape(true), file_look(), change()), |(shape, file, change)| {
        let written = written(&shape, file);
        let Some(all) = documents(&written.text) else {
            return Ok(());
        };
        let mut value = value_of(&all[written.index]);
        make(&mut value, change);
        let wanted = Document::from_serialize(&value).unwrap();
        let mut counts = counts.lock().unwrap();
        counts.1 += u32::from(written.has_anchors);
        match rewrite(&written.text, Syntax::Yaml, written.index, &wanted) {
            Ok(rewritten) => holds(&written, &wanted, &rewritten),
            Err(_) if written.has_anchors => {
                counts.0 += 1;
                Ok(())
            }
            Err(why) => Err(TestCaseError::fail(format!("{why:?}\n{}", written.text))),
        }
    });
    let (refused, all) = *counts.lock().unwrap();
    eprintln!("one change, with anchors: {refused} of {all} refused");
    result.unwrap_or_else(|fault| panic!("{fault}"));
}

/// JSON as printers have it: on one line, or in lines.
fn printed(value: &Value, indent: &str) -> String {
    if indent.is_empty() {
        return value.to_string();
    }
    let mut out = Vec::new();
    let printer = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut printer = serde_json::Serializer::with_formatter(&mut out, printer);
    serde::Serialize::serialize(value, &mut printer).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn printed_json_is_rewritten_as_it_would_be_printed() {
    let indents = proptest::sample::select(vec!["", "  ", "    ", "\t"]);
    let changes = proptest::collection::vec(change(), 1..4);
    let inputs = (shape(false), file_look(), indents, any::<[bool; 2]>(), changes);
    let result = TestRunner::new(config()).run(&inputs, |(shape, file, indent, [crlf, mark], changes)| {
        let written = written(&shape, file);
        let mut value = value_of(&documents(&written.text).unwrap()[written.index]);
        let as_file = |value: &Value| {
            let text = printed(value, indent) + "\n";
            let text = if crlf { text.replace('\n', "\r\n") } else { text };
            if mark { format!("{BYTE_ORDER_MARK}{text}") } else { text }
        };
        let before = as_file(&value);
        let has_names = matches!(&value, Value::Object(map) if !map.is_empty());
        for change in changes {
            make(&mut value, change);
        }
        let wanted = Document::from_serialize(&value).unwrap();
        let rewritten = rewrite(&before, Syntax::Json, 0, &wanted);
        let Ok(rewritten) = rewritten else {
            return Err(TestCaseError::fail(format!("{rewritten:?}\n{before}")));
        };
        if has_names {
            prop_assert_eq!(&rewritten.text, &as_file(&value), "{}", before);
        }
        Ok(())
    });
    result.unwrap_or_else(|fault| panic!("{fault}"));
}
