//! The writes of a document that the record knows of since a plan of it was reviewed.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::protocol::{PlanOfWrite, PriorWrite};
use domain::{DocumentKind, OutcomeKind, Patch, Version};
use ports::{After, Author, Clock, DocumentRef, Entry, EntryId, History, Ledger, LedgerError};
use tokio::sync::OnceCell;

use super::AppliedPlan;
use crate::planner::SeenEntry;
use crate::update::PriorWrites;

/// The clocks of two machines differ by less than this.
const CLOCKS_DIFFER_BY: Duration = Duration::from_hours(24);

/// The review of an update, as the record is asked about it.
pub(super) struct Review<'a, K: DocumentKind> {
    pub(super) history: &'a dyn History,
    pub(super) ledger: &'a dyn Ledger,
    pub(super) document: DocumentRef,
    pub(super) seen: Option<SeenEntry>,
    /// The version that was reviewed, where there is one.
    pub(super) version: Option<Version>,
    pub(super) plan: &'a AppliedPlan,
    pub(super) author: Author,
    pub(super) patch: Patch<K>,
    pub(super) clock: &'a dyn Clock,
    /// The point after which entries count, once it was asked for.
    pub(super) since: OnceCell<After>,
}

impl<K: DocumentKind> Review<'_, K> {
    /// The open intent of this plan that an update has to go on from.
    async fn left_open(&self) -> Result<Option<EntryId>, LedgerError> {
        for entry in self.ledger.unsettled_of(&self.document).await? {
            if self.is_of_this_plan(&entry) && self.is_abandoned(&entry).await? {
                return Ok(Some(entry.id));
            }
        }
        Ok(None)
    }

    fn is_of_this_plan(&self, entry: &Entry) -> bool {
        let intent = entry.intent.as_ref();
        intent.is_some_and(|intent| {
            intent.document.id == self.document.id && intent.author.plan_id.as_ref() == Some(&self.plan.id)
        })
    }

    fn made_the_reviewed_version(&self, entry: &Entry) -> bool {
        let made = entry
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.version_after.as_ref());
        made.is_some() && made == self.version.as_ref()
    }

    /// True if no run is at work on an open entry any more.
    async fn is_abandoned(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let is_leased = entry.outcome.is_none()
            && entry
                .intent
                .as_ref()
                .is_some_and(|intent| intent.lease().holds_at(self.clock.now()));
        Ok(!is_leased || self.ledger.is_abandoned(entry.id, &self.author).await?)
    }

    /// The point after which entries count: in the ledger of the plan the newest entry that it saw, in another one its
    /// time.
    async fn since(&self) -> Result<After, LedgerError> {
        self.since.get_or_try_init(|| self.find_since()).await.copied()
    }

    async fn find_since(&self) -> Result<After, LedgerError> {
        let Some(SeenEntry { entry, at }) = self.seen else {
            return Ok(After::Time(self.plan.created_at));
        };
        let found = self.history.entry(entry).await?;
        let is_same_ledger = found.is_some_and(|found| {
            found.id == entry && found.at() == Some(at) && found.document() == Some(&self.document)
        });
        Ok(if is_same_ledger {
            After::Entry(entry)
        } else {
            After::Time(self.plan.created_at)
        })
    }
}

/// The point from which on the record is asked: a plan is applied after it was made, whatever the clocks say.
fn earlier(since: After) -> After {
    match since {
        After::Entry(_) => since,
        After::Time(time) => After::Time(time.checked_sub(CLOCKS_DIFFER_BY).unwrap_or(SystemTime::UNIX_EPOCH)),
    }
}

/// True if another run's write counts: the outcome of the very entry that the plan saw has a number after it.
fn counts(entry: &Entry, since: After) -> bool {
    match since {
        After::Entry(seen) => entry.id != seen,
        After::Time(time) => entry.outcome.as_ref().is_some_and(|outcome| outcome.at > time),
    }
}

#[async_trait]
impl<K: DocumentKind> PriorWrites<K> for Review<'_, K> {
    async fn find_all(&self) -> Result<(PriorWrite<K>, Option<EntryId>), LedgerError> {
        let settled = self.find_settled().await?;
        // Why before what other runs did since: ours may have been in between, so nothing is merged over it.
        let follows = if settled.forbids_merge() {
            None
        } else {
            self.left_open().await?
        };
        Ok(match follows {
            Some(_) => (PriorWrite::Unsettled, follows),
            None => (settled, None),
        })
    }

    async fn find_settled(&self) -> Result<PriorWrite<K>, LedgerError> {
        let since = self.since().await?;
        let mut applied = self.history.applied_after(&self.document, earlier(since)).await?;
        // Why: a write that ends while a plan is made may be in what the plan read, and not in what it saw of the record.
        let reviewed = applied.iter().find(|entry| self.made_the_reviewed_version(entry));
        let reviewed = reviewed.map(|entry| entry.id);
        applied.retain(|entry| {
            self.is_of_this_plan(entry) || (counts(entry, since) && reviewed.is_none_or(|reviewed| entry.id > reviewed))
        });
        let Some(newest) = applied.first() else {
            return Ok(PriorWrite::None);
        };
        let mut of_this_plan = applied.iter().filter(|entry| self.is_of_this_plan(entry));
        let own = of_this_plan.next();
        if own.is_some_and(|own| own.outcome_kind() == Some(OutcomeKind::Overwritten)) {
            return Ok(PriorWrite::Overwritten);
        }
        let sent = own.unwrap_or(newest);
        let is_patch_in = sent.intent.as_ref().is_some_and(|intent| {
            K::from_document(intent.ours.clone()).is_ok_and(|ours| self.patch.is_applied_to(&ours))
        });
        let stored = sent.after().filter(|_| is_patch_in).cloned();
        Ok(PriorWrite::Applied {
            of: if own.is_some() {
                PlanOfWrite::Same
            } else {
                PlanOfWrite::Other
            },
            stored: stored.and_then(|stored| K::from_document(stored).ok()),
        })
    }
}
