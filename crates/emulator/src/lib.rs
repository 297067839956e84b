//! Genesys Cloud in a box: trigger rules, Agent Copilot, the sign-in and the limits, over a real socket.
//!
//! The emulator refuses what the platform would refuse, with the platform's own words and headers, and keeps what it
//! was given member for member. Its code shares nothing with the product that it tries: a checker that judged itself
//! would hide its faults. Nothing is kept on disk, and nothing listens until [`serve`] is called.
//!
//! ```
//! # use assist_rules_emulator::{SAMPLE_RULE_ID, Emulator, serve};
//! # fn main() -> std::io::Result<()> {
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let world = Emulator::sample();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let running = serve(world.clone(), listener).await?;
//! assert!(running.url().starts_with("http://127.0.0.1:"));
//! assert!(world.rule(SAMPLE_RULE_ID).is_some());
//! running.shutdown().await;
//! # Ok(()) }) }
//! ```

mod api_error;
mod assistant_store;
mod call;
mod client;
mod connection;
mod copilot_api;
mod copilot_engine;
mod copilot_error;
mod copilot_settings;
mod emulator;
mod engine;
mod etag;
mod fault;
mod fault_injection;
mod hosted_copilots;
mod hosted_document;
mod listing;
mod merge_patch;
mod operand;
mod organization;
mod other_ids;
mod parameters;
mod permission;
mod platform;
mod rate;
mod recorded_request;
mod recorded_write;
mod reference_api;
mod reference_collection;
mod reference_store;
mod reply;
mod route;
mod rule_store;
mod sample;
mod script;
mod server;
mod server_clock;
mod settings;
mod sign_in;
mod tenant;
mod token;
mod violation;
mod wait;

#[cfg(test)]
mod tests;

pub use client::Client;
pub use copilot_error::CopilotError;
pub use copilot_settings::{CopilotSettings, EnumMembers, Fractions, GatewayEtag, MemberOrder, Staleness};
pub use emulator::Emulator;
pub use hosted_document::HostedDocument;
pub use organization::HostedOrganization;
pub use permission::Permission;
pub use recorded_request::RecordedRequest;
pub use recorded_write::{RecordedWrite, Writer};
pub use reference_collection::ReferenceCollection;
pub use route::Kind;
pub use rule_store::RuleError;
pub use sample::{
    SAMPLE_ASSISTANT_ID, SAMPLE_ASSISTANTS, SAMPLE_CHANGE, SAMPLE_RULE, SAMPLE_RULE_ID, SAMPLE_VARIATION_ID,
    SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, SANDBOX_ORGANIZATION_ID,
};
pub use script::{Script, ScriptError};
pub use server::{Running, serve};
pub use server_clock::ServerClock;
pub use settings::{BodyEtag, EtagHeader, RetryAfter, Settings};
