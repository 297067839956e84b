//! The documents of an author's files, by their kinds.

use app::RequestSource;
use domain::json::{CompactObject, Document};
use domain::protocol::UpdateRequest;
use domain::reference::ReferenceKind;
use domain::{ContentHash, Copilot, DocumentKind, Edit, TriggerRule};

use crate::folder_manifest::Manifests;
use crate::kind::CliKind;

/// A document of a file.
#[derive(Clone, Debug)]
pub(crate) struct Authored<K: DocumentKind> {
    /// Its number among all documents of the files, which are planned and reported in this order.
    pub(crate) place: usize,
    /// The file as it was given, with `/` between folders.
    pub(crate) file: String,
    pub(crate) id: K::Id,
    /// The hash of its content, as a base has it.
    pub(crate) hash: ContentHash,
    /// The number of members that it names.
    pub(crate) members: usize,
    /// True if nothing is wrong with it by itself.
    pub(crate) is_sound: bool,
    document: CompactObject,
}

impl<K: DocumentKind> Authored<K> {
    /// The document of a file that is about the document with this id.
    pub(crate) fn new(place: usize, file: String, id: K::Id, edit: &Edit<K>, is_sound: bool) -> Self {
        Self {
            place,
            file,
            id,
            hash: edit.content_hash(),
            members: edit.named_members().count(),
            is_sound,
            document: CompactObject::new(edit.document().root()),
        }
    }

    /// The document as an edit.
    pub(crate) fn edit(&self) -> Edit<K> {
        Edit::new(self.document.to_document()).unwrap_or_default()
    }

    /// The document as it was written, without its author's notes.
    pub(crate) fn document(&self) -> Document {
        self.document.to_document()
    }

    /// True if a text in it may begin as a reference by name does.
    pub(crate) fn may_refer(&self) -> bool {
        let text = self.document.text();
        // Why the escapes: `@` and `{` can be written so.
        text.contains("@{") || text.contains("\\u00")
    }

    /// The reference of the document that it is about.
    pub(crate) fn reference(&self) -> String {
        reference::<K>(&self.id)
    }
}

/// The reference of a document: its kind and its id.
pub(crate) fn reference<K: DocumentKind>(id: &K::Id) -> String {
    format!("{}/{id}", K::NAME)
}

impl<K: DocumentKind> RequestSource<K> for Authored<K> {
    fn make(&self) -> UpdateRequest<K> {
        UpdateRequest::Edit(self.edit())
    }

    fn edited(&self) -> Option<&CompactObject> {
        Some(&self.document)
    }
}

/// A document of a file that says by a name whose it is.
#[derive(Clone, Debug)]
pub(crate) struct NamedDocument {
    pub(crate) place: usize,
    pub(crate) file: String,
    /// The kind of what it is named after: a trigger rule, or the assistant of a Copilot.
    pub(crate) kind: ReferenceKind,
    /// The reference of the document, with the name in place of the id.
    pub(crate) reference: String,
    /// The name as the file has it.
    pub(crate) own: String,
    /// The variation of the assistant.
    pub(crate) variation: Option<String>,
    pub(crate) is_sound: bool,
    pub(crate) document: Document,
}

/// The documents of files, each kind in the order of the files.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuthoredDocuments {
    pub(crate) rules: Vec<Authored<TriggerRule>>,
    pub(crate) copilots: Vec<Authored<Copilot>>,
    /// Those of both kinds whose ids only the organization knows.
    pub(crate) named: Vec<NamedDocument>,
    /// The manifests of their folders.
    pub(crate) manifests: Manifests,
}

impl AuthoredDocuments {
    /// The number of documents.
    pub(crate) fn len(&self) -> usize {
        self.rules.len() + self.copilots.len() + self.named.len()
    }

    /// True if there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The documents of one kind.
    pub(crate) fn of_kind<K: CliKind>(&self) -> &[Authored<K>] {
        K::among(self)
    }

    /// The documents of which nothing is wrong by itself.
    pub(crate) fn into_sound(mut self) -> Self {
        self.rules.retain(|document| document.is_sound);
        self.copilots.retain(|document| document.is_sound);
        self.named.retain(|document| document.is_sound);
        self
    }

    /// The reference and the file of each document of which something is wrong by itself.
    pub(crate) fn unsound(&self) -> Vec<(String, &str)> {
        let rules = self.rules.iter().filter(|document| !document.is_sound);
        let copilots = self.copilots.iter().filter(|document| !document.is_sound);
        let rules = rules.map(|document| (document.reference(), document.file.as_str()));
        let named = self.named.iter().filter(|document| !document.is_sound);
        rules
            .chain(copilots.map(|document| (document.reference(), document.file.as_str())))
            .chain(named.map(|document| (document.reference.clone(), document.file.as_str())))
            .collect()
    }

    /// The file of each document.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let rules = self.rules.iter().map(|document| document.file.as_str());
        let copilots = self.copilots.iter().map(|document| document.file.as_str());
        let named = self.named.iter().map(|document| document.file.as_str());
        rules.chain(copilots).chain(named)
    }

    /// Takes note that the documents with this reference are not sound.
    pub(crate) fn spoil(&mut self, reference: &str) {
        let rules = self
            .rules
            .iter_mut()
            .filter(|document| document.reference() == reference);
        rules.for_each(|document| document.is_sound = false);
        let copilots = self.copilots.iter_mut();
        let copilots = copilots.filter(|document| document.reference() == reference);
        copilots.for_each(|document| document.is_sound = false);
        let named = self.named.iter_mut().filter(|document| document.reference == reference);
        named.for_each(|document| document.is_sound = false);
    }
}
