//! The names of what documents refer to, known for one run.

mod candidates;
mod check;
mod errors;
mod exchange;
mod memo;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use domain::reference::{ReferenceKind, ReferenceText};
use domain::{FailureClass, RequestError};
use ports::{Directory, DomainVersion, History, KnownReference, NameListing, NamedThing};
use tokio::sync::OnceCell;

use crate::retry::Retry;
use candidates::candidates;
pub use check::ReferenceCheck;
pub use errors::{FindNameError, NameOfError, foreign_value};
pub use exchange::{PortableNames, ResolvedNames, ResolvedOwnName};
use memo::Memo;

/// Pages of a listing, at most: more are no listing but a server that never ends.
const MAX_PAGES: usize = 1_000;

/// The answer to a question that is asked once.
type Answer<T> = Result<T, RequestError>;

/// The names and ids of what documents refer to, for one run: each listing is read at most once, and each id asked for at most
/// once, also by tasks at the same time. A failure is remembered as an answer is.
pub struct KnownNames {
    directory: Arc<dyn Directory>,
    retry: Retry,
    values: BTreeMap<String, String>,
    listings: Memo<NameListing, Answer<Arc<Vec<NamedThing>>>>,
    things: Memo<(NameListing, String), Answer<Option<NamedThing>>>,
    versions: Memo<String, Answer<Option<String>>>,
    intents: Memo<(String, String), Answer<Arc<Vec<String>>>>,
    /// The record, and the target in it.
    record: Option<(Arc<dyn History>, String)>,
    /// The names that stood for ids when files were last applied or pulled.
    recorded: OnceCell<BTreeSet<KnownReference>>,
    /// The kinds of things that could not be checked, in words, each with the failure.
    unchecked: Mutex<BTreeMap<&'static str, RequestError>>,
}

/// The thing that a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundThing {
    /// Its id.
    pub id: String,
    /// True if it is marked as deleted, archived or unpublished, and nothing else has the name.
    pub is_retired: bool,
    /// The name that it has now, of one that is known by the record alone.
    pub renamed_to: Option<String>,
}

impl KnownNames {
    /// Nothing is known yet, but the values that were given by name.
    pub fn new(directory: Arc<dyn Directory>, retry: Retry, values: BTreeMap<String, String>) -> Self {
        Self {
            directory,
            retry,
            values,
            listings: Memo::new(),
            things: Memo::new(),
            versions: Memo::new(),
            intents: Memo::new(),
            record: None,
            recorded: OnceCell::new(),
            unchecked: Mutex::default(),
        }
    }

    /// With the record of a target, by which a thing is known again that was renamed.
    #[must_use]
    pub fn with_record(self, history: Arc<dyn History>, target: String) -> Self {
        Self {
            record: Some((history, target)),
            ..self
        }
    }

    /// The thing of a name. What is marked as deleted, archived or unpublished counts only if nothing else has the name.
    ///
    /// # Errors
    ///
    /// If nothing has the name, several things have it, or the listing cannot be read.
    pub async fn find(
        &self,
        kind: ReferenceKind,
        within: Option<&str>,
        name: &str,
    ) -> Result<FoundThing, FindNameError> {
        let things = self
            .listing(kind, within)
            .await
            .map_err(|error| FindNameError::of(kind, error))?;
        let has_name = |thing: &&NamedThing| thing.name == name;
        let (retired, in_use): (Vec<_>, Vec<_>) = things.iter().filter(has_name).partition(|thing| thing.is_retired);
        let named = if in_use.is_empty() { retired } else { in_use };
        match named.as_slice() {
            [thing] => Ok(FoundThing {
                id: thing.id.clone(),
                is_retired: thing.is_retired,
                renamed_to: None,
            }),
            [] => Err(FindNameError::Absent {
                kind,
                name: name.to_owned(),
                renamed: self.renamed(kind, name, &things).await,
                candidates: candidates(name, things.iter().map(|thing| thing.name.as_str())),
            }),
            several => Err(FindNameError::Ambiguous {
                kind,
                name: name.to_owned(),
                ids: several.iter().map(|thing| thing.id.clone()).collect(),
            }),
        }
    }

    /// The one thing that had a name when a file with it was last applied or pulled.
    async fn renamed(&self, kind: ReferenceKind, name: &str, things: &[NamedThing]) -> Option<NamedThing> {
        let (history, target) = self.record.as_ref()?;
        // Why without an error: what is asked here is only where a name comes from, and who plans reads the record too.
        let read = async || history.known_references(target).await.unwrap_or_default();
        let known = self.recorded.get_or_init(read).await;
        let text = ReferenceText::named(kind, name.to_owned()).to_string();
        let had_it = |thing: &&NamedThing| {
            let id = thing.id.clone();
            known.contains(&KnownReference { text: text.clone(), id })
        };
        let mut found = things.iter().filter(had_it);
        found.next().filter(|_| found.next().is_none()).cloned()
    }

