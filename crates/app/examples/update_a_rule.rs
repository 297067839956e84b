//! An update from a program: it is written under the version that was read, and the outcome is what is known.
//!
//! `cargo run --package assist-rules-app --example update_a_rule` prints
//!
//! ```text
//! applied: /description, /enabled
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::{error::Error, sync::Arc};

use assist_rules_app::Updater;
use domain::{Edit, RuleId, TriggerRule, protocol::UpdateOptions};
use emulator::{Emulator, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, serve};
use genesys_adapter::{Address, Connection, ConnectionSettings, Credentials, GenesysStore, TokenSource, TriggerRules};
use ports::RealTime;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Genesys Cloud in this process. Of an organization, take the addresses from `Region`.
    let emulator = serve(Emulator::sample(), tokio::net::TcpListener::bind("127.0.0.1:0").await?).await?;
    let api: Address = emulator.url().parse()?;
    let connection = Connection::new(&ConnectionSettings::to(&api))?;

    let time = Arc::new(RealTime::start());
    let client = Credentials::client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET);
    let tokens = TokenSource::new(client, api.clone(), api, connection, time.clone(), None);
    let rules = GenesysStore::new(TriggerRules::default(), tokens, time.clone());
    let updater = Updater::builder(Arc::new(rules)).build(time);

    let rule: RuleId = SAMPLE_RULE_ID.parse()?;
    let edit = Edit::<TriggerRule>::default()
        .description("Offer the refund form first")?
        .enabled(false)?;
    let outcome = updater
        .update(&rule, edit, UpdateOptions::default())
        .await
        .completion
        .outcome;
    let places: Vec<String> = outcome
        .diff()
        .iter()
        .map(|found| found.difference.pointer.to_string())
        .collect();
    println!("{}: {}", outcome.kind().as_str(), places.join(", "));
    emulator.shutdown().await;
    Ok(())
}
