//! A small world: two updates, a server, and what may happen next.

mod effects;

use std::collections::hash_map::DefaultHasher;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::time::Duration;

use domain::protocol::{Event, Moment, OnConflict, Step, Terms, Update};
use domain::{RequestError, FailureClass, Stored, TriggerRule};

use crate::client::id_of;
use crate::content::{Content, Wanted};
use crate::world::version;

/// Something that may happen next. The number is that of the writer, or of the write that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// The step is carried out, and answered as it should be.
    Goes(usize),
    /// The read shows the state before the newest.
    ReadsStale(usize),
    /// The read finds nothing.
    ReadsNothing(usize),
    /// The answer has no version.
    LosesTag(usize),
    /// The write is accepted, and the answer has no document.
    LosesBody(usize),
    /// The request is carried out, and its answer is lost.
    LosesAnswer(usize),
    /// The answer is lost, and the write may arrive at any time, or never.
    IsLate(usize),
    IsNotSent(usize),
    IsThrottled(usize),
    IsDenied(usize),
    /// The ledger does not take the intent.
    IsNotRecorded(usize),
    /// The user stops the update.
    Stops(usize),
    /// The deadline passes.
    RunsOutOfTime(usize),
    /// A late write arrives.
    Arrives(usize),
    /// Somebody else changes the name, or puts it back.
    IsEdited,
    /// The version moves, and the content does not.
    TagMoves,
}

/// One of the two, and what is known of it from outside.
#[derive(Clone, Debug)]
struct Writer {
    wanted: Wanted,
    on_conflict: OnConflict,
    update: Update<TriggerRule>,
    step: Step<TriggerRule>,
    is_out_of_time: bool,
    is_stopped: bool,
    newest_seen: usize,
    first_base: Option<Content>,
    intent: Option<Intended>,
    sends: usize,
    refused: Option<usize>,
    unclear: Option<Sent>,
    made: Option<usize>,
    saw_ours: bool,
    /// Of all this, so that it is taken only when it changed.
    digest: u64,
}

/// What was recorded before a write.
#[derive(Clone, Debug, Hash)]
struct Intended {
    sent: Sent,
    overwrites: Vec<usize>,
}

/// A write: its version, and what the document would say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Sent {
    under: usize,
    content: Content,
}

/// A write that may still arrive.
#[derive(Clone, Debug, Hash)]
struct Late {
    writer: usize,
    intent: Intended,
}

/// A state of the small world.
#[derive(Clone)]
pub(super) struct Model {
    log: Vec<Content>,
    writers: [Writer; 2],
    late: Vec<Late>,
    faults_left: u8,
}

/// Hashes what is written to it.
struct Digest(DefaultHasher);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

impl Writer {
    fn new(wanted: Wanted, on_conflict: OnConflict) -> Self {
        let terms = Terms {
            on_conflict,
            ..Terms::default()
        };
        let mut update = Update::new(wanted.draft(), terms);
        let start = Moment {
            at: Duration::ZERO,
            chance: 0.0,
        };
        let mut writer = Self {
            wanted,
            on_conflict,
            step: update.next(Event::Started, start),
            update,
            is_out_of_time: false,
            is_stopped: false,
            newest_seen: 0,
            first_base: None,
            intent: None,
            sends: 0,
            refused: None,
            unclear: None,
            made: None,
            saw_ours: false,
            digest: 0,
        };
        writer.take_digest();
        writer
    }

    fn take_digest(&mut self) {
        self.digest = 0;
        let mut digest = Digest(DefaultHasher::new());
        let _ = write!(digest, "{self:?}");
        self.digest = digest.0.finish();
    }

    fn is_done(&self) -> bool {
        matches!(self.step, Step::Done(_))
    }

    fn now(&self) -> Moment {
        let at = if self.is_out_of_time {
            Terms::default().deadline
        } else {
            Duration::ZERO
        };
        Moment { at, chance: 0.0 }
    }

    fn hears(&mut self, event: Event<TriggerRule>) {
        let now = self.now();
        self.step = self.update.next(event, now);
    }
}

fn failure(class: FailureClass) -> RequestError {
    RequestError::new(class, "")
}

fn stored(state: usize, content: Content, has_tag: bool) -> Stored<TriggerRule> {
    Stored {
        id: id_of(0),
        version: if has_tag { version(state) } else { None },
        value: content.rule("r0"),
    }
}

impl Model {
    pub(super) fn new(wishes: [Wanted; 2], policies: [OnConflict; 2], faults: u8) -> Self {
        let [first, second] = wishes;
        Self {
            log: vec![Content::default()],
            writers: [Writer::new(first, policies[0]), Writer::new(second, policies[1])],
            late: Vec::new(),
            faults_left: faults,
        }
    }

    pub(super) fn name(&self) -> String {
        let words = |writer: &Writer| format!("{} ({:?})", writer.wanted, writer.on_conflict);
        format!("{} and {}", words(&self.writers[0]), words(&self.writers[1]))
    }

    /// What tells this state from every other.
    pub(super) fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.log, &self.late, self.faults_left).hash(&mut hasher);
        for writer in &self.writers {
            hasher.write_u64(writer.digest);
        }
        hasher.finish()
    }

    pub(super) fn is_over(&self) -> bool {
        self.writers.iter().all(Writer::is_done)
    }

    /// Everything that may happen next.
    pub(super) fn moves(&self) -> Vec<Move> {
        let mut moves: Vec<Move> = (0..self.late.len()).map(Move::Arrives).collect();
        for (number, writer) in self.writers.iter().enumerate() {
            if writer.is_done() {
                continue;
            }
            moves.push(Move::Goes(number));
            if self.faults_left > 0 {
                moves.extend(self.faults_of(number));
            }
        }
        if self.faults_left > 0 && !self.is_over() {
            moves.extend([Move::IsEdited, Move::TagMoves]);
        }
        moves
    }

    fn faults_of(&self, number: usize) -> Vec<Move> {
        let writer = &self.writers[number];
        let mut moves = match writer.step {
            Step::Read => vec![
                Move::ReadsNothing(number),
                Move::LosesTag(number),
                Move::LosesAnswer(number),
                Move::IsThrottled(number),
                Move::IsDenied(number),
            ],
            Step::Write { .. } => vec![
                Move::LosesTag(number),
                Move::LosesBody(number),
                Move::LosesAnswer(number),
                Move::IsLate(number),
                Move::IsNotSent(number),
                Move::IsThrottled(number),
                Move::IsDenied(number),
            ],
            Step::Record(_) => vec![Move::IsNotRecorded(number)],
            Step::Wait(_) | Step::Done(_) => Vec::new(),
        };
        if matches!(writer.step, Step::Read) && self.log.len() > 1 + writer.newest_seen {
            moves.push(Move::ReadsStale(number));
        }
        if !writer.is_stopped {
            moves.push(Move::Stops(number));
        }
        if !writer.is_out_of_time {
            moves.push(Move::RunsOutOfTime(number));
        }
        moves
    }
}
