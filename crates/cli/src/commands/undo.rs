//! The way back of a whole run or plan, as a plan of its own.

use std::path::Path;

use app::UndoError;
use domain::TriggerRule;

use crate::cli_error::{CliError, chain};
use crate::commands::planning::Wanted;
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
    match app::undo::<TriggerRule>(&*workspace.record.history, &target, &id).await {
        Ok(undo) => {
            let document = if undo.is_plan {
                UndoDocument::Plan(id)
            } else {
                UndoDocument::Run(id)
            };
            Ok(Wanted::Undo(document, undo.requests))
        }
        Err(UndoError::Ledger(failure)) => Err(unusable(&failure)),
        Err(nothing @ (UndoError::NothingApplied | UndoError::Rollback(_))) => {
            let message = format!("cannot undo `{of}`: {}", chain(&nothing));
            let help = "`assist-rules history` lists runs and plans with `-o json`; `--ledger` names another record";
            Err(CliError::new(ErrorCode::NothingToUndo, message).with_help(help))
        }
    }
}
