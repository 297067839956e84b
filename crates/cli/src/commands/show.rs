//! `show`: a saved plan, without a network.

use crate::cli_error::CliError;
use crate::commands::{Context, apply_command, plan};
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
    context.comment.set_target(&saved.document.target);
    reread(&saved.document)?;
    let next = apply_command::of_plan(context, &saved, &command.plan);
    plan::print(context, &saved, next.as_ref())?;
    Ok(Exit::Done)
}
