//! YAML 1.2 as a document, with the place of each value in the text.
//!
//! The core schema: `no` is a text, `false` is not. Numbers keep the digits that were written where JSON has them.

mod scalar;
mod syntax;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use domain::json::{Document, MAX_BYTES};
use domain::{Code, Finding, Pointer};
use scalar::Scalar;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::granit_parser::ErrorKind;
use serde_saphyr::{
    DefaultMessageFormatter, Error, ExternalMessageSource, Location, MessageFormatter, NonFiniteFloatPolicy, Spanned,
};

const TOO_DEEP: &str = "too many lists and objects stand inside each other";
const NOT_FINITE: &str = "JSON has no infinite number, and no `.nan`";

/// The byte range of each value, by its pointer.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<Pointer, Range<usize>>);

impl Places {
    /// The bytes of a value, or of the nearest value around it.
    pub(super) fn range(&self, pointer: &Pointer) -> Range<usize> {
        let mut found = self.0.get(&Pointer::root()).cloned().unwrap_or(0..0);
        let mut at = Pointer::root();
        for token in pointer.tokens() {
            at = at.member(&token);
            match self.0.get(&at) {
                Some(range) => found = range.clone(),
                None => break,
            }
        }
        found
    }
}

/// A finding and the bytes that it is about.
type Placed = (Finding, Range<usize>);

/// One value, with those in it.
#[derive(Debug)]
enum Value {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Spanned<Value>>),
    Object(Vec<(String, Spanned<Value>)>),
}

/// A document that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) document: Document,
    pub(super) places: Places,
    /// Warnings about how values are written.
    pub(super) warnings: Vec<Finding>,
}

/// Reads a text: its documents, which `---` separates. A text with nothing in it is null, as YAML has it; beside others an
/// empty document is none.
pub(super) fn parse(text: &str) -> Result<Vec<Read>, Vec<Placed>> {
    let options = serde_saphyr::options! {
        // Why: the size of the text and the number of nodes bound both, and a file may hold thousands of rules, or share one
        // anchor among hundreds.
        budget: serde_saphyr::budget! {
            max_documents: MAX_BYTES,
            enforce_alias_anchor_ratio: false,
        },
        // Why: a number that no double reaches is one all the same. What is infinite by its name is found later.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        strict_booleans: true,
        with_snippet: false,
    };
    let roots = serde_saphyr::from_multiple_with_options(text, options);
    let roots: Vec<Spanned<Value>> = roots.map_err(|error| {
        let place = error.location().map_or(0..0, |location| range_of_error(text, location));
        let (code, message) = explained(&error);
        vec![(Finding::new(code, Pointer::root(), message), place)]
    })?;
    let (mut documents, mut faults) = (Vec::new(), syntax::faults(text));
    let nothing = roots.is_empty().then_some(Spanned {
        value: Value::Null,
        referenced: Location::UNKNOWN,
        defined: Location::UNKNOWN,
    });
    for root in roots.into_iter().chain(nothing) {
        match document(text, &root) {
            Ok(read) => documents.push(read),
            Err(found) => faults.extend(found),
        }
    }
    if faults.is_empty() { Ok(documents) } else { Err(faults) }
}

fn document(text: &str, root: &Spanned<Value>) -> Result<Read, Vec<Placed>> {
    let mut printed = Printed::default();
    printed.print(text, root, &Pointer::root());
    let Printed {
        json,
        places,
        faults,
        warnings,
    } = printed;
    if !faults.is_empty() {
        return Err(faults);
    }
    let document = Document::parse(&json).map_err(|error| {
        error
            .faults()
            .map(|fault| (Finding::new(Code::NotYaml, Pointer::root(), fault.to_string()), 0..0))
            .collect::<Vec<_>>()
    })?;
    Ok(Read {
        document,
        places,
        warnings,
    })
}

fn byte_range(text: &str, location: Location) -> Range<usize> {
    let span = location.span();
    let place = |offset: Option<u64>| offset.and_then(|offset| usize::try_from(offset).ok());
    let start = place(span.byte_offset()).unwrap_or(0).min(text.len());
    let end = (start + place(span.byte_len()).unwrap_or(0)).min(text.len());
    start..end.max(start)
}

