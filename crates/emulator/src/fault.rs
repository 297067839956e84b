//! A fault on demand: which request it meets and what it does to it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{Kind, call::Call};

/// One entry of a [`Script`](crate::Script).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Which requests it is for; all, those for tokens and the organization too, if nothing is said.
    #[serde(default)]
    pub(crate) on: On,
    /// The number of requests that it meets.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// The action on each of them.
    #[serde(rename = "do")]
    pub(crate) action: FaultAction,
}

fn ok() -> u16 {
    200
}

fn once() -> u32 {
    1
}

/// The conditions on a request; a member that is not set matches any.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct On {
    pub(crate) method: Option<String>,
    /// A part of the path with the query.
    pub(crate) path_contains: Option<String>,
    /// The route: `token`, `list`, `get`, `put`, `reference` or `organization`.
    pub(crate) kind: Option<Kind>,
    /// The matching requests that pass before the first that is met.
    #[serde(default)]
    pub(crate) skip: u32,
}

impl On {
    pub(crate) fn matches(&self, call: &Call) -> bool {
        self.method
            .as_ref()
            .is_none_or(|method| call.method.as_str().eq_ignore_ascii_case(method))
            && self
                .path_contains
                .as_ref()
                .is_none_or(|part| call.target().contains(part))
            && self.kind.is_none_or(|kind| call.route.kind() == kind)
    }
}

/// An action on a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(crate) enum FaultAction {
    /// A gateway answers in the platform's place; with `carried_out`, after the platform did its work.
    Status {
        code: u16,
        /// As it goes out, digit for digit.
        body: Option<Box<RawValue>>,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        retry_after: Option<u32>,
        #[serde(default)]
        carried_out: bool,
    },
    /// The request is carried out so much later, whether or not its client still waits.
    Delay { ms: u32 },
    /// The connection is closed; nothing was done.
    DropBefore {},
    /// The connection is closed without an answer to what was done.
    DropAfter {},
    /// The connection is reset in the middle of the answer's body.
    ResetInBody {},
    /// The connection is closed in order, and the body is shorter than the headers say.
    TruncatedBody {},
    /// A page of HTML with this status, 200 if none is given; with `carried_out`, after the platform did its work.
    Garbage {
        #[serde(default = "ok")]
        code: u16,
        #[serde(default)]
        carried_out: bool,
    },
    /// The body of the answer never ends.
    EndlessBody {},
    /// The platform refuses it for a conflict of its own, which passes; nothing was done.
    PersistenceConflict {},
    /// The PUT of a Copilot or a variation is carried out, and so many reads after it, or all for so long, do not show it.
    StaleReads { reads: Option<u32>, ms: Option<u32> },
    /// Another client edits the document right before: a JSON merge patch (RFC 7396).
    EditBetween { merge: Map<String, Value> },
    /// The request's own token is revoked right before.
    RevokeToken {},
    /// The `Date` of the answer is off by so many seconds.
    ClockSkew { seconds: i32 },
    /// This and the next API requests, so many in all, get a 429.
    #[serde(rename = "storm")]
    ThrottleBurst { requests: u32, retry_after: u32 },
    /// The answer carries no version, neither in the header nor in the body.
    LostVersion {},
    /// The rule gets a new version right before, and says the same. A Copilot has none: it is written again.
    MovedTag {},
    /// Something on the way loses the answer and repeats the request, so many times: the last answer is passed on. With
    /// `edit`, another client edits the document (RFC 7396) before the first repetition. With `late_ms`, the first answer is
    /// passed on, and the repetitions arrive so much later.
    Repeat {
        #[serde(default = "once")]
        times: u32,
        edit: Option<Map<String, Value>>,
        late_ms: Option<u32>,
    },
}

/// The faults that are left to happen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        Self(faults)
    }

    /// The action on a request: that of the first fault in the script that is for it, is past its `skip` and has a time
    /// left. Every fault that is for it counts it against its own `skip`.
    pub(crate) fn due(&mut self, call: &Call) -> Option<FaultAction> {
        let mut due = None;
        for fault in self.0.iter_mut().filter(|fault| fault.on.matches(call)) {
            if fault.on.skip > 0 {
                fault.on.skip -= 1;
            } else if due.is_none() && fault.times > 0 {
                fault.times -= 1;
                due = Some(fault.action.clone());
            }
        }
        due
    }
}
