//! `plan`: what files of rules would change, saved for review.

use std::path::Path;

use domain::Severity;
use domain::plan::SafetyLimits;
use files::replace_private;

use crate::args::Format;
use crate::authored::AuthoredDocuments;
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::apply_command;
use crate::commands::planning::{self, Wanted};
use crate::commands::undo;
use crate::commands::workspace::{Needs as NeedsRecord, Workspace};
use crate::commands::{Context, validate};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::next_command::NextCommand;
use crate::render::report::Asked;
use crate::render::{html, markdown, plan_report};
use crate::request::{ChangeRequest, PlanCommand, PlanOf};
use crate::saved_plan::SavedPlan;

pub(super) async fn run(context: &Context<'_>, command: &PlanCommand) -> Result<Exit, CliError> {
    if let Some(out) = &command.out {
        refuse_no_place(out)?;
    }
    let files = match &command.of {
        PlanOf::Files(files) => match authored(context, files)? {
            Ok(documents) => Some(documents),
            Err(exit) => return Ok(exit),
        },
        PlanOf::Undo(_) => None,
    };
    let request = ChangeRequest {
        asked: Asked::DryRun,
        command: "plan",
        reason: None,
        undoes: Vec::new(),
    };
    let workspace = Workspace::open(context, &request, NeedsRecord::NoRecord).await?;
    let made = async {
        let wanted = match (&command.of, files) {
            (PlanOf::Undo(of), _) => undo::wanted(&workspace, of).await?,
            (PlanOf::Files(_), documents) => Wanted::Files(documents.unwrap_or_default()),
        };
        planning::make(context, &workspace, wanted, &command.options).await
    }
    .await;
    workspace.inform(context.comment);
    workspace.close().await?;
    let saved = made?.saved;
    if let Some(file) = &command.out {
        save(file, &saved)?;
    }
    let next = match (&command.out, &command.of) {
        (Some(plan), _) => apply_command::of_plan(context, &saved, plan),
        (None, PlanOf::Files(files)) => apply_command::of_files(context, &saved, files, &command.options),
        (None, PlanOf::Undo(_)) => None,
    };
    print(context, &saved, next.as_ref())?;
    let summary = &saved.document.summary;
    let exit = Exit::of_code(saved.document.exit_code);
    if exit == Exit::Done && summary.update > 0 && command.detailed_exitcode {
        return Ok(Exit::Changes);
    }
    Ok(exit)
}

/// The documents of files, or how the program ends where one of them is not sound: then all that is wrong was told.
///
/// # Errors
///
/// If nothing could be read at all, or stdout cannot be written to.
pub(super) fn authored(
    context: &Context<'_>,
    files: &[std::path::PathBuf],
) -> Result<Result<AuthoredDocuments, Exit>, CliError> {
    let checked = CheckedFiles::read(files, Needs::Documents);
    if !checked.faults.is_empty() || checked.reaches(Severity::Error) {
        return validate::report(context, &checked, Severity::Error).map(Err);
    }
    checked.warn_of_passed_over(context.output);
    if checked.documents.is_empty() {
        let message = "there is no rule in these files";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("rules stand in .json, .yaml and .yml files"));
    }
    Ok(Ok(checked.documents))
}

/// Prints a plan in the format that was asked for, with the command that applies it where there is one.
///
/// # Errors
///
/// If stdout cannot be written to.
pub(super) fn print(context: &Context<'_>, plan: &SavedPlan, next: Option<&NextCommand>) -> Result<(), CliError> {
    match context.output.format {
        Format::Human => context
            .output
            .document(&plan_report::human(plan, limits(context, plan))),
        Format::Yaml => context.output.data(&plan.as_value()),
        Format::Markdown => {
            let page = markdown::plan(plan, limits(context, plan), next, context.comment);
            context.comment.print(context.output, &page)
        }
        Format::Html => context.output.document(&html::plan(plan, limits(context, plan))),
        Format::Json | Format::Ndjson | Format::Sarif | Format::Github | Format::Junit | Format::Prometheus => {
            context.output.document(&format!("{}\n", plan.text()))
        }
    }
}

/// The limits of the safety stop by this program's own settings.
pub(super) fn limits(context: &Context<'_>, plan: &SavedPlan) -> SafetyLimits {
    let documents = plan.document.summary.documents;
    match context.settings {
        Ok(settings) => settings.safety.limits(documents),
        // Why not an error: a plan is shown without any configuration.
        Err(_) => SafetyLimits::of(documents),
    }
}

/// Refuses to plan for a file that cannot be saved: its folder is not there, or it is none.
fn refuse_no_place(file: &Path) -> Result<(), CliError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let why = if file.is_dir() {
        "it is a folder"
    } else if folder.is_some_and(|folder| !folder.is_dir()) {
        "its folder is not there"
    } else {
        return Ok(());
    };
    let message = format!("cannot save the plan to `{}`: {why}", file.display());
    Err(CliError::new(ErrorCode::UnreadableFile, message))
}

fn save(file: &Path, plan: &SavedPlan) -> Result<(), CliError> {
    let saved = replace_private(file, format!("{}\n", plan.text()).as_bytes());
    saved.map_err(|error| {
        let message = format!("cannot save the plan to `{}`: {error}", file.display());
        CliError::new(ErrorCode::UnreadableFile, message)
    })
}
