//! Faults carried out: what becomes of a request, and of the answer to it.

use std::{collections::BTreeMap, str::FromStr, time::Duration, time::SystemTime};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, DATE, ETAG, RETRY_AFTER},
};
use serde_json::{Map, Value, value::RawValue};
use tokio::time::sleep;

use crate::{
    Emulator, RuleError, Staleness,
    api_error::ApiError,
    call::Call,
    connection::{RawResponse, Then},
    fault::FaultAction,
    merge_patch, rate,
    reply::{Length, Reply, date_header},
    route::Route,
    wait::wait,
};

/// The bytes by which the headers of a truncated body overstate its length.
const MISSING: usize = 64;

/// The size of each further piece of a body without end.
const FILLER: usize = 8 * 1024;

const GARBAGE: &str = "<!DOCTYPE html><html><body><h1>Welcome to the guest network</h1></body></html>";

/// The delivery of an answer to a client.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An answer, whole.
    Whole(Reply),
    /// An answer that breaks off, never ends, or does not come; the status is what the client can see of it.
    Broken {
        status: Option<StatusCode>,
        raw_response: RawResponse,
    },
}

impl Delivery {
    /// The connection ends without an answer.
    pub(crate) fn none() -> Self {
        Self::Broken {
            status: None,
            raw_response: RawResponse {
                bytes: Bytes::new(),
                then: Then::Close,
            },
        }
    }

    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Whole(reply) => Some(reply.status),
            Self::Broken { status, .. } => *status,
        }
    }
}

/// Carries a request out as `fault` has it.
pub(crate) async fn inject(emulator: &Emulator, call: &Call, fault: FaultAction) -> Delivery {
    Delivery::Whole(match fault {
        FaultAction::Status {
            code,
            body,
            headers,
            retry_after,
            carried_out,
        } => {
            if carried_out {
                emulator.answer(call);
            }
            in_place(
                emulator,
                call,
                gateway(emulator, call, code, body, &headers, retry_after),
            )
        }
        FaultAction::Garbage { code, carried_out } => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            let reply = Reply {
                body: Bytes::from_static(GARBAGE.as_bytes()),
                ..Reply::empty(StatusCode::from_u16(code).unwrap_or(StatusCode::OK))
            };
            if carried_out {
                emulator.answer(call);
            }
            in_place(emulator, call, reply.with(CONTENT_TYPE, html))
        }
        FaultAction::Delay { ms } => {
            wait(Duration::from_millis(ms.into())).await;
            emulator.answer(call)
        }
        FaultAction::DropBefore {} => return Delivery::none(),
        FaultAction::DropAfter {} => {
            emulator.answer(call);
            return Delivery::none();
        }
        FaultAction::ResetInBody {} => return reset_in_body(&emulator.answer(call)),
        FaultAction::TruncatedBody {} => return truncated(&emulator.answer(call)),
        FaultAction::EndlessBody {} => return endless(&emulator.answer(call)),
        FaultAction::PersistenceConflict {} => {
            let refusal = ApiError::new(409, "RULE_PERSISTENCE_CONFLICT", "Transaction canceled");
            in_place(emulator, call, refusal.into_reply(&call.correlation_id))
        }
        FaultAction::StaleReads { reads, ms } => {
            let answer = emulator.answer(call);
            if answer.status.is_success() {
                delay_reads(emulator, call, staleness(reads, ms));
            }
            answer
        }
        FaultAction::EditBetween { merge } => {
            edit(emulator, call, |document| merge_patch::apply(document, &merge));
            emulator.answer(call)
        }
        FaultAction::MovedTag {} => {
            edit(emulator, call, |_| {});
            emulator.answer(call)
        }
        FaultAction::RevokeToken {} => {
            emulator.revoke_token_of(call);
            emulator.answer(call)
        }
        FaultAction::ThrottleBurst { requests, retry_after } => {
            emulator.begin_throttle_burst(requests, retry_after);
            emulator.answer(call)
        }
        FaultAction::ClockSkew { seconds } => {
            let date = date_header(shifted(emulator.settings().clock.now(), seconds));
            emulator.answer(call).with(DATE, date)
        }
        FaultAction::LostVersion {} => without_version(emulator.answer(call)),
        FaultAction::Repeat { times, edit, late_ms } => repeat(emulator, call, times, edit, late_ms),
    })
}

/// Carries a request out more than once: the last answer is the client's, unless the repetitions come late.
fn repeat(
    emulator: &Emulator,
    call: &Call,
    times: u32,
    merge: Option<Map<String, Value>>,
    late_ms: Option<u32>,
) -> Reply {
    let first = emulator.answer(call);
    let Some(late) = late_ms else {
        return repetitions(emulator, call, times, merge.as_ref()).unwrap_or(first);
    };
    let (emulator, call) = (emulator.clone(), call.clone());
    tokio::spawn(async move {
        sleep(Duration::from_millis(late.into())).await;
        repetitions(&emulator, &call, times, merge.as_ref());
    });
    first
}

