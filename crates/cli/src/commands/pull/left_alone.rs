//! The documents whose files have a name that stands for nothing in the organization.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Copilot, DocumentKind, TriggerRule};

use super::Named;
use crate::cli_error::CliError;
use crate::commands::resolve_files::{Refusal, RefusedDocument};
use crate::error_code::ErrorCode;
use crate::render::pulled::{PulledDocument, PulledState, Reason};
use crate::request::PullCommand;
use crate::working_folder::WorkingFolder;

/// They keep their files, and get no second one. By their references: the file and the fault.
pub(super) struct LeftAlone(BTreeMap<String, (String, CliError)>);

impl LeftAlone {
    /// Those among the documents that were refused.
    ///
    /// # Errors
    ///
    /// If it is not known which document a file is about, or a listing could not be read.
    pub(super) fn of(refused: &[RefusedDocument]) -> Result<Self, CliError> {
        let mut documents = BTreeMap::new();
        for refused in refused {
            let file = &refused.file;
            let problem = match &refused.cause {
                Refusal::Unread(failure) => {
                    return Err(CliError::of_failure(&format!("find what `{file}` names"), failure));
                }
                Refusal::Invalid(_) => CliError::new(ErrorCode::Usage, format!("`{file}` {}", refused.why())),
            };
            let Some(known) = &refused.known else {
                let help = "nothing was written: correct the file, or pull into another folder";
                return Err(problem.with_help(help));
            };
            documents.insert(known.clone(), (file.clone(), problem));
        }
        Ok(Self(documents))
    }

    pub(super) fn has<K: DocumentKind>(&self, id: &str) -> bool {
        !self.0.is_empty() && self.0.contains_key(&format!("{}/{id}", K::NAME))
    }

    /// Takes them out of the documents that are named; those that are asked for, as they are reported.
    pub(super) fn take_from(&self, ids: &mut Named, command: &PullCommand) -> Vec<PulledDocument> {
        let here = WorkingFolder::here();
        let is_all = ids.is_empty();
        let named: BTreeSet<String> = ids.references().collect();
        let is_asked_for = |reference: &str, file: &str| {
            let (kind, id) = reference.split_once('/').unwrap_or_default();
            (is_all || named.contains(reference)) && command.options.selection.may_choose_file(kind, id, file)
        };
        ids.rules.retain(|id| !self.has::<TriggerRule>(id.as_str()));
        ids.copilots.retain(|id| !self.has::<Copilot>(&id.to_string()));
        let asked_for = self
            .0
            .iter()
            .filter(|(reference, (file, _))| is_asked_for(reference, file));
        let report = |(reference, (file, problem)): (&String, &(String, CliError))| {
            let file = Some(here.relative(file));
            let kept = PulledDocument::new(reference.clone(), None, file, PulledState::Kept).kept(Reason::Reference);
            PulledDocument {
                error: Some(problem.document()),
                ..kept
            }
        };
        asked_for.map(report).collect()
    }
}
