//! `validate`: check files, without a network unless it is asked for.

use std::fmt::Write;
use std::path::PathBuf;

use domain::{Copilot, DocumentKind, Severity};
use ports::DocumentStore;

use crate::args::Format;
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::references::References;
use crate::commands::resolve_files::{Refusal, RefusedDocument};
use crate::commands::workspace::{Needs as NeedsRecord, Workspace};
use crate::commands::{Context, resolve_files};
use crate::exit::Exit;
use crate::output::{ERROR, SUCCESS, render_error};
use crate::render::counted::counted;
use crate::render::findings::{File, Summary, document};
use crate::render::report::Asked;
use crate::render::{github, junit, markdown, sarif, snippet};
use crate::request::{ChangeRequest, ValidateCommand};

/// The documents that are checked at a time.
const PARALLELISM: usize = 4;

pub(super) async fn run(context: &Context<'_>, command: &ValidateCommand) -> Result<Exit, CliError> {
    let Some(values) = &command.online else {
        let checked = CheckedFiles::read(&command.files, Needs::Findings);
        return report(context, &checked, command.fail_on);
    };
    let mut checked = CheckedFiles::read(&command.files, Needs::Named);
    let request = ChangeRequest {
        asked: Asked::DryRun,
        command: "validate",
        reason: None,
        undoes: Vec::new(),
    };
    let workspace = Workspace::open(context, &request, NeedsRecord::NoRecord).await?;
    let asked = ask_organization(context, &workspace, values, &mut checked).await;
    workspace.close().await?;
    asked?;
    report(context, &checked, command.fail_on)
}

/// Adds what is wrong with the names in documents, and with what the documents refer to. A part of a document is looked at in the
/// document that is stored, if that can be read.
async fn ask_organization(
    context: &Context<'_>,
    workspace: &Workspace,
    values: &[PathBuf],
    checked: &mut CheckedFiles,
) -> Result<(), CliError> {
    let values = resolve_files::values(values)?;
    let names = workspace.known_names(context, values).await?;
    let target = workspace.session.target(workspace.identity.run.organization());
    let documents = std::mem::take(&mut checked.documents);
    let resolved = resolve_files::resolve(&names, &target, documents).await?;
    for RefusedDocument { place, file, cause, .. } in resolved.refused {
        match cause {
            Refusal::Invalid(findings) => checked.add_findings(place, findings),
            Refusal::Unread(failure) => {
                let fault = CliError::of_failure(&format!("find what `{file}` names"), &failure);
                checked.faults.push(fault);
            }
        }
    }
    for (place, notes) in resolved.notes {
        checked.add_findings(place, notes.findings);
    }
    let references = References::new(names, PARALLELISM);
    let store = workspace.reader::<Copilot>(context.settings()?);
    let authored = resolved.documents.copilots;
    let mut documents = Vec::new();
    for file in &authored {
        let edit = file.edit();
        let stored = store.get(&file.id).await.ok().map(|answer| answer.content.value);
        let whole = stored.and_then(|stored| edit.resolve(&stored).ok()?.apply(&stored).ok());
        documents.push(whole.or_else(|| Copilot::from_document(edit.document().clone()).ok()));
    }
    let checks = references.check(documents.iter().map(Option::as_ref).collect()).await;
    for (file, check) in authored.iter().zip(checks) {
        checked.add_findings(file.place, check.findings.into_vec());
    }
    references.warn_of_unchecked(context);
    Ok(())
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
