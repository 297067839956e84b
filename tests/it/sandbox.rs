//! A Genesys Cloud of one's own, in this process.

use std::{sync::mpsc, thread};

use emulator::{Emulator, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, serve};
use tokio::{net::TcpListener, runtime, sync::oneshot};

/// An emulator on a free port, until it is dropped.
pub(crate) struct Sandbox {
    /// The emulator: a test may look into it, or change it behind the program's back.
    pub(crate) emulator: Emulator,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sandbox {
    /// The sample rule at version 7, and a client that may read and write it.
    pub(crate) fn sample() -> Self {
        Self::of(Emulator::sample())
    }

    /// A world made to order.
    pub(crate) fn of(emulator: Emulator) -> Self {
        let (ready, listening) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = emulator.clone();
        let thread = thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let running = serve(served, listener).await.unwrap();
                ready.send(running.url()).unwrap();
                // A dropped sender says stop, too.
                stopped.await.ok();
                running.shutdown().await;
            });
        });
        Self {
            emulator,
            url: listening.recv().unwrap(),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The environment that points the program at it.
    pub(crate) fn env(&self) -> [(&'static str, &str); 4] {
        [
            ("ASSIST_RULES_API_URL", &self.url),
            ("ASSIST_RULES_LOGIN_URL", &self.url),
            ("GENESYSCLOUD_OAUTHCLIENT_ID", SANDBOX_CLIENT_ID),
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", SANDBOX_CLIENT_SECRET),
        ]
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Why: its own panic was printed already, and a second one here would hide the test's.
            thread.join().ok();
        }
    }
}
