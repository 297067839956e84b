//! `update`, and `diff`, which is `update` up to the send.

use app::FindNameError;
use domain::document::Form;
use domain::json::{Document, TextError};
use domain::protocol::UpdateRequest;
use domain::reference::{ResolveError, has_references};
use domain::{Code, Edit, Finding, Patch};

use ports::DocumentRef;

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::absence;
use crate::commands::edit::saved_text::SavedText;
use crate::commands::execute::{self, ChangeReport};
use crate::commands::finished_change::FinishedChange;
use crate::commands::kept_text;
use crate::commands::lazy_names::LazyNames;
use crate::commands::workspace::{Needs, Workspace};
use crate::confirm::{Unattended, confirm};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::kind::{CliKind, RuleSwitch};
use crate::next_command::NextCommand;
use crate::record::unusable;
use crate::render::findings::File;
use crate::render::report::Asked;
use crate::request::{ChangeRequest, ChangeTerms, UpdateCommand};
use crate::source::{self, Source};

/// The user's edit, as far as it could be read.
enum ParsedEdit<K> {
    /// An edit, and the file that it comes from if there is one.
    Edit(Edit<K>, Option<Source>),
    /// A text that is no edit.
    Broken(File),
    /// An edit with names that no id was found for.
    Unresolved(Option<Source>, Vec<Finding>),
}

/// A change of a document as it was asked for.
pub(super) struct Change<'a, K: CliKind> {
    pub(super) context: &'a Context<'a>,
    pub(super) id: &'a K::Id,
    pub(super) request: &'a ChangeRequest,
    pub(super) terms: &'a ChangeTerms,
    /// The command that asks for it again, without its terms.
    pub(super) again: NextCommand,
}

/// The content of a change.
pub(super) enum Wanted<K: CliKind> {
    /// An edit of the document as it is read.
    Edit(Edit<K>),
    /// A patch of a document that was shown.
    Patch { patch: Patch<K>, base: K },
}

/// Updates a document, and prints the outcome.
pub(super) async fn run<K: CliKind>(
    context: &Context<'_>,
    id: &K::Id,
    command: &UpdateCommand,
) -> Result<Exit, CliError> {
    let switch = |flag: &str, state: bool| (command.enabled == Some(state)).then(|| flag.to_owned());
    let switches = switch("--enable", true).into_iter().chain(switch("--disable", false));
    let from = command.from.as_ref().map(|file| file.display().to_string());
    let again = NextCommand::new("update")
        .word(id.to_string())
        .option("--from", from)
        .option("--name", command.name.as_deref())
        .option("--description", command.description.as_deref())
        .option("--rule", command.rule.as_deref());
    let values = command.values.iter().map(|file| file.display().to_string());
    let again = values.fold(again, |again, file| again.option("--values", Some(file)));
    let change = Change {
        context,
        id,
        request: &command.request,
        terms: &command.terms,
        again: switches.fold(again, NextCommand::word),
    };
    let kept = command.from.as_ref().and_then(|file| {
        let shown = kept_text::shown_beside::<K>(context.settings.as_ref().ok()?, file)?;
        Some((file, shown))
    });
    if let Some((file, shown)) = &kept {
        let flags = flags::<K>(command).map_err(|error| too_large(&error))?;
        let (finished, _) = SavedText { file, shown }.update(change, &flags).await?;
        return Ok(finished.print(context).exit);
    }
    if command.terms.saves_unchanged {
        return resave(change).await;
    }
    let names_other = command.from.is_some() || command.name.is_some() || command.description.is_some();
    let has_flags = command.name.is_some() || command.description.is_some() || command.enabled.is_some();
    match (K::RULE_SWITCH, &command.rule, command.enabled) {
        (Some(switch), Some(rule), Some(is_on)) if !names_other => {
            return switch_rule(change, switch, (rule, is_on)).await;
        }
        (Some(_), _, _) if has_flags => return Err(no_flags::<K>()),
        (_, Some(_), _) => {
            let message = "`--rule` goes with --enable or --disable of a Copilot, and with nothing else";
            return Err(CliError::new(ErrorCode::Usage, message));
        }
        (Some(_) | None, None, _) => {}
    }
    let names = LazyNames::new(context, &command.values);
    let read = resolved_edit::<K>(&names, id, command).await;
    names.close().await?;
    let (edit, source) = match read? {
        ParsedEdit::Edit(edit, source) => (edit, source),
        ParsedEdit::Broken(file) => return Ok(change.broken(file).print(context).exit),
        ParsedEdit::Unresolved(source, findings) => return Ok(change.refused(source, findings).print(context).exit),
    };
    if !edit.static_errors().is_empty() {
        // It is refused whatever is stored: what else is wrong is told in the same go.
        return Ok(change.refused(source, edit.check().into_vec()).print(context).exit);
    }
    let finished = change.submit(source, Wanted::Edit(edit)).await?;
    Ok(finished.print(context).exit)
}

