//! New documents from parts of old ones. Whatever is not named is copied as it was written.

use serde::Serialize;

use super::{Document, Node, TextError};

impl Document {
    /// The document of anything that serde can print as JSON.
    ///
    /// # Errors
    ///
    /// If the value cannot be printed (a map whose keys are no texts) or is larger than a document may be.
    pub fn from_serialize(value: &impl Serialize) -> Result<Self, DocumentError> {
        let text = serde_json::to_string(value).map_err(DocumentError::Print)?;
        Self::parse(&text).map_err(DocumentError::Bounds)
    }

    /// The same object with these members set: in their place if they stand in it, at its end if not. Anything
    /// but an object becomes one.
    ///
    /// # Errors
    ///
    /// If the new document would be larger or deeper than a document may be.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    ///
    /// let rule: Document = r#"{"enabled": true, "weight": 1.50}"#.parse()?;
    /// let off = rule.with_members(&[("enabled", "false"), ("name", "\"Refunds\"")])?;
    /// assert_eq!(off.compact(), r#"{"enabled":false,"weight":1.50,"name":"Refunds"}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_members(&self, set: &[(&str, &str)]) -> Result<Self, TextError> {
        let mut parts = Vec::new();
        for member in self.root().members() {
            let named = set.iter().find(|(name, _)| *name == member.name);
            let value = named.map_or_else(|| member.value.raw(), |(_, value)| value);
            parts.push(format!("{}:{value}", member.raw_name()));
        }
        for (name, value) in set {
            if self.root().get(name).is_none() {
                parts.push(format!("{}:{value}", serde_json::Value::from(*name)));
            }
        }
        Ok(Self::parse(&format!("{{{}}}", parts.join(",")))?.with_precision(self.precision()))
    }

    /// The same object without these members.
    ///
    /// # Errors
    ///
    /// Never for an object; anything else is an error, or becomes an empty one.
    pub fn without_members(&self, names: &[&str]) -> Result<Self, TextError> {
        let kept = self.root().members().filter(|member| !names.contains(&member.name));
        let parts: Vec<String> = kept
            .map(|member| format!("{}:{}", member.raw_name(), member.value.raw()))
            .collect();
        Ok(Self::parse(&format!("{{{}}}", parts.join(",")))?.with_precision(self.precision()))
    }

    /// The value at a node as a document of its own. Its text and its part of the index are copied; nothing is parsed.
    ///
    /// # Errors
    ///
    /// Never for a node of a document.
    pub fn from_node(node: Node<'_>) -> Result<Self, TextError> {
        Ok(node.copied())
    }

    /// The value at a node as a document that shares the text and the index of the one that it stands in: nothing is copied,
    /// and that one stays as long as this does.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    ///
    /// let page: Document = r#"{"entities": [{"id": "r1"}, {"id": "r2", "weight": 1.50}]}"#.parse()?;
    /// let rules: Vec<Document> = page.root().get("entities").into_iter().flat_map(|list| list.elements()).map(Document::part).collect();
    /// assert_eq!(rules[1].text(), r#"{"id": "r2", "weight": 1.50}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn part(node: Node<'_>) -> Self {
        node.shared()
    }
}

impl<'d> super::Member<'d> {
    /// The name as it was written, with its quotes.
    pub fn raw_name(&self) -> &'d str {
        self.value.text_at(self.name_span)
    }
}

/// The list of these values, each written as JSON.
///
/// # Errors
///
/// If one of them is no JSON, or the list is larger than a document may be.
pub fn array_of<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Document, TextError> {
    let values: Vec<&str> = values.into_iter().collect();
    Document::parse(&format!("[{}]", values.join(",")))
}

/// Why a value has no document.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The value cannot be printed as JSON.
    #[error("the value cannot be printed as JSON")]
    Print(#[source] serde_json::Error),
    /// The value is larger than a document may be.
    #[error("the value is larger than a document may be")]
    Bounds(#[source] TextError),
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::DocumentKind;
    use crate::pointer::Pointer;
    use crate::testing::served_rule;

    /// All that a document shows of itself.
    fn shown(document: &Document) -> Vec<String> {
        let mut shown = vec![
            document.text().to_owned(),
            document.compact(),
            document.canonical(),
            format!("{:?}", document.inexact_numbers()),
            format!("{:?}", document.lone_surrogates()),
        ];
        document.root().visit(&Pointer::root(), &mut |pointer, node| {
            let span = node.span();
            let text = document.text().get(span.start..span.end);
            shown.push(format!(
                "{pointer} {span:?} {text:?} {} {:?}",
                node.raw(),
                document.span_at(pointer)
            ));
            for member in node.members() {
                shown.push(format!("{} {:?} {}", member.name, member.name_span, member.raw_name()));
            }
        });
        shown
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        /// A part shows what a copy of it shows, wherever it stands, and so does a part or a copy of it.
        #[test]
        fn a_part_is_what_its_copy_is(rules in prop::collection::vec(served_rule(), 1..4), is_pretty in any::<bool>()) {
            let list = array_of(rules.iter().map(|rule| rule.document().text())).unwrap();
            let page = Document::empty_object()
                .with_members(&[("text", r#""\u00e9\ud800""#), ("entities", list.text())])
                .unwrap();
            let page: Document = if is_pretty { page.pretty().parse().unwrap() } else { page };
            for element in page.root().get("entities").unwrap().elements() {
                let (part, copy) = (Document::part(element), Document::from_node(element).unwrap());
                prop_assert_eq!(shown(&part), shown(&copy));
                prop_assert_eq!(&part, &copy);
                prop_assert_eq!(shown(&Document::from_node(part.root()).unwrap()), shown(&copy));
                for (ours, theirs) in part.root().members().zip(copy.root().members()) {
                    prop_assert_eq!(shown(&Document::part(ours.value)), shown(&Document::part(theirs.value)));
                }
            }
        }
    }
}
