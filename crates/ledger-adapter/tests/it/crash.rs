//! A shared ledger whose server is stopped at once, again and again, while many write.

use std::sync::Arc;

use tokio::sync::watch;

use crate::cluster::Cluster;
use crate::stores::{in_a_runtime, open};
use crate::together::write_together;
use crate::writers::{Platform, assert_in_order, assert_true, deliver};

/// The number of times that the server is stopped, and the number of updates between two stops.
const STOPS: usize = 4;
const UPDATES: usize = 40;

#[test]
fn a_server_that_is_stopped_at_once_takes_nothing_that_was_recorded() {
    let name = "a_server_that_is_stopped_at_once_takes_nothing_that_was_recorded";
    let Some(cluster) = Cluster::new(name) else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = cluster.url();
    let cluster = in_a_runtime(async {
        let platform = Arc::new(Platform::default());
        let count = watch::Sender::new(0);
        let stopper = tokio::spawn(stop_now_and_then(cluster, count.subscribe()));
        let enough = (STOPS + 1) * UPDATES;
        let acknowledged = write_together(8, 6, (&url, folder.path()), &platform, &count, enough).await;
        let cluster = stopper.await.unwrap();
        let ledger = open(&url, folder.path()).await;
        assert_true(&ledger, &platform, &acknowledged).await;
        assert!(acknowledged.len() >= enough);
        eprintln!(
            "{} updates by 8 writers, the server stopped {STOPS} times",
            acknowledged.len()
        );
        let workers = vec![ledger, open(&url, folder.path()).await];
        assert_in_order(&deliver(workers).await, &platform);
        cluster
    });
    drop(cluster);
}

async fn stop_now_and_then(cluster: Cluster, mut count: watch::Receiver<usize>) -> Cluster {
    let cluster = Arc::new(cluster);
    for stop in 1..=STOPS {
        count.wait_for(|count| *count >= stop * UPDATES).await.unwrap();
        let stopped = cluster.clone();
        let again = move || stopped.stop_at_once() && stopped.start();
        assert!(tokio::task::spawn_blocking(again).await.unwrap(), "it starts again");
    }
    Arc::into_inner(cluster).unwrap()
}
