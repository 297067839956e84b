//! Reads what an organization has, for the files of a folder: what is surely equal is not read, everything else is read
//! whole.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use domain::protocol::UpdateRequest;
use domain::{DocumentKind, FailureClass, RequestError, Stored};
use futures_util::StreamExt;
use ports::{BaseRecord, BaseSource, Clock, DocumentStore, History, Ledger, LedgerError, Listed, visit_listing};

use crate::base::FileContent;
use crate::drift::{Bases, DocumentDrift, find as find_drift};
use crate::planner::{PlanRequest, has_document, surely_equal};
use crate::update::{Identity, document_ref};

/// Reads documents of one kind for a folder.
pub struct Puller<K: DocumentKind> {
    /// The store of the documents; its reads are repeated while it is worth it.
    pub store: Arc<dyn DocumentStore<K>>,
    /// The documents that are read at a time.
    pub parallelism: usize,
    /// The record, and the target in it.
    pub record: Option<(Arc<dyn History>, String)>,
    /// The bases of the folder.
    pub bases: Bases<K>,
    /// The time of reads.
    pub clock: Arc<dyn Clock>,
}

/// The documents that are pulled.
pub enum Wanted<'a, K: DocumentKind> {
    /// Those of the listing that are chosen, and those of the files.
    Listed(&'a (dyn Fn(&Listed<K>) -> bool + Send + Sync)),
    /// These.
    These(Vec<K::Id>),
}

/// The documents that were read.
#[derive(Clone, Debug)]
pub struct Pulled<K: DocumentKind> {
    /// Each document, in the order of the listing, then those of files that it lacks.
    pub documents: Vec<PulledDocument<K>>,
    /// The name of every listed document, chosen or not, by its id: names of files must not meet.
    pub names: BTreeMap<String, Option<String>>,
    /// The names, or else the ids, of what is listed and has no document.
    pub without_document: Vec<String>,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct PulledDocument<K: DocumentKind> {
    /// The document.
    pub id: K::Id,
    /// The name that people know it by.
    pub title: Option<String>,
    /// The time at which it was read.
    pub read_at: SystemTime,
    /// The document beside its file.
    pub state: PulledState<K>,
}

/// A document beside its file.
#[derive(Clone, Debug)]
pub enum PulledState<K: DocumentKind> {
    /// The file says what the listing shows.
    InSync,
    /// The document was read; with the drift of its file, if there is one.
    Read(Box<Stored<K>>, Option<Box<DocumentDrift>>),
    /// The organization does not have it.
    Missing,
    /// The document could not be read.
    Unread(Box<RequestError>),
}

/// Nothing could be pulled.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The documents cannot be listed.
    #[error(transparent)]
    Listing(RequestError),
    /// The record cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl<K: DocumentKind> Puller<K> {
    /// Reads documents. `watch` is called with the number of those that are done, and of all.
    ///
    /// # Errors
    ///
    /// If the listing cannot be read where it is needed, or the record cannot be read.
    pub async fn pull(
        &self,
        files: Vec<PlanRequest<K>>,
        wanted: Wanted<'_, K>,
        watch: &(dyn Fn(usize, usize) + Send + Sync),
    ) -> Result<Pulled<K>, PullError> {
        let mut files: BTreeMap<String, PlanRequest<K>> =
            files.into_iter().map(|file| (file.id.to_string(), file)).collect();
        let (mut done, mut to_read, mut names) = (Vec::new(), Vec::new(), BTreeMap::new());
        let mut without_document = Vec::new();
        match wanted {
            Wanted::These(ids) => {
                if K::TITLE.is_none() {
                    // Why without an error: a file can be called after the id, too.
                    let _ = visit_listing(&*self.store, &mut |listed| {
                        names.insert(listed.stated_id, listed.title);
                    })
                    .await;
                }
                to_read.extend(ids.into_iter().map(|id| {
                    let file = files.remove(&id.to_string());
                    let title = names.get(&id.to_string()).cloned().flatten();
                    (id, title, file)
                }));
            }
            Wanted::Listed(chooses) => {
                let mut seen = BTreeSet::new();
                visit_listing(&*self.store, &mut |listed| {
                    let title = listed.title.clone();
                    if !has_document(&listed) {
                        without_document.push(title.unwrap_or(listed.stated_id));
                        return;
                    }
                    names.insert(listed.stated_id.clone(), title.clone());
                    let Some(id) = listed.id.clone() else { return };
                    if !chooses(&listed) || !seen.insert(listed.stated_id.clone()) {
                        return;
                    }
                    let file = files.remove(&listed.stated_id);
                    if file
                        .as_ref()
                        .is_some_and(|file| surely_equal(file, &listed, false).is_some())
                    {
                        done.push(self.document(id, title, PulledState::InSync));
                    } else {
                        to_read.push((id, title, file));
                    }
                })
                .await
                .map_err(PullError::Listing)?;
                // Why by id: a listing may have moved while its pages were read.
                let left = files
                    .into_values()
                    .filter(|file| !names.contains_key(&file.id.to_string()));
                to_read.extend(left.map(|file| (file.id.clone(), None, Some(file))));
            }
        }
        let total = done.len() + to_read.len();
        watch(done.len(), total);
        let read = to_read
            .into_iter()
            .map(|(id, title, file)| self.pull_one(id, title, file));
        let mut read = futures_util::stream::iter(read).buffered(self.parallelism.max(1));
        while let Some(document) = read.next().await {
            done.push(document?);
            watch(done.len(), total);
        }
        Ok(Pulled {
            documents: done,
            names,
            without_document,
        })
    }

