//! `edit`: a document in an editor, updated from what was saved.

mod editor;
pub(super) mod saved_text;

use std::fmt::Display;
use std::path::{Path, PathBuf};

use domain::{Edit, Patch, Stored};
use ports::DocumentStore;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::change::{Change, Wanted};
use crate::commands::finished_change::Effect;
use crate::commands::kept_text::{self, forget};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::next_command::NextCommand;
use crate::output::visible;
use crate::render::report::Asked;
use crate::request::{ChangeTerms, EditCommand};
use editor::Saved;
use saved_text::SavedText;

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
    let named = command.terms.if_version.as_ref();
    if named.is_some_and(|named| stored.version.as_ref() != Some(named)) {
        return refuse_version(context, id, command, stored.value).await;
    }
    let text = stored.value.document().pretty() + "\n";
    let file = keep(&kept_text::folder(settings), &stored, &text)?;
    let opened = editor::open(context, &file, &text).await;
    match opened.map_err(|problem| aborted(problem, &file, &text))? {
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
            let back = way_back(context, command, id, &file);
            context.output.warn(&visible(&format!(
                "Nothing was changed: the editor came back at once. One with a window needs a flag to be waited for, as \
                 in EDITOR='code --wait'. The text is kept. Go on with it: {back}"
            )));
            return Ok(Exit::Done);
        }
        Saved::Changed => {}
    }
    let saved = SavedText {
        file: &file,
        shown: &stored.value,
    };
    let change = change_of(context, id, command);
    let (finished, patch) = match saved.update(change, &Edit::default()).await {
        Ok(finished) => finished,
        Err(problem) => {
            let what_next = if problem.code == ErrorCode::Indeterminate {
                not_known(context, &file)
            } else {
                let back = way_back(context, command, id, &file);
                format!("Your text is kept. Go on with it: {back}")
            };
            context.output.warn(&visible(&what_next));
            return Err(problem);
        }
    };
    let theirs = finished.theirs_in_a_collision().cloned();
    let is_group_conflict = finished.is_group_conflict();
    let change = finished.print(context);
    let what_next = match &change.effect {
        Effect::Nothing if change.exit == Exit::Done && command.request.asked == Asked::Update => {
            forget(&file);
            return Ok(Exit::Done);
        }
        Effect::Nothing => {
            let kept = match (&patch, &theirs) {
                (Some(patch), Some(theirs)) => saved.put_on(patch, theirs),
                (Some(_) | None, _) => "Your text is kept.".to_owned(),
            };
            let back = way_back(context, command, id, &file);
            let back = back.switch("--accept-group-merge", is_group_conflict);
            format!("{kept} Go on with it: {back}")
        }
        Effect::Applied(version) => {
            forget(&file);
            if change.exit == Exit::Done {
                return Ok(Exit::Done);
            }
            let version = version
                .as_ref()
                .map_or(String::new(), |version| format!(" as version {version}"));
            format!("Your text was applied: `{id}` has it{version}.")
        }
        Effect::Unknown => not_known(context, &file),
    };
    context.output.warn(&visible(&what_next));
    Ok(change.exit)
}

fn not_known(context: &Context<'_>, file: &Path) -> String {
    let reconcile = NextCommand::new("reconcile").with_global(context.global);
    let file = file.display();
    format!("Your text is kept in '{file}'. Whether it was applied is not known; this finds out: {reconcile}")
}

fn change_of<'a, K: CliKind>(context: &'a Context<'a>, id: &'a K::Id, command: &'a EditCommand) -> Change<'a, K> {
    Change {
        context,
        id,
        request: &command.request,
        terms: &command.terms,
        again: NextCommand::new("edit").word(id.to_string()),
    }
}

/// Reports the conflict of a document that is not at the version that was named, in place of an editor.
async fn refuse_version<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &EditCommand,
    base: K,
) -> Result<Exit, CliError> {
    let change = change_of(context, id, command);
    let nothing = Wanted::Patch {
        patch: Patch::default(),
        base,
    };
    Ok(change.submit(None, nothing).await?.print(context).exit)
}

/// The command that goes on with a kept text, with every flag that was given.
fn way_back(context: &Context<'_>, command: &EditCommand, id: &impl Display, file: &Path) -> NextCommand {
    let terms = ChangeTerms {
        // Why: the text is held against what was shown, whatever version it has now.
        if_version: None,
        ..command.terms.clone()
    };
    NextCommand::new("update")
        .word(id.to_string())
        .option("--from", Some(file.display().to_string()))
        .with_terms(&terms)
        .option("--reason", command.request.reason.as_deref())
        .with_global(context.global)
}

/// The problem of an editor that failed, as `:cq` lets it. A text that is as it was shown is not kept.
fn aborted(problem: CliError, file: &Path, text: &str) -> CliError {
    let Ok(saved) = std::fs::read(file) else {
        return problem.with_help("the text is gone, and nothing was changed");
    };
    if saved == text.as_bytes() {
        forget(file);
        let help = match problem.stopped {
            Some(_) => "the text is as it was shown, and is not kept",
            None => "set EDITOR to another one if you did not mean to leave it so",
        };
        return problem.with_help(help);
    }
    problem.with_help(format!("your text is kept in {}", file.display()))
}

/// Writes the text where it outlives the program.
fn keep<K: CliKind>(folder: &Path, stored: &Stored<K>, text: &str) -> Result<PathBuf, CliError> {
    // Ids are letters, digits, `_` and `-`, so a file can be named after them.
    let name = format!("{}.", stored.id.to_string().replace('/', "--"));
    let write = || {
        files::make_private_folder(folder)?;
        let mut file = tempfile::Builder::new()
            .prefix(&name)
            .suffix(".json")
            .tempfile_in(folder)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        let (_, path) = file.keep()?;
        kept_text::write_shown(&path, stored.value.document())?;
        Ok::<_, std::io::Error>(path)
    };
    write().map_err(|error| {
        CliError::new(
            ErrorCode::Configuration,
            format!("cannot keep the text in `{}`: {error}", folder.display()),
        )
    })
}
