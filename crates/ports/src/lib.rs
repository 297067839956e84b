//! What the use cases need from the world, as contracts.
//!
//! Each port is one small trait whose documentation says what an implementation MUST and MAY do. Under the feature
//! `testing` there are versions in memory, mocks, and the conformance suite that every adapter must pass.

mod clock;
mod ledger;
mod repository;
mod sleeper;

#[cfg(feature = "testing")]
pub mod testing;

pub use clock::Clock;
pub use ledger::{Entry, EntryId, InMemoryLedger, IntentRecord, Ledger, LedgerFailure, Settlement};
pub use repository::{Answer, Page, PageRequest, RuleRepository, RuleSummary};
pub use sleeper::Sleeper;

#[cfg(feature = "testing")]
pub use repository::MockRuleRepository;
