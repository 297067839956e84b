//! The process whose disk fails.

use std::io::Write;
use std::path::{Path, PathBuf};

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger};
use domain::OutcomeKind;
use ports::testing::ledger_conformance::{SINKS, intent, outcome};
use ports::{EntryId, Ledger};

use super::in_folder;

/// Names the folder of the process.
pub(super) const FOLDER: &str = "ASSIST_RULES_TEST_FAULTS";

/// The number of updates that the process attempts.
pub(super) const UPDATES: usize = 34;

const RUN: &str = "run-of-the-child";

/// The files in its folder.
pub(super) struct Files {
    ledger: PathBuf,
    pub(super) runs: PathBuf,
    pub(super) notes: PathBuf,
}

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            ledger: in_folder(folder, "ledger.db"),
            runs: in_folder(folder, "ledger.db.runs"),
            notes: in_folder(folder, "notes"),
        }
    }

    pub(super) fn address(&self) -> String {
        format!("sqlite:{}", self.ledger.display())
    }

    /// All that a call may be about.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let beside = |end: &str| {
            let mut path = self.ledger.clone().into_os_string();
            path.push(end);
            PathBuf::from(path)
        };
        let run = self.runs.join(format!("{RUN}.run"));
        let mut all: Vec<PathBuf> = ["", "-wal", "-shm", "-journal"].map(beside).to_vec();
        all.extend([run, self.runs.clone(), self.notes.clone()]);
        all
    }
}

#[test]
#[ignore = "it is a process of the test of faults"]
fn records_what_it_can() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(record(&Files::of(&folder)));
}

/// Makes updates until the ledger takes none, and then tries twice more.
async fn record(files: &Files) {
    let mut notes = std::fs::OpenOptions::new();
    let mut notes = notes.create(true).append(true).open(&files.notes).unwrap();
    let mut note = |what: &str, id: EntryId| {
        notes.write_all(format!("{what} {id}\n").as_bytes()).unwrap();
    };
    let settings = LedgerSettings {
        address: files.address().parse().unwrap(),
        run: Some((RUN.to_owned(), files.runs.clone())),
        sinks: SINKS.map(str::to_owned).to_vec(),
    };
    let Ok(ledger) = SqlLedger::open(settings).await else {
        note("closed", EntryId(0));
        return;
    };
    let mut refusals = 0;
    for number in 0..UPDATES as u64 {
        let mut wanted = intent(&format!("r{}", number % 3), number, number * 10);
        RUN.clone_into(&mut wanted.author.run);
        let Ok(id) = ledger.intend(wanted.clone()).await else {
            note("refused", EntryId(0));
            refusals += 1;
            if refusals == 3 {
                break;
            }
            continue;
        };
        assert_eq!(refusals, 0, "it takes none any more");
        note("put", id);
        let applied = outcome(&wanted, Some(id), OutcomeKind::Applied, number * 10 + 1);
        match ledger.conclude(applied).await {
            Ok(_) => note("recorded", id),
            Err(failure) if failure.to_string().contains("it is kept in") => note("kept", id),
            Err(_) => note("lost", id),
        }
    }
    ledger.close().await;
}
