//! Lints: what the engine takes and cannot have been meant. Duplicates, contradictions, tests that always hold.
//!
//! The conditions of a rule are joined by AND. That is inferred from the platform's documented example (keyword and
//! sentiment side by side), and this is the one place that builds on it. Everything here is a warning.

use std::cmp::Ordering;

use super::action::ActionKind;
use super::comparison::{Comparison, NumberTest, Operator, Scalar};
use super::condition::Condition;
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::json::{Node, Value};
use crate::pointer::Pointer;

/// Adds what looks wrong with one condition.
pub(super) fn lint_condition(condition: &Condition<'_>, at_value: impl Fn() -> Pointer, findings: &mut Findings) {
    let is_pattern = condition.comparison.operator() == Operator::Regex;
    if condition.comparison.text() == Some("") && !is_pattern {
        findings.add(Finding::new(Code::EmptyText, at_value(), "the text is empty"));
    }
    if let Some(text) = condition.comparison.text().filter(|_| !is_pattern) {
        lint_text(text, &at_value, findings);
    }
    if let Some(bound) = condition.comparison.number().map(f64::from)
        && condition.kind == "sentiment"
        && !(0.0..=1.0).contains(&bound)
    {
        let message = format!("sentiment runs from 0 to 1, and this compares it with {bound}");
        findings.add(Finding::new(Code::SentimentBound, at_value(), message));
    }
}

/// Adds what keeps a text from ever being found in what people say.
fn lint_text(text: &str, at_value: &impl Fn() -> Pointer, findings: &mut Findings) {
    let ends = [("begins", text.chars().next()), ("ends", text.chars().next_back())];
    let blank = ends
        .into_iter()
        .find_map(|(verb, letter)| Some((verb, letter.filter(|letter| letter.is_whitespace())?)));
    if let Some((verb, letter)) = blank
        && !text.trim().is_empty()
    {
        let message = format!("the text {verb} with {}", code_point(letter));
        findings.add(Finding::new(Code::BlankAtEnd, at_value(), message));
    }
    if text.is_ascii() {
        return;
    }
    let unseen = (1..)
        .zip(text.trim().chars())
        .find(|(_, letter)| is_seldom_typed(*letter));
    if let Some((place, letter)) = unseen {
        let message = format!("character {place} of the text is {}", code_point(letter));
        findings.add(Finding::new(Code::UnseenCharacter, at_value(), message));
    }
}

/// True for what cannot be seen, but for the joiners that some scripts need, and for typographic quotes.
fn is_seldom_typed(letter: char) -> bool {
    matches!(
        letter,
        '\u{a0}' | '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{2018}'..='\u{201f}'
    )
}

/// A character as its code point, with its name where people know one.
fn code_point(letter: char) -> String {
    let name = match letter {
        ' ' => " (a blank)",
        '\n' => " (a line break)",
        '\t' => " (a tab)",
        '\u{a0}' => " (a no-break space)",
        '\u{200b}' => " (a space of no width)",
        '\u{2018}'..='\u{201f}' => " (a typographic quote)",
        _ => "",
    };
    format!("U+{:04X}{name}", u32::from(letter))
}

/// Adds what looks wrong with conditions that stand beside each other.
pub(super) fn lint_conditions(
    conditions: &[(usize, Condition<'_>)],
    place: impl Fn() -> Pointer,
    findings: &mut Findings,
) {
    let mut seen = Vec::new();
    for mut alike in of_like_fields(conditions) {
        alike.sort_by(|(_, ours), (_, theirs)| by_field(ours, theirs));
        for group in alike.chunk_by(|(_, ours), (_, theirs)| ours.field == theirs.field) {
            for pair in group.windows(2) {
                if let [(first, ours), (second, theirs)] = pair
                    && by_field(ours, theirs) == Ordering::Equal
                {
                    let message = format!("the condition says the same as `{}`", place().index(*first));
                    let pointer = place().index(*second);
                    seen.push((*second, Finding::new(Code::DuplicateCondition, pointer, message)));
                }
            }
            contradictions(group, &place, &mut seen);
        }
    }
    seen.sort_by_key(|(index, _)| *index);
    findings.extend(seen.into_iter().map(|(_, finding)| finding));
}

/// The conditions whose fields are likely the same, as far as they may say the same or contradict each other.
fn of_like_fields<'c, 'd>(conditions: &'c [(usize, Condition<'d>)]) -> Vec<Vec<&'c (usize, Condition<'d>)>> {
    // Why sketches: most rules have nothing for this lint, and comparing all texts to find that out took longer than
    // the rest of the check.
    let mut sketched: Vec<_> = conditions.iter().map(|it| (sketch(&it.1.field), it)).collect();
    sketched.sort_by_key(|(sketch, _)| *sketch);
    let alike = sketched.chunk_by(|(ours, _), (theirs, _)| ours == theirs);
    let alike = alike.filter(|alike| alike.len() > 1 && may_clash(alike.iter().map(|(_, (_, condition))| condition)));
    alike.map(|alike| alike.iter().map(|(_, it)| *it).collect()).collect()
}

