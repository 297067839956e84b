//! The update as a library: a change goes to a rule under the version that was read, and the verdict says what is known.
//!
//! It talks HTTP to an emulator in this process. For an organisation, take the addresses from `Region` and the client
//! from wherever secrets are kept; nothing else changes.
//!
//! `cargo run --package assist-rules-app --example update_a_rule` prints
//!
//! ```text
//! applied with 2 requests
//!   /description is now "Offer the refund form first"
//!   /enabled is now false
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use assist_rules_app::Updater;
use async_trait::async_trait;
use domain::{
    Draft, RuleChange, RuleId,
    protocol::{Outcome, Terms},
};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{
    Address, ClientCredentials, Connection, ConnectionSettings, Credentials, GenesysRepository, RulesPath, TokenSource,
};
use ports::{Author, Clock, InMemoryLedger, Sleeper};
use tokio::net::TcpListener;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = emulator::serve(Emulator::sample(), TcpListener::bind("127.0.0.1:0").await?).await?;
    let updater = updater(&emulator.url().parse()?)?;

    // What is not named is not touched: the conditions and actions stay, whatever they are.
    let change = RuleChange::default()
        .description("Offer the refund form first")?
        .enabled(false)?;
    let rule: RuleId = SAMPLE_RULE_ID.parse()?;
    let report = updater
        .update(&rule, Draft::from(&change), Terms::default(), &|_| ())
        .await;

    emulator.shutdown().await;

    // A conflict, an unclear write, a refusal: each is an outcome of its own, with all that is known about it.
    let verdict = report.verdict;
    if verdict.outcome != Outcome::Applied {
        return Err(format!("not applied: {:?}", verdict.outcome).into());
    }
    println!("applied with {} requests", report.requests);
    for difference in verdict.diff() {
        let after = difference.after.map_or_else(String::new, |after| after.compact());
        println!("  {} is now {after}", difference.pointer);
    }
    Ok(())
}

/// The use case on its ports: rules over HTTP, and the time of this machine.
fn updater(address: &Address) -> Result<Updater<domain::TriggerRule>, Box<dyn Error>> {
    let time = Arc::new(Timer(Instant::now()));
    let connection = Connection::new(&ConnectionSettings {
        loopback: address.is_loopback(),
        ..ConnectionSettings::default()
    })?;
    let client = Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SANDBOX_CLIENT_SECRET.into(),
    });
    let tokens = TokenSource::new(client, address.clone(), connection.clone(), time.clone(), None);
    let rules = GenesysRepository::new(address.clone(), RulesPath::default(), connection, tokens, time.clone());
    Ok(Updater {
        repository: Arc::new(rules),
        ledger: Arc::new(InMemoryLedger::default()),
        target: address.to_string(),
        author: Author {
            command: "example".to_owned(),
            client: SANDBOX_CLIENT_ID.to_owned(),
            ..Author::default()
        },
        clock: time.clone(),
        sleeper: time,
        // One writer needs no spread; many should give a random number.
        chance: Arc::new(|| 0.5),
        budget: Arc::default(),
    })
}

/// Time as the machine has it.
struct Timer(Instant);

impl Clock for Timer {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[async_trait]
impl Sleeper for Timer {
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
