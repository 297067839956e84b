//! The ledger on SQLite, in a file of its own, and on PostgreSQL, shared by a team.
//!
//! Entries are hash-chained and only ever added; documents are kept once, under their digest. What is derived from
//! them (the state of each update, the figures, the outbox) stands in tables of its own, so that readers need not
//! read everything.

mod address;
mod audit;
mod bases;
#[cfg(feature = "testing")]
mod bulk;
#[cfg(feature = "testing")]
mod commit_hook;
mod conclude;
mod digest;
mod entry_body;
mod history;
mod holder;
mod intend;
mod ledger;
#[cfg(feature = "testing")]
mod migration_hook;
mod outbox;
mod row;
mod spill;
mod store;
mod tallies;
mod targets;
mod trial;

pub use address::{LedgerAddress, LedgerAddressError};
pub use audit::{AuditReport, Fault, verify_export};
pub use ledger::{LedgerSettings, SqlLedger, Upgraded};
#[cfg(feature = "testing")]
pub use store::Interrupt;
