//! The conformance suite of sinks, run by each kind against its own system.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ports::testing::sink_conformance::{SinkStage, check_sink};
use ports::{Event, EventSink};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::postgres::tests::Schema;
use crate::samples::sink;
use crate::settings::SinkKind;

/// The suite, which must end within a minute.
async fn check<S: SinkStage, F: Future<Output = S>>(stage: impl Fn() -> F) {
    let suite = tokio::time::timeout(Duration::from_mins(1), check_sink(stage));
    suite.await.expect("the sink does not end by itself");
}

/// The test of each kind: a kind without one does not build.
const _: fn(&SinkKind) -> fn() = |kind| match kind {
    SinkKind::Webhook { .. } => a_webhook_keeps_the_contract,
    #[cfg(unix)]
    SinkKind::Command { .. } => a_command_keeps_the_contract,
    #[cfg(not(unix))]
    SinkKind::Command { .. } => || (),
    SinkKind::Directory { .. } => a_directory_keeps_the_contract,
    SinkKind::Postgres { .. } => a_table_keeps_the_contract,
};

/// A sink that writes into a folder.
struct FolderStage {
    sink: Arc<dyn EventSink>,
    folder: TempDir,
    is_kept: fn(&Path, &Event) -> bool,
}

impl FolderStage {
    fn new(kind: impl Fn(PathBuf) -> SinkKind, is_kept: fn(&Path, &Event) -> bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            sink: sink(kind(folder.path().to_owned())),
            folder,
            is_kept,
        }
    }
}

#[async_trait]
impl SinkStage for FolderStage {
    fn sink(&self) -> &dyn EventSink {
        &*self.sink
    }

    async fn is_kept(&self, event: &Event) -> bool {
        (self.is_kept)(self.folder.path(), event)
    }

    async fn take_away(&self) {
        std::fs::remove_dir_all(self.folder.path()).unwrap();
    }
}

fn contains(file: &Path, text: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|found| found.contains(text))
}

#[tokio::test]
async fn a_directory_keeps_the_contract() {
    check(|| async {
        FolderStage::new(
            |path| SinkKind::Directory { path },
            |folder, event| {
                let version = event.after.root().get("after").map(|version| version.raw().to_owned());
                contains(&folder.join(".assist-rules/r1"), &format!("\"{}\"", event.id))
                    && contains(&folder.join("r1.json"), &version.unwrap())
            },
        )
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_command_keeps_the_contract() {
    check(|| async {
        FolderStage::new(
            |path| SinkKind::Command {
                argv: ["sh", "-c", "cat > \"$1/$EVENT_ID\"", "sh", path.to_str().unwrap()]
                    .map(str::to_owned)
                    .to_vec(),
                timeout: SinkKind::COMMAND_TIMEOUT,
            },
            |folder, event| contains(&folder.join(&event.id), &format!("\"{}\"", event.id)),
        )
    })
    .await;
}

/// A webhook, and the server that keeps the ids of the events.
struct WebhookStage {
    sink: Arc<dyn EventSink>,
    ids: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl WebhookStage {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let ids = Arc::new(Mutex::new(Vec::new()));
        let kept = ids.clone();
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                keep(stream, &kept).await;
            }
        });
        let kind = SinkKind::Webhook {
            url,
            secrets: vec!["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()],
            allow_private: true,
            timeout: SinkKind::TIMEOUT,
        };
        Self {
            sink: sink(kind),
            ids,
            server,
        }
    }
}

/// Reads a request, keeps the id of its event, and answers.
async fn keep(mut stream: TcpStream, ids: &Mutex<Vec<String>>) {
    let mut read = Vec::new();
    let header = |head: &str, name: &str| {
        let value = head.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
        value.unwrap_or_default()
    };
    loop {
        assert_ne!(stream.read_buf(&mut read).await.unwrap(), 0, "the request broke off");
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && header(head, "content-length: ").parse() == Ok(body.len())
        {
            ids.lock().unwrap().push(header(head, "webhook-id: "));
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            return stream.write_all(answer).await.unwrap();
        }
    }
}

#[async_trait]
impl SinkStage for WebhookStage {
    fn sink(&self) -> &dyn EventSink {
        &*self.sink
    }

    async fn is_kept(&self, event: &Event) -> bool {
        self.ids.lock().unwrap().contains(&event.id)
    }

    async fn take_away(&self) {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_webhook_keeps_the_contract() {
    check(WebhookStage::new).await;
}

/// A table in a schema, which the last check takes away.
struct TableStage {
    sink: Arc<dyn EventSink>,
    table: String,
    schema: Arc<tokio::sync::Mutex<Schema>>,
}

#[async_trait]
impl SinkStage for TableStage {
    fn sink(&self) -> &dyn EventSink {
        &*self.sink
    }

    async fn is_kept(&self, event: &Event) -> bool {
        let ids = self.schema.lock().await.ask("event_id", &self.table).await;
        ids.contains(&event.id)
    }

    async fn take_away(&self) {
        self.schema.lock().await.remove().await;
    }
}

#[tokio::test]
async fn a_table_keeps_the_contract() {
    let Some(schema) = Schema::new("a_table_keeps_the_contract").await else {
        return;
    };
    let url = schema.url();
    let schema = Arc::new(tokio::sync::Mutex::new(schema));
    let count = AtomicU32::new(0);
    check(|| async {
        let table = format!("events_{}", count.fetch_add(1, Ordering::Relaxed));
        let kind = SinkKind::Postgres {
            url: url.as_str().into(),
            table: table.clone(),
            timeout: SinkKind::TIMEOUT,
        };
        TableStage {
            sink: sink(kind),
            table,
            schema: schema.clone(),
        }
    })
    .await;
}