    /// The name by which a thing is found again.
    ///
    /// # Errors
    ///
    /// If no listing has the id, another thing is found by the name, or the listing cannot be read.
    pub async fn name_of(&self, kind: ReferenceKind, within: Option<&str>, id: &str) -> Result<String, NameOfError> {
        let things = self.listing(kind, within).await.map_err(NameOfError::Listing)?;
        let thing = things.iter().find(|thing| thing.id == id).ok_or(NameOfError::Absent)?;
        match self.find(kind, within, &thing.name).await {
            Ok(found) if found.id == id => Ok(thing.name.clone()),
            Ok(_) | Err(_) => Err(NameOfError::NotUnique(thing.name.clone())),
        }
    }

    /// The whole listing of a kind; of one that has its names within others and is asked for without, all of them.
    async fn listing(&self, kind: ReferenceKind, within: Option<&str>) -> Answer<Arc<Vec<NamedThing>>> {
        let Some(owners) = kind.owner().filter(|_| within.is_none()) else {
            return self.one_listing(named(kind, within)).await;
        };
        let mut all: Vec<NamedThing> = Vec::new();
        for owner in self.one_listing(named(owners, None)).await?.iter() {
            for thing in self.one_listing(named(kind, Some(&owner.id))).await?.iter() {
                if !all.iter().any(|other| other.id == thing.id) {
                    all.push(thing.clone());
                }
            }
        }
        Ok(Arc::new(all))
    }

    async fn one_listing(&self, listing: NameListing) -> Answer<Arc<Vec<NamedThing>>> {
        let read = async {
            let mut things: BTreeMap<String, NamedThing> = BTreeMap::new();
            let mut cursor = None;
            for _ in 0..MAX_PAGES {
                let page = self
                    .retry
                    .read(|| self.directory.names(&listing, cursor.clone()))
                    .await?
                    .content;
                // Why: what others delete meanwhile moves a thing to a page that was read, or shows it twice.
                things.extend(page.entries.into_iter().map(|thing| (thing.id.clone(), thing)));
                cursor = page.next;
                if cursor.is_none() {
                    return Ok(Arc::new(things.into_values().collect()));
                }
            }
            let message = format!("the listing has more than {MAX_PAGES} pages");
            Err(RequestError::new(FailureClass::Malformed, message))
        };
        self.listings.get(listing.clone(), read).await
    }

    /// The thing of an id: from its listing, where that was read, else asked for by the id.
    async fn thing(&self, kind: ReferenceKind, within: Option<&str>, id: &str) -> Answer<Option<NamedThing>> {
        let listing = named(kind, within);
        if let Some(Ok(things)) = self.listings.at_hand(&listing)
            && let Some(thing) = things.iter().find(|thing| thing.id == id)
        {
            return Ok(Some(thing.clone()));
        }
        let ask = async {
            let found = self.retry.read(|| self.directory.find(&listing, id)).await?;
            Ok(found.content)
        };
        self.things.get((listing.clone(), id.to_owned()), ask).await
    }

    /// The intents of an NLU domain, of its newest version if none is named; nothing if it has no version.
    async fn intents_of(&self, domain: &str, version: Option<&str>) -> Answer<Option<Arc<Vec<String>>>> {
        let version = match version {
            Some(version) => Some(version.to_owned()),
            None => {
                self.versions
                    .get(domain.to_owned(), self.newest_version(domain))
                    .await?
            }
        };
        let Some(version) = version else { return Ok(None) };
        let ask = async {
            let intents = self.retry.read(|| self.directory.intents(domain, &version)).await?;
            Ok(Arc::new(intents.content))
        };
        let intents = self.intents.get((domain.to_owned(), version.clone()), ask).await?;
        Ok(Some(intents))
    }

    /// The newest published version of an NLU domain; the newest of all if none is published.
    async fn newest_version(&self, domain: &str) -> Answer<Option<String>> {
        let (mut newest, mut cursor): (Option<DomainVersion>, _) = (None, None);
        let rank = |version: &DomainVersion| (version.is_published, version.created.clone());
        for _ in 0..MAX_PAGES {
            let page = self
                .retry
                .read(|| self.directory.domain_versions(domain, cursor.clone()))
                .await?
                .content;
            newest = newest.into_iter().chain(page.entries).max_by_key(rank);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        Ok(newest.map(|version| version.id))
    }

    /// Notes that things of a kind could not be checked.
    fn note_unchecked(&self, what: &'static str, error: RequestError) {
        let mut unchecked = self.unchecked.lock().unwrap_or_else(PoisonError::into_inner);
        unchecked.entry(what).or_insert(error);
    }
}

fn named(kind: ReferenceKind, within: Option<&str>) -> NameListing {
    let within = within.filter(|_| kind.owner().is_some()).map(str::to_owned);
    NameListing { kind, within }
}

#[cfg(test)]
mod tests;
