//! JSON as text: the same value in any of the ways in which it can be written.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::document::is_note;
use crate::json::Document;

/// A value with the spelling of its parts; the white space between them comes when it is written.
#[derive(Clone, Debug)]
pub(super) enum Json {
    /// As it stands in the text.
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(Spelled, Json)>),
}

/// A text, and one of the ways to write it.
#[derive(Clone, Debug)]
pub(super) struct Spelled {
    pub(super) says: String,
    pub(super) written: String,
}

impl Spelled {
    /// A text of which each character is escaped that must be, and the first one if `escape_first`.
    pub(super) fn new(says: &str, escape_first: bool) -> Self {
        let written = says
            .chars()
            .enumerate()
            .map(|(index, letter)| write_letter(letter, escape_first && index == 0));
        Self {
            says: says.to_owned(),
            written: format!("\"{}\"", written.collect::<String>()),
        }
    }
}

fn write_letter(letter: char, escape: bool) -> String {
    match letter {
        '"' | '\\' if !escape => format!("\\{letter}"),
        '\n' if !escape => "\\n".to_owned(),
        _ if !escape && letter >= ' ' => letter.to_string(),
        _ => {
            let units: Vec<u16> = letter.encode_utf16(&mut [0; 2]).to_vec();
            units
                .iter()
                .fold(String::new(), |out, unit| out + &format!("\\u{unit:04x}"))
        }
    }
}

impl Json {
    /// An object of these members; of those with the same name the first.
    pub(super) fn object(members: impl IntoIterator<Item = (Spelled, Json)>) -> Self {
        let mut unlike: Vec<(Spelled, Json)> = Vec::new();
        for (name, value) in members {
            if unlike.iter().all(|(seen, _)| seen.says != name.says) {
                unlike.push((name, value));
            }
        }
        Self::Object(unlike)
    }

    /// The text, with `gap` wherever white space may stand.
    pub(super) fn write(&self, gap: &str, out: &mut String) {
        out.push_str(gap);
        match self {
            Self::Scalar(written) => out.push_str(written),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.write(gap, out);
                }
                out.push_str(gap);
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(gap);
                    out.push_str(&name.written);
                    out.push_str(gap);
                    out.push(':');
                    value.write(gap, out);
                }
                out.push_str(gap);
                out.push('}');
            }
        }
        out.push_str(gap);
    }

    pub(super) fn document(&self, gap: &str) -> Option<Document> {
        let mut text = String::new();
        self.write(gap, &mut text);
        text.parse().ok()
    }
}

/// White space as it stands between the parts of a document.
pub(super) fn gap() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", " ", "\n  ", "\r\n\t"])
}

/// A short text, each character plain or escaped, that no author would take for a note of his own as a name.
pub(super) fn spelled() -> impl Strategy<Value = Spelled> {
    let letter = prop_oneof![
        6 => proptest::char::range(' ', '~'),
        1 => select(vec!['"', '\\', '/', '~', '\n', '\0', '\u{7f}', 'é', '\u{2028}', '😀']),
        1 => any::<char>(),
    ];
    vec((letter, proptest::bool::weighted(0.2)), 0..6).prop_filter_map("the text is no note", |letters| {
        let says: String = letters.iter().map(|(letter, _)| *letter).collect();
        let written: String = letters
            .into_iter()
            .map(|(letter, escape)| write_letter(letter, escape))
            .collect();
        (!is_note(&says)).then(|| Spelled {
            says,
            written: format!("\"{written}\""),
        })
    })
}

/// A number as JSON may have it, in digits: integers beyond 64 bits, more decimals than a double has, exponents
/// out of range, and the everyday ones.
pub fn number_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => plain_number(),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_filter("the number is finite", |number| number.is_finite())
            .prop_map(|number| format!("{number:e}")),
        1 => "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?",
    ]
}

/// A number that every program holds, in one of its spellings.
pub(super) fn plain_number() -> impl Strategy<Value = String> {
    let decimal = (
        -9999..9999_i32,
        0..1000_u32,
        select(vec!["", "0", "00", "e0", "E+1", "e-2"]),
    );
    prop_oneof![
        select(vec!["0", "-0", "0.0", "-0.0e0", "1.50", "1E2"]).prop_map(str::to_owned),
        any::<i32>().prop_map(|number| number.to_string()),
        decimal.prop_map(|(whole, fraction, end)| format!("{whole}.{fraction}{end}")),
    ]
}

fn scalar(number: impl Strategy<Value = String>) -> impl Strategy<Value = Json> {
    prop_oneof![
        select(vec!["null", "true", "false"]).prop_map(|word| Json::Scalar(word.to_owned())),
        number.prop_map(Json::Scalar),
        spelled().prop_map(|text| Json::Scalar(text.written)),
    ]
}

/// A value, or a list or an object of some.
pub(super) fn shallow(number: impl Strategy<Value = String>) -> impl Strategy<Value = Json> {
    let member = (spelled(), scalar(number));
    (0..4_u8, vec(member, 1..3)).prop_map(|(kind, mut members)| match (kind, members.pop()) {
        (0, _) => Json::object(members),
        (1, _) => Json::List(members.into_iter().map(|(_, value)| value).collect()),
        (_, last) => last.map_or(Json::List(Vec::new()), |(_, value)| value),
    })
}

/// Any value, in lists and objects up to a depth.
fn json(depth: u32) -> impl Strategy<Value = Json> {
    scalar(number_text()).prop_recursive(depth, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::List),
            vec((spelled(), inner), 0..4).prop_map(Json::object),
        ]
    })
}

/// Any JSON document, in any spelling and with any white space.
pub fn json_document() -> impl Strategy<Value = Document> {
    (json(4), gap()).prop_filter_map("the text is a document", |(value, gap)| value.document(gap))
}