/// The last answer to a request that arrives so many times, after an edit by another client.
fn repetitions(emulator: &Emulator, call: &Call, times: u32, merge: Option<&Map<String, Value>>) -> Option<Reply> {
    if let Some(merge) = merge {
        edit(emulator, call, |document| merge_patch::apply(document, merge));
    }
    (0..times).map(|_| emulator.answer(call)).last()
}

/// `reply` instead of the platform's own.
fn in_place(emulator: &Emulator, call: &Call, reply: Reply) -> Reply {
    reply.finished(emulator.settings().clock.now(), &call.correlation_id)
}

fn gateway(
    emulator: &Emulator,
    call: &Call,
    code: u16,
    body: Option<Box<RawValue>>,
    headers: &BTreeMap<String, String>,
    retry_after: Option<u32>,
) -> Reply {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = match body {
        Some(body) => Reply::raw_json(status, &body),
        None => {
            ApiError::new(code, "fault.on.demand", "This answer is an injected fault.").into_reply(&call.correlation_id)
        }
    };
    if let Some(seconds) = retry_after {
        let settings = emulator.settings();
        let after = rate::retry_after(seconds.into(), settings.retry_after, settings.clock.now());
        reply = reply.with(RETRY_AFTER, after);
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_str(name), HeaderValue::from_str(value)) {
            reply = reply.with(name, value);
        }
    }
    reply
}

/// Edits the document that a request is about, as another user would.
fn edit(emulator: &Emulator, call: &Call, change: impl FnOnce(&mut Value)) {
    let edited = match &call.route {
        Route::Get { id } | Route::Put { id } => emulator.tenant_of(call, |tenant| tenant.rules.edit(id, change)),
        Route::GetDocument(at) | Route::PutDocument(at) => emulator
            .tenant_of(call, |tenant| tenant.assistants.edit(at, change))
            .map_err(RuleError::Copilot),
        Route::Token
        | Route::List
        | Route::Organization
        | Route::ListAssistants
        | Route::GetAssistant { .. }
        | Route::ListVariations { .. }
        | Route::ListReferences(_)
        | Route::GetReference { .. }
        | Route::WrongMethod { .. }
        | Route::Nowhere => return,
    };
    if let Err(error) = edited {
        tracing::warn!(%error, "a fault on demand had nothing to edit");
    }
}

fn staleness(reads: Option<u32>, ms: Option<u32>) -> Staleness {
    match ms {
        Some(ms) => Staleness::Time(Duration::from_millis(ms.into())),
        None => Staleness::Reads(reads.unwrap_or_default()),
    }
}

/// Lets reads of the document that a request wrote lag behind that write.
fn delay_reads(emulator: &Emulator, call: &Call, staleness: Staleness) {
    if let Route::PutDocument(at) = &call.route {
        let lag = staleness.lag(emulator.settings().clock.now());
        emulator.tenant_of(call, |tenant| tenant.assistants.delay(at, lag));
    }
}

fn shifted(time: SystemTime, seconds: i32) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs().into());
    let shifted = if seconds < 0 {
        time.checked_sub(distance)
    } else {
        time.checked_add(distance)
    };
    shifted.unwrap_or(time)
}

fn without_version(mut reply: Reply) -> Reply {
    reply.headers.remove(ETAG);
    if let Ok(Value::Object(mut rule)) = serde_json::from_slice(&reply.body) {
        rule.shift_remove("etag");
        reply.body = Bytes::from(Value::Object(rule).to_string());
    }
    reply
}

fn reset_in_body(reply: &Reply) -> Delivery {
    let half = reply.body.slice(..reply.body.len() / 2);
    broken(reply, Length::Known(reply.body.len()), &half, Then::Reset)
}

fn truncated(reply: &Reply) -> Delivery {
    broken(
        reply,
        Length::Known(reply.body.len() + MISSING),
        &reply.body,
        Then::Close,
    )
}

/// A text without end, in chunks.
fn endless(reply: &Reply) -> Delivery {
    let filler = "x".repeat(FILLER);
    let chunk = Bytes::from(format!("{FILLER:x}\r\n{filler}\r\n"));
    broken(reply, Length::Chunked, b"1\r\n\"\r\n", Then::Repeat(chunk))
}

fn broken(reply: &Reply, length: Length, body: &[u8], then: Then) -> Delivery {
    let bytes = Bytes::from([&reply.head(length), body].concat());
    Delivery::Broken {
        status: Some(reply.status),
        raw_response: RawResponse { bytes, then },
    }
}
