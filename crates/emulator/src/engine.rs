//! The engine's limits on a rule that a client sends.
//!
//! All violations of a rule are found.

use serde_json::{Map, Value};

use crate::{
    api_error::ApiError,
    operand::{self, Unfit},
    violation::{self, Violation},
};

const MAX_CONDITIONS: usize = 50;
const ACTION_TYPES: [&str; 3] = ["display", "call", "webhook"];
const CONDITION_TEXTS: [&str; 3] = ["type", "field", "operator"];

/// Lets a rule through that may replace `stored`.
///
/// # Errors
///
/// 400 for what is no rule within the limits.
pub(crate) fn require(rule: &Map<String, Value>, stored: &Map<String, Value>) -> Result<(), ApiError> {
    violation::require_none(&violations(rule, stored))
}

fn violations(rule: &Map<String, Value>, stored: &Map<String, Value>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for name in ["id", "ruleType"] {
        violations.extend(kept(rule, stored, name));
    }
    violations.extend(match rule.get("enabled") {
        Some(Value::Bool(_)) => None,
        Some(_) => Some(Violation::invalid("enabled", "true or false")),
        None => Some(Violation::missing("enabled")),
    });
    for (name, check) in [
        ("conditions", condition as fn(&str, &Value) -> Vec<Violation>),
        ("actions", action),
    ] {
        match rule.get(name) {
            Some(Value::Array(elements)) => {
                if name == "conditions" && elements.len() > MAX_CONDITIONS {
                    let message = format!(
                        "A rule has at most {MAX_CONDITIONS} conditions; this one has {}.",
                        elements.len()
                    );
                    violations.push(Violation::new("too.many.conditions", name, message));
                }
                for (index, element) in elements.iter().enumerate() {
                    violations.extend(check(&format!("{name}[{index}]"), element));
                }
            }
            Some(_) => violations.push(Violation::invalid(name, "a list")),
            None => {}
        }
    }
    violations
}

/// A member that must be there, and as it was.
fn kept(rule: &Map<String, Value>, stored: &Map<String, Value>, name: &str) -> Option<Violation> {
    match rule.get(name) {
        Some(value) if Some(value) == stored.get(name) => None,
        Some(_) => Some(Violation::new(
            "immutable.field",
            name,
            format!("{name} must be that of the existing rule."),
        )),
        None => Some(Violation::missing(name)),
    }
}

fn condition(at: &str, condition: &Value) -> Vec<Violation> {
    let Value::Object(condition) = condition else {
        return vec![Violation::invalid(at, "an object")];
    };
    let mut violations = Vec::new();
    for name in CONDITION_TEXTS {
        violations.extend(text(at, condition, name));
    }
    match (condition.get("operator"), condition.get("value")) {
        (_, None) => violations.push(Violation::missing(format!("{at}.value"))),
        (Some(Value::String(operator)), Some(value)) => {
            violations.extend(
                operand::check(operator, value)
                    .err()
                    .map(|unfit| comparison(at, operator, unfit)),
            );
        }
        (Some(_) | None, Some(_)) => {}
    }
    violations
}

fn comparison(at: &str, operator: &str, unfit: Unfit) -> Violation {
    match unfit {
        Unfit::Operator => Violation::new(
            "unsupported.operator",
            format!("{at}.operator"),
            format!("The operator {operator} is not supported."),
        ),
        Unfit::Value => Violation::new(
            "invalid.value",
            format!("{at}.value"),
            format!("{at}.value does not fit the operator {operator}."),
        ),
        Unfit::Pattern => Violation::new(
            "invalid.regex",
            format!("{at}.value"),
            format!("{at}.value is not a regular expression."),
        ),
    }
}

fn action(at: &str, action: &Value) -> Vec<Violation> {
    let Value::Object(action) = action else {
        return vec![Violation::invalid(at, "an object")];
    };
    let violation = text(at, action, "type").or_else(|| {
        let unknown = action
            .get("type")
            .and_then(Value::as_str)
            .filter(|name| !ACTION_TYPES.contains(name))?;
        let message = format!("The action type {unknown} is not supported.");
        Some(Violation::new("unsupported.action.type", format!("{at}.type"), message))
    });
    violation.into_iter().collect()
}

fn text(at: &str, object: &Map<String, Value>, name: &str) -> Option<Violation> {
    match object.get(name) {
        Some(Value::String(_)) => None,
        Some(_) => Some(Violation::invalid(format!("{at}.{name}"), "a text")),
        None => Some(Violation::missing(format!("{at}.{name}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(change: &Value) -> Vec<(&'static str, String)> {
        let stored = json!({"id": "a", "ruleType": "conversation", "enabled": true});
        let mut rule = stored.clone();
        for (name, value) in change.as_object().unwrap() {
            rule[name] = value.clone();
        }
        violations(rule.as_object().unwrap(), stored.as_object().unwrap())
            .into_iter()
            .map(|violation| (violation.code, violation.field))
            .collect()
    }

    #[test]
    fn every_violation_is_found_where_it_stands() {
        let change = json!({
            "enabled": "yes",
            "conditions": [
                {"type": "keyword", "field": "f", "operator": "contains", "value": "x", "stranger": [1]},
                {"type": 1, "operator": "like", "value": "x"},
                7,
                {"type": "keyword", "field": "f", "operator": "gt"},
            ],
            "actions": [{"type": "display", "any": {}}, {"type": "email"}, {}, []],
        });
        let expected = [
            ("invalid.value", "enabled"),
            ("invalid.value", "conditions[1].type"),
            ("missing.field", "conditions[1].field"),
            ("unsupported.operator", "conditions[1].operator"),
            ("invalid.value", "conditions[2]"),
            ("missing.field", "conditions[3].value"),
            ("unsupported.action.type", "actions[1].type"),
            ("missing.field", "actions[2].type"),
            ("invalid.value", "actions[3]"),
        ];
        assert_eq!(found(&change), expected.map(|(code, field)| (code, field.to_owned())));
    }

    #[test]
    fn the_fiftieth_condition_is_the_last() {
        let conditions = |count| {
            let condition = json!({"type": "keyword", "field": "f", "operator": "equals", "value": 1});
            json!({"conditions": vec![condition; count]})
        };
        assert_eq!(found(&conditions(50)), []);
        assert_eq!(
            found(&conditions(51)),
            [("too.many.conditions", "conditions".to_owned())]
        );
    }
}
