//! The stored assistants with their Copilots and variations, and the log of writes to them.
//!
//! There is no version. A read may be stale: it then shows the document as it was before the last PUT.

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{
    CopilotError, HostedDocument, RecordedWrite, Writer,
    copilot_settings::{Fractions, Lag, MemberOrder},
};

/// An assistant or a variation, and what a stale read sees of it.
#[derive(Clone, Debug)]
struct Replicated {
    id: String,
    document: Value,
    earlier: Value,
    lag: Lag,
}

impl Replicated {
    fn new(document: Value) -> Result<Self, CopilotError> {
        let id = document.get("id").and_then(Value::as_str).ok_or(CopilotError::Shape)?;
        Ok(Self {
            id: id.to_owned(),
            earlier: document.clone(),
            document,
            lag: Lag::Reads(0),
        })
    }

    fn read(&mut self, now: SystemTime) -> &Value {
        if self.lag.takes(now) {
            &self.earlier
        } else {
            &self.document
        }
    }

    /// Puts `document` in place of this one, which stale reads go on to see.
    fn replace(&mut self, document: Value, lag: Lag) {
        self.earlier = std::mem::replace(&mut self.document, document);
        self.lag = lag;
    }
}

/// An assistant and its language variations.
#[derive(Clone, Debug)]
struct Assistant {
    own: Replicated,
    variations: Vec<Replicated>,
}

/// All assistants, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct AssistantStore {
    assistants: Vec<Assistant>,
    writes: Vec<RecordedWrite>,
    fractions: Fractions,
    answers: usize,
}

impl AssistantStore {
    /// # Errors
    ///
    /// [`CopilotError::Snapshot`] or [`CopilotError::Shape`] if `snapshot` is no list of assistants.
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, CopilotError> {
        let mut store = Self::default();
        for entry in snapshot.as_array().ok_or(CopilotError::Snapshot)? {
            let assistant = entry.get("assistant").ok_or(CopilotError::Snapshot)?;
            let own = Replicated::new(assistant.clone())?;
            let variations = match entry.get("variations") {
                Some(variations) => variations.as_array().ok_or(CopilotError::Snapshot)?.as_slice(),
                None => &[],
            };
            let variations = variations.iter().cloned().map(Replicated::new);
            store.assistants.push(Assistant {
                own,
                variations: variations.collect::<Result<_, _>>()?,
            });
        }
        Ok(store)
    }

    pub(crate) fn snapshot(&self) -> Value {
        self.assistants
            .iter()
            .map(|Assistant { own, variations }| {
                let variations: Vec<_> = variations.iter().map(|variation| &variation.document).collect();
                json!({"assistant": own.document, "variations": variations})
            })
            .collect()
    }

    /// Stores fractions with this precision: those that are there, and those to come.
    pub(crate) fn set_fractions(&mut self, fractions: Fractions) {
        self.fractions = fractions;
        for Assistant { own, variations } in &mut self.assistants {
            for replicated in [own].into_iter().chain(variations) {
                let document = replicated.document.take();
                replicated.document = fractions.stored(document);
            }
        }
    }

    /// Keeps an assistant, in place of one with the same id, whose variations it gets.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`.
    pub(crate) fn put_assistant(&mut self, document: Value) -> Result<(), CopilotError> {
        let own = Replicated::new(self.fractions.stored(document))?;
        match self.assistants.iter_mut().find(|other| other.own.id == own.id) {
            Some(assistant) => assistant.own = own,
            None => self.assistants.push(Assistant {
                own,
                variations: Vec::new(),
            }),
        }
        Ok(())
    }

    /// Keeps a variation of an assistant, in place of one with the same id.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Shape`] if it is no object with a text as `id`, [`CopilotError::Missing`] without the assistant.
    pub(crate) fn put_variation(&mut self, assistant: &str, document: Value) -> Result<(), CopilotError> {
        let variation = Replicated::new(self.fractions.stored(document))?;
        let Some(owner) = self.assistants.iter_mut().find(|other| other.own.id == assistant) else {
            return Err(CopilotError::Missing(HostedDocument::Variation {
                assistant: assistant.to_owned(),
                variation: variation.id,
            }));
        };
        match owner.variations.iter_mut().find(|other| other.id == variation.id) {
            Some(place) => *place = variation,
            None => owner.variations.push(variation),
        }
        Ok(())
    }

    pub(crate) fn remove_assistant(&mut self, id: &str) {
        self.assistants.retain(|assistant| assistant.own.id != id);
    }

    pub(crate) fn remove_variation(&mut self, assistant: &str, id: &str) {
        let owner = self.assistants.iter_mut().find(|other| other.own.id == assistant);
        if let Some(owner) = owner {
            owner.variations.retain(|variation| variation.id != id);
        }
    }

