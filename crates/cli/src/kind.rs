//! The kinds of document as the command line knows them.

use domain::{DocumentKind, Stored, TriggerRule};
use genesys_adapter::{Resource, TriggerRules};

use crate::config::Settings;
use crate::render;

/// A kind of document as the command line knows it: where its documents are, and how one is shown to people.
pub(crate) trait CliKind: DocumentKind {
    type Resource: Resource<Kind = Self>;

    /// The resource that its documents are stored under.
    fn resource(settings: &Settings) -> Self::Resource;

    /// A document for people: what it says, not how it is written.
    fn describe(stored: &Stored<Self>) -> String;
}

impl CliKind for TriggerRule {
    type Resource = TriggerRules;

    fn resource(settings: &Settings) -> TriggerRules {
        TriggerRules(settings.path.clone())
    }

    fn describe(stored: &Stored<Self>) -> String {
        render::rule::describe(stored)
    }
}
