//! Plans as they were reviewed, and the runs that applied them.

use std::collections::BTreeMap;
use std::time::Duration;

use app::{AppliedPlan, ReviewedUpdate};
use domain::OutcomeKind;
use domain::testing::Specimen;

use crate::content::{Content, Wanted};
use crate::history::History;
use crate::vocabulary::MemberValues;

/// The change of one document as people reviewed it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Review {
    /// The state that the plan read.
    pub(super) state: usize,
    pub(super) before: Content,
    pub(super) after: Content,
}

impl Review {
    /// The changes that were shown.
    pub(super) fn shown(&self) -> Wanted {
        self.before.changes_to(self.after)
    }
}

/// A plan: its updates, and what was shown of them.
#[derive(Clone)]
pub(super) struct Plan<K: Specimen> {
    pub(super) applied: AppliedPlan,
    /// The time at which all had been read for it.
    pub(super) made_at: Duration,
    /// The files that it was made from, by document.
    pub(super) files: BTreeMap<usize, MemberValues>,
    /// The updates, by document.
    pub(super) updates: BTreeMap<usize, ReviewedUpdate<K>>,
    pub(super) reviews: BTreeMap<usize, Review>,
}

/// The record that a run asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordOf {
    /// The one that all share.
    Everyone,
    /// An empty one of its own.
    ThisRun,
}

/// An update of a plan by one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedRun {
    pub(super) plan: usize,
    pub(super) record: RecordOf,
    /// True if its outcome came into the record.
    pub(super) is_recorded: bool,
}

/// All plans of a world, and the updates that carried them out.
pub(super) struct Plans<K: Specimen> {
    pub(super) plans: Vec<Plan<K>>,
    /// By the number of the update in the history.
    pub(super) runs: BTreeMap<usize, PlannedRun>,
}

impl<K: Specimen> Default for Plans<K> {
    fn default() -> Self {
        Self {
            plans: Vec::new(),
            runs: BTreeMap::new(),
        }
    }
}

impl<K: Specimen> Plans<K> {
    /// The updates of a document by the runs of a plan.
    pub(super) fn runs_of(&self, history: &History<K>, plan: usize, document: usize) -> Vec<usize> {
        let of_it =
            |(update, run): &(&usize, &PlannedRun)| run.plan == plan && history.updates[**update].document == document;
        self.runs.iter().filter(of_it).map(|(update, _)| *update).collect()
    }

    /// Marks each update as indeterminate that goes on from one that left it open.
    pub(super) fn mark_indeterminate(&self, history: &mut History<K>) {
        for (number, plan) in self.plans.iter().enumerate() {
            for document in plan.reviews.keys() {
                let runs = self.runs_of(history, number, *document);
                let leaves_open = |update: &usize| {
                    let run = &history.updates[*update];
                    let reported = run.reported.as_ref().map(|reported| reported.outcome);
                    let is_settled = self.runs[update].is_recorded && reported != Some(OutcomeKind::Unknown);
                    run.is_indeterminate || !is_settled
                };
                if runs.iter().any(leaves_open) {
                    for update in runs {
                        history.updates[update].is_indeterminate = true;
                    }
                }
            }
        }
    }
}
