//! A document with other values at a few places, and every other byte as it was written.

use super::{Document, Span, TextError};
use crate::pointer::Pointer;

impl Document {
    /// The same document with a text in place of the value at a pointer, if there is one. All else stays, byte for byte.
    ///
    /// # Errors
    ///
    /// If it would be larger than a document may be.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    ///
    /// let list: Document = r#"{"ids": ["a", "b"]}"#.parse()?;
    /// assert_eq!(list.with_text_at(&"/ids/1".parse()?, "c")?.text(), r#"{"ids": ["a", "c"]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_text_at(&self, pointer: &Pointer, text: &str) -> Result<Self, TextError> {
        let found = self.resolve(pointer);
        let change = found.map(|node| (node.span(), serde_json::Value::from(text).to_string()));
        self.spliced(change.into_iter().collect())
    }

    /// The same document with other text at these spans of its own text, which must not overlap. All else stays, byte for
    /// byte.
    ///
    /// # Errors
    ///
    /// If what comes out is no JSON, or larger than a document may be.
    pub(crate) fn spliced(&self, mut changes: Vec<(Span, String)>) -> Result<Self, TextError> {
        if changes.is_empty() {
            return Ok(self.clone());
        }
        changes.sort_by_key(|(span, _)| span.start);
        let text = self.text();
        let (mut spliced, mut end) = (String::with_capacity(text.len()), 0);
        for (span, replacement) in &changes {
            spliced.push_str(text.get(end..span.start).unwrap_or_default());
            spliced.push_str(replacement);
            end = span.end;
        }
        spliced.push_str(text.get(end..).unwrap_or_default());
        Ok(Self::parse(&spliced)?.with_precision(self.precision()))
    }

    /// The span to cut out so that the object at a place loses a member, with the comma that goes with it; none if the
    /// object does not have it.
    pub(crate) fn span_of_member(object: super::Node<'_>, name: &str) -> Option<Span> {
        let members: Vec<_> = object.members().collect();
        let at = members.iter().position(|member| member.name == name)?;
        let (own, next) = (members.get(at)?, members.get(at + 1));
        let before = at.checked_sub(1).and_then(|before| members.get(before));
        Some(match (before, next) {
            (Some(before), _) => Span {
                start: before.value.span().end,
                end: own.value.span().end,
            },
            (None, Some(next)) => Span {
                start: own.name_span.start,
                end: next.name_span.start,
            },
            (None, None) => Span {
                start: own.name_span.start,
                end: own.value.span().end,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_spans_keeps_its_bytes() {
        let document: Document = "{ \"a\" : 1.50,\n \"b\": \"x\", \"c\":[ ] }".parse().unwrap();
        let span = |name: &str| document.root().get(name).unwrap().span();
        let spliced = document.spliced(vec![
            (span("c"), "\"there\"".to_owned()),
            (span("b"), "null".to_owned()),
        ]);
        assert_eq!(
            spliced.unwrap().text(),
            "{ \"a\" : 1.50,\n \"b\": null, \"c\":\"there\" }"
        );
    }

    #[test]
    fn a_member_goes_with_its_comma() {
        for (text, name, left) in [
            (r#"{ "id": 1, "b": 2 }"#, "id", r#"{ "b": 2 }"#),
            (r#"{ "a": 1 , "id": 2 , "b": 3 }"#, "id", r#"{ "a": 1 , "b": 3 }"#),
            (r#"{"a": 1, "id": 2 }"#, "id", r#"{"a": 1 }"#),
            (r#"{ "id": 2 }"#, "id", "{  }"),
        ] {
            let document: Document = text.parse().unwrap();
            let span = Document::span_of_member(document.root(), name).unwrap();
            assert_eq!(document.spliced(vec![(span, String::new())]).unwrap().text(), left);
        }
    }
}
