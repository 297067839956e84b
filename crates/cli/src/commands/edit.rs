//! `edit`: a document in an editor, updated from what was saved.

mod editor;
mod way_back;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use domain::Stored;
use domain::document::CrossFieldMerge;
use domain::protocol::OnConflict;
use ports::DocumentStore;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::finished_change::{ChangeResult, Effect};
use crate::commands::{Context, change};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::visible;
use crate::render::report::Asked;
use crate::request::{ChangeRequest, ChangeTerms, EditCommand, UpdateCommand};
use editor::Saved;
use way_back::way_back;

pub(super) async fn run<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &EditCommand,
) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let session = context.open(settings).await?;
    let read = session.reader::<K>(settings).get(id).await;
    session.close().await?;
    let stored = read
        .map_err(|failure| CliError::of_failure(&format!("edit `{id}`"), &failure))?
        .content;
    let text = stored.value.document().pretty() + "\n";
    let file = keep(&settings.state_dir.join("edits"), &stored, &text)?;
    match editor::open(context, &file, &text).map_err(|problem| aborted(problem, &file, &text))? {
        Saved::Empty => {
            forget(&file);
            let aborted = CliError::new(
                ErrorCode::Stopped,
                "aborted: what was saved is empty, and nothing was changed",
            );
            return Err(aborted.with_help("save the text as it is to leave the rule as it is"));
        }
        // Why: programs are told by the result of an update that changes nothing.
        Saved::Unchanged | Saved::UnchangedAtOnce if context.output.format != Format::Human => {}
        Saved::Unchanged => {
            forget(&file);
            context.output.info("Nothing was changed.");
            return Ok(Exit::Done);
        }
        Saved::UnchangedAtOnce => {
            let back = way_back(context.global, command, id, &file);
            context.output.warn(&visible(&format!(
                "Nothing was changed: the editor came back at once. One with a window needs a flag to be waited for, as \
                 in EDITOR='code --wait'. The text is kept. Go on with it: {back}"
            )));
            return Ok(Exit::Done);
        }
        Saved::Changed => {}
    }
    let update = UpdateCommand {
        from: Some(file.clone()),
        name: None,
        description: None,
        enabled: None,
        terms: ChangeTerms {
            if_version: stored.version,
            detailed_exitcode: false,
            fail_on: command.fail_on,
            on_conflict: OnConflict::Fail,
            cross_field_merge: CrossFieldMerge::Refuse,
        },
        request: ChangeRequest {
            asked: Asked::Update,
            command: "edit",
            reason: command.reason.clone(),
            undoes: Vec::new(),
        },
    };
    let change = change::run::<K>(context, id, &update).await;
    let effect = match &change {
        Ok(ChangeResult { exit: Exit::Done, .. }) => {
            forget(&file);
            return Ok(Exit::Done);
        }
        Ok(change) => change.effect.clone(),
        Err(problem) if problem.code == ErrorCode::Indeterminate => Effect::Unknown,
        Err(_) => Effect::Nothing,
    };
    if matches!(effect, Effect::Applied(_)) {
        forget(&file);
    }
    context
        .output
        .warn(&visible(&what_next(context, command, id, &file, &effect)));
    change.map(|change| change.exit)
}

/// The state of the text after an update that did not simply succeed, and what to do with it.
fn what_next(context: &Context<'_>, command: &EditCommand, id: &impl Display, file: &Path, effect: &Effect) -> String {
    match effect {
        Effect::Nothing => format!(
            "Your text is kept. Go on with it: {}",
            way_back(context.global, command, id, file)
        ),
        Effect::Applied(Some(version)) => format!("Your text was applied: `{id}` has it as version {version}."),
        Effect::Applied(None) => format!("Your text was applied: `{id}` has it."),
        Effect::Unknown => format!(
            "Your text is kept in '{}'. Whether it was applied is not known: `assist-rules reconcile` finds out.",
            file.display()
        ),
    }
}

/// The problem of an editor that failed, as `:cq` lets it. A text that is as it was shown is not kept.
fn aborted(problem: CliError, file: &Path, text: &str) -> CliError {
    let Ok(saved) = std::fs::read(file) else {
        return problem.with_help("the text is gone, and nothing was changed");
    };
    if saved == text.as_bytes() {
        forget(file);
        return problem.with_help("set EDITOR to another one if you did not mean to leave it so");
    }
    problem.with_help(format!("your text is kept in {}", file.display()))
}

/// Writes the text where it outlives the program.
fn keep<K: CliKind>(folder: &Path, stored: &Stored<K>, text: &str) -> Result<PathBuf, CliError> {
    // An id is letters, digits, `_` and `-`, so a file can be named after it.
    let name = format!("{}.", stored.id);
    let write = || {
        files::make_private_folder(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".json")
            .tempfile_in(folder)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        let (_, path) = file.keep()?;
        Ok::<_, std::io::Error>(path)
    };
    write().map_err(|error| {
        CliError::new(
            ErrorCode::Configuration,
            format!("cannot keep the text in `{}`: {error}", folder.display()),
        )
    })
}

/// Removes a text that was applied: the organization has it now.
fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("`{}` stays: {error}", file.display());
    }
}
