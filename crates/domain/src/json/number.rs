//! Numbers by their digits.
//!
//! JSON has decimal numbers of any length; most programs hold them as 64-bit integers and doubles. A [`Number`]
//! is what was written, compares by value, and tells whether such a program would hold it exactly.

use std::borrow::Cow;

use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A number as it was written.
#[derive(Clone, Copy, Debug)]
pub struct Number<'d> {
    raw: &'d str,
    precision: Precision,
}

/// The precision in which the fractions of a document are kept by its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Digit by digit: two fractions are equal if they have one value.
    #[default]
    Exact,
    /// Fractions as float32: `0.6` comes back as `0.6000000238418579`, so these two are equal. Whole numbers digit by digit.
    Single,
}

/// The number of digits that a 64-bit integer or a double always holds exactly.
const DIGITS_ALWAYS_HELD: usize = 15;

impl<'d> Number<'d> {
    /// `raw` is a number of JSON's grammar: the parser is the one who makes these.
    pub(super) fn new(raw: &'d str, precision: Precision) -> Self {
        Self { raw, precision }
    }

    /// The number as it was written.
    pub fn raw(self) -> &'d str {
        self.raw
    }

    /// The nearest double; infinite for what is out of range.
    pub fn to_f64(self) -> f64 {
        self.raw.parse().unwrap_or(f64::NAN)
    }

    /// True if a 64-bit integer or a double holds the number so that printing gives the same value.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    ///
    /// let exact = |text: &str| text.parse::<Document>().map(|number| number.inexact_numbers().is_empty());
    /// assert_eq!(exact("0.4"), Ok(true));
    /// assert_eq!(exact("18446744073709551615"), Ok(true));
    /// assert_eq!(exact("18446744073709551617"), Ok(false));
    /// assert_eq!(exact("0.1000000000000000055"), Ok(false));
    /// ```
    pub fn is_exact(self) -> bool {
        if self.raw.len() <= DIGITS_ALWAYS_HELD && !self.raw.contains(['e', 'E']) {
            return true;
        }
        if self.raw.parse::<u64>().is_ok() || self.raw.parse::<i64>().is_ok() {
            return true;
        }
        // Why not std's printer: where two shortest spellings are equally near, it takes the other one than serde_json.
        let held = serde_json::Number::from_f64(self.to_f64());
        held.is_some_and(|held| Decimal::of(&held.to_string()) == Decimal::of(self.raw))
    }
}

impl Number<'_> {
    /// One text for all spellings of a value.
    pub(crate) fn canonical(self) -> String {
        let Decimal {
            negative,
            digits,
            exponent,
        } = Decimal::of(&self.kept());
        format!("{}{digits}e{exponent}", if negative { "-" } else { "" })
    }

    /// The number as its server keeps it: a fraction of single precision with the fewest digits that mean the same float32,
    /// anything else as it was written.
    pub(crate) fn kept(&self) -> Cow<'_, str> {
        match self.precision {
            Precision::Exact => self.raw.into(),
            Precision::Single => self
                .as_single()
                .map_or(self.raw.into(), |single| single.to_string().into()),
        }
    }

    /// The float32 that it is kept as, if it is kept as one: it has a fraction, and is in the range.
    fn as_single(self) -> Option<f32> {
        let single: f32 = self.raw.parse().ok()?;
        (Decimal::of(self.raw).has_fraction() && single.is_finite()).then_some(single)
    }
}

/// By value: `1`, `1.0` and `10e-1` are equal. If one of the two is of [single precision](Precision::Single), by the values that
/// such a server keeps.
impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.raw == other.raw || Decimal::of(self.raw) == Decimal::of(other.raw) {
            return true;
        }
        let are_kept_exactly = [self, other].iter().all(|number| number.precision == Precision::Exact);
        let single = |number: &Self| Self::new(number.raw, Precision::Single).canonical();
        !are_kept_exactly && single(self) == single(other)
    }
}

