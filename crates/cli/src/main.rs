//! `assist-rules`: the safe way to change the rules that tell Genesys Cloud what to show an agent.
//!
//! Thin: it reads arguments and configuration, puts the parts together, and prints what came of it.

mod args;
mod cli_error;
mod commands;
mod config;
mod document_argument;
mod error_code;
mod exit;
mod identity;
mod kind;
mod logging;
mod output;
mod record;
mod render;
mod request;
mod sandbox;
mod session;
mod signals;
mod source;
mod stopper;
mod time;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::error::ErrorKind;

use args::{Cli, Color, Format, Global, LogFormat};
use cli_error::CliError;
use commands::Context;
use config::Environment;
use error_code::ErrorCode;
use exit::Exit;
use output::Output;

fn main() -> ExitCode {
    let ended = catch_unwind(AssertUnwindSafe(|| match args::parse_from(std::env::args_os()) {
        Ok(cli) => run(cli),
        Err(error) => explain_usage(&error),
    }));
    ExitCode::from(ended.unwrap_or(Exit::Bug).code())
}

fn run(cli: Cli) -> Exit {
    let Cli { global, command } = cli;
    let output = Output::new(&global);
    let environment = Environment::of_process();
    let settings = config::load(&global, &environment);
    logging::start(
        &global,
        settings.as_ref().ok().and_then(|settings| settings.log.as_deref()),
    );
    for warning in settings.iter().flat_map(|settings| &settings.warnings) {
        tracing::warn!("{warning}");
    }
    let context = Context {
        output,
        environment: &environment,
        global: &global,
        settings: &settings,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(commands::run(&context, command));
            // Why: a name that is being looked up or a disk that does not answer cannot be stopped, and dropping the
            // runtime would wait for it.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(CliError::new(ErrorCode::Bug, format!("cannot start: {error}"))),
    };
    ended.unwrap_or_else(|problem| {
        output.problem(&problem);
        problem.exit()
    })
}

/// Help and version are what was asked for; anything else is a wrong command line.
fn explain_usage(error: &clap::Error) -> Exit {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if let (false, Some(format)) = (is_asked_for, wanted_format()) {
        let problem = CliError::new(ErrorCode::Usage, said(error));
        Output::new(&defaults(format)).problem(&problem);
        return Exit::Usage;
    }
    // Why: a reader who went away has seen enough.
    let _ = error.print();
    if is_asked_for { Exit::Done } else { Exit::Usage }
}

/// The error's message on one line: all that stands above the advice and the usage.
fn said(error: &clap::Error) -> String {
    let text = error.to_string();
    let words: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

/// The format for programs that was asked for on a command line that cannot be read.
fn wanted_format() -> Option<Format> {
    let mut format = None;
    let mut args = std::env::args().skip(1).take_while(|arg| arg != "--");
    while let Some(arg) = args.next() {
        let value = match arg.strip_prefix("--") {
            Some(long) => long.strip_prefix("output"),
            // Flags without a value may stand together with one that has one: `-qojson`.
            None => arg
                .strip_prefix('-')
                .and_then(|short| short.trim_start_matches(['q', 'v']).strip_prefix('o')),
        };
        let value = match value {
            None => continue,
            Some("") => args.next().unwrap_or_default(),
            Some(value) => value.trim_start_matches('=').to_owned(),
        };
        format = match value.as_str() {
            "json" => Some(Format::Json),
            "yaml" => Some(Format::Yaml),
            "ndjson" => Some(Format::Ndjson),
            _ => None,
        };
    }
    format
}

fn defaults(output: Format) -> Global {
    Global {
        output,
        profile: None,
        region: None,
        config: None,
        sandbox: false,
        reset_sandbox: false,
        ledger: None,
        metrics_file: None,
        deadline: None,
        color: Color::Auto,
        quiet: false,
        verbose: 0,
        log_format: LogFormat::Text,
    }
}
