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
pub use code::{Code, ParseCodeError};
pub use comparison::{Comparison, NumberTest, OperandTypeError, Operator, Scalar, TextTest};
pub use condition::Condition;
pub use draft::{Draft, Field};
pub use failure::{Failure, FailureClass, ResponseMetadata};
pub use finding::{Finding, Findings, Reported, Severity};
pub use kind::{Collision, Kind};
pub use limits::EngineLimits;
pub use pacing::{Permit, RateLimiter, RateWindow};
pub use pointer::{ParsePointerError, Pointer};
pub use retry_budget::{RetryBudget, RetryCost};
pub use rule::{NotARuleError, ParseRuleError, TriggerRule};
pub use rule_id::{BadRuleId, MAX_RULE_ID, RuleId};
pub use stored::Stored;
pub use version::{MAX_VERSION, ParseVersionError, Version};

/// The example in the README, run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
