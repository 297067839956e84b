//! Entries and what is derived from them, as rows.

use std::collections::{BTreeMap, BTreeSet};

use ports::{EntryId, LedgerError, LedgerFailure};
use sqlx::any::AnyRow;

use crate::digest::{Digest, digest};
use crate::entry_body::{Body, Documents, EntryBodyError};
use crate::store::{AppendedEntry, Store, Transaction, TxError, Value, number, text};

/// The maximum number of keys in a query, and the number of placeholders in a query for few keys.
pub(crate) const BATCH: usize = 64;
const FEW: usize = 4;

impl From<EntryBodyError> for TxError {
    fn from(unreadable: EntryBodyError) -> Self {
        Self::Refused(corrupt(&unreadable))
    }
}

/// A ledger in which something stands that cannot be.
pub(crate) fn corrupt(what: &dyn std::fmt::Display) -> LedgerError {
    let failure = LedgerFailure::new(format!("the ledger has an entry that cannot be read: {what}"));
    LedgerError::Unusable(failure.with_help("`assist-rules audit verify` names it"))
}

/// The last entry of a ledger: its number and its hash.
pub(crate) struct Last {
    seq: i64,
    hash: Digest,
}

impl Last {
    pub(crate) fn new(seq: i64, hash: String) -> Self {
        Self {
            seq,
            hash: Digest::stored(hash),
        }
    }

    /// The state of a ledger without entries.
    pub(crate) fn none() -> Self {
        Self {
            seq: 0,
            hash: Digest::of_nothing(),
        }
    }
}

/// Adds an entry after the last one, made for its number and the hash of that, and the documents that it names.
pub(crate) async fn add(
    transaction: &mut Transaction<'_>,
    last: Last,
    make: impl FnOnce(u64, Digest) -> (Body, Documents) + Send,
) -> Result<(i64, Digest), TxError> {
    let seq = last.seq + 1;
    let (body, documents) = make(unsigned(seq), last.hash);
    add_documents(transaction, &documents, seq).await?;
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

/// Adds the documents that are not there yet, all at once: an intent has two.
async fn add_documents(transaction: &mut Transaction<'_>, documents: &Documents, seq: i64) -> Result<(), sqlx::Error> {
    if documents.is_empty() {
        return Ok(());
    }
    let (mut places, mut values) = (Vec::new(), vec![seq.into()]);
    for (name, content) in documents {
        places.push(format!("(${}, ${}, $1)", values.len() + 1, values.len() + 2));
        values.extend([name.as_str().into(), content.as_str().into()]);
    }
    let rows = places.join(", ");
    let sql = format!("INSERT INTO documents (digest, content, entry) VALUES {rows} ON CONFLICT DO NOTHING");
    transaction.execute(sql, &values).await?;
    Ok(())
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
    let names: Vec<&Digest> = names.into_iter().collect();
    let mut documents = Documents::new();
    for some in names.chunks(BATCH) {
        let (sql, values) = one_of("SELECT digest, content FROM documents WHERE digest", some, |name| {
            name.as_str().into()
        });
        for row in store.read(sql, &values).await? {
            let name = text(&row, 0).map_err(|error| corrupt(&error))?;
            let content = text(&row, 1).map_err(|error| corrupt(&error))?;
            documents.insert(Digest::stored(name), content);
        }
    }
    Ok(documents)
}

/// The entries with these numbers, as far as they are there.
pub(crate) async fn bodies(store: &Store, seqs: &[i64]) -> Result<BTreeMap<i64, Body>, LedgerError> {
    let mut bodies = BTreeMap::new();
    for some in seqs.chunks(BATCH) {
        let (sql, values) = one_of("SELECT seq, body FROM entries WHERE seq", some, |seq| (*seq).into());
        for found in store.read(sql, &values).await? {
            let seq = number(&found, 0).map_err(|error| corrupt(&error))?;
            bodies.insert(seq, read(&found, 1).map_err(|error| corrupt(&error))?);
        }
    }
    Ok(bodies)
}

/// A question for the rows whose key is one of these, and its values. Few different statements are made: the last key
/// is asked for more than once.
pub(crate) fn one_of<'v, T>(
    question: &str,
    keys: &'v [T],
    value: impl Fn(&'v T) -> Value<'v>,
) -> (String, Vec<Value<'v>>) {
    let places = if keys.len() <= FEW { FEW } else { BATCH };
    let mut values: Vec<Value<'v>> = keys.iter().map(value).collect();
    if let Some(last) = values.last().cloned() {
        values.resize(places.max(values.len()), last);
    }
    let places: Vec<String> = (1..=values.len()).map(|place| format!("${place}")).collect();
    (format!("{question} IN ({})", places.join(", ")), values)
}

/// A number that counts entries.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A number of an entry, as the database has numbers.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
