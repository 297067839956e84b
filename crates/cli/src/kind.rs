//! The kinds of document as the command line knows them.

use domain::{Copilot, DocumentKind, Stored, TriggerRule};
use genesys_adapter::{Copilots, Resource, TriggerRules};

use crate::cli_error::CliError;
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::render::findings::File;
use crate::source::Source;
use crate::{copilot_file, render};

/// The listing of a kind, in words.
pub(crate) struct Listed {
    /// The thing that is listed: `rule`.
    pub(crate) noun: &'static str,
    /// The command that lists them.
    pub(crate) command: &'static str,
    /// The advice where the organization does not have the API.
    pub(crate) no_api: &'static str,
}

/// A kind of document as the command line knows it: where its documents are, and how one is shown to people.
pub(crate) trait CliKind: DocumentKind {
    type Resource: Resource<Kind = Self>;

    /// The listing.
    const LISTED: Listed;

    /// True if `--name` and `--description` name members of the kind, and `--enable` and `--disable` switch the whole document.
    const HAS_FLAGS: bool;

    /// The resource that its documents are stored under.
    fn resource(settings: &Settings) -> Self::Resource;

    /// A document for people: what it says, not how it is written.
    fn describe(stored: &Stored<Self>) -> String;

    /// The document of a file that is to be written to this one.
    ///
    /// # Errors
    ///
    /// If the file is about another document.
    fn in_file(source: Source, id: &Self::Id) -> Result<Source, Box<File>> {
        let _ = id;
        Ok(source)
    }

    /// The document with one rule in it switched on or off.
    ///
    /// # Errors
    ///
    /// If no rule, or more than one, is named so; or the kind has no rules inside.
    fn with_rule_switched(&self, rule: &str, is_on: bool) -> Result<Self, CliError>;
}

impl CliKind for TriggerRule {
    type Resource = TriggerRules;

    const LISTED: Listed = Listed {
        noun: "rule",
        command: "assist-rules list",
        no_api: "this organization has no such API, at least not at this path: the rule contract is not part of the published \
                 API of Genesys Cloud; `trigger_rules_path` sets another path",
    };

    const HAS_FLAGS: bool = true;

    fn resource(settings: &Settings) -> TriggerRules {
        TriggerRules(settings.path.clone())
    }

    fn describe(stored: &Stored<Self>) -> String {
        render::rule::describe(stored)
    }

    fn with_rule_switched(&self, _rule: &str, _is_on: bool) -> Result<Self, CliError> {
        let message = "`--rule` names a rule of a Copilot, and a trigger rule has none inside";
        Err(CliError::new(ErrorCode::Usage, message).with_help("leave `--rule` out"))
    }
}

impl CliKind for Copilot {
    type Resource = Copilots;

    const LISTED: Listed = Listed {
        noun: "assistant",
        command: "assist-rules list --kind copilot",
        no_api: "this organization has no assistants: Genesys Cloud Copilot is not set up in it",
    };

    const HAS_FLAGS: bool = false;

    fn resource(_settings: &Settings) -> Copilots {
        Copilots
    }

    fn describe(stored: &Stored<Self>) -> String {
        render::copilot::describe(stored)
    }

    fn in_file(source: Source, id: &Self::Id) -> Result<Source, Box<File>> {
        copilot_file::read(source, id)
    }

    fn with_rule_switched(&self, rule: &str, is_on: bool) -> Result<Self, CliError> {
        let unnamed = |error: domain::copilot::RuleLookupError| {
            CliError::new(ErrorCode::Usage, error.to_string())
                .with_help("`assist-rules get copilot/ASSISTANT` shows the hash of each rule")
        };
        let place = self.find_rule(rule).map_err(unnamed)?;
        let switched = Self::with_rule_switched(self, place, is_on);
        switched.map_err(|error| CliError::new(ErrorCode::Usage, error.to_string()))
    }
}
