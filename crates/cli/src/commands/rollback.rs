//! `rollback`: undoes what the record says was applied, in the rule as it is now.

use app::{Rollback, RollbackError, RollbackTo};
use ports::{DocumentRef, EntryId};

use crate::cli_error::{CliError, chain};
use crate::commands::Context;
use crate::commands::execute;
use crate::commands::finished_change::FinishedChange;
use crate::commands::workspace::{Needs, Workspace};
use crate::confirm::{Unattended, confirm};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::next_command::NextCommand;
use crate::record::unusable;
use crate::render::report::Asked;
use crate::request::{ChangeTerms, RollbackCommand};

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
    let workspace = Workspace::open(context, &request, Needs::Record).await?;
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
    if let Err(unconfirmed) = ask(context, &document.id, &rollback, &command.terms, request.asked) {
        workspace.close().await?;
        return Err(unconfirmed);
    }
    if request.reason.is_none() {
        let undone: Vec<String> = rollback.undoes.iter().map(ToString::to_string).collect();
        workspace
            .identity
            .reason
            .get_or_init(|| format!("undoes {}", undone.join(", ")));
    }
    request.undoes = rollback.undoes;
    let change = execute::execute(context, workspace, &request, id, rollback.request, options).await?;
    let end = FinishedChange {
        elsewhere: change.report.completion.outcome.findings(),
        change,
        file: None,
        request: &request,
        terms: &command.terms,
        again: NextCommand::new("rollback")
            .word(id.to_string())
            .option("--to", command.to.map(|entry| entry.to_string())),
    };
    Ok(end.print(context).exit)
}

/// Asks before entries are undone. Those that only a read confirmed are not undone without a person's word.
fn ask<K: CliKind>(
    context: &Context<'_>,
    id: &str,
    rollback: &Rollback<K>,
    terms: &ChangeTerms,
    asked: Asked,
) -> Result<(), CliError> {
    if asked == Asked::DryRun {
        return Ok(());
    }
    let yes = context.global.yes;
    if rollback.confirmed_by_read.is_empty() {
        let question = format!("{} of `{id}` will be undone.", entries(&rollback.undoes));
        confirm(context.output, yes, Unattended::Proceeds, &question)?;
    } else {
        let question = format!(
            "{} of `{id}` will be undone; of {} a read alone says that it was applied, by that run or identically by another.",
            entries(&rollback.undoes),
            entries(&rollback.confirmed_by_read).to_lowercase()
        );
        confirm(context.output, yes, Unattended::Refuses, &question)?;
    }
    execute::ask_before_overwriting(context, terms)
}

/// `Entry 7`, `Entries 7 and 6`, `Entries 9, 8 and 5 more` in order.
fn entries(entries: &[EntryId]) -> String {
    match entries {
        [one] => format!("Entry {one}"),
        [one, other] => format!("Entries {one} and {other}"),
        [first, second, rest @ ..] => format!("Entries {first}, {second} and {} more", rest.len()),
        [] => "No entry".to_owned(),
    }
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
