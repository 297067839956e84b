//! The content of an author's file, by which it is told later who changed what.

use std::time::SystemTime;

use domain::json::{Document, TextError};
use domain::{ContentHash, DocumentKind, Edit, Version};
use ports::{BaseRecord, BaseSource, DocumentRef, KnownReference};

use crate::update::Identity;

/// The content of a file's document, as a base has it.
#[derive(Clone, Debug, PartialEq)]
pub struct FileContent {
    /// The hash of the content.
    pub hash: ContentHash,
    /// The members that the file names, those that it clears too.
    pub members: Vec<String>,
    /// The content ([`Edit::normal_form`]).
    pub content: Document,
    /// The names in the file that stood for ids; given values are not among them.
    pub references: Vec<KnownReference>,
}

impl FileContent {
    /// The content of a file's document.
    ///
    /// # Errors
    ///
    /// If the document would be larger than a document may be.
    pub fn of<K: DocumentKind>(edit: &Edit<K>) -> Result<Self, TextError> {
        Ok(Self {
            hash: edit.content_hash(),
            members: edit.named_members().map(|(member, _)| member.name.to_owned()).collect(),
            content: edit.normal_form()?,
            references: Vec::new(),
        })
    }

    /// The content of a file in which these names stood for ids.
    #[must_use]
    pub fn with_references(self, references: Vec<KnownReference>) -> Self {
        Self { references, ..self }
    }

    /// The base that it is for a document which was read at that time.
    pub(crate) fn as_base(
        &self,
        document: DocumentRef,
        identity: Identity,
        version: Option<Version>,
        read_at: SystemTime,
        at: SystemTime,
    ) -> BaseRecord {
        BaseRecord {
            document,
            author: identity.author,
            hash: self.hash.digits(),
            members: self.members.clone(),
            content: Some(self.content.clone()),
            references: self.references.clone(),
            version,
            source: BaseSource::Apply,
            read_at,
            at,
        }
    }
}
