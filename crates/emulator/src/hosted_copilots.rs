//! The assistants of an emulator, and the ways in which a test or the sandbox may change them behind the client's back.

use serde_json::Value;

use crate::{CopilotError, Emulator, HostedDocument, RecordedWrite, ReferenceCollection};

/// Assistants, Copilots and what they refer to. All are those of the handle's organization.
impl Emulator {
    /// Keeps `assistant` as if it had been made in the platform's pages, unchecked. Its `copilot` may be absent, null or
    /// empty. It takes the place of one with the same `id`, whose variations it gets.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`.
    pub fn put_assistant(&self, assistant: Value) -> Result<(), CopilotError> {
        self.tenant(|tenant| tenant.assistants.put_assistant(assistant))
    }

    /// The assistant with its `copilot`, as it is stored.
    pub fn assistant(&self, id: &str) -> Option<Value> {
        self.tenant(|tenant| tenant.assistants.assistant(id).cloned())
    }

    /// Deletes an assistant with its variations.
    pub fn remove_assistant(&self, id: &str) {
        self.tenant(|tenant| tenant.assistants.remove_assistant(id));
    }

    /// Keeps a language variation of an assistant, unchecked, in place of one with the same `id`.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`; [`CopilotError::Missing`] without the assistant.
    pub fn put_variation(&self, assistant: &str, variation: Value) -> Result<(), CopilotError> {
        self.tenant(|tenant| tenant.assistants.put_variation(assistant, variation))
    }

    /// Deletes a variation.
    pub fn remove_variation(&self, assistant: &str, variation: &str) {
        self.tenant(|tenant| tenant.assistants.remove_variation(assistant, variation));
    }

    /// The document as it is stored, whatever a stale read may show; none for a Copilot that is absent or null.
    pub fn hosted_document(&self, document: &HostedDocument) -> Option<Value> {
        self.tenant(|tenant| tenant.assistants.document(document).cloned())
    }

    /// Edits a Copilot or a variation as somebody in the platform's pages would, unchecked; the log of writes has it. A
    /// Copilot that is not there is null before.
    ///
    /// `change` must not use this world.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Missing`] if there is no such assistant or variation; [`CopilotError::Shape`] if what is left is
    /// no variation of this id.
    pub fn edit_document(
        &self,
        document: &HostedDocument,
        change: impl FnOnce(&mut Value),
    ) -> Result<(), CopilotError> {
        self.tenant(|tenant| tenant.assistants.edit(document, change))
    }

    /// Every write to a Copilot or a variation, by clients and in the platform's pages, in the order in which they took
    /// effect. What [`put_assistant`](Self::put_assistant) and [`put_variation`](Self::put_variation) keep is no write.
    pub fn copilot_writes(&self) -> Vec<RecordedWrite> {
        self.tenant(|tenant| tenant.assistants.writes().to_vec())
    }

    /// Keeps an element of a collection, unchecked, in place of one with the same `id`.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`.
    pub fn put_reference(&self, collection: &ReferenceCollection, element: Value) -> Result<(), CopilotError> {
        self.tenant(|tenant| tenant.references.put(collection, element))
    }

    /// An element of a collection, as it is stored.
    pub fn reference(&self, collection: &ReferenceCollection, id: &str) -> Option<Value> {
        self.tenant(|tenant| tenant.references.find(collection, id).cloned())
    }

    /// Deletes an element of a collection.
    pub fn remove_reference(&self, collection: &ReferenceCollection, id: &str) {
        self.tenant(|tenant| tenant.references.remove(collection, id));
    }
}
