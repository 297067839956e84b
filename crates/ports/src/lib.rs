//! What the use cases need from the world, as contracts.
//!
//! Each port is one small trait whose documentation says what an implementation MUST and MAY do. Under the feature
//! `testing` there are versions in memory, mocks, and the conformance suite that every adapter must pass.

mod clock;
mod event;
mod event_sink;
mod history;
mod ledger;
mod outbox;
mod repository;
mod sleeper;
mod tally;

#[cfg(feature = "testing")]
pub mod testing;

pub use clock::Clock;
pub use event::Event;
pub use event_sink::{DeliveryFailure, EventSink, SinkFn};
pub use history::{History, HistoryQuery, TallyOf, TallyQuery};
pub use ledger::{
    Author, Ending, Entry, EntryId, InMemoryLedger, IntentRecord, Ledger, LedgerFailure, OutcomeRecord, Proof, Recorded,
};
pub use outbox::{Backlog, Claim, Claimed, Due, Fate, Outbox};
pub use repository::{Answer, Page, PageRequest, RuleRepository, RuleSummary};
pub use sleeper::Sleeper;
pub use tally::{Latencies, Tally};

#[cfg(feature = "testing")]
pub use repository::MockRuleRepository;
