//! A finite number that keeps its digits.

use std::borrow::Cow;

use super::{Number, Precision};

/// A finite number, with the digits that it was written with.
///
/// ```
/// use assist_rules_domain::json::Finite;
///
/// assert_eq!(Finite::try_from(0.4)?.as_str(), "0.4");
/// assert_eq!(Finite::from(1).as_str(), "1");
/// assert!(Finite::try_from(f64::NAN).is_err());
/// # Ok::<(), assist_rules_domain::json::NotFiniteError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Finite<'d> {
    text: Cow<'d, str>,
    /// The nearest double, read once: each check compares it.
    nearest: f64,
}

/// The number is infinite or no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number is not finite")]
pub struct NotFiniteError;

impl Finite<'_> {
    /// The number as JSON.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        self.nearest
    }
}

/// By value: `1` and `1.0` are equal.
impl PartialEq for Finite<'_> {
    fn eq(&self, other: &Self) -> bool {
        Number::new(&self.text, Precision::Exact) == Number::new(&other.text, Precision::Exact)
    }
}

/// A number that no double holds is none that an engine compares with.
impl<'d> TryFrom<Number<'d>> for Finite<'d> {
    type Error = NotFiniteError;

    fn try_from(number: Number<'d>) -> Result<Self, Self::Error> {
        let nearest = number.to_f64();
        if nearest.is_finite() {
            let text = number.raw().into();
            Ok(Self { text, nearest })
        } else {
            Err(NotFiniteError)
        }
    }
}

/// Whole numbers are written without a fraction: an engine that wants an integer may refuse `1.0`.
impl TryFrom<f64> for Finite<'_> {
    type Error = NotFiniteError;

    fn try_from(nearest: f64) -> Result<Self, Self::Error> {
        let number = serde_json::Number::from_f64(nearest).ok_or(NotFiniteError)?;
        let text = number.to_string();
        let is_negative_zero = text == "-0.0";
        let whole = text.strip_suffix(".0").filter(|_| !is_negative_zero);
        let text = whole.map_or_else(|| text.clone(), str::to_owned).into();
        Ok(Self { text, nearest })
    }
}

impl From<i32> for Finite<'_> {
    fn from(number: i32) -> Self {
        Self {
            text: number.to_string().into(),
            nearest: number.into(),
        }
    }
}

impl From<Finite<'_>> for f64 {
    fn from(number: Finite<'_>) -> Self {
        number.to_f64()
    }
}

impl From<&Finite<'_>> for f64 {
    fn from(number: &Finite<'_>) -> Self {
        number.to_f64()
    }
}
