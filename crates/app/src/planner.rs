//! The plan of many documents: reads the organization, and finds what each request would change.

mod listed;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::SystemTime;

use domain::drift::StoredOtherwise;
use domain::json::CompactObject;
use domain::plan::{PlannedUpdate, plan};
use domain::protocol::{Conflict, Failed, Outcome, UpdateRequest};
use domain::{ContentHash, DocumentKind, FailureClass, Findings, OutcomeKind, Pointer, RequestError, Stored, Version};
use futures_util::StreamExt;
use ports::{DocumentStore, Entry, EntryId, History, HistoryQuery, LedgerError, visit_listing};

use crate::drift::{DocumentDrift, DriftPolicy, KnownChange, find as find_drift, taken_back};
use crate::update::document_ref;
use listed::Equal;
pub(crate) use listed::{has_document, surely_equal};

/// Plans documents of one kind.
pub struct Planner<K: DocumentKind> {
    /// The store of the documents; its reads are repeated while it is worth it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The documents that are read at a time.
    pub parallelism: usize,
    /// True if each document is given back as it is stored.
    pub keeps_stored: bool,
    /// The documents of the files that are not planned: they are in no count.
    pub left_out: Vec<K::Id>,
    /// The record, and the target in it whose newest entries are noted.
    pub record: Option<(Arc<dyn History>, String)>,
    /// The policy where others changed what a file names.
    pub drift: DriftPolicy<K>,
}

/// A request for one document.
#[derive(Clone)]
pub struct PlanRequest<K: DocumentKind> {
    /// The document.
    pub id: K::Id,
    /// The request.
    pub request: Arc<dyn RequestSource<K>>,
}

/// The source of a request, which is made when it is needed: of ten thousand documents, few are held at a time.
pub trait RequestSource<K: DocumentKind>: Send + Sync {
    /// The request.
    fn make(&self) -> UpdateRequest<K>;

    /// The document of an [`UpdateRequest::Edit`], where it is at hand: comparing it takes less than making the request.
    fn edited(&self) -> Option<&CompactObject> {
        None
    }
}

impl<K: DocumentKind, F: Fn() -> UpdateRequest<K> + Send + Sync> RequestSource<K> for F {
    fn make(&self) -> UpdateRequest<K> {
        self()
    }
}

/// The plan of all requests, in their order.
#[derive(Clone, Debug)]
pub struct Planned<K: DocumentKind> {
    /// The plan of each document.
    pub documents: Vec<PlannedDocument<K>>,
    /// The number of documents in the organization that no request is about; none where there is no listing, or it broke
    /// off.
    pub not_requested: Option<u64>,
}

/// The plan of one document.
#[derive(Clone, Debug)]
pub struct PlannedDocument<K: DocumentKind> {
    /// The document.
    pub id: K::Id,
    /// The name that people know it by.
    pub title: Option<String>,
    /// The document as it is stored or listed, if it is and that is asked for.
    pub stored: Option<K>,
    /// The newest entry of the document in the record before it was read.
    pub seen: Option<SeenEntry>,
    /// Warnings about what the server stored in place of what was sent.
    pub findings: Findings,
    /// The file beside the document and their base, where the document was read.
    pub drift: Option<Box<DocumentDrift>>,
    /// The places of the change that would bring back what an entry replaced.
    pub takes_back: Vec<(Pointer, KnownChange)>,
    /// The action.
    pub action: PlannedAction<K>,
}

/// The action that is planned for a document.
#[derive(Clone, Debug)]
pub enum PlannedAction<K: DocumentKind> {
    /// A write.
    Update(Box<PlannedUpdate<K>>),
    /// None: the document says so already, at that version.
    Unchanged(Option<Version>),
    /// None: the document moved away from what the request was made from.
    Conflict(Box<Conflict<K>>),
    /// None: others changed what the file names since its base.
    Drifted(Box<Stored<K>>),
    /// None: the organization does not have the document.
    Missing,
    /// None: the stored document shows that the new one cannot be written.
    Invalid(Box<InvalidPlan<K>>),
    /// None: the document exists or may exist, and could not be read.
    Unread(Box<RequestError>),
}

/// A document that would not be sound.
#[derive(Clone, Debug)]
pub struct InvalidPlan<K: DocumentKind> {
    /// The document as it is stored.
    pub stored: Option<Stored<K>>,
    /// The findings, errors among them.
    pub findings: Findings,
}

/// The progress of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanProgress {
    /// So many documents were listed.
    Listed(usize),
    /// So many documents have their plan.
    Planned(usize),
}

