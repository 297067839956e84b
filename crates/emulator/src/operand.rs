//! Which value an operator takes.

use regex::Regex;
use serde_json::Value;

/// Syntax that the engine's expressions have and the crate `regex` lacks. A pattern with such syntax cannot be judged
/// here.
const BEYOND_US: [&str; 5] = ["(?=", "(?!", "(?<", "(?>", r"\k<"];

/// Why an operator and its value are refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unfit {
    /// There is no such operator.
    Operator,
    /// The operator takes another kind of value.
    Value,
    /// The value is no regular expression.
    Pattern,
}

/// Checks that `operator` is one and takes `value`.
pub(crate) fn check(operator: &str, value: &Value) -> Result<(), Unfit> {
    match operator {
        "gt" | "lt" => value.is_number().then_some(()).ok_or(Unfit::Value),
        "contains" | "starts_with" | "ends_with" => value.is_string().then_some(()).ok_or(Unfit::Value),
        "equals" => (value.is_string() || value.is_number() || value.is_boolean())
            .then_some(())
            .ok_or(Unfit::Value),
        "regex" => match value.as_str() {
            Some(pattern) if is_beyond_us(pattern) || Regex::new(pattern).is_ok() => Ok(()),
            Some(_) => Err(Unfit::Pattern),
            None => Err(Unfit::Value),
        },
        _ => Err(Unfit::Operator),
    }
}

fn is_beyond_us(pattern: &str) -> bool {
    let back_reference = pattern
        .as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'\\', b'1'..=b'9']));
    back_reference || BEYOND_US.iter().any(|sign| pattern.contains(sign))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operator_takes_the_values_that_fit() {
        let cases = [
            ("gt", json!(0.4), Ok(())),
            ("lt", json!(-3), Ok(())),
            ("lt", json!("0.4"), Err(Unfit::Value)),
            ("gt", json!(null), Err(Unfit::Value)),
            ("contains", json!(""), Ok(())),
            ("contains", json!(1), Err(Unfit::Value)),
            ("starts_with", json!(["a"]), Err(Unfit::Value)),
            ("ends_with", json!(true), Err(Unfit::Value)),
            ("equals", json!("a"), Ok(())),
            ("equals", json!(1), Ok(())),
            ("equals", json!(false), Ok(())),
            ("equals", json!(null), Err(Unfit::Value)),
            ("equals", json!({}), Err(Unfit::Value)),
            ("regex", json!("card (declined|refused)"), Ok(())),
            ("regex", json!("(unclosed"), Err(Unfit::Pattern)),
            ("regex", json!("[a"), Err(Unfit::Pattern)),
            ("regex", json!("*"), Err(Unfit::Pattern)),
            ("regex", json!("a(?=b)"), Ok(())),
            ("regex", json!("(?<!a)b"), Ok(())),
            ("regex", json!(r"(a)\1"), Ok(())),
            ("regex", json!("(?>a)"), Ok(())),
            ("regex", json!(1), Err(Unfit::Value)),
            ("Contains", json!("a"), Err(Unfit::Operator)),
            ("not_contains", json!("a"), Err(Unfit::Operator)),
        ];
        for (operator, value, expected) in cases {
            assert_eq!(check(operator, &value), expected, "{operator} {value}");
        }
    }
}
