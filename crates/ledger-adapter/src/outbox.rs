//! The outbox: what sinks are still to be told.

use std::time::SystemTime;

use async_trait::async_trait;
use ports::{Backlog, Claim, DeliveryOutcome, Event, Include, LeasedEvent, LedgerError, Outbox};

use crate::entry_body::{Documents, micros_of, time_of};
use crate::ledger::SqlLedger;
use crate::row::{self, corrupt, signed, unsigned};
use crate::store::{Transaction, TransactionBody, TxError, number, text};

/// The token of an event whose lease is the pause that its sink asked for. Queries have it as a literal: only so do they
/// use the index of pauses.
const PAUSE: &str = "pause";

struct TakeDue<'c>(&'c Claim);

/// A claimed event: the number of the outcome, the time it was due, the failed attempts, and the token of the lease.
struct Taken {
    seq: i64,
    next_at: i64,
    failures: i64,
    token: String,
}

impl TransactionBody for TakeDue<'_> {
    type Output = Vec<Taken>;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Vec<Taken>, TxError> {
        let claim = self.0;
        let (now, until) = (micros_of(claim.now), micros_of(claim.now + claim.lease));
        // A lease that ends later was made by a clock that was wrong.
        let longest = micros_of(claim.now + claim.lease.saturating_mul(2));
        let due = match claim.include {
            Include::Due => now,
            Include::All => i64::MAX,
        };
        // Why the inner query: only the oldest undelivered event of a document may be tried.
        let sql = "SELECT o.seq, o.failures, o.next_at FROM outbox o WHERE o.sink = $1 AND o.state = 'pending' \
                   AND o.next_at <= $2 AND (o.leased_until <= $3 OR o.leased_until > $6) AND o.seq > $5 \
                   AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.sink = o.sink AND p.target = o.target AND p.kind = o.kind \
                   AND p.document = o.document AND p.state = 'pending' AND p.seq < o.seq) \
                   AND NOT EXISTS (SELECT 1 FROM disabled_sinks d WHERE d.sink = o.sink) \
                   AND NOT EXISTS (SELECT 1 FROM outbox q WHERE q.sink = $1 AND q.state = 'pending' AND q.token = 'pause' \
                   AND q.leased_until > $3) ORDER BY o.seq LIMIT $4";
        let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
        let sink = claim.sink.as_str();
        let after = signed(claim.after).into();
        let values = [sink.into(), due.into(), now.into(), limit.into(), after, longest.into()];
        let mut all = Vec::new();
        for found in transaction.rows(sql, &values).await? {
            let (seq, failures, next_at) = (number(&found, 0)?, number(&found, 1)?, number(&found, 2)?);
            // A claim of the same event is later than this one, and its lease ends later.
            let token = format!("{seq}-{until}");
            let sql = "UPDATE outbox SET leased_until = $3, token = $4 WHERE sink = $1 AND seq = $2";
            let values = [sink.into(), seq.into(), until.into(), token.as_str().into()];
            transaction.execute(sql, &values).await?;
            all.push(Taken {
                seq,
                next_at,
                failures,
                token,
            });
        }
        Ok(all)
    }
}

struct Acknowledge<'c>(&'c LeasedEvent, &'c DeliveryOutcome);

impl TransactionBody for Acknowledge<'_> {
    type Output = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let Self(leased, outcome) = self;
        let mut pause = None;
        let (state, next_at, counts, error) = match outcome {
            DeliveryOutcome::Delivered => ("delivered", 0, 0, ""),
            DeliveryOutcome::Retry {
                at,
                counts,
                error,
                paused_until,
            } => {
                pause = *paused_until;
                ("pending", micros_of(*at), i64::from(*counts), error.as_str())
            }
            DeliveryOutcome::DeadLettered { error } => ("dead", 0, 1, error.as_str()),
            DeliveryOutcome::Disabled { error } => ("pending", 0, 0, error.as_str()),
        };
        // What a sink says may have anything in it, and PostgreSQL's text has no NUL.
        let error = error.replace('\0', "\u{fffd}");
        let (leased_until, token) = pause.map_or((0, ""), |until| (micros_of(until), PAUSE));
        let sql = "UPDATE outbox SET state = $3, next_at = $4, failures = failures + $5, last_failure = $6, \
                   leased_until = $8, token = $9 WHERE sink = $1 AND seq = $7 AND token = $2";
        let values = [
            leased.sink.as_str().into(),
            leased.token.as_str().into(),
            state.into(),
            next_at.into(),
            counts.into(),
            error.as_str().into(),
            signed(leased.place).into(),
            leased_until.into(),
            token.into(),
        ];
        let is_ours = transaction.execute(sql, &values).await? > 0;
        if is_ours && matches!(outcome, DeliveryOutcome::Disabled { .. }) {
            let sql = "INSERT INTO disabled_sinks (sink, why) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            transaction
                .execute(sql, &[leased.sink.as_str().into(), error.as_str().into()])
                .await?;
        }
        Ok(())
    }
}

struct Replay<'r> {
    event: &'r str,
    sink: Option<&'r str>,
}

impl TransactionBody for Replay<'_> {
    type Output = u64;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<u64, TxError> {
        let sql = "UPDATE outbox SET state = 'pending', failures = 0, next_at = 0, leased_until = 0, token = '', \
                   target = coalesce((SELECT organization FROM targets WHERE name = outbox.target), target) \
                   WHERE event = $1 AND ($2 = '' OR sink = $2) AND state <> 'pending'";
        let values = [self.event.into(), self.sink.unwrap_or_default().into()];
        Ok(transaction.execute(sql, &values).await?)
    }
}

