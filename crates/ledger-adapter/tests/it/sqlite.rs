//! The ledger in a file.

use std::time::Duration;

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger};
use domain::OutcomeKind;
use ports::testing::ledger_conformance::{self, intent, moment, outcome};
use ports::{Author, History, HistoryQuery, Ledger, LedgerError};

use crate::stores::{advised, books, connection, open, open_as};

#[tokio::test]
async fn a_ledger_in_a_file_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    ledger_conformance::check(|| async {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = folder.path().join(format!("ledger with % ? # {number}.db"));
        books(&format!("sqlite:{}", file.display()), folder.path()).await
    })
    .await;
}

#[tokio::test]
async fn what_was_recorded_is_there_after_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let everything = HistoryQuery {
        limit: 10,
        ..HistoryQuery::default()
    };
    let first = open(&address, folder.path()).await;
    let record = intent("r1", 7, 0);
    let id = first.intend(record.clone()).await.unwrap();
    first
        .conclude(outcome(&record, Some(id), OutcomeKind::Applied, 1))
        .await
        .unwrap();
    let before = first.entries(&everything).await.unwrap();
    first.close().await;
    drop(first);
    let again = open(&address, folder.path()).await;
    assert_eq!(again.entries(&everything).await.unwrap(), before);
}

#[tokio::test]
async fn the_log_is_folded_into_the_file_before_it_is_long() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = open(&address, folder.path()).await;
    let length = || std::fs::metadata(folder.path().join("ledger.db-wal")).map_or(0, |data| data.len());
    let mut lengths = Vec::new();
    for number in 0..40 {
        let record = intent("r1", number, number * 2);
        let id = ledger.intend(record.clone()).await.unwrap();
        let done = outcome(&record, Some(id), OutcomeKind::Applied, number * 2 + 1);
        ledger.conclude(done).await.unwrap();
        lengths.push(length());
    }
    assert!(lengths.iter().all(|length| *length <= 1 << 20), "{lengths:?}");
    assert!(lengths.contains(&0), "{lengths:?}");
}

/// A file that has no name any more is gone when the process is.
#[cfg(unix)]
#[tokio::test]
async fn a_ledger_that_is_removed_or_replaced_while_it_is_in_use_takes_nothing_more() {
    type Loss = fn(&std::path::Path) -> std::io::Result<()>;
    let losses: [(&str, Loss); 5] = [
        ("ledger.db` was cut short", |file| std::fs::File::create(file).map(drop)),
        ("ledger.db` is gone", |file| std::fs::remove_file(file)),
        ("ledger.db` is gone", |file| {
            std::fs::rename(file, file.with_extension("old"))
        }),
        ("ledger.db` is another file now", |file| {
            let copy = file.with_extension("copy");
            std::fs::copy(file, &copy)?;
            std::fs::rename(copy, file)
        }),
        ("ledger.db-wal` is gone", |file| {
            std::fs::remove_file(file.with_extension("db-wal"))
        }),
    ];
    for (shown, lose) in losses {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        let ledger = open(&format!("sqlite:{}", file.display()), folder.path()).await;
        let record = intent("r1", 7, 0);
        let id = ledger.intend(record.clone()).await.unwrap();
        lose(&file).unwrap();
        let done = outcome(&record, Some(id), OutcomeKind::Applied, 1);
        let failure = ledger.conclude(done).await.unwrap_err().in_full();
        assert!(failure.contains(shown), "{failure}");
        let after = ledger.intend(intent("r2", 8, 2)).await.unwrap_err().in_full();
        assert!(after.contains("failed before") && after.contains(shown), "{after}");
    }
}

#[tokio::test]
async fn entries_and_documents_can_only_be_added() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = open(&address, folder.path()).await;
    ledger.intend(intent("r1", 7, 0)).await.unwrap();
    let mut beside = connection(&address).await;
    for tampering in [
        "UPDATE entries SET body = ''",
        "DELETE FROM entries",
        "INSERT OR REPLACE INTO entries (seq, hash, body) VALUES (1, '', '')",
        "INSERT INTO entries (seq, hash, body) VALUES (3, '', '')",
        "UPDATE documents SET content = ''",
        "DELETE FROM documents",
        "INSERT OR REPLACE INTO documents (digest, content) SELECT digest, '' FROM documents",
    ] {
        let refused = sqlx::raw_sql(tampering).execute(&mut beside).await.unwrap_err();
        assert!(refused.to_string().contains("are"), "{tampering}: {refused}");
    }
}