    async fn pull_one(
        &self,
        id: K::Id,
        title: Option<String>,
        file: Option<PlanRequest<K>>,
    ) -> Result<PulledDocument<K>, LedgerError> {
        let stored = match self.store.get(&id).await {
            Ok(answer) => answer.content,
            Err(failure) if failure.class == FailureClass::NotFound => {
                return Ok(self.document(id, title, PulledState::Missing));
            }
            Err(failure) => return Ok(self.document(id, title, PulledState::Unread(Box::new(failure)))),
        };
        let mut drift = None;
        if let Some(UpdateRequest::Edit(file)) = file.map(|file| file.request.make()) {
            let target = self.record.as_ref().map(|(_, target)| target.clone());
            let document = document_ref::<K>(target.unwrap_or_default(), &id);
            let history = self.record.as_ref().map(|(history, _)| &**history);
            let compared = find_drift(history, &document, &self.bases, &file, &stored.value, None).await?;
            drift = Some(Box::new(compared.drift));
        }
        let title = stored.value.title().map(str::to_owned).or(title);
        Ok(self.document(id, title, PulledState::Read(Box::new(stored), drift)))
    }

    fn document(&self, id: K::Id, title: Option<String>, state: PulledState<K>) -> PulledDocument<K> {
        PulledDocument {
            id,
            title,
            read_at: self.clock.now(),
            state,
        }
    }
}

/// A document that a folder and the organization agree on, and the time at which it was read.
pub type Agreed<K> = (<K as DocumentKind>::Id, FileContent, SystemTime);

/// The bases that are recorded at a time.
const RECORDED_AT_A_TIME: usize = 12;

/// Records what was written into a folder: bases of its files, and of no others.
///
/// # Errors
///
/// If one cannot be recorded.
pub async fn record_pulled<K: DocumentKind>(
    ledger: &dyn Ledger,
    identity: &Identity,
    folder: &str,
    documents: &[Agreed<K>],
    clock: &dyn Clock,
) -> Result<(), LedgerError> {
    // Why several: what is recorded at a time is made durable at once.
    let mut recorded = futures_util::stream::iter(documents)
        .map(|(id, file, read_at)| {
            let document = document_ref::<K>(identity.target.clone(), id);
            let folder = folder.to_owned();
            ledger.observe(BaseRecord {
                source: BaseSource::Pull { folder },
                ..file.as_base(document, identity.clone(), None, *read_at, clock.now())
            })
        })
        .buffered(RECORDED_AT_A_TIME);
    while let Some(done) = recorded.next().await {
        done?;
    }
    Ok(())
}
