//! What a move does to a small world, and which promise it breaks.

use domain::FailureClass;
use domain::protocol::{Event, MAX_SENDS, OnConflict, Outcome, Step};

use super::{Intended, Late, Model, Move, Sent, failure, stored};
use crate::checker::collisions;
use crate::client::members_of;
use crate::content::{Content, NAMES};
use crate::world::state_of;

impl Model {
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
                self.carry_out(late.writer, &late.intent)?;
                self.writers[late.writer].take_digest();
            }
            Move::IsEdited => {
                let mut content = self.newest();
                content.0[0] = if content.0[0] == 0 { 3 } else { 0 };
                self.log.push(content);
            }
            Move::TagMoves => self.log.push(self.newest()),
            Move::RunsOutOfTime(number) => {
                self.writers[number].is_out_of_time = true;
                self.writers[number].take_digest();
            }
            Move::Stops(number) => {
                let writer = &mut self.writers[number];
                writer.is_stopped = true;
                writer.step = writer.update.stop(writer.now());
                writer.take_digest();
            }
            Move::Goes(number)
            | Move::ReadsStale(number)
            | Move::ReadsNothing(number)
            | Move::LosesTag(number)
            | Move::LosesBody(number)
            | Move::LosesAnswer(number)
            | Move::IsLate(number)
            | Move::IsNotSent(number)
            | Move::IsThrottled(number)
            | Move::IsDenied(number)
            | Move::IsNotRecorded(number) => self.step(number, next)?,
        }
        (0..self.writers.len()).try_for_each(|number| self.is_told_the_truth(number))
    }

    fn newest(&self) -> Content {
        self.log[self.log.len() - 1]
    }

    fn step(&mut self, number: usize, next: Move) -> Result<(), String> {
        let event = match self.writers[number].step.clone() {
            Step::Wait(_) => Event::Waited,
            Step::Record(intent) => {
                let writer = &mut self.writers[number];
                if next == Move::IsNotRecorded(number) {
                    Event::Recorded(Err("the disk is full".to_owned()))
                } else {
                    writer.first_base.get_or_insert(Content::of(&intent.base.value));
                    writer.sends = 0;
                    writer.intent = Some(Intended {
                        sent: Sent {
                            under: state_of(&intent.version).unwrap_or(usize::MAX),
                            content: Content::of(&intent.ours),
                        },
                        overwrites: members_of(&intent.overwrites),
                    });
                    Event::Recorded(Ok(()))
                }
            }
            Step::Read => self.read(number, next),
            Step::Write { document, version } => {
                let sent = Sent {
                    under: state_of(&version).unwrap_or(usize::MAX),
                    content: Content::of(&document),
                };
                self.write(number, next, sent)?
            }
            Step::Done(_) => return Ok(()),
        };
        self.writers[number].hears(event);
        self.writers[number].take_digest();
        Ok(())
    }

    fn read(&mut self, number: usize, next: Move) -> Event<domain::TriggerRule> {
        let newest = self.log.len() - 1;
        let writer = &mut self.writers[number];
        let (state, has_tag) = match next {
            Move::ReadsStale(_) => (newest - 1, true),
            Move::LosesTag(_) => (newest, false),
            Move::ReadsNothing(_) => return Event::Read(Err(failure(FailureClass::NotFound))),
            Move::IsThrottled(_) => {
                return Event::Read(Err(failure(FailureClass::Throttled { wait: None })));
            }
            Move::IsDenied(_) => return Event::Read(Err(failure(FailureClass::Denied))),
            Move::LosesAnswer(_) => return Event::Read(Err(failure(FailureClass::Indeterminate { wait: None }))),
            _ => (newest, true),
        };
        writer.newest_seen = writer.newest_seen.max(state);
        let is_after = writer.intent.as_ref().is_some_and(|intent| state > intent.sent.under);
        writer.saw_ours |= is_after && self.log[state].says(writer.wanted);
        Event::Read(Ok(stored(state, self.log[state], has_tag)))
    }

    fn write(&mut self, number: usize, next: Move, sent: Sent) -> Result<Event<domain::TriggerRule>, String> {
        let newest = self.log.len() - 1;
        let writer = &mut self.writers[number];
        let Some(intent) = writer.intent.clone().filter(|intent| intent.sent == sent) else {
            return Err("a write without its intent".to_owned());
        };
        if writer.unclear.is_some_and(|unclear| unclear != sent) {
            return Err("another write after an unclear one".to_owned());
        }
        if writer.refused == Some(sent.under) {
            return Err("a write under a version that was refused".to_owned());
        }
        let refusal = match next {
            Move::IsNotSent(_) => Some(FailureClass::NotSent),
            Move::IsThrottled(_) => Some(FailureClass::Throttled { wait: None }),
            _ => None,
        };
        if let Some(class) = refusal {
            return Ok(Event::Written(Err(failure(class))));
        }
        writer.sends += 1;
        if writer.sends > MAX_SENDS as usize {
            return Err("too many sends of one body".to_owned());
        }
        if let Move::IsDenied(_) = next {
            return Ok(Event::Written(Err(failure(FailureClass::Denied))));
        }
        if matches!(next, Move::LosesAnswer(_) | Move::IsLate(_)) {
            writer.unclear = Some(sent);
        }
        if let Move::IsLate(_) = next {
            self.late.push(Late { writer: number, intent });
            return Ok(Event::Written(Err(failure(FailureClass::Indeterminate { wait: None }))));
        }
        let is_accepted = self.carry_out(number, &intent)?;
        Ok(Event::Written(match next {
            Move::LosesAnswer(_) => Err(failure(FailureClass::Indeterminate { wait: None })),
            _ if !is_accepted => {
                self.writers[number].refused = Some(sent.under);
                Err(failure(FailureClass::PreconditionFailed))
            }
            Move::LosesBody(_) => Ok(None),
            _ => Ok(Some(stored(
                newest + 1,
                self.newest(),
                !matches!(next, Move::LosesTag(_)),
            ))),
        }))
    }

    /// The server takes a write, if the document is at its version.
    fn carry_out(&mut self, number: usize, intent: &Intended) -> Result<bool, String> {
        let theirs = self.newest();
        if intent.sent.under != self.log.len() - 1 {
            return Ok(false);
        }
        let writer = &mut self.writers[number];
        if writer.made.is_some() {
            return Err("one update took effect twice".to_owned());
        }
        let ours = intent.sent.content;
        let unasked = theirs
            .differs(ours)
            .find(|member| writer.wanted.0[*member] != Some(ours.0[*member]));
        if let Some(member) = unasked {
            return Err(format!("{} was changed, and nobody wanted that", NAMES[member]));
        }
        let first = writer.first_base.unwrap_or(theirs);
        let mut collides = collisions(writer.wanted, false, first, theirs, ours);
        match writer.on_conflict {
            OnConflict::Fail => collides.extend(first.differs(theirs)),
            OnConflict::Merge => {}
            OnConflict::Ours => collides.retain(|member| !intent.overwrites.contains(member)),
        }
        if let Some(member) = collides.first() {
            return Err(format!("{} of others was overwritten unseen", NAMES[*member]));
        }
        writer.made = Some(self.log.len());
        self.log.push(ours);
        Ok(true)
    }

    /// Once an update is over, what it says holds, whatever arrives later.
    fn is_told_the_truth(&self, number: usize) -> Result<(), String> {
        let writer = &self.writers[number];
        let Step::Done(verdict) = &writer.step else {
            return Ok(());
        };
        let is_true = match &verdict.outcome {
            Outcome::Applied => writer.made.is_some() || writer.saw_ours,
            Outcome::Unknown => writer.unclear.is_some(),
            Outcome::Conflict(_) => writer.made.is_none() && writer.refused.is_some(),
            Outcome::Unchanged
            | Outcome::Planned
            | Outcome::Rejected
            | Outcome::Denied
            | Outcome::Failed
            | Outcome::Deferred { .. }
            | Outcome::NotAttempted => writer.made.is_none(),
        };
        if is_true {
            Ok(())
        } else {
            Err(format!(
                "writer {number} was told {:?}, which is not so",
                verdict.outcome
            ))
        }
    }
}
