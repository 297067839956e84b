//! The stored rules and their versions.

use serde_json::{Map, Value};
use thiserror::Error;

use crate::{BodyEtag, CopilotError, etag};

/// Why a rule could not be put or changed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum RuleError {
    /// There is no rule of this id.
    #[error("change the rule `{id}`: it is not there")]
    Missing {
        /// The id asked for.
        id: String,
    },
    /// A document that is no object with a text as `id`.
    #[error("keep a rule that is not an object with a text as `id`")]
    Shape,
    /// A snapshot without its list of rules.
    #[error("read a snapshot that has no list `rules`")]
    Snapshot,
    /// A snapshot whose `organization` is broken.
    #[error("read a snapshot whose `organization` is not an object with texts as `id` and `name`")]
    Organization,
    /// A snapshot whose assistants, or what they refer to, are broken.
    #[error(transparent)]
    Copilot(#[from] CopilotError),
}

/// A rule and its version. The member `etag` of the document always has the version.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    id: String,
    etag: String,
    document: Map<String, Value>,
}

impl Stored {
    /// The document as a client made it, at the version of its `etag`, or at `1`.
    pub(crate) fn new(document: Value) -> Result<Self, RuleError> {
        let etag = document.get("etag").and_then(Value::as_str).unwrap_or("1").to_owned();
        Self::at(etag, document)
    }

    fn at(etag: String, document: Value) -> Result<Self, RuleError> {
        let Value::Object(mut document) = document else {
            return Err(RuleError::Shape);
        };
        let Some(Value::String(id)) = document.get("id") else {
            return Err(RuleError::Shape);
        };
        let id = id.clone();
        tag(&mut document, &etag);
        Ok(Self { id, etag, document })
    }

    /// `document` as the next version of this rule.
    pub(crate) fn succeeded_by(&self, document: Value) -> Result<Self, RuleError> {
        Self::at(etag::successor(&self.etag), document)
    }

    pub(crate) fn etag(&self) -> &str {
        &self.etag
    }

    pub(crate) fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The document as a client gets it.
    pub(crate) fn served(&self, body_etag: BodyEtag) -> Value {
        let mut document = self.document.clone();
        match body_etag {
            BodyEtag::Present => {}
            BodyEtag::Absent => drop(document.shift_remove("etag")),
        }
        Value::Object(document)
    }
}

/// Writes the version where the document has it, or else right after `id`.
fn tag(document: &mut Map<String, Value>, etag: &str) {
    if let Some(member) = document.get_mut("etag") {
        *member = etag.into();
    } else {
        let after_id = document
            .keys()
            .position(|name| name == "id")
            .map_or(0, |index| index + 1);
        document.shift_insert(after_id, "etag".to_owned(), etag.into());
    }
}

/// All rules, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleStore(Vec<Stored>);

impl RuleStore {
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, RuleError> {
        let rules = snapshot
            .get("rules")
            .and_then(Value::as_array)
            .ok_or(RuleError::Snapshot)?;
        let mut shelf = Self::default();
        for rule in rules {
            shelf.put(Stored::new(rule.clone())?);
        }
        Ok(shelf)
    }

    /// The list of all rules, at their versions.
    pub(crate) fn snapshot(&self) -> Value {
        self.0.iter().map(|rule| rule.served(BodyEtag::Present)).collect()
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &Stored> {
        self.0.iter()
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Stored> {
        self.0.iter().find(|rule| rule.id == id)
    }

    pub(crate) fn put(&mut self, rule: Stored) {
        match self.0.iter_mut().find(|other| other.id == rule.id) {
            Some(place) => *place = rule,
            None => self.0.push(rule),
        }
    }

    pub(crate) fn remove(&mut self, id: &str) {
        self.0.retain(|rule| rule.id != id);
    }

    /// Changes a rule, as its next version. A change of the `id` is refused.
    pub(crate) fn edit(&mut self, id: &str, change: impl FnOnce(&mut Value)) -> Result<(), RuleError> {
        let Some(place) = self.0.iter_mut().find(|rule| rule.id == id) else {
            return Err(RuleError::Missing { id: id.to_owned() });
        };
        let mut document = Value::Object(place.document.clone());
        change(&mut document);
        let next = place.succeeded_by(document)?;
        if next.id != id {
            return Err(RuleError::Shape);
        }
        *place = next;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_stands_where_the_document_has_it() {
        for (given, kept) in [
            (r#"{"a":1,"etag":"7","id":"x"}"#, r#"{"a":1,"etag":"7","id":"x"}"#),
            (r#"{"z":1,"id":"x","a":2}"#, r#"{"z":1,"id":"x","etag":"1","a":2}"#),
            (r#"{"id":"x","etag":null}"#, r#"{"id":"x","etag":"1"}"#),
        ] {
            let stored = Stored::new(serde_json::from_str(given).unwrap()).unwrap();
            assert_eq!(stored.served(BodyEtag::Present).to_string(), kept);
        }
    }

    #[test]
    fn what_is_no_rule_is_not_kept() {
        for document in [json!([]), json!({}), json!({"id": 1})] {
            assert_eq!(Stored::new(document).err(), Some(RuleError::Shape));
        }
        for (snapshot, error) in [
            (json!({}), RuleError::Snapshot),
            (json!({"rules": [1]}), RuleError::Shape),
        ] {
            assert_eq!(RuleStore::from_snapshot(&snapshot).err(), Some(error));
        }
        let mut shelf = RuleStore::from_snapshot(&json!({"rules": [{"id": "x"}]})).unwrap();
        assert_eq!(shelf.edit("y", |_| {}), Err(RuleError::Missing { id: "y".to_owned() }));
        assert_eq!(shelf.edit("x", |rule| rule["id"] = "y".into()), Err(RuleError::Shape));
        assert_eq!(shelf.find("x").unwrap().etag(), "1");
    }
}
