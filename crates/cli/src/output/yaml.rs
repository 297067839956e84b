//! YAML of whatever serializes as JSON, with every number as JSON has it, digit for digit.
//!
//! The printer of YAML has no scalar that it would leave alone. It is given a word in place of each number, which no
//! document holds because it is random, and the numbers are put in afterwards.

use std::cell::RefCell;
use std::error::Error;
use std::fmt;

use domain::json::Document;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;
use uuid::Uuid;

/// Prints a document as YAML.
///
/// # Errors
///
/// If it cannot be printed as JSON or as YAML.
pub(super) fn to_string(document: &impl Serialize) -> Result<String, Box<dyn Error>> {
    let json = serde_json::to_string(document)?;
    let numbers = Numbers {
        // A letter that no hexadecimal digit and no escape of YAML is, so that the word is one and stays one.
        word: format!("q{}", Uuid::new_v4().simple()),
        taken: RefCell::default(),
    };
    let raw = serde_json::from_str(&json)?;
    let mut yaml = serde_saphyr::to_string(&Value { raw, numbers: &numbers })?;
    if super::has_command(&yaml) {
        // Why: a text of several lines stands in lines of its own, unless it is quoted.
        let mut options = serde_saphyr::SerializerOptions::default();
        options.prefer_block_scalars = false;
        numbers.taken.borrow_mut().clear();
        yaml = serde_saphyr::to_string_with_options(&Value { raw, numbers: &numbers }, options)?;
    }
    Ok(numbers.put_into(&yaml))
}

/// The numbers of a document, in the order in which they are printed.
struct Numbers<'a> {
    word: String,
    taken: RefCell<Vec<&'a str>>,
}

impl Numbers<'_> {
    fn put_into(&self, yaml: &str) -> String {
        let mut parts = yaml.split(self.word.as_str());
        let mut text = parts.next().unwrap_or_default().to_owned();
        for (number, part) in self.taken.borrow().iter().zip(parts) {
            text.push_str(number);
            text.push_str(part);
        }
        text
    }
}

/// A value of the document, as JSON.
struct Value<'a> {
    raw: &'a RawValue,
    numbers: &'a Numbers<'a>,
}

impl<'a> Value<'a> {
    fn inside(&self, raw: &'a RawValue) -> Self {
        Self { raw, ..*self }
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self.raw.get();
        match json.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(json).map_err(S::Error::custom)?;
                serializer.collect_map(members.into_iter().map(|(name, raw)| (name, self.inside(raw))))
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).map_err(S::Error::custom)?;
                serializer.collect_seq(elements.into_iter().map(|raw| self.inside(raw)))
            }
            Some(b'-' | b'0'..=b'9') => {
                self.numbers.taken.borrow_mut().push(json);
                serializer.serialize_str(&self.numbers.word)
            }
            // Half a surrogate pair: YAML has no way to write it.
            Some(b'"') if !Document::parse(json).is_ok_and(|text| text.lone_surrogates().is_empty()) => {
                let text = Document::parse(json).map_err(S::Error::custom)?;
                serializer.serialize_str(text.root().as_str().unwrap_or_default())
            }
            Some(_) | None => {
                let scalar: serde_json::Value = serde_json::from_str(json).map_err(S::Error::custom)?;
                scalar.serialize(serializer)
            }
        }
    }
}

/// The members of an object, in its order.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_as_they_were_written() {
        let json =
            r#"{"a":1.50,"b":[-0,1e400,{"c":12345678901234567890123}],"1.50":"1.50","d":[],"e":{},"f":null,"g":true}"#;
        let document: Document = json.parse().unwrap();
        let yaml = to_string(&document).unwrap();
        assert_eq!(
            yaml,
            "a: 1.50\nb:\n- -0\n- 1e400\n- c: 12345678901234567890123\n\"1.50\": \"1.50\"\nd: []\ne: {}\nf: null\ng: true\n"
        );
        assert_eq!(to_string(&"1.50").unwrap(), "\"1.50\"\n");
    }

    /// FIELD E4: a line of a text is no line of the output where a CI would take it for a command.
    #[test]
    fn a_text_with_a_command_in_it_is_quoted() {
        let json = r#"{"name":"a\n::error::b","1":1.50,"c":"a\nb"}"#;
        let document: Document = json.parse().unwrap();
        assert_eq!(
            to_string(&document).unwrap(),
            "name: \"a\\n::error::b\"\n\"1\": 1.50\nc: \"a\\nb\"\n"
        );
    }

    #[test]
    fn a_long_number_stays_on_its_line() {
        let number = format!("-0.{}", "1234567890".repeat(30));
        let document: Document = number.parse().unwrap();
        assert_eq!(to_string(&[document]).unwrap(), format!("- {number}\n"));
    }
}