/// The code of an error of the library and a message for users: the library's own message names settings of the
/// library, which users cannot set.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library has dozens of variants and adds more: of the rest, a user needs its message and the place"
)]
fn explained(error: &Error) -> (Code, String) {
    let not_yaml = |message: &str| (Code::NotYaml, message.to_owned());
    match error {
        Error::AliasError { error, .. } => explained(error),
        Error::DuplicateMappingKey { key: Some(name), .. } => (
            Code::DuplicateMember,
            format!("the member `{name}` stands twice in one object"),
        ),
        Error::DuplicateMappingKey { key: None, .. } => {
            (Code::DuplicateMember, "a member stands twice in one object".to_owned())
        }
        Error::Budget {
            breach: BudgetBreach::Depth { .. },
            ..
        } => (Code::TooDeep, TOO_DEEP.to_owned()),
        Error::ExternalMessage { source, .. } if is_recursion_limit(source) => (Code::TooDeep, TOO_DEEP.to_owned()),
        Error::Budget { .. } => (
            Code::TooLarge,
            "the text is too large, its aliases written out".to_owned(),
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => not_yaml("an alias stands inside of what it names"),
        other => not_yaml(
            DefaultMessageFormatter
                .format_message(other)
                .lines()
                .next()
                .unwrap_or_default(),
        ),
    }
}

/// True if the parser gave up on nesting, which it does before the budget is looked at.
fn is_recursion_limit(source: &ExternalMessageSource) -> bool {
    matches!(source, ExternalMessageSource::Parser(error) if *error.kind() == ErrorKind::RecursionLimitExceeded)
}

/// The bytes of an error's location. A location of the scanner has a line and a column, and no offset in bytes.
fn range_of_error(text: &str, location: Location) -> Range<usize> {
    if location.span().byte_offset().is_some() {
        return byte_range(text, location);
    }
    let before = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(before(location.line())).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let columns: usize = line.chars().take(before(location.column())).map(char::len_utf8).sum();
    start + columns..start + columns
}

/// Values as JSON, where they stand in the YAML, and what JSON has no word for.
#[derive(Default)]
struct Printed {
    json: String,
    places: Places,
    faults: Vec<Placed>,
    warnings: Vec<Finding>,
}

impl Printed {
    /// Prints a value, and notes where each part of it stands. A list or an object reaches from its own start to the
    /// end of its last part.
    fn print(&mut self, text: &str, value: &Spanned<Value>, at: &Pointer) -> Range<usize> {
        let mut range = byte_range(text, value.referenced);
        match &value.value {
            Value::Null => self.json.push_str("null"),
            Value::Bool(truth) => self.json.push_str(if *truth { "true" } else { "false" }),
            Value::Number(number) => {
                // Why not where it stands: an alias stands there for a number that is written elsewhere.
                let written = text.get(byte_range(text, value.defined)).unwrap_or_default();
                match Scalar::of(written, number) {
                    Scalar::Number(json) => self.json.push_str(&json),
                    Scalar::LeadingZeros(json) => {
                        self.json.push_str(&json);
                        let message = format!("`{written}` is the number {json}: the zeros are lost");
                        let help = format!("write \"{written}\" for the text, or {json} for the number");
                        let finding = Finding::new(Code::LeadingZeros, at.clone(), message);
                        self.warnings.push(finding.with_help(help));
                    }
                    Scalar::Text => {
                        let _ = write!(self.json, "{}", serde_json::Value::from(written));
                    }
                    Scalar::NotFinite => self
                        .faults
                        .push((Finding::new(Code::NotYaml, at.clone(), NOT_FINITE), range.clone())),
                }
            }
            Value::String(text) => {
                let _ = write!(self.json, "{}", serde_json::Value::from(text.as_str()));
            }
            Value::Array(items) => {
                self.json.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.json.push_str(if index > 0 { "," } else { "" });
                    let inside = self.print(text, item, &at.index(index));
                    range.end = range.end.max(inside.end);
                }
                self.json.push(']');
            }
            Value::Object(members) => {
                self.json.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    self.json.push_str(if index > 0 { "," } else { "" });
                    let _ = write!(self.json, "{}:", serde_json::Value::from(name.as_str()));
                    let inside = self.print(text, member, &at.member(name));
                    range.end = range.end.max(inside.end);
                }
                self.json.push('}');
            }
        }
        self.places.0.insert(at.clone(), range.clone());
        range
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i128<E: de::Error>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(format!("{number:?}")))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Read, Vec<Placed>> {
        parse(yaml).map(|mut documents| documents.pop().unwrap())
    }

    #[test]
    fn a_text_may_have_thousands_of_documents_and_share_an_anchor_among_hundreds() {
        let documents = "---\n{id: r}\n".repeat(3_000);
        assert_eq!(parse(&documents).unwrap().len(), 3_000);
        let aliases = "- *shared\n".repeat(500);
        let [read] = parse(&format!("x-shared: &shared {{a: 1}}\nlist:\n{aliases}"))
            .unwrap()
            .try_into()
            .unwrap();
        assert_eq!(read.document.root().get("list").unwrap().elements().count(), 500);
    }

    #[test]
    fn yaml_is_read_by_the_core_schema() {
        for (yaml, json) in [
            ("a: no", r#"{"a":"no"}"#),
            ("a: false", r#"{"a":false}"#),
            ("a: ~\nb:", r#"{"a":null,"b":null}"#),
            ("a: 1.50\nb: 0x10\nc: -3\nd: 1e2", r#"{"a":1.50,"b":16,"c":-3,"d":1e2}"#),
            ("a: 12345678901234567890123", r#"{"a":12345678901234567890123}"#),
            ("a: 1e400\nb: -0\nc: -0.0", r#"{"a":1e400,"b":-0,"c":-0.0}"#),
            (
                "a: -237462374673276894279832749832423479823246327846",
                r#"{"a":-237462374673276894279832749832423479823246327846}"#,
            ),
            (
                "a: 2374623746732768942798327498324234798232463278461",
                r#"{"a":2374623746732768942798327498324234798232463278461}"#,
            ),
            ("a: 1E+2\nb: 1e-400", r#"{"a":1E+2,"b":1e-400}"#),
            ("a: '1'\nb: \"é\\n\"", r#"{"a":"1","b":"é\n"}"#),
            ("- a\n- [b, {c: d}]", r#"["a",["b",{"c":"d"}]]"#),
            ("a: 2026-11-24", r#"{"a":"2026-11-24"}"#),
            ("a: 12:30\nb: 190:20:30.15", r#"{"a":"12:30","b":"190:20:30.15"}"#),
            ("a: 0042\nb: '0042'\nc: 1_000", r#"{"a":42,"b":"0042","c":"1_000"}"#),
            ("a: !!str 0042\nb: &x 0042\nc: *x", r#"{"a":"0042","b":42,"c":42}"#),
        ] {
            let read = read(yaml).unwrap_or_else(|error| panic!("{yaml}: {error:?}"));
            assert_eq!(read.document.compact(), json, "{yaml}");
        }
    }

    /// FIELD F1: leading zeros are warned.
    #[test]
    fn a_number_that_loses_its_zeros_is_told() {
        let read = read("a: 0042\nb: '0042'\nc: 42\n").unwrap();
        let warned: Vec<String> = read
            .warnings
            .iter()
            .map(|warning| warning.pointer.to_string())
            .collect();
        assert_eq!(warned, ["/a"]);
        let [warning] = read.warnings.as_slice() else {
            panic!("{:?}", read.warnings)
        };
        assert_eq!(
            (warning.code, warning.message.as_str()),
            (Code::LeadingZeros, "`0042` is the number 42: the zeros are lost")
        );
    }

    #[test]
    fn each_value_has_its_place() {
        let yaml = "enabled: true\nconditions:\n  - type: keyword\n    operator: near\n";
        let places = read(yaml).unwrap().places;
        let at = |pointer: &str| yaml.get(places.range(&pointer.parse().unwrap())).unwrap();
        assert_eq!(at("/conditions/0/operator"), "near");
        assert_eq!(at("/conditions/0/value"), "type: keyword\n    operator: near");
        assert_eq!(at("/enabled"), "true");
    }

    #[test]
    fn what_is_no_yaml_is_refused_where_it_breaks() {
        let brackets = "[".repeat(300);
        let bomb: String = ('b'..='h')
            .zip('a'..)
            .fold("a: &a [1,1,1,1,1,1,1,1]\n".to_owned(), |text, (name, of)| {
                text + &format!("{name}: &{name} [{}]\n", [format!("*{of}").as_str(); 8].join(","))
            });
        for (yaml, code, message, line) in [
            ("b: é\na: [1", Code::NotYaml, "unclosed bracket '['", Some(2)),
            (
                "a: 1\nb: 2\na: 3",
                Code::DuplicateMember,
                "the member `a` stands twice in one object",
                Some(3),
            ),
            (
                "a: &x {c: 1, c: 2}\nb: *x",
                Code::DuplicateMember,
                "the member `c` stands twice in one object",
                Some(1),
            ),
            (
                "a: 1\nb: .nan",
                Code::NotYaml,
                "JSON has no infinite number, and no `.nan`",
                Some(2),
            ),
            ("a: 1\nb: [0, -.inf]\n", Code::NotYaml, NOT_FINITE, Some(2)),
            (
                "a: &x [*x]",
                Code::NotYaml,
                "an alias stands inside of what it names",
                Some(1),
            ),
            (
                "a: b: c",
                Code::NotYaml,
                "mapping values are not allowed in this context",
                Some(1),
            ),
            (&brackets, Code::TooDeep, TOO_DEEP, Some(1)),
            (
                &bomb,
                Code::TooLarge,
                "the text is too large, its aliases written out",
                None,
            ),
        ] {
            let findings = parse(yaml).unwrap_err();
            let (finding, place) = &findings[0];
            assert_eq!((finding.code, finding.message.as_str()), (code, message), "{yaml}");
            if let Some(line) = line {
                let before = yaml.get(..place.start).unwrap();
                assert_eq!(before.matches('\n').count() + 1, line, "{yaml} {findings:?}");
            }
        }
    }

    #[test]
    fn depth_is_bounded_before_the_parser_gives_up() {
        let refused = || parse(&("[".repeat(100) + &"]".repeat(100))).unwrap_err();
        // A thread of the tests has less of a stack than the program, and no build for speed.
        let thread = std::thread::Builder::new().stack_size(1 << 24).spawn(refused).unwrap();
        let findings = thread.join().unwrap();
        let (finding, place) = &findings[0];
        assert_eq!(
            (finding.code, finding.message.as_str(), place.start),
            (Code::TooDeep, TOO_DEEP, 64)
        );
    }
}
