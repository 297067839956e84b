//! What the protocol is told, and what it asks for.

use std::time::Duration;

use super::Verdict;
use crate::failure::Failure;
use crate::kind::{Collision, Kind};
use crate::stored::Stored;
use crate::version::Version;

/// What happened. A write's answer has the stored document if the server showed it whole.
#[derive(Clone, Debug)]
pub enum Event<K: Kind> {
    /// The operation starts.
    Started,
    /// A read was answered.
    Read(Result<Stored<K>, Failure>),
    /// The intent was recorded, or why it could not be.
    Recorded(Result<(), String>),
    /// A write was answered.
    Written(Result<Option<Stored<K>>, Failure>),
    /// The wait is over.
    Waited,
}

/// When something happened, and a number between 0 and 1 for the spread of the wait that may follow.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Time since the operation started.
    pub at: Duration,
    /// Chance, from 0 to 1.
    pub chance: f64,
}

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step<K: Kind> {
    /// Read the document.
    Read,
    /// Record durably that this is about to be written. Without that nothing is.
    Record(Box<Intent<K>>),
    /// Write this document under this version.
    Write {
        /// The document.
        document: K,
        /// The version.
        version: Version,
    },
    /// Wait this long.
    Wait(Duration),
    /// Stop.
    Done(Box<Verdict<K>>),
}

/// What is about to be written.
#[derive(Clone, Debug)]
pub struct Intent<K: Kind> {
    /// The document as it is stored.
    pub base: Stored<K>,
    /// The version to write under.
    pub version: Version,
    /// The change.
    pub change: K::Change,
    /// The document with the change.
    pub ours: K,
    /// What of theirs it overwrites, by the user's own words.
    pub overwrites: Vec<Collision>,
    /// How many times it was merged with what others did.
    pub merges: u32,
}
