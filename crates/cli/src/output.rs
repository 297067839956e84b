//! Output on stdout and stderr, and its colors.

mod yaml;

use std::fmt::Write as _;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::args::{Color, Format, Global};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The version of every document that is printed; it changes when a member goes or changes its meaning.
pub(crate) const FORMAT_VERSION: &str = "1.0";

/// Styles by what they say.
pub(crate) const REMOVED: Style = AnsiColor::Red.on_default();
pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
pub(crate) const PLACE: Style = AnsiColor::Cyan.on_default();
pub(crate) const SUCCESS: Style = AnsiColor::Green.on_default().bold();
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// The output settings of a run: format, color and quietness.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    color: ColorChoice,
    quiet: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let color = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::AlwaysAnsi,
            Color::Never => ColorChoice::Never,
        };
        Self {
            format: global.output,
            color,
            quiet: global.quiet,
        }
    }

    /// Prints the document that was asked for. A reader who went away ends nothing.
    pub(crate) fn document(self, text: &str) -> Result<(), CliError> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.color);
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CliError::new(
                ErrorCode::Usage,
                format!("cannot write to stdout: {error}"),
            )),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Prints a document as JSON or YAML.
    pub(crate) fn data(self, document: &impl Serialize) -> Result<(), CliError> {
        let bug = |error: &dyn std::fmt::Display| {
            CliError::new(ErrorCode::Bug, format!("cannot print the document: {error}"))
        };
        let text = match self.format {
            Format::Yaml => yaml::to_string(document).map_err(|error| bug(&error))?,
            Format::Human
            | Format::Json
            | Format::Sarif
            | Format::Github
            | Format::Junit
            | Format::Ndjson
            | Format::Prometheus => serde_json::to_string_pretty(document).map_err(|error| bug(&error))? + "\n",
        };
        self.document(&text)
    }

    /// Prints a document as JSON on one line.
    pub(crate) fn line(self, document: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string(document);
        let text =
            text.map_err(|error| CliError::new(ErrorCode::Bug, format!("cannot print the document: {error}")))?;
        self.document(&(text + "\n"))
    }

    /// Says something beside the document, unless that is not wanted.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Says something beside the document that must be heard.
    pub(crate) fn warn(self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        // Why: nobody is left to tell if stderr is closed.
        let _ = writeln!(stderr, "{}", text.trim_end());
    }

    /// Reports why the program ends: to people on stderr, to programs on stdout.
    pub(crate) fn problem(self, problem: &CliError) {
        if matches!(self.format, Format::Json | Format::Yaml | Format::Ndjson) {
            #[derive(Serialize)]
            struct Document {
                format_version: &'static str,
                kind: &'static str,
                exit_code: u8,
                #[serde(flatten)]
                error: crate::cli_error::ErrorDocument,
                help: Option<String>,
            }
            let document = Document {
                format_version: FORMAT_VERSION,
                kind: "error",
                exit_code: problem.exit().code(),
                error: problem.document(),
                help: problem.help.clone(),
            };
            // Why: if stdout is what cannot be written to, stderr still says what happened.
            let _ = self.data(&document);
        }
        self.warn(&words(problem));
    }
}

/// A problem for people.
pub(crate) fn words(problem: &CliError) -> String {
    let mut text = format!(
        "{ERROR}error[{}]{ERROR:#}{BOLD}: {}{BOLD:#}\n",
        problem.code,
        visible(&problem.message)
    );
    let help = problem.help.as_deref().unwrap_or_else(|| problem.code.explanation());
    let _ = writeln!(text, "  {PLACE}help:{PLACE:#} {}", visible(help));
    for (name, value) in [
        ("context id", &problem.metadata.context_id),
        ("correlation id", &problem.metadata.correlation_id),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "  {PLACE}{name}:{PLACE:#} {}", visible(value));
        }
    }
    text
}

/// True if the character acts on a terminal or is invisible: a control character other than a line break, a zero-width
/// or a bidirectional formatting character.
pub(crate) fn is_harmful(letter: char) -> bool {
    (letter.is_control() && letter != '\n')
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Remote text as a terminal may see it: nothing in it moves the cursor, changes the colour or turns the direction.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_harmful(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_text_does_nothing_to_a_terminal() {
        assert_eq!(
            visible("a\u{1b}[31m\u{9b}\u{202e}é\n"),
            "a\\u{1b}[31m\\u{9b}\\u{202e}é\n"
        );
    }
}
