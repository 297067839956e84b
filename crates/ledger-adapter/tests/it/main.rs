//! The ledger on its stores: SQLite in a file, and a PostgreSQL if there is one.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "these are tests: a failure is a panic, and what is skipped is said"
)]

mod cluster;
mod crash;
mod faults;
mod format_1;
mod group;
mod lost_answers;
mod mutations;
mod pooler;
mod postgres;
mod sqlite;
mod stores;
mod together;
mod trial;
mod varied;
mod writers;