/// False if the conditions neither say the same nor contradict each other: two tests on texts clash only if they are
/// the same, and with no other test.
fn may_clash<'c>(conditions: impl Iterator<Item = &'c Condition<'c>>) -> bool {
    let mut others = 0;
    let mut texts = Vec::new();
    for condition in conditions {
        match &condition.comparison {
            Comparison::Text(_) => texts.push(sketch(condition.comparison.text().unwrap_or_default())),
            Comparison::Number(_) | Comparison::Equals(_) => others += 1,
        }
    }
    texts.sort_unstable();
    others > 1
        || texts
            .windows(2)
            .any(|pair| matches!(pair, [ours, theirs] if ours == theirs))
}

/// A number that is the same for the same text, and for few others: its last bytes and its length.
fn sketch(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let last = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    last ^ (bytes.len() as u64) << 56
}

/// Conditions of one field beside each other, and of these the same ones.
fn by_field(ours: &Condition<'_>, theirs: &Condition<'_>) -> Ordering {
    let (left, right) = (&ours.comparison, &theirs.comparison);
    let number = |comparison: &Comparison<'_>| comparison.number().map_or(0.0, f64::from) + 0.0;
    ours.field
        .cmp(&theirs.field)
        .then_with(|| left.operator().cmp(&right.operator()))
        .then_with(|| left.text().cmp(&right.text()))
        .then_with(|| number(left).total_cmp(&number(right)))
        .then_with(|| truth(left).cmp(&truth(right)))
        .then_with(|| ours.kind.cmp(&theirs.kind))
}

fn truth(comparison: &Comparison<'_>) -> Option<bool> {
    match comparison {
        Comparison::Equals(Scalar::Bool(truth)) => Some(*truth),
        Comparison::Text(_) | Comparison::Number(_) | Comparison::Equals(Scalar::Text(_) | Scalar::Number(_)) => None,
    }
}

/// The bounds that conditions set on the value of one field, each with the index of its condition.
#[derive(Default)]
struct Bounds<'c> {
    above: Option<(f64, usize)>,
    below: Option<(f64, usize)>,
    equals: Option<(&'c Scalar<'c>, usize)>,
}

fn contradictions(group: &[&(usize, Condition<'_>)], place: &impl Fn() -> Pointer, seen: &mut Vec<(usize, Finding)>) {
    let mut bounds = Bounds::default();
    let mut clash = |first: usize, second: usize| {
        let (first, second) = (first.min(second), first.max(second));
        let message = format!("no value satisfies both this and `{}`", place().index(first));
        let pointer = place().index(second).member("value");
        seen.push((
            second,
            Finding::new(Code::Contradiction, pointer, message).with_help("the rule would never fire"),
        ));
    };
    for (index, condition) in group {
        match &condition.comparison {
            Comparison::Number(NumberTest::GreaterThan(bound)) => {
                let bound = f64::from(bound);
                if bounds.above.is_none_or(|(old, _)| bound > old) {
                    bounds.above = Some((bound, *index));
                }
            }
            Comparison::Number(NumberTest::LessThan(bound)) => {
                let bound = f64::from(bound);
                if bounds.below.is_none_or(|(old, _)| bound < old) {
                    bounds.below = Some((bound, *index));
                }
            }
            Comparison::Equals(value) => match bounds.equals {
                Some((old, first)) if old != value => clash(first, *index),
                Some(_) => {}
                None => bounds.equals = Some((value, *index)),
            },
            Comparison::Text(_) => {}
        }
    }
    if let (Some((above, first)), Some((below, second))) = (bounds.above, bounds.below)
        && above >= below
    {
        clash(first, second);
    }
    if let Some((Scalar::Number(number), first)) = bounds.equals {
        let number = f64::from(number);
        let outside = [
            bounds.above.filter(|(above, _)| number <= *above),
            bounds.below.filter(|(below, _)| number >= *below),
        ];
        for (_, second) in outside.into_iter().flatten() {
            clash(first, second);
        }
    }
}

/// Adds what looks wrong with one action.
pub(super) fn lint_action(kind: ActionKind, action: Node<'_>, place: impl Fn() -> Pointer, findings: &mut Findings) {
    let mut add =
        |code, name, message: &str| findings.add(Finding::new(code, place().member(name), message.to_owned()));
    for (name, wanted) in [("templateId", "a text"), ("priority", "a number"), ("url", "a text")] {
        let is_wanted = |value: Node<'_>| match value.value() {
            Value::String(_) => wanted == "a text",
            Value::Number(_) => wanted == "a number",
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        if action.get(name).is_some_and(|value| !is_wanted(value)) {
            add(
                Code::ActionMemberType,
                name,
                &format!("in an action, `{name}` is {wanted}"),
            );
        }
    }
    // Another type is a warning already.
    let text = |name| action.get(name).map_or(Some(""), Node::as_str);
    match kind {
        ActionKind::Display if text("templateId") == Some("") => {
            let message = "a `display` action shows the template that `templateId` names, and this names none";
            add(Code::DisplayWithoutTemplate, "templateId", message);
        }
        ActionKind::Webhook if text("url").is_some_and(|url| !is_https(url)) => {
            let message = "a `webhook` action needs a `url` that starts with https://";
            add(Code::WebhookUrl, "url", message);
        }
        ActionKind::Display | ActionKind::Webhook | ActionKind::Call => {}
    }
}

fn is_https(url: &str) -> bool {
    let scheme = url.get(..8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && url.len() > 8
}
