//! `explain`: a code at length.

use std::fmt::Write;

use domain::Severity;
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::error_code::{AnyCode, ErrorCode};
use crate::exit::Exit;
use crate::output::{BOLD, FORMAT_VERSION};

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    codes: Vec<Page>,
}

#[derive(Serialize)]
struct Page {
    code: AnyCode,
    severity: Severity,
    title: &'static str,
    explanation: &'static str,
}

pub(super) fn run(context: &Context<'_>, text: Option<&str>) -> Result<Exit, CliError> {
    let codes: Vec<AnyCode> = match text {
        None => AnyCode::all(),
        Some(text) => vec![AnyCode::find(text).ok_or_else(|| {
            let message = format!("`{text}` is no code of a finding or an error");
            CliError::new(ErrorCode::Usage, message).with_help("`assist-rules explain` lists them all")
        })?],
    };
    if context.output.format != Format::Human {
        let pages = codes.into_iter().map(page).collect();
        context.output.data(&Document {
            format_version: FORMAT_VERSION,
            kind: "explanation",
            codes: pages,
        })?;
    } else if let ([code], true) = (codes.as_slice(), text.is_some()) {
        let Page {
            code,
            severity,
            title,
            explanation,
        } = page(*code);
        let severity = severity.as_str();
        let text = format!("{BOLD}{code}{BOLD:#}, {severity}: {title}\n\n{}\n", filled(explanation));
        context.output.document(&text)?;
    } else {
        let line = |code: &AnyCode| format!("{BOLD}{code}{BOLD:#}  {}\n", code.title());
        context.output.document(&codes.iter().map(line).collect::<String>())?;
    }
    Ok(Exit::Done)
}

fn page(code: AnyCode) -> Page {
    Page {
        code,
        severity: code.severity(),
        title: code.title(),
        explanation: code.explanation(),
    }
}

/// A text in lines of at most 88 characters.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 88 {
            filled.push('\n');
            width = 0;
        }
        let _ = write!(filled, "{}{word}", if width > 0 { " " } else { "" });
        width += length + usize::from(width > 0);
    }
    filled
}