/// The user's edit with ids in place of the names in it: nothing is sent with a name where an id stands.
async fn resolved_edit<K: CliKind>(
    names: &LazyNames<'_>,
    id: &K::Id,
    command: &UpdateCommand,
) -> Result<ParsedEdit<K>, CliError> {
    let (edit, source) = match parsed_edit::<K>(names, id, command).await? {
        ParsedEdit::Edit(edit, source) => (edit, source),
        refused @ (ParsedEdit::Broken(_) | ParsedEdit::Unresolved(..)) => return Ok(refused),
    };
    if !has_references::<K>(edit.document()) {
        return Ok(ParsedEdit::Edit(edit, source));
    }
    let title = K::TITLE.and_then(|title| edit.document().root().get(title)?.as_str());
    let findings = match names.known().await?.resolve::<K>(edit.document(), title).await {
        Ok(names) => match Edit::new(names.document) {
            Ok(edit) => return Ok(ParsedEdit::Edit(edit, source)),
            Err(finding) => vec![finding],
        },
        Err(ResolveError::Unresolved(unresolved)) => unresolved.iter().map(FindNameError::finding).collect(),
        Err(ResolveError::TooLarge(error)) => return Err(too_large(&error)),
    };
    Ok(ParsedEdit::Unresolved(source, findings))
}

/// Saves a document once more as it is read now.
async fn resave<K: CliKind>(change: Change<'_, K>) -> Result<Exit, CliError> {
    if !K::REFERS {
        let message = format!(
            "--resave is for Copilots: a {} takes effect when it is changed",
            K::LISTED.noun
        );
        return Err(CliError::new(ErrorCode::Usage, message));
    }
    let context = change.context;
    let base = absence::read::<K>(context, change.id, "save").await?.value;
    let patch = Patch::default();
    let finished = change.submit(None, Wanted::Patch { patch, base }).await?;
    Ok(finished.print(context).exit)
}

/// Switches one rule in a document, as it is read now.
async fn switch_rule<K: CliKind>(
    change: Change<'_, K>,
    switch: RuleSwitch<K>,
    (rule, is_on): (&str, bool),
) -> Result<Exit, CliError> {
    let context = change.context;
    let base = absence::read::<K>(change.context, change.id, "update").await?.value;
    let rule = named_rule(context, &base, rule)?;
    let switched = switch(&base, &rule, is_on)?;
    let patch = Patch::between(&base, &switched);
    let finished = change.submit(None, Wanted::Patch { patch, base }).await?;
    Ok(finished.print(context).exit)
}

/// The longest text that is a number of a rule: a hash has more digits.
const LONGEST_NUMBER: usize = 4;

/// The rule that a text names. A number may name another rule a moment later, so a person is shown the rule and asked.
fn named_rule<K: CliKind>(context: &Context<'_>, document: &K, text: &str) -> Result<String, CliError> {
    let is_number = text.len() <= LONGEST_NUMBER && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbered = text.parse().ok().filter(|_| is_number);
    let Some((shown, hash)) = numbered.and_then(|number| document.numbered_rule(number)) else {
        return Ok(text.to_owned());
    };
    let question = format!("Rule {text} is: {shown}.");
    confirm(context.output, false, Unattended::Refuses, &question).map_err(|refused| {
        refused.with_help("in a script, name the rule by its id or by its hash: `list copilot/X --rules`")
    })?;
    Ok(hash)
}

/// The error of flags that name nothing in this kind.
fn no_flags<K: CliKind>() -> CliError {
    let message = format!(
        "--name, --description, --enable and --disable are not for a {} as a whole",
        K::NAME
    );
    CliError::new(ErrorCode::Usage, message)
        .with_help("switch one rule with --rule ID|HASH, or change the document with --from FILE or `edit`")
}

