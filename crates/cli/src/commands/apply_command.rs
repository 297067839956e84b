//! The command that applies what was reviewed, and nothing else.

use std::path::{Path, PathBuf};

use domain::plan::SafetyKind;

use crate::commands::Context;
use crate::commands::plan::limits;
use crate::next_command::NextCommand;
use crate::request::PlanOptions;
use crate::saved_plan::SavedPlan;
use crate::working_folder::WorkingFolder;

/// The command for a saved plan. None if it has nothing to apply.
pub(super) fn of_plan(context: &Context<'_>, saved: &SavedPlan, file: &Path) -> Option<NextCommand> {
    command(context, saved, std::slice::from_ref(&file))
}

/// The command for the files that were planned, with the same selection. None if there is nothing to apply.
pub(super) fn of_files(
    context: &Context<'_>,
    saved: &SavedPlan,
    files: &[PathBuf],
    options: &PlanOptions,
) -> Option<NextCommand> {
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let selection = &options.selection;
    let next = command(context, saved, &files)?;
    let next = selection
        .select
        .iter()
        .fold(next, |next, term| next.option("--select", Some(term.to_string())));
    let exclude = selection.exclude.iter();
    Some(exclude.fold(next, |next, term| next.option("--exclude", Some(term.to_string()))))
}

/// Why so few of the flags of this run: a ledger's URL holds a password, and a configuration is a path of this machine.
fn command(context: &Context<'_>, saved: &SavedPlan, files: &[&Path]) -> Option<NextCommand> {
    let document = &saved.document;
    if document.summary.update == 0 {
        return None;
    }
    let folder = WorkingFolder::here();
    let next = files.iter().fold(NextCommand::new("apply"), |next, file| {
        next.word(folder.relative(&file.display().to_string()))
    });
    let limits = limits(context, saved);
    let counts = SafetyKind::ALL.into_iter().zip(document.safety.counts());
    let exceeded = counts.filter(|(kind, count)| *count > limits.limit(*kind));
    let next = exceeded.fold(next, |next, (kind, count)| {
        next.option("--allow", Some(format!("{}={count}", kind.name())))
    });
    let next = next
        .option("--expect", Some(document.changes_hash.clone()))
        .option("--profile", context.global.profile.clone())
        .switch("--sandbox", context.global.sandbox)
        .option("--org", context.global.org.as_deref());
    Some(next)
}
