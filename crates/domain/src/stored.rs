//! A document together with what the server says about it.

use crate::kind::Kind;
use crate::version::Version;

/// What a read answers: a value, whose it is, and the version that it has there.
///
/// Identity and version are not part of the value: they come from a read and from nowhere else.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<K: Kind> {
    /// What it is stored under.
    pub id: K::Id,
    /// The version to write under. Without one nothing can be written safely, and nothing is.
    pub version: Option<Version>,
    /// The document.
    pub value: K,
}
