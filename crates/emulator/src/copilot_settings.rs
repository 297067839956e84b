//! The differences of an emulator's Copilots from what the platform documents.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// The behavior of assistants and Copilots. The default has no version, is never stale, and keeps what it was given.
#[derive(Clone, Debug, Default)]
pub struct CopilotSettings {
    /// Tags of documents, as a gateway makes them.
    pub etag: GatewayEtag,
    /// The age of what is read after a PUT.
    pub staleness: Staleness,
    /// The precision of numbers with a fraction.
    pub fractions: Fractions,
    /// The order of members in answers.
    pub member_order: MemberOrder,
    /// The treatment of members that an enum of the published API lacks.
    pub enum_members: EnumMembers,
    /// The text before the path of a `nextUri`: none, or a base URL.
    pub next_uri_base: String,
}

/// The `ETag` of a Copilot. The platform has none; a gateway in front of it may.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum GatewayEtag {
    /// No such header.
    #[default]
    Absent,
    /// Each answer has one, made of the document; nobody checks an `If-Match`.
    Unchecked,
    /// Each answer has one, and a PUT with the `If-Match` of another document is answered 412.
    Checked,
}

/// Reads that show a document as it was before the last PUT to it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Staleness {
    /// None: a read shows what was written.
    #[default]
    None,
    /// The first so many.
    Reads(u32),
    /// All for so long.
    Time(Duration),
}

/// The precision of numbers with a fraction.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fractions {
    /// As they were given.
    #[default]
    Kept,
    /// The precision of a float32, as on the platform: 0.6 is stored as 0.6000000238418579.
    Float32,
}

/// The order of the members of objects in answers.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MemberOrder {
    /// As they were given.
    #[default]
    Kept,
    /// Another one in each answer.
    Rotated,
}

/// The members of enums that a PUT may have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EnumMembers {
    /// Any text.
    #[default]
    Open,
    /// Those of the published API, as in a region that lacks the newer ones.
    Published,
}

/// The reads of a document that are still to be stale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Lag {
    Reads(u32),
    Until(SystemTime),
}

impl Lag {
    /// True if a read at `now` is stale; it is counted.
    pub(crate) fn takes(&mut self, now: SystemTime) -> bool {
        match self {
            Self::Reads(0) => false,
            Self::Reads(left) => {
                *left -= 1;
                true
            }
            Self::Until(end) => now < *end,
        }
    }
}

impl Staleness {
    pub(crate) fn lag(self, now: SystemTime) -> Lag {
        match self {
            Self::None => Lag::Reads(0),
            Self::Reads(reads) => Lag::Reads(reads),
            Self::Time(time) => Lag::Until(now + time),
        }
    }
}

impl Fractions {
    /// `value` as the platform stores it.
    pub(crate) fn stored(self, value: Value) -> Value {
        match (self, value) {
            (Self::Float32, Value::Number(number)) => {
                let fraction = number.as_f64().filter(|float| number.is_f64() && float.fract() != 0.0);
                fraction.map_or(Value::Number(number), |float| f64::from(to_float32(float)).into())
            }
            (Self::Float32, Value::Array(elements)) => {
                elements.into_iter().map(|element| self.stored(element)).collect()
            }
            (Self::Float32, Value::Object(members)) => {
                let members = members.into_iter().map(|(name, value)| (name, self.stored(value)));
                Value::Object(members.collect())
            }
            (Self::Kept, value) | (Self::Float32, value @ (Value::Null | Value::Bool(_) | Value::String(_))) => value,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the loss is what the platform does")]
fn to_float32(float: f64) -> f32 {
    float as f32
}

impl MemberOrder {
    /// `value` as the answer of this number shows it.
    pub(crate) fn shown(self, value: Value, number: usize) -> Value {
        match (self, value) {
            (Self::Rotated, Value::Array(elements)) => elements
                .into_iter()
                .map(|element| self.shown(element, number))
                .collect(),
            (Self::Rotated, Value::Object(members)) => {
                let mut members: Vec<_> = members
                    .into_iter()
                    .map(|(name, value)| (name, self.shown(value, number)))
                    .collect();
                if !members.is_empty() {
                    let by = number % members.len();
                    members.rotate_left(by);
                }
                Value::Object(Map::from_iter(members))
            }
            (Self::Kept, value)
            | (Self::Rotated, value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_))) => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_fractions_lose_their_precision() {
        for (given, stored) in [
            ("0.6", "0.6000000238418579"),
            ("0.995", "0.9950000047683716"),
            ("0.5", "0.5"),
            ("16777217", "16777217"),
            ("16777217.0", "16777217.0"),
            (r#"{"a":[0.1,"0.1",1]}"#, r#"{"a":[0.10000000149011612,"0.1",1]}"#),
        ] {
            let given: Value = serde_json::from_str(given).unwrap();
            assert_eq!(Fractions::Float32.stored(given.clone()).to_string(), stored);
            assert_eq!(Fractions::Kept.stored(given.clone()), given);
        }
    }

    #[test]
    fn members_take_turns_and_elements_do_not() {
        let given = json!({"a": [{"b": 1, "c": 2}, 3], "d": {}});
        for (number, shown) in [
            (0, r#"{"a":[{"b":1,"c":2},3],"d":{}}"#),
            (1, r#"{"d":{},"a":[{"c":2,"b":1},3]}"#),
            (2, r#"{"a":[{"b":1,"c":2},3],"d":{}}"#),
        ] {
            assert_eq!(MemberOrder::Rotated.shown(given.clone(), number).to_string(), shown);
        }
        assert_eq!(MemberOrder::Kept.shown(given.clone(), 1).to_string(), given.to_string());
    }
}
