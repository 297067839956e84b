//! Genesys Cloud's agent-assist trigger rules as data: reading them, checking them, comparing them, changing them,
//! and the protocol by which a stored rule is updated without losing anybody's work.
//!
//! This crate does no I/O, knows no clock, no randomness and no network: what it needs is an argument. It never
//! panics on input, and loses nothing that a server sent.

pub mod check;
pub mod diff;
pub mod json;
pub mod merge;
pub mod protocol;
pub mod reversal;
#[cfg(feature = "testing")]
pub mod testing;

mod action;
mod change;
mod code;
mod comparison;
mod condition;
mod draft;
mod failure;
mod finding;
mod kind;
mod limits;
mod merge_list;
mod pacing;
mod pointer;
mod retry_budget;
mod rule;
mod rule_id;
mod stored;
mod suggest;
mod version;

pub use action::{Action, ActionKind};
pub use change::RuleChange;
pub use code::{Code, UnknownCode};
pub use comparison::{Comparison, Misfit, NumberTest, Operator, Scalar, TextTest};
pub use condition::Condition;
pub use draft::{Draft, Field};
pub use failure::{Facts, Failure, FailureClass};
pub use finding::{Finding, Findings, Reported, Severity};
pub use kind::{Collision, Kind};
pub use limits::EngineLimits;
pub use pacing::{Pacer, RateWindow, Ticket};
pub use pointer::{BadPointer, Pointer};
pub use retry_budget::{Retry, RetryBudget};
pub use rule::{BadRule, NotARule, TriggerRule};
pub use rule_id::{BadRuleId, MAX_RULE_ID, RuleId};
pub use stored::Stored;
pub use version::{BadVersion, MAX_VERSION, Version};

/// The example in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
