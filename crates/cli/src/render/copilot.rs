//! A Copilot for people: what it says, not how it is written.

use std::fmt::Write;

use domain::copilot::rule_hash;
use domain::json::Node;
use domain::{Copilot, DocumentKind, Stored};

use crate::output::{BOLD, DIM, PLACE, visible};

/// The digits of a hash that are shown.
const DIGITS: usize = 8;

/// The Copilot in lines.
pub(crate) fn describe(stored: &Stored<Copilot>) -> String {
    let copilot = &stored.value;
    let mut text = format!("{BOLD}Copilot of {}{BOLD:#}\n\n", visible(&stored.id.to_string()));
    let threshold = copilot
        .member("nluConfig")
        .and_then(|config| config.get("intentConfidenceThreshold"))
        .map(Node::compact);
    for (name, value) in [
        ("language", copilot.default_language().map(str::to_owned)),
        (
            "live",
            copilot.member("liveOnQueue").map(|live| yes_or_no(live).to_owned()),
        ),
        ("threshold", threshold),
    ] {
        let value = value.unwrap_or_else(|| "not stated".to_owned());
        let _ = writeln!(text, "  {DIM}{name:<9}{DIM:#} {}", visible(&value));
    }
    let _ = writeln!(text, "\n{PLACE}rules: any one condition is enough{PLACE:#}");
    let mut count = 0;
    for rule in copilot.rules() {
        count += 1;
        rule_lines(&mut text, rule);
    }
    if count == 0 {
        let _ = writeln!(text, "  {DIM}(no rules){DIM:#}");
    }
    let fallback = copilot
        .member("ruleEngineConfig")
        .and_then(|config| config.get("fallback"));
    if let Some(fallback) = fallback {
        let _ = writeln!(text, "\n{PLACE}if no rule fires{PLACE:#}");
        let _ = writeln!(text, "  {}", visible(&switched(fallback, &actions(fallback))));
    }
    text
}

fn rule_lines(text: &mut String, rule: Node<'_>) {
    let _ = writeln!(text, "  {DIM}{}{DIM:#} {}", short_hash(rule), visible(&in_a_line(rule)));
}

/// A rule in a line: its switch, its conditions, its actions and its participants.
pub(crate) fn in_a_line(rule: Node<'_>) -> String {
    let body = rule.get("rule");
    let conditions = body.and_then(|body| body.get("conditions"));
    let conditions: Vec<String> = conditions.into_iter().flat_map(Node::elements).map(condition).collect();
    let actions = body.map_or(String::new(), actions);
    let roles: Vec<&str> = rule
        .get("participantRoles")
        .into_iter()
        .flat_map(Node::elements)
        .filter_map(Node::as_str)
        .collect();
    let roles = if roles.is_empty() {
        String::new()
    } else {
        format!("  ({})", roles.join(", "))
    };
    switched(rule, &format!("{} → {actions}{roles}", conditions.join(" or ")))
}

/// The short hash of what a rule says.
pub(crate) fn short_hash(rule: Node<'_>) -> String {
    rule_hash(rule).digits().chars().take(DIGITS).collect()
}

/// A condition in a few words: its type, and what it names.
pub(crate) fn condition(condition: Node<'_>) -> String {
    let kind = condition.get("conditionType").and_then(Node::as_str).unwrap_or("?");
    let values = condition.get("conditionValues").into_iter().flat_map(Node::elements);
    let values: Vec<&str> = values.filter_map(Node::as_str).collect();
    if values.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} {}", values.join(", "))
    }
}

/// The actions of a rule or of the fallback, by their types.
pub(crate) fn actions(holder: Node<'_>) -> String {
    let actions = holder.get("actions").into_iter().flat_map(Node::elements);
    let kinds: Vec<&str> = actions
        .map(|action| action.get("actionType").and_then(Node::as_str).unwrap_or("?"))
        .collect();
    if kinds.is_empty() {
        "nothing".to_owned()
    } else {
        kinds.join(", ")
    }
}

fn switched(part: Node<'_>, line: &str) -> String {
    match part.get("enabled").and_then(Node::as_bool) {
        Some(false) => format!("{line}  [off]"),
        Some(true) | None => line.to_owned(),
    }
}

fn yes_or_no(node: Node<'_>) -> &'static str {
    match node.as_bool() {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
}
