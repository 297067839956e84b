//! A stop that a signal asks for, and all that wait hear of. The first signal lets the work in hand finish; a second
//! one drops it.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use ports::Sleeper;
use tokio::sync::Notify;

use crate::exit::Exit;
use crate::output::Output;
use crate::signals::Signals;

/// Waits on the runtime's timer, until it is asked to stop.
#[derive(Clone, Default)]
pub(crate) struct Stopper(Arc<State>);

#[derive(Default)]
struct State {
    is_asked: AtomicBool,
    asked: Notify,
    is_writing: AtomicBool,
    has_written: AtomicBool,
}

/// Work that was dropped at a signal, and how the program is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Abandoned(pub(crate) Exit);

/// The part of a command that a signal finds it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Reads, waits, and writes of documents.
    Update,
    /// Deliveries to sinks, and what follows them.
    Delivery,
}

impl Stopper {
    pub(crate) fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    /// Ready once it is asked to stop.
    pub(crate) async fn asked(&self) {
        let asked = self.0.asked.notified();
        if !self.is_asked() {
            asked.await;
        }
    }

    /// Notes whether a write is in flight, which a stop then finishes first.
    pub(crate) fn set_writing(&self, is_writing: bool) {
        self.0.is_writing.store(is_writing, Ordering::Relaxed);
        self.0.has_written.fetch_or(is_writing, Ordering::Relaxed);
    }

    /// True if a write was ever sent.
    pub(crate) fn has_written(&self) -> bool {
        self.0.has_written.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.0.is_asked.store(true, Ordering::Relaxed);
        self.0.asked.notify_waiters();
    }

    /// Does work that heeds the stopper. A first signal says so, asks for the stop, and is how the program ends once
    /// the work is done. The next one drops the work where it is.
    pub(crate) async fn drive<T>(
        &self,
        stage: Stage,
        work: impl Future<Output = T>,
        signals: &mut Signals,
        output: Output,
    ) -> Result<(T, Option<Exit>), Abandoned> {
        let mut work = pin!(work);
        let mut stopped = None;
        loop {
            // Why: a signal that came before the work ended counts, even if both are seen in one turn.
            let exit = tokio::select! {
                biased;
                exit = signals.received() => exit,
                done = &mut work => return Ok((done, stopped)),
            };
            if self.is_asked() {
                return Err(Abandoned(exit));
            }
            output.info(self.announcement(stage));
            stopped = Some(exit);
            self.ask();
        }
    }

    fn announcement(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Update if self.0.is_writing.load(Ordering::Relaxed) => {
                "stopping; the write in flight is finished first, and a second signal ends the program at once"
            }
            Stage::Update => "stopping",
            Stage::Delivery => "stopping; what is undelivered stays in the ledger",
        }
    }
}

#[async_trait]
impl Sleeper for Stopper {
    async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = self.asked() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}
