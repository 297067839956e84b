//! `rollback`: undoes what the record says was applied, in the rule as it is now.

use app::{Back, NothingToUndo};
use domain::{Code, TriggerRule};
use ports::EntryId;

use crate::args::RollbackArgs;
use crate::commands::carry_out::{self, Desk, Errand};
use crate::commands::ending::End;
use crate::commands::{Context, rule};
use crate::exit::Exit;
use crate::problem::{Problem, chain};
use crate::record::unusable;

pub(super) async fn run(context: &Context<'_>, args: &RollbackArgs) -> Result<Exit, Problem> {
    rule::only_formats(context, &rule::DATA)?;
    let id = rule::required(context, &args.rule)?;
    let settings = context.settings()?;
    let mut errand = Errand::of("rollback", args.dry_run, args.reason.as_ref());
    let terms = carry_out::terms(settings, &args.terms, errand.asked)?;
    // Why: without a target nobody can be asked, and its problem says more than an empty record.
    settings.target.clone()?;
    let target = settings.ledger_target().unwrap_or_default();
    let desk = Desk::open(context, &errand).await?;
    let back = args.to.map_or(Back::BeforeTheLast, |entry| Back::To(EntryId(entry)));
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

fn problem(id: &str, nothing: NothingToUndo) -> Problem {
    let message = format!("cannot roll back `{id}`: {}", chain(&nothing));
    match nothing {
        NothingToUndo::Ledger(failure) => unusable(&failure),
        NothingToUndo::NothingApplied
        | NothingToUndo::NoSuchEntry(_)
        | NothingToUndo::NothingSince(_)
        | NothingToUndo::Unfit { .. } => Problem::new(Code::NothingToUndo, message).with_help(format!(
            "`assist-rules history {id}` lists what was changed; `--ledger` names another record"
        )),
    }
}
