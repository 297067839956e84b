//! Recording an intent.

use std::sync::Arc;

use domain::OutcomeKind;
use ports::{DocumentRef, EntryId, IntentRecord, LedgerError};

use crate::conclude::figures_of;
use crate::entry_body::{Body, micros_of};
use crate::holder::Holder;
use crate::row::{self, signed, unsigned};
use crate::store::{Sessions, Transaction, TransactionBody, TxError, number, text, this_process};
use crate::tallies;
use crate::targets::{Names, names_and_last};

/// An intent to be recorded.
pub(crate) struct Intend {
    pub(crate) record: IntentRecord,
    pub(crate) sessions: Arc<Sessions>,
}

impl TransactionBody for Intend {
    type Output = EntryId;

    const MAY_SHORTEN_LOG: bool = false;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<EntryId, TxError> {
        let record = &self.record;
        let (names, last) = names_and_last(transaction, &record.document.target).await?;
        self.refuse_a_leased_document(transaction, &names).await?;
        if let Some(left) = record.follows {
            self.go_on_from(transaction, &names, left).await?;
        }
        let (seq, _) = row::add(transaction, last, |seq, previous| {
            Body::of_intent(seq, previous, record)
        })
        .await?;
        let version = record.version.as_ref().map(ToString::to_string).unwrap_or_default();
        let sql = "INSERT INTO updates (id, outcome, measured, target, kind, document, at, outcome_kind, leased_until, run, \
                   host, owner, version_before, version_after, bucket, retries, merges, waited, longest) \
                   VALUES ($1, 0, 0, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, '', 0, 0, 0, 0, 0)";
        let values = [
            seq.into(),
            names.canonical.as_str().into(),
            record.document.kind.as_str().into(),
            record.document.id.as_str().into(),
            micros_of(record.at).into(),
            micros_of(record.leased_until).into(),
            record.author.run.as_str().into(),
            record.author.host.as_deref().unwrap_or_default().into(),
            this_process().into(),
            version.as_str().into(),
        ];
        transaction.execute(sql, &values).await?;
        Ok(EntryId(unsigned(seq)))
    }
}

impl Intend {
    /// Settles the update that this one continues: an update of the same run, one whose run is gone or whose lease has
    /// expired, or one whose outcome is unknown.
    async fn go_on_from(&self, transaction: &mut Transaction<'_>, names: &Names, left: EntryId) -> Result<(), TxError> {
        let record = &self.record;
        let sql = "SELECT at, leased_until, run, owner, outcome_kind, measured, target, kind, document FROM updates \
                   WHERE id = $1";
        let rows = transaction.rows(sql, &[signed(left.0).into()]).await?;
        let Some(row) = rows.first() else {
            return Err(row::not_open(transaction, left).await?.into());
        };
        let document = DocumentRef {
            target: text(row, 6)?,
            kind: text(row, 7)?,
            id: text(row, 8)?,
        };
        if !names.is_same(&document, &record.document) {
            return Err(LedgerError::NoEntry(left).into());
        }
        let holder = Holder::read(row)?;
        let state = text(row, 4)?;
        if state == OutcomeKind::Unknown.as_str() {
            let (measured, at) = (number(row, 5)?, number(row, 0)?);
            if let Some(unknown) = figures_of(transaction, measured).await? {
                tallies::take_back(transaction, at, &names.canonical(&document), &unknown).await?;
            }
        } else if state != "open" {
            return Err(LedgerError::Settled(left).into());
        } else if holder.run != record.author.run {
            self.refuse_if_held(&holder)?;
        }
        let sql = "DELETE FROM updates WHERE id = $1";
        transaction.execute(sql, &[signed(left.0).into()]).await?;
        Ok(())
    }

    fn refuse_if_held(&self, holder: &Holder) -> Result<(), TxError> {
        if !holder.lease.holds_at(self.record.at) || holder.is_gone(&self.sessions) {
            return Ok(());
        }
        let by = format!("run {}", holder.run);
        let until = holder.lease.until;
        Err(LedgerError::Leased { until, by }.into())
    }

    async fn refuse_a_leased_document(&self, transaction: &mut Transaction<'_>, names: &Names) -> Result<(), TxError> {
        let record = &self.record;
        // Why the literal: SQLite takes a partial index only for the very condition that it was made with.
        let sql = "SELECT at, leased_until, run, owner FROM updates WHERE target = $1 AND kind = $2 AND document = $3 \
                   AND outcome_kind = 'open' AND id <> $4";
        for name in &names.all {
            let values = [
                name.as_str().into(),
                record.document.kind.as_str().into(),
                record.document.id.as_str().into(),
                record.follows.map_or(0, |id| signed(id.0)).into(),
            ];
            for held in transaction.rows(sql, &values).await? {
                self.refuse_if_held(&Holder::read(&held)?)?;
            }
        }
        Ok(())
    }
}
