//! A 404 told apart: no such document, or no such API in this organization.

use domain::{FailureClass, RequestError, Stored};
use ports::DocumentStore;

use crate::cli_error::CliError;
use crate::commands::Context;
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

/// Reads a document in a session of its own; `doing` is the verb of the error.
///
/// # Errors
///
/// If it cannot be read, with the cause of a 404.
pub(super) async fn read<K: CliKind>(context: &Context<'_>, id: &K::Id, doing: &str) -> Result<Stored<K>, CliError> {
    let settings = context.settings()?;
    let session = context.open(settings).await?;
    let read = session.reader::<K>(settings).get(id).await;
    let absence = Absence::after::<K>(read.as_ref().err(), &id.to_string(), &session, settings).await;
    session.close().await?;
    let stored = read.map_err(|failure| {
        let error = CliError::of_failure(&format!("{doing} `{id}`"), &failure);
        absence.map_or(error.clone(), |absence| absence.explain::<K>(error))
    })?;
    Ok(stored.content)
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
        let Listed {
            noun, command, no_api, ..
        } = K::LISTED;
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
