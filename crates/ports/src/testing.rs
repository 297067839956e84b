//! Ports without a world, and what every adapter must be able to do.

pub mod conformance;
pub mod ledger_conformance;
mod memory;
mod skip;
mod time;

pub use memory::InMemoryStore;
pub use skip::skip;
pub use time::VirtualTime;
