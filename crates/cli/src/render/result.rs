//! The document that every writer prints: what was attempted, and what became of it.

pub(crate) mod reconciled;

use std::time::Duration;

use app::Report;
use domain::document::ElementDifference;
use domain::protocol::Outcome;
use domain::{Collision, DocumentKind, Evidence, OutcomeKind, Version};
use genesys_adapter::Organization;
use serde::{Deserialize, Serialize};

use crate::cli_error::{CliError, ErrorDocument};
use crate::exit::Exit;
use crate::output::FORMAT_VERSION;
use crate::render::findings::FindingDocument;
use crate::saved_plan::Action;

/// The result of the whole run.
#[derive(Debug, Serialize)]
pub(crate) struct ResultDocument {
    format_version: &'static str,
    kind: &'static str,
    run_id: String,
    exit_code: u8,
    target: TargetDocument,
    changes: Vec<ChangeDocument>,
    summary: Summary,
    activation: Activation,
    delivery: Delivery,
    /// The hash that stands for the whole ledger after this run, if anything was recorded.
    head: Option<String>,
    /// The plan that was applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<String>,
    /// The documents of the plan that were no updates.
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<Vec<SkippedDocument>>,
}

/// A document of a plan that was no update.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SkippedDocument {
    pub(crate) document: String,
    pub(crate) action: Action,
}

/// A run: its id, under which it is recorded, and what it is done to.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) target: TargetDocument,
    pub(crate) delivery: Delivery,
}

/// The target of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TargetDocument {
    pub(crate) api: Option<String>,
    /// The organization, where it is known.
    pub(crate) org: Option<Organization>,
    /// The client, where the organization is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) client: Option<String>,
    pub(crate) sandbox: bool,
}

impl TargetDocument {
    /// The target for people: the organization by its name, or API and client.
    pub(crate) fn shown(&self) -> String {
        let api = self.api.as_deref().unwrap_or_default();
        match &self.org {
            Some(Organization { id, name: Some(name) }) => format!("the organization {name} ({id}) at {api}"),
            Some(Organization { id, name: None }) => format!("the organization {id} at {api}"),
            None => format!("{api} by {}", self.client.as_deref().unwrap_or_default()),
        }
    }
}

/// The result of one rule.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangeDocument {
    /// The kind and the id: `rule/ID`.
    document: String,
    id: String,
    name: Option<String>,
    outcome: &'static str,
    guard: &'static str,
    version_before: Option<Version>,
    version_after: Option<Version>,
    attempts: u32,
    requests: u32,
    merges: u32,
    waited_ms: u64,
    latency_ms: f64,
    confirmed_by: Option<&'static str>,
    correlation_id: Option<String>,
    diff: Vec<ElementDifference>,
    conflicts: Vec<Collision>,
    theirs_changed: Vec<ElementDifference>,
    findings: Vec<FindingDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    /// Its number in the ledger; a dry run has none.
    entry: Option<u64>,
    error: Option<ErrorDocument>,
}

#[derive(Debug, Default, Serialize)]
struct Summary {
    applied: u32,
    unchanged: u32,
    conflict: u32,
    rejected: u32,
    denied: u32,
    failed: u32,
    deferred: u32,
    unknown: u32,
    overwritten: u32,
    planned: u32,
    not_attempted: u32,
}

/// The counts of updates that were attempted and after which the rule is as they wanted it, and their ratio.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Activation {
    pub(crate) attempted: u32,
    pub(crate) activated: u32,
    pub(crate) rate: f64,
}

/// The counts of this run's events by state, once for each sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Delivery {
    /// They were to be delivered.
    pub(crate) queued: u64,
    /// Their sink has them.
    pub(crate) delivered: u64,
    /// They are still to be delivered, or were given up.
    pub(crate) failed: u64,
}

/// The activation of one update.
pub(crate) fn activation(outcome: OutcomeKind, is_dry_run: bool) -> Activation {
    activation_of([outcome], is_dry_run)
}

/// The activation of updates.
pub(crate) fn activation_of(outcomes: impl IntoIterator<Item = OutcomeKind>, is_dry_run: bool) -> Activation {
    let (mut attempted, mut activated) = (0, 0);
    for outcome in outcomes.into_iter().filter(|_| !is_dry_run) {
        attempted += 1;
        activated += u32::from(outcome.is_effective());
    }
    let rate = if attempted == 0 {
        0.0
    } else {
        f64::from(activated) / f64::from(attempted)
    };
    Activation {
        attempted,
        activated,
        rate,
    }
}

