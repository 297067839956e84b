//! The ledger, for writers.

use std::path::PathBuf;

use async_trait::async_trait;
use ports::{Author, Entry, EntryId, IntentRecord, Ledger, LedgerError, OutcomeRecord, Recorded};

use crate::address::LedgerAddress;
use crate::conclude::Conclude;
use crate::digest::digest;
use crate::intend::Intend;
use crate::lease::Abandoned;
use crate::store::{Sessions, Store};
use crate::{history, spill};

/// A ledger in a database. It has one connection and does one thing at a time, in the order in which it is asked.
pub struct SqlLedger {
    pub(crate) store: Store,
    pub(crate) sinks: Vec<String>,
}

/// How a ledger is opened.
#[derive(Clone, Debug)]
pub struct LedgerSettings {
    /// Where it is. A file is made if there is none.
    pub address: LedgerAddress,
    /// The run that records, if it does: its id, and the folder for what a shared database cannot take. For a ledger
    /// in a file that is a folder beside it.
    pub run: Option<(String, PathBuf)>,
    /// The sinks that are told of changes.
    pub sinks: Vec<String>,
}

impl SqlLedger {
    /// Opens a ledger. What runs that are gone could not record is taken in.
    ///
    /// # Errors
    ///
    /// If it cannot be opened, is of a later version, or is no ledger.
    pub async fn open(settings: LedgerSettings) -> Result<Self, LedgerError> {
        let cannot = |error: &dyn std::fmt::Display| {
            LedgerError::Unusable(format!("cannot open the ledger at {}: {error}", settings.address))
        };
        if let Some(file) = settings.address.file() {
            make_private(file).map_err(|error| cannot(&error))?;
        }
        let sessions = match (&settings.run, settings.address.file()) {
            (None, _) => Sessions::none(),
            (Some((run, _)), Some(file)) => {
                let mut folder = file.as_os_str().to_owned();
                folder.push(".runs");
                Sessions::begin(folder.into(), run).map_err(|error| cannot(&error))?
            }
            (Some((run, folder)), None) => {
                // What one ledger could not take is not another's.
                let name: String = digest(settings.address.to_string().as_bytes()).to_string();
                Sessions::begin(folder.join(name), run).map_err(|error| cannot(&error))?
            }
        };
        let store = Store::open(&settings.address, sessions).await?;
        let ledger = Self {
            store,
            sinks: settings.sinks,
        };
        if settings.run.is_some() {
            spill::take_in(&ledger).await?;
        }
        Ok(ledger)
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

/// A file that only its owner may read: documents are in it.
fn make_private(file: &std::path::Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
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
            record: &intent,
            sessions: &self.store.sessions,
            dialect: self.store.dialect,
        };
        self.store.write(&work).await
    }

    async fn conclude(&self, outcome: OutcomeRecord) -> Result<Recorded, LedgerError> {
        let work = Conclude {
            record: &outcome,
            sinks: &self.sinks,
        };
        match self.store.write(&work).await {
            Err(LedgerError::Unusable(why)) => Err(spill::keep(self, &outcome, &why)),
            recorded => recorded,
        }
    }

    async fn is_abandoned(&self, entry: EntryId, asks: &Author) -> Result<bool, LedgerError> {
        let work = Abandoned {
            entry,
            author: asks,
            sessions: &self.store.sessions,
            dialect: self.store.dialect,
        };
        self.store.write(&work).await
    }

    async fn unsettled(&self, target: &str, kind: &str) -> Result<Vec<Entry>, LedgerError> {
        let sql = "SELECT id, outcome, measured FROM updates WHERE target = $1 AND outcome_kind IN ('open', 'unknown') \
                   AND kind = $2 ORDER BY id";
        let rows = self.store.read(sql, &[target.into(), kind.into()]).await?;
        history::entries(&self.store, &rows).await
    }
}
