//! `completions` and `man`: what a shell and `man` want to know.

use clap_complete::Shell;

use crate::args;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::error_code::ErrorCode;
use crate::exit::Exit;

pub(super) fn run(context: &Context<'_>, shell: Shell) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "assist-rules", &mut script);
    context.output.document(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(super) fn man(context: &Context<'_>) -> Result<Exit, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(args::command())
        .render(&mut page)
        .map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot make the man page: {error}")))?;
    context.output.document(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}
