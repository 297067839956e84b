//! `assist-rules`: the safe way to change the rules that tell Genesys Cloud what to show an agent.
//!
//! Thin: it reads arguments and configuration, puts the parts together, and prints what came of it.

mod args;
mod authored;
mod checked_files;
mod cli_error;
mod commands;
mod completion;
mod config;
mod confirm;
mod copilot_file;
mod document_argument;
mod error_code;
mod exit;
mod folder_manifest;
mod identity;
mod kind;
mod logging;
mod machine_clock;
mod next_command;
mod open_files;
mod output;
mod progress;
mod record;
mod render;
mod request;
mod sandbox;
mod saved_plan;
mod seen_listing;
mod selection;
mod session;
mod shared_listings;
mod signals;
mod source;
mod status_line;
mod stopper;
mod time;
mod waits;
mod within_deadline;
mod working_folder;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::error::ErrorKind;

use args::{Cli, Format, Global};
use cli_error::CliError;
use commands::Context;
use config::Environment;
use error_code::ErrorCode;
use exit::Exit;
use output::{Output, visible};
use render::markdown::{self, Comment};

fn main() -> ExitCode {
    let ended = catch_unwind(AssertUnwindSafe(|| match completion::answer() {
        Ok(true) => Exit::Done,
        Ok(false) => start(),
        // Why in silence: a shell that waits for candidates has a half-written line on the screen.
        Err(_) => Exit::Usage,
    }));
    ExitCode::from(ended.unwrap_or(Exit::Bug).code())
}

fn start() -> Exit {
    match args::parse_from(std::env::args_os()) {
        Ok(cli) => run(cli),
        Err(error) => explain_usage(&error),
    }
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
    let comment = Comment::of(&command);
    let context = Context {
        output,
        environment: &environment,
        global: &global,
        settings: &settings,
        comment: &comment,
    };
    let ended = match runtime() {
        Ok(runtime) => {
            let ended = runtime.block_on(commands::run(&context, command));
            // Why: a name that is being looked up or a disk that does not answer cannot be stopped, and dropping the
            // runtime would wait for it.
            runtime.shutdown_background();
            ended
        }
        Err(problem) => Err(problem),
    };
    ended.unwrap_or_else(|problem| {
        report(output, &problem, &comment);
        problem.exit()
    })
}

/// Reports why the program ends, in a comment too if the result was to be one.
fn report(output: Output, problem: &CliError, comment: &Comment) {
    if output.format == Format::Markdown {
        // Why: if stdout is what cannot be written to, stderr still says what happened.
        let _ = comment.print(output, &markdown::failure(problem, comment));
    }
    output.problem(problem);
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    open_files::refuse_too_few()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| {
        CliError::new(ErrorCode::Configuration, format!("cannot start: {error}")).with_help(
            "the system refuses what a program needs: look at its limits of memory, processes and open files",
        )
    })
}

/// Help and version are what was asked for; anything else is a wrong command line.
fn explain_usage(error: &clap::Error) -> Exit {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if let (false, Some(format)) = (is_asked_for, wanted_format()) {
        let problem = CliError::new(ErrorCode::Usage, message(error));
        let arguments: Vec<String> = arguments().collect();
        if let (Format::Markdown, Some(comment)) = (format, Comment::of_arguments(&arguments)) {
            report(Output::new(&Global::in_format(format)), &problem, &comment);
            return Exit::Usage;
        }
        if format != Format::Markdown {
            Output::new(&Global::in_format(format)).problem(&problem);
            return Exit::Usage;
        }
    }
    if is_asked_for {
        // Why: a reader who went away has seen enough.
        let _ = error.print();
        return Exit::Done;
    }
    Output::new(&Global::in_format(Format::Human)).warn(&with_visible_arguments(error.render().ansi().to_string()));
    Exit::Usage
}

/// The report with the arguments in it escaped, of which it may name one or its value.
fn with_visible_arguments(mut report: String) -> String {
    for argument in std::env::args_os().skip(1) {
        let argument = argument.to_string_lossy();
        let value = argument.split_once('=').map(|(_, value)| value);
        let after_short = argument.char_indices().nth(2).and_then(|(at, _)| argument.get(at..));
        for text in [Some(argument.as_ref()), value, after_short].into_iter().flatten() {
            let shown = visible(text);
            if shown != text {
                report = report.replace(text, &shown);
            }
        }
    }
    report
}

/// The error's message on one line: all that stands above the advice and the usage.
fn message(error: &clap::Error) -> String {
    let text = with_visible_arguments(error.to_string());
    let parts: Vec<&str> = text
        .lines()
        .map(str::trim)
        .take_while(|line| !line.is_empty())
        .collect();
    parts.join(" ").trim_start_matches("error: ").to_owned()
}

/// The format for programs that was asked for on a command line that cannot be read.
fn wanted_format() -> Option<Format> {
    let mut format = None;
    let mut args = arguments();
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
            "markdown" => Some(Format::Markdown),
            _ => None,
        };
    }
    format
}

/// The arguments of the command line, up to those that are certainly no flags.
fn arguments() -> impl Iterator<Item = String> {
    let arguments = std::env::args_os().skip(1);
    arguments
        .map(|argument| argument.to_string_lossy().into_owned())
        .take_while(|argument| argument != "--")
}
