//! The listings of a run, each read once for documents and their names.

use std::sync::Arc;

use app::SharedListing;
use async_trait::async_trait;
use domain::reference::ReferenceKind;
use domain::{Copilot, RequestError, TriggerRule};
use ports::{Cursor, Directory, DirectoryPage, DomainVersion, NameListing, NamedThing, Response};

use crate::config::Settings;
use crate::session::Session;

/// The listing of each kind.
pub(crate) struct SharedListings {
    pub(crate) rules: Arc<SharedListing<TriggerRule>>,
    pub(crate) copilots: Arc<SharedListing<Copilot>>,
}

impl SharedListings {
    /// The listings of an organization.
    pub(crate) fn of(session: &Session, settings: &Settings) -> Self {
        Self {
            rules: Arc::new(SharedListing::new(session.store(settings))),
            copilots: Arc::new(SharedListing::new(session.store(settings))),
        }
    }

    /// A directory whose listings of rules and assistants are these.
    pub(crate) fn directory(&self, directory: Arc<dyn Directory>) -> Arc<dyn Directory> {
        Arc::new(SharedDirectory {
            directory,
            rules: self.rules.clone(),
            copilots: self.copilots.clone(),
        })
    }

    /// Notes the names on pages that are read as documents: they will be asked for.
    pub(crate) fn note_names(&self) {
        self.rules.note_names();
        self.copilots.note_names();
    }
}

/// A directory whose listings of rules and assistants are those of the documents.
struct SharedDirectory {
    /// All other listings.
    directory: Arc<dyn Directory>,
    /// The trigger rules.
    rules: Arc<SharedListing<TriggerRule>>,
    /// The assistants.
    copilots: Arc<SharedListing<Copilot>>,
}

#[async_trait]
impl Directory for SharedDirectory {
    async fn names(
        &self,
        listing: &NameListing,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<NamedThing>>, RequestError> {
        match listing.kind {
            ReferenceKind::Rule => self.rules.names(cursor).await,
            ReferenceKind::Assistant => self.copilots.names(cursor).await,
            ReferenceKind::Domain
            | ReferenceKind::Library
            | ReferenceKind::Response
            | ReferenceKind::Script
            | ReferenceKind::Page
            | ReferenceKind::Checklist
            | ReferenceKind::KnowledgeBase
            | ReferenceKind::Document => self.directory.names(listing, cursor).await,
        }
    }

    async fn find(&self, listing: &NameListing, id: &str) -> Result<Response<Option<NamedThing>>, RequestError> {
        self.directory.find(listing, id).await
    }

    async fn domain_versions(
        &self,
        domain: &str,
        cursor: Option<Cursor>,
    ) -> Result<Response<DirectoryPage<DomainVersion>>, RequestError> {
        self.directory.domain_versions(domain, cursor).await
    }

    async fn intents(&self, domain: &str, version: &str) -> Result<Response<Vec<String>>, RequestError> {
        self.directory.intents(domain, version).await
    }
}
