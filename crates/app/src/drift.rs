//! Drift of documents: finds the base of each, what others changed since, and who did.

use std::collections::HashMap;
use std::time::SystemTime;

use domain::document::{ElementDifference, document_diff};
use domain::drift::{Base, Comparison, Standing, StoredOtherwise, compare};
use domain::json::{Document, Node};
use domain::protocol::UpdateRequest;
use domain::{ContentHash, DocumentKind, Edit, Patch, Pointer};
use ports::{Author, DocumentRef, EntryId, History, LedgerError, NewestBase, Replacement};

/// The applied entries and bases that are asked who changed something.
const LOOK_BACK: usize = 50;

/// The bases of the files that are planned, and the policy where others changed what they name.
#[derive(Clone, Debug)]
pub struct DriftPolicy<K> {
    /// The bases beside the record.
    pub bases: Bases<K>,
    /// The policy.
    pub on_drift: OnDrift,
}

impl<K> Default for DriftPolicy<K> {
    fn default() -> Self {
        Self {
            bases: Bases::default(),
            on_drift: OnDrift::default(),
        }
    }
}

/// The policy where others changed what a file names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDrift {
    /// The document is a conflict.
    #[default]
    Fail,
    /// The file is merged with what others changed.
    Keep,
    /// The file wins.
    Revert,
}

/// The source of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BaseOrigin {
    /// An apply, as the record has it.
    Apply,
    /// A pull into the folder of the file.
    Pull,
    /// A folder that was named.
    Directory,
}

/// A base that a folder has of a document.
#[derive(Clone, Debug)]
pub struct FolderBase<K> {
    /// The hash of its content.
    pub hash: ContentHash,
    /// The content, where the folder has it.
    pub content: Option<Edit<K>>,
    /// The time at which it was read from the organization, where the folder says.
    pub at: Option<SystemTime>,
}

/// The bases beside those of the record, by the id of the document.
#[derive(Clone, Debug)]
pub enum Bases<K> {
    /// Those of the folder that the files stand in: the newer of it and the record counts.
    OfFolder(HashMap<String, FolderBase<K>>),
    /// Those of a folder that was named: nothing else counts.
    OfDirectory(HashMap<String, FolderBase<K>>),
}

impl<K> Default for Bases<K> {
    /// Those of the record alone.
    fn default() -> Self {
        Self::OfFolder(HashMap::new())
    }
}

/// The newest part of a base, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseInfo {
    /// The hash of its content.
    pub hash: ContentHash,
    /// The time of the read behind it, where it is known.
    pub at: Option<SystemTime>,
    /// Its source.
    pub by: BaseOrigin,
}

/// A base that was found.
struct FoundBase<K> {
    base: Base<K>,
    info: BaseInfo,
}

/// A change by others, and who made it, as far as the record knows.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftLine {
    /// The place, with the value of the base before and the organization's after.
    pub difference: ElementDifference,
    /// The entry that made it.
    pub change: Option<KnownChange>,
}

/// A change that the record knows.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownChange {
    /// The number of its entry.
    pub entry: EntryId,
    /// Its author.
    pub author: Author,
    /// Its time.
    pub at: SystemTime,
}

impl KnownChange {
    fn of(replacement: &Replacement) -> Self {
        Self {
            entry: replacement.entry,
            author: replacement.author.clone(),
            at: replacement.at,
        }
    }
}

/// A file beside its stored document and their base.
#[derive(Clone, Debug)]
pub struct DocumentDrift {
    /// The base, if there is one.
    pub base: Option<BaseInfo>,
    /// The standing of each member of the file.
    pub comparison: Comparison,
    /// The changes by others.
    pub lines: Vec<DriftLine>,
}

/// A file beside its stored document, with the content of their base.
pub(crate) struct Compared<K> {
    base: Option<Base<K>>,
    pub(crate) drift: DocumentDrift,
}

