//! A place where both sides of a merge changed the same thing.

use serde::Serialize;

use crate::json::Document;
use crate::pointer::Pointer;

/// A place where ours and theirs differ and neither equals the base. A side that has nothing there is absent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Collision {
    /// The place, as a JSON Pointer.
    #[serde(rename = "path")]
    pub pointer: Pointer,
    /// The value that the change was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Document>,
    /// The value that the change asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ours: Option<Document>,
    /// The value that is stored now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theirs: Option<Document>,
}
