//! `update`, and `diff`, which is `update` up to the send.

use domain::document::Form;
use domain::json::{Document, TextError};
use domain::protocol::UpdateRequest;
use domain::{Code, Edit, Finding};

use ports::DocumentRef;

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::execute::{self, ChangeReport};
use crate::commands::finished_change::{ChangeResult, FinishedChange};
use crate::commands::workspace::{Needs, Workspace};
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::record::unusable;
use crate::render::findings::File;
use crate::render::report::Asked;
use crate::request::UpdateCommand;
use crate::source::{self, Source};

/// The user's edit, as far as it could be read.
enum ParsedEdit<K> {
    /// An edit, and the file that it comes from if there is one.
    Edit(Edit<K>, Option<Source>),
    /// A text that is no edit.
    Broken(File),
}

/// Updates a document, and prints the outcome.
pub(super) async fn run<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &UpdateCommand,
) -> Result<ChangeResult, CliError> {
    let request = &command.request;
    let parsed_edit = parsed_edit::<K>(command)?;
    let settings = context.settings()?;
    let options = execute::options(settings, &command.terms, request.asked);
    let refused = |findings: Vec<Finding>, file, elsewhere| FinishedChange {
        change: ChangeReport::<K>::unsent(id.clone(), findings),
        file,
        elsewhere,
        request,
        terms: &command.terms,
    };
    let (edit, source) = match parsed_edit {
        ParsedEdit::Edit(edit, source) => (edit, source),
        ParsedEdit::Broken(file) => {
            let findings = file.findings.iter().map(|(finding, _)| finding.clone()).collect();
            return Ok(refused(findings, Some(file), Vec::new()).print(context));
        }
    };
    if !edit.static_errors().is_empty() {
        // It is refused whatever is stored: what else is wrong is told in the same go.
        let all = edit.check().into_vec();
        let (file, elsewhere) = placed::<K>(source, all.clone());
        return Ok(refused(all, file, elsewhere).print(context));
    }
    if request.asked != Asked::DryRun {
        execute::ask_before_overwriting(context, &command.terms)?;
    }
    let workspace = Workspace::open(context, request, Needs::NoRecord).await?;
    let update = update_request(&workspace, id, edit).await?;
    let change = execute::execute(context, workspace, request, id, update, options).await?;
    let (file, elsewhere) = placed::<K>(source, change.report.completion.outcome.findings());
    let end = FinishedChange {
        change,
        file,
        elsewhere,
        request,
        terms: &command.terms,
    };
    Ok(end.print(context))
}

/// The request for an edit: made from the version that it names, where the record has that version.
async fn update_request<K: CliKind>(
    workspace: &Workspace,
    id: &K::Id,
    edit: Edit<K>,
) -> Result<UpdateRequest<K>, CliError> {
    let Some(version) = edit.base_version() else {
        return Ok(UpdateRequest::Edit(edit));
    };
    let document = DocumentRef {
        target: workspace.identity().await?.target,
        kind: K::NAME.to_string(),
        id: id.to_string(),
    };
    let base = workspace.record.history.document_at(&document, &version).await;
    let base = base.map_err(|failure| unusable(&failure))?;
    Ok(match base.and_then(|document| K::from_document(document).ok()) {
        Some(base) => UpdateRequest::EditOf { edit, base },
        None => UpdateRequest::Edit(edit),
    })
}

/// Findings in what the person wrote, and those about the rest of the stored rule.
fn placed<K: CliKind>(source: Option<Source>, findings: Vec<Finding>) -> (Option<File>, Vec<Finding>) {
    let Some(source) = source else {
        return (None, findings);
    };
    let root = source.document.root();
    let is_whole = Edit::<K>::new(source.document.clone()).is_ok_and(|edit| edit.form() == Form::Whole);
    let is_written = |finding: &Finding| match finding.pointer.tokens().next() {
        Some(member) => is_whole || root.get(&member).is_some(),
        None => true,
    };
    let (parsed_edit, elsewhere) = findings.into_iter().partition(is_written);
    (Some(File::of_source(source, parsed_edit)), elsewhere)
}

/// The file and the flags together.
fn parsed_edit<K: CliKind>(command: &UpdateCommand) -> Result<ParsedEdit<K>, CliError> {
    let too_large = |error: TextError| CliError::new(ErrorCode::Usage, error.to_string());
    let flags = flags::<K>(command).map_err(too_large)?;
    let (edit, source) = match &command.from {
        None => (flags, None),
        Some(path) => {
            let source = match source::read(path)? {
                Ok(source) => source,
                Err(unparsed) => return Ok(ParsedEdit::Broken(File::of_unparsed(unparsed))),
            };
            let edit = match Edit::<K>::new(source.document.clone()) {
                Ok(edit) => edit,
                Err(finding) => return Ok(ParsedEdit::Broken(File::of_source(source, vec![finding]))),
            };
            (edit.with(&flags).map_err(too_large)?, Some(source))
        }
    };
    if edit.is_empty() {
        let help = "name something with --from FILE, --name, --description, --enable or --disable";
        return Err(CliError::new(Code::NothingNamed, "nothing to change is named").with_help(help));
    }
    Ok(ParsedEdit::Edit(edit, source))
}

/// The members that flags name.
fn flags<K: CliKind>(command: &UpdateCommand) -> Result<Edit<K>, TextError> {
    let text = |text: &String| serde_json::Value::from(text.as_str()).to_string();
    let members = [
        ("name", command.name.as_ref().map(text)),
        ("description", command.description.as_ref().map(text)),
        ("enabled", command.enabled.map(|enabled| enabled.to_string())),
    ];
    let named: Vec<(&str, &str)> = members
        .iter()
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
        .collect();
    let document = Document::empty_object().with_members(&named)?;
    Ok(Edit::new(document).unwrap_or_default())
}
