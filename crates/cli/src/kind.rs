//! The kinds of document as the command line knows them.

use std::sync::Arc;

use app::SharedListing;
use domain::copilot::rule_hash;
use domain::json::{Document, Node};
use domain::{Copilot, CopilotId, DocumentKind, RuleId, Stored, TriggerRule};
use genesys_adapter::{Copilots, Resource, TriggerRules};

use crate::authored::{Authored, AuthoredDocuments};
use crate::cli_error::CliError;
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::render::findings::File;
use crate::shared_listings::SharedListings;
use crate::source::Source;
use crate::{copilot_file, render};

/// The listing of a kind, in words.
pub(crate) struct Listed {
    /// The thing that is listed: `rule`.
    pub(crate) noun: &'static str,
    /// A document: `rule`.
    pub(crate) document: &'static str,
    /// The command that lists them.
    pub(crate) command: &'static str,
    /// Reading them, in the error of a failure.
    pub(crate) reading: &'static str,
    /// The advice where the organization does not have the API.
    pub(crate) no_api: &'static str,
    /// The advice where it may lack the listing alone.
    pub(crate) without_listing: &'static str,
}

/// Switches the rule that is named on or off in a document. It fails if no rule, or more than one, is named so.
pub(crate) type RuleSwitch<K> = fn(&K, &str, bool) -> Result<K, CliError>;

/// A kind of document as the command line knows it: where its documents are, and how one is shown to people.
pub(crate) trait CliKind: DocumentKind {
    type Resource: Resource<Kind = Self>;

    /// The listing.
    const LISTED: Listed;

    /// The documents of this kind among those of files.
    fn among(documents: &AuthoredDocuments) -> &[Authored<Self>];

    /// Its listing among those of a run.
    fn listing(listings: &SharedListings) -> Arc<SharedListing<Self>>;

    /// True if its documents refer to other things of the organization.
    const REFERS: bool;

    /// The switch of one rule in a document, of a kind whose documents have rules inside. `--name`, `--description`, and
    /// `--enable` and `--disable` of the whole document are for the other kinds.
    const RULE_SWITCH: Option<RuleSwitch<Self>>;

    /// True if a document of a file is about the one with this id.
    fn names(file: &Document, id: &Self::Id) -> bool;

    /// The rule that a number names, counted from 1 in a document that has rules inside: for people, and by its hash.
    fn numbered_rule(&self, number: usize) -> Option<(String, String)> {
        let _ = number;
        None
    }

    /// The resource that its documents are stored under.
    fn resource(settings: &Settings) -> Self::Resource;

    /// A document for people: what it says, not how it is written.
    fn describe(stored: &Stored<Self>) -> String;

    /// The name that a file has around its document in place of an id; one inside it is none.
    fn name_around(file: &Document) -> Option<String> {
        let _ = file;
        None
    }

    /// The document of a file that is to be written to this one, by the id that the name around it stands for.
    ///
    /// # Errors
    ///
    /// If the file is about another document.
    fn in_file(source: Source, id: &Self::Id, named: Option<&str>) -> Result<Source, Box<File>> {
        let (_, _) = (id, named);
        Ok(source)
    }
}

impl CliKind for TriggerRule {
    type Resource = TriggerRules;

    const LISTED: Listed = Listed {
        noun: "rule",
        document: "rule",
        command: "assist-rules list",
        no_api: "this organization has no such API, at least not at this path: the rule contract is not part of the published \
                 API of Genesys Cloud; `trigger_rules_path` sets another path",
        reading: "read trigger rules",
        without_listing: "the organization may lack the trigger-rule contract, or only its listing: `assist-rules doctor RULE` \
                     with the id of a rule that exists tells which; `trigger_rules_path` sets another path",
    };

    const REFERS: bool = false;

    const RULE_SWITCH: Option<RuleSwitch<Self>> = None;

    fn among(documents: &AuthoredDocuments) -> &[Authored<Self>] {
        &documents.rules
    }

    fn listing(listings: &SharedListings) -> Arc<SharedListing<Self>> {
        listings.rules.clone()
    }

    fn names(file: &Document, id: &RuleId) -> bool {
        !copilot_file::is_one(file) && file.root().get("id").and_then(Node::as_str) == Some(id.as_str())
    }

    fn resource(settings: &Settings) -> TriggerRules {
        TriggerRules(settings.path.clone())
    }

    fn describe(stored: &Stored<Self>) -> String {
        render::rule::describe(stored)
    }
}

impl CliKind for Copilot {
    type Resource = Copilots;

    const LISTED: Listed = Listed {
        noun: "assistant",
        document: "Copilot",
        command: "assist-rules list --kind copilot",
        no_api: "this organization has no assistants: Genesys Cloud Copilot is not set up in it",
        reading: "read assistants",
        without_listing: "Genesys Cloud Copilot is not set up in this organization",
    };

    const REFERS: bool = true;

    const RULE_SWITCH: Option<RuleSwitch<Self>> = Some(switch_rule);

    fn among(documents: &AuthoredDocuments) -> &[Authored<Self>] {
        &documents.copilots
    }

    fn listing(listings: &SharedListings) -> Arc<SharedListing<Self>> {
        listings.copilots.clone()
    }

    fn names(file: &Document, id: &CopilotId) -> bool {
        copilot_file::id_of(file).as_ref() == Some(id)
    }

    fn numbered_rule(&self, number: usize) -> Option<(String, String)> {
        // Why: an id may be a number.
        if self.find_rule(&number.to_string()).is_ok() {
            return None;
        }
        let rule = self.rules().nth(number.checked_sub(1)?)?;
        Some((render::copilot::in_a_line(rule), rule_hash(rule).digits()))
    }

    fn resource(_settings: &Settings) -> Copilots {
        Copilots
    }

    fn describe(stored: &Stored<Self>) -> String {
        render::copilot::describe(stored)
    }

    fn name_around(file: &Document) -> Option<String> {
        copilot_file::named_in(file).map(|(assistant, _)| assistant)
    }

    fn in_file(source: Source, id: &Self::Id, named: Option<&str>) -> Result<Source, Box<File>> {
        copilot_file::read(source, id, named)
    }
}

fn switch_rule(copilot: &Copilot, rule: &str, is_on: bool) -> Result<Copilot, CliError> {
    let unnamed = |error: domain::copilot::RuleLookupError| {
        CliError::new(ErrorCode::Usage, error.to_string())
            .with_help("`assist-rules get copilot/ASSISTANT` shows the hash of each rule")
    };
    let place = copilot.find_rule(rule).map_err(unnamed)?;
    let switched = copilot.with_rule_switched(place, is_on);
    switched.map_err(|error| CliError::new(ErrorCode::Usage, error.to_string()))
}
