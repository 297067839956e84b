//! Why each dependency is there, and who may use it. The table is the documentation: what is not in it is not used.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use crate::repository::{assert_none, metadata};

/// A crate that others wrote.
struct External {
    name: &'static str,
    why: &'static str,
    /// Exactly these use it in what they ship. Tests, examples and benches may use any row.
    used_by: &'static [&'static str],
}

const CLI: &str = "assist-rules-cli";
const ADAPTER: &str = "assist-rules-genesys-adapter";
const APP: &str = "assist-rules-app";
const DOMAIN: &str = "assist-rules-domain";
const LEDGER: &str = "assist-rules-ledger-adapter";
const FILES: &str = "assist-rules-files";
const EMULATOR: &str = "assist-rules-emulator";
const NETWORK: &str = "assist-rules-network";
const PORTS: &str = "assist-rules-ports";
const SINK: &str = "assist-rules-sink-adapter";

#[rustfmt::skip]
const EXTERNALS: &[External] = &[
    External { name: "annotate-snippets", why: "shows a finding in its source, underlined, as rustc does", used_by: &[CLI] },
    External { name: "anstream", why: "color only where it is wanted and understood", used_by: &[CLI] },
    External { name: "anstyle", why: "the styles that clap, annotate-snippets and anstream share", used_by: &[CLI] },
    External { name: "anyhow", why: "errors that are only reported, in chores", used_by: &["xtask"] },
    External { name: "async-trait", why: "ports are traits with async methods, used as dyn", used_by: &[APP, CLI, ADAPTER, PORTS, LEDGER, SINK] },
    External { name: "aws-lc-rs", why: "HKDF and AEAD for the sealed token cache, SHA-256 for the ledger, HMAC for webhooks; already there through rustls", used_by: &[ADAPTER, LEDGER, SINK] },
    External { name: "axum", why: "the emulator's server", used_by: &[EMULATOR] },
    External { name: "base64", why: "Basic authorization, on both of its sides; keys and signatures of webhooks", used_by: &[EMULATOR, ADAPTER, SINK] },
    External { name: "bytes", why: "bodies that are shared between tries, not copied", used_by: &[EMULATOR, ADAPTER] },
    External { name: "cargo_metadata", why: "what cargo knows of the workspace, for the shape tests", used_by: &[] },
    External { name: "clap", why: "the command line", used_by: &[CLI] },
    External { name: "clap_complete", why: "`completions`, from the same definition", used_by: &[CLI] },
    External { name: "clap_mangen", why: "the man page, from the same definition", used_by: &[CLI] },
    External { name: "comfy-table", why: "tables that fit the terminal, wide letters included", used_by: &[CLI] },
    External { name: "config", why: "layers of configuration, with the origin of each key", used_by: &[CLI] },
    External { name: "divan", why: "benches with the comparison beside them", used_by: &[] },
    External { name: "etcetera", why: "where configuration and state live on each system", used_by: &[CLI] },
    External { name: "expect-test", why: "snapshots of what the program prints", used_by: &[] },
    External { name: "fastrand", why: "worlds that a seed determines, the same on every system; already there through tempfile", used_by: &[] },
    External { name: "futures-util", why: "several deliveries at once, on whichever runtime there is", used_by: &[APP] },
    External { name: "getrandom", why: "salts from the system: aws-lc takes 30 ms to gather its own entropy", used_by: &[ADAPTER] },
    External { name: "http", why: "methods, status codes and headers as data, without a client", used_by: &[EMULATOR, ADAPTER, NETWORK, SINK] },
    External { name: "httpdate", why: "Date and Retry-After as HTTP writes dates", used_by: &[EMULATOR, NETWORK] },
    External { name: "hyper-util", why: "NO_PROXY as reqwest reads it, so that an error names the proxy that was asked; already there through reqwest", used_by: &[ADAPTER] },
    External { name: "indicatif", why: "the bar of a plan of thousands, with its rate and what is left", used_by: &[CLI] },
    External { name: "jiff", why: "times as people and RFC 3339 write them", used_by: &[CLI, LEDGER, NETWORK, SINK] },
    External { name: "jsonschema", why: "schemas read by somebody else than who wrote them, in tests", used_by: &[] },
    External { name: "mockall", why: "\"must not be called\", \"exactly once\", \"fails the second time\"; under `testing`", used_by: &[PORTS] },
    External { name: "prometheus-client", why: "figures as Prometheus reads them, labels escaped", used_by: &[CLI] },
    External { name: "proptest", why: "laws instead of examples; strategies under `testing`", used_by: &[DOMAIN] },
    External { name: "rcgen", why: "authorities and certificates of every kind of fault, for tests over real TLS", used_by: &[] },
    External { name: "regex", why: "the `regex` operator, with a size limit, in linear time", used_by: &[DOMAIN, EMULATOR] },
    External { name: "regex-syntax", why: "whether a pattern matches the empty text, without compiling it", used_by: &[DOMAIN] },
    External { name: "reqwest", why: "HTTP over rustls; own retries and redirects off", used_by: &[ADAPTER, SINK] },
    External { name: "rustix", why: "ends a command together with all that it started, and asks whether a process lives, without `unsafe`", used_by: &[LEDGER, SINK] },
    External { name: "rustls", why: "the TLS of reqwest: its errors by cause, and certificates known to be some", used_by: &[ADAPTER, NETWORK] },
    External { name: "secrecy", why: "secrets that Debug does not show and drop wipes", used_by: &[CLI, ADAPTER, PORTS, SINK] },
    External { name: "serde", why: "derived readers and printers of our own formats", used_by: &[CLI, DOMAIN, EMULATOR, ADAPTER, LEDGER, SINK] },
    External { name: "serde-saphyr", why: "YAML 1.2 with places; serde_yaml is abandoned", used_by: &[CLI] },
    External { name: "serde_ignored", why: "keys of the configuration that nobody reads are errors", used_by: &[CLI] },
    External { name: "serde_json", why: "JSON, order kept and numbers exact; raw values where digits must stay as they were written", used_by: &[CLI, DOMAIN, EMULATOR, ADAPTER, LEDGER, SINK] },
    External { name: "serde_json_canonicalizer", why: "one text for one entry of the ledger (RFC 8785), so that its hash can be proved", used_by: &[LEDGER] },
    External { name: "sha2", why: "the hash of a plan and of a base, where no system library may be; already there through sqlx", used_by: &[DOMAIN] },
    External { name: "similar", why: "the diff of two texts, by word", used_by: &[CLI] },
    External { name: "sqlx", why: "SQLite, built in, and PostgreSQL, under one set of statements", used_by: &[LEDGER, SINK] },
    External { name: "strsim", why: "\"did you mean\"", used_by: &[CLI, ADAPTER, DOMAIN] },
    External { name: "tempfile", why: "files that are written whole or not at all", used_by: &[CLI, FILES, SINK] },
    External { name: "thiserror", why: "errors that callers match on", used_by: &[APP, DOMAIN, EMULATOR, ADAPTER, NETWORK, PORTS, LEDGER, SINK] },
    External { name: "tokio", why: "sockets, timers, signals, and channels between tasks", used_by: &[APP, CLI, EMULATOR, ADAPTER, PORTS, LEDGER, SINK] },
    External { name: "tokio-rustls", why: "a server of TLS, for tests; already there through reqwest", used_by: &[] },
    External { name: "tracing", why: "what happened, as data, in spans", used_by: &[APP, CLI, EMULATOR, ADAPTER, LEDGER] },
    External { name: "tracing-subscriber", why: "the same as text or JSON on stderr", used_by: &[CLI] },
    External { name: "unicode-normalization", why: "one file name for both spellings of a word", used_by: &[CLI] },
    External { name: "url", why: "addresses, parsed once and checked byte for byte", used_by: &[EMULATOR, ADAPTER, SINK] },
    External { name: "uuid", why: "ids of runs, tokens and requests", used_by: &[CLI, EMULATOR] },
    External { name: "whoami", why: "who made a change and on which machine, for the record, on each system", used_by: &[CLI] },
];

