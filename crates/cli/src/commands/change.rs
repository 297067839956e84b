//! `update`, and `diff`, which is `update` up to the send.

use domain::check::Form;
use domain::protocol::Wanted;
use domain::{Code, Draft, EngineLimits, Finding, RuleChange, RuleId, TriggerRule};

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::carry_out::{self, ChangeReport, Desk};
use crate::commands::ending::{End, Ended};
use crate::config::Settings;
use crate::record::{Record, unusable};
use crate::render::findings::File;
use crate::request::UpdateCommand;
use crate::source::{self, Source};

/// What a person wrote, as far as it could be read.
enum Written {
    /// A draft, and the file that it comes from if there is one.
    Draft(Draft, Option<Source>),
    /// A text that is no draft.
    Broken(File),
}

/// Updates a rule, and tells what came of it.
pub(super) async fn run(context: &Context<'_>, id: &RuleId, command: &UpdateCommand) -> Result<Ended, CliError> {
    let errand = &command.request;
    let written = written(command)?;
    let settings = context.settings()?;
    let terms = carry_out::terms(settings, &command.terms, errand.asked);
    let refused = |findings: Vec<Finding>, file, elsewhere| End {
        ended: ChangeReport::unsent(id.clone(), findings),
        file,
        elsewhere,
        errand,
        terms: &command.terms,
    };
    let (draft, source) = match written {
        Written::Draft(draft, source) => (draft, source),
        Written::Broken(file) => {
            let findings = file.findings.iter().map(|(finding, _)| finding.clone()).collect();
            return Ok(refused(findings, Some(file), Vec::new()).print(context));
        }
    };
    if !draft.certain_faults(&EngineLimits::TRIGGER_RULES).is_empty() {
        // It is refused whatever is stored: what else is wrong is told in the same go.
        let all = draft.check(&EngineLimits::TRIGGER_RULES).into_vec();
        let (file, elsewhere) = placed(source, all.clone());
        return Ok(refused(all, file, elsewhere).print(context));
    }
    let desk = Desk::open(context, errand).await?;
    let wanted = wanted(settings, &desk.record, id, draft).await?;
    let ended = carry_out::carry_out(context, desk, errand, id, wanted, terms).await?;
    let (file, elsewhere) = placed(source, ended.report.verdict.findings.clone());
    let end = End {
        ended,
        file,
        elsewhere,
        errand,
        terms: &command.terms,
    };
    Ok(end.print(context))
}

/// What is wanted: made from the version that the draft names, where the record has that version.
async fn wanted(
    settings: &Settings,
    record: &Record,
    id: &RuleId,
    draft: Draft,
) -> Result<Wanted<TriggerRule>, CliError> {
    let (Some(version), Some(target)) = (draft.made_from(), settings.ledger_target()) else {
        return Ok(Wanted::Wish(draft));
    };
    let seen = record.history.document_at(&target, id.as_str(), &version).await;
    let seen = seen.map_err(|failure| unusable(&failure))?;
    Ok(match seen.and_then(|document| TriggerRule::try_from(document).ok()) {
        Some(seen) => Wanted::WishOf { wish: draft, seen },
        None => Wanted::Wish(draft),
    })
}

/// Findings in what the person wrote, and those about the rest of the stored rule.
fn placed(source: Option<Source>, findings: Vec<Finding>) -> (Option<File>, Vec<Finding>) {
    let Some(source) = source else {
        return (None, findings);
    };
    let root = source.document.root();
    let is_rule = Draft::new(source.document.clone()).is_ok_and(|draft| draft.form() == Form::Rule);
    let is_written = |finding: &Finding| match finding.pointer.tokens().next() {
        Some(member) => is_rule || root.get(&member).is_some(),
        None => true,
    };
    let (written, elsewhere) = findings.into_iter().partition(is_written);
    (Some(File::of_source(source, written)), elsewhere)
}

/// What the file and the flags name together.
fn written(command: &UpdateCommand) -> Result<Written, CliError> {
    let flags = flags(command).map_err(|error| CliError::new(Code::Usage, crate::cli_error::chain(&error)))?;
    let (draft, source) = match &command.from {
        None => (Draft::from(&flags), None),
        Some(path) => {
            let source = match source::read(path)? {
                Ok(source) => source,
                Err(unparsed) => return Ok(Written::Broken(File::of_unparsed(unparsed))),
            };
            let draft = match Draft::new(source.document.clone()) {
                Ok(draft) => draft,
                Err(finding) => return Ok(Written::Broken(File::of_source(source, vec![finding]))),
            };
            let draft = draft
                .with(&flags)
                .map_err(|error| CliError::new(Code::Usage, error.to_string()))?;
            (draft, Some(source))
        }
    };
    if draft.names_nothing() {
        let help = "name something with --from FILE, --name, --description, --enable or --disable";
        return Err(CliError::new(Code::NothingNamed, "nothing to change is named").with_help(help));
    }
    Ok(Written::Draft(draft, source))
}

fn flags(command: &UpdateCommand) -> Result<RuleChange, domain::json::DocumentError> {
    let mut change = RuleChange::default();
    if let Some(name) = &command.name {
        change = change.name(name)?;
    }
    if let Some(description) = &command.description {
        change = change.description(description)?;
    }
    if let Some(enabled) = command.enabled {
        change = change.enabled(enabled)?;
    }
    Ok(change)
}
