//! Proving the ledger: every entry and every document is hashed again, and what is derived from them is derived
//! again.
//!
//! The audit finds every edit, deletion, insertion and swap that does not also rewrite each later hash. Against that,
//! and against a truncated end, only a head that was noted elsewhere helps.

mod chain;
mod derived;
mod export;
mod newest;

use ports::LedgerError;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::ledger::SqlLedger;
use crate::row::corrupt;
use crate::store::{Dialect, FIRST_FORMAT, Snapshot, number, text};
use chain::Chain;
use derived::Derived;

pub use export::verify_export;

/// The number of rows read at a time.
const PAGE: i64 = 1_000;

/// The result of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// The number of entries.
    pub entries: u64,
    /// The number of sound documents; each has its digest as its name.
    pub documents: u64,
    /// The hash of the last entry, which stands for the whole ledger; none if it is empty.
    pub head: Option<String>,
    /// The faults in the order in which they were found; at most ten.
    pub faults: Vec<Fault>,
}

/// A fault of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the entry, where it is one's.
    pub entry: Option<u64>,
    /// A description of the fault.
    pub what: String,
}

impl SqlLedger {
    /// Proves the ledger as it is at one moment. A head that was noted earlier must be that of one of its entries.
    ///
    /// # Errors
    ///
    /// If it cannot be read. What was tampered with is no error here, but a fault in the report.
    pub async fn verify(&self, known_head: Option<&str>) -> Result<AuditReport, LedgerError> {
        let mut store = self.store.look().await?;
        let mut chain = Chain::new(known_head);
        read_documents(&mut store, &mut chain).await?;
        let derived = read_entries(&mut store, &mut chain).await?;
        let mut report = chain.end();
        if report.faults.is_empty() {
            let compared = derived.compare(&mut store, &mut report.faults).await;
            if let Err(failure) = compared {
                let what = format!("what is derived from the entries cannot be read: {failure}");
                report.faults.push(Fault { entry: None, what });
            }
        }
        store.end().await?;
        Ok(report)
    }
}

/// Columns are read as bytes and with their type: what was tampered with may be no text any more.
async fn read_documents(store: &mut Snapshot<'_>, chain: &mut Chain<'_>) -> Result<(), LedgerError> {
    let (sql, first) = match store.dialect {
        Dialect::Sqlite => (
            "SELECT CAST(rowid AS TEXT), CAST(digest AS BLOB), CAST(content AS BLOB), \
             typeof(digest) = 'text' AND typeof(content) = 'text', {entry} FROM documents \
             WHERE rowid > CAST($1 AS INTEGER) ORDER BY rowid LIMIT $2",
            i64::MIN.to_string(),
        ),
        Dialect::Postgres => (
            "SELECT digest, convert_to(digest, 'UTF8'), convert_to(content, 'UTF8'), 1::BIGINT, {entry} FROM documents \
             WHERE digest > $1 ORDER BY digest LIMIT $2",
            String::new(),
        ),
    };
    let sql = sql.replace("{entry}", entry_column(store.format));
    let mut after = first;
    let mut read = 0;
    loop {
        let rows = store.rows(sql.clone(), &[after.as_str().into(), PAGE.into()]).await?;
        let Some(last) = rows.last() else { break };
        after = text(last, 0).map_err(|error| corrupt(&error))?;
        for row in &rows {
            read += 1;
            let first = number(row, 4).map_err(|error| corrupt(&error))?;
            chain.document(&bytes(row, 1)?, &bytes(row, 2)?, first, is_text(row, 3)?);
        }
    }
    if counted(store, "SELECT count(*) FROM documents").await? != read {
        chain.fault(None, "there are documents that have no place".to_owned());
    }
    Ok(())
}

/// The SQL expression for the entry that first names a document: 0 in format 1, which does not record it.
pub(super) fn entry_column(format: i64) -> &'static str {
    if format == FIRST_FORMAT {
        "CAST(0 AS BIGINT)"
    } else {
        "entry"
    }
}

/// The SQL query for the entries after one, at most so many.
fn entries_after(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => {
            "SELECT seq, CAST(hash AS BLOB), CAST(body AS BLOB), typeof(hash) = 'text' AND typeof(body) = 'text' \
             FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2"
        }
        Dialect::Postgres => {
            "SELECT seq, convert_to(hash, 'UTF8'), convert_to(body, 'UTF8'), 1::BIGINT FROM entries \
             WHERE seq > $1 ORDER BY seq LIMIT $2"
        }
    }
}

async fn read_entries(store: &mut Snapshot<'_>, chain: &mut Chain<'_>) -> Result<Derived, LedgerError> {
    let sql = entries_after(store.dialect);
    let mut derived = Derived::default();
    let mut after = i64::MIN;
    let mut read = 0;
    loop {
        let rows = store.rows(sql, &[after.into(), PAGE.into()]).await?;
        let Some(last) = rows.last() else { break };
        after = number(last, 0).map_err(|error| corrupt(&error))?;
        for row in &rows {
            read += 1;
            let seq = number(row, 0).map_err(|error| corrupt(&error))?;
            let (hash, body) = (bytes(row, 1)?, bytes(row, 2)?);
            let (hash, body) = (std::str::from_utf8(&hash), std::str::from_utf8(&body));
            let (Ok(hash), Ok(body), true) = (hash, body, is_text(row, 3)?) else {
                chain.unreadable_entry();
                continue;
            };
            if let Some(body) = chain.entry(Some(seq), hash, body) {
                derived.entry(&body);
            }
        }
    }
    if counted(store, "SELECT count(*) FROM entries").await? != read {
        chain.fault(None, "there are entries that have no place".to_owned());
    }
    Ok(derived)
}

async fn counted(store: &mut Snapshot<'_>, sql: &'static str) -> Result<i64, LedgerError> {
    let rows = store.rows(sql, &[]).await?;
    let count = rows.first().map(|row| number(row, 0)).transpose();
    count.map(Option::unwrap_or_default).map_err(|error| corrupt(&error))
}

fn bytes(row: &AnyRow, column: usize) -> Result<Vec<u8>, LedgerError> {
    row.try_get(column).map_err(|error| corrupt(&error))
}

fn is_text(row: &AnyRow, column: usize) -> Result<bool, LedgerError> {
    Ok(number(row, column).map_err(|error| corrupt(&error))? == 1)
}
