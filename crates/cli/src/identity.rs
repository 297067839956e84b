//! The identity of a run: the organization that it works for, and the author of what it records.

use std::sync::Arc;

use app::{Identify, Identity, IdentityError, Retry};
use async_trait::async_trait;
use domain::RequestError;
use genesys_adapter::{Organization, TokenSource, about_organization};
use ports::{ANY_TOKEN, Author, History, HistoryQuery, JoinRecord, Ledger, LedgerError};
use tokio::sync::OnceCell;

use crate::config::Settings;
use crate::record::Record;
use crate::within_deadline::within;

/// The source of the organization.
#[derive(Clone)]
pub(crate) enum OrganizationSource {
    /// The platform, asked with the tokens of this run.
    Platform(Arc<TokenSource>, Retry),
    /// The built-in platform, whose organization is at hand.
    Sandbox(Organization),
}

impl OrganizationSource {
    /// The organization, if the platform tells one.
    pub(crate) async fn organization(&self) -> Result<Option<Organization>, RequestError> {
        match self {
            Self::Sandbox(organization) => Ok(Some(organization.clone())),
            Self::Platform(tokens, retry) => {
                let asked = async { Ok(retry.read(|| tokens.organization()).await) };
                within(retry.deadline, asked).await.map_err(about_organization)?
            }
        }
    }

    /// The organization that is known without a request.
    pub(crate) async fn at_hand(&self) -> Option<Organization> {
        match self {
            Self::Sandbox(organization) => Some(organization.clone()),
            Self::Platform(tokens, _) => tokens.kept_organization().await,
        }
    }
}

/// The identity of a run, found once. A run that records joins `API CLIENT` with the organization.
pub(crate) struct RunIdentity {
    source: OrganizationSource,
    /// `API CLIENT`, or the word for the sandbox.
    shown_target: String,
    author: Author,
    /// The record, in a run that adds to it.
    record: Option<(Arc<dyn Ledger>, Arc<dyn History>)>,
    found: OnceCell<Result<(Identity, Option<Organization>), IdentityError>>,
}

impl RunIdentity {
    /// The identity of a run with this record, by this command.
    pub(crate) fn new(
        source: OrganizationSource,
        settings: &Settings,
        record: &Record,
        command: &str,
        reason: Option<&str>,
    ) -> Self {
        Self {
            source,
            shown_target: settings.api_and_client().unwrap_or_default(),
            author: record.author(settings, command, reason),
            record: record
                .records()
                .then(|| (record.ledger.clone(), record.history.clone())),
            found: OnceCell::new(),
        }
    }

    /// True if it can be had without a request.
    pub(crate) async fn is_at_hand(&self) -> bool {
        self.source.at_hand().await.is_some()
    }

    /// The organization, if it was looked for and the platform told one.
    pub(crate) fn organization(&self) -> Option<&Organization> {
        self.found.get()?.as_ref().ok()?.1.as_ref()
    }

    async fn find(&self) -> Result<(Identity, Option<Organization>), IdentityError> {
        let Some(organization) = self.source.organization().await? else {
            let identity = Identity {
                target: self.shown_target.clone(),
                author: self.author.clone(),
            };
            return Ok((identity, None));
        };
        let author = Author {
            shown_target: Some(self.shown_target.clone()),
            org_name: organization.name.clone(),
            ..self.author.clone()
        };
        self.join(&organization, &author).await?;
        let identity = Identity {
            target: organization.id.clone(),
            author,
        };
        Ok((identity, Some(organization)))
    }

    /// Makes one history of what `API CLIENT` recorded before the organization was known, and of what comes.
    async fn join(&self, organization: &Organization, author: &Author) -> Result<(), LedgerError> {
        let joins = self.record.as_ref().filter(|_| author.client != ANY_TOKEN);
        let Some((ledger, history)) = joins else {
            return Ok(());
        };
        let recorded = HistoryQuery {
            target: Some(self.shown_target.clone()),
            limit: 1,
            ..HistoryQuery::default()
        };
        if history.entries(&recorded).await?.is_empty() {
            return Ok(());
        }
        let join = JoinRecord {
            target: self.shown_target.clone(),
            organization: organization.id.clone(),
            author: author.clone(),
            at: std::time::SystemTime::now(),
        };
        match (ledger.join(join).await, &self.source) {
            // Why: a sandbox that lost its state is another organization under the same name.
            (Err(LedgerError::OtherOrganization { .. }), OrganizationSource::Sandbox(_)) => Ok(()),
            (joined, _) => joined.map(|_| ()),
        }
    }
}

#[async_trait]
impl Identify for RunIdentity {
    async fn identity(&self) -> Result<Identity, IdentityError> {
        let found = self.found.get_or_init(|| self.find()).await;
        found
            .as_ref()
            .map(|(identity, _)| identity.clone())
            .map_err(Clone::clone)
    }
}
