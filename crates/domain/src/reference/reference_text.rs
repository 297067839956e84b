//! The text that stands in place of an id in a portable file.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::reference_kind::{ParseReferenceKindError, ReferenceKind};
use crate::suggest::nearest;

/// The beginning of a reference.
const BEGIN: &str = "@{";

/// The word in place of a kind for what has no listing.
const VALUE: &str = "value";

/// A reference by name: `@{kind:name}`, or `@{value:name}` for what has no listing. In the name `}` is written `\}`, and `\`
/// is written `\\`.
///
/// ```
/// use assist_rules_domain::reference::{ReferenceKind, ReferenceText};
///
/// let greeting = ReferenceText::named(ReferenceKind::Response, "Greeting {VIP}");
/// assert_eq!(greeting.to_string(), r"@{response:Greeting {VIP\}}");
/// assert_eq!(r"@{response:Greeting {VIP\}}".parse(), Ok(greeting));
/// assert!("@{response:Greeting} and more".parse::<ReferenceText>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceText {
    /// A thing of a kind that has a listing, by its name.
    Named {
        /// The kind.
        kind: ReferenceKind,
        /// The name, exactly as the organization has it.
        name: String,
    },
    /// A value that somebody gives by this name.
    Value(String),
}

/// The reason why a text that begins with `@{` is no reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseReferenceError {
    /// No `:`, or no `}` at the end.
    #[error("expected `@{{kind:name}}`")]
    Form,
    /// Something stands behind the `}` that ends it.
    #[error("expected nothing after `}}`, which is written `\\}}` inside a name")]
    Trailing,
    /// A `\` with something else behind it than `}` or `\`.
    #[error("expected `\\}}` or `\\\\` where `\\` stands")]
    Escape,
    /// No kind has this name.
    #[error(transparent)]
    Kind(#[from] ParseReferenceKindError),
}

impl ReferenceText {
    /// The reference to a thing by its name.
    pub fn named(kind: ReferenceKind, name: impl Into<String>) -> Self {
        Self::Named {
            kind,
            name: name.into(),
        }
    }

    /// True if a text begins as a reference does. It may be none all the same.
    pub fn begins(text: &str) -> bool {
        text.starts_with(BEGIN)
    }

    /// The name.
    pub fn name(&self) -> &str {
        match self {
            Self::Named { name, .. } | Self::Value(name) => name,
        }
    }

    /// The word before the `:`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Named { kind, .. } => kind.as_str(),
            Self::Value(_) => VALUE,
        }
    }
}

impl ParseReferenceError {
    /// Advice on what to write.
    pub fn help(&self) -> String {
        let as_itself = "a text that begins with `@{` and means itself is written `@@{`";
        match self {
            Self::Form | Self::Trailing | Self::Escape => as_itself.to_owned(),
            Self::Kind(ParseReferenceKindError(kind)) => {
                let kinds = ReferenceKind::ALL.map(ReferenceKind::as_str);
                let known: Vec<&str> = kinds.into_iter().chain([VALUE]).collect();
                match nearest(kind, &known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("known here: {}; {as_itself}", known.join(", ")),
                }
            }
        }
    }
}

impl FromStr for ReferenceText {
    type Err = ParseReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let inside = text.strip_prefix(BEGIN).ok_or(ParseReferenceError::Form)?;
        let (word, rest) = inside.split_once(':').ok_or(ParseReferenceError::Form)?;
        let name = unescaped(rest)?;
        if word == VALUE {
            return Ok(Self::Value(name));
        }
        Ok(Self::Named {
            kind: word.parse()?,
            name,
        })
    }
}

/// The name that ends with the first `}` without `\` before it.
fn unescaped(rest: &str) -> Result<String, ParseReferenceError> {
    let mut name = String::new();
    let mut letters = rest.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '}' if letters.as_str().is_empty() => return Ok(name),
            '}' => return Err(ParseReferenceError::Trailing),
            '\\' => match letters.next() {
                Some(escaped @ ('}' | '\\')) => name.push(escaped),
                Some(_) | None => return Err(ParseReferenceError::Escape),
            },
            other => name.push(other),
        }
    }
    Err(ParseReferenceError::Form)
}

