//! The effects of moves on a small world.

use std::sync::Arc;

use domain::document::Guard;
use domain::protocol::{Read, Record, RecordError, Step, Write};
use domain::testing::Specimen;
use domain::{FailureClass, RequestError};

use super::{Arrival, Intended, Late, Logged, Model, Move, SentWrite, failure, stored};
use crate::content::{Content, Wanted};
use crate::vocabulary::has_versions;
use crate::world::state_of;

impl<K: Specimen> Model<K> {
    /// Makes a move.
    ///
    /// # Errors
    ///
    /// The promise that is broken by it.
    pub(in crate::exhaustive) fn go(&mut self, next: Move) -> Result<(), String> {
        if !matches!(next, Move::Goes(_) | Move::Arrives(_)) {
            self.faults_left -= 1;
        }
        match next {
            Move::Arrives(number) => {
                let late = self.late.remove(number);
                self.carry_out(late.writer, &late.intent, late.arrival)?;
                self.writers[late.writer].take_digest();
            }
            Move::IsEdited => self.edit_by_others(),
            Move::TagMoves => self.log.push(self.log[self.log.len() - 1].clone()),
            Move::RunsOutOfTime(number) => {
                self.writers[number].is_out_of_time = true;
                self.writers[number].take_digest();
            }
            Move::Stops(number) => {
                let writer = &mut self.writers[number];
                writer.is_stopped = true;
                let now = writer.now();
                writer.step = match writer.step.clone() {
                    Step::Read(read) => read.cancel(now),
                    Step::Record(record) => record.cancel(now),
                    Step::Write(write) => write.cancel(now),
                    Step::Wait(wait) => wait.cancel(now),
                    Step::Done(completion) => Step::Done(completion),
                };
                writer.take_digest();
            }
            Move::Goes(number)
            | Move::ReadsStale(number)
            | Move::ReadsNothing(number)
            | Move::LosesTag(number)
            | Move::LosesBody(number)
            | Move::LosesAnswer(number)
            | Move::IsLate(number)
            | Move::IsRepeated(number)
            | Move::IsResent(number)
            | Move::IsResentOverEdit(number)
            | Move::IsNotSent(number)
            | Move::IsThrottled(number)
            | Move::IsDenied(number)
            | Move::IsNotRecorded(number) => self.step(number, next)?,
        }
        (0..self.writers.len()).try_for_each(|number| self.is_reported_truly(number))
    }

    fn edit_by_others(&mut self) {
        let newest = self.log.len() - 1;
        let mut wanted = Wanted::default();
        wanted.0[0] = Some(if self.newest().0[0] == 0 { 3 } else { 0 });
        let edited = self.vocabulary.set(&self.document(newest), wanted);
        self.store(edited.document().text().to_owned(), self.vocabulary.content(&edited));
    }

    pub(super) fn newest(&self) -> Content {
        self.log[self.log.len() - 1].content
    }

    fn document(&self, state: usize) -> K {
        K::from_document(self.log[state].text.parse().unwrap()).unwrap()
    }

    pub(super) fn store(&mut self, text: String, content: Content) {
        self.log.push(Arc::new(Logged { content, text }));
    }

    fn step(&mut self, number: usize, next: Move) -> Result<(), String> {
        let step = match self.writers[number].step.clone() {
            Step::Wait(wait) => {
                self.writers[number].just_read = None;
                wait.over()
            }
            Step::Record(record) => {
                self.writers[number].just_read = None;
                self.record(number, next, record)
            }
            Step::Read(read) => self.read(number, next, read),
            Step::Write(write) => self.write(number, next, write)?,
            Step::Done(_) => return Ok(()),
        };
        self.writers[number].step = step;
        self.writers[number].take_digest();
        Ok(())
    }

    fn record(&mut self, number: usize, next: Move, record: Record<K>) -> Step<K> {
        if next == Move::IsNotRecorded(number) {
            return record.not_recorded(RecordError::Unusable("the disk is full".to_owned()));
        }
        let writer = &mut self.writers[number];
        let intent = record.intent();
        let base = self.vocabulary.content(&intent.base.value);
        writer.first_base.get_or_insert(base);
        writer.sends = 0;
        writer.intent = Some(Intended {
            sent: SentWrite {
                under: intent.precondition.version().and_then(state_of),
                content: self.vocabulary.content(&intent.ours),
            },
            base,
            text: intent.ours.document().text().to_owned(),
            overwrites: self.vocabulary.slots_of(&intent.overwrites),
        });
        record.recorded()
    }

