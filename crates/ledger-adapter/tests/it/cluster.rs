//! A PostgreSQL of a test's own, that may be stopped at once.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server with its data in a folder that goes with it.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Nothing, and it says so, where PostgreSQL's programs are not, or cannot run.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let made = programs().and_then(|programs| {
            let folder = tempfile::tempdir().unwrap();
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let cluster = Self { folder, programs, port };
            let is_owned = !is_root() || run(Command::new("chown").arg("postgres").arg(cluster.folder.path()));
            let data = cluster.data();
            let is_made = is_owned
                && run(cluster
                    .program("initdb")
                    .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D"])
                    .arg(&data));
            (is_made && cluster.start()).then_some(cluster)
        });
        if made.is_none() {
            ports::testing::skip(
                test,
                "no PostgreSQL of its own can be started; it needs PostgreSQL's programs (initdb, pg_ctl) in the PATH or \
                 under /usr/lib/postgresql and, for root, a user `postgres`",
            );
        }
        made
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    pub(crate) fn start(&self) -> bool {
        let options = format!("-p {} -h 127.0.0.1 -k {}", self.port, self.folder.path().display());
        let log = self.folder.path().join("log");
        let mut start = self.program("pg_ctl");
        start
            .args(["start", "-w", "-t", "60", "-o"])
            .arg(options)
            .arg("-l")
            .arg(log);
        run(start.arg("-D").arg(self.data()))
    }

    /// As if it had crashed.
    pub(crate) fn stop_at_once(&self) -> bool {
        let mut stop = self.program("pg_ctl");
        run(stop.args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.data()))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The server refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
                .arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop_at_once();
    }
}

fn run(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

/// The folder of the newest.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let installed = installed.filter_map(|version| version.ok().map(|version| version.path().join("bin")));
    let of_path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::env::split_paths(&of_path).chain(installed).collect();
    all.retain(|folder: &PathBuf| has_server(folder));
    all.pop()
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).exists())
}
