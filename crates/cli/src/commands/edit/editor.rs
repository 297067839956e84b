//! The user's editor, on a text of ours.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::signals::{Signals, unless_stopped};

/// A person takes longer than this to look at a text. An editor that comes back sooner has gone to the background.
const AT_ONCE: Duration = Duration::from_secs(1);

/// The text after the editor came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    /// Another one than was shown.
    Changed,
    /// The one that was shown.
    Unchanged,
    /// The one that was shown, and the editor came back at once: it may still be open.
    UnchangedAtOnce,
    /// Nothing.
    Empty,
}

/// Opens a file that has this text in the user's editor, and waits for it. A SIGINT is the editor's: both get it from the
/// terminal.
///
/// # Errors
///
/// If there is no editor, or it cannot be started, or it ends with an error, or another signal ends the wait; the file
/// stays.
pub(super) async fn open(context: &Context<'_>, file: &Path, text: &str) -> Result<Saved, CliError> {
    let editor = named(context)?;
    let started = Instant::now();
    let failed = |why: &str| CliError::new(ErrorCode::Usage, format!("the editor `{editor}` {why}"));
    let mut command = command(&editor, file);
    // Why: stdout may be a document that a program reads, and no editor writes into it.
    if context.output.format != Format::Human || !io::stdout().is_terminal() {
        command.stdout(io::stderr());
    }
    let mut signals = Signals::take()?;
    let mut editing = tokio::task::spawn_blocking(move || command.status());
    let status = loop {
        tokio::select! {
            ended = &mut editing => break ended.unwrap_or_else(|error| Err(io::Error::other(error))),
            signal = signals.received() => {
                if signal != Exit::Interrupted {
                    let message = "the program was stopped while the editor was open; nothing was changed";
                    return Err(CliError::new(ErrorCode::Stopped, message).stopped_by(signal));
                }
            }
        }
    };
    let status = status.map_err(|error| failed(&format!("cannot be started: {error}")))?;
    if !status.success() {
        return Err(failed("ended with an error, so nothing was changed"));
    }
    let saved = saved(file, text)?;
    if saved != Saved::Unchanged || started.elapsed() > AT_ONCE {
        return Ok(saved);
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(Saved::UnchangedAtOnce);
    }
    context.output.warn(
        "The editor came back at once, and nothing was changed. If it is still open, press Enter once you have saved.",
    );
    // Why ignored: at an end of input nobody waits any longer.
    let enter = tokio::task::spawn_blocking(|| io::stdin().lock().read_line(&mut String::new()));
    let _ = unless_stopped(async { Ok(enter.await) }).await?;
    self::saved(file, text)
}

/// The editor that the environment names, or `vi` where a person sits at a terminal.
fn named(context: &Context<'_>) -> Result<String, CliError> {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .find_map(|name| context.environment.get(name).filter(|editor| !editor.trim().is_empty()));
    match named {
        Some(editor) => Ok(editor.to_owned()),
        None if io::stdin().is_terminal() => Ok("vi".to_owned()),
        None => Err(
            CliError::new(ErrorCode::Usage, "there is no editor, and no terminal for one")
                .with_help("set EDITOR, or change the rule with `assist-rules update --from FILE`"),
        ),
    }
}

/// The state of the text on the disk, compared as bytes: an editor may write another encoding.
fn saved(file: &Path, text: &str) -> Result<Saved, CliError> {
    let bytes = std::fs::read(file).map_err(|error| {
        let message = format!("cannot read `{}`: {error}", file.display());
        CliError::new(ErrorCode::UnreadableFile, message)
    })?;
    Ok(if bytes == text.as_bytes() {
        Saved::Unchanged
    } else if bytes.trim_ascii().is_empty() {
        Saved::Empty
    } else {
        Saved::Changed
    })
}

/// An editor may be more than one word, as in `code --wait`: a shell takes it apart, as git has it done.
#[cfg(unix)]
fn command(editor: &str, file: &Path) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file);
    command
}

/// An editor's path may have blanks in it, and then stands in quotes.
#[cfg(not(unix))]
fn command(editor: &str, file: &Path) -> Command {
    let quoted = editor.strip_prefix('"').and_then(|rest| rest.split_once('"'));
    let (program, arguments) = match quoted {
        Some(both) => both,
        None if Path::new(editor).is_file() => (editor, ""),
        None => editor.split_once(' ').unwrap_or((editor, "")),
    };
    let mut command = Command::new(program);
    command.args(arguments.split_whitespace()).arg(file);
    command
}