#[tokio::test]
async fn the_tables_of_another_program_are_left_alone() {
    for table in ["entries", "documents", "outbox", "their_own"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other.db");
        std::fs::write(&file, "").unwrap();
        let address = format!("sqlite:{}", file.display());
        let mut theirs = connection(&address).await;
        let make = format!("CREATE TABLE {table} (seq INTEGER, hash TEXT, body TEXT)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(make))
            .execute(&mut theirs)
            .await
            .unwrap();
        let settings = LedgerSettings {
            address: address.parse().unwrap(),
            run: None,
            sinks: Vec::new(),
        };
        let refused = SqlLedger::open(settings).await.err().map(|error| error.to_string());
        assert!(refused.is_some_and(|why| why.contains("another program")), "{table}");
        let write = format!("INSERT INTO {table} VALUES (5, 'a', 'b'); DELETE FROM {table}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(write))
            .execute(&mut theirs)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn the_lease_of_a_run_that_is_gone_is_nobodys() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let [held, waiting] = [open(&address, folder.path()).await, open(&address, folder.path()).await];
    let mut record = intent("r1", 7, 0);
    let runs = std::fs::read_dir(folder.path().join("ledger.db.runs")).unwrap();
    let runs: Vec<String> = runs
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(runs.len(), 2);
    let (mut leased_by, mut entries) = (Vec::new(), Vec::new());
    for run in &runs {
        record.document.id.clone_from(run);
        record.author.run.clone_from(run);
        entries.push(held.intend(record.clone()).await.unwrap());
        leased_by.push(waiting.intend(record.clone()).await.is_err());
    }
    assert_eq!(leased_by, [true, true]);
    let abandoned = async |ledger: &SqlLedger, author: &Author| {
        let mut count = 0;
        for entry in &entries {
            count += i32::from(ledger.is_abandoned(*entry, author).await.unwrap());
        }
        count
    };
    assert_eq!(abandoned(&waiting, &record.author).await, 0);
    drop(held);
    assert_eq!(abandoned(&waiting, &record.author).await, 1);
    let mut beside = connection(&address).await;
    // Another machine has another boot.
    let set = |owner: &str| format!("UPDATE updates SET owner = {owner}");
    let elsewhere = set("'another-boot ' || substr(owner, instr(owner, ' ') + 1)");
    let here = set("(SELECT owner FROM kept WHERE kept.id = updates.id)");
    for sql in ["CREATE TEMP TABLE kept AS SELECT id, owner FROM updates", &elsewhere] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&mut beside)
            .await
            .unwrap();
    }
    assert_eq!(
        abandoned(&waiting, &record.author).await,
        0,
        "nobody can tell from there"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(here))
        .execute(&mut beside)
        .await
        .unwrap();
    let mut free = 0;
    for run in &runs {
        record.document.id.clone_from(run);
        record.author.run.clone_from(run);
        free += i32::from(waiting.intend(record.clone()).await.is_ok());
    }
    assert_eq!(free, 1, "that of the run that lives stays");
}

/// Each is told with its path and what to do, and is as it was.
#[tokio::test]
async fn what_is_no_ledger_is_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "a text that is long enough to be no database, and that somebody wants to keep as it is\n".repeat(9),
    )
    .unwrap();
    let before = std::fs::read(&text).unwrap();
    let settings = |file: &std::path::Path, run: &str| LedgerSettings {
        address: format!("sqlite:{}", file.display()).parse().unwrap(),
        run: Some((run.to_owned(), folder.path().join("runs"))),
        sinks: Vec::new(),
    };
    let refused = advised(&SqlLedger::open(settings(&text, "a")).await.err().unwrap());
    assert!(
        refused.contains("notes.txt") && refused.contains("another program"),
        "{refused}"
    );
    assert!(refused.contains("--ledger"), "{refused}");
    assert_eq!(std::fs::read(&text).unwrap(), before);
    let refused = advised(&SqlLedger::open(settings(folder.path(), "b")).await.err().unwrap());
    assert!(refused.contains("--ledger"), "{refused}");
}

#[tokio::test]
async fn a_ledger_that_is_locked_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = open(&address, folder.path()).await;
    let mut beside = connection(&address).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut beside).await.unwrap();
    let refused = ledger.intend(intent("r1", 1, 0)).await.unwrap_err();
    assert!(
        matches!(&refused, LedgerError::Busy(failure) if failure.source.is_some()),
        "with the words of the database: {refused:?}"
    );
    sqlx::raw_sql("ROLLBACK").execute(&mut beside).await.unwrap();
    ledger.intend(intent("r1", 1, 0)).await.unwrap();
}

#[tokio::test]
async fn a_new_file_that_another_process_makes_into_a_ledger_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let mut beside = connection(&format!("{address}?mode=rwc")).await;
    // The mode of its journal cannot be changed now, and SQLite does not wait until it can.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut beside).await.unwrap();
    let mut opening = std::pin::pin!(open(&address, folder.path()));
    let opened = tokio::time::timeout(Duration::from_millis(200), &mut opening).await;
    assert!(opened.is_err(), "another process is at work in it");
    sqlx::raw_sql("ROLLBACK").execute(&mut beside).await.unwrap();
    opening.await.intend(intent("r1", 1, 0)).await.unwrap();
}

#[tokio::test]
async fn a_process_that_ended_is_gone_and_its_leases_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = open_as(&address, folder.path(), "run-1").await;
    let mut record = intent("r1", 1, 0);
    let id = ledger.intend(record.clone()).await.unwrap();
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    let pid = ended.id();
    ended.wait().unwrap();
    let mut beside = connection(&address).await;
    let owner: (String,) = sqlx::query_as("SELECT owner FROM updates")
        .fetch_one(&mut beside)
        .await
        .unwrap();
    let parts: Vec<&str> = owner.0.split(' ').collect();
    let of_the_ended = format!("UPDATE updates SET owner = '{} {} {pid} 1'", parts[0], parts[1]);
    "another run".clone_into(&mut record.author.run);
    record.at = moment(1);
    assert!(ledger.intend(record.clone()).await.is_err());
    sqlx::raw_sql(sqlx::AssertSqlSafe(of_the_ended))
        .execute(&mut beside)
        .await
        .unwrap();
    assert!(ledger.is_abandoned(id, &record.author).await.unwrap());
    ledger.intend(record).await.unwrap();
}
