//! What an update is to bring about.

use crate::kind::Kind;

/// What an update is to bring about.
#[derive(Clone, Debug)]
pub enum Wanted<K: Kind> {
    /// What somebody wishes of the document as it is read. If the wish names the version that it was made from,
    /// that must be the version read.
    Wish(K::Wish),
    /// What somebody wishes, made from a version that the wish names and that is known. If another version is read,
    /// what was done since is merged with.
    WishOf {
        /// The wish.
        wish: K::Wish,
        /// The document at the version that it names.
        seen: K,
    },
    /// A change of a document that may have moved on since: what was done since is merged with.
    Change {
        /// The change.
        change: K::Change,
        /// The document that it is a change of.
        seen: K,
    },
}
