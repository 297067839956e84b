//! `status`: how files and the organization stand to each other, document by document.

use std::collections::BTreeSet;

use domain::Severity;
use domain::drift::DocumentStanding;

use crate::args::Format;
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::planning::{self, Found, PlanBuilder, Wanted};
use crate::commands::workspace::{Needs as NeedsRecord, Workspace};
use crate::commands::{Context, stats};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::render_error;
use crate::render::report::Asked;
use crate::render::status::{self, State, StatusDocument, StatusOfDocument};
use crate::render::{markdown, snippet};
use crate::request::{ChangeRequest, StatusCommand};
use crate::saved_plan::Action;

pub(super) async fn run(context: &Context<'_>, command: &StatusCommand) -> Result<Exit, CliError> {
    let checked = CheckedFiles::read(&command.files, Needs::Documents);
    checked.warn_of_passed_over(context.output);
    if let (true, Some(fault)) = (checked.files.is_empty(), checked.faults.first()) {
        return Err(fault.clone());
    }
    if checked.files.is_empty() {
        let message = "there is no rule in these files";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("rules stand in .json, .yaml and .yml files"));
    }
    let unsound = unsound(&checked);
    if checked.reaches(Severity::Error) {
        context.output.info(&snippet::of_files(&checked.files));
    }
    for fault in &checked.faults {
        context.output.warn(&render_error(fault));
    }
    // Why also the rest: ten thousand files would be held beside what is compared.
    let CheckedFiles {
        documents,
        faults,
        files,
        ..
    } = checked;
    drop(files);
    let request = ChangeRequest {
        asked: Asked::DryRun,
        command: "status",
        reason: None,
        undoes: Vec::new(),
    };
    let workspace = Workspace::open(context, &request, NeedsRecord::NoRecord).await?;
    let wanted = Wanted::Files(documents.into_sound());
    let compared = planning::compare(context, &workspace, wanted, &command.options).await;
    let (target, found) = match compared {
        Ok(compared) => compared,
        Err(problem) => {
            workspace.close().await?;
            return Err(problem);
        }
    };
    let mut compared = documents_of(found);
    compared.extend(unsound);
    let of_states = Exit::worst(compared.iter().map(StatusOfDocument::exit));
    let exit = Exit::worst(faults.iter().map(CliError::exit).chain([of_states]));
    let document = StatusDocument::new(target, exit, compared);
    stats::keep_status(context, &document.summary);
    workspace.close().await?;
    match context.output.format {
        Format::Human => context.output.document(&status::human(&document))?,
        Format::Markdown => {
            let page = markdown::status(&document, context.comment);
            context.comment.print(context.output, &page)?;
        }
        Format::Json
        | Format::Yaml
        | Format::Sarif
        | Format::Github
        | Format::Junit
        | Format::Prometheus
        | Format::Html => context.output.data(&document)?,
        Format::Ndjson => context.output.line(&document)?,
    }
    if exit == Exit::Done && command.detailed_exitcode && !document.is_in_sync() {
        return Ok(Exit::Changes);
    }
    Ok(exit)
}

/// The documents that were compared, each with its state.
fn documents_of(found: PlanBuilder) -> Vec<StatusOfDocument> {
    let found = found.found.into_iter();
    found
        .map(|found| {
            let Found { change, standing, .. } = *found;
            let state = match change.action {
                Action::Missing => State::Missing,
                Action::Invalid => State::Invalid,
                Action::Unread => State::Unread,
                Action::Update | Action::Unchanged | Action::Conflict => State::of(standing),
            };
            StatusOfDocument::of_change(change, state)
        })
        .collect()
}

/// The documents that are not sound by themselves: they are compared with nothing.
fn unsound(checked: &CheckedFiles) -> Vec<StatusOfDocument> {
    let documents = checked.documents.unsound().into_iter();
    let mut unsound: Vec<_> = documents
        .map(|(reference, file)| StatusOfDocument::invalid(Some(reference), file))
        .collect();
    let named: BTreeSet<&str> = checked.documents.files().collect();
    for file in &checked.files {
        let has_error = file
            .findings
            .iter()
            .any(|(finding, _)| finding.severity == Severity::Error);
        if has_error && !named.contains(file.name.as_str()) {
            unsound.push(StatusOfDocument::invalid(None, &file.name));
        }
    }
    unsound
}

impl State {
    fn of(standing: DocumentStanding) -> Self {
        match standing {
            DocumentStanding::InSync => Self::InSync,
            DocumentStanding::ChangedInFile => Self::ChangedInFiles,
            DocumentStanding::ChangedInOrg => Self::ChangedInOrg,
            DocumentStanding::ChangedInBoth => Self::ChangedInBoth,
            DocumentStanding::Differs => Self::Differs,
        }
    }
}
