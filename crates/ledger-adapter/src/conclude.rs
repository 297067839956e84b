//! Recording an outcome, and putting the event about it into the outbox.

use std::sync::Arc;

use domain::OutcomeKind;
use ports::{DocumentRef, EntryId, LedgerError, OutcomeRecord, Recorded};

use crate::entry_body::{Body, Documents, micros_of};
use crate::row::{self, signed, unsigned};
use crate::store::{Transaction, TransactionBody, TxError, Value, number, text};
use crate::tallies;
use crate::targets::{Names, names_and_last};

/// An outcome to be recorded.
#[derive(Clone)]
pub(crate) struct Conclude {
    pub(crate) record: Arc<OutcomeRecord>,
    pub(crate) sinks: Arc<[String]>,
}

impl TransactionBody for Conclude {
    type Output = Recorded;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Recorded, TxError> {
        let record = &*self.record;
        let (names, last) = names_and_last(transaction, &record.document.target).await?;
        let document = names.canonical(&record.document);
        let before = match record.intent {
            Some(id) => Some(open(transaction, id, record, &names).await?),
            None => None,
        };
        let (seq, hash) = row::add(transaction, last, |seq, previous| {
            Body::of_outcome(seq, previous, record)
        })
        .await?;
        let unknown = match before {
            Some(Open { measured, .. }) if measured != 0 => figures_of(transaction, measured).await?,
            Some(_) | None => None,
        };
        let at = before.as_ref().map_or(micros_of(record.at), |open| open.at);
        tallies::count(transaction, at, &document, record, unknown.as_ref()).await?;
        let version_after = record.version_after.as_ref().map(ToString::to_string);
        let version_after = version_after.unwrap_or_default();
        match record.intent {
            Some(id) if unknown.is_some() => self.settle(transaction, id, seq, &version_after).await?,
            Some(id) => self.measure(transaction, id, seq, &version_after).await?,
            None => self.insert(transaction, &document, seq, &version_after).await?,
        }
        let is_delivered = record.kind == OutcomeKind::Applied && record.intent.is_some() && !self.sinks.is_empty();
        if is_delivered {
            self.enqueue(transaction, &document, seq, hash.as_str()).await?;
        }
        Ok(Recorded {
            entry: record.intent.unwrap_or(EntryId(unsigned(seq))),
            event: is_delivered.then(|| hash.to_string()),
            head: Some(hash.to_string()),
        })
    }
}

impl Conclude {
    /// The first outcome of an update has its figures.
    async fn measure(
        &self,
        transaction: &mut Transaction<'_>,
        id: EntryId,
        seq: i64,
        version_after: &str,
    ) -> Result<(), TxError> {
        let sql = "UPDATE updates SET outcome = $2, measured = $2, outcome_kind = $3, version_after = $4, bucket = $5, \
                   retries = $6, merges = $7, waited = $8, longest = $9 WHERE id = $1";
        let mut values = vec![
            signed(id.0).into(),
            seq.into(),
            self.record.kind.as_str().into(),
            version_after.into(),
        ];
        values.extend(tallies::figures(&self.record).map(Value::from));
        transaction.execute(sql, &values).await?;
        Ok(())
    }

    /// A later outcome settles it.
    async fn settle(
        &self,
        transaction: &mut Transaction<'_>,
        id: EntryId,
        seq: i64,
        version_after: &str,
    ) -> Result<(), TxError> {
        let sql = "UPDATE updates SET outcome = $2, outcome_kind = $3, version_after = $4 WHERE id = $1";
        let outcome_kind = self.record.kind.as_str();
        let values = [
            signed(id.0).into(),
            seq.into(),
            outcome_kind.into(),
            version_after.into(),
        ];
        transaction.execute(sql, &values).await?;
        Ok(())
    }

    /// An update that came to no write.
    async fn insert(
        &self,
        transaction: &mut Transaction<'_>,
        document: &DocumentRef,
        seq: i64,
        version_after: &str,
    ) -> Result<(), TxError> {
        let record = &*self.record;
        let version_before = record.version_before.as_ref().map(ToString::to_string);
        let sql = "INSERT INTO updates (id, outcome, measured, target, kind, document, at, outcome_kind, leased_until, run, \
                   host, version_before, version_after, bucket, retries, merges, waited, longest) \
                   VALUES ($1, $1, $1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let mut values = vec![
            seq.into(),
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
            micros_of(record.at).into(),
            record.kind.as_str().into(),
            record.author.run.as_str().into(),
            record.author.host.as_deref().unwrap_or_default().into(),
            version_before.as_deref().unwrap_or_default().into(),
            version_after.into(),
        ];
        values.extend(tallies::figures(record).map(Value::from));
        transaction.execute(sql, &values).await?;
        Ok(())
    }

    async fn enqueue(
        &self,
        transaction: &mut Transaction<'_>,
        document: &DocumentRef,
        seq: i64,
        event: &str,
    ) -> Result<(), TxError> {
        for sink in self.sinks.iter() {
            let sql = "INSERT INTO outbox (sink, seq, event, target, kind, document, state, failures, next_at, \
                       leased_until, token, last_failure) VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, 0, 0, '', '')";
            let values = [
                sink.as_str().into(),
                seq.into(),
                event.into(),
                document.target.as_str().into(),
                document.kind.as_str().into(),
                document.id.as_str().into(),
            ];
            transaction.execute(sql, &values).await?;
        }
        Ok(())
    }
}

/// An update that is open.
struct Open {
    /// The outcome that has its figures; 0 if it has none yet.
    measured: i64,
    /// The time of the intent.
    at: i64,
}

async fn open(
    transaction: &mut Transaction<'_>,
    id: EntryId,
    record: &OutcomeRecord,
    names: &Names,
) -> Result<Open, TxError> {
    let sql = "SELECT outcome_kind, measured, at, target, kind, document FROM updates WHERE id = $1";
    let rows = transaction.rows(sql, &[signed(id.0).into()]).await?;
    let Some(row) = rows.first() else {
        return Err(row::not_open(transaction, id).await?.into());
    };
    let document = DocumentRef {
        target: text(row, 3)?,
        kind: text(row, 4)?,
        id: text(row, 5)?,
    };
    if !names.is_same(&document, &record.document) {
        return Err(LedgerError::NoEntry(id).into());
    }
    if ["open", OutcomeKind::Unknown.as_str()].contains(&text(row, 0)?.as_str()) {
        let (measured, at) = (number(row, 1)?, number(row, 2)?);
        Ok(Open { measured, at })
    } else {
        Err(LedgerError::Settled(id).into())
    }
}

/// The figures of an update, which its first outcome has.
pub(crate) async fn figures_of(transaction: &mut Transaction<'_>, seq: i64) -> Result<Option<OutcomeRecord>, TxError> {
    let Some(mut body) = row::body(transaction, seq).await? else {
        return Ok(None);
    };
    if let Some(outcome) = &mut body.outcome {
        outcome.after = None;
    }
    Ok(body.outcome_record(&Documents::new())?)
}
