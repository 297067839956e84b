//! Genesys Cloud's rules for agents as data: reading, checking, comparing, editing and merging documents, and the protocol
//! by which a stored document is updated without a lost update.
//!
//! This crate does no I/O, knows no clock, no randomness and no network: what it needs is an argument. It never panics on
//! input, and loses nothing that a server sent.
//!
//! [`document`] is written once over [`DocumentKind`]; [`trigger_rule`] and [`copilot`] are kinds; [`plan`] says what a document would
//! become, and [`protocol`] updates a document of any. [`mod@reference`] is about the ids in a document, and the names that can
//! stand for them.

pub mod copilot;
pub mod document;
pub mod drift;
pub mod json;
pub mod plan;
pub mod protocol;
pub mod reference;
#[cfg(feature = "testing")]
pub mod testing;
pub mod trigger_rule;

mod code;
mod content_hash;
mod delivery;
mod evidence;
mod faults;
mod finding;
mod lazy_pointer;
mod outcome_kind;
mod pacing;
mod pointer;
mod recorded_changes;
mod request_error;
mod retry_budget;
mod settlement;
mod severity;
mod suggest;
mod version;

pub use code::{Code, JudgedBy, ParseCodeError};
pub use content_hash::{ContentHash, ParseContentHashError};
pub use copilot::{Copilot, CopilotId};
pub use delivery::{DELIVERY_SCHEDULE, NextAttempt, next_attempt};
pub use document::{Collision, DocumentKind, Edit, ParseError, Patch, Stored, check};
pub use evidence::Evidence;
pub use finding::{Finding, Findings, Reported};
pub use outcome_kind::OutcomeKind;
pub use pacing::{Permit, RateLimiter, RateWindow};
pub use pointer::{ParsePointerError, Pointer};
pub use recorded_changes::recorded_changes;
pub use request_error::{ErrorDetail, ExceededLimit, FailureClass, IndeterminateCause, RequestError, ResponseMetadata};
pub use retry_budget::{RetryBudget, RetryCost};
pub use settlement::{MAX_WRITE_IN_FLIGHT, OpenWrite, Settlement, settle};
pub use severity::Severity;
pub use suggest::nearest;
pub use trigger_rule::{EngineLimits, RuleId, TriggerRule};
pub use version::{MAX_VERSION, ParseVersionError, Version};

/// The example in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