impl<K: DocumentKind> Planner<K> {
    /// Plans each request. What the listing shows to be equal is not read; everything else is read whole, since a listing
    /// may show less than a document has.
    ///
    /// # Errors
    ///
    /// If the record cannot be read.
    pub async fn plan(
        &self,
        requests: Vec<PlanRequest<K>>,
        watch: &(dyn Fn(PlanProgress) + Send + Sync),
    ) -> Result<Planned<K>, LedgerError> {
        let total = requests.len();
        let (equal, mut listed) = self.compare_with_listing(&requests, watch).await;
        let mut planned = equal.iter().flatten().count();
        watch(PlanProgress::Planned(planned));
        let mut documents: Vec<Option<PlannedDocument<K>>> = Vec::with_capacity(total);
        let mut to_read = Vec::new();
        for (index, (PlanRequest { id, request }, equal)) in requests.into_iter().zip(equal).enumerate() {
            let Some(Equal {
                title,
                listed: stored,
                version,
            }) = equal
            else {
                let title = listed.as_mut().and_then(|listed| listed.titles.remove(&index));
                to_read.push((index, title, id, request));
                documents.push(None);
                continue;
            };
            documents.push(Some(PlannedDocument {
                id,
                title,
                stored,
                seen: None,
                findings: Findings::default(),
                drift: None,
                takes_back: Vec::new(),
                action: PlannedAction::Unchanged(version),
            }));
        }
        let read = to_read
            .into_iter()
            .map(|(index, title, id, request)| async move { (index, self.plan_one(id, title, request.make()).await) });
        let mut read = futures_util::stream::iter(read).buffer_unordered(self.parallelism.max(1));
        while let Some((index, document)) = read.next().await {
            if let Some(place) = documents.get_mut(index) {
                *place = Some(document?);
            }
            planned = (planned + 1).min(total);
            watch(PlanProgress::Planned(planned));
        }
        let documents: Vec<PlannedDocument<K>> = documents.into_iter().flatten().collect();
        let not_requested = listed.map(|listed| listed.not_requested(&documents, &self.left_out));
        Ok(Planned {
            documents,
            not_requested,
        })
    }

    /// For each request what the listing shows, if it shows that nothing would change; and what it says of all. Nothing of
    /// either if it broke off.
    async fn compare_with_listing(
        &self,
        requests: &[PlanRequest<K>],
        watch: &(dyn Fn(PlanProgress) + Send + Sync),
    ) -> (Vec<Option<Equal<K>>>, Option<ListedIds>) {
        let places: HashMap<String, usize> = requests
            .iter()
            .enumerate()
            .map(|(index, request)| (request.id.to_string(), index))
            .collect();
        let nothing = || requests.iter().map(|_| None).collect::<Vec<Option<Equal<K>>>>();
        let mut equal = nothing();
        let mut titles = BTreeMap::new();
        let mut seen = HashSet::new();
        let total = visit_listing(&*self.store, &mut |listed| {
            if !has_document(&listed) {
                return;
            }
            if let Some(index) = places.get(&listed.stated_id) {
                // Why: of a document on two pages the later one counts.
                if let (Some(request), Some(place)) = (requests.get(*index), equal.get_mut(*index)) {
                    *place = surely_equal(request, &listed, self.keeps_stored);
                    if let (None, None, Some(title)) = (&place, K::TITLE, &listed.title) {
                        titles.insert(*index, title.clone());
                    }
                }
            }
            seen.insert(listed.stated_id);
            watch(PlanProgress::Listed(seen.len()));
        })
        .await;
        match total {
            Ok(total) => (equal, Some(ListedIds { seen, total, titles })),
            // Why nothing of it: a page to come may show a document otherwise than one that was read.
            Err(_) => (nothing(), None),
        }
    }

