//! The ledger, for writers.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use ports::{
    Author, BaseRecord, DocumentRef, Entry, EntryId, IntentRecord, JoinRecord, Ledger, LedgerError, LedgerFailure,
    OutcomeRecord, Recorded,
};

use crate::address::LedgerAddress;
use crate::bases::Observe;
use crate::conclude::Conclude;
use crate::digest::digest;
use crate::holder::Abandoned;
use crate::intend::Intend;
use crate::store::{BeforeStatement, IfAbsent, Interrupt, Sessions, Store};
use crate::targets::{self, Join, names_of};
use crate::{history, spill};

/// A ledger in a database. It has one connection and does one thing at a time, in the order in which it is asked;
/// entries that wait for it at the same time are added in one transaction.
pub struct SqlLedger {
    pub(crate) store: Store,
    pub(crate) sinks: Arc<[String]>,
}

/// The settings for opening a ledger.
#[derive(Clone, Debug)]
pub struct LedgerSettings {
    /// The address. A file that does not exist is created.
    pub address: LedgerAddress,
    /// The run that records, if it does: its id, and the folder for what a shared database cannot take. For a ledger
    /// in a file that is a folder beside it.
    pub run: Option<(String, PathBuf)>,
    /// The sinks that are told of changes.
    pub sinks: Vec<String>,
}

/// The formats that a ledger had and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgraded {
    /// Before.
    pub from: i64,
    /// Now.
    pub to: i64,
}

impl SqlLedger {
    /// Opens a ledger. Whoever records brings one of an older format up to date, and takes in what runs that are gone
    /// could not record; whoever reads takes it as it is.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Busy`] while others are at work in it; otherwise if it cannot be opened or brought up to date, is
    /// of a later version, or is no ledger.
    pub async fn open(settings: LedgerSettings) -> Result<Self, LedgerError> {
        let mut undisturbed = |_: usize| Interrupt::Go;
        let upgrades = settings.run.is_some();
        Self::open_with(settings, upgrades.then_some(&mut undisturbed)).await
    }

    /// Opens a ledger that is there, as [`open`](Self::open) does; none if there is none. Nothing is created.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and if it cannot be told whether there is one.
    pub async fn open_existing(settings: LedgerSettings) -> Result<Option<Self>, LedgerError> {
        let mut undisturbed = |_: usize| Interrupt::Go;
        let upgrades = settings.run.is_some();
        let upgrade: Option<BeforeStatement<'_>> = if upgrades { Some(&mut undisturbed) } else { None };
        let opened = Self::open_at(&settings, upgrade, IfAbsent::Leave).await;
        opened.map_err(|failure| at_address(&settings, failure))
    }

    /// Brings a ledger of an older format up to date, as whoever owns its tables: the one thing that needs it. The
    /// formats that it had and has; the same if there was nothing to do.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open). It is as it was then.
    pub async fn upgrade(settings: LedgerSettings) -> Result<Upgraded, LedgerError> {
        let mut statements = 0;
        let mut counted = |number| {
            statements = number;
            Interrupt::Go
        };
        let ledger = Self::open_with(settings, Some(&mut counted)).await?;
        let to = ledger.store.format;
        ledger.close().await;
        let from = if statements > 0 { to - 1 } else { to };
        Ok(Upgraded { from, to })
    }

    pub(crate) async fn open_with(
        settings: LedgerSettings,
        upgrade: Option<BeforeStatement<'_>>,
    ) -> Result<Self, LedgerError> {
        let opened = Self::open_at(&settings, upgrade, IfAbsent::Create).await;
        let opened = opened.and_then(|found| found.ok_or_else(|| LedgerError::unusable("there is none")));
        opened.map_err(|failure| at_address(&settings, failure))
    }

    async fn open_at(
        settings: &LedgerSettings,
        upgrade: Option<BeforeStatement<'_>>,
        absent: IfAbsent,
    ) -> Result<Option<Self>, LedgerError> {
        let cannot = |error: std::io::Error| {
            let help = "make it writable, with room on its disk, or name another one with --ledger";
            LedgerError::Unusable(LedgerFailure::new("cannot open it").with_help(help).with_source(error))
        };
        // Why: opening a pipe would wait for its other end.
        if settings.address.file().is_some_and(is_special) {
            let failure = LedgerFailure::new("cannot open it: it is no regular file");
            return Err(LedgerError::Unusable(failure.with_help("name a file with --ledger")));
        }
        if let (Some(file), IfAbsent::Leave) = (settings.address.file(), absent)
            && !is_there(file)
                .map_err(|error| LedgerError::Unusable(LedgerFailure::new("cannot read it").with_source(error)))?
        {
            return Ok(None);
        }
        if let Some(file) = settings.address.file() {
            let made = match absent {
                IfAbsent::Create => make_private(file),
                // Why: SQLite would take one that may only be read, and say so at the first entry.
                IfAbsent::Leave => std::fs::OpenOptions::new().append(true).open(file).map(drop),
            };
            // A copy that may only be read is read.
            let is_only_read = settings.run.is_none() && upgrade.is_none() && file.exists();
            made.or_else(|error| if is_only_read { Ok(()) } else { Err(error) })
                .map_err(cannot)?;
        }
        let folder_of_file = settings.address.file().map(|file| {
            let mut folder = file.as_os_str().to_owned();
            folder.push(".runs");
            PathBuf::from(folder)
        });
        // Why: beside what is no ledger nothing is left.
        let made = folder_of_file.clone().filter(|folder| !folder.exists());
        let sessions = match (&settings.run, folder_of_file) {
            (None, folder) => Sessions::none(folder.unwrap_or_default()),
            (Some((run, _)), Some(folder)) => Sessions::begin(folder, run).map_err(cannot)?,
            (Some((run, folder)), None) => {
                // What one ledger could not take is not another's.
                let name: String = digest(settings.address.to_string().as_bytes()).to_string();
                Sessions::begin(folder.join(name), run).map_err(cannot)?
            }
        };
        let opened = Store::open(&settings.address, sessions, upgrade, absent).await;
        if let (Err(LedgerError::Unusable(_)) | Ok(None), Some(folder)) = (&opened, made)
            && let Err(error) = std::fs::remove_dir(&folder)
        {
            tracing::debug!("`{}` stays: {error}", folder.display());
        }
        let Some(store) = opened? else {
            return Ok(None);
        };
        let ledger = Self {
            store,
            sinks: settings.sinks.clone().into(),
        };
        if settings.run.is_some() {
            spill::recover(&ledger).await?;
        }
        Ok(Some(ledger))
    }

