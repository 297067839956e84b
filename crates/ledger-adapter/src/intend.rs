//! Recording an intent.

use ports::{EntryId, IntentRecord, LedgerFailure};

use crate::body::{Body, micros_of, time_of};
use crate::row::{self, signed, unsigned};
use crate::store::{Broken, Dialect, Sessions, Transaction, Work, number, text};

/// An intent to be recorded.
pub(crate) struct Intend<'l> {
    pub(crate) record: &'l IntentRecord,
    pub(crate) sessions: &'l Sessions,
    pub(crate) dialect: Dialect,
}

impl Work for Intend<'_> {
    type Made = EntryId;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<EntryId, Broken> {
        let record = self.record;
        match record.follows {
            None => self.refuse_a_leased_document(transaction).await?,
            Some(refused) => {
                let sql = "DELETE FROM updates WHERE id = $1";
                transaction.execute(sql, &[signed(refused.0).into()]).await?;
            }
        }
        let (seq, _) = row::add(transaction, |seq, previous| Body::of_intent(seq, previous, record)).await?;
        let version = record.version.to_string();
        let sql = "INSERT INTO updates (id, outcome, measured, target, document, at, ending, leased_until, run, host, \
                   version_before, version_after) VALUES ($1, 0, 0, $2, $3, $4, 'open', $5, $6, $7, $8, '')";
        let values = [
            seq.into(),
            record.target.as_str().into(),
            record.document.as_str().into(),
            micros_of(record.at).into(),
            micros_of(record.leased_until).into(),
            record.author.run.as_str().into(),
            record.author.host.as_deref().unwrap_or_default().into(),
            version.as_str().into(),
        ];
        transaction.execute(sql, &values).await?;
        Ok(EntryId(unsigned(seq)))
    }
}

impl Intend<'_> {
    async fn refuse_a_leased_document(&self, transaction: &mut Transaction<'_>) -> Result<(), Broken> {
        let record = self.record;
        let sql = "SELECT leased_until, run, host FROM updates WHERE target = $1 AND document = $2 \
                   AND ending = 'open' AND leased_until > $3";
        let values = [
            record.target.as_str().into(),
            record.document.as_str().into(),
            micros_of(record.at).into(),
        ];
        for held in transaction.rows(sql, &values).await? {
            let (until, run, host) = (number(&held, 0)?, text(&held, 1)?, text(&held, 2)?);
            let is_here = record.author.host.as_deref().unwrap_or_default() == host;
            let is_gone = self.sessions.is_gone(transaction, self.dialect, &run, is_here);
            if !is_gone.await? {
                let by = format!("run {run}");
                let until = time_of(until);
                return Err(LedgerFailure::Leased { until, by }.into());
            }
        }
        Ok(())
    }
}
