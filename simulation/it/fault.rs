//! Faults and their rates: far higher than on any network.

use crate::rng::Rng;

/// A fault of a request, of an update, or around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    NotSent,
    LostBefore,
    LostAfter,
    Late,
    /// The write arrives, is answered, and arrives once more.
    Repeated,
    /// The answer is lost on the way, where the write is repeated once to three times: its client hears the last answer.
    Resent,
    Throttled,
    ThrottledForLong,
    UnavailableBefore,
    UnavailableAfter,
    AcceptedLater,
    Unauthenticated,
    Denied,
    TagLost,
    BodyLost,
    Stale,
    Absent,
    IntentRefused,
    OutcomeRefused,
    Crash,
    Stop,
    TagMoved,
    EditByOthers,
}

/// All of them, in the order of their declaration.
pub(crate) const FAULTS: [Fault; 23] = [
    Fault::NotSent,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Late,
    Fault::Repeated,
    Fault::Resent,
    Fault::Throttled,
    Fault::ThrottledForLong,
    Fault::UnavailableBefore,
    Fault::UnavailableAfter,
    Fault::AcceptedLater,
    Fault::Unauthenticated,
    Fault::Denied,
    Fault::TagLost,
    Fault::BodyLost,
    Fault::Stale,
    Fault::Absent,
    Fault::IntentRefused,
    Fault::OutcomeRefused,
    Fault::Crash,
    Fault::Stop,
    Fault::TagMoved,
    Fault::EditByOthers,
];

/// Faults of a write, times in a thousand; after a write whose effect is not known, the second number.
const OF_WRITES: [(Fault, usize, usize); 15] = [
    (Fault::NotSent, 50, 50),
    (Fault::LostBefore, 80, 80),
    (Fault::LostAfter, 100, 100),
    (Fault::Late, 50, 50),
    (Fault::Repeated, 30, 30),
    (Fault::Throttled, 80, 80),
    (Fault::ThrottledForLong, 20, 70),
    (Fault::UnavailableBefore, 30, 30),
    (Fault::UnavailableAfter, 30, 30),
    (Fault::AcceptedLater, 20, 20),
    (Fault::Unauthenticated, 20, 40),
    (Fault::Denied, 10, 60),
    (Fault::TagLost, 40, 40),
    (Fault::BodyLost, 30, 30),
    (Fault::Resent, 60, 60),
];

/// Faults of a read, times in a thousand.
const OF_READS: [(Fault, usize, usize); 9] = [
    (Fault::NotSent, 50, 50),
    (Fault::LostBefore, 60, 60),
    (Fault::Throttled, 80, 80),
    (Fault::UnavailableBefore, 30, 30),
    (Fault::Unauthenticated, 10, 20),
    (Fault::Denied, 5, 20),
    (Fault::TagLost, 20, 20),
    (Fault::Stale, 200, 300),
    (Fault::Absent, 60, 60),
];

/// The rate of faults in a world: none, a part of the rates above, or those rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultRate {
    Zero,
    Low,
    High,
}

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

impl FaultRate {
    /// The fault of a request, if it has one.
    pub(crate) fn fault_of(self, rng: &mut Rng, purpose: Purpose, a_try_is_indeterminate: bool) -> Option<Fault> {
        let rates: &[(Fault, usize, usize)] = match purpose {
            Purpose::Read => &OF_READS,
            Purpose::Write => &OF_WRITES,
        };
        let mut drawn = rng.below(match self {
            Self::Zero => return None,
            Self::Low => 3000,
            Self::High => 1000,
        });
        for (fault, before, after) in rates {
            let rate = if a_try_is_indeterminate { *after } else { *before };
            if drawn < rate {
                return Some(*fault);
            }
            drawn -= rate;
        }
        None
    }
}