#[test]
fn every_dependency_is_in_the_table_with_exactly_its_users() {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for package in &metadata().packages {
        let user = package.name.as_str();
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.path.is_none())
        {
            let name = dependency.name.as_str();
            seen.insert(name);
            let Some(row) = EXTERNALS.iter().find(|row| row.name == name) else {
                faults.push(format!("{user} uses {name}, which is not in the table"));
                continue;
            };
            if dependency.kind != DependencyKind::Development && !row.used_by.contains(&user) {
                faults.push(format!("{user} uses {name}, which the table does not give it"));
            }
        }
    }
    for row in EXTERNALS {
        if !seen.contains(row.name) {
            faults.push(format!("{} stands in the table only", row.name));
        }
        for user in row.used_by.iter().filter(|user| !ships(user, row.name)) {
            faults.push(format!("{user} does not use {}, though the table says so", row.name));
        }
    }
    assert_none(
        &faults,
        "Can it be done without? If not, give the crate its row in EXTERNALS (tests/it/dependencies.rs): why, and who.",
    );
}

/// True if a crate of the workspace uses another in the code that it ships.
fn ships(user: &str, name: &str) -> bool {
    let mut packages = metadata().packages.iter();
    packages.any(|package| {
        let mut dependencies = package.dependencies.iter();
        package.name.as_str() == user
            && dependencies.any(|other| other.name == name && other.kind != DependencyKind::Development)
    })
}

#[test]
fn the_table_is_sorted_and_says_why() {
    let names: Vec<_> = EXTERNALS.iter().map(|row| row.name).collect();
    assert!(names.is_sorted(), "sort EXTERNALS by name");
    for row in EXTERNALS {
        assert!(!row.why.is_empty(), "{}: why?", row.name);
    }
}
