//! Writers that wait at the same time share one transaction, each in a savepoint of its own: one sync serves them all.
//! Nobody is answered before the commit.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ports::LedgerError;

use super::failure::{explained, is_lost};
use super::{Committing, Dialect, State, Store, Transaction, TransactionBody, TxError};

/// The most that share a transaction: other processes wait for it.
const LARGEST: usize = 64;

/// The writers that wait for a transaction.
#[derive(Default)]
pub(super) struct Group {
    waiting: Mutex<VecDeque<Arc<dyn Member>>>,
    /// The work that a writer which was dropped while it led has left undone.
    left: Mutex<Option<Led>>,
}

/// The work of a writer, whatever it makes.
#[async_trait]
trait Member: Send + Sync {
    /// Does it, and keeps what came of it for the answer.
    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError>;

    /// Keeps a refusal for the answer.
    fn refuse(&self, failure: LedgerError);

    /// Answers with what came of it; with the failure of the transaction, if there is one and it was not refused by itself.
    fn answer(&self, failed: Option<&LedgerError>);

    fn may_shorten_log(&self) -> bool;
}

struct Waiting<W: TransactionBody> {
    work: W,
    state: Mutex<Answer<W::Output>>,
}

enum Answer<T> {
    Unknown,
    /// Not answered: the commit is to come.
    Kept(Result<T, LedgerError>),
    Given(Result<T, LedgerError>),
    Taken,
}

impl<W: TransactionBody> Waiting<W> {
    /// A panic elsewhere leaves the answer as it was between two steps.
    fn state(&self) -> MutexGuard<'_, Answer<W::Output>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Result<W::Output, LedgerError>> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, Answer::Taken) {
            Answer::Given(answer) => Some(answer),
            other @ (Answer::Unknown | Answer::Kept(_) | Answer::Taken) => {
                *state = other;
                None
            }
        }
    }
}

#[async_trait]
impl<W: TransactionBody + Send> Member for Waiting<W> {
    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        let made = self.work.run(transaction).await?;
        *self.state() = Answer::Kept(Ok(made));
        Ok(())
    }

    fn refuse(&self, failure: LedgerError) {
        *self.state() = Answer::Kept(Err(failure));
    }

    fn answer(&self, failed: Option<&LedgerError>) {
        let mut state = self.state();
        let kept = std::mem::replace(&mut *state, Answer::Taken);
        let answer = match (kept, failed) {
            (Answer::Kept(Err(refused)), _) => Err(refused),
            (_, Some(failed)) => Err(failed.clone()),
            (Answer::Kept(made), None) => made,
            (Answer::Unknown | Answer::Given(_) | Answer::Taken, None) => {
                Err(LedgerError::unusable("a transaction passed over one who waited for it"))
            }
        };
        *state = Answer::Given(answer);
    }

    fn may_shorten_log(&self) -> bool {
        W::MAY_SHORTEN_LOG
    }
}

/// Those who share a transaction.
struct Party {
    members: Vec<Arc<dyn Member>>,
    dialect: Dialect,
}

impl TransactionBody for Party {
    type Output = ();

    fn may_shorten_log(&self) -> bool {
        self.members.iter().all(|member| member.may_shorten_log())
    }

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<(), TxError> {
        if let [member] = self.members.as_slice() {
            return member.run(transaction).await;
        }
        let mut refused = None;
        let mut is_any_done = false;
        for member in &self.members {
            let added = transaction.added.take();
            transaction.control("SAVEPOINT member").await?;
            let failure = match member.run(transaction).await {
                Ok(()) => {
                    transaction.control("RELEASE SAVEPOINT member").await?;
                    transaction.added = transaction.added.take().or(added);
                    is_any_done = true;
                    continue;
                }
                Err(TxError::Refused(failure)) => failure,
                // Why: a text that the server does not take is the matter of the one who brought it. What fails in a
                // file leaves open what is on the disk, for all.
                Err(TxError::Failed(error)) if self.dialect == Dialect::Postgres && !is_lost(&error) => {
                    explained("write", error)
                }
                Err(failed) => return Err(failed),
            };
            transaction
                .control("ROLLBACK TO SAVEPOINT member; RELEASE SAVEPOINT member")
                .await?;
            transaction.added = added;
            member.refuse(failure.clone());
            refused = Some(failure);
        }
        match refused {
            Some(failure) if !is_any_done => Err(failure.into()),
            _ => Ok(()),
        }
    }
}

/// A party, and its commit if that is under way.
struct Led {
    party: Party,
    committing: Committing<Party>,
}

/// The turn of a writer to lead. One that is dropped leaves what it led to the next.
struct Turn<'g> {
    group: &'g Group,
    led: Option<Led>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *locked(&self.group.left) = self.led.take();
    }
}

impl Group {
    fn join(&self, member: Arc<dyn Member>) {
        locked(&self.waiting).push_back(member);
    }

    /// The next thing to do.
    fn turn(&self, dialect: Dialect) -> Turn<'_> {
        let left = locked(&self.left).take();
        let led = left.unwrap_or_else(|| {
            let mut waiting = locked(&self.waiting);
            let many = waiting.len().min(LARGEST);
            // Why: nobody waits any more for one that only the group has.
            let members = waiting.drain(..many).filter(|member| Arc::strong_count(member) > 1);
            let members = members.collect();
            Led {
                party: Party { members, dialect },
                committing: None,
            }
        });
        let led = Some(led);
        Turn { group: self, led }
    }
}

/// A panic elsewhere leaves a list as it was between two calls.
fn locked<T>(list: &Mutex<T>) -> MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Does work in a transaction, as [`write`](Self::write) does it, with all others who wait for one.
    pub(crate) async fn write_together<W>(&self, work: W) -> Result<W::Output, LedgerError>
    where
        W: TransactionBody + Send + 'static,
    {
        self.refuse_first_format()?;
        let waiting = Arc::new(Waiting {
            work,
            state: Mutex::new(Answer::Unknown),
        });
        self.group.join(waiting.clone());
        let mut state = self.state.lock().await;
        loop {
            if let Some(answer) = waiting.take() {
                return answer;
            }
            self.lead(&mut state).await;
        }
    }

    async fn lead(&self, state: &mut State) {
        let mut turn = self.group.turn(self.dialect);
        if let Some(Led { party, committing }) = turn.led.as_mut() {
            let failed = self.write_on(state, party, committing).await.err();
            for member in &party.members {
                member.answer(failed.as_ref());
            }
        }
        turn.led = None;
    }
}