impl<'a, K: CliKind> Change<'a, K> {
    /// The end of a change whose file is no document.
    pub(super) fn broken(self, file: File) -> FinishedChange<'a, K> {
        let findings = file.findings.iter().map(|(finding, _)| finding.clone()).collect();
        let unsent = ChangeReport::unsent(self.id.clone(), findings);
        self.finished(unsent, Some(file), Vec::new())
    }

    /// The end of a change that these findings keep from being tried.
    pub(super) fn refused(self, source: Option<Source>, findings: Vec<Finding>) -> FinishedChange<'a, K> {
        let (file, elsewhere) = self.placed(source, findings.clone());
        let unsent = ChangeReport::unsent(self.id.clone(), findings);
        self.finished(unsent, file, elsewhere)
    }

    /// Submits it: it is sent, recorded and delivered. `rollback` has no document of its own and executes its request itself.
    pub(super) async fn submit(
        self,
        source: Option<Source>,
        wanted: Wanted<K>,
    ) -> Result<FinishedChange<'a, K>, CliError> {
        let Self {
            context,
            id,
            request,
            terms,
            ..
        } = self;
        let options = execute::options(context.settings()?, terms, request.asked);
        if request.asked != Asked::DryRun {
            execute::ask_before_overwriting(context, terms)?;
        }
        let workspace = Workspace::open(context, request, Needs::NoRecord).await?;
        let update = match wanted {
            Wanted::Edit(edit) => update_request(&workspace, id, edit).await?,
            Wanted::Patch { patch, base } => UpdateRequest::Patch { patch, base },
        };
        let change = execute::execute(context, workspace, request, id, update, options).await?;
        let (file, elsewhere) = self.placed(source, change.report.completion.outcome.findings());
        Ok(self.finished(change, file, elsewhere))
    }

    /// Findings in what the person wrote, and those about the rest of the stored document.
    fn placed(&self, source: Option<Source>, findings: Vec<Finding>) -> (Option<File>, Vec<Finding>) {
        let Some(source) = source else {
            return (None, findings);
        };
        let root = source.document.root();
        let is_whole = self.request.command == "edit"
            || Edit::<K>::new(source.document.clone()).is_ok_and(|edit| edit.form() == Form::Whole);
        let is_written = |finding: &Finding| match finding.pointer.tokens().next() {
            Some(member) => is_whole || root.get(&member).is_some(),
            None => true,
        };
        let (written, elsewhere) = findings.into_iter().partition(is_written);
        (Some(File::of_source(&source, written)), elsewhere)
    }

    fn finished(self, change: ChangeReport<K>, file: Option<File>, elsewhere: Vec<Finding>) -> FinishedChange<'a, K> {
        FinishedChange {
            change,
            file,
            elsewhere,
            request: self.request,
            terms: self.terms,
            again: self.again,
        }
    }
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

fn too_large(error: &TextError) -> CliError {
    CliError::new(ErrorCode::Usage, error.to_string())
}

/// The file and the flags together.
async fn parsed_edit<K: CliKind>(
    names: &LazyNames<'_>,
    id: &K::Id,
    command: &UpdateCommand,
) -> Result<ParsedEdit<K>, CliError> {
    let flags = flags::<K>(command).map_err(|error| too_large(&error))?;
    let (edit, source) = match &command.from {
        None if !command.is_sample => (flags, None),
        path => {
            let read = match path {
                Some(path) => source::read(path)?,
                None => source::of_json("the sample change", emulator::SAMPLE_CHANGE),
            };
            let source = match read {
                Ok(source) => source,
                Err(unparsed) => return Ok(ParsedEdit::Broken(File::of_unparsed(unparsed))),
            };
            let around = match K::name_around(&source.document) {
                Some(text) => match names.id_around(text).await? {
                    Ok(id) => Some(id),
                    Err(finding) => return Ok(ParsedEdit::Broken(File::of_source(&source, vec![finding]))),
                },
                None => None,
            };
            let source = match K::in_file(source, id, around.as_deref()) {
                Ok(source) => source,
                Err(file) => return Ok(ParsedEdit::Broken(*file)),
            };
            let edit = match Edit::<K>::new(source.document.clone()) {
                Ok(edit) => edit,
                Err(finding) => return Ok(ParsedEdit::Broken(File::of_source(&source, vec![finding]))),
            };
            (edit.with(&flags).map_err(|error| too_large(&error))?, Some(source))
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
