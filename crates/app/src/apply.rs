//! Applying a plan: each update under its reviewed version, several at a time.

mod prior_writes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use domain::plan::PlannedUpdate;
use domain::protocol::{Mode, Outcome, PriorWrite, UpdateOptions};
use domain::{DocumentKind, OutcomeKind, Version};
use futures_util::{FutureExt, StreamExt};
use ports::{EntryId, History, LedgerError};
use tokio::sync::{OnceCell, Semaphore};

use crate::base::FileContent;
use crate::planner::SeenEntry;
use crate::update::{Beginning, Identity, IdentityError, Progress, Report, Updater, document_ref};
use prior_writes::Review;

/// For each update that sends, so many are under way: what is recorded before one sends and after it takes no longer than
/// the requests of the others then.
const UNDER_WAY: usize = 3;

/// Applies a plan of documents of one kind.
pub struct Applier<K: DocumentKind> {
    /// The updates.
    pub updater: Updater<K>,
    /// The record, to be asked before anything is sent.
    pub history: Arc<dyn History>,
    /// The plan that is applied.
    pub plan: AppliedPlan,
    /// The updates that send requests at a time. More are recorded meanwhile, before and after they send.
    pub parallelism: usize,
    /// True if no further update is begun after one that was neither applied nor unchanged.
    pub stops_on_first: bool,
}

/// The plan that is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedPlan {
    /// Its id.
    pub id: String,
    /// The time at which it was made.
    pub created_at: SystemTime,
}

/// An update of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewedUpdate<K: DocumentKind> {
    /// The update.
    pub update: PlannedUpdate<K>,
    /// The newest entry of the document in the record of the plan.
    pub seen: Option<SeenEntry>,
    /// The content of the file that it comes from: the base once it is carried out. An undo has none.
    pub file: Option<FileContent>,
    /// The intents that the document names and that the NLU domain did not have when the plan was made.
    pub absent_intents: Vec<String>,
}

/// A document that was as its file says when the plan was made.
#[derive(Clone, Debug, PartialEq)]
pub struct InSync<K: DocumentKind> {
    /// The document.
    pub id: K::Id,
    /// The content of its file.
    pub file: FileContent,
    /// The version that was read, if there was one.
    pub version: Option<Version>,
}

impl<K: DocumentKind> Applier<K> {
    /// Applies updates, and calls `ended` with each as it ends. The reports are in the order of the updates.
    ///
    /// `stop` makes a future that is ready once no further update is to be begun; those under way end as
    /// [`Updater::execute`] has it.
    ///
    /// # Errors
    ///
    /// If the identity is not known; nothing is sent then.
    pub async fn apply<S: Future<Output = ()> + Send>(
        &self,
        updates: Vec<ReviewedUpdate<K>>,
        options: &UpdateOptions,
        watch: &(dyn Fn(usize, Progress) + Send + Sync),
        ended: &(dyn Fn(usize, &Report<K>) + Send + Sync),
        stop: &(impl Fn() -> S + Sync),
    ) -> Result<Vec<Report<K>>, IdentityError> {
        let identity = self.identity().await?;
        let is_over = AtomicBool::new(false);
        let turns = Semaphore::new(self.parallelism.max(1));
        let one = |(index, update): (usize, ReviewedUpdate<K>)| {
            let (is_over, identity, turns) = (&is_over, &identity, &turns);
            async move {
                let report = if is_over.load(Ordering::Relaxed) || stop().now_or_never().is_some() {
                    Report::unsent(update.update.before().id.clone(), Outcome::NotAttempted { write: None })
                } else {
                    let watch = move |progress| watch(index, progress);
                    self.apply_one(identity, update, turns, options.clone(), &watch, stop())
                        .await
                };
                let kind = report.completion.outcome.kind();
                if self.stops_on_first && !(kind.is_effective() || kind == OutcomeKind::Planned) {
                    is_over.store(true, Ordering::Relaxed);
                }
                ended(index, &report);
                (index, report)
            }
        };
        let mut running =
            futures_util::stream::iter(updates.into_iter().enumerate().map(one)).buffer_unordered(self.under_way());
        let mut reports = BTreeMap::new();
        while let Some((index, report)) = running.next().await {
            reports.insert(index, report);
        }
        Ok(reports.into_values().collect())
    }

