//! `edit`: a rule in an editor, updated from what was saved.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use domain::{Code, RuleId, Stored, TriggerRule};
use ports::DocumentStore;

use crate::args::{ChangeArgs, EditArgs, OnConflictArg, RuleArg, TermsArgs};
use crate::cli_error::CliError;
use crate::commands::carry_out::ChangeRequest;
use crate::commands::{Context, change, rule};
use crate::exit::Exit;

pub(super) async fn run(context: &Context<'_>, args: &EditArgs) -> Result<Exit, CliError> {
    rule::only_formats(context, &rule::DATA)?;
    let id = rule::required(context, &args.rule)?;
    let settings = context.settings()?;
    let session = context.open(settings).await?;
    let read = session.reader(settings).get(&id).await;
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
    let change = ChangeArgs {
        rule: RuleArg {
            rule: Some(id.to_string()),
        },
        from: Some(file.clone()),
        name: None,
        description: None,
        enable: false,
        disable: false,
        terms: TermsArgs {
            if_version: stored.version.as_ref().map(|version| version.as_sent().to_owned()),
            detailed_exitcode: false,
            fail_on: args.fail_on,
            on_conflict: OnConflictArg::Fail,
            accept_group_merge: false,
        },
    };
    let errand = ChangeRequest::of("edit", false, args.reason.as_ref());
    let ended = change::run(context, &change, &errand).await;
    if matches!(ended, Ok(Exit::Done)) {
        forget(&file);
    } else {
        let back = way_back(context, &id, &file);
        context
            .output
            .warn(&format!("Your text is kept. Go on with it: {back}"));
    }
    ended
}

/// The command that goes on with the text, for the same rule of the same organisation.
fn way_back(context: &Context<'_>, id: &RuleId, file: &Path) -> String {
    let global = &context.cli.global;
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
fn keep(folder: &Path, stored: &Stored<TriggerRule>, text: &str) -> Result<PathBuf, CliError> {
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
            Code::Configuration,
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
        CliError::new(Code::Usage, format!("the editor `{editor}` {why}")).with_help(format!(
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
        Code::UnreadableFile,
        format!("cannot read `{}`: {error}", file.display()),
    )
}

/// What was applied is in the organisation: the text has done its work.
fn forget(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        tracing::debug!("`{}` stays: {error}", file.display());
    }
}
