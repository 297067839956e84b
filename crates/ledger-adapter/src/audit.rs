//! Proving the ledger: every entry and every document is hashed again, and what is derived from them is derived
//! again.
//!
//! It finds every edit, deletion, insertion and swap that does not also rewrite each later hash. Against that, and
//! against an end that was cut off, only a head that was noted elsewhere helps.

mod chain;
mod derived;
mod export;

use ports::LedgerFailure;

use crate::ledger::SqlLedger;
use crate::row::corrupt;
use crate::store::{number, text};
use chain::Chain;
use derived::Derived;

pub use export::verify_export;

/// How many rows are read at a time.
const PAGE: i64 = 1_000;

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReport {
    /// How many entries there are.
    pub entries: u64,
    /// How many documents they name.
    pub documents: u64,
    /// The hash of the last entry, which stands for the whole ledger; none if it is empty.
    pub head: Option<String>,
    /// What is wrong, the first first; no more than ten.
    pub faults: Vec<Fault>,
}

/// What is wrong with a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number of the entry, where it is one's.
    pub entry: Option<u64>,
    /// What.
    pub what: String,
}

impl SqlLedger {
    /// Proves the ledger. A head that was noted earlier must be that of one of its entries.
    ///
    /// # Errors
    ///
    /// If it cannot be read. What was tampered with is no error here, but a fault in the report.
    pub async fn verify(&self, known_head: Option<&str>) -> Result<AuditReport, LedgerFailure> {
        let mut chain = Chain::new(known_head);
        self.each_document(|name, content| {
            chain.document(name, content);
            Ok(())
        })
        .await?;
        let mut derived = Derived::default();
        self.each_entry(|seq, hash, body| {
            if let Some(body) = chain.entry(Some(seq), hash, body) {
                derived.entry(&body);
            }
            Ok(())
        })
        .await?;
        let mut report = chain.end();
        if report.faults.is_empty() {
            derived.compare(&self.store, &mut report.faults).await?;
        }
        Ok(report)
    }

    async fn each_document(
        &self,
        mut take: impl FnMut(&str, &str) -> Result<(), LedgerFailure> + Send,
    ) -> Result<(), LedgerFailure> {
        let sql = "SELECT digest, content FROM documents WHERE digest > $1 ORDER BY digest LIMIT $2";
        let mut after = String::new();
        loop {
            let rows = self.store.read(sql, &[after.as_str().into(), PAGE.into()]).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let name = text(row, 0).map_err(|error| corrupt(&error))?;
                let content = text(row, 1).map_err(|error| corrupt(&error))?;
                take(&name, &content)?;
                after = name;
            }
        }
    }

    async fn each_entry(
        &self,
        mut take: impl FnMut(i64, &str, &str) -> Result<(), LedgerFailure> + Send,
    ) -> Result<(), LedgerFailure> {
        let sql = "SELECT seq, hash, body FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2";
        let mut after = i64::MIN;
        loop {
            let rows = self.store.read(sql, &[after.into(), PAGE.into()]).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let seq = number(row, 0).map_err(|error| corrupt(&error))?;
                let hash = text(row, 1).map_err(|error| corrupt(&error))?;
                let body = text(row, 2).map_err(|error| corrupt(&error))?;
                take(seq, &hash, &body)?;
                after = seq;
            }
        }
    }
}
