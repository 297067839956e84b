//! The adapter over real sockets, against the emulator.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::testing::Specimen;
use domain::{DocumentKind, FailureClass, RuleId, TriggerRule};
use emulator::{Client, Emulator, EtagHeader, Kind, Permission, Running, SAMPLE_RULE_ID, Script, Settings, serve};
use ports::DocumentStore;
use ports::testing::VirtualTime;
use ports::testing::conformance::{self, Stage};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::GenesysStore;
use crate::{
    Address, ClientCredentials, Connection, ConnectionSettings, Credentials, TokenCache, TokenSource, TriggerRules,
};

/// An emulator, and the adapter on it.
struct Room {
    emulator: Emulator,
    running: Running,
    store: GenesysStore<TriggerRules>,
    time: VirtualTime,
}

fn client() -> Client {
    Client {
        id: "client-1".to_owned(),
        secret: "secret-canary".to_owned(),
        permissions: Client::sandbox().permissions,
    }
}

fn credentials(secret: &str) -> Credentials {
    Credentials::Client(ClientCredentials {
        id: "client-1".to_owned(),
        secret: SecretString::from(secret.to_owned()),
    })
}

fn store_at(
    url: &str,
    credentials: Credentials,
    time: &VirtualTime,
    cache: Option<TokenCache>,
) -> GenesysStore<TriggerRules> {
    let address: Address = url.parse().unwrap();
    let settings = ConnectionSettings {
        attempt_timeout: Duration::from_millis(500),
        ..ConnectionSettings::to(&address)
    };
    let connection = Connection::new(&settings).unwrap();
    let clock = Arc::new(time.clone());
    let tokens = TokenSource::new(credentials, address.clone(), address, connection, clock.clone(), cache);
    GenesysStore::new(TriggerRules::default(), tokens, clock)
}

async fn room_with(settings: Settings, client: Client) -> Room {
    let emulator = Emulator::new(settings);
    emulator.add_client(client);
    emulator
        .put_rule(serde_json::from_str(emulator::SAMPLE_RULE).unwrap())
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = serve(emulator.clone(), listener).await.unwrap();
    let time = VirtualTime::default();
    let store = store_at(&running.url(), credentials("secret-canary"), &time, None);
    Room {
        emulator,
        running,
        store,
        time,
    }
}

async fn room() -> Room {
    room_with(Settings::default(), client()).await
}

fn id() -> RuleId {
    SAMPLE_RULE_ID.parse().unwrap()
}

#[async_trait]
impl Stage<TriggerRule> for Room {
    fn store(&self) -> &dyn DocumentStore<TriggerRule> {
        &self.store
    }

