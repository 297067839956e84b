//! The product's promise, simulated: whatever the network, the server and other people do, no acknowledged edit is
//! lost, nobody's field is overwritten unseen, and every outcome reported is true.
//!
//! Each seed is a world of its own with the real updater, protocol and reconcile in it, and virtual time. The same
//! seed is the same world. Worlds are of one kind: of trigger rules, whose server checks versions; of the toy, which only
//! a comparison of the content guards, and where what is lost is counted; or of any other kind (`second_kind.rs`).
//!
//! - One seed again, with its whole history: `ASSIST_RULES_SEED=7 cargo test -p assist-rules-simulation --
//!   --nocapture every_promise`; of Copilots with `copilots_lose` in place of `every_promise`, of the toy with `toys_lose`
//! - What Copilots lose by contention and by latency: `CI=true cargo test -p assist-rules-simulation -- --nocapture copilots`
//! - Ten million seeds: `ASSIST_RULES_SEEDS=10000000 cargo test --release -p assist-rules-simulation -- --nocapture
//!   every_promise`
//! - Small worlds with three faults each in place of two: `ASSIST_RULES_FAULTS=3 cargo test --release
//!   -p assist-rules-simulation -- --nocapture no_bad_end`; of the toy with `small_worlds_of_toys`
//! - Plans of several documents that are applied, repeated and rolled back: `plans.rs`
//! - What is no world of a seed: `kill.rs`, `delivery.rs` and `weeks.rs` say how to run more of them.
#![cfg(test)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each step of a world names the few faults that touch it; all others leave it alone"
)]

mod checker;
mod client;
mod content;
mod delivery;
mod executor;
mod exhaustive;
mod fault;
mod history;
mod kill;
mod pace;
mod plans;
mod rng;
mod second_kind;
mod soak;
mod suites;
mod tally;
mod vocabulary;
mod weeks;
mod world;
mod writers;
mod wrong;
mod wrong_writers;