    /// Leaves it as the last thing that a process does: quicker than closing it, and the next one finds all.
    pub async fn leave(&self) {
        self.store.leave().await;
        self.store.sessions.end();
    }

    /// Closes it in good order. Without that nothing is lost, but the next one has more to do.
    pub async fn close(&self) {
        self.store.close().await;
        self.store.sessions.end();
    }
}

/// The failure with the address of the ledger.
fn at_address(settings: &LedgerSettings, failure: LedgerError) -> LedgerError {
    let named = |failure: LedgerFailure| LedgerFailure {
        message: format!("the ledger at {}: {}", settings.address, failure.message),
        ..failure
    };
    match failure {
        LedgerError::Unusable(failure) => LedgerError::Unusable(named(failure)),
        LedgerError::Busy(failure) => LedgerError::Busy(named(failure)),
        other @ (LedgerError::Leased { .. }
        | LedgerError::NoEntry(_)
        | LedgerError::Settled(_)
        | LedgerError::OtherOrganization { .. }) => other,
    }
}

/// True for a pipe, a device or a socket.
fn is_special(file: &std::path::Path) -> bool {
    std::fs::metadata(file).is_ok_and(|data| !data.is_file() && !data.is_dir())
}

/// True if there is a file with something in it. One that may not be read is there.
fn is_there(file: &std::path::Path) -> std::io::Result<bool> {
    match std::fs::metadata(file) {
        Ok(data) => Ok(!data.is_file() || data.len() > 0),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that only its owner may read: documents are in it.
fn make_private(file: &std::path::Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        files::make_private_folder(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}

#[async_trait]
impl Ledger for SqlLedger {
    async fn intend(&self, intent: IntentRecord) -> Result<EntryId, LedgerError> {
        let work = Intend {
            record: intent,
            sessions: self.store.sessions.clone(),
        };
        self.store.write_together(work).await
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        let work = Conclude {
            record: Arc::new(outcome),
            sinks: self.sinks.clone(),
        };
        let outcome = work.record.clone();
        match self.store.write_together(work).await {
            Err(LedgerError::Unusable(failure) | LedgerError::Busy(failure)) => {
                Err(spill::keep(self, &outcome, failure))
            }
            recorded => recorded,
        }
    }

    async fn is_abandoned(&self, entry: EntryId, _asks: &Author) -> Result<bool, LedgerError> {
        let work = Abandoned {
            entry,
            sessions: &self.store.sessions,
        };
        self.store.write(&work).await
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        let sql = "SELECT id, outcome, measured FROM updates WHERE target = $1 AND outcome_kind IN ('open', 'unknown') \
                   AND kind = $2 ORDER BY id";
        let mut rows = Vec::new();
        for name in targets::names(&self.store, target).await?.all {
            rows.extend(self.store.read(sql, &[name.as_str().into(), kind.into()]).await?);
        }
        let mut entries = history::entries(&self.store, &rows).await?;
        entries.sort_by_key(|entry| entry.id);
        Ok(entries)
    }

    async fn unsettled_of(&self, document: &DocumentRef) -> Result<Vec<Entry>, LedgerError> {
        let sql = concat!(
            "SELECT id, outcome, measured FROM updates WHERE kind = $2 AND document = $3 \
             AND outcome_kind IN ('open', 'unknown') AND target IN ",
            names_of!("$1"),
            " ORDER BY id"
        );
        let values = [
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
        ];
        let rows = self.store.read(sql, &values).await?;
        history::entries(&self.store, &rows).await
    }

    async fn observe(&self, base: BaseRecord) -> Result<EntryId, LedgerError> {
        self.store.write_together(Observe(base)).await
    }

    async fn join(&self, join: JoinRecord) -> Result<Option<EntryId>, LedgerError> {
        // Why asked first: each run says so, and only the first has to wait for its turn to write.
        if targets::names(&self.store, &join.target).await?.canonical == join.organization {
            return Ok(None);
        }
        self.store.write(&Join(&join)).await
    }
}
