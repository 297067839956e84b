//! The way back of a whole run or plan, as a plan of its own.

use std::path::Path;

use app::{Undo, UndoError};
use domain::{Copilot, DocumentKind, TriggerRule};

use crate::cli_error::{CliError, chain};
use crate::commands::planning::{UndoRequests, Wanted};
use crate::commands::workspace::Workspace;
use crate::error_code::ErrorCode;
use crate::record::unusable;
use crate::saved_plan::{SavedPlan, UndoDocument};

/// The documents that a run or a plan changed, each with its way back.
///
/// # Errors
///
/// If the record has no applied change of it.
pub(super) async fn wanted(workspace: &Workspace, of: &str) -> Result<Wanted, CliError> {
    let target = workspace.identity().await?.target;
    let file = Path::new(of);
    let plan = if file.is_file() { SavedPlan::read(file)? } else { None };
    let id = plan.map_or_else(|| of.to_owned(), |plan| plan.document.plan_id);
    let history = &*workspace.record.history;
    let rules = none_if_nothing(app::undo::<TriggerRule>(history, &target, &id).await);
    let copilots = none_if_nothing(app::undo::<Copilot>(history, &target, &id).await);
    let nothing = UndoError::NothingApplied;
    let (rules, copilots) = match (rules, copilots) {
        (Ok(None), Ok(None)) => return Err(cannot(of, &nothing)),
        (Ok(rules), Ok(copilots)) => (rules, copilots),
        (Err(error), _) | (_, Err(error)) => return Err(cannot(of, &error)),
    };
    let is_plan = rules.as_ref().is_some_and(|undo| undo.is_plan) || copilots.as_ref().is_some_and(|undo| undo.is_plan);
    let document = if is_plan {
        UndoDocument::Plan(id)
    } else {
        UndoDocument::Run(id)
    };
    let requests = UndoRequests {
        rules: rules.map_or_else(Vec::new, |undo| undo.requests),
        copilots: copilots.map_or_else(Vec::new, |undo| undo.requests),
    };
    Ok(Wanted::Undo(document, requests))
}

/// None where nothing of one kind was applied.
fn none_if_nothing<K: DocumentKind>(undo: Result<Undo<K>, UndoError>) -> Result<Option<Undo<K>>, UndoError> {
    match undo {
        Ok(undo) => Ok(Some(undo)),
        Err(UndoError::NothingApplied) => Ok(None),
        Err(error) => Err(error),
    }
}

fn cannot(of: &str, error: &UndoError) -> CliError {
    if let UndoError::Ledger(failure) = error {
        return unusable(failure);
    }
    let message = format!("cannot undo `{of}`: {}", chain(error));
    let help = "`assist-rules history` lists runs and plans with `-o json`; `--ledger` names another record";
    CliError::new(ErrorCode::NothingToUndo, message).with_help(help)
}
