//! A rule for people: what it says, not how it is written.

use std::fmt::Write;

use domain::trigger_rule::{Action, ActionKind, Comparison, Condition, TextTest};
use domain::{Stored, TriggerRule};

use crate::output::{BOLD, DIM, PLACE, visible};

/// The rule in lines.
pub(crate) fn describe(stored: &Stored<TriggerRule>) -> String {
    let rule = &stored.value;
    let mut text = format!("{BOLD}{}{BOLD:#}\n", visible(rule.name().unwrap_or("(no name)")));
    if let Some(description) = rule.description() {
        let _ = writeln!(text, "{}", visible(description));
    }
    let enabled = match rule.is_enabled() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not stated",
    };
    let version = stored.version.as_ref().map_or("none".to_owned(), ToString::to_string);
    let metadata = [
        ("id", stored.id.to_string()),
        ("version", version),
        ("type", rule.rule_type().unwrap_or("not stated").to_owned()),
        ("enabled", enabled.to_owned()),
    ];
    text.push('\n');
    for (name, value) in metadata {
        let _ = writeln!(text, "  {DIM}{name:<9}{DIM:#} {}", visible(&value));
    }
    part(&mut text, "when all of", rule, "conditions", |node| {
        Condition::view(node).map(|it| condition(&it))
    });
    part(&mut text, "then", rule, "actions", |node| {
        Action::view(node).map(|it| action(&it))
    });
    text
}

/// The elements of a list, those that cannot be read as they are written.
fn part(
    text: &mut String,
    title: &str,
    rule: &TriggerRule,
    list: &str,
    show: impl Fn(domain::json::Node<'_>) -> Option<String>,
) {
    let _ = writeln!(text, "\n{PLACE}{title}{PLACE:#}");
    let mut count = 0;
    for node in rule.elements(list) {
        count += 1;
        let line = show(node).unwrap_or_else(|| node.compact());
        let _ = writeln!(text, "  {}", visible(&line));
    }
    if count == 0 {
        let _ = writeln!(text, "  {DIM}(no {list}){DIM:#}");
    }
}

fn condition(condition: &Condition<'_>) -> String {
    let comparison = &condition.comparison;
    let value = if let Comparison::Text(TextTest::Regex(pattern)) = comparison {
        format!("/{pattern}/")
    } else if let Some(text) = comparison.text() {
        format!("{text:?}")
    } else {
        comparison.to_json()
    };
    let sign = comparison.operator().sign();
    format!("{} {sign} {value}  ({})", condition.field, condition.kind)
}

fn action(action: &Action<'_>) -> String {
    let target = match action.kind {
        ActionKind::Display => action.template_id.as_deref(),
        ActionKind::Webhook => action.url.as_deref(),
        ActionKind::Call => None,
    };
    let target = target.map_or(String::new(), |target| format!(" {target}"));
    let priority = action
        .priority
        .as_ref()
        .map_or(String::new(), |priority| format!("  (priority {})", priority.as_str()));
    format!("{}{target}{priority}", action.kind.name())
}
