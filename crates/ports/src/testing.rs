//! Ports without a world, and the conformance suites that adapters run.

pub mod conformance;
pub mod ledger_conformance;
mod memory;
pub mod sink_conformance;
mod skip;
mod time;

pub use memory::InMemoryStore;
pub use skip::skip;
pub use time::VirtualTime;
