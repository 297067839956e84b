//! The record, the platform and the identity that a command which changes documents works with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use app::{Identify, Identity, IdentityError, KnownNames, Reconciler, RetryReads};
use async_trait::async_trait;
use domain::{Copilot, DocumentKind, TriggerRule};
use ports::{Author, Clock, DocumentStore, Ledger};
use tokio::sync::OnceCell;

use crate::cli_error::CliError;
use crate::commands::{Context, reconcile};
use crate::config::Settings;
use crate::identity::RunIdentity;
use crate::kind::CliKind;
use crate::output::Output;
use crate::record::{Record, unusable};
use crate::render::markdown::Comment;
use crate::render::report::Asked;
use crate::request::ChangeRequest;
use crate::session::Session;
use crate::shared_listings::SharedListings;
use crate::waits::Waits;
use crate::within_deadline::WithinDeadline;

/// The record, the platform and the identity of one run.
pub(super) struct Workspace {
    pub(super) record: Record,
    pub(super) session: Session,
    pub(super) identity: Arc<WriterIdentity>,
    pub(super) listings: SharedListings,
}

/// The need of a command for a record that is there before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// None: the command can begin one.
    NoRecord,
    /// A record: the command acts on what it says.
    Record,
}

impl Workspace {
    /// Opens it. Where the organization is known without a request, what earlier runs left open is settled at once.
    pub(super) async fn open(context: &Context<'_>, request: &ChangeRequest, needs: Needs) -> Result<Self, CliError> {
        let settings = context.settings()?;
        settings.refuse_a_secret(request.reason.as_deref())?;
        let open = async {
            match (request.asked, needs) {
                (Asked::Update, Needs::NoRecord) => Record::open(settings).await,
                (Asked::Update, Needs::Record) => Record::open_existing(settings).await,
                (Asked::DryRun, Needs::NoRecord) => Record::open_for_dry_run(settings).await,
                (Asked::DryRun, Needs::Record) => Record::open_to_read(settings).await,
            }
        };
        let record = Waits::new(context.output).on("the ledger", Box::pin(open)).await?;
        let session = context.open(settings).await?;
        let source = session.organization.clone();
        let reason = request.reason.as_deref();
        let run = RunIdentity::new(source, settings, &record, request.command, reason);
        let is_at_hand = run.is_at_hand().await;
        let identity = Arc::new(WriterIdentity {
            run,
            settles: record.records().then(|| Settles {
                rules: session.store(settings),
                copilots: session.store(settings),
                ledger: record.ledger.clone(),
                clock: session.clock.clone(),
            }),
            output: context.output,
            reason: OnceLock::new(),
            settled: OnceCell::new(),
        });
        let listings = SharedListings::of(&session, settings);
        let workspace = Self {
            record,
            session,
            identity,
            listings,
        };
        if is_at_hand {
            workspace.identity().await?;
        }
        Ok(workspace)
    }

    /// The identity of the run, for what has to know it before anything else.
    pub(super) async fn identity(&self) -> Result<Identity, CliError> {
        let found = self.identity.identity().await;
        found.map_err(|error| unidentified(&error))
    }

    /// The names of what documents refer to, with those that the record knew.
    pub(super) async fn known_names(
        &self,
        context: &Context<'_>,
        values: BTreeMap<String, String>,
    ) -> Result<Arc<KnownNames>, CliError> {
        let target = self.identity().await?.target;
        let directory = self.listings.directory(self.session.directory(context.settings()?));
        let names = KnownNames::new(directory, self.session.retry.clone(), values);
        Ok(Arc::new(names.with_record(self.record.history.clone(), target)))
    }

    /// The documents of a kind, for what only reads; their listing is the one that names are read from.
    pub(super) fn reader<K: CliKind>(&self, settings: &Settings) -> WithinDeadline<RetryReads<K>> {
        self.session.reader_of(K::listing(&self.listings), settings)
    }

    /// Tells a comment which target it is about, if that was found out.
    pub(super) fn inform(&self, comment: &Comment) {
        if self.identity.target().is_some() {
            comment.set_target(&self.session.target(self.identity.run.organization()));
        }
    }

    /// Closes it without having done anything.
    pub(super) async fn close(self) -> Result<(), CliError> {
        self.record.close().await;
        self.session.close().await
    }
}

/// The error of a run whose identity is not known.
pub(super) fn unidentified(error: &IdentityError) -> CliError {
    match error {
        IdentityError::Request(failure) => CliError::of_failure("tell which organization this is", failure),
        IdentityError::Ledger(failure) => unusable(failure),
    }
}

/// The identity of a run that writes: once it is known, what earlier runs left open is settled, before anything is
/// recorded.
pub(super) struct WriterIdentity {
    pub(super) run: RunIdentity,
    /// The parts that settle, in a run that records.
    settles: Option<Settles>,
    output: Output,
    /// The reason for the change, which a rollback finds only after the identity.
    pub(super) reason: OnceLock<String>,
    settled: OnceCell<Result<Identity, IdentityError>>,
}

struct Settles {
    rules: Arc<dyn DocumentStore<TriggerRule>>,
    copilots: Arc<dyn DocumentStore<Copilot>>,
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
}

impl Settles {
    /// The settlement of what is open of one kind, in the name of this program.
    fn reconciler<K: DocumentKind>(&self, store: &Arc<dyn DocumentStore<K>>, whose: &Identity) -> Reconciler<K> {
        Reconciler {
            store: store.clone(),
            ledger: self.ledger.clone(),
            target: whose.target.clone(),
            author: Author {
                command: "reconcile".to_owned(),
                reason: None,
                ..whose.author.clone()
            },
            clock: self.clock.clone(),
        }
    }
}

impl WriterIdentity {
    /// The error, if the identity was looked for and not found.
    pub(super) fn error(&self) -> Option<&IdentityError> {
        self.settled.get().and_then(|settled| settled.as_ref().err())
    }

    /// The target, if it was looked for and found.
    pub(super) fn target(&self) -> Option<String> {
        let settled = self.settled.get()?;
        settled.as_ref().ok().map(|identity| identity.target.clone())
    }

    async fn settle(&self) -> Result<Identity, IdentityError> {
        let identity = self.run.identity().await?;
        if let Some(settles) = &self.settles {
            let rules = settles.reconciler(&settles.rules, &identity);
            let copilots = settles.reconciler(&settles.copilots, &identity);
            reconcile::at_start(self.output, &rules, &copilots).await?;
        }
        Ok(identity)
    }
}

#[async_trait]
impl Identify for WriterIdentity {
    async fn identity(&self) -> Result<Identity, IdentityError> {
        let mut identity = self.settled.get_or_init(|| self.settle()).await.clone()?;
        if let Some(reason) = self.reason.get() {
            identity.author.reason = Some(reason.clone());
        }
        Ok(identity)
    }
}
