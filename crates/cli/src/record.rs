//! The record of what this program does, as configured: the ledger, its history, and its outbox.

use std::sync::Arc;

use app::Deliverer;
use ledger_adapter::{LedgerSettings, SqlLedger, Upgraded};
use ports::{Author, Clock, EventSink, History, InMemoryLedger, Ledger, LedgerError, Outbox, RealTime};

use crate::cli_error::{CliError, chain};
use crate::config::{Settings, Target};
use crate::error_code::ErrorCode;
use crate::stopper::Stopper;

/// The record, for writers, readers and deliverers.
pub(crate) struct Record {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) outbox: Arc<dyn Outbox>,
    /// The sinks that receive the changes; none in a run that only reads.
    pub(crate) sinks: Vec<Arc<dyn EventSink>>,
    /// The run of this program, one id for all that it records.
    pub(crate) run: String,
    /// The store, if there is one.
    store: Option<Arc<SqlLedger>>,
    /// True if this run appends to the record.
    records: bool,
}

impl Record {
    /// Opens the record, to add to it.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, CliError> {
        let run = new_run();
        let place = (run.clone(), settings.state_dir.join("runs"));
        Self::of_store(settings, run, Some(place), sinks(settings)?).await
    }

    /// Opens the record, to read it. A file that is not there yet holds nothing, and is not made for that.
    pub(crate) async fn open_to_read(settings: &Settings) -> Result<Self, CliError> {
        if settings.ledger.file().is_some_and(|file| !file.exists()) {
            return Ok(Self::of_nothing());
        }
        Self::of_store(settings, new_run(), None, Vec::new()).await
    }

    /// A record for a run that leaves none.
    pub(crate) fn of_nothing() -> Self {
        let ledger = Arc::new(InMemoryLedger::default());
        Self {
            ledger: ledger.clone(),
            history: ledger.clone(),
            outbox: ledger,
            sinks: Vec::new(),
            run: new_run(),
            store: None,
            records: false,
        }
    }

    async fn of_store(
        settings: &Settings,
        run: String,
        place: Option<(String, std::path::PathBuf)>,
        sinks: Vec<Arc<dyn EventSink>>,
    ) -> Result<Self, CliError> {
        let records = place.is_some();
        let opened = SqlLedger::open(LedgerSettings {
            address: settings.ledger.clone(),
            run: place,
            sinks: sinks.iter().map(|sink| sink.name().to_owned()).collect(),
        });
        let store = Arc::new(opened.await.map_err(|failure| unopened(&failure))?);
        Ok(Self {
            ledger: store.clone(),
            history: store.clone(),
            outbox: store.clone(),
            sinks,
            run,
            store: Some(store),
            records,
        })
    }

    /// True if this run adds to the record.
    pub(crate) fn records(&self) -> bool {
        self.records
    }

    /// The store of the record, for `audit`.
    pub(crate) fn store(&self, settings: &Settings) -> Result<&SqlLedger, CliError> {
        self.store.as_deref().ok_or_else(|| absent(settings))
    }

    /// The deliverer of this record's events to its sinks.
    pub(crate) fn deliverer(&self, stopper: &Stopper) -> Deliverer {
        Deliverer {
            outbox: self.outbox.clone(),
            sinks: self.sinks.clone(),
            clock: Arc::new(RealTime::start()),
            sleeper: Arc::new(stopper.clone()),
        }
    }

    /// The author of the changes of this run: client, user and host, with the command and the reason.
    pub(crate) fn author(&self, settings: &Settings, command: &str, reason: Option<&str>) -> Author {
        let client = settings.target.as_ref().map(Target::client);
        Author {
            run: self.run.clone(),
            command: command.to_owned(),
            client: client.unwrap_or_default().to_owned(),
            user: whoami::username().ok(),
            host: whoami::hostname().ok(),
            reason: reason.map(str::to_owned),
            ..Author::default()
        }
    }

    /// Closes the record. A run that only reads leaves a file that is whole, without a log beside it, unless another
    /// program has it open.
    pub(crate) async fn close(self) {
        match self.store {
            Some(store) if self.records => store.leave().await,
            Some(store) => store.close().await,
            None => {}
        }
    }
}

/// The sinks as configured. One that cannot be built is an error before anything is sent.
pub(crate) fn sinks(settings: &Settings) -> Result<Vec<Arc<dyn EventSink>>, CliError> {
    let clock: Arc<dyn Clock> = Arc::new(RealTime::start());
    let build = |sink: &sink_adapter::SinkSettings| {
        sink.build(clock.clone()).map_err(|error| {
            let message = format!("the sink `{}`: {}", sink.name, chain(&error));
            CliError::new(ErrorCode::Configuration, message)
        })
    };
    settings.sinks.clone()?.iter().map(build).collect()
}

/// Brings the record up to date with the format of this version.
pub(crate) async fn upgrade(settings: &Settings) -> Result<Upgraded, CliError> {
    if settings.ledger.file().is_some_and(|file| !file.exists()) {
        return Err(absent(settings));
    }
    let upgraded = SqlLedger::upgrade(LedgerSettings {
        address: settings.ledger.clone(),
        run: None,
        sinks: Vec::new(),
    });
    upgraded.await.map_err(|failure| unopened(&failure))
}

fn absent(settings: &Settings) -> CliError {
    let message = format!("there is no ledger at {}", settings.ledger);
    CliError::new(ErrorCode::UnreadableFile, message).with_help("`--ledger sqlite:PATH` names another")
}

/// A name for a run that no other has.
pub(crate) fn new_run() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// The ledger that is named cannot be one: another one has to be named, or this one mended.
fn unopened(failure: &LedgerError) -> CliError {
    let mut error = unusable(failure);
    if let LedgerError::Unusable(_) = failure {
        error.code = ErrorCode::Configuration.into();
    }
    error
}

/// Without a record nothing is written, and nothing can be looked up.
pub(crate) fn unusable(failure: &LedgerError) -> CliError {
    if let LedgerError::Busy(_) = failure {
        return CliError {
            retryable: true,
            ..CliError::new(ErrorCode::Unavailable, failure.to_string())
        }
        .with_help("nothing was written and nothing sent: run the command again later");
    }
    if let LedgerError::OtherOrganization { .. } = failure {
        return CliError::new(ErrorCode::OtherOrganization, failure.to_string());
    }
    CliError::new(ErrorCode::NotRecorded, format!("{failure}"))
        .with_help("`--ledger sqlite:PATH` or `--ledger postgres://…` names another; ASSIST_RULES_STATE_DIR its folder")
}