    async fn put(&self, id: &RuleId, rule: &TriggerRule) {
        let value = serde_json::from_str(rule.document().text()).unwrap();
        if self.emulator.rule(id.as_str()).is_some() {
            self.emulator.edit_rule(id.as_str(), |stored| *stored = value).unwrap();
        } else {
            self.emulator.put_rule(value).unwrap();
        }
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    for etag_header in [
        EtagHeader::Bare,
        EtagHeader::Quoted,
        EtagHeader::Weak,
        EtagHeader::Absent,
    ] {
        conformance::check(|| async {
            let room = room_with(
                Settings {
                    etag_header,
                    ..Settings::default()
                },
                client(),
            )
            .await;
            room.emulator.remove_rule(SAMPLE_RULE_ID);
            room
        })
        .await;
    }
}

#[tokio::test]
async fn one_token_serves_many_requests_and_is_renewed_before_its_end() {
    let room = room().await;
    for _ in 0..3 {
        room.store.get(&id()).await.unwrap();
    }
    let tokens = |emulator: &Emulator| {
        emulator
            .requests()
            .iter()
            .filter(|seen| seen.is_token_request())
            .count()
    };
    assert_eq!(tokens(&room.emulator), 1);
    room.time.advance(Duration::from_hours(24) - Duration::from_secs(61));
    room.store.get(&id()).await.unwrap();
    assert_eq!(tokens(&room.emulator), 1);
    room.time.advance(Duration::from_secs(2));
    room.store.get(&id()).await.unwrap();
    assert_eq!(tokens(&room.emulator), 2);
}

#[tokio::test]
async fn many_at_once_ask_for_one_token() {
    let room = Arc::new(room().await);
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let room = room.clone();
            tokio::spawn(async move { room.store.get(&id()).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(room.emulator.issued_tokens().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_request_repeated() {
    let room = room().await;
    room.store.get(&id()).await.unwrap();
    room.emulator.revoke_tokens();
    let answer = room.store.get(&id()).await.unwrap();
    assert_eq!(answer.metadata.requests, 2);
    assert_eq!(room.emulator.issued_tokens().len(), 2);
}

#[tokio::test]
async fn a_request_that_was_refused_for_its_token_counts_though_there_is_no_other() {
    let room = room().await;
    room.store.get(&id()).await.unwrap();
    room.emulator.revoke_tokens();
    room.emulator.limit_sign_ins(1);
    let failure = room.store.get(&id()).await.unwrap_err();
    assert!(matches!(failure.class, FailureClass::Throttled { .. }), "{failure:?}");
    assert_eq!(failure.metadata.requests, 1);
}

#[tokio::test]
async fn a_token_on_disk_saves_the_next_run_a_request() {
    let room = room().await;
    let folder = tempfile::tempdir().unwrap();
    let cache = TokenCache::in_folder(folder.path().to_owned());
    for _ in 0..2 {
        let run = store_at(
            &room.running.url(),
            credentials("secret-canary"),
            &room.time,
            Some(cache.clone()),
        );
        run.get(&id()).await.unwrap();
    }
    assert_eq!(room.emulator.requests().len(), 3, "token, read, read");
}

#[tokio::test]
async fn refused_credentials_are_no_secret_kept_badly() {
    let room = room().await;
    let wrong = store_at(&room.running.url(), credentials("wrong-canary"), &room.time, None);
    let failure = wrong.get(&id()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Unauthenticated);
    assert_eq!(failure.metadata.requests, 0);
    assert!(!format!("{failure:?}{:?}", credentials("wrong-canary")).contains("wrong-canary"));
    room.emulator.limit_sign_ins(1);
    let failure = room.store.get(&id()).await.unwrap_err();
    assert!(matches!(failure.class, FailureClass::Throttled { .. }), "{failure:?}");
    let token = Credentials::Token(SecretString::from("stale"));
    let failure = store_at(&room.running.url(), token, &room.time, None)
        .get(&id())
        .await
        .unwrap_err();
    assert_eq!(
        (failure.class, failure.metadata.requests),
        (FailureClass::Unauthenticated, 1)
    );
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let viewer = Client {
        permissions: [Permission::View].into(),
        ..client()
    };
    let room = room_with(Settings::default(), viewer).await;
    let read = room.store.get(&id()).await.unwrap().content;
    let changed = TriggerRule::patch(&[(0, 0)]).apply(&read.value).unwrap();
    let failure = room
        .store
        .replace(&id(), &changed, read.version.as_ref())
        .await
        .unwrap_err();
    assert_eq!(failure.class, FailureClass::Denied);
    assert!(
        failure.message.contains("agentassist:trigger-rule:update"),
        "{}",
        failure.message
    );
    assert!(failure.metadata.correlation_id.is_some() && failure.metadata.context_id.is_some());
}

#[tokio::test]
async fn too_many_requests_say_how_long_to_wait() {
    let room = room_with(
        Settings {
            requests_per_minute: 1,
            ..Settings::default()
        },
        client(),
    )
    .await;
    room.store.get(&id()).await.unwrap();
    let failure = room.store.get(&id()).await.unwrap_err();
    let FailureClass::Throttled { wait: Some(wait) } = failure.class else {
        panic!("{failure:?}")
    };
    assert!(wait > Duration::ZERO && wait <= Duration::from_mins(1), "{wait:?}");
}

#[tokio::test]
async fn nobody_listening_is_certainly_not_sent() {
    let port = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let time = VirtualTime::default();
    let token = Credentials::Token(SecretString::from("token"));
    let failure = store_at(&format!("http://{port}"), token, &time, None)
        .get(&id())
        .await
        .unwrap_err();
    assert_eq!((failure.class, failure.metadata.requests), (FailureClass::NotSent, 0));
}

/// A server that points to itself in answer to everything, and the number of requests that reached it.
async fn redirecting() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (seen, location) = (Arc::new(AtomicUsize::new(0)), format!("{url}/elsewhere"));
    let requests = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            requests.fetch_add(1, Ordering::SeqCst);
            let answer = format!(
                "HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Why: what is not read when a connection is closed resets it, and the answer may be lost.
            stream.shutdown().await.unwrap();
            while stream.read(&mut request).await.is_ok_and(|bytes| bytes > 0) {}
        }
    });
    (url, seen)
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (url, seen) = redirecting().await;
    let token = Credentials::Token(SecretString::from("token"));
    let store = store_at(&url, token, &VirtualTime::default(), None);
    let read = store.get(&id()).await.unwrap_err();
    let written = store.replace(&id(), &TriggerRule::specimen(), None).await.unwrap_err();
    assert_eq!(
        (read.class, written.class),
        (FailureClass::Redirected, FailureClass::Redirected)
    );
    assert_eq!(seen.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_read_asks_for_what_no_cache_kept() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let listening = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut head).await.unwrap() > 0);
        }
        String::from_utf8(head).unwrap()
    });
    let token = Credentials::Token(SecretString::from("token"));
    let store = store_at(&url, token, &VirtualTime::default(), None);
    store.get(&id()).await.unwrap_err();
    let head = listening.await.unwrap();
    assert!(head.contains("\r\ncache-control: no-cache\r\n"), "{head}");
}

