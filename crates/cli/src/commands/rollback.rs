//! `rollback`: undoes what the record says was applied, in the rule as it is now.

use app::{RollbackError, RollbackTo};
use ports::{DocumentRef, EntryId};

use crate::cli_error::{CliError, chain};
use crate::commands::Context;
use crate::commands::ending::End;
use crate::commands::execute;
use crate::commands::workspace::Workspace;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::record::unusable;
use crate::request::RollbackCommand;

pub(super) async fn run<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &RollbackCommand,
) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let mut request = command.request.clone();
    let options = execute::options(settings, &command.terms, request.asked);
    // Why: without a target there is nothing to ask, and its problem says more than an empty record.
    settings.target.clone()?;
    let workspace = Workspace::open(context, &request).await?;
    let document = DocumentRef {
        target: workspace.identity().await?.target,
        kind: K::NAME.to_string(),
        id: id.to_string(),
    };
    let to = command
        .to
        .map_or(RollbackTo::PreviousEntry, |entry| RollbackTo::Entry(EntryId(entry)));
    let rollback = match app::rollback::<K>(&*workspace.record.history, &document, to).await {
        Ok(rollback) => rollback,
        Err(nothing) => {
            workspace.close().await?;
            return Err(problem(&document.id, nothing));
        }
    };
    if request.reason.is_none() {
        let undone: Vec<String> = rollback.undoes.iter().map(ToString::to_string).collect();
        workspace
            .identity
            .reason
            .get_or_init(|| format!("undoes {}", undone.join(", ")));
    }
    request.undoes = rollback.undoes;
    let ended = execute::execute(context, workspace, &request, id, rollback.request, options).await?;
    let end = End {
        elsewhere: ended.report.completion.outcome.findings(),
        ended,
        file: None,
        request: &request,
        terms: &command.terms,
    };
    Ok(end.print(context).exit)
}

fn problem(id: &str, nothing: RollbackError) -> CliError {
    let message = format!("cannot roll back `{id}`: {}", chain(&nothing));
    match nothing {
        RollbackError::Ledger(failure) => unusable(&failure),
        RollbackError::NothingApplied
        | RollbackError::NoSuchEntry(_)
        | RollbackError::NothingSince(_)
        | RollbackError::Unfit { .. } => CliError::new(ErrorCode::NothingToUndo, message).with_help(format!(
            "`assist-rules history {id}` lists what was changed; `--ledger` names another record"
        )),
    }
}
