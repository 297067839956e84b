//! Drift: the changes that others made to a stored document since its base, apart from those that an author's file makes.
//!
//! A base is the content that file and organization agreed on last. Documents are compared member by member, and only in
//! the members that the file names: what it leaves out is the organization's.

use crate::content_hash::ContentHash;
use crate::document::{DocumentKind, Edit, MemberSpec, as_far_as_named, is_as_stored};
use crate::json::{Document, Node, TextError, canonical_object};

/// The base of a document.
#[derive(Clone, Debug)]
pub enum Base<K> {
    /// Its content: the members that it names, `null` for one that it clears.
    Content(Edit<K>),
    /// The hash of its content ([`Edit::content_hash`]), where the content is not known.
    Hash(ContentHash),
}

impl<K: DocumentKind> Base<K> {
    /// The document as it was by its base: the stored one with the members as the base has them. None where the content is
    /// not known.
    ///
    /// # Errors
    ///
    /// If it would be larger than a document may be.
    pub fn restored_in(&self, stored: &K) -> Result<Option<K>, TextError> {
        match self {
            Self::Content(base) => base.meant_in(stored)?.apply(stored).map(Some),
            Self::Hash(_) => Ok(None),
        }
    }
}

/// The standing of a member of a file, by its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// The organization has what the file says.
    InSync,
    /// The organization has what the base says, and the file does not.
    ChangedInFile,
    /// The file says what the base says, and the organization has something else.
    ChangedInOrg,
    /// File, organization and base say three things.
    ChangedInBoth,
    /// No base names it.
    NoBase,
    /// There is a base, and its hash alone does not tell who changed what.
    Undecided,
}

impl Standing {
    /// True if others changed the member, or may have.
    pub fn is_drift(self) -> bool {
        match self {
            Self::ChangedInOrg | Self::ChangedInBoth | Self::Undecided => true,
            Self::InSync | Self::ChangedInFile | Self::NoBase => false,
        }
    }
}

/// The standing of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentStanding {
    /// Each member is in sync.
    InSync,
    /// The file alone changed.
    ChangedInFile,
    /// The organization alone changed.
    ChangedInOrg,
    /// Both changed.
    ChangedInBoth,
    /// They differ, and no base tells who changed what.
    Differs,
}

/// The standings of the members that a file names, in the order of the kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison(Vec<(&'static MemberSpec, Standing)>);

impl Comparison {
    /// Each member with its standing.
    pub fn members(&self) -> impl Iterator<Item = (&'static MemberSpec, Standing)> + '_ {
        self.0.iter().copied()
    }

    /// The members that others changed, or may have.
    pub fn drifted(&self) -> impl Iterator<Item = &'static MemberSpec> + '_ {
        self.members()
            .filter(|(_, standing)| standing.is_drift())
            .map(|(member, _)| member)
    }

    /// The standing of a member by its name.
    pub fn of(&self, member: &str) -> Option<Standing> {
        let mut members = self.members();
        members
            .find(|(spec, _)| spec.name == member)
            .map(|(_, standing)| standing)
    }

    /// The standing of the document.
    pub fn standing(&self) -> DocumentStanding {
        let has = |wanted: &[Standing]| self.members().any(|(_, standing)| wanted.contains(&standing));
        if has(&[Standing::NoBase, Standing::Undecided]) {
            return DocumentStanding::Differs;
        }
        let in_both = has(&[Standing::ChangedInBoth]);
        match (
            in_both || has(&[Standing::ChangedInFile]),
            in_both || has(&[Standing::ChangedInOrg]),
        ) {
            (false, false) => DocumentStanding::InSync,
            (true, false) => DocumentStanding::ChangedInFile,
            (false, true) => DocumentStanding::ChangedInOrg,
            (true, true) => DocumentStanding::ChangedInBoth,
        }
    }
}

/// A document that an earlier write sent, and the one that the server stored in its place.
#[derive(Debug)]
pub struct StoredOtherwise<'a, K> {
    /// The document as it was sent.
    pub sent: &'a K,
    /// The document as it was stored.
    pub stored: &'a K,
}

/// Compares a file with a stored document by its base. A member that `written` sent as the file has it, and of which the
/// stored document has what the server made of it, is in sync.
///
/// ```
/// use assist_rules_domain::drift::{Base, Standing, compare};
/// use assist_rules_domain::json::Document;
/// use assist_rules_domain::{Edit, TriggerRule};
///
/// let edit = |text: &str| Edit::<TriggerRule>::new(Document::parse(text).unwrap()).unwrap();
/// let base = Base::Content(edit(r#"{"name": "Refund", "enabled": true}"#));
/// let file = edit(r#"{"id": "r1", "name": "Refunds", "enabled": true}"#);
/// let stored: TriggerRule = r#"{"id": "r1", "ruleType": "conversation", "name": "Refund", "enabled": false}"#.parse()?;
/// let compared = compare(&file, Some(&base), &stored, None);
/// assert_eq!(compared.of("name"), Some(Standing::ChangedInFile));
/// assert_eq!(compared.of("enabled"), Some(Standing::ChangedInOrg));
/// # Ok::<(), assist_rules_domain::ParseError>(())
/// ```
pub fn compare<K: DocumentKind>(
    file: &Edit<K>,
    base: Option<&Base<K>>,
    stored: &K,
    written: Option<&StoredOtherwise<'_, K>>,
) -> Comparison {
    let of_hash = match base {
        Some(Base::Hash(hash)) => Some(by_hash(file, hash, stored)),
        Some(Base::Content(_)) | None => None,
    };
    let standing = |member: &'static MemberSpec, value: Node<'_>| {
        let is_made_of_it = written.is_some_and(|&StoredOtherwise { sent, stored: made }| {
            is_as_stored(member, value, sent) && stored.member(member.name) == made.member(member.name)
        });
        if is_made_of_it || is_as_stored(member, value, stored) {
            return Standing::InSync;
        }
        let base = match base {
            Some(Base::Content(base)) => base.document().root().get(member.name),
            Some(Base::Hash(_)) | None => return of_hash.unwrap_or(Standing::NoBase),
        };
        let Some(base) = base else {
            return Standing::NoBase;
        };
        match (base.eq_value(value), is_as_stored(member, base, stored)) {
            (true, _) => Standing::ChangedInOrg,
            (false, true) => Standing::ChangedInFile,
            (false, false) => Standing::ChangedInBoth,
        }
    };
    Comparison(
        file.named_members()
            .map(|(member, value)| (member, standing(member, value)))
            .collect(),
    )
}

/// The standing of each member that differs, where only the hash of the base is known: it tells of the whole document.
fn by_hash<K: DocumentKind>(file: &Edit<K>, base: &ContentHash, stored: &K) -> Standing {
    if file.content_hash() == *base {
        return Standing::ChangedInOrg;
    }
    let named = file.named_members();
    let in_org = named.filter_map(|(member, value)| Some((member, value, stored.member(member.name)?)));
    let in_org = in_org.filter(|(_, _, theirs)| !theirs.is_null());
    let in_org: Vec<(&str, Document)> = in_org
        .filter_map(|(member, ours, theirs)| Some((member.name, as_far_as_named(member, ours, theirs).ok()?)))
        .collect();
    let in_org = in_org.iter().map(|(name, value)| (*name, value.root()));
    if ContentHash::of(canonical_object(in_org).as_bytes()) == *base {
        Standing::ChangedInFile
    } else {
        Standing::Undecided
    }
}

#[cfg(test)]
mod tests;
