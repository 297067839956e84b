//! A place where both sides of a merge changed the same thing.

use serde::Serialize;

use crate::json::Document;
use crate::pointer::Pointer;

/// The side that changed a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangedBy {
    /// We alone.
    Us,
    /// They alone.
    Them,
    /// Both, to the same value.
    BothAlike,
    /// Both, to different values.
    Both,
}

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

impl Collision {
    /// The side that changed the member. One that not both changed to different values collides with other members of
    /// its [group](super::MergeGroup) only.
    pub fn changed_by(&self) -> ChangedBy {
        if self.ours == self.theirs {
            ChangedBy::BothAlike
        } else if self.theirs == self.base {
            ChangedBy::Us
        } else if self.ours == self.base {
            ChangedBy::Them
        } else {
            ChangedBy::Both
        }
    }
}
