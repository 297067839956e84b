//! The question before a step that a person may regret.

use std::io::{self, BufRead, IsTerminal};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::output::{Output, visible};

/// The answer where no person can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unattended {
    /// The step is taken: a script knows what it asks for.
    Proceeds,
    /// The step is refused, since only a person can know whether it is right.
    Refuses,
}

/// Asks on a terminal whether to go on; `--yes` is the answer of a script.
///
/// # Errors
///
/// If the answer is no, or where nobody can be asked and that refuses it.
pub(crate) fn confirm(output: Output, yes: bool, unattended: Unattended, question: &str) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return match unattended {
            Unattended::Proceeds => Ok(()),
            Unattended::Refuses => {
                let help = "run it on a terminal, or give --yes if you are sure";
                Err(CliError::new(
                    ErrorCode::Usage,
                    format!("not done without a word from you: {question}"),
                )
                .with_help(help))
            }
        };
    }
    output.warn(&visible(&format!("{question} Type `yes` to go on:")));
    let mut answer = String::new();
    // Why: an end of input is no yes.
    let _ = io::stdin().lock().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES") {
        return Ok(());
    }
    let refused = CliError::new(ErrorCode::Stopped, "not confirmed: nothing was changed");
    Err(refused.with_help("run the command again and type `yes`; --yes is the answer of a script"))
}
