//! The command that goes on with a text, ready to be pasted into a shell.

use std::borrow::Cow;
use std::fmt::{Display, Write};
use std::path::Path;

use domain::Severity;

use crate::args::Global;
use crate::request::EditCommand;

/// The command for the same rule of the same organization, with every flag that was given.
pub(super) fn way_back(global: &Global, command: &EditCommand, id: &impl Display, file: &Path) -> String {
    let mut back = format!(
        "assist-rules update {id} --from {}",
        quoted(&file.display().to_string())
    );
    let config = global.config.as_ref().map(|file| file.display().to_string());
    let metrics = global.metrics_file.as_ref().map(|file| file.display().to_string());
    let deadline = global.deadline.map(|deadline| format!("{}ms", deadline.as_millis()));
    for (flag, value) in [
        ("--profile", &global.profile),
        ("--region", &global.region),
        ("--config", &config),
        ("--ledger", &global.ledger),
        ("--metrics-file", &metrics),
        ("--deadline", &deadline),
        ("--reason", &command.reason),
    ] {
        if let Some(value) = value {
            let _ = write!(back, " {flag} {}", quoted(value));
        }
    }
    for (flag, is_given) in [
        ("--sandbox", global.sandbox),
        ("--sinks", global.sinks),
        ("--no-sinks", global.no_sinks),
        ("--fail-on warning", command.fail_on == Severity::Warning),
    ] {
        if is_given {
            let _ = write!(back, " {flag}");
        }
    }
    back
}

/// A word as a shell takes it for one. In single quotes nothing has a meaning but the quote itself.
#[cfg(unix)]
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(not(unix))]
fn quoted(word: &str) -> Cow<'_, str> {
    Cow::Owned(format!("\"{}\"", word.replace('"', "\\\"")))
}
