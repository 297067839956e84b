//! The stored elements of all collections that a Copilot refers to.

use serde_json::{Map, Value};

use crate::{CopilotError, ReferenceCollection};

/// An element and the collection that it is in.
#[derive(Clone, Debug)]
struct Element {
    collection: ReferenceCollection,
    id: String,
    document: Value,
}

/// All elements, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferenceStore(Vec<Element>);

impl ReferenceStore {
    /// The elements of an object that has a list at the path of each collection.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Snapshot`] if `snapshot` is none.
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, CopilotError> {
        let mut store = Self::default();
        for (path, elements) in snapshot.as_object().ok_or(CopilotError::Snapshot)? {
            let Some((collection, None)) = ReferenceCollection::of_path(path) else {
                return Err(CopilotError::Snapshot);
            };
            for element in elements.as_array().ok_or(CopilotError::Snapshot)? {
                store.put(&collection, element.clone())?;
            }
        }
        Ok(store)
    }

    pub(crate) fn snapshot(&self) -> Value {
        let mut snapshot = Map::new();
        for element in &self.0 {
            let list = snapshot
                .entry(element.collection.path())
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(element.document.clone());
            }
        }
        Value::Object(snapshot)
    }

    /// Keeps an element, in place of one with the same id.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`.
    pub(crate) fn put(&mut self, collection: &ReferenceCollection, document: Value) -> Result<(), CopilotError> {
        let id = document.get("id").and_then(Value::as_str).ok_or(CopilotError::Shape)?;
        let id = id.to_owned();
        let place = self.place(collection, &id);
        match place.and_then(|place| self.0.get_mut(place)) {
            Some(element) => element.document = document,
            None => self.0.push(Element {
                collection: collection.clone(),
                id,
                document,
            }),
        }
        Ok(())
    }

    pub(crate) fn remove(&mut self, collection: &ReferenceCollection, id: &str) {
        self.0
            .retain(|element| element.collection != *collection || element.id != id);
    }

    pub(crate) fn find(&self, collection: &ReferenceCollection, id: &str) -> Option<&Value> {
        let element = self.0.get(self.place(collection, id)?)?;
        Some(&element.document)
    }

    /// The elements of a collection.
    pub(crate) fn list(&self, collection: &ReferenceCollection) -> impl Iterator<Item = &Value> {
        self.0
            .iter()
            .filter(move |element| element.collection == *collection)
            .map(|element| &element.document)
    }

    fn place(&self, collection: &ReferenceCollection, id: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|element| element.collection == *collection && element.id == id)
    }
}