    fn read(&mut self, number: usize, next: Move, read: Read<K>) -> Step<K> {
        let newest = self.log.len() - 1;
        let now = self.writers[number].now();
        let (state, has_tag) = match next {
            Move::ReadsStale(_) => (newest - 1, true),
            Move::LosesTag(_) => (newest, false),
            _ => (newest, true),
        };
        let class = match next {
            Move::ReadsNothing(_) => Some(FailureClass::NotFound),
            Move::IsThrottled(_) => Some(FailureClass::Throttled { wait: None }),
            Move::IsDenied(_) => Some(FailureClass::Denied),
            _ => None,
        };
        let document = self.document(state);
        let shown = self.log[state].content;
        let writer = &mut self.writers[number];
        writer.just_read = None;
        writer.observed.others |= next == Move::ReadsNothing(number);
        if let Some(class) = class {
            return read.answered(Err(failure(class)), now);
        }
        if next == Move::LosesAnswer(number) {
            return read.answered(Err(RequestError::no_answer("")), now);
        }
        writer.observed.others |= state > 0;
        writer.observed.newest = writer.observed.newest.max(state);
        writer.just_read = Some(shown);
        if let Some(intent) = &writer.intent {
            let asked = self
                .vocabulary
                .asked(writer.wanted, writer.first_base.unwrap_or(intent.base));
            let is_after = match intent.sent.under {
                Some(under) => state > under,
                None => writer.sends > 0,
            };
            writer.observed.ours |= is_after && shown.says(asked);
        }
        if writer.sends > 0 {
            writer.read_back = Some(state);
        }
        let has_tag = has_tag && has_versions::<K>();
        read.answered(Ok(stored(state, document, has_tag)), now)
    }

    fn write(&mut self, number: usize, next: Move, write: Write<K>) -> Result<Step<K>, String> {
        let sent = SentWrite {
            under: write.version().and_then(state_of),
            content: self.vocabulary.content(write.document()),
        };
        self.may_be_sent(number, sent)?;
        let writer = &mut self.writers[number];
        writer.just_read = None;
        let now = writer.now();
        let refusal = match next {
            Move::IsNotSent(_) => Some(FailureClass::NotSent),
            Move::IsThrottled(_) => Some(FailureClass::Throttled { wait: None }),
            _ => None,
        };
        if let Some(class) = refusal {
            return Ok(write.answered(Err(failure(class)), now));
        }
        self.count_send(number)?;
        if let Move::IsDenied(_) = next {
            return Ok(write.answered(Err(failure(FailureClass::Denied)), now));
        }
        let Some(intent) = self.writers[number].intent.clone() else {
            return Err("a write without its intent".to_owned());
        };
        let late = |arrival| Late {
            writer: number,
            intent: intent.clone(),
            arrival,
        };
        if matches!(next, Move::LosesAnswer(_) | Move::IsLate(_)) {
            self.writers[number].indeterminate = Some(sent);
        }
        if let Move::IsLate(_) = next {
            self.late.push(late(Arrival::First));
            return Ok(write.answered(Err(RequestError::no_answer("")), now));
        }
        let mut is_accepted = self.carry_out(number, &intent, Arrival::First)?;
        if next == Move::IsRepeated(number) && is_accepted {
            self.late.push(late(Arrival::Retry));
        }
        if matches!(next, Move::IsResent(_) | Move::IsResentOverEdit(_)) && is_accepted {
            if next == Move::IsResentOverEdit(number) {
                self.edit_by_others();
            }
            is_accepted = self.carry_out(number, &intent, Arrival::Retry)?;
            self.writers[number].is_resent |= !is_accepted;
        }
        let newest = self.log.len() - 1;
        let answer = match next {
            Move::LosesAnswer(_) => Err(RequestError::no_answer("")),
            _ if !is_accepted => {
                self.writers[number].refused = sent.under;
                Err(failure(FailureClass::PreconditionFailed))
            }
            Move::LosesBody(_) => Ok(None),
            Move::LosesTag(_) => Ok(Some(stored(newest, self.document(newest), false))),
            _ => Ok(Some(stored(newest, self.document(newest), has_versions::<K>()))),
        };
        self.writers[number].is_accepted |= answer.is_ok();
        Ok(write.answered(answer, now))
    }

    /// The server takes a write: if the document is at its version, where it has versions.
    fn carry_out(&mut self, number: usize, intent: &Intended, arrival: Arrival) -> Result<bool, String> {
        let is_current = match K::GUARD {
            Guard::Version => intent.sent.under == Some(self.log.len() - 1),
            Guard::Content => true,
        };
        if !is_current {
            return Ok(false);
        }
        self.may_be_accepted(number, intent, arrival)?;
        self.writers[number].made = Some(self.log.len());
        self.store(intent.text.clone(), intent.sent.content);
        Ok(true)
    }
}
