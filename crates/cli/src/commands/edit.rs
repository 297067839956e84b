//! `edit`: a document in an editor, updated from what was saved.

use std::fmt::{Display, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::Stored;
use domain::document::CrossFieldMerge;
use domain::protocol::OnConflict;
use ports::DocumentStore;

use crate::cli_error::CliError;
use crate::commands::ending::{Effect, Ended};
use crate::commands::{Context, change};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::render::report::Asked;
use crate::request::{ChangeRequest, ChangeTerms, EditCommand, UpdateCommand};

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
    open_editor(context, &file)?;
    let saved = std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
    if saved == text {
        forget(&file);
        context.output.note("Nothing was changed.");
        return Ok(Exit::Done);
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
    let ended = change::run::<K>(context, id, &update).await;
    let effect = match &ended {
        Ok(Ended { exit: Exit::Done, .. }) => {
            forget(&file);
            return Ok(Exit::Done);
        }
        Ok(ended) => ended.effect.clone(),
        Err(problem) if problem.code == ErrorCode::Indeterminate => Effect::Unknown,
        Err(_) => Effect::Nothing,
    };
    if matches!(effect, Effect::Applied(_)) {
        forget(&file);
    }
    context.output.warn(&what_next(context, id, &file, &effect));
    ended.map(|ended| ended.exit)
}

/// The state of the text after an update that did not simply succeed, and what to do with it.
fn what_next(context: &Context<'_>, id: &impl Display, file: &Path, effect: &Effect) -> String {
    match effect {
        Effect::Nothing => format!("Your text is kept. Go on with it: {}", way_back(context, id, file)),
        Effect::Applied(Some(version)) => format!("Your text was applied: `{id}` has it as version {version}."),
        Effect::Applied(None) => format!("Your text was applied: `{id}` has it."),
        Effect::Unknown => format!(
            "Your text is kept in '{}'. Whether it was applied is not known: `assist-rules reconcile` finds out.",
            file.display()
        ),
    }
}

/// The command that goes on with the text, for the same rule of the same organisation.
fn way_back(context: &Context<'_>, id: &impl Display, file: &Path) -> String {
    let global = context.global;
    let mut back = format!("assist-rules update {id} --from '{}'", file.display());
    for (flag, value) in [("--profile", &global.profile), ("--region", &global.region)] {
        if let Some(value) = value {
            let _ = write!(back, " {flag} '{value}'");
        }
    }
    if global.sandbox {
        back.push_str(" --sandbox");
    }
    back
}

/// Writes the text where it outlives the program.
fn keep<K: CliKind>(folder: &Path, stored: &Stored<K>, text: &str) -> Result<PathBuf, CliError> {
    // An id is letters, digits, `_` and `-`, so a file can be named after it.
    let name = format!("{}.", stored.id);
    let write = || {
        std::fs::create_dir_all(folder)?;
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

fn open_editor(context: &Context<'_>, file: &Path) -> Result<(), CliError> {
    let editor = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| context.environment.get(name))
        .unwrap_or("vi");
    let failed = |why: &str| {
        CliError::new(ErrorCode::Usage, format!("the editor `{editor}` {why}")).with_help(format!(
            "set EDITOR to another one; your text is kept in {}",
            file.display()
        ))
    };
    let status = command(editor, file)
        .status()
        .map_err(|error| failed(&format!("cannot be started: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed("ended with an error, so nothing was changed"))
    }
}

/// An editor may be more than one word, as in `code --wait`: a shell takes it apart, as git has it done.
#[cfg(unix)]
fn command(editor: &str, file: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file);
    command
}

#[cfg(not(unix))]
fn command(editor: &str, file: &Path) -> Command {
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(editor));
    command.args(words).arg(file);
    command
}

fn unreadable(file: &Path, error: &std::io::Error) -> CliError {
    CliError::new(
        ErrorCode::UnreadableFile,
        format!("cannot read `{}`: {error}", file.display()),
    )
}

/// Removes a text that was applied: the organisation has it now.
fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("`{}` stays: {error}", file.display());
    }
}
