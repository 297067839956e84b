//! A shared ledger behind a network that loses the answer to a commit, and then the connection again.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::OutcomeKind;
use ports::testing::ledger_conformance::{intent, outcome};
use ports::{History, HistoryQuery, Ledger};

use crate::stores::{Schema, open_as};

/// Between a ledger and its server.
#[derive(Clone, Default)]
struct Network {
    /// So many answers to a commit are lost, each with its connection.
    loses: Arc<AtomicU32>,
    /// So many connections after that are cut off before they are of use.
    refuses: Arc<AtomicU32>,
}

impl Network {
    /// Carries what comes to a port of its own to the server.
    fn before(&self, server: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = self.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if !takes_one(&network.refuses) {
                    let server = TcpStream::connect(&server).unwrap();
                    network.join(client, server);
                }
            }
        });
        port
    }

    fn join(&self, client: TcpStream, server: TcpStream) {
        let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || carry(from, to, |_| false));
        let network = self.clone();
        // The answer to a commit bears its name.
        let is_lost = move |bytes: &[u8]| bytes.windows(7).any(|name| name == b"COMMIT\0") && takes_one(&network.loses);
        std::thread::spawn(move || carry(server, client, is_lost));
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, is_lost: impl Fn(&[u8]) -> bool) {
    let mut bytes = [0; 16_384];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        let part = bytes.get(..length).unwrap();
        if is_lost(part) || to.write_all(part).is_err() {
            break;
        }
    }
    // Whoever is gone by now needs no goodbye.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

fn takes_one(count: &AtomicU32) -> bool {
    let less = |count: u32| count.checked_sub(1);
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_made_once() {
    let Some(schema) = Schema::new("a_commit_whose_answer_is_lost_is_made_once").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let network = Network::default();
    let server = schema.server();
    let port = network.before(server.clone());
    // What is encrypted cannot be lost by its name.
    let url = schema.url.replacen(&server, &format!("127.0.0.1:{port}"), 1) + "&sslmode=disable";
    let ledger = open_as(&url, folder.path(), "run-1").await;
    for refuses in 0..3 {
        let lose = || {
            network.refuses.store(refuses, Ordering::Relaxed);
            network.loses.store(1, Ordering::Relaxed);
        };
        let wanted = intent(&format!("r{refuses}"), 1, 0);
        lose();
        let id = ledger.intend(wanted.clone()).await.unwrap();
        assert_eq!(network.loses.load(Ordering::Relaxed), 0, "an answer was lost");
        lose();
        let recorded = ledger
            .conclude(outcome(&wanted, Some(id), OutcomeKind::Applied, 1))
            .await;
        assert_eq!(recorded.unwrap().entry, id);
        assert_eq!(network.loses.load(Ordering::Relaxed), 0, "an answer was lost");
        lose();
        let unsent = outcome(&wanted, None, OutcomeKind::Conflict, 2);
        ledger.conclude(unsent).await.unwrap();
    }
    let query = HistoryQuery {
        limit: 100,
        ..HistoryQuery::default()
    };
    assert_eq!(ledger.entries(&query).await.unwrap().len(), 6, "each once");
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    drop(ledger);
    schema.drop().await;
}
