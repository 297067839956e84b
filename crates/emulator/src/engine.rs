//! The engine's limits on a rule that a client sends.
//!
//! All faults of a rule are found; the message states the first, the details state each.

use serde_json::{Map, Value};

use crate::{
    api_error::ApiError,
    operand::{self, Unfit},
};

const MAX_CONDITIONS: usize = 50;
const ACTION_TYPES: [&str; 3] = ["display", "call", "webhook"];
const CONDITION_TEXTS: [&str; 3] = ["type", "field", "operator"];

/// Reads `body` as a rule that may replace `stored`.
///
/// # Errors
///
/// 400 for what is no JSON object, or no rule within the limits.
pub(crate) fn read(body: &[u8], stored: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let value = serde_json::from_slice::<Value>(body).map_err(|error| {
        ApiError::new(
            400,
            "invalid.json",
            format!("The request body is not valid JSON: {error}."),
        )
    })?;
    let Value::Object(rule) = value else {
        return Err(ApiError::new(
            400,
            "invalid.json",
            "The request body must be a JSON object.",
        ));
    };
    match refusal(&faults(&rule, stored)) {
        Some(refusal) => Err(refusal),
        None => Ok(rule),
    }
}

/// One broken limit.
#[derive(Debug, Eq, PartialEq)]
struct Fault {
    code: &'static str,
    field: String,
    message: String,
}

impl Fault {
    fn new(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            field: field.into(),
            message: message.into(),
        }
    }

    fn missing(field: String) -> Self {
        let message = format!("{field} is required.");
        Self::new("missing.field", field, message)
    }
}

fn refusal(faults: &[Fault]) -> Option<ApiError> {
    let first = faults.first()?;
    let refusal = ApiError::new(400, first.code, first.message.as_str()).param("fieldName", first.field.as_str());
    Some(
        faults
            .iter()
            .fold(refusal, |refusal, fault| refusal.detail(fault.code, &fault.field)),
    )
}

fn faults(rule: &Map<String, Value>, stored: &Map<String, Value>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for name in ["id", "ruleType"] {
        faults.extend(kept(rule, stored, name));
    }
    faults.extend(match rule.get("enabled") {
        Some(Value::Bool(_)) => None,
        Some(_) => Some(Fault::new("invalid.value", "enabled", "enabled must be true or false.")),
        None => Some(Fault::missing("enabled".to_owned())),
    });
    for (name, check) in [
        ("conditions", condition as fn(&str, &Value) -> Vec<Fault>),
        ("actions", action),
    ] {
        match rule.get(name) {
            Some(Value::Array(elements)) => {
                if name == "conditions" && elements.len() > MAX_CONDITIONS {
                    let message = format!(
                        "A rule has at most {MAX_CONDITIONS} conditions; this one has {}.",
                        elements.len()
                    );
                    faults.push(Fault::new("too.many.conditions", name, message));
                }
                for (index, element) in elements.iter().enumerate() {
                    faults.extend(check(&format!("{name}[{index}]"), element));
                }
            }
            Some(_) => faults.push(Fault::new("invalid.value", name, format!("{name} must be a list."))),
            None => {}
        }
    }
    faults
}

/// A member that must be there, and as it was.
fn kept(rule: &Map<String, Value>, stored: &Map<String, Value>, name: &str) -> Option<Fault> {
    match rule.get(name) {
        Some(value) if Some(value) == stored.get(name) => None,
        Some(_) => Some(Fault::new(
            "immutable.field",
            name,
            format!("{name} must be that of the existing rule."),
        )),
        None => Some(Fault::missing(name.to_owned())),
    }
}

fn condition(at: &str, condition: &Value) -> Vec<Fault> {
    let Value::Object(condition) = condition else {
        return vec![Fault::new("invalid.value", at, format!("{at} must be an object."))];
    };
    let mut faults = Vec::new();
    for name in CONDITION_TEXTS {
        faults.extend(text(at, condition, name));
    }
    match (condition.get("operator"), condition.get("value")) {
        (_, None) => faults.push(Fault::missing(format!("{at}.value"))),
        (Some(Value::String(operator)), Some(value)) => {
            faults.extend(
                operand::check(operator, value)
                    .err()
                    .map(|unfit| comparison(at, operator, unfit)),
            );
        }
        (Some(_) | None, Some(_)) => {}
    }
    faults
}

fn comparison(at: &str, operator: &str, unfit: Unfit) -> Fault {
    match unfit {
        Unfit::Operator => Fault::new(
            "unsupported.operator",
            format!("{at}.operator"),
            format!("The operator {operator} is not supported."),
        ),
        Unfit::Value => Fault::new(
            "invalid.value",
            format!("{at}.value"),
            format!("{at}.value does not fit the operator {operator}."),
        ),
        Unfit::Pattern => Fault::new(
            "invalid.regex",
            format!("{at}.value"),
            format!("{at}.value is not a regular expression."),
        ),
    }
}

fn action(at: &str, action: &Value) -> Vec<Fault> {
    let Value::Object(action) = action else {
        return vec![Fault::new("invalid.value", at, format!("{at} must be an object."))];
    };
    let fault = text(at, action, "type").or_else(|| {
        let unknown = action
            .get("type")
            .and_then(Value::as_str)
            .filter(|name| !ACTION_TYPES.contains(name))?;
        let message = format!("The action type {unknown} is not supported.");
        Some(Fault::new("unsupported.action.type", format!("{at}.type"), message))
    });
    fault.into_iter().collect()
}

fn text(at: &str, object: &Map<String, Value>, name: &str) -> Option<Fault> {
    match object.get(name) {
        Some(Value::String(_)) => None,
        Some(_) => Some(Fault::new(
            "invalid.value",
            format!("{at}.{name}"),
            format!("{at}.{name} must be a text."),
        )),
        None => Some(Fault::missing(format!("{at}.{name}"))),
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
        faults(rule.as_object().unwrap(), stored.as_object().unwrap())
            .into_iter()
            .map(|fault| (fault.code, fault.field))
            .collect()
    }

    #[test]
    fn every_fault_is_found_where_it_stands() {
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
