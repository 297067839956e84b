//! Files of settings: TOML that may have secrets in it, so that no message repeats a line or a value of it.

use std::error::Error;
use std::path::Path;

use config::{Config, ConfigError, File, FileFormat};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// Reads a file; none if it is not there.
///
/// # Errors
///
/// If it is there and cannot be read, or is no TOML.
pub(super) fn read(file: &Path) -> Result<Option<Config>, CliError> {
    let cannot = |why: &str| {
        let message = format!("cannot read `{}`: {why}", file.display());
        CliError::new(ErrorCode::Configuration, message)
    };
    let Some(bytes) = files::read_if_there(file).map_err(|error| cannot(&error.to_string()))? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| cannot("the text is not UTF-8"))?;
    let source = File::from_str(&text, FileFormat::Toml);
    let config = Config::builder().add_source(source).build();
    config.map(Some).map_err(|error| cannot(&describe(&error)))
}

/// The error about a wrong file or value, without what stands there.
pub(super) fn fault(what: &str, error: &ConfigError) -> CliError {
    CliError::new(ErrorCode::Configuration, format!("{what}: {}", describe(error)))
}

/// The message of an error, without the line or the value that it is about.
fn describe(error: &ConfigError) -> String {
    let of_key = |message: String, key: &Option<String>| match key {
        Some(key) => format!("{message} for key `{key}`"),
        None => message,
    };
    match error {
        ConfigError::Type { expected, key, .. } => of_key(format!("expected {expected}"), key),
        ConfigError::At { error, key, .. } => of_key(describe(error), key),
        ConfigError::Message(message) => without_value(message),
        ConfigError::FileParse { cause, .. } => format!("it is no TOML{}", place(cause.as_ref())),
        ConfigError::Frozen
        | ConfigError::NotFound(_)
        | ConfigError::PathParse { .. }
        | ConfigError::Foreign(_)
        | _ => error.to_string(),
    }
}

/// serde's sentence about a wrong value, which quotes the value in front of what was expected.
fn without_value(message: &str) -> String {
    let quotes = message.starts_with("invalid type: ") || message.starts_with("invalid value: ");
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if quotes => format!("expected {expected}"),
        _ => message.to_owned(),
    }
}

/// The line and the column of a syntax error: the first line of its message, above the text that it quotes.
fn place(error: &(dyn Error + 'static)) -> String {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    let place = first.strip_prefix("TOML parse error at ");
    place.map_or_else(String::new, |place| format!(" at {place}"))
}