struct Enable<'e>(&'e str);

impl TransactionBody for Enable<'_> {
    type Output = ();

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let sql = "DELETE FROM disabled_sinks WHERE sink = $1";
        transaction.execute(sql, &[self.0.into()]).await?;
        let sql = "UPDATE outbox SET leased_until = 0, token = '' WHERE sink = $1 AND state = 'pending' \
                   AND token = 'pause'";
        transaction.execute(sql, &[self.0.into()]).await?;
        Ok(())
    }
}

#[async_trait]
impl Outbox for SqlLedger {
    async fn claim(&self, claim: &Claim) -> Result<Vec<LeasedEvent>, LedgerError> {
        let mut leased = Vec::new();
        for taken in self.store.write(&TakeDue(claim)).await? {
            leased.push(LeasedEvent {
                sink: claim.sink.clone(),
                event: self.event(taken.seq).await?,
                place: unsigned(taken.seq),
                due_at: Some(taken.next_at).filter(|at| *at != 0).map(time_of),
                failures: u32::try_from(taken.failures).unwrap_or(u32::MAX),
                token: taken.token,
            });
        }
        Ok(leased)
    }

    async fn complete(&self, leased: &LeasedEvent, outcome: &DeliveryOutcome) -> Result<(), LedgerError> {
        self.store.write(&Acknowledge(leased, outcome)).await
    }

    async fn replay(&self, event: &str, sink: Option<&str>) -> Result<u64, LedgerError> {
        self.store.write(&Replay { event, sink }).await
    }

    async fn paused_until(&self, sink: &str, now: SystemTime) -> Result<Option<SystemTime>, LedgerError> {
        let sql = "SELECT coalesce(max(leased_until), 0) FROM outbox WHERE sink = $1 AND state = 'pending' \
                   AND token = 'pause' AND leased_until > $2";
        let values = [sink.into(), micros_of(now).into()];
        let rows = self.store.read(sql, &values).await?;
        let until = rows.first().map(|row| number(row, 0)).transpose();
        let until = until.map_err(|error| corrupt(&error))?;
        Ok(until.filter(|until| *until != 0).map(time_of))
    }

    async fn enable(&self, sink: &str) -> Result<(), LedgerError> {
        self.store.write(&Enable(sink)).await
    }

    async fn backlog(&self) -> Result<Vec<Backlog>, LedgerError> {
        let sql = "SELECT o.sink, CAST(sum(CASE WHEN o.state = 'pending' THEN 1 ELSE 0 END) AS BIGINT), \
                   CAST(sum(CASE WHEN o.state = 'dead' THEN 1 ELSE 0 END) AS BIGINT), \
                   coalesce(max(d.why), '') FROM outbox o LEFT JOIN disabled_sinks d ON d.sink = o.sink \
                   GROUP BY o.sink ORDER BY o.sink";
        let oldest = "SELECT last_failure, next_at FROM outbox WHERE sink = $1 AND state = 'pending' \
                      ORDER BY seq LIMIT 1";
        let broken = |error: sqlx::Error| corrupt(&error);
        let mut backlog = Vec::new();
        for found in self.store.read(sql, &[]).await? {
            let sink = text(&found, 0).map_err(broken)?;
            let waiting = self.store.read(oldest, &[sink.as_str().into()]).await?;
            let (mut last_failure, mut next_at) = (None, None);
            if let Some(row) = waiting.first() {
                last_failure = Some(text(row, 0).map_err(broken)?).filter(|error| !error.is_empty());
                next_at = Some(number(row, 1).map_err(broken)?).filter(|at| *at != 0).map(time_of);
            }
            backlog.push(Backlog {
                sink,
                pending: unsigned(number(&found, 1).map_err(broken)?),
                dead: unsigned(number(&found, 2).map_err(broken)?),
                last_failure,
                next_at,
                disabled: Some(text(&found, 3).map_err(broken)?).filter(|error| !error.is_empty()),
            });
        }
        Ok(backlog)
    }
}

impl SqlLedger {
    /// The event that an outcome is told by: made from the ledger each time, so that it is the same each time.
    async fn event(&self, seq: i64) -> Result<Event, LedgerError> {
        let sql = "SELECT body, hash FROM entries WHERE seq = $1";
        let missing = || corrupt(&format!("the entry {seq} is missing"));
        let rows = self.store.read(sql, &[seq.into()]).await?;
        let found = rows.first().ok_or_else(missing)?;
        let outcome = row::read(found, 0).map_err(|error| corrupt(&error))?;
        let hash = text(found, 1).map_err(|error| corrupt(&error))?;
        let id = outcome.outcome.as_ref().and_then(|outcome| outcome.intent);
        let rows = self.store.read(sql, &[id.map_or(0, signed).into()]).await?;
        let intent = row::read(rows.first().ok_or_else(missing)?, 0).map_err(|error| corrupt(&error))?;
        let documents: Documents = row::documents_of(&self.store, &[&outcome, &intent]).await?;
        let outcome = outcome.outcome_record(&documents).map_err(|error| corrupt(&error))?;
        let intent = intent.intent_record(&documents).map_err(|error| corrupt(&error))?;
        let (Some(intent), Some(outcome), Some(id)) = (intent, outcome, id) else {
            return Err(missing());
        };
        Ok(Event::of(
            hash.clone(),
            ports::EntryId(id),
            Some(hash),
            &intent,
            &outcome,
        ))
    }
}