    /// Plans one document. `listed_title` is the name of one that does not know it itself.
    async fn plan_one(
        &self,
        id: K::Id,
        listed_title: Option<String>,
        request: UpdateRequest<K>,
    ) -> Result<PlannedDocument<K>, LedgerError> {
        // Why before the read: a write between the two is one that the plan did not see.
        let entries = match &self.record {
            Some((history, target)) => newest_entries::<K>(&**history, target, &id).await?,
            None => Vec::new(),
        };
        let mut drift = None;
        let (title, stored, action) = match self.store.get(&id).await {
            Ok(answer) => {
                let stored = answer.content;
                let title = stored.value.title().map(str::to_owned);
                let kept = self.keeps_stored.then(|| stored.value.clone());
                let (found, request) = self.request_on(request, &stored, &entries).await?;
                drift = found;
                let action = match request {
                    Some(request) => PlannedAction::of(plan(request, stored)),
                    None => PlannedAction::Drifted(Box::new(stored)),
                };
                (title, kept, action)
            }
            Err(failure) if failure.class == FailureClass::NotFound => (None, None, PlannedAction::Missing),
            Err(failure) => (None, None, PlannedAction::Unread(Box::new(failure))),
        };
        let title = action.title().map(str::to_owned).or(title).or(listed_title);
        let (action, findings) = unless_stored_otherwise(action, &entries);
        let takes_back = match (&action, &self.record) {
            (PlannedAction::Update(update), Some((history, target))) if drift.is_some() => {
                let document = document_ref::<K>(target.clone(), &id);
                taken_back(&**history, &document, &update.diff()).await?
            }
            _ => Vec::new(),
        };
        Ok(PlannedDocument {
            id,
            title,
            stored,
            seen: SeenEntry::newest(&entries),
            findings,
            drift,
            takes_back,
            action,
        })
    }

    /// The request for a stored document under the policy, and the drift of a file; no request if the drift is a conflict.
    async fn request_on(
        &self,
        request: UpdateRequest<K>,
        stored: &Stored<K>,
        entries: &[Entry],
    ) -> Result<(Option<Box<DocumentDrift>>, Option<UpdateRequest<K>>), LedgerError> {
        let UpdateRequest::Edit(file) = request else {
            return Ok((None, Some(request)));
        };
        let target = self.record.as_ref().map(|(_, target)| target.clone());
        let document = document_ref::<K>(target.unwrap_or_default(), &stored.id);
        let history = self.record.as_ref().map(|(history, _)| &**history);
        let written = newest_written::<K>(entries);
        let written = written.as_ref().map(|(sent, stored)| StoredOtherwise { sent, stored });
        let bases = &self.drift.bases;
        let compared = find_drift(history, &document, bases, &file, &stored.value, written.as_ref()).await?;
        // Why: a version that the file names is a conflict by itself, once it is another one.
        let is_stale = file
            .base_version()
            .is_some_and(|named| Some(&named) != stored.version.as_ref());
        let request = if is_stale {
            Some(UpdateRequest::Edit(file))
        } else {
            compared.request(file, &stored.value, self.drift.on_drift)
        };
        Ok((Some(Box::new(compared.drift)), request))
    }
}

/// The documents of a listing that was read to its end.
struct ListedIds {
    seen: HashSet<String>,
    total: Option<u64>,
    /// The names of the requested documents that have to be read, of a kind whose documents do not know their own.
    titles: BTreeMap<usize, String>,
}

impl ListedIds {
    fn not_requested<K: DocumentKind>(&self, documents: &[PlannedDocument<K>], left_out: &[K::Id]) -> u64 {
        let exists = |document: &&PlannedDocument<K>| match document.action {
            _ if !K::is_listed(&document.id) => false,
            PlannedAction::Missing | PlannedAction::Unread(_) => self.seen.contains(&document.id.to_string()),
            PlannedAction::Update(_)
            | PlannedAction::Unchanged(_)
            | PlannedAction::Conflict(_)
            | PlannedAction::Drifted(_)
            | PlannedAction::Invalid(_) => true,
        };
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let all = self.total.unwrap_or_default().max(count(self.seen.len()));
        let left_out = left_out.iter().filter(|id| self.seen.contains(&id.to_string()));
        all.saturating_sub(count(documents.iter().filter(exists).count() + left_out.count()))
    }
}

impl<K: DocumentKind> PlannedAction<K> {
    fn of(outcome: Outcome<K>) -> Self {
        let unread = |why: &str| Self::Unread(Box::new(RequestError::new(FailureClass::Malformed, why)));
        match outcome {
            Outcome::Planned(write) => match PlannedUpdate::new(write.base, write.ours) {
                Ok(update) => Self::Update(Box::new(update)),
                Err(error) => unread(&error.to_string()),
            },
            Outcome::Unchanged { stored, .. } => Self::Unchanged(stored.version),
            Outcome::Conflict(conflict) => Self::Conflict(Box::new(conflict)),
            Outcome::Invalid { base, findings } => Self::Invalid(Box::new(InvalidPlan { stored: base, findings })),
            Outcome::Failed(Failed::NoVersion { .. }) => unread("the server gave no version to write under"),
            Outcome::Applied { .. }
            | Outcome::Overwritten { .. }
            | Outcome::Rejected { .. }
            | Outcome::Denied { .. }
            | Outcome::Failed(_)
            | Outcome::Deferred { .. }
            | Outcome::Unknown { .. }
            | Outcome::NotAttempted { .. } => unread("a dry run does not end so"),
        }
    }

