//! Wrong ways to plan and to apply, as tools of this kind do it. The checker has to catch each of them.

use std::sync::Arc;

use app::ReviewedUpdate;
use domain::plan::{PlannedUpdate, plan};
use domain::protocol::{Outcome, UpdateRequest};
use domain::testing::Specimen;
use domain::{Edit, Stored};
use ports::{DocumentStore, Entry, InMemoryLedger, Ledger};

use super::listing::Listing;
use crate::client::Client;
use crate::vocabulary::id_of;

/// A wrong way to plan or to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongApply {
    /// Reads the document again, and writes what was reviewed under the version that it has by then.
    FetchesTheVersionAgain,
    /// Writes a document that the listing showed.
    WritesFromTheListing,
    /// Takes a document that has the content of the reviewed one for the reviewed one.
    TakesEqualForUnmoved,
    /// Asks no record, so that the second run of a plan finds what the first one wrote, and credits itself.
    CreditsItselfAgain,
    /// Asks the record for writes of the own plan alone, so that it credits itself with those of others.
    CreditsItselfWithAnother,
    /// Does not look for writes that an earlier run of the plan left open.
    ForgetsWhatIsOpen,
}

impl WrongApply {
    /// The update of a document that a plan from the listing has.
    pub(super) fn from_listing<K: Specimen>(
        client: &Client<K>,
        document: usize,
        edit: Edit<K>,
    ) -> Option<PlannedUpdate<K>> {
        let listed = Listing(client.clone()).documents().swap_remove(document);
        match plan(UpdateRequest::Edit(edit), listed) {
            Outcome::Planned(write) => PlannedUpdate::new(write.base, write.ours).ok(),
            _ => None,
        }
    }

    /// The update as it is sent.
    pub(super) async fn refreshed<K: Specimen>(
        self,
        client: &Client<K>,
        document: usize,
        reviewed: ReviewedUpdate<K>,
    ) -> ReviewedUpdate<K> {
        let is_refreshed = match self {
            Self::FetchesTheVersionAgain | Self::TakesEqualForUnmoved => true,
            Self::WritesFromTheListing
            | Self::CreditsItselfAgain
            | Self::CreditsItselfWithAnother
            | Self::ForgetsWhatIsOpen => false,
        };
        let Some(now) = client.get(&id_of::<K>(document)).await.ok().filter(|_| is_refreshed) else {
            return reviewed;
        };
        let (before, after) = (reviewed.update.before().clone(), reviewed.update.after().clone());
        let is_equal = now.content.value.has_content_of(&before.value);
        if self == Self::TakesEqualForUnmoved && !is_equal {
            return reviewed;
        }
        let under_the_new = Stored {
            version: now.content.version,
            ..before
        };
        ReviewedUpdate {
            update: PlannedUpdate::new(under_the_new, after).unwrap(),
            ..reviewed
        }
    }

    /// The record that it asks, where it is not the whole one.
    pub(super) async fn record(self, ledger: &InMemoryLedger, plan: &str) -> Option<Arc<InMemoryLedger>> {
        let asked = InMemoryLedger::default();
        match self {
            Self::FetchesTheVersionAgain
            | Self::WritesFromTheListing
            | Self::TakesEqualForUnmoved
            | Self::ForgetsWhatIsOpen => return None,
            Self::CreditsItselfAgain => {}
            Self::CreditsItselfWithAnother => {
                for entry in ledger.all() {
                    copy(&asked, entry, plan).await;
                }
            }
        }
        Some(Arc::new(asked))
    }
}

/// Copies an entry of a plan.
async fn copy(into: &InMemoryLedger, entry: Entry, plan: &str) {
    let is_of_plan = entry
        .author()
        .is_some_and(|author| author.plan_id.as_deref() == Some(plan));
    if let (true, Some(mut intent), Some(mut outcome)) = (is_of_plan, entry.intent, entry.outcome) {
        intent.follows = None;
        if let Ok(entry) = into.intend(intent).await {
            outcome.intent = Some(entry);
            into.conclude(outcome).await.unwrap();
        }
    }
}
