//! A stock nginx in front of an API, with connections to it that are kept, where there is an nginx.
#![cfg(unix)]

use std::{
    fs, io,
    net::{TcpListener, TcpStream},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::binary::new_home;

/// The time within which nginx has to listen.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// An nginx between the program and an API, until it is dropped.
pub(crate) struct Nginx {
    child: Child,
    folder: PathBuf,
    url: String,
}

impl Nginx {
    /// Nothing, and it says so, where there is no nginx.
    pub(crate) fn in_front_of(api: &str, test: &str) -> Option<Self> {
        let Some(program) = installed() else {
            ports::testing::skip(test, "it needs nginx (Debian: nginx-light)");
            return None;
        };
        let folder = new_home();
        let socket = folder.join("nginx.sock");
        let config = folder.join("nginx.conf");
        fs::write(&config, settings(&folder, &socket, api.trim_start_matches("http://"))).unwrap();
        let child = Command::new(program)
            .args([
                Path::new("-p"),
                &folder,
                Path::new("-c"),
                &config,
                Path::new("-e"),
                &folder.join("error.log"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(
                started.elapsed() < STARTS_WITHIN,
                "nginx does not listen: {}",
                log(&folder, "error.log")
            );
            thread::yield_now();
        }
        let url = relay_to(socket);
        Some(Self { child, folder, url })
    }

    /// The base URL that the program uses in place of the API's.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The lines of its own log about writes: the status of each try at the API, and the one that its client got.
    pub(crate) fn writes(&self) -> Vec<String> {
        let log = log(&self.folder, "access.log");
        log.lines()
            .filter_map(|line| line.strip_prefix("PUT "))
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Its defaults, but for what has to be named: the folders, and the upstream whose connections it keeps.
fn settings(folder: &Path, socket: &Path, api: &str) -> String {
    let (folder, socket) = (folder.display(), socket.display());
    format!(
        r#"
        daemon off;
        master_process off;
        pid {folder}/nginx.pid;
        events {{}}
        http {{
            log_format tries '$request_method $upstream_status -> $status';
            access_log {folder}/access.log tries;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            upstream api {{
                server {api};
                keepalive 4;
            }}
            server {{
                listen unix:{socket};
                location / {{
                    proxy_pass http://api;
                    proxy_http_version 1.1;
                    proxy_set_header Connection "";
                }}
            }}
        }}
        "#
    )
}

fn installed() -> Option<&'static str> {
    ["nginx", "/usr/sbin/nginx"].into_iter().find(|program| {
        let version = Command::new(program).arg("-v").stderr(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    })
}

fn log(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_default()
}

/// A free port whose connections are those of the socket. Why: nginx cannot be told to take a free one.
fn relay_to(socket: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, UnixStream::connect(&socket)) else {
                return;
            };
            relay(client, server);
        }
    });
    url
}

fn relay(client: TcpStream, server: UnixStream) {
    let (mut requests, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (mut answers, mut to_client) = (server, client);
    thread::spawn(move || {
        io::copy(&mut requests, &mut to_server).ok();
        to_server.shutdown(std::net::Shutdown::Write).ok();
    });
    thread::spawn(move || {
        io::copy(&mut answers, &mut to_client).ok();
        to_client.shutdown(std::net::Shutdown::Write).ok();
    });
}
