//! Proving a sample: the newest entries, with the documents that they name.

use std::collections::BTreeSet;

use ports::LedgerError;

use super::chain::Chain;
use super::{AuditReport, bytes, counted, entries_after, is_text};
use crate::digest::Digest;
use crate::entry_body::Body;
use crate::ledger::SqlLedger;
use crate::row::corrupt;
use crate::store::{Dialect, Snapshot, number};

impl SqlLedger {
    /// Proves the newest entries, at most so many, and that they follow the one before them. The report counts these
    /// alone. What is derived from them is left to [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    pub async fn verify_newest(&self, most: u32) -> Result<AuditReport, LedgerError> {
        let mut store = self.store.look().await?;
        let last = counted(&mut store, "SELECT coalesce(max(seq), 0) FROM entries").await?;
        let before = last.saturating_sub(most.into()).max(0);
        let values = [(before - 1).into(), (i64::from(most) + 1).into()];
        let rows = store.rows(entries_after(store.dialect), &values).await?;
        let mut entries = Vec::with_capacity(rows.len());
        for row in &rows {
            let seq = number(row, 0).map_err(|error| corrupt(&error))?;
            let texts = (String::from_utf8(bytes(row, 1)?), String::from_utf8(bytes(row, 2)?));
            let texts = match texts {
                (Ok(hash), Ok(body)) if is_text(row, 3)? => Some((hash, body)),
                _ => None,
            };
            entries.push((seq, texts));
        }
        let mut chain = Chain::new(None);
        if before > 0 {
            let hash = match entries.first() {
                Some((seq, Some((hash, _)))) if *seq == before => hash.clone(),
                Some(_) | None => String::new(),
            };
            entries.retain(|(seq, _)| *seq != before);
            chain = Chain::after(before.unsigned_abs(), Digest::stored(hash));
        }
        let bodies = entries.iter().filter_map(|(_, texts)| texts.as_ref());
        let bodies = bodies.filter_map(|(_, body)| Body::read(body).ok());
        let named: BTreeSet<Digest> = bodies
            .flat_map(|body| body.documents().cloned().collect::<Vec<_>>())
            .collect();
        for name in &named {
            read_document(&mut store, name, &mut chain).await?;
        }
        for (seq, texts) in &entries {
            match texts {
                Some((hash, body)) => drop(chain.entry(Some(*seq), hash, body)),
                None => chain.unreadable_entry(),
            }
        }
        store.end().await?;
        let report = chain.end();
        Ok(AuditReport {
            entries: report.entries - before.unsigned_abs(),
            ..report
        })
    }
}

async fn read_document(store: &mut Snapshot<'_>, name: &Digest, chain: &mut Chain<'_>) -> Result<(), LedgerError> {
    let sql = match store.dialect {
        Dialect::Sqlite => "SELECT CAST(content AS BLOB), typeof(content) = 'text' FROM documents WHERE digest = $1",
        Dialect::Postgres => "SELECT convert_to(content, 'UTF8'), 1::BIGINT FROM documents WHERE digest = $1",
    };
    for row in store.rows(sql, &[name.as_str().into()]).await? {
        // Why 0: the entry that names it first may be one that is not read here.
        chain.document(name.as_str().as_bytes(), &bytes(&row, 0)?, 0, is_text(&row, 1)?);
    }
    Ok(())
}
