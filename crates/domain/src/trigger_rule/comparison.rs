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

/// Makes the types of the operators from one table: `takes Variant "name" "sign";`, in the order of the platform's
/// documentation. `text` and `pattern` take a text, `number` a number, and `any` a text, a number or a truth value.
macro_rules! operators {
    // Sorts the rows by what they take.
    (@sort $all:tt [$($text:tt)*] $number:tt $any:tt text $variant:ident $name:literal $sign:literal; $($rest:tt)*) => {
        operators!(@sort $all [$($text)* $variant $name] $number $any $($rest)*);
    };
    (@sort $all:tt [$($text:tt)*] $number:tt $any:tt pattern $variant:ident $name:literal $sign:literal; $($rest:tt)*) => {
        operators!(@sort $all [$($text)* $variant $name] $number $any $($rest)*);
    };
    (@sort $all:tt $text:tt [$($number:tt)*] $any:tt number $variant:ident $name:literal $sign:literal; $($rest:tt)*) => {
        operators!(@sort $all $text [$($number)* $variant $name] $any $($rest)*);
    };
    (@sort $all:tt $text:tt $number:tt [$($any:tt)*] any $variant:ident $name:literal $sign:literal; $($rest:tt)*) => {
        operators!(@sort $all $text $number [$($any)* $variant $name] $($rest)*);
    };
    (@takes text) => { "a text" };
    (@takes pattern) => { "a text that is a regular expression" };
    (@takes number) => { "a finite number" };
    (@takes any) => { "a text, a number, or true or false" };
    (
        @sort [$($takes:ident $all:ident $name:literal $sign:literal;)*]
        [$($text:ident $text_name:literal)*] [$($number:ident $number_name:literal)*] [$($any:ident $any_name:literal)*]
    ) => {
        /// The operators of the engine, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Operator {
            $(#[doc = concat!("`", $name, "`")] $all,)*
        }

        impl Operator {
            /// All of them, in the order of the platform's documentation.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$all),*];

            /// Their names, in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),*];

            /// The operator of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$all),)*
                    _ => None,
                }
            }

            /// The name in documents.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$all => $name,)*
                }
            }

            /// The sign or the verb for people: `<`, `starts with`.
            pub fn sign(self) -> &'static str {
                match self {
                    $(Self::$all => $sign,)*
                }
            }

            /// The operand that the operator takes, in words.
            pub fn takes(self) -> &'static str {
                match self {
                    $(Self::$all => operators!(@takes $takes),)*
                }
            }
        }

        /// Operator and operand of a condition.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Comparison<'r> {
            /// A test on texts.
            Text(TextTest<'r>),
            /// A test on numbers.
            Number(NumberTest<'r>),
            $(#[doc = concat!("`", $any_name, "`, on anything.")] $any(Scalar<'r>),)*
        }

        /// A test on texts. Whether the engine minds case is not documented.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum TextTest<'r> {
            $(#[doc = concat!("`", $text_name, "`")] $text(Cow<'r, str>),)*
        }

        /// A test on numbers.
        #[derive(Clone, Debug, PartialEq)]
        pub enum NumberTest<'r> {
            $(#[doc = concat!("`", $number_name, "`")] $number(Finite<'r>),)*
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
                    $(Operator::$text => Self::Text(TextTest::$text(text()?)),)*
                    $(Operator::$number => Self::Number(NumberTest::$number(number()?)),)*
                    $(Operator::$any => Self::$any(match value.value() {
                        Value::String(text) => Scalar::Text(text.into()),
                        Value::Bool(truth) => Scalar::Bool(truth),
                        Value::Number(_) => Scalar::Number(number()?),
                        Value::Null | Value::Array(_) | Value::Object(_) => return Err(misfit),
                    }),)*
                })
            }

            /// The operator.
            pub fn operator(&self) -> Operator {
                match self {
                    $(Self::Text(TextTest::$text(_)) => Operator::$text,)*
                    $(Self::Number(NumberTest::$number(_)) => Operator::$number,)*
                    $(Self::$any(_) => Operator::$any,)*
                }
            }

            /// The text compared with, if it is one.
            pub fn text(&self) -> Option<&str> {
                match self {
                    Self::Text($(TextTest::$text(text))|*) $(| Self::$any(Scalar::Text(text)))* => Some(text),
                    Self::Number(_) $(| Self::$any(Scalar::Number(_) | Scalar::Bool(_)))* => None,
                }
            }

            /// The number compared with, if it is one.
            pub fn number(&self) -> Option<&Finite<'r>> {
                match self {
                    Self::Number($(NumberTest::$number(number))|*) $(| Self::$any(Scalar::Number(number)))* => Some(number),
                    Self::Text(_) $(| Self::$any(Scalar::Text(_) | Scalar::Bool(_)))* => None,
                }
            }

            /// The truth value compared with, if it is one.
            pub fn truth(&self) -> Option<bool> {
                match self {
                    $(Self::$any(Scalar::Bool(truth)) => Some(*truth),)*
                    Self::Text(_) | Self::Number(_) $(| Self::$any(Scalar::Text(_) | Scalar::Number(_)))* => None,
                }
            }
        }
    };
    ($($table:tt)*) => { operators!(@sort [$($table)*] [] [] [] $($table)*); };
}

operators! {
    text Contains "contains" "contains";
    any Equals "equals" "=";
    text StartsWith "starts_with" "starts with";
    text EndsWith "ends_with" "ends with";
    pattern Regex "regex" "matches";
    number GreaterThan "gt" ">";
    number LessThan "lt" "<";
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

/// The value does not fit the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` takes {}", operator.name(), operator.takes())]
pub struct OperandTypeError {
    /// The operator.
    pub operator: Operator,
}

impl Comparison<'_> {
    /// The value as JSON: a number with its digits.
    pub fn to_json(&self) -> String {
        let text = self.text().map(|text| serde_json::Value::from(text).to_string());
        let truth = self.truth().map(|truth| truth.to_string());
        let number = || self.number().map_or("null", Finite::as_str).to_owned();
        text.or(truth).unwrap_or_else(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    #[test]
    fn names_are_in_the_order_of_all() {
        assert_eq!(Operator::ALL.map(Operator::name), Operator::NAMES);
        assert_eq!(Operator::NAMES.map(Operator::from_name), Operator::ALL.map(Some));
    }

    #[test]
    fn each_operator_takes_what_the_platform_says() {
        let values = ["\"text\"", "0.40", "true", "null", "[]", "{}", "1e400"];
        let rows = [
            ("contains", [true, false, false, false, false, false, false]),
            ("starts_with", [true, false, false, false, false, false, false]),
            ("ends_with", [true, false, false, false, false, false, false]),
            ("regex", [true, false, false, false, false, false, false]),
            ("equals", [true, true, true, false, false, false, false]),
            ("gt", [false, true, false, false, false, false, false]),
            ("lt", [false, true, false, false, false, false, false]),
        ];
        let mut names = rows.map(|(name, _)| name);
        names.sort_unstable();
        let mut all = Operator::NAMES;
        all.sort_unstable();
        assert_eq!(names[..], all[..], "each operator has a row");
        for (name, fits) in rows {
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
