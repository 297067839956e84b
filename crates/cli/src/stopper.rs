//! A stop that a signal asks for, and whoever waits hears of.

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
}

impl Stopper {
    pub(crate) fn is_asked(&self) -> bool {
        self.0.is_asked.load(Ordering::Relaxed)
    }

    fn ask(&self) {
        self.0.is_asked.store(true, Ordering::Relaxed);
        self.0.asked.notify_waiters();
    }

    /// Does work that heeds the stopper. A signal asks it to stop, and is how the program ends then.
    pub(crate) async fn or_a_signal<T>(
        &self,
        work: impl Future<Output = T>,
        signals: &mut Signals,
        output: Output,
    ) -> (T, Option<Exit>) {
        let mut work = pin!(work);
        let exit = tokio::select! {
            biased;
            done = &mut work => return (done, None),
            exit = signals.received() => exit,
        };
        output.note("stopping; what is undelivered stays in the ledger");
        self.ask();
        (work.await, Some(exit))
    }
}

#[async_trait]
impl Sleeper for Stopper {
    async fn sleep(&self, time: Duration) {
        let asked = self.0.asked.notified();
        if !self.is_asked() {
            tokio::select! {
                () = asked => {}
                () = tokio::time::sleep(time) => {}
            }
        }
    }
}
