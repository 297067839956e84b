//! A base as an entry has it.

use ports::{BaseRecord, BaseSource};
use serde::{Deserialize, Serialize};

use super::reference::ReferenceBody;
use super::time::{read_time, time_text};
use super::{Body, Documents, EntryBodyError, found, keep, unknown_word, version};
use crate::digest::Digest;

/// The words for where a base comes from.
pub(crate) const OF_APPLY: &str = "apply";
const OF_PULL: &str = "pull";

/// A document as it was known to be, at a read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObservationBody {
    pub(crate) sha256: String,
    pub(crate) members: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content: Option<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<ReferenceBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// `apply` or `pull`.
    pub(crate) source: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    pub(crate) read_at: String,
}

impl ObservationBody {
    /// The part of a base's entry, and its content among the documents.
    pub(super) fn of(record: &BaseRecord, documents: &mut Documents) -> Self {
        let (source, folder) = match &record.source {
            BaseSource::Apply => (OF_APPLY, None),
            BaseSource::Pull { folder } => (OF_PULL, Some(folder.clone())),
        };
        let content = record.content.as_ref();
        Self {
            sha256: record.hash.clone(),
            members: record.members.clone(),
            content: content.map(|content| keep(documents, content)),
            references: record.references.iter().map(ReferenceBody::of).collect(),
            version: record.version.as_ref().map(|version| version.as_sent().to_owned()),
            source: source.to_owned(),
            folder,
            read_at: time_text(record.read_at),
        }
    }

    /// The base in an entry, with its content.
    pub(super) fn read(&self, entry: &Body, documents: &Documents) -> Result<BaseRecord, EntryBodyError> {
        let source = match (self.source.as_str(), &self.folder) {
            (OF_APPLY, None) => BaseSource::Apply,
            (OF_PULL, Some(folder)) => BaseSource::Pull { folder: folder.clone() },
            (word, _) => return Err(unknown_word(word)),
        };
        let content = self.content.as_ref();
        Ok(BaseRecord {
            document: entry.reference(),
            author: entry.author(),
            hash: self.sha256.clone(),
            members: self.members.clone(),
            content: content.map(|content| found(documents, content)).transpose()?,
            references: self.references.iter().map(ReferenceBody::read).collect(),
            version: self.version.as_deref().map(version).transpose()?,
            source,
            read_at: read_time(&self.read_at)?,
            at: read_time(&entry.at)?,
        })
    }
}
