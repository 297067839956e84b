//! The two places of an answer that name the version of a document.

use domain::Version;

/// The tag of the header, if it is a strong one, and that of the document.
///
/// They are one and the same, unless something on the way made the header's, rewrote it, or keeps documents longer than
/// their headers.
#[derive(Clone, Debug)]
pub(crate) struct Tags {
    pub(crate) header: Option<Version>,
    pub(crate) body: Option<Version>,
}

impl Tags {
    /// The version of the document: the header's as it came, but that of the document itself where they disagree. Under
    /// a tag that is newer than its document, a write would go over what nobody has read.
    pub(crate) fn version(self) -> Option<Version> {
        match self.disagree() {
            Some(_) => self.body,
            None => self.header.or(self.body),
        }
    }

    /// The tags, if they disagree: that of the header, and that of the document.
    pub(crate) fn disagree(&self) -> Option<(&Version, &Version)> {
        let (header, body) = (self.header.as_ref()?, self.body.as_ref()?);
        (!is_same(header, body)).then_some((header, body))
    }
}

/// True if two tags are equal but for their quotes.
pub(crate) fn is_same(one: &Version, other: &Version) -> bool {
    let bare = |version: &Version| version.as_sent().trim_matches('"').to_owned();
    bare(one) == bare(other)
}
