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
use crate::json::Node;
use crate::pointer::Pointer;

/// Adds what looks wrong with one condition.
pub(super) fn lint_condition(condition: &Condition<'_>, at_value: impl Fn() -> Pointer, findings: &mut Findings) {
    let is_pattern = condition.comparison.operator() == Operator::Regex;
    if condition.comparison.text() == Some("") && !is_pattern {
        findings.add(Finding::new(Code::EmptyText, at_value(), "the text is empty"));
    }
    if let Some(bound) = condition.comparison.number().map(f64::from)
        && condition.kind == "sentiment"
        && !(0.0..=1.0).contains(&bound)
    {
        let message = format!("sentiment runs from 0 to 1, and this compares it with {bound}");
        findings.add(Finding::new(Code::SentimentBound, at_value(), message));
    }
}

/// Adds what looks wrong with conditions that stand beside each other. The order of `conditions` is lost.
pub(super) fn lint_conditions(conditions: &mut [(usize, Condition<'_>)], place: &Pointer, findings: &mut Findings) {
    conditions.sort_by(|(_, ours), (_, theirs)| by_field(ours, theirs));
    let mut seen = Vec::new();
    for group in conditions.chunk_by(|(_, ours), (_, theirs)| ours.field == theirs.field) {
        for pair in group.windows(2) {
            if let [(first, ours), (second, theirs)] = pair
                && by_field(ours, theirs) == Ordering::Equal
            {
                let message = format!("the condition says the same as `{}`", place.index(*first));
                seen.push((
                    *second,
                    Finding::new(Code::DuplicateCondition, place.index(*second), message),
                ));
            }
        }
        contradictions(group, place, &mut seen);
    }
    seen.sort_by_key(|(index, _)| *index);
    findings.extend(seen.into_iter().map(|(_, finding)| finding));
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

fn contradictions(group: &[(usize, Condition<'_>)], place: &Pointer, seen: &mut Vec<(usize, Finding)>) {
    let mut bounds = Bounds::default();
    let mut clash = |first: usize, second: usize| {
        let (first, second) = (first.min(second), first.max(second));
        let message = format!("no value satisfies both this and `{}`", place.index(first));
        let pointer = place.index(second).member("value");
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
pub(super) fn lint_action(kind: ActionKind, action: Node<'_>, place: &Pointer, findings: &mut Findings) {
    let text = |name| action.get(name).and_then(Node::as_str).filter(|text| !text.is_empty());
    match kind {
        ActionKind::Display if text("templateId").is_none() => {
            let message = "a `display` action shows the template that `templateId` names, and this names none";
            findings.add(Finding::new(
                Code::DisplayWithoutTemplate,
                place.member("templateId"),
                message,
            ));
        }
        ActionKind::Webhook if !text("url").is_some_and(is_https) => {
            let message = "a `webhook` action needs a `url` that starts with https://";
            findings.add(Finding::new(Code::WebhookUrl, place.member("url"), message));
        }
        ActionKind::Display | ActionKind::Webhook | ActionKind::Call => {}
    }
}

fn is_https(url: &str) -> bool {
    let scheme = url.get(..8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && url.len() > 8
}
