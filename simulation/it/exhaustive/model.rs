//! A small world: two updates, a server, and what may happen next.

mod effects;
mod promises;

use std::collections::hash_map::DefaultHasher;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use domain::protocol::{Now, OnConflict, PriorWrite, Step, Update, UpdateOptions, UpdateRequest};
use domain::testing::Specimen;
use domain::{FailureClass, RequestError, Stored};

use crate::content::{Content, Wanted};
use crate::vocabulary::{MemberValues, Vocabulary, has_versions, id_of};
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
    /// The write is carried out and answered, and may arrive once more at any time, or never.
    IsRepeated(usize),
    /// The write is carried out and repeated at once, and the second answer is heard.
    IsResent(usize),
    /// The same, and others change the document in between.
    IsResentOverEdit(usize),
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
    /// Others change the first slot, or put it back.
    IsEdited,
    /// The version moves, and the content does not.
    TagMoves,
}

/// An update of a small world.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) member_values: MemberValues,
    pub(super) on_conflict: OnConflict,
    /// True if it was reviewed against the state at the start.
    pub(super) is_planned: bool,
}

/// A state of the document.
#[derive(Debug, Hash)]
struct Logged {
    content: Content,
    text: String,
}

/// One of the two, and what is known of it from outside.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that happened")]
struct Writer<K: Specimen> {
    wanted: Wanted,
    task: Task,
    step: Step<K>,
    is_out_of_time: bool,
    is_stopped: bool,
    observed: Observed,
    first_base: Option<Content>,
    intent: Option<Intended>,
    sends: usize,
    refused: Option<usize>,
    indeterminate: Option<SentWrite>,
    made: Option<usize>,
    /// True if a write was accepted by its answer.
    is_accepted: bool,
    /// True if a write was carried out, and the refusal of its repetition was heard.
    is_resent: bool,
    /// The content that the step before this one showed, if that was a read.
    just_read: Option<Content>,
    /// The state that the last read after a write showed.
    read_back: Option<usize>,
    /// A hash of all this, taken only when it changed.
    digest: u64,
}

/// The sights of a writer's reads.
#[derive(Clone, Copy, Debug, Default)]
struct Observed {
    newest: usize,
    /// Ours, after a write.
    ours: bool,
    /// Another document than at the start, or none.
    others: bool,
}

/// An intent, recorded before a write.
#[derive(Clone, Debug, Hash)]
struct Intended {
    sent: SentWrite,
    base: Content,
    text: String,
    overwrites: Vec<usize>,
}

/// A write: its version, and the content of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct SentWrite {
    under: Option<usize>,
    content: Content,
}

/// A write that may still arrive.
#[derive(Clone, Debug, Hash)]
struct Late {
    writer: usize,
    intent: Intended,
    arrival: Arrival,
}

/// The first arrival of a write, or a repeated one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Arrival {
    First,
    Retry,
}

/// A state of the small world.
#[derive(Clone)]
pub(super) struct Model<K: Specimen> {
    vocabulary: Arc<Vocabulary<K>>,
    log: Vec<Arc<Logged>>,
    writers: [Writer<K>; 2],
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

impl<K: Specimen> Writer<K> {
    fn new(vocabulary: &Vocabulary<K>, task: &Task) -> Self {
        let options = UpdateOptions {
            on_conflict: task.on_conflict,
            ..UpdateOptions::default()
        };
        let request = if task.is_planned {
            UpdateRequest::Planned {
                base: stored(0, vocabulary.start(0), has_versions::<K>()),
                patch: vocabulary.patch(&task.member_values),
                prior: PriorWrite::None,
            }
        } else {
            UpdateRequest::Edit(vocabulary.edit(&task.member_values))
        };
        let mut writer = Self {
            wanted: vocabulary.wanted(&task.member_values),
            task: task.clone(),
            step: Update::start(request, options),
            is_out_of_time: false,
            is_stopped: false,
            observed: Observed::default(),
            first_base: None,
            intent: None,
            sends: 0,
            refused: None,
            indeterminate: None,
            made: None,
            is_accepted: false,
            is_resent: false,
            just_read: None,
            read_back: None,
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

    fn now(&self) -> Now {
        let elapsed = if self.is_out_of_time {
            UpdateOptions::default().deadline
        } else {
            Duration::ZERO
        };
        Now { elapsed, jitter: 0.0 }
    }
}

fn failure(class: FailureClass) -> RequestError {
    RequestError::new(class, "")
}

fn stored<K: Specimen>(state: usize, value: K, has_tag: bool) -> Stored<K> {
    Stored {
        id: id_of::<K>(0),
        version: if has_tag { version(state) } else { None },
        value,
    }
}

impl<K: Specimen> Model<K> {
    pub(super) fn new(vocabulary: &Arc<Vocabulary<K>>, tasks: [&Task; 2], faults: u8) -> Self {
        let start = vocabulary.start(0);
        let logged = Logged {
            content: vocabulary.content(&start),
            text: start.document().text().to_owned(),
        };
        Self {
            log: vec![Arc::new(logged)],
            writers: tasks.map(|task| Writer::new(vocabulary, task)),
            vocabulary: vocabulary.clone(),
            late: Vec::new(),
            faults_left: faults,
        }
    }

    pub(super) fn name(&self) -> String {
        let summary = |writer: &Writer<K>| {
            let planned = if writer.task.is_planned { ", as reviewed" } else { "" };
            format!(
                "{} ({:?}{planned})",
                self.vocabulary.show(writer.wanted),
                writer.task.on_conflict
            )
        };
        format!("{} and {}", summary(&self.writers[0]), summary(&self.writers[1]))
    }

    /// A hash that tells this state from every other.
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
        let has_no_version = |next: &Move| matches!(next, Move::LosesTag(_) | Move::TagMoves);
        moves.retain(|next| has_versions::<K>() || !has_no_version(next));
        moves
    }

    fn faults_of(&self, number: usize) -> Vec<Move> {
        let writer = &self.writers[number];
        let mut moves = match writer.step {
            Step::Read(_) => vec![
                Move::ReadsNothing(number),
                Move::LosesTag(number),
                Move::LosesAnswer(number),
                Move::IsThrottled(number),
                Move::IsDenied(number),
            ],
            Step::Write(_) => vec![
                Move::LosesTag(number),
                Move::LosesBody(number),
                Move::LosesAnswer(number),
                Move::IsLate(number),
                Move::IsRepeated(number),
                Move::IsResent(number),
                Move::IsResentOverEdit(number),
                Move::IsNotSent(number),
                Move::IsThrottled(number),
                Move::IsDenied(number),
            ],
            Step::Record(_) => vec![Move::IsNotRecorded(number)],
            Step::Wait(_) | Step::Done(_) => Vec::new(),
        };
        if matches!(writer.step, Step::Read(_)) && self.log.len() > 1 + writer.observed.newest {
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
