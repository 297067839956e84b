//! `rollback`: undoes what the record says was applied, in the rule as it is now.

use app::{RollbackError, RollbackTo};
use domain::{Code, TriggerRule};
use ports::EntryId;

use crate::args::RollbackArgs;
use crate::cli_error::{CliError, chain};
use crate::commands::carry_out::{self, ChangeRequest, Desk};
use crate::commands::ending::End;
use crate::commands::{Context, rule};
use crate::exit::Exit;
use crate::record::unusable;

pub(super) async fn run(context: &Context<'_>, args: &RollbackArgs) -> Result<Exit, CliError> {
    rule::only_formats(context, &rule::DATA)?;
    let id = rule::required(context, &args.rule)?;
    let settings = context.settings()?;
    let mut errand = ChangeRequest::of("rollback", args.dry_run, args.reason.as_ref());
    let terms = carry_out::terms(settings, &args.terms, errand.asked)?;
    // Why: without a target nobody can be asked, and its problem says more than an empty record.
    settings.target.clone()?;
    let target = settings.ledger_target().unwrap_or_default();
    let desk = Desk::open(context, &errand).await?;
    let back = args
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
    let ended = carry_out::carry_out(context, desk, &errand, &id, rollback.wanted, terms).await?;
    let end = End {
        elsewhere: ended.report.verdict.findings.clone(),
        ended,
        file: None,
        errand: &errand,
        args: &args.terms,
    };
    Ok(end.print(context))
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
