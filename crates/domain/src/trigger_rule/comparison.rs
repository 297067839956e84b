//! The comparison of a condition: operator and operand as one value.
//!
//! `gt` with a text cannot be held:
//!
//! ```compile_fail
//! use assist_rules_domain::trigger_rule::{Comparison, NumberTest};
//! let wrong = Comparison::Number(NumberTest::GreaterThan("high"));
//! ```

use std::borrow::Cow;

use crate::json::{Finite, Node, Value};

/// Operator and operand of a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison<'r> {
    /// A test on texts.
    Text(TextTest<'r>),
    /// A test on numbers.
    Number(NumberTest<'r>),
    /// `equals`, on anything.
    Equals(Scalar<'r>),
}

/// A test on texts. Whether the engine minds case is not documented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest<'r> {
    /// `contains`
    Contains(Cow<'r, str>),
    /// `starts_with`
    StartsWith(Cow<'r, str>),
    /// `ends_with`
    EndsWith(Cow<'r, str>),
    /// `regex`
    Regex(Cow<'r, str>),
}

/// A test on numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberTest<'r> {
    /// `gt`
    GreaterThan(Finite<'r>),
    /// `lt`
    LessThan(Finite<'r>),
}

/// The operand of `equals`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'r> {
    /// A text.
    Text(Cow<'r, str>),
    /// A number.
    Number(Finite<'r>),
    /// A truth value.
    Bool(bool),
}

/// The operators of the engine, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `contains`
    Contains,
    /// `equals`
    Equals,
    /// `starts_with`
    StartsWith,
    /// `ends_with`
    EndsWith,
    /// `regex`
    Regex,
    /// `gt`
    GreaterThan,
    /// `lt`
    LessThan,
}

/// The value does not fit the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` takes {}", operator.name(), operator.takes())]
pub struct OperandTypeError {
    /// The operator.
    pub operator: Operator,
}

impl Operator {
    /// All of them, in the order of the platform's documentation.
    pub const ALL: [Self; 7] = [
        Self::Contains,
        Self::Equals,
        Self::StartsWith,
        Self::EndsWith,
        Self::Regex,
        Self::GreaterThan,
        Self::LessThan,
    ];

    /// Their names, in the same order.
    pub const NAMES: [&'static str; 7] = ["contains", "equals", "starts_with", "ends_with", "regex", "gt", "lt"];

    /// The operator of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contains => "contains",
            Self::Equals => "equals",
            Self::StartsWith => "starts_with",
            Self::EndsWith => "ends_with",
            Self::Regex => "regex",
            Self::GreaterThan => "gt",
            Self::LessThan => "lt",
        }
    }

    /// The operand that the operator takes, in words.
    #[must_use]
    pub fn takes(self) -> &'static str {
        match self {
            Self::Contains | Self::StartsWith | Self::EndsWith => "a text",
            Self::Regex => "a text that is a regular expression",
            Self::Equals => "a text, a number, or true or false",
            Self::GreaterThan | Self::LessThan => "a finite number",
        }
    }
}

impl<'r> Comparison<'r> {
    /// Puts an operator and a value together.
    ///
    /// # Errors
    ///
    /// If the value does not fit the operator.
    pub fn new(operator: Operator, value: Node<'r>) -> Result<Self, OperandTypeError> {
        let misfit = OperandTypeError { operator };
        let text = || value.as_str().map(Cow::Borrowed).ok_or(misfit);
        let number = || {
            let number = value.as_number().ok_or(misfit)?;
            Finite::try_from(number).map_err(|_| misfit)
        };
        Ok(match operator {
            Operator::Contains => Self::Text(TextTest::Contains(text()?)),
            Operator::StartsWith => Self::Text(TextTest::StartsWith(text()?)),
            Operator::EndsWith => Self::Text(TextTest::EndsWith(text()?)),
            Operator::Regex => Self::Text(TextTest::Regex(text()?)),
            Operator::GreaterThan => Self::Number(NumberTest::GreaterThan(number()?)),
            Operator::LessThan => Self::Number(NumberTest::LessThan(number()?)),
            Operator::Equals => Self::Equals(match value.value() {
                Value::String(text) => Scalar::Text(text.into()),
                Value::Bool(truth) => Scalar::Bool(truth),
                Value::Number(_) => Scalar::Number(number()?),
                Value::Null | Value::Array(_) | Value::Object(_) => return Err(misfit),
            }),
        })
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> Operator {
        match self {
            Self::Text(TextTest::Contains(_)) => Operator::Contains,
            Self::Text(TextTest::StartsWith(_)) => Operator::StartsWith,
            Self::Text(TextTest::EndsWith(_)) => Operator::EndsWith,
            Self::Text(TextTest::Regex(_)) => Operator::Regex,
            Self::Number(NumberTest::GreaterThan(_)) => Operator::GreaterThan,
            Self::Number(NumberTest::LessThan(_)) => Operator::LessThan,
            Self::Equals(_) => Operator::Equals,
        }
    }

    /// The text compared with, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(
                TextTest::Contains(text)
                | TextTest::StartsWith(text)
                | TextTest::EndsWith(text)
                | TextTest::Regex(text),
            )
            | Self::Equals(Scalar::Text(text)) => Some(text),
            Self::Number(_) | Self::Equals(Scalar::Number(_) | Scalar::Bool(_)) => None,
        }
    }

    /// The number compared with, if it is one.
    #[must_use]
    pub fn number(&self) -> Option<&Finite<'r>> {
        match self {
            Self::Number(NumberTest::GreaterThan(number) | NumberTest::LessThan(number))
            | Self::Equals(Scalar::Number(number)) => Some(number),
            Self::Text(_) | Self::Equals(Scalar::Text(_) | Scalar::Bool(_)) => None,
        }
    }

    /// The value as JSON: a number with its digits.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Equals(Scalar::Bool(truth)) => truth.to_string(),
            Self::Text(_) | Self::Number(_) | Self::Equals(Scalar::Text(_) | Scalar::Number(_)) => {
                let text = self.text().map(|text| serde_json::Value::from(text).to_string());
                let number = || self.number().map_or("null", Finite::as_str).to_owned();
                text.unwrap_or_else(number)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn names_are_in_the_order_of_all() {
        assert_eq!(Operator::ALL.map(Operator::name), Operator::NAMES);
    }

    #[test]
    fn each_operator_takes_what_the_platform_says() {
        let values = ["\"text\"", "0.40", "true", "null", "[]", "{}", "1e400"];
        for (name, fits) in [
            ("contains", [true, false, false, false, false, false, false]),
            ("starts_with", [true, false, false, false, false, false, false]),
            ("ends_with", [true, false, false, false, false, false, false]),
            ("regex", [true, false, false, false, false, false, false]),
            ("equals", [true, true, true, false, false, false, false]),
            ("gt", [false, true, false, false, false, false, false]),
            ("lt", [false, true, false, false, false, false, false]),
        ] {
            for (value, fits) in values.into_iter().zip(fits) {
                let document: Document = value.parse().unwrap();
                let comparison = Comparison::new(Operator::from_name(name).unwrap(), document.root());
                assert_eq!(comparison.is_ok(), fits, "{name} {value}");
                if let Ok(comparison) = comparison {
                    assert_eq!(comparison.operator().name(), name);
                    assert_eq!(comparison.to_json(), value);
                }
            }
        }
    }
}
