//! Entries and what is derived from them, as rows.

use std::collections::BTreeSet;

use ports::{EntryId, LedgerError};
use sqlx::any::AnyRow;

use crate::digest::{Digest, digest};
use crate::entry_body::{Body, Documents, EntryBodyError};
use crate::store::{AppendedEntry, Store, Transaction, TxError, number, text};

impl From<EntryBodyError> for TxError {
    fn from(unreadable: EntryBodyError) -> Self {
        Self::Refused(corrupt(&unreadable))
    }
}

/// A ledger in which something stands that cannot be.
pub(crate) fn corrupt(what: &dyn std::fmt::Display) -> LedgerError {
    LedgerError::Unusable(format!(
        "the ledger has an entry that cannot be read ({what}): `assist-rules audit verify` names it"
    ))
}

/// Adds an entry, made for its number and the hash of the one before, and the documents that it names.
pub(crate) async fn add(
    transaction: &mut Transaction<'_>,
    make: impl FnOnce(u64, Digest) -> (Body, Documents) + Send,
) -> Result<(i64, Digest), TxError> {
    let last = transaction
        .rows("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1", &[])
        .await?;
    let (seq, previous) = match last.first() {
        Some(row) => (number(row, 0)? + 1, Digest::stored(text(row, 1)?)),
        None => (1, Digest::of_nothing()),
    };
    let (body, documents) = make(unsigned(seq), previous);
    for (name, content) in &documents {
        let sql = "INSERT INTO documents (digest, content) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        transaction
            .execute(sql, &[name.as_str().into(), content.as_str().into()])
            .await?;
    }
    let canonical = body.canonical()?;
    let hash = digest(canonical.as_bytes());
    let sql = "INSERT INTO entries (seq, hash, body) VALUES ($1, $2, $3)";
    transaction
        .execute(sql, &[seq.into(), hash.as_str().into(), canonical.as_str().into()])
        .await?;
    transaction.added = Some(AppendedEntry {
        seq,
        hash: hash.to_string(),
    });
    Ok((seq, hash))
}

/// The entry with a number.
pub(crate) async fn body(transaction: &mut Transaction<'_>, seq: i64) -> Result<Option<Body>, TxError> {
    let rows = transaction
        .rows("SELECT body FROM entries WHERE seq = $1", &[seq.into()])
        .await?;
    Ok(rows.first().map(|row| read(row, 0)).transpose()?)
}

/// Why no update is open under a number: an intent that another followed is settled by that.
pub(crate) async fn not_open(transaction: &mut Transaction<'_>, id: EntryId) -> Result<LedgerError, TxError> {
    Ok(match body(transaction, signed(id.0)).await? {
        Some(_) => LedgerError::Settled(id),
        None => LedgerError::NoEntry(id),
    })
}

/// The entry that stands in a column.
pub(crate) fn read(row: &AnyRow, column: usize) -> Result<Body, EntryBodyError> {
    let text = text(row, column).map_err(|error| EntryBodyError(error.to_string()))?;
    Body::read(&text)
}

/// The documents that some entries name.
pub(crate) async fn documents_of(store: &Store, bodies: &[&Body]) -> Result<Documents, LedgerError> {
    let names: BTreeSet<&Digest> = bodies.iter().flat_map(|body| body.documents()).collect();
    let mut documents = Documents::new();
    for name in names {
        let sql = "SELECT content FROM documents WHERE digest = $1";
        for row in store.read(sql, &[name.as_str().into()]).await? {
            let content = text(&row, 0).map_err(|error| corrupt(&error))?;
            documents.insert(name.clone(), content);
        }
    }
    Ok(documents)
}

/// A number that counts entries.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A number of an entry, as the database has numbers.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