    /// The updates that are begun before the first of them has ended.
    fn under_way(&self) -> usize {
        let sending = self.parallelism.max(1);
        // Why: one that is begun beforehand could not be left alone once another could not be done.
        if self.stops_on_first {
            sending
        } else {
            sending.saturating_mul(UNDER_WAY)
        }
    }

    async fn apply_one(
        &self,
        identity: &Identity,
        reviewed: ReviewedUpdate<K>,
        turns: &Semaphore,
        options: UpdateOptions,
        watch: &(dyn Fn(Progress) + Send + Sync),
        stop: impl Future<Output = ()> + Send,
    ) -> Report<K> {
        let ReviewedUpdate {
            update,
            seen,
            file,
            absent_intents,
        } = reviewed;
        let id = update.before().id.clone();
        let version = update.before().version.clone();
        let is_recorded = options.mode == Mode::Write;
        let updater = self.updater_of_plan(identity, absent_intents);
        let review = Review {
            history: &*self.history,
            ledger: &*updater.ledger,
            document: document_ref::<K>(identity.target.clone(), &id),
            seen,
            version: version.clone(),
            plan: &self.plan,
            author: identity.author.clone(),
            patch: update.patch().clone(),
            clock: &*updater.clock,
            since: OnceCell::new(),
        };
        let beginning = Beginning::planned(update.into_request(PriorWrite::None), &review, turns);
        let mut report = updater.execute_after(beginning, &id, options, watch, stop).await;
        let is_carried_out = matches!(
            report.completion.outcome.kind(),
            OutcomeKind::Applied | OutcomeKind::Unchanged | OutcomeKind::Overwritten
        );
        if let Some(file) = file.filter(|_| is_recorded && is_carried_out) {
            let (_, version_after) = report.completion.outcome.after();
            let version = version_after.cloned().or(version);
            let now = updater.clock.now();
            let observed = self.observe(identity, &id, &file, version, now).await;
            report.unrecorded = report.unrecorded.or(observed.err().map(|error| error.in_full()));
        }
        report
    }

    /// Records the documents that the plan found equal in file and organization, without a request, until it is stopped, and
    /// calls `recorded` with the number of those so far.
    ///
    /// # Errors
    ///
    /// If the identity is not known, or one cannot be recorded.
    pub async fn record_in_sync<S: Future<Output = ()>>(
        &self,
        documents: &[InSync<K>],
        recorded: &(dyn Fn(usize) + Send + Sync),
        stop: &impl Fn() -> S,
    ) -> Result<(), IdentityError> {
        let identity = &self.identity().await?;
        // Why several: what is recorded at a time is made durable at once.
        let mut running = futures_util::stream::iter(documents)
            .map(|InSync { id, file, version }| async move {
                if stop().now_or_never().is_some() {
                    return Ok(());
                }
                let recorded = self.observe(identity, id, file, version.clone(), self.plan.created_at);
                recorded.await.map(drop)
            })
            .buffered(self.under_way());
        let mut done = 0;
        while let Some(ended) = running.next().await {
            ended?;
            done += 1;
            recorded(done);
        }
        Ok(())
    }

    async fn observe(
        &self,
        identity: &Identity,
        id: &K::Id,
        file: &FileContent,
        version: Option<Version>,
        read_at: SystemTime,
    ) -> Result<EntryId, LedgerError> {
        let document = document_ref::<K>(identity.target.clone(), id);
        let base = file.as_base(document, identity.clone(), version, read_at, self.updater.clock.now());
        self.updater.ledger.observe(base).await
    }

    /// The identity under which updates of the plan are recorded.
    async fn identity(&self) -> Result<Identity, IdentityError> {
        let mut identity = self.updater.identity.identity().await?;
        identity.author.plan_id = Some(self.plan.id.clone());
        Ok(identity)
    }

    fn updater_of_plan(&self, identity: &Identity, absent_intents: Vec<String>) -> Updater<K> {
        Updater {
            absent_intents,
            identity: Arc::new(identity.clone()),
            ..self.updater.clone()
        }
    }
}