    /// The ids of all assistants with their names, which need not be there.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.assistants.iter().map(|Assistant { own, .. }| {
            let name = own.document.get("name").and_then(Value::as_str).unwrap_or_default();
            (&*own.id, name)
        })
    }

    /// The assistant with its Copilot, as it is stored.
    pub(crate) fn assistant(&self, id: &str) -> Option<&Value> {
        let assistant = self.assistants.iter().find(|other| other.own.id == id)?;
        Some(&assistant.own.document)
    }

    /// The assistant with its Copilot, as a read at `now` shows it.
    pub(crate) fn read_assistant(&mut self, id: &str, now: SystemTime) -> Option<&Value> {
        let assistant = self.assistants.iter_mut().find(|other| other.own.id == id)?;
        Some(assistant.own.read(now))
    }

    /// The variations of an assistant, as a read at `now` shows them.
    pub(crate) fn read_variations(&mut self, assistant: &str, now: SystemTime) -> Option<Vec<Value>> {
        let assistant = self.assistants.iter_mut().find(|other| other.own.id == assistant)?;
        let variations = assistant.variations.iter_mut();
        Some(variations.map(|variation| variation.read(now).clone()).collect())
    }

    /// The document as it is stored. A Copilot that is null is none.
    pub(crate) fn document(&self, at: &HostedDocument) -> Option<&Value> {
        let assistant = self.assistants.iter().find(|other| other.own.id == at.assistant())?;
        let replicated = match at {
            HostedDocument::Copilot { .. } => &assistant.own,
            HostedDocument::Variation { variation, .. } => {
                assistant.variations.iter().find(|other| other.id == *variation)?
            }
        };
        part(at, &replicated.document)
    }

    /// The document as a read at `now` shows it.
    pub(crate) fn read_document(&mut self, at: &HostedDocument, now: SystemTime) -> Option<&Value> {
        part(at, self.replicated(at)?.read(now))
    }

    /// Writes a document, so that reads lag behind.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Missing`] if there is no such assistant or variation, [`CopilotError::Shape`] if what is to be
    /// written is no variation of that id.
    pub(crate) fn write(
        &mut self,
        at: &HostedDocument,
        document: Value,
        writer: Writer,
        lag: Lag,
    ) -> Result<(), CopilotError> {
        self.change(at, document, writer, |replicated, whole| replicated.replace(whole, lag))
    }

    /// Edits a document in the platform's own pages. Reads that are stale stay so, and all others see it at once.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub(crate) fn edit(&mut self, at: &HostedDocument, change: impl FnOnce(&mut Value)) -> Result<(), CopilotError> {
        let mut document = self.document(at).cloned().unwrap_or_default();
        change(&mut document);
        self.change(at, document, Writer::Administrator, |replicated, whole| {
            replicated.document = whole;
        })
    }

    /// Lets the reads of a document lag behind its last write from now on.
    pub(crate) fn delay(&mut self, at: &HostedDocument, lag: Lag) {
        if let Some(replicated) = self.replicated(at) {
            replicated.lag = lag;
        }
    }

    fn change(
        &mut self,
        at: &HostedDocument,
        document: Value,
        writer: Writer,
        keep: impl FnOnce(&mut Replicated, Value),
    ) -> Result<(), CopilotError> {
        let document = self.fractions.stored(document);
        let Some(replicated) = self.replicated(at) else {
            return Err(CopilotError::Missing(at.clone()));
        };
        let before = part(at, &replicated.document).cloned().unwrap_or_default();
        let whole = match at {
            HostedDocument::Copilot { .. } => {
                let mut whole = replicated.document.clone();
                if let Some(members) = whole.as_object_mut() {
                    members.insert("copilot".to_owned(), document.clone());
                }
                whole
            }
            HostedDocument::Variation { variation, .. }
                if document.get("id").and_then(Value::as_str) == Some(variation) =>
            {
                document.clone()
            }
            HostedDocument::Variation { .. } => return Err(CopilotError::Shape),
        };
        keep(replicated, whole);
        self.writes.push(RecordedWrite {
            document: at.clone(),
            writer,
            before,
            after: document,
        });
        Ok(())
    }

    fn replicated(&mut self, at: &HostedDocument) -> Option<&mut Replicated> {
        let assistant = self
            .assistants
            .iter_mut()
            .find(|other| other.own.id == at.assistant())?;
        match at {
            HostedDocument::Copilot { .. } => Some(&mut assistant.own),
            HostedDocument::Variation { variation, .. } => {
                assistant.variations.iter_mut().find(|other| other.id == *variation)
            }
        }
    }

    /// An answer with its members in the order of its turn.
    pub(crate) fn shown(&mut self, order: MemberOrder, answer: Value) -> Value {
        self.answers += 1;
        order.shown(answer, self.answers)
    }

    pub(crate) fn writes(&self) -> &[RecordedWrite] {
        &self.writes
    }
}

/// The document in the assistant or variation that has it. A Copilot that is null is none.
fn part<'whole>(at: &HostedDocument, whole: &'whole Value) -> Option<&'whole Value> {
    match at {
        HostedDocument::Copilot { .. } => whole.get("copilot").filter(|copilot| !copilot.is_null()),
        HostedDocument::Variation { .. } => Some(whole),
    }
}
