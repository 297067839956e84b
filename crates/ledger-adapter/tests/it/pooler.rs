//! FIELD I4: a pgbouncer in transaction mode in front of the database, where there is one.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger};
use ports::LedgerError;
use sqlx::postgres::PgConnectOptions;

use super::stores::{Schema, in_a_runtime, run};

/// The time within which pgbouncer has to listen.
const STARTS_WITHIN: Duration = Duration::from_secs(20);

const PORT: u16 = 6432;

/// A pgbouncer that listens on a socket in a folder, until it is dropped.
struct Pooler(Child);

impl Drop for Pooler {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Nothing, and it says so, where there is no pgbouncer.
fn start(folder: &Path, database: &PgConnectOptions, more: &str, test: &str) -> Option<Pooler> {
    let settings = format!(
        "[databases]\nledger = host={} port={} dbname={}\n[pgbouncer]\nunix_socket_dir = {}\nlisten_port = {PORT}\n\
         auth_type = trust\nauth_file = {}\npool_mode = transaction\n{more}\n",
        database.get_host(),
        database.get_port(),
        database.get_database().unwrap_or("test"),
        folder.display(),
        folder.join("users").display(),
    );
    fs::write(folder.join("pgbouncer.ini"), settings).unwrap();
    fs::write(folder.join("users"), format!("\"{}\" \"\"\n", database.get_username())).unwrap();
    // Why: it does not run as root, and gives its rights away to this user then.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    let program = ["pgbouncer", "/usr/sbin/pgbouncer"].into_iter().find_map(|program| {
        let mut command = Command::new(program);
        if fs::metadata("/proc/self").is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0) {
            command.args(["-u", "nobody"]);
        }
        command
            .arg(folder.join("pgbouncer.ini"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().ok()
    });
    let Some(child) = program else {
        ports::testing::skip(test, "it needs pgbouncer (Debian: pgbouncer)");
        return None;
    };
    let pooler = Pooler(child);
    let started = Instant::now();
    while !folder.join(format!(".s.PGSQL.{PORT}")).exists() {
        assert!(started.elapsed() < STARTS_WITHIN, "pgbouncer does not listen");
        thread::yield_now();
    }
    Some(pooler)
}

#[test]
fn a_pooler_in_transaction_mode_is_refused_by_name() {
    const TEST: &str = "a_pooler_in_transaction_mode_is_refused_by_name";
    let Some(schema) = in_a_runtime(Schema::new(TEST)) else {
        return;
    };
    let database: PgConnectOptions = schema.url.parse().unwrap();
    for more in ["", "ignore_startup_parameters = extra_float_digits,options"] {
        let folder = tempfile::tempdir().unwrap();
        let Some(_pooler) = start(folder.path(), &database, more, TEST) else {
            return;
        };
        let user = database.get_username();
        let address = format!(
            "postgres://{user}@localhost/ledger?host={}&port={PORT}",
            folder.path().display()
        );
        let opened = || {
            let settings = LedgerSettings {
                address: address.parse().unwrap(),
                run: None,
                sinks: vec![run()],
            };
            in_a_runtime(SqlLedger::open(settings))
        };
        // The first run may have a connection to itself that nobody had prepared anything on.
        let refused = (0..3).find_map(|_| opened().err());
        let Some(LedgerError::Unusable(failure)) = refused else {
            panic!("{more}: {refused:?}");
        };
        assert!(failure.message.contains("pgbouncer"), "{failure}");
        assert!(
            failure.help.as_ref().is_some_and(|help| help.contains("session mode")),
            "{failure:?}"
        );
        assert!(failure.source.is_some(), "the words of the database: {failure:?}");
    }
}
