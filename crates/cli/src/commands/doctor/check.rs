//! The checks of `doctor` and their results.

use serde::Serialize;

use crate::cli_error::CliError;
use crate::exit::Exit;

/// One check with its result.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) state: State,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
    #[serde(skip)]
    pub(super) exit: Exit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Works,
    Fails,
    Skipped,
}

pub(super) fn works(name: &'static str, message: impl Into<String>) -> Check {
    Check {
        name,
        state: State::Works,
        message: message.into(),
        help: None,
        exit: Exit::Done,
    }
}

pub(super) fn skipped(name: &'static str, message: impl Into<String>) -> Check {
    Check {
        state: State::Skipped,
        ..works(name, message)
    }
}

pub(super) fn fails(name: &'static str, problem: &CliError) -> Check {
    let help = problem
        .help
        .clone()
        .unwrap_or_else(|| problem.code.explanation().to_owned());
    Check {
        state: State::Fails,
        help: Some(help),
        exit: problem.exit(),
        ..works(name, problem.message.clone())
    }
}
