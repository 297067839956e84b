//! `assist-rules`: the safe way to change the rules that tell Genesys Cloud what to show an agent.
//!
//! Thin: it reads arguments and configuration, puts the parts together, and prints what came of it.

mod args;
mod commands;
mod config;
mod exit;
mod logging;
mod output;
mod problem;
mod render;
mod session;
mod signals;
mod source;
mod time;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use domain::Code;

use args::{Cli, Color, Format, Global, LogFormat};
use commands::Context;
use config::Environment;
use exit::Exit;
use output::Output;
use problem::Problem;

fn main() -> ExitCode {
    let ended = catch_unwind(AssertUnwindSafe(|| match Cli::try_parse() {
        Ok(cli) => run(&cli),
        Err(error) => explain_usage(&error),
    }));
    ExitCode::from(ended.unwrap_or(Exit::Bug).code())
}

fn run(cli: &Cli) -> Exit {
    let output = Output::new(&cli.global);
    let environment = Environment::of_process();
    let settings = config::load(&cli.global, &environment);
    logging::start(
        &cli.global,
        settings.as_ref().ok().and_then(|settings| settings.log.as_deref()),
    );
    for warning in settings.iter().flat_map(|settings| &settings.warnings) {
        tracing::warn!("{warning}");
    }
    let context = Context {
        output,
        environment: &environment,
        cli,
        settings: &settings,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(commands::run(&context)),
        Err(error) => Err(Problem::new(Code::Bug, format!("cannot start: {error}"))),
    };
    ended.unwrap_or_else(|problem| {
        output.problem(&problem);
        problem.exit()
    })
}

/// Help and version are what was asked for; anything else is a wrong command line.
fn explain_usage(error: &clap::Error) -> Exit {
    let is_asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !is_asked_for && wants_json() {
        let message = error.to_string();
        let first = message
            .lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        let output = Output::new(&plain_json());
        let problem = Problem::new(Code::Usage, first);
        output.problem(&problem);
        return Exit::Usage;
    }
    // Why: a reader who went away has seen enough.
    let _ = error.print();
    if is_asked_for { Exit::Done } else { Exit::Usage }
}

/// Whether JSON was asked for on a command line that cannot be read.
fn wants_json() -> bool {
    let args: Vec<String> = std::env::args().collect();
    let pair = |pair: &[String]| matches!(pair, [flag, format] if matches!(flag.as_str(), "-o" | "--output") && format == "json");
    args.windows(2).any(pair)
        || args
            .iter()
            .any(|arg| matches!(arg.as_str(), "-ojson" | "-o=json" | "--output=json"))
}

fn plain_json() -> Global {
    Global {
        output: Format::Json,
        profile: None,
        region: None,
        config: None,
        sandbox: false,
        reset_sandbox: false,
        deadline: None,
        color: Color::Auto,
        quiet: false,
        verbose: 0,
        log_format: LogFormat::Text,
    }
}
