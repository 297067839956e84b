//! Documents of any kind: what a kind is, edits and patches, diff, merge and revert.
//!
//! Everything here is written once, over [`DocumentKind`]. No file of this folder names a member of a document: members,
//! groups and identities come from the kind.

mod check;
mod collision;
mod common_sequence;
mod diff;
mod edit;
mod element_diff;
mod follow;
mod kind;
mod likeness;
mod merge;
mod merge_list;
mod merge_parts;
mod notes;
mod parts;
mod patch;
mod revert;
mod stored;

pub use check::check;
pub use collision::{ChangedBy, Collision};
pub use common_sequence::common_sequence;
pub use diff::{Difference, diff};
pub use edit::Edit;
pub(crate) use edit::{as_far_as_named, is_as_stored};
pub use element_diff::{ElementDifference, document_changes, document_diff, element_diff, shown_changes};
pub(crate) use element_diff::{Origin, origins_by_likeness};
pub use follow::follow;
pub use kind::{
    Audience, DocumentKind, Form, Guard, KindName, ListIdentity, Matching, MemberSpec, MergeGroup, NestedList,
    ParseError, match_by_content,
};
pub use likeness::Likeness;
pub use merge::{CrossFieldMerge, Merged, merge};
pub use notes::is_note;
pub use patch::Patch;
pub use revert::{AppliedChange, Revert, revert};
pub use stored::Stored;
