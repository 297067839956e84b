//! `show`: a saved plan, without a network.

use domain::TriggerRule;

use crate::cli_error::CliError;
use crate::commands::{Context, plan};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::request::ShowCommand;
use crate::saved_plan::{SavedPlan, reread};

pub(super) fn run(context: &Context<'_>, command: &ShowCommand) -> Result<Exit, CliError> {
    let Some(saved) = SavedPlan::read(&command.plan)? else {
        let message = format!("`{}` is no plan", command.plan.display());
        return Err(
            CliError::new(ErrorCode::UnfitPlan, message).with_help("`assist-rules plan FILE --out PLAN` saves one")
        );
    };
    reread::<TriggerRule>(&saved.document)?;
    plan::print(context, &saved)?;
    Ok(Exit::Done)
}
