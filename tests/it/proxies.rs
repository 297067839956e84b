//! Proxies on this machine: one of our own that answers as it is told, and tinyproxy where it is installed.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// The answer of a proxy to each wish for a tunnel.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// The tunnel.
    Tunnel,
    /// These bytes, and no tunnel.
    Bytes(&'static str),
}

/// A proxy that opens tunnels or does not.
pub(crate) struct TestProxy {
    /// Its port.
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl TestProxy {
    pub(crate) fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = heads.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), seen) = (client, seen.clone()) else {
                    return;
                };
                thread::spawn(move || serve(client, answer, &seen).ok());
            }
        });
        Self { port, heads }
    }

    /// The URL of the proxy.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests, each with its headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, answer: Answer, seen: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.lock().unwrap().push(head);
    match answer {
        Answer::Bytes(bytes) => client.write_all(bytes.as_bytes()),
        Answer::Tunnel => {
            let server = TcpStream::connect(target)?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let (mut to_server, mut from_server) = (server.try_clone()?, server);
            let mut to_client = client.try_clone()?;
            thread::spawn(move || io::copy(&mut from_server, &mut to_client));
            io::copy(&mut client, &mut to_server)?;
            to_server.shutdown(std::net::Shutdown::Write)
        }
    }
}

#[cfg(unix)]
pub(crate) use tinyproxy::Tinyproxy;

#[cfg(unix)]
mod tinyproxy {
    use std::{
        fs,
        net::{TcpListener, TcpStream},
        process::{Child, Command, Stdio},
        thread,
        time::{Duration, Instant},
    };

    use crate::binary::new_home;

    /// The time within which tinyproxy has to listen.
    const STARTS_WITHIN: Duration = Duration::from_secs(20);

    /// A tinyproxy that wants the login `user`, `let-me-out`, until it is dropped.
    pub(crate) struct Tinyproxy {
        child: Child,
        port: u16,
    }

    impl Tinyproxy {
        /// Nothing, and it says so, where there is no tinyproxy. Tunnels lead to `port` of this machine only.
        pub(crate) fn start(connect_port: u16, test: &str) -> Option<Self> {
            let version = Command::new("tinyproxy").arg("-v").stdout(Stdio::null()).status();
            if !version.is_ok_and(|status| status.success()) {
                ports::testing::skip(test, "it needs tinyproxy (Debian: tinyproxy)");
                return None;
            }
            // Why: tinyproxy cannot be told to take a free port, and one that was free may be taken by now.
            for _ in 0..10 {
                let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
                let config = new_home().join("tinyproxy.conf");
                let settings = format!(
                    "Port {port}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\nBasicAuth user let-me-out\n\
                     ConnectPort {connect_port}\n"
                );
                fs::write(&config, settings).unwrap();
                let mut child = Command::new("tinyproxy")
                    .arg("-d")
                    .arg("-c")
                    .arg(&config)
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                let started = Instant::now();
                while child.try_wait().unwrap().is_none() && started.elapsed() < STARTS_WITHIN {
                    if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                        return Some(Self { child, port });
                    }
                    thread::yield_now();
                }
                child.kill().ok();
                child.wait().ok();
            }
            panic!("tinyproxy does not listen");
        }

        /// The port.
        pub(crate) fn port(&self) -> u16 {
            self.port
        }
    }

    impl Drop for Tinyproxy {
        fn drop(&mut self) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}