impl<K: DocumentKind> Compared<K> {
    /// The request for a file under a policy; none if it is a conflict.
    pub(crate) fn request(&self, file: Edit<K>, stored: &K, on_drift: OnDrift) -> Option<UpdateRequest<K>> {
        let mut drifted = self.drift.comparison.drifted().peekable();
        if drifted.peek().is_none() || on_drift == OnDrift::Revert {
            return Some(UpdateRequest::Edit(file));
        }
        if on_drift == OnDrift::Fail {
            return None;
        }
        let base = self.base.as_ref()?.restored_in(stored).ok().flatten()?;
        // Why: a file that is not sound is refused by its edit, with all that is wrong with it.
        let Some(ours) = file.resolve(&base).ok().and_then(|patch| patch.apply(&base).ok()) else {
            return Some(UpdateRequest::Edit(file));
        };
        Some(UpdateRequest::Patch {
            patch: Patch::between(&base, &ours),
            base,
        })
    }
}

/// Compares a file with a stored document.
///
/// # Errors
///
/// If the record cannot be read.
pub(crate) async fn find<K: DocumentKind>(
    history: Option<&dyn History>,
    document: &DocumentRef,
    bases: &Bases<K>,
    file: &Edit<K>,
    stored: &K,
    written: Option<&StoredOtherwise<'_, K>>,
) -> Result<Compared<K>, LedgerError> {
    let (base, info) = match bases.find(history, document).await? {
        Some(FoundBase { base, info }) => (Some(base), Some(info)),
        None => (None, None),
    };
    let comparison = compare(file, base.as_ref(), stored, written);
    let mut lines = changes_by_others(base.as_ref(), &comparison, stored);
    if let (Some(history), false) = (history, lines.is_empty()) {
        let replacements = history.replacements(document, LOOK_BACK).await?;
        for line in &mut lines {
            let made = replacements
                .iter()
                .find(|replacement| made(replacement, &line.difference));
            line.change = made.map(KnownChange::of);
        }
    }
    Ok(Compared {
        base,
        drift: DocumentDrift {
            base: info,
            comparison,
            lines,
        },
    })
}

/// True if an entry put at a place, or in what it is a part of, what stands there now.
fn made(replacement: &Replacement, line: &ElementDifference) -> bool {
    let place = &line.difference.pointer;
    let is_there = |pointer: &Pointer| {
        let (inside, around) = (place.as_str(), pointer.as_str());
        inside
            .strip_prefix(around)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            || around.strip_prefix(inside).is_some_and(|rest| rest.starts_with('/'))
    };
    replacement.changes.iter().any(|change| {
        let (put, found) = (change.after.as_ref(), line.difference.after.as_ref());
        let is_same = if change.pointer == *place {
            same(put, found)
        } else {
            // What took something away put nothing into it.
            put.is_some() || found.is_none() || change.pointer.as_str().len() > place.as_str().len()
        };
        is_there(&change.pointer) && is_same
    })
}

