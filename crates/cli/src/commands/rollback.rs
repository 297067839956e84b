//! `rollback`: undoes what the record says was applied, in the rule as it is now.

use app::{RollbackError, RollbackTo};
use domain::{Code, RuleId, TriggerRule};
use ports::EntryId;

use crate::cli_error::{CliError, chain};
use crate::commands::Context;
use crate::commands::carry_out::{self, Desk};
use crate::commands::ending::End;
use crate::exit::Exit;
use crate::record::unusable;
use crate::request::RollbackCommand;

pub(super) async fn run(context: &Context<'_>, id: &RuleId, command: &RollbackCommand) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let mut errand = command.request.clone();
    let terms = carry_out::terms(settings, &command.terms, errand.asked);
    // Why: without a target nobody can be asked, and its problem says more than an empty record.
    settings.target.clone()?;
    let target = settings.ledger_target().unwrap_or_default();
    let desk = Desk::open(context, &errand).await?;
    let back = command
        .to
        .map_or(RollbackTo::PreviousEntry, |entry| RollbackTo::Entry(EntryId(entry)));
    let found = app::rollback::<TriggerRule>(&*desk.record.history, &target, id.as_str(), back).await;
    let rollback = match found {
        Ok(rollback) => rollback,
        Err(nothing) => {
            desk.close().await?;
            return Err(problem(id.as_str(), nothing));
        }
    };
    if errand.reason.is_none() {
        let undone: Vec<String> = rollback.undoes.iter().map(ToString::to_string).collect();
        errand.reason = Some(format!("undoes {}", undone.join(", ")));
    }
    let ended = carry_out::carry_out(context, desk, &errand, id, rollback.wanted, terms).await?;
    let end = End {
        elsewhere: ended.report.verdict.findings.clone(),
        ended,
        file: None,
        errand: &errand,
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
        | RollbackError::Unfit { .. } => CliError::new(Code::NothingToUndo, message).with_help(format!(
            "`assist-rules history {id}` lists what was changed; `--ledger` names another record"
        )),
    }
}
