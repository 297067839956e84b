//! A 404 told apart: no such document, or no such API in this organization.

use domain::{FailureClass, RequestError};

use crate::cli_error::CliError;
use crate::config::Settings;
use crate::kind::{CliKind, Listed};
use crate::session::Session;

/// The cause of a 404 to a document, as far as one more request tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// The organization lists documents of this kind, and has none of that id.
    NoSuchDocument,
    /// The organization has a document that has the text as its name.
    Named,
    /// The organization answers 404 to the listing, too.
    NoSuchApi,
}

impl Absence {
    /// Asks for the listing after a 404; nothing after another failure, or where the listing tells nothing.
    pub(super) async fn after<K: CliKind>(
        failure: Option<&RequestError>,
        text: &str,
        session: &Session,
        settings: &Settings,
    ) -> Option<Self> {
        if failure?.class != FailureClass::NotFound {
            return None;
        }
        match session.store::<K>(settings).page(None).await {
            Ok(page)
                if page
                    .content
                    .documents
                    .iter()
                    .any(|listed| listed.title.as_deref() == Some(text)) =>
            {
                Some(Self::Named)
            }
            Ok(_) => Some(Self::NoSuchDocument),
            Err(failure) if failure.class == FailureClass::NotFound => Some(Self::NoSuchApi),
            Err(_) => None,
        }
    }

    /// The error in the words of its cause.
    pub(super) fn explain<K: CliKind>(self, error: CliError) -> CliError {
        let Listed { noun, command, no_api } = K::LISTED;
        match self {
            Self::NoSuchDocument => error.with_help(format!(
                "the organization has {noun}s, and none of this id: `{command}` shows them; `name:TEXT` names one by its name"
            )),
            Self::Named => error.with_help(format!(
                "a text of this form is an id, and a {noun} has it as its name: put `name:` in front of it"
            )),
            Self::NoSuchApi => CliError {
                message: format!("{}: the listing answers 404 too", error.message),
                ..error.with_help(no_api)
            },
        }
    }
}