impl fmt::Display for ReferenceText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{{{}:", self.word())?;
        for letter in self.name().chars() {
            if matches!(letter, '}' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{letter}")?;
        }
        f.write_str("}")
    }
}

impl Serialize for ReferenceText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text where an id stands, as a portable file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PortableText {
    /// A text that means itself, without what marks it as such.
    Literal(String),
    /// A reference.
    Reference(ReferenceText),
    /// A text that begins as a reference does, and is none.
    Malformed(ParseReferenceError),
}

impl PortableText {
    /// The text, read.
    pub(super) fn read(text: &str) -> Self {
        if is_marked(text) {
            return Self::Literal(text.get(1..).unwrap_or_default().to_owned());
        }
        if !ReferenceText::begins(text) {
            return Self::Literal(text.to_owned());
        }
        match text.parse() {
            Ok(reference) => Self::Reference(reference),
            Err(error) => Self::Malformed(error),
        }
    }
}

/// True if the text begins with two `@` or more and `{`: the first `@` marks it as one that means itself.
pub(super) fn is_marked(text: &str) -> bool {
    text.starts_with("@@") && needs_mark(text)
}

/// True if the text would be taken for a reference, or for a marked text.
pub(super) fn needs_mark(text: &str) -> bool {
    text.starts_with('@') && text.trim_start_matches('@').starts_with('{')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::testing;

    fn name() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => select(vec!["}", "{", "\\", "@", ":", "\"", "\n", "🙂", "ﬁ", "é", "e\u{301}", "Greeting", " "]).prop_map(str::to_owned),
            1 => testing::text(),
        ];
        prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// A printed reference is read as itself, whatever the name.
        #[test]
        fn a_printed_reference_is_read_as_itself(name in name(), kind in select(ReferenceKind::ALL.to_vec())) {
            for reference in [ReferenceText::named(kind, name.clone()), ReferenceText::Value(name)] {
                prop_assert_eq!(reference.to_string().parse(), Ok(reference));
            }
        }

        /// A reference is printed as it was written: there is one way to write each.
        #[test]
        fn a_reference_has_one_spelling(name in name()) {
            let text = format!("@{{script:{name}}}");
            if let Ok(reference) = text.parse::<ReferenceText>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }

    #[test]
    fn what_begins_as_a_reference_and_is_none_says_why() {
        for (text, error, help) in [
            ("@{", ParseReferenceError::Form, "written `@@{`"),
            ("@{script}", ParseReferenceError::Form, "written `@@{`"),
            ("@{script:A", ParseReferenceError::Form, "written `@@{`"),
            ("@{script:A} b", ParseReferenceError::Trailing, "written `@@{`"),
            (r"@{script:\A}", ParseReferenceError::Escape, "written `@@{`"),
            (r"@{script:A\", ParseReferenceError::Escape, "written `@@{`"),
            (
                "@{scripts:A}",
                ParseReferenceError::Kind(ParseReferenceKindError("scripts".to_owned())),
                "did you mean `script`?",
            ),
            (
                "@{queue:A}",
                ParseReferenceError::Kind(ParseReferenceKindError("queue".to_owned())),
                "known here: assistant, rule",
            ),
        ] {
            assert!(error.help().contains(help), "{text}: {}", error.help());
            assert_eq!(PortableText::read(text), PortableText::Malformed(error), "{text}");
        }
    }

    #[test]
    fn a_text_that_means_itself_is_marked() {
        for (text, literal) in [
            ("a @{script:A}", "a @{script:A}"),
            ("@@{script:A}", "@{script:A}"),
            ("@@@{", "@@{"),
            ("@@", "@@"),
            ("@x{", "@x{"),
            ("", ""),
        ] {
            assert_eq!(PortableText::read(text), PortableText::Literal(literal.to_owned()));
        }
    }
}