    fn title(&self) -> Option<&str> {
        match self {
            Self::Update(update) => update.after().title(),
            Self::Unchanged(_)
            | Self::Conflict(_)
            | Self::Drifted(_)
            | Self::Missing
            | Self::Invalid(_)
            | Self::Unread(_) => None,
        }
    }
}

/// The newest entry with an outcome of a document that a plan saw in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenEntry {
    /// Its number.
    pub entry: EntryId,
    /// Its time: in another ledger the same number has another one.
    pub at: SystemTime,
}

impl SeenEntry {
    /// The newest of these entries that has an outcome: others are at work, or were abandoned.
    fn newest(entries: &[Entry]) -> Option<Self> {
        let newest = entries.iter().find(|entry| entry.outcome.is_some())?;
        Some(Self {
            entry: newest.id,
            at: newest.at()?,
        })
    }
}

/// The number of entries of a document that are looked at.
const LOOK_BACK: usize = 16;

/// Finds the newest entries of a document, the newest first.
async fn newest_entries<K: DocumentKind>(
    history: &dyn History,
    target: &str,
    id: &K::Id,
) -> Result<Vec<Entry>, LedgerError> {
    let query = HistoryQuery {
        target: Some(target.to_owned()),
        kind: Some(K::NAME.to_string()),
        document: Some(id.to_string()),
        limit: LOOK_BACK,
        ..HistoryQuery::default()
    };
    history.entries(&query).await
}

/// The intents that a document named at its newest applied write, and that its NLU domain did not have then.
///
/// # Errors
///
/// If the record cannot be read.
pub async fn absent_intents_at_last_write<K: DocumentKind>(
    history: &dyn History,
    target: &str,
    id: &K::Id,
) -> Result<Vec<String>, LedgerError> {
    let entries = newest_entries::<K>(history, target, id).await?;
    let mut applied = entries
        .into_iter()
        .filter(|entry| entry.outcome_kind() == Some(OutcomeKind::Applied));
    let intent = applied.next().and_then(|entry| entry.intent);
    Ok(intent.map_or_else(Vec::new, |intent| intent.absent_intents))
}

/// The document that the newest applied write sent, and what the server stored.
fn newest_written<K: DocumentKind>(entries: &[Entry]) -> Option<(K, K)> {
    let mut applied = entries
        .iter()
        .filter(|entry| entry.outcome_kind() == Some(OutcomeKind::Applied));
    let entry = applied.next()?;
    let sent = K::from_document(entry.intent.as_ref()?.ours.clone()).ok()?;
    let stored = K::from_document(entry.outcome.as_ref()?.after.clone()?).ok()?;
    Some((sent, stored))
}

/// The action with its warnings: an update is none where the server stored what the newest applied write sent otherwise,
/// and holds that still.
fn unless_stored_otherwise<K: DocumentKind>(
    action: PlannedAction<K>,
    entries: &[Entry],
) -> (PlannedAction<K>, Findings) {
    match (action, newest_written::<K>(entries)) {
        (PlannedAction::Update(update), Some((sent, stored))) if update.is_stored_otherwise(&sent, &stored) => {
            let findings = update.stored_otherwise();
            (PlannedAction::Unchanged(update.before().version.clone()), findings)
        }
        (action, _) => (action, Findings::default()),
    }
}

/// The bases that applying a plan would make anew, and those that are there.
///
/// # Errors
///
/// If the record cannot be read.
pub async fn known_bases<K: DocumentKind>(history: &dyn History, target: &str) -> Result<KnownBases, LedgerError> {
    let hashes = history.base_hashes(target, K::NAME.as_str()).await?;
    let known = hashes.into_iter().filter_map(|base| {
        let hash: ContentHash = base.hash.parse().ok()?;
        Some((hash, base.members, base.document.into()))
    });
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    Ok(KnownBases(known))
}

/// The newest bases of the documents of one kind: the hash, the number of members and the document of each, in order.
#[derive(Clone, Debug, Default)]
pub struct KnownBases(Vec<(ContentHash, usize, Box<str>)>);

impl KnownBases {
    /// True if the base of a document has this content, and names so many members.
    pub fn has(&self, id: &str, hash: &ContentHash, members: usize) -> bool {
        let base = (*hash, members, id);
        let found = self
            .0
            .binary_search_by(|(hash, members, id)| (*hash, *members, &**id).cmp(&base));
        found.is_ok()
    }
}