/// Digit for digit where `serde_json` prints: as its [`RawValue`], which other serializers see as a struct. Another
/// format is printed by way of JSON. A `serde_json::Value` holds a double, and refuses a number that no double reaches.
///
/// ```
/// use assist_rules_domain::json::Document;
///
/// let document: Document = r#"[1.50, -0, 1e400]"#.parse()?;
/// assert_eq!(serde_json::to_string(&document)?, "[1.50,-0,1e400]");
/// assert!(serde_json::to_value(&document).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.raw).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// A decimal number in the one form that each value has: 0.DIGITS times ten to the exponent, without zeros at
/// either end of the digits.
#[derive(PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i128,
}

impl Decimal {
    /// True if its last digit stands behind the decimal point.
    fn has_fraction(&self) -> bool {
        self.exponent < places(self.digits.len())
    }

    fn of(raw: &str) -> Self {
        let (negative, raw) = match raw.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, raw),
        };
        let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let written: String = [whole, fraction].concat();
        let digits = written.trim_start_matches('0');
        let leading_zeros = written.len() - digits.len();
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() {
            return Self {
                negative: false,
                digits: String::new(),
                exponent: 0,
            };
        }
        Self {
            negative,
            digits: digits.to_owned(),
            exponent: places(whole.len()) - places(leading_zeros) + exponent_of(exponent),
        }
    }
}

fn places(count: usize) -> i128 {
    i128::try_from(count).unwrap_or(i128::MAX)
}

/// An exponent with more digits than fit is as good as any other that no double reaches.
fn exponent_of(text: &str) -> i128 {
    let limit = i128::from(i64::MAX);
    text.parse::<i128>()
        .unwrap_or(if text.starts_with('-') { -limit } else { limit })
        .clamp(-limit, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(raw: &str) -> Number<'_> {
        Number::new(raw, Precision::Exact)
    }

    #[test]
    fn fractions_of_single_precision_are_equal_if_they_are_one_float32() {
        for (ours, theirs, equal) in [
            ("0.6", "0.6000000238418579", true),
            ("0.995", "0.9950000047683716", true),
            ("0.99", "0.995", false),
            ("16777216", "16777217", false),
            ("16777216.5", "16777216.25", true),
            ("16777216.5", "16777216", true),
            ("16777216.5", "16777217", false),
            ("0.99999999", "1.0", true),
            ("-0.6", "0.6", false),
            ("6e-1", "0.60000002384", true),
            ("1e-60", "2e-60", true),
            ("1e300", "1.5e300", false),
        ] {
            let single = Number::new(ours, Precision::Single);
            assert_eq!(single == number(theirs), equal, "{ours} {theirs}");
            assert_eq!(number(theirs) == single, equal, "{theirs} {ours}");
            let other = Number::new(theirs, Precision::Single);
            assert_eq!(single.canonical() == other.canonical(), equal, "{ours} {theirs}");
        }
        assert_ne!(number("0.6"), number("0.6000000238418579"));
    }

    #[test]
    fn exact_is_what_sixty_four_bits_hold() {
        for (raw, exact) in [
            ("0", true),
            ("-0", true),
            ("-0.0", true),
            ("9007199254740993", true),
            ("-9223372036854775808", true),
            ("-9223372036854775809", false),
            ("18446744073709551616", false),
            ("1e22", true),
            ("1E2", true),
            ("1.0000000000000000000000", true),
            ("1.7976931348623157e308", true),
            ("1e309", false),
            ("5e-324", true),
            ("1e-400", false),
            ("0e999999999999999999999", true),
            ("3.14159265358979323846", false),
            ("3.141592653589793", true),
            ("1540775571905066.2", true),
        ] {
            assert_eq!(number(raw).is_exact(), exact, "{raw}");
        }
    }

    #[test]
    fn equal_is_by_value() {
        for (ours, theirs, equal) in [
            ("1", "1.0", true),
            ("10", "1e1", true),
            ("0.5", "5e-1", true),
            ("0", "-0", true),
            ("100", "10", false),
            ("1", "-1", false),
            ("9007199254740993", "9007199254740992", false),
        ] {
            assert_eq!(number(ours) == number(theirs), equal, "{ours} {theirs}");
        }
    }
}
