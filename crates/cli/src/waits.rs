//! Waits that a person can see: on a terminal a line after a second, elsewhere a line each ten seconds.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use domain::{DocumentKind, RequestError, Stored, Version};
use indicatif::ProgressBar;
use jiff::{Timestamp, tz::TimeZone};
use ports::{Cursor, DocumentStore, Page, Response, Sleeper};
use tokio::time::{Instant, interval_at};

use crate::output::{Output, visible};
use crate::status_line;

/// The time between two looks at a terminal, and the length of a wait from which on a person notices it.
const SECOND: Duration = Duration::from_secs(1);

/// The time between two lines where nobody looks.
const TEN_SECONDS: Duration = Duration::from_secs(10);

/// The waits of a run.
#[derive(Clone)]
pub(crate) struct Waits {
    output: Output,
    is_on_terminal: bool,
    /// The reason for the pause that comes next.
    reason: Arc<Mutex<Option<String>>>,
    /// The bar of the work that is under way.
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Waits {
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            is_on_terminal: status_line::is_possible(),
            reason: Arc::default(),
            bar: Arc::default(),
        }
    }

    /// Shows waits in a bar from now on.
    pub(crate) fn show_in(&self, bar: Option<ProgressBar>) {
        *self.bar.lock().unwrap_or_else(PoisonError::into_inner) = bar;
    }

    /// Tells of a pause, and what it is for, if a person would notice it.
    pub(crate) fn announce(&self, time: Duration, because: &str) {
        if time < SECOND {
            return;
        }
        if self.is_on_terminal {
            *self.reason() = Some(because.to_owned());
        } else {
            let seconds = time.as_secs_f64();
            self.output
                .info(&format!("waiting {seconds:.1} s: {}", visible(because)));
        }
    }

    /// Does work, and shows that it is waited for.
    pub(crate) async fn on<T>(&self, what: &str, work: impl Future<Output = T>) -> T {
        let text = |past: Duration| format!("waiting for {}, {} s", visible(what), past.as_secs());
        self.show(text, work).await
    }

    async fn show<T>(&self, text: impl Fn(Duration) -> String, work: impl Future<Output = T>) -> T {
        if self.output.is_quiet() {
            return work.await;
        }
        let period = if self.is_on_terminal { SECOND } else { TEN_SECONDS };
        let started = Instant::now();
        let mut ticks = interval_at(started + period, period);
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => {
                    status_line::erase();
                    return done;
                }
                _ = ticks.tick() => {
                    let text = text(started.elapsed());
                    if let Some(bar) = self.bar() {
                        bar.set_message(text);
                    } else if self.is_on_terminal {
                        status_line::show(&text);
                    } else {
                        self.output.info(&text);
                    }
                }
            }
        }
    }

    fn bar(&self) -> Option<ProgressBar> {
        let bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner).clone();
        bar.filter(|bar| !bar.is_finished())
    }

    fn reason(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store whose requests show that they are waited for.
pub(crate) struct Watched<S> {
    pub(crate) store: S,
    pub(crate) waits: Waits,
    /// The host, as people know it.
    pub(crate) host: String,
}

#[async_trait]
impl<K: DocumentKind, S: DocumentStore<K>> DocumentStore<K> for Watched<S> {
    async fn get(&self, id: &K::Id) -> Result<Response<Stored<K>>, RequestError> {
        self.waits.on(&self.host, self.store.get(id)).await
    }

    async fn replace<'v>(
        &self,
        id: &K::Id,
        document: &K,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<K>>>, RequestError> {
        self.waits
            .on(&self.host, self.store.replace(id, document, version))
            .await
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<K>>, RequestError> {
        self.waits.on(&self.host, self.store.page(cursor)).await
    }
}

/// A timer whose waits are shown with the time at which they end.
pub(crate) struct WatchedSleeper {
    pub(crate) sleeper: Arc<dyn Sleeper>,
    pub(crate) waits: Waits,
}

#[async_trait]
impl Sleeper for WatchedSleeper {
    async fn sleep(&self, time: Duration) {
        let reason = self
            .waits
            .reason()
            .take()
            .map_or(String::new(), |why| format!(": {}", visible(&why)));
        let until = time_of_day(SystemTime::now() + time);
        let text = |_| format!("waiting until {until}{reason}");
        self.waits.show(text, self.sleeper.sleep(time)).await;
    }
}

/// A time of today as the clock on the wall shows it.
fn time_of_day(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::MAX);
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let name = if zone == TimeZone::UTC { " UTC" } else { "" };
    format!("{}{name}", at.to_zoned_datetime(zone).strftime("%H:%M:%S"))
}
