//! PostgreSQL over TLS, as ledger and as sink.

use std::net::{SocketAddr, ToSocketAddrs as _};

use crate::binary::{new_home, run};
use crate::journeys::{against, document, file};
use crate::postgres::Schema;
use crate::sandbox::Sandbox;
use crate::secure::{Authority, Made, TlsFront};

/// FIELD C4: `ca_file` counts for PostgreSQL, as the ledger and as a sink.
#[test]
fn a_database_of_an_own_authority_is_reached_with_its_ca_file() {
    let Some(schema) = Schema::new("a_database_of_an_own_authority") else {
        return;
    };
    let server: SocketAddr = schema.server().to_socket_addrs().unwrap().next().unwrap();
    let authority = Authority::new();
    let front = TlsFront::of_postgres(&authority.makes(Made::Well), server);
    let url = format!("{}&sslmode=verify-full", schema.url_at(front.port));
    let update = |ca_file: &std::path::Path, name: &str, flags: &[&str]| {
        let sandbox = Sandbox::sample();
        let mut command = against(&sandbox);
        let sink = "[[sinks]]\nname = \"db\"\nkind = \"postgres\"\nurl_from = \"env:DB\"\n";
        let config = file(&command, "own.toml", sink);
        command
            .env("ASSIST_RULES_CA_FILE", ca_file)
            .env("ASSIST_RULES_STATE_DIR", new_home().join("state"))
            .env("DB", &url)
            .arg("--config")
            .arg(config);
        run(command.args(["update", "-o", "json", "--name", name]).args(flags))
    };
    let other = Authority::new().file();
    let ran = update(&other, "A", &[]);
    assert_eq!(
        (ran.code, document(&ran)["delivery"]["delivered"].as_u64()),
        (Some(10), Some(0)),
        "{ran}"
    );
    let fault = "the certificate of the database is signed by an authority that is not trusted here";
    assert!(ran.stderr.contains(fault), "{ran}");
    let ran = update(&authority.file(), "B", &[]);
    assert_eq!(
        (ran.code, document(&ran)["delivery"]["delivered"].as_u64()),
        (Some(0), Some(1)),
        "{ran}"
    );
    assert_eq!(schema.query("SELECT count(*) FROM assist_rules_events"), "1");

    let ran = update(&other, "C", &["--ledger", &url]);
    assert_eq!(ran.code, Some(64), "{ran}");
    let error = document(&ran);
    assert!(error["message"].as_str().unwrap().contains(fault), "{ran}");
    assert!(
        error["help"].as_str().unwrap().contains("ASSIST_RULES_CA_FILE"),
        "{ran}"
    );
    let ran = update(&authority.file(), "D", &["--ledger", &url]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(schema.query("SELECT count(*) FROM entries"), "2");
    assert!(front.accepted() >= 4, "each of them went through it");
}
