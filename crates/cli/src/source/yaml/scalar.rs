//! Numbers by the core schema of YAML 1.2 (10.3.2), as JSON writes them.

use domain::json::Document;

/// A plain scalar that the library took for a number, as it does those of YAML 1.1 too, such as `1_000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A number, in the digits that were written where JSON has them.
    Number(String),
    /// A number whose first digits are zeros, which JSON does not have.
    LeadingZeros(String),
    /// A text.
    Text,
    /// An infinite number, or none.
    NotFinite,
}

impl Scalar {
    /// The scalar that was written so and read as that number.
    pub(super) fn of(written: &str, read: &str) -> Self {
        if is_json(written) {
            return Self::Number(written.to_owned());
        }
        let bare = written.strip_prefix(['+', '-']).unwrap_or(written);
        if matches!(bare, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
            return Self::NotFinite;
        }
        if let Some(digits) = written.strip_prefix("0o") {
            return integer(digits, 8).map_or(Self::Text, Self::Number);
        }
        if let Some(digits) = written.strip_prefix("0x") {
            return integer(digits, 16).map_or(Self::Text, Self::Number);
        }
        let sign = if written.starts_with('-') { "-" } else { "" };
        if let Some((whole, rest)) = decimal(bare) {
            let kept = whole.trim_start_matches('0');
            let number = format!("{sign}{}{rest}", if kept.is_empty() { "0" } else { kept });
            let has_zeros = whole.len() > 1 && whole.starts_with('0');
            return match (is_json(&number), has_zeros) {
                (true, true) => Self::LeadingZeros(number),
                (true, false) => Self::Number(number),
                (false, _) => Self::NotFinite,
            };
        }
        // Why: a quote, a tag or an alias stands there, and says more than the digits.
        let is_plain = written
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte));
        if is_plain {
            Self::Text
        } else if is_json(read) {
            Self::Number(read.to_owned())
        } else {
            Self::NotFinite
        }
    }
}

fn is_json(text: &str) -> bool {
    Document::parse(text).is_ok_and(|it| it.root().as_number().is_some())
}

fn integer(digits: &str, radix: u32) -> Option<String> {
    let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    let number = u128::from_str_radix(digits, radix).ok();
    number.filter(|_| is_number).map(|number| number.to_string())
}

/// The digits before the point, and the rest as JSON writes it, of `( \\. [0-9]+ | [0-9]+ ( \\. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
fn decimal(text: &str) -> Option<(&str, String)> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            is_digits(digits).then_some((mantissa, format!("e{exponent}")))?
        }
        None => (text, String::new()),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        None => (mantissa, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let is_number = match (whole, fraction) {
        ("", Some(fraction)) => is_digits(fraction),
        (whole, fraction) => {
            is_digits(whole) && fraction.is_none_or(|fraction| fraction.is_empty() || is_digits(fraction))
        }
    };
    let fraction = match fraction {
        None => String::new(),
        Some("") => ".0".to_owned(),
        Some(fraction) => format!(".{fraction}"),
    };
    is_number.then(|| (whole, fraction + &exponent))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD F1: the core schema, exactly. `read` is the library's own idea of them.
    #[test]
    fn a_scalar_is_a_number_by_the_core_schema_alone() {
        let number = |text: &str| Scalar::Number(text.to_owned());
        let zeros = |text: &str| Scalar::LeadingZeros(text.to_owned());
        for (written, read, expected) in [
            ("0042", "42.0", zeros("42")),
            ("01", "1.0", zeros("1")),
            ("-007", "-7.0", zeros("-7")),
            ("00", "0.0", zeros("0")),
            ("01.50", "1.5", zeros("1.50")),
            ("0", "0", number("0")),
            ("-0", "0", number("-0")),
            ("+5", "5", number("5")),
            ("+0", "0", number("0")),
            (".5", "0.5", number("0.5")),
            ("-.5", "-0.5", number("-0.5")),
            ("+.5e3", "500.0", number("0.5e3")),
            ("5.", "5.0", number("5.0")),
            ("5.e1", "50.0", number("5.0e1")),
            ("1E+2", "100.0", number("1E+2")),
            ("+12e03", "12000.0", number("12e03")),
            ("0.40", "0.4", number("0.40")),
            ("0o17", "15", number("15")),
            ("0o0", "0", number("0")),
            ("0x1F", "31", number("31")),
            ("1_000", "1000", Scalar::Text),
            ("0b11", "3", Scalar::Text),
            ("0X10", "16", Scalar::Text),
            ("'5'", "5", number("5")),
            ("*a", "42.0", number("42.0")),
            (".inf", "inf", Scalar::NotFinite),
            ("-.INF", "-inf", Scalar::NotFinite),
            (".NaN", "NaN", Scalar::NotFinite),
            (
                "18446744073709551616",
                "18446744073709551616",
                number("18446744073709551616"),
            ),
        ] {
            assert_eq!(Scalar::of(written, read), expected, "{written}");
        }
    }
}
