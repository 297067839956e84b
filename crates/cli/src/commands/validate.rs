//! `validate`: check files without a network.

use std::fmt::Write;

use domain::{Edit, TriggerRule};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::{ERROR, SUCCESS};
use crate::render::findings::{File, Summary, document};
use crate::render::{github, junit, sarif, snippet};
use crate::request::ValidateCommand;
use crate::source;

pub(super) fn run(context: &Context<'_>, command: &ValidateCommand) -> Result<Exit, CliError> {
    let mut files = Vec::new();
    for path in source::walk(&command.files)? {
        files.push(match source::read(&path)? {
            Err(unparsed) => File::of_unparsed(unparsed),
            Ok(source) => {
                let findings = match Edit::<TriggerRule>::new(source.document.clone()) {
                    Ok(edit) => edit.check().into_vec(),
                    Err(finding) => vec![finding],
                };
                File::of_source(source, findings)
            }
        });
    }
    let output = context.output;
    match output.format {
        Format::Human => output.document(&human(&files))?,
        Format::Json | Format::Yaml => output.data(&document(&files))?,
        Format::Sarif => output.data(&sarif::of_files(&files))?,
        Format::Github => output.document(&github::of_files(&files))?,
        Format::Junit => output.document(&junit::of_files(&files, command.fail_on))?,
        // The command line refuses them.
        Format::Ndjson | Format::Prometheus => {}
    }
    let mut findings = files.iter().flat_map(|file| &file.findings);
    let fails = findings.any(|(finding, _)| finding.severity >= command.fail_on);
    Ok(if fails { Exit::Findings } else { Exit::Done })
}

fn human(files: &[File]) -> String {
    let mut text: String = files.iter().map(snippet::of_file).collect();
    let Summary {
        files,
        errors,
        warnings,
        ..
    } = Summary::of(files);
    let style = if errors > 0 { ERROR } else { SUCCESS };
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let _ = writeln!(
        text,
        "{style}{}, {}{style:#} in {}",
        count(errors, "error"),
        count(warnings, "warning"),
        count(files, "file")
    );
    text
}
