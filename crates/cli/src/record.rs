//! The record of what this program does, as configured: the ledger, its history, and its outbox.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use app::Deliverer;
use ledger_adapter::{LedgerSettings, SqlLedger, Upgraded};
use ports::{Author, Clock, EventSink, History, InMemoryLedger, Ledger, LedgerError, LedgerFailure, Outbox, RealTime};

use crate::cli_error::{CliError, chain};
use crate::config::{Settings, Target};
use crate::error_code::ErrorCode;
use crate::machine_clock::refuse_a_wrong_clock;
use crate::stopper::Stopper;

/// The record, for writers, readers and deliverers.
pub(crate) struct Record {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) history: Arc<dyn History>,
    pub(crate) outbox: Arc<dyn Outbox>,
    /// The sinks that receive the changes; none in a run that only reads, or tells none.
    pub(crate) sinks: Vec<Arc<dyn EventSink>>,
    /// The sinks whose secret is not at hand, with why.
    pub(crate) without_secret: Vec<(String, CliError)>,
    /// The number of sinks whose events wait in the outbox because this run tells none.
    pub(crate) held_back: usize,
    /// The run of this program, one id for all that it records.
    pub(crate) run: String,
    /// The store, if there is one.
    store: Option<Arc<SqlLedger>>,
    /// True if this run appends to the record.
    records: bool,
}

impl Record {
    /// Opens the record, to add to it. It is made if there is none.
    pub(crate) async fn open(settings: &Settings) -> Result<Self, CliError> {
        let (sinks, ledger) = to_record(settings)?;
        let run = ledger.run.clone().map(|(run, _)| run).unwrap_or_default();
        let store = SqlLedger::open(ledger).await.map_err(|failure| unopened(&failure))?;
        Ok(Self::of_store(store, run, sinks, true).telling(settings))
    }

    /// Opens the record, to add to what it says. It is not made.
    pub(crate) async fn open_existing(settings: &Settings) -> Result<Self, CliError> {
        let (sinks, ledger) = to_record(settings)?;
        let run = ledger.run.clone().map(|(run, _)| run).unwrap_or_default();
        let store = existing(ledger).await?.ok_or_else(|| absent(settings))?;
        Ok(Self::of_store(store, run, sinks, true).telling(settings))
    }

    /// Opens the record, to read what it says. It is not made.
    pub(crate) async fn open_to_read(settings: &Settings) -> Result<Self, CliError> {
        let store = existing(to_read(settings)).await?.ok_or_else(|| absent(settings))?;
        Ok(Self::of_store(store, new_run(), Vec::new(), false))
    }

    /// Opens the record for a dry run, which takes bases from it. One that is not there has none, and is not made.
    pub(crate) async fn open_for_dry_run(settings: &Settings) -> Result<Self, CliError> {
        let store = existing(to_read(settings)).await?;
        Ok(store.map_or_else(Self::of_nothing, |store| {
            Self::of_store(store, new_run(), Vec::new(), false)
        }))
    }

    /// A record for a run that leaves none.
    fn of_nothing() -> Self {
        let ledger = Arc::new(InMemoryLedger::default());
        Self {
            ledger: ledger.clone(),
            history: ledger.clone(),
            outbox: ledger,
            sinks: Vec::new(),
            without_secret: Vec::new(),
            held_back: 0,
            run: new_run(),
            store: None,
            records: false,
        }
    }

    fn of_store(store: SqlLedger, run: String, sinks: Vec<Arc<dyn EventSink>>, records: bool) -> Self {
        let store = Arc::new(store);
        Self {
            ledger: store.clone(),
            history: store.clone(),
            outbox: store.clone(),
            sinks,
            without_secret: Vec::new(),
            held_back: 0,
            run,
            store: Some(store),
            records,
        }
    }

    /// The record, with the sinks that this run cannot tell, or does not.
    fn telling(self, settings: &Settings) -> Self {
        let all = settings.sinks.clone().unwrap_or_default();
        if settings.holds_events_back {
            let held_back = all.names().count();
            return Self { held_back, ..self };
        }
        Self {
            without_secret: all.without_secret,
            ..self
        }
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
    let sinks = settings.sinks.clone()?;
    if settings.holds_events_back {
        return Ok(Vec::new());
    }
    sinks.usable.iter().map(build).collect()
}

/// The sinks and the settings of a ledger for a run that adds to it.
fn to_record(settings: &Settings) -> Result<(Vec<Arc<dyn EventSink>>, LedgerSettings), CliError> {
    refuse_a_wrong_clock()?;
    let sinks = sinks(settings)?;
    let ledger = LedgerSettings {
        address: settings.ledger.clone(),
        run: Some((new_run(), settings.state_dir.join("runs"))),
        sinks: settings.sinks.clone()?.names().map(str::to_owned).collect(),
    };
    Ok((sinks, ledger))
}

/// The settings of a ledger for a run that reads it.
fn to_read(settings: &Settings) -> LedgerSettings {
    LedgerSettings {
        address: settings.ledger.clone(),
        run: None,
        sinks: Vec::new(),
    }
}

async fn existing(ledger: LedgerSettings) -> Result<Option<SqlLedger>, CliError> {
    let opened = SqlLedger::open_existing(ledger).await;
    opened.map_err(|failure| unopened(&failure))
}

/// Brings the record up to date with the format of this version.
pub(crate) async fn upgrade(settings: &Settings) -> Result<Upgraded, CliError> {
    // Why first: an upgrade would make one that is not there.
    Record::open_to_read(settings).await?.close().await;
    let upgraded = SqlLedger::upgrade(to_read(settings)).await;
    upgraded.map_err(|failure| unopened(&failure))
}

fn absent(settings: &Settings) -> CliError {
    let message = format!("there is no ledger at {}", settings.ledger);
    CliError::new(ErrorCode::UnreadableFile, message).with_help("`--ledger sqlite:PATH` names another")
}

/// A name for a run that no other has.
pub(crate) fn new_run() -> String {
    // Why not `now_v7`: it panics where the clock is before 1970, and what only reads needs no clock.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let at = uuid::Timestamp::from_unix(uuid::NoContext, now.as_secs(), now.subsec_nanos());
    uuid::Uuid::new_v7(at).to_string()
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
    let message = failure.in_full();
    match failure {
        LedgerError::Busy(_) => CliError::new(ErrorCode::Unavailable, message).that_passes(),
        LedgerError::OtherOrganization { .. } => CliError::new(ErrorCode::OtherOrganization, message),
        LedgerError::Unusable(LedgerFailure { help: Some(help), .. }) => {
            CliError::new(ErrorCode::NotRecorded, message).with_help(help)
        }
        LedgerError::Unusable(_) | LedgerError::Leased { .. } | LedgerError::NoEntry(_) | LedgerError::Settled(_) => {
            CliError::new(ErrorCode::NotRecorded, message).with_help(
                "`--ledger sqlite:PATH` or `--ledger postgres://…` names another; ASSIST_RULES_STATE_DIR its folder",
            )
        }
    }
}
