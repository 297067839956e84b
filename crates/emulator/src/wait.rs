//! Waits that are as long as they are to be.

use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::sleep;

/// The longest wait for which two milliseconds matter.
const SHORT: Duration = Duration::from_secs(1);

/// Waits for a time. A short wait has a thread of its own: the runtime's timer wakes up to two milliseconds late, which is a
/// tenth of the time that a platform takes for a request.
pub(crate) async fn wait(time: Duration) {
    if time > SHORT || in_a_thread(time).await.is_none() {
        sleep(time).await;
    }
}

/// Nothing where there can be no further thread.
async fn in_a_thread(time: Duration) -> Option<()> {
    let (done, over) = oneshot::channel();
    let waiting = thread::Builder::new().spawn(move || {
        thread::sleep(time);
        // Why ignored: who waited may have gone.
        let _: Result<(), ()> = done.send(());
    });
    waiting.ok()?;
    over.await.ok()
}
