//! A document together with what the server says about it.

use super::DocumentKind;
use crate::version::Version;

/// The answer to a read: a document, its id, and the version that it has on the server.
///
/// Identity and version are not part of the document: they come from a read and from nowhere else.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<K: DocumentKind> {
    /// The id that it is stored under.
    pub id: K::Id,
    /// The version to write under; none where the server gave none.
    pub version: Option<Version>,
    /// The document.
    pub value: K,
}

impl<K: DocumentKind> Stored<K> {
    /// The version that it has on the server or, where the server gave none, the one that the document itself states: an
    /// edit of such a document names that one.
    pub fn stated_version(&self) -> Option<Version> {
        let stated = || K::stated_version(self.value.document().root());
        self.version.clone().or_else(stated)
    }
}
