//! `validate`: check files without a network.

use std::fmt::Write;

use domain::Severity;

use crate::args::Format;
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::{ERROR, SUCCESS, render_error};
use crate::render::counted::counted;
use crate::render::findings::{File, Summary, document};
use crate::render::{github, junit, markdown, sarif, snippet};
use crate::request::ValidateCommand;

pub(super) fn run(context: &Context<'_>, command: &ValidateCommand) -> Result<Exit, CliError> {
    let checked = CheckedFiles::read(&command.files, Needs::Findings);
    report(context, &checked, command.fail_on)
}

/// Prints what was found in files, and says how the program ends with it.
///
/// # Errors
///
/// If nothing could be read at all, or stdout cannot be written to.
pub(super) fn report(context: &Context<'_>, checked: &CheckedFiles, fail_on: Severity) -> Result<Exit, CliError> {
    let CheckedFiles { files, faults, .. } = checked;
    let output = context.output;
    checked.warn_of_passed_over(output);
    // Why not of the others: their readers look for a report, and it tells of what could not be read.
    let has_report_of_faults = matches!(output.format, Format::Sarif | Format::Github | Format::Junit);
    if let (true, false, [fault, ..]) = (files.is_empty(), has_report_of_faults, faults.as_slice()) {
        return Err(fault.clone());
    }
    let of_findings = if checked.reaches(fail_on) {
        Exit::Findings
    } else {
        Exit::Done
    };
    let exit = Exit::worst(faults.iter().map(CliError::exit).chain([of_findings]));
    match output.format {
        Format::Human => output.document(&human(files))?,
        Format::Json | Format::Yaml => output.data(&document(files, faults))?,
        Format::Ndjson => output.line(&document(files, faults))?,
        Format::Sarif => output.data(&sarif::of_files(files, faults))?,
        Format::Github => output.document(&github::of_files(files, faults))?,
        Format::Junit => output.document(&junit::of_files(files, faults, fail_on))?,
        // The command line refuses it.
        Format::Prometheus | Format::Html => {}
        // Before a plan: the command line of `validate` refuses it.
        Format::Markdown => context
            .comment
            .print(output, &markdown::findings(files, faults, exit, context.comment))?,
    }
    for fault in faults {
        output.warn(&render_error(fault));
    }
    Ok(exit)
}

fn human(files: &[File]) -> String {
    let mut text = snippet::of_files(files);
    let Summary {
        files,
        errors,
        warnings,
        ..
    } = Summary::of(files);
    let style = if errors > 0 { ERROR } else { SUCCESS };
    let _ = writeln!(
        text,
        "{style}{}, {}{style:#} in {}",
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(files, "file")
    );
    text
}
