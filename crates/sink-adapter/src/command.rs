//! A command: a program is run for each event, with the event on its standard input.
//!
//! No shell reads the arguments. The environment passes on a few harmless variables and adds only the event's
//! attributes. When the time is over, the program ends with all that it started.

mod environment;
mod group;
mod output_tail;
#[cfg(test)]
#[cfg(unix)]
mod tests;

use std::convert::Infallible;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use ports::{DeliveryError, Event, EventSink};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use crate::cloud_event;
use crate::error_excerpt;
use group::Group;
use output_tail::OutputTail;

/// The time that an error output may stay open after its program failed: something in the background may hold it.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// A program that is run for each event.
pub(crate) struct CommandSink {
    name: String,
    program: String,
    arguments: Vec<String>,
    timeout: Duration,
}

/// An argv that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandSinkError {
    /// No program.
    #[error("it names no program")]
    Empty,
    /// No operating system takes such an argument.
    #[error("argument {0} has a NUL in it")]
    Nul(usize),
    /// There is no such program.
    #[error("there is no program `{0}`")]
    Missing(String),
}

impl CommandSink {
    pub(crate) fn new(name: String, argv: &[String], timeout: Duration) -> Result<Self, CommandSinkError> {
        if let Some(at) = argv.iter().position(|argument| argument.contains('\0')) {
            return Err(CommandSinkError::Nul(at));
        }
        let (program, arguments) = argv.split_first().ok_or(CommandSinkError::Empty)?;
        if program.is_empty() {
            return Err(CommandSinkError::Empty);
        }
        Ok(Self {
            name,
            program: program.clone(),
            arguments: arguments.to_vec(),
            timeout,
        })
    }

    /// Looks for the program, where the system would.
    pub(crate) fn find(&self) -> Result<(), CommandSinkError> {
        let program = Path::new(&self.program);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there = if program.components().count() > 1 {
            program.is_file()
        } else {
            std::env::split_paths(&path).any(|folder| has(&folder, program.as_ref()))
        };
        if is_there {
            Ok(())
        } else {
            Err(CommandSinkError::Missing(self.program.clone()))
        }
    }

    fn start(&self, event: &Event) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env_clear()
            .envs(environment::inherited(std::env::vars_os()))
            .envs(environment::of(event))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        group::lead(&mut command);
        command.spawn()
    }
}

#[async_trait]
impl EventSink for CommandSink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let mut child = self
            .start(event)
            .map_err(|error| again(format!("`{}` cannot be run: {error}", self.program)))?;
        // Why after the child: it goes first, while the number of the group can be nobody else's.
        let group = Group::of(&child);
        let body = cloud_event::body(event);
        let stdin = child.stdin.take();
        let mut output_tail = OutputTail::of(child.stderr.take());
        let ended = tokio::time::timeout(self.timeout, run(&mut child, stdin, &mut output_tail, &body)).await;
        let program = &self.program;
        let status = match ended {
            Ok(Ok(status)) => status,
            Ok(Err(error)) => return Err(again(format!("`{program}` cannot be waited for: {error}"))),
            Err(_) => {
                let limit = self.timeout;
                return Err(again(format!(
                    "`{program}` ran for more than {limit:?} and was stopped"
                )));
            }
        };
        group.release();
        if status.success() {
            return Ok(());
        }
        // Why ignored: what was read until then is what there is.
        let _ = tokio::time::timeout(LAST_WORDS, output_tail.read()).await;
        let excerpt = error_excerpt::end(&output_tail.text());
        let separator = if excerpt.is_empty() { "" } else { ": " };
        Err(again(format!("`{program}` ended with {status}{separator}{excerpt}")))
    }
}

/// Feeds a program and listens to it until it ends.
async fn run(
    child: &mut Child,
    stdin: Option<ChildStdin>,
    output_tail: &mut OutputTail,
    body: &str,
) -> io::Result<ExitStatus> {
    let pipes = async {
        tokio::join!(feed(stdin, body), output_tail.read());
        // Why: closed pipes are no end of a program.
        std::future::pending::<Infallible>().await
    };
    tokio::select! {
        status = child.wait() => status,
        never = pipes => match never {},
    }
}

/// Writes the event and closes the input. A program that does not read it, or not all, does what it is for anyway.
async fn feed(stdin: Option<ChildStdin>, body: &str) {
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(body.as_bytes()).await;
        let _ = stdin.shutdown().await;
    }
}

fn again(error: String) -> DeliveryError {
    DeliveryError::Retry { error, wait: None }
}

fn has(folder: &Path, program: &OsStr) -> bool {
    let file = folder.join(program);
    file.is_file() || file.with_extension(std::env::consts::EXE_EXTENSION).is_file()
}
