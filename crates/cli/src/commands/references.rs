//! The check of what documents refer to: a rule that names what is not there shows nothing, and nothing else says so.

use std::sync::Arc;

use app::{KnownNames, PlannedAction, PlannedDocument, ReferenceCheck, absent_intents_at_last_write};
use domain::reference::{IntentReference, intents};
use domain::{Code, Finding};
use ports::{History, LedgerError};

use crate::commands::Context;
use crate::kind::CliKind;
use crate::render::snippet;

/// The check of one run: each thing is asked for once.
pub(super) struct References {
    names: Arc<KnownNames>,
    /// The documents that are checked at a time.
    parallelism: usize,
}

impl References {
    /// The check by the names of a run.
    pub(super) fn new(names: Arc<KnownNames>, parallelism: usize) -> Self {
        Self { names, parallelism }
    }

    /// Adds to each planned document what is wrong with what it refers to, as it is to be. The result are the intents of each
    /// document that its NLU domain does not have.
    ///
    /// # Errors
    ///
    /// If the record cannot be read.
    pub(super) async fn check_planned<K: CliKind>(
        &self,
        documents: &mut [PlannedDocument<K>],
        record: (&dyn History, &str),
    ) -> Result<Vec<Vec<String>>, LedgerError> {
        if !K::REFERS {
            return Ok(documents.iter().map(|_| Vec::new()).collect());
        }
        let checked = self.check(documents.iter().map(as_planned).collect()).await;
        let mut absent = Vec::new();
        for (document, check) in documents.iter_mut().zip(checked) {
            document.findings.extend(check.findings.into_vec());
            if let (PlannedAction::Unchanged(_), Some(stored)) = (&document.action, &document.stored) {
                let before = absent_intents_at_last_write::<K>(record.0, record.1, &document.id).await?;
                let came = came_since(stored, &before, &check.absent_intents);
                document
                    .findings
                    .extend(came.into_iter().map(|came| not_saved_since::<K>(&document.id, came)));
            }
            absent.push(check.absent_intents);
        }
        Ok(absent)
    }

    /// Checks documents; none where there is nothing to check. The results are in their order.
    pub(super) async fn check<K: CliKind>(&self, documents: Vec<Option<&K>>) -> Vec<ReferenceCheck> {
        self.names.check_all_references(documents, self.parallelism).await
    }

    /// Tells which kinds of things could not be looked at.
    pub(super) fn warn_of_unchecked(&self, context: &Context<'_>) {
        for finding in self.names.unchecked() {
            context.output.warn(&snippet::without_place(&finding));
        }
    }
}

/// The document as it is to be; none of one that is not known.
fn as_planned<K: CliKind>(document: &PlannedDocument<K>) -> Option<&K> {
    match &document.action {
        PlannedAction::Update(update) => Some(update.after()),
        PlannedAction::Unchanged(_) => document.stored.as_ref(),
        PlannedAction::Conflict(_)
        | PlannedAction::Drifted(_)
        | PlannedAction::Missing
        | PlannedAction::Invalid(_)
        | PlannedAction::Unread(_) => None,
    }
}

/// The intents that a document names, that were absent and are not any more.
fn came_since<K: CliKind>(document: &K, before: &[String], now: &[String]) -> Vec<IntentReference> {
    let (_, mut named) = intents::<K>(document.document());
    named.retain(|intent| before.contains(&intent.name) && !now.contains(&intent.name));
    named
}

fn not_saved_since<K: CliKind>(id: &K::Id, intent: IntentReference) -> Finding {
    let message = format!(
        "the NLU domain got the intent `{}` after this Copilot was saved, so the condition does not hold yet",
        intent.name
    );
    let help = format!("save it once more: `assist-rules update {}/{id} --resave`", K::NAME);
    Finding::new(Code::IntentSinceSaved, intent.pointer, message).with_help(help)
}
