//! `validate`: check files without a network.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use domain::json::Node;
use domain::{Code, Edit, Finding, Pointer, TriggerRule};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;
use crate::output::{ERROR, SUCCESS, render_error};
use crate::render::findings::{File, Summary, document};
use crate::render::{github, junit, sarif, snippet};
use crate::request::ValidateCommand;
use crate::source::{self, Source};

pub(super) fn run(context: &Context<'_>, command: &ValidateCommand) -> Result<Exit, CliError> {
    let walked = source::walk(&command.files);
    let (mut files, mut faults): (Vec<File>, _) = (Vec::new(), walked.faults);
    let mut by_id: BTreeMap<String, (usize, Range<usize>)> = BTreeMap::new();
    for path in walked.files {
        let sources = match source::read_all_documents(&path) {
            // One that cannot be read does not hide what is wrong with the others.
            Err(fault) => {
                faults.push(fault);
                continue;
            }
            Ok(Err(unparsed)) => {
                files.push(File::of_unparsed(unparsed));
                continue;
            }
            Ok(Ok(sources)) => sources,
        };
        let number = files.len();
        for source in sources {
            if files.len() == number {
                files.push(File::named(source.file.clone(), source.text.clone()));
            }
            if let Some(file) = files.get_mut(number) {
                file.add_document(&source, findings(&source));
            }
            let Some(id) = source.document.root().get("id").and_then(Node::as_str) else {
                continue;
            };
            let here = (number, source.range(&Pointer::root().member("id")));
            let first = by_id.entry(id.to_owned()).or_insert_with(|| here.clone()).clone();
            if first != here {
                add_same_rule(&mut files, id, [&first, &here]);
            }
        }
    }
    files.iter_mut().for_each(File::sort);
    for (path, why) in &walked.passed_over {
        context
            .output
            .info(&format!("Passed over `{}`: {why}.", path.display()));
    }
    let output = context.output;
    // Why not of the others: their readers look for a report, and it tells of what could not be read.
    let has_report_of_faults = matches!(output.format, Format::Sarif | Format::Github | Format::Junit);
    if let (true, false, [fault, ..]) = (files.is_empty(), has_report_of_faults, faults.as_slice()) {
        return Err(fault.clone());
    }
    match output.format {
        Format::Human => output.document(&human(&files))?,
        Format::Json | Format::Yaml => output.data(&document(&files, &faults))?,
        Format::Sarif => output.data(&sarif::of_files(&files, &faults))?,
        Format::Github => output.document(&github::of_files(&files, &faults))?,
        Format::Junit => output.document(&junit::of_files(&files, &faults, command.fail_on))?,
        // The command line refuses them.
        Format::Ndjson | Format::Prometheus => {}
    }
    for fault in &faults {
        output.warn(&render_error(fault));
    }
    let mut findings = files.iter().flat_map(|file| &file.findings);
    let fails = findings.any(|(finding, _)| finding.severity >= command.fail_on);
    let of_findings = if fails { Exit::Findings } else { Exit::Done };
    Ok(Exit::worst(faults.iter().map(CliError::exit).chain([of_findings])))
}

fn findings(source: &Source) -> Vec<Finding> {
    match Edit::<TriggerRule>::new(source.document.clone()) {
        Ok(edit) => edit.check().into_vec(),
        Err(finding) => vec![finding],
    }
}

/// Adds the finding about two documents of one rule at both places.
fn add_same_rule(files: &mut [File], id: &str, [first, second]: [&(usize, Range<usize>); 2]) {
    for ((number, range), (other, _)) in [(first, second), (second, first)] {
        let other = files.get(*other).filter(|_| number != other);
        let message = match other {
            Some(other) => format!("the rule `{id}` stands in `{}` too", other.name),
            None => format!("the rule `{id}` stands in this file twice"),
        };
        let finding = Finding::new(Code::SameRule, Pointer::root().member("id"), message);
        if let Some(file) = files.get_mut(*number) {
            file.add(finding, range.clone());
        }
    }
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
