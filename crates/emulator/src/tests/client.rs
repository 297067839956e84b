//! A raw HTTP/1.1 client: one connection a request, and what came over it, whole or not.

use std::{collections::BTreeMap, fmt::Write as _, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{Emulator, Running, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Settings, serve};

pub(super) const RULES: &str = "/api/v2/agent-assist/trigger-rules";

/// An emulator and the token of its sandbox client.
pub(super) struct Org {
    pub(super) emulator: Emulator,
    pub(super) running: Running,
    pub(super) token: String,
}

/// The sample world under other settings.
pub(super) fn emulator(settings: Settings) -> Emulator {
    let emulator = Emulator::restore(&Emulator::sample().snapshot(), settings).unwrap();
    emulator.add_client(crate::Client::sandbox());
    emulator
}

impl Org {
    pub(super) async fn sample() -> Self {
        Self::of(Emulator::sample()).await
    }

    pub(super) async fn of(emulator: Emulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = serve(emulator.clone(), listener).await.unwrap();
        let mut org = Self {
            emulator,
            running,
            token: String::new(),
        };
        org.token = org.sign_in().await.json()["access_token"].as_str().unwrap().to_owned();
        org
    }

    pub(super) async fn sign_in(&self) -> Answer {
        let basic = format!(
            "Basic {}",
            STANDARD.encode(format!("{SANDBOX_CLIENT_ID}:{SANDBOX_CLIENT_SECRET}"))
        );
        let headers = [
            ("Authorization", &*basic),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        self.ask("POST", "/oauth/token", &headers, b"grant_type=client_credentials")
            .await
            .unwrap()
    }

    pub(super) async fn get(&self) -> Answer {
        self.get_path(&rule_path()).await
    }

    pub(super) async fn get_path(&self, path: &str) -> Answer {
        self.api("GET", path, &[], b"").await.unwrap()
    }

    pub(super) async fn put(&self, if_match: &str, rule: &Value) -> Answer {
        self.try_put(if_match, rule).await.unwrap()
    }

    pub(super) async fn try_put(&self, if_match: &str, rule: &Value) -> io::Result<Answer> {
        let headers = [("If-Match", if_match), ("Content-Type", "application/json")];
        self.api("PUT", &rule_path(), &headers, rule.to_string().as_bytes())
            .await
    }

    /// A request with the token.
    pub(super) async fn api(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let bearer = format!("Bearer {}", self.token);
        let headers: Vec<_> = headers.iter().copied().chain([("Authorization", &*bearer)]).collect();
        self.ask(method, path, &headers, body).await
    }

    /// A request as it stands here.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut stream = self.send(method, path, headers, body).await?;
        let mut received = Vec::new();
        let ending = stream.read_to_end(&mut received).await.err();
        match Answer::parse(&received) {
            Some(answer) => Ok(Answer { ending, ..answer }),
            None => Err(ending.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// Sends a request and leaves the answer to be read.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.running.address).await?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: emulator\r\nConnection: close\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        Ok(stream)
    }

    pub(super) fn rule(&self) -> Value {
        self.emulator.rule(SAMPLE_RULE_ID).unwrap()
    }
}

pub(super) fn rule_path() -> String {
    format!("{RULES}/{SAMPLE_RULE_ID}")
}

/// The bytes that came back until the connection ended, as an HTTP response.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
    /// The error that ended the connection, if it did not end in order.
    pub(super) ending: Option<io::Error>,
}

impl Answer {
    pub(super) fn parse(received: &[u8]) -> Option<Self> {
        let split = received.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&received[..split]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers = lines
            .map(|line| line.split_once(": ").unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Self {
            status,
            headers,
            body: received[split + 4..].to_vec(),
            ending: None,
        })
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Status and code of an error.
    pub(super) fn refusal(&self) -> (u16, String) {
        (self.status, self.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    /// True if the body is as long as the headers say.
    pub(super) fn is_whole(&self) -> bool {
        self.header("content-length").map(|length| length.parse().unwrap()) == Some(self.body.len())
    }
}