#[tokio::test]
async fn a_connection_to_elsewhere_speaks_no_plain_http() {
    let (url, seen) = redirecting().await;
    let address: Address = url.parse().unwrap();
    let connection = Connection::new(&ConnectionSettings::default()).unwrap();
    let clock = Arc::new(VirtualTime::default());
    let token = Credentials::Token(SecretString::from("token"));
    let tokens = TokenSource::new(token, address.clone(), address, connection, clock.clone(), None);
    let store = GenesysStore::new(TriggerRules::default(), tokens, clock);
    assert_eq!(store.get(&id()).await.unwrap_err().class, FailureClass::Untrusted);
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_organization_is_kept_with_the_token_that_told_it() {
    let room = room().await;
    room.store.get(&id()).await.unwrap();
    room.emulator.revoke_tokens();
    let asked = || {
        let seen = room.emulator.requests();
        seen.iter().filter(|request| request.kind == Kind::Organization).count()
    };
    let tokens = &room.store.tokens;
    let found = tokens.organization().await.unwrap().unwrap();
    assert_eq!(
        (found.id, asked()),
        (room.emulator.organization().id, 2),
        "refused, and asked again"
    );
    room.store.get(&id()).await.unwrap();
    assert_eq!(tokens.last_organization().await, tokens.kept_organization().await);
    assert!(tokens.last_organization().await.is_some());
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn a_listing_is_read_in_pages() {
    let room = room().await;
    let page = room.store.page(None).await.unwrap().content;
    assert_eq!((page.documents.len(), page.next, page.total), (1, None, Some(1)));
}

/// Each fault of the network, on a read and on a write: what is said about it must be what is known.
#[tokio::test]
async fn each_fault_of_the_network_is_told_for_what_it_is() {
    let indeterminate = |class: &FailureClass| matches!(class, FailureClass::Indeterminate { .. });
    for (fault, read_is_indeterminate, write_is_accepted) in [
        (r#"{"drop_before":{}}"#, true, false),
        (r#"{"drop_after":{}}"#, true, false),
        (r#"{"reset_in_body":{}}"#, true, true),
        (r#"{"truncated_body":{}}"#, true, true),
        (r#"{"garbage":{}}"#, false, false),
        (r#"{"endless_body":{}}"#, false, true),
    ] {
        let room = room().await;
        let read = room.store.get(&id()).await.unwrap().content;
        let script = |kind: &str| {
            let text = format!(r#"{{"faults":[{{"on":{{"kind":"{kind}"}},"times":1,"do":{fault}}}]}}"#);
            Script::from_json(&text).unwrap_or_else(|error| panic!("{fault}: {error}"))
        };
        room.emulator.load_faults(script("get"));
        let failure = room.store.get(&id()).await.unwrap_err();
        assert_eq!(
            indeterminate(&failure.class),
            read_is_indeterminate,
            "{fault}: {failure:?}"
        );
        room.emulator.load_faults(script("put"));
        let written = room.store.replace(&id(), &read.value, read.version.as_ref()).await;
        match written {
            Ok(answer) => assert!(write_is_accepted && answer.content.is_none(), "{fault}"),
            Err(failure) => assert!(
                !write_is_accepted && indeterminate(&failure.class),
                "{fault}: {failure:?}"
            ),
        }
    }
}
