//! The check of what documents refer to: a rule that names what is not there shows nothing, and nothing else says so.

use app::{KnownNames, PlannedAction, PlannedDocument, ReferenceCheck};

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::kind::CliKind;
use crate::render::snippet;
use crate::session::Session;

/// The check of one run: each thing is asked for once.
pub(super) struct References {
    names: KnownNames,
    /// The documents that are checked at a time.
    parallelism: usize,
}

impl References {
    pub(super) fn new(context: &Context<'_>, session: &Session, parallelism: usize) -> Result<Self, CliError> {
        Ok(Self {
            names: session.known_names(context.settings()?),
            parallelism,
        })
    }

    /// Adds to each planned document what is wrong with what it refers to, as it is to be.
    pub(super) async fn check_planned<K: CliKind>(&self, documents: &mut [PlannedDocument<K>]) {
        if !K::REFERS {
            return;
        }
        let checked = self.check(documents.iter().map(as_planned).collect()).await;
        for (document, check) in documents.iter_mut().zip(checked) {
            document.findings.extend(check.findings.into_vec());
        }
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
