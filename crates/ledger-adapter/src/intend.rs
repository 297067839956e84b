//! Recording an intent.

use ports::{EntryId, IntentRecord, LedgerError};

use crate::entry_body::{Body, micros_of, time_of};
use crate::lease::Lease;
use crate::row::{self, signed, unsigned};
use crate::store::{Dialect, Sessions, Transaction, TransactionBody, TxError};

/// An intent to be recorded.
pub(crate) struct Intend<'l> {
    pub(crate) record: &'l IntentRecord,
    pub(crate) sessions: &'l Sessions,
    pub(crate) dialect: Dialect,
}

impl TransactionBody for Intend<'_> {
    type Output = EntryId;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<EntryId, TxError> {
        let record = self.record;
        self.refuse_a_leased_document(transaction).await?;
        if let Some(refused) = record.follows {
            self.close(transaction, refused).await?;
        }
        let (seq, _) = row::add(transaction, |seq, previous| Body::of_intent(seq, previous, record)).await?;
        let version = record.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let document = &record.document;
        let sql = "INSERT INTO updates (id, outcome, measured, target, kind, document, at, outcome_kind, leased_until, run, \
                   host, server, version_before, version_after, bucket, retries, merges, waited, longest) \
                   VALUES ($1, 0, 0, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, '', 0, 0, 0, 0, 0)";
        let values = [
            seq.into(),
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
            micros_of(record.at).into(),
            micros_of(record.leased_until).into(),
            record.author.run.as_str().into(),
            record.author.host.as_deref().unwrap_or_default().into(),
            self.sessions.server().into(),
            version.as_str().into(),
        ];
        transaction.execute(sql, &values).await?;
        Ok(EntryId(unsigned(seq)))
    }
}

impl Intend<'_> {
    /// Its lease is taken over by the one that follows: only from an update that is still open.
    async fn close(&self, transaction: &mut Transaction<'_>, refused: EntryId) -> Result<(), TxError> {
        let document = &self.record.document;
        let sql = "DELETE FROM updates WHERE id = $1 AND outcome_kind = 'open' AND target = $2 AND kind = $3 \
                   AND document = $4";
        let values = [
            signed(refused.0).into(),
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
        ];
        match transaction.execute(sql, &values).await? {
            0 => Err(row::not_open(transaction, refused).await?.into()),
            _ => Ok(()),
        }
    }

    async fn refuse_a_leased_document(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let record = self.record;
        let sql = "SELECT leased_until, run, host, server FROM updates WHERE target = $1 AND kind = $2 \
                   AND document = $3 AND outcome_kind = 'open' AND leased_until > $4 AND id <> $5";
        let values = [
            record.document.target.as_str().into(),
            record.document.kind.as_str().into(),
            record.document.id.as_str().into(),
            micros_of(record.at).into(),
            record.follows.map_or(0, |id| signed(id.0)).into(),
        ];
        for held in transaction.rows(sql, &values).await? {
            let lease = Lease::read(&held)?;
            let given_up = lease.is_given_up(transaction, self.sessions, self.dialect, &record.author);
            if !given_up.await? {
                let by = format!("run {}", lease.run);
                let until = time_of(lease.until);
                return Err(LedgerError::Leased { until, by }.into());
            }
        }
        Ok(())
    }
}