fn same(one: Option<&Document>, other: Option<&Document>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.root().eq_value(other.root()),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// The changes of others in the members that drifted.
fn changes_by_others<K: DocumentKind>(base: Option<&Base<K>>, comparison: &Comparison, stored: &K) -> Vec<DriftLine> {
    let before = base.and_then(|base| base.restored_in(stored).ok().flatten());
    let line = |difference| DriftLine {
        difference,
        change: None,
    };
    if let Some(before) = before {
        let differences = document_diff(&before, stored).into_iter();
        let is_drifted = |found: &ElementDifference| {
            let member = found.difference.pointer.tokens().next();
            member.is_some_and(|member| comparison.of(&member).is_some_and(Standing::is_drift))
        };
        return differences.filter(is_drifted).map(line).collect();
    }
    let undecided = comparison.drifted().map(|member| ElementDifference {
        difference: domain::document::Difference {
            pointer: member.pointer(),
            before: None,
            after: stored
                .member(member.name)
                .and_then(|value| Document::from_node(value).ok()),
        },
        from: None,
    });
    undecided.map(line).collect()
}

/// The entry that replaced what a change would bring back, for each place of a diff that would.
///
/// # Errors
///
/// If the record cannot be read.
pub(crate) async fn taken_back(
    history: &dyn History,
    document: &DocumentRef,
    diff: &[ElementDifference],
) -> Result<Vec<(Pointer, KnownChange)>, LedgerError> {
    let replacements = history.replacements(document, LOOK_BACK).await?;
    let taken_back = diff.iter().filter_map(|line| {
        let line = &line.difference;
        let replaces = |replacement: &&Replacement| {
            replacement
                .changes
                .iter()
                .any(|change| change.pointer == line.pointer && same(change.before.as_ref(), line.after.as_ref()))
        };
        let found = replacements.iter().find(replaces)?;
        Some((line.pointer.clone(), KnownChange::of(found)))
    });
    Ok(taken_back.collect())
}

impl<K: DocumentKind> Bases<K> {
    /// The base of a document, if there is one.
    ///
    /// # Errors
    ///
    /// If the record cannot be read.
    async fn find(
        &self,
        history: Option<&dyn History>,
        document: &DocumentRef,
    ) -> Result<Option<FoundBase<K>>, LedgerError> {
        let folder = match self {
            Self::OfDirectory(bases) => {
                let base = bases.get(&document.id).map(|base| base.found(BaseOrigin::Directory));
                return Ok(base);
            }
            Self::OfFolder(bases) => bases.get(&document.id),
        };
        let Some(history) = history else {
            return Ok(folder.map(|base| base.found(BaseOrigin::Pull)));
        };
        let recorded = history.newest_bases(document).await?;
        let newest = recorded.first().map(|newest| newest.base.read_at);
        let Some(folder) = folder else {
            return Ok(of_record(&recorded, None));
        };
        let is_newest = folder.at >= newest;
        let content = match &folder.content {
            Some(content) => Some(content.clone()),
            None => content_of(history, &recorded, &folder.hash).await?,
        };
        Ok(match content {
            None if is_newest => Some(folder.found(BaseOrigin::Pull)),
            None => of_record(&recorded, None),
            Some(content) if is_newest => {
                let newest = FolderBase {
                    content: Some(content),
                    ..folder.clone()
                };
                of_record(&recorded, Some(newest.found(BaseOrigin::Pull)))
            }
            Some(content) => of_record(&recorded, None).map(|found| found.filled_up_with(&content)),
        })
    }
}

/// The content with a hash: of a base that is at hand, or of any other in the record.
async fn content_of<K: DocumentKind>(
    history: &dyn History,
    at_hand: &[NewestBase],
    hash: &ContentHash,
) -> Result<Option<Edit<K>>, LedgerError> {
    let is_it = |newest: &&NewestBase| newest.base.hash.parse() == Ok(*hash);
    let found = at_hand.iter().find(is_it);
    let content = match found.and_then(|newest| newest.base.content.clone()) {
        Some(content) => Some(content),
        None => history.base_content(&hash.digits()).await?,
    };
    Ok(content.and_then(|content| Edit::new(content).ok()))
}

/// The base that the record has, member by member, after the newest part.
fn of_record<K: DocumentKind>(recorded: &[NewestBase], newest: Option<FoundBase<K>>) -> Option<FoundBase<K>> {
    let mut found = newest;
    for NewestBase { base, members, .. } in recorded {
        let Some(content) = &base.content else { continue };
        let value = |name: &str| content.root().get(name).map_or("null", Node::raw);
        let named: Vec<(&str, &str)> = members.iter().map(|name| (name.as_str(), value(name))).collect();
        let part = Document::empty_object().with_members(&named).ok();
        let Some(part) = part.and_then(|part| Edit::new(part).ok()) else {
            continue;
        };
        found = Some(match found {
            Some(found) => found.filled_up_with(&part),
            None => FoundBase {
                base: Base::Content(part),
                info: BaseInfo {
                    hash: base.hash.parse().ok()?,
                    at: Some(base.read_at),
                    by: BaseOrigin::Apply,
                },
            },
        });
    }
    found
}

impl<K: DocumentKind> FolderBase<K> {
    fn found(&self, by: BaseOrigin) -> FoundBase<K> {
        FoundBase {
            base: match &self.content {
                Some(content) => Base::Content(content.clone()),
                None => Base::Hash(self.hash),
            },
            info: BaseInfo {
                hash: self.hash,
                at: self.at,
                by,
            },
        }
    }
}

impl<K: DocumentKind> FoundBase<K> {
    /// The same with the members of an older base that it does not name.
    fn filled_up_with(self, older: &Edit<K>) -> Self {
        let base = match self.base {
            Base::Content(newer) => Base::Content(older.with(&newer).unwrap_or(newer)),
            Base::Hash(hash) => Base::Hash(hash),
        };
        Self { base, ..self }
    }
}
