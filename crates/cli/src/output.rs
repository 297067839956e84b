//! Output on stdout and stderr, and its colors.

mod yaml;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use domain::ResponseMetadata;
use serde::Serialize;

use crate::args::{Color, Format, Global};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::status_line;

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
        let (text, color) = if self.format == Format::Human {
            (without_commands(text), self.color)
        } else {
            // Why: nothing in it is a color, and what takes colors away would take DEL from a text with them.
            (Cow::Borrowed(text), ColorChoice::AlwaysAnsi)
        };
        status_line::erase();
        let mut stdout = AutoStream::new(io::stdout().lock(), color);
        let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("cannot write to stdout: {error}");
                Err(CliError::new(ErrorCode::UnreadableFile, message)
                    .with_help("look at where stdout goes: a disk may be full"))
            }
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
            | Format::Prometheus
            | Format::Markdown
            | Format::Html => serde_json::to_string_pretty(document).map_err(|error| bug(&error))? + "\n",
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
    pub(crate) fn info(self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// True if nothing but the result is to be told.
    pub(crate) fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Says something beside the document that must be heard.
    pub(crate) fn warn(self, text: &str) {
        status_line::erase();
        let mut stderr = AutoStream::new(io::stderr().lock(), self.color);
        // Why: nobody is left to tell if stderr is closed.
        let _ = writeln!(stderr, "{}", without_commands(text.trim_end()));
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
                #[serde(skip_serializing_if = "Option::is_none")]
                retry_at: Option<String>,
            }
            let document = Document {
                format_version: FORMAT_VERSION,
                kind: "error",
                exit_code: problem.exit().code(),
                error: problem.document(),
                retry_at: problem.retry_at.clone(),
            };
            // Why: if stdout is what cannot be written to, stderr still says what happened.
            let _ = if self.format == Format::Ndjson {
                self.line(&document)
            } else {
                self.data(&document)
            };
        }
        self.warn(&render_error(problem));
    }
}

/// A problem for people.
pub(crate) fn render_error(problem: &CliError) -> String {
    let mut text = format!(
        "{ERROR}error[{}]{ERROR:#}{BOLD}: {}{BOLD:#}\n",
        problem.code,
        visible(&problem.message)
    );
    for line in platform_details(&problem.metadata) {
        let _ = writeln!(text, "  {}", visible(&line));
    }
    let _ = writeln!(text, "  {PLACE}help:{PLACE:#} {}", visible(problem.help()));
    for (name, value) in [
        ("retry at", &problem.retry_at),
        ("context id", &problem.metadata.context_id),
        ("correlation id", &problem.metadata.correlation_id),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "  {PLACE}{name}:{PLACE:#} {}", visible(value));
        }
    }
    text
}

/// The details that the platform gave, a line each.
fn platform_details(metadata: &ResponseMetadata) -> Vec<String> {
    let joined = |parts: [Option<&str>; 3]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let details = metadata.details.iter().map(|detail| {
        let field = detail.field.as_ref().map(|field| format!("{field}:"));
        let code = detail.code.as_ref().map(|code| format!("({code})"));
        joined([field.as_deref(), detail.message.as_deref(), code.as_deref()])
    });
    let more = Some(metadata.more_details).filter(|more| *more > 0);
    let more = more.map(|more| format!("and {more} more"));
    let limit = metadata.limit.as_ref().map(|limit| {
        let namespace = limit.namespace.as_ref().map(|namespace| format!("of {namespace}"));
        let value = limit.value.as_ref().map(|value| format!("is {value}"));
        format!(
            "limit {}",
            joined([limit.key.as_deref(), namespace.as_deref(), value.as_deref()])
        )
    });
    details.chain(more).chain(limit).collect()
}

/// The characters of a text, each with whether it acts on a terminal, begins a line, turns the direction of the text or
/// is invisible. Joiners between letters that need them, as in Persian and in emoji, are none of these.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = (char, bool)> {
    let before = std::iter::once(None).chain(text.chars().map(Some));
    let after = text.chars().skip(1).map(Some).chain([None]);
    let around = before.zip(text.chars()).zip(after);
    around.map(|((before, letter), after)| {
        let joins = matches!(letter, '\u{200c}' | '\u{200d}');
        let is_joined = |side: Option<char>| side.is_some_and(is_joined);
        (
            letter,
            is_harmful(letter) && !(joins && is_joined(before) && is_joined(after)),
        )
    })
}

fn is_harmful(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

/// True if a joiner beside this character may be meant: no script of ASCII has one.
fn is_joined(letter: char) -> bool {
    !letter.is_ascii() && !letter.is_whitespace() && !is_harmful(letter)
}

/// Text of others as a part of one line: nothing in it moves the cursor, begins a line, changes the color or turns the
/// direction.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (letter, is_harmful) in letters(text) {
        match letter {
            letter if !is_harmful => shown.push(letter),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            letter => shown.extend(letter.escape_unicode()),
        }
    }
    shown
}

/// Text for people in which no line is a command to a CI: GitHub takes a line that begins with `::` or `##`, others
/// one with `##`.
fn without_commands(text: &str) -> Cow<'_, str> {
    if !has_command(text) {
        return Cow::Borrowed(text);
    }
    let guarded = text.split_inclusive(['\n', '\r']).map(|line| {
        if is_command(line) {
            format!("\\{line}")
        } else {
            line.to_owned()
        }
    });
    Cow::Owned(guarded.collect())
}

/// True if a line of the text is a command to a CI.
fn has_command(text: &str) -> bool {
    text.split(['\n', '\r']).any(is_command)
}

/// True if a line is a command to a CI, once it has no color.
pub(crate) fn is_command(line: &str) -> bool {
    let plain = anstream::adapter::strip_str(line).to_string();
    let plain = plain.trim_start();
    plain.starts_with("::") || plain.starts_with("##")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_text_does_nothing_to_a_terminal() {
        for (text, shown) in [
            ("a\u{1b}[31m\u{9b}\u{202e}é", "a\\u{1b}[31m\\u{9b}\\u{202e}é"),
            ("a\n::error::b\r\tc", "a\\n::error::b\\r\\tc"),
            ("a\u{2028}b\u{85}c", "a\\u{2028}b\\u{85}c"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }

    /// FIELD E4: joiners and marks that scripts and emoji need stay; elsewhere a joiner is shown.
    #[test]
    fn what_scripts_need_stays() {
        for kept in [
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}👧",
            "❤\u{fe0f}\u{200d}🔥",
            "e\u{301}",
        ] {
            assert_eq!(visible(kept), kept);
        }
        assert_eq!(visible("ref\u{200d}und\u{200c}"), "ref\\u{200d}und\\u{200c}");
    }

    /// FIELD E4: no line for people is a command to a CI, colored or not.
    #[test]
    fn a_line_that_begins_like_a_command_is_none() {
        for (text, shown) in [
            ("a\n::error::b\nc", "a\n\\::error::b\nc"),
            ("\u{1b}[1m::error::b\u{1b}[0m\n", "\\\u{1b}[1m::error::b\u{1b}[0m\n"),
            ("  ##[error]b", "\\  ##[error]b"),
            ("a ::error::\n", "a ::error::\n"),
        ] {
            assert_eq!(without_commands(text), shown);
        }
    }
}
