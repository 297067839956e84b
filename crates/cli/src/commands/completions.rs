//! `completions` and `man`: what a shell and `man` want to know.

use std::path::Path;

use clap_complete::Shell;

use crate::args;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::completion;
use crate::error_code::ErrorCode;
use crate::exit::Exit;

pub(super) fn run(context: &Context<'_>, shell: Shell) -> Result<Exit, CliError> {
    let script = completion::script(&shell.to_string());
    let script = script.map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot make the script: {error}")))?;
    context.output.document(&script)?;
    Ok(Exit::Done)
}

/// Prints the man page of the program, or writes those of all its commands to a folder.
pub(super) fn man(context: &Context<'_>, folder: Option<&Path>) -> Result<Exit, CliError> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(args::command())
            .render(&mut page)
            .map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot make the man page: {error}")))?;
        context.output.document(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    let unwritten = |error: std::io::Error| {
        let message = format!("cannot write man pages to `{}`: {error}", folder.display());
        CliError::new(ErrorCode::UnreadableFile, message).with_help("name a folder that is there and may be written to")
    };
    clap_mangen::generate_to(args::command(), folder).map_err(unwritten)?;
    context.output.info(&format!(
        "The man pages are in `{}`: `man -l {}/assist-rules.1`.",
        folder.display(),
        folder.display()
    ));
    Ok(Exit::Done)
}
