//! Mutations of rows, by somebody who has the file and took the triggers away.

use std::sync::Arc;

use assist_rules_ledger_adapter::SqlLedger;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use super::{Counts, connection, flipped, varied};

/// Mutates every second row in every way.
pub(super) async fn mutate(half: usize) -> Counts {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let ledger = varied(&address, folder.path()).await;
    let head = ledger.verify(None).await.unwrap();
    assert_eq!(head.faults, []);
    let mut tampering = Tampering {
        ledger,
        beside: connection(&address).await,
        head: head.head.unwrap(),
        counts: Counts::new(),
        half,
    };
    for setting in [
        "PRAGMA synchronous = OFF",
        "DROP TRIGGER entries_are_added_in_order",
        "DROP TRIGGER entries_are_not_changed",
        "DROP TRIGGER entries_are_not_deleted",
        "DROP TRIGGER documents_are_not_changed",
        "DROP TRIGGER documents_are_not_deleted",
        "DROP TRIGGER IF EXISTS documents_are_not_replaced",
    ] {
        tampering.run(setting).await;
    }
    for (table, key, columns) in [
        ("entries", "seq", ["hash", "body"]),
        ("documents", "digest", ["digest", "content"]),
    ] {
        for column in columns {
            tampering.flip(table, column).await;
            tampering.is_whole().await;
        }
        tampering.take_away_and_double(table, key).await;
        tampering.is_whole().await;
    }
    tampering.renumber().await;
    tampering.is_whole().await;
    tampering.swap().await;
    tampering.is_whole().await;
    tampering.put_in().await;
    tampering.is_whole().await;
    tampering.derive_otherwise().await;
    tampering.is_whole().await;
    tampering.cut_off().await;
    tampering.is_whole().await;
    tampering.counts
}

struct Tampering {
    ledger: Arc<SqlLedger>,
    beside: AnyConnection,
    head: String,
    counts: Counts,
    half: usize,
}

