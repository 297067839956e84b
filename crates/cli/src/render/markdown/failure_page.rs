//! A failure before there was a plan or a result, as a comment: it takes the place of yesterday's plan.

use std::fmt::Write as _;

use super::code::span;
use super::comment::Comment;
use super::page::{Block, Page, units};
use super::parts;
use crate::cli_error::CliError;
use crate::exit::Exit;
use crate::render::counted::counted;
use crate::render::findings::{File, Summary};

/// The error that ended the program.
pub(crate) fn failure(problem: &CliError, comment: &Comment) -> String {
    let title = title(comment, problem.exit());
    let head = [comment.marker(), title];
    let used: usize = head.iter().map(|part| units(part) + 1).sum();
    let mut problem = problem.clone();
    let mut text = parts::error(&problem);
    let room = comment.max_chars().saturating_sub(used);
    if units(&text) > room {
        // Why half: an escape of one character is up to ten, and the help stands below.
        problem.message = start(&problem.message, room / 20);
        problem.metadata.details.clear();
        text = parts::error(&problem);
    }
    format!("{}\n{text}", head.join("\n"))
}

/// The findings in the files, for which nothing was planned.
pub(crate) fn findings(files: &[File], faults: &[CliError], exit: Exit, comment: &Comment) -> String {
    let Summary {
        files: number,
        errors,
        warnings,
        ..
    } = Summary::of(files);
    let unread = match faults.len() {
        0 => String::new(),
        unread => format!("; {} could not be read", counted(unread, "file")),
    };
    let summary = format!(
        "**{}, {} in {}{unread}**\n\nNothing was planned, and nothing was sent.\n",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(number, "file"),
    );
    let unread = faults.iter().map(|fault| Block {
        name: "a file that could not be read".to_owned(),
        head: format!("{}\n", parts::error(fault)),
        ..Block::default()
    });
    let found = files.iter().filter(|file| !file.findings.is_empty()).map(block);
    let page = Page {
        head: vec![comment.marker(), title(comment, exit), summary],
        title: "Findings",
        documents: unread.chain(found).collect(),
        foot: Vec::new(),
    };
    page.fitted(comment.max_chars())
}

/// The findings of one file, the first ones of many.
fn block(file: &File) -> Block {
    const MOST: usize = 20;
    let name = span(&file.name);
    let mut text = String::new();
    for (finding, range) in file.placed().take(MOST) {
        let help = finding
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!("; help: {}", span(help)));
        let _ = writeln!(
            text,
            "- {}: {} at {}:{}: {}{help}",
            finding.severity.as_str(),
            span(&finding.code.to_string()),
            range.start.line,
            range.start.column,
            span(&finding.message),
        );
    }
    let more = file.findings.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(text, "- and {}", counted(more, "more finding"));
    }
    Block {
        head: format!("#### {name}\n\n{text}\n"),
        name,
        ..Block::default()
    }
}

fn title(comment: &Comment, exit: Exit) -> String {
    format!("## `{}` failed, exit {}\n", comment.command(), exit.code())
}

fn start(text: &str, length: usize) -> String {
    let start: String = text.chars().take(length).collect();
    format!("{start}… ({} characters)", text.chars().count())
}
