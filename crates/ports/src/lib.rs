//! The ports: contracts for what the use cases need from the outside world.
//!
//! Each port is one small trait whose documentation says what an implementation MUST and MAY do. Under the feature
//! `testing` there are versions in memory, mocks, and the conformance suite that every adapter must pass.

mod clock;
mod directory;
mod document_store;
mod event;
mod event_sink;
mod history;
mod ledger;
mod listing;
mod outbox;
#[cfg(feature = "tokio")]
mod real_time;
mod redactor;
mod sleeper;
mod tally;

#[cfg(feature = "testing")]
pub mod testing;

pub use clock::Clock;
pub use directory::{Directory, DirectoryPage, DomainVersion, NameListing, NamedThing};
pub use document_store::{Cursor, DocumentStore, Listed, Page, Response};
pub use event::Event;
pub use event_sink::{DeliveryError, EventSink, SinkFn};
pub use history::{After, BaseHash, History, HistoryQuery, TallyOf, TallyQuery};
pub use ledger::{
    ANY_TOKEN, Author, BaseRecord, BaseSource, DocumentRef, Entry, EntryId, InMemoryLedger, IntentRecord, JoinRecord,
    KnownReference, Lease, Ledger, LedgerError, LedgerFailure, NewestBase, OutcomeRecord, Recorded, Replacement,
    refuse_join,
};
pub use listing::{Listing, listing, visit_listing};
pub use outbox::{Backlog, Claim, DeliveryOutcome, Include, LeasedEvent, Outbox};
#[cfg(feature = "tokio")]
pub use real_time::RealTime;
pub use redactor::Redactor;
pub use sleeper::Sleeper;
pub use tally::{Latencies, Tally};

#[cfg(feature = "testing")]
pub use directory::MockDirectory;
#[cfg(feature = "testing")]
pub use document_store::MockDocumentStore;