/// The document of one update.
pub(crate) fn document<K: DocumentKind>(
    report: &Report<K>,
    problem: Option<&CliError>,
    findings: Vec<FindingDocument>,
    run: Run,
    retry_at: Option<String>,
    is_dry_run: bool,
    exit: Exit,
) -> ResultDocument {
    let change = ChangeDocument::of(report, problem, findings, retry_at);
    let head = report.recorded.as_ref().and_then(|recorded| recorded.head.clone());
    let activation = activation(report.completion.outcome.kind(), is_dry_run);
    ResultDocument::of(run, exit, vec![change], activation, head)
}

impl ChangeDocument {
    /// With the name that the plan has, where the document does not know its own.
    #[must_use]
    pub(crate) fn named(self, title: Option<&str>) -> Self {
        let name = self.name.or_else(|| title.map(str::to_owned));
        Self { name, ..self }
    }

    /// The result of an update.
    pub(crate) fn of<K: DocumentKind>(
        report: &Report<K>,
        problem: Option<&CliError>,
        findings: Vec<FindingDocument>,
        retry_at: Option<String>,
    ) -> Self {
        let completion = &report.completion;
        let outcome = &completion.outcome;
        let conflicts = match outcome {
            Outcome::Conflict(conflict) => conflict.collisions.clone(),
            Outcome::Applied { .. }
            | Outcome::Overwritten { .. }
            | Outcome::Unchanged { .. }
            | Outcome::Planned(_)
            | Outcome::Invalid { .. }
            | Outcome::Rejected { .. }
            | Outcome::Denied { .. }
            | Outcome::Failed(_)
            | Outcome::Deferred { .. }
            | Outcome::Unknown { .. }
            | Outcome::NotAttempted { .. } => outcome.write().map_or_else(Vec::new, |write| write.overwrites.clone()),
        };
        Self {
            document: format!("{}/{}", K::NAME, report.id),
            id: report.id.to_string(),
            name: outcome.title().map(str::to_owned),
            outcome: outcome.kind().as_str(),
            guard: K::GUARD.as_str(),
            version_before: outcome.base().and_then(|base| base.version.clone()),
            version_after: outcome.after().1.cloned(),
            attempts: completion.attempts,
            requests: report.requests,
            merges: completion.merges,
            waited_ms: whole_milliseconds(completion.waited),
            latency_ms: milliseconds(report.latency),
            confirmed_by: outcome.evidence().map(Evidence::as_str),
            correlation_id: report.last.correlation_id.clone(),
            diff: outcome.diff(),
            conflicts,
            theirs_changed: outcome.theirs_changed(),
            findings,
            retry_at,
            entry: report.recorded.as_ref().map(|recorded| recorded.entry.0),
            error: problem.map(CliError::document),
        }
    }
}

impl ResultDocument {
    /// The document of a run that did this.
    fn of(run: Run, exit: Exit, changes: Vec<ChangeDocument>, activation: Activation, head: Option<String>) -> Self {
        let mut summary = Summary::default();
        for change in &changes {
            summary.count(change.outcome);
        }
        Self {
            format_version: FORMAT_VERSION,
            kind: "result",
            run_id: run.id,
            exit_code: exit.code(),
            target: run.target,
            changes,
            summary,
            activation,
            delivery: run.delivery,
            head,
            plan_id: None,
            skipped: None,
        }
    }

    /// The document of a run that applied a plan.
    pub(crate) fn of_plan(
        plan_id: String,
        run: Run,
        exit: Exit,
        changes: Vec<ChangeDocument>,
        skipped: Vec<SkippedDocument>,
        activation: Activation,
        head: Option<String>,
    ) -> Self {
        Self {
            plan_id: Some(plan_id),
            skipped: Some(skipped),
            ..Self::of(run, exit, changes, activation, head)
        }
    }
}

impl Summary {
    fn count(&mut self, outcome: &str) {
        let counters = [
            ("applied", &mut self.applied),
            ("unchanged", &mut self.unchanged),
            ("conflict", &mut self.conflict),
            ("rejected", &mut self.rejected),
            ("denied", &mut self.denied),
            ("failed", &mut self.failed),
            ("deferred", &mut self.deferred),
            ("unknown", &mut self.unknown),
            ("overwritten", &mut self.overwritten),
            ("planned", &mut self.planned),
            ("not_attempted", &mut self.not_attempted),
        ];
        for (word, counter) in counters {
            *counter += u32::from(word == outcome);
        }
    }
}

/// A time in whole milliseconds.
pub(crate) fn whole_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A time in milliseconds, to a tenth.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