impl Tampering {
    async fn run(&mut self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.beside).await.unwrap();
    }

    async fn is_found(&mut self, sort: &'static str, head: Option<&str>, what: &str) {
        *self.counts.entry(sort).or_default() += 1;
        let report = self.ledger.verify(head).await.unwrap();
        assert!(!report.faults.is_empty(), "{sort}: {what}");
    }

    /// Does something, sees it found, and undoes it.
    async fn tampered(&mut self, sort: &'static str, deed: &str, undo: &str) {
        self.run(deed).await;
        self.is_found(sort, None, deed).await;
        self.run(undo).await;
    }

    /// Asserts that the ledger is intact: otherwise the next mutation could be found because of an earlier one.
    async fn is_whole(&mut self) {
        assert_eq!(self.ledger.verify(Some(&self.head)).await.unwrap().faults, []);
    }

    /// The numbers that the database has for every second row.
    async fn places(&mut self, table: &str) -> Vec<i64> {
        let sql = AssertSqlSafe(format!("SELECT CAST(rowid AS INTEGER) FROM {table} ORDER BY rowid"));
        let rows = sqlx::query(sql).fetch_all(&mut self.beside).await.unwrap();
        let places = rows.iter().map(|row| row.get::<i64, _>(0)).skip(self.half);
        places.step_by(2).collect()
    }

    async fn flip(&mut self, table: &str, column: &str) {
        let sort = match (table, column) {
            ("entries", "hash") => "entries.hash: a bit",
            ("entries", _) => "entries.body: a bit",
            (_, "digest") => "documents.digest: a bit",
            _ => "documents.content: a bit",
        };
        for place in self.places(table).await {
            let sql = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE rowid = {place}");
            let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut self.beside).await;
            let whole: Vec<u8> = row.unwrap().get(0);
            let set = |bytes: &[u8]| {
                let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                let hex = hex.concat();
                format!("UPDATE {table} SET {column} = CAST(x'{hex}' AS TEXT) WHERE rowid = {place}")
            };
            for at in 0..whole.len() {
                let mut mutated = whole.clone();
                let byte = mutated.get_mut(at).unwrap();
                *byte = flipped(*byte, at + usize::try_from(place).unwrap_or_default());
                self.run(&set(&mutated)).await;
                self.is_found(sort, None, column).await;
            }
            self.run(&set(&whole)).await;
            self.is_whole().await;
            let as_bytes = format!("UPDATE {table} SET {column} = CAST({column} AS BLOB) WHERE rowid = {place}");
            self.tampered("a column: bytes in place of text", &as_bytes, &set(&whole))
                .await;
        }
    }

    async fn renumber(&mut self) {
        for place in self.places("entries").await {
            for bit in 0..64 {
                let other = place ^ (1 << bit);
                let there = sqlx::query("SELECT 1 FROM entries WHERE seq = $1").bind(other);
                if there.fetch_optional(&mut self.beside).await.unwrap().is_some() {
                    // What stands there is swapped, below.
                    continue;
                }
                let [deed, undo] = [(place, other), (other, place)]
                    .map(|(from, to)| format!("UPDATE entries SET seq = {to} WHERE seq = {from}"));
                self.tampered("entries.seq: a bit", &deed, &undo).await;
            }
        }
    }

    async fn take_away_and_double(&mut self, table: &str, key: &str) {
        let sort = if table == "entries" {
            "entries: a row less"
        } else {
            "documents: a row less"
        };
        for place in self.places(table).await {
            self.run(&format!(
                "CREATE TEMP TABLE away AS SELECT * FROM {table} WHERE rowid = {place}"
            ))
            .await;
            let deed = format!("DELETE FROM {table} WHERE rowid = {place}");
            let undo = format!("INSERT INTO {table} SELECT * FROM away");
            self.tampered(sort, &deed, &undo).await;
            self.run("DROP TABLE away").await;
            for other in ["(SELECT max(seq) + 1 FROM entries)", "0", "-7"] {
                let (other, sort) = if table == "entries" {
                    (other.to_owned(), "entries: a row twice")
                } else {
                    (format!("'x' || {other}"), "documents: a row twice")
                };
                let rest = if table == "entries" { "hash, body" } else { "content" };
                let deed = format!(
                    "INSERT INTO {table} ({key}, {rest}) SELECT {other}, {rest} FROM {table} WHERE rowid = \
                     (SELECT rowid FROM {table} ORDER BY rowid LIMIT 1 OFFSET {})",
                    place % 7
                );
                let undo = format!("DELETE FROM {table} WHERE rowid = last_insert_rowid()");
                self.tampered(sort, &deed, &undo).await;
            }
        }
    }

    async fn swap(&mut self) {
        let places = self.places("entries").await;
        for (number, place) in places.iter().enumerate() {
            for other in places.iter().skip(number + 1) {
                let deed = format!(
                    "UPDATE entries SET seq = -1 WHERE seq = {place}; UPDATE entries SET seq = {place} \
                     WHERE seq = {other}; UPDATE entries SET seq = {other} WHERE seq = -1"
                );
                self.tampered("entries: two rows swapped", &deed, &deed).await;
            }
        }
        let places = self.places("documents").await;
        for pair in places.windows(2) {
            let [place, other] = pair else { continue };
            let deed = format!(
                "CREATE TEMP TABLE pair AS SELECT rowid AS place, content FROM documents WHERE rowid IN ({place}, \
                 {other}); UPDATE documents SET content = (SELECT content FROM pair WHERE pair.place = {place} + \
                 {other} - documents.rowid) WHERE rowid IN ({place}, {other}); DROP TABLE pair"
            );
            self.tampered("documents: two contents swapped", &deed, &deed).await;
        }
    }

    async fn put_in(&mut self) {
        for (digest, content) in [
            ("", "{}"),
            ("a", "{}"),
            ("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", "{}"),
            ("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8b", "{}"),
        ] {
            let deed = format!("INSERT INTO documents (digest, content) VALUES ('{digest}', '{content}')");
            let undo = format!("DELETE FROM documents WHERE digest = '{digest}'");
            self.tampered("documents: a row put in", &deed, &undo).await;
        }
    }

    /// Changes rows of the derived tables, so that they disagree with the entries.
    async fn derive_otherwise(&mut self) {
        for (table, deeds) in [
            (
                "documents",
                [
                    "UPDATE documents SET entry = entry + 1",
                    "UPDATE documents SET entry = 1",
                ]
                .as_slice(),
            ),
            (
                "targets",
                &[
                    "DELETE FROM targets",
                    "UPDATE targets SET organization = 'another'",
                    "UPDATE targets SET name = 'another'",
                    "INSERT INTO targets (name, organization) VALUES ('a', 'b')",
                ],
            ),
            (
                "bases",
                &[
                    "DELETE FROM bases WHERE seq = (SELECT min(seq) FROM bases)",
                    "UPDATE bases SET hash = 'another'",
                    "UPDATE bases SET content = ''",
                    "UPDATE bases SET kind = 'another'",
                ],
            ),
            (
                "base_members",
                &[
                    "DELETE FROM base_members",
                    "UPDATE base_members SET seq = seq - 1",
                    "UPDATE base_members SET read_at = read_at + 1",
                    "UPDATE base_members SET member = member || 'x'",
                ],
            ),
            (
                "updates",
                &[
                    "UPDATE updates SET kind = 'another' WHERE kind = 'rule'",
                    "UPDATE updates SET target = 'another' WHERE id = (SELECT max(id) FROM updates)",
                    "UPDATE updates SET outcome_kind = 'applied' WHERE outcome_kind = 'overwritten'",
                ],
            ),
            ("tallies", &["UPDATE tallies SET kind = 'another' WHERE kind = 'toy'"]),
            ("activity", &["UPDATE activity SET n = n + 1 WHERE kind = 'toy'"]),
        ] {
            self.run(&format!("CREATE TEMP TABLE kept AS SELECT * FROM main.{table}"))
                .await;
            for deed in deeds {
                let undo = if table == "documents" {
                    "UPDATE documents SET entry = (SELECT kept.entry FROM kept WHERE kept.digest = documents.digest)"
                        .to_owned()
                } else {
                    format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept")
                };
                self.tampered("what is derived: rows of another say", deed, &undo).await;
            }
            self.run("DROP TABLE kept").await;
        }
    }

    /// By somebody who mends what is derived from the entries as well: only a known head shows it.
    async fn cut_off(&mut self) {
        let head = self.head.clone();
        let tables = ["entries", "updates"];
        for table in tables {
            self.run(&format!(
                "CREATE TEMP TABLE whole_{table} AS SELECT * FROM main.{table}"
            ))
            .await;
        }
        for place in self.places("entries").await {
            self.run(&format!("DELETE FROM entries WHERE seq >= {place}")).await;
            self.is_found("entries: the end cut off", None, "the end").await;
            self.is_found("entries: the end cut off, with a known head", Some(&head), "the end")
                .await;
            self.run("INSERT INTO entries SELECT * FROM whole_entries WHERE seq NOT IN (SELECT seq FROM entries)")
                .await;
        }
        // The last entry is an intent: nobody else's document goes with it, and no figure.
        let deed = "DELETE FROM updates WHERE id = (SELECT max(seq) FROM entries); \
                    DELETE FROM documents WHERE content LIKE '%\"open\"%'; \
                    DELETE FROM entries WHERE seq = (SELECT max(seq) FROM entries)";
        self.run("CREATE TEMP TABLE whole_documents AS SELECT * FROM main.documents")
            .await;
        self.run(deed).await;
        let undo = "INSERT INTO entries SELECT * FROM whole_entries WHERE seq NOT IN (SELECT seq FROM entries); \
                    INSERT INTO updates SELECT * FROM whole_updates WHERE id NOT IN (SELECT id FROM updates); \
                    INSERT INTO documents SELECT * FROM whole_documents WHERE digest NOT IN \
                    (SELECT digest FROM documents)";
        let without = self.ledger.verify(None).await.unwrap();
        assert_eq!(without.faults, [], "without a head nothing shows");
        self.is_found(
            "entries: the end cut off and all mended, with a known head",
            Some(&head),
            deed,
        )
        .await;
        self.run(undo).await;
    }
}
