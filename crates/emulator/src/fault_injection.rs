//! Faults carried out: what becomes of a request, and of the answer to it.

use std::{collections::BTreeMap, str::FromStr, time::Duration, time::SystemTime};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CONTENT_TYPE, DATE, ETAG, RETRY_AFTER},
};
use serde_json::{Value, value::RawValue};
use tokio::time::sleep;

use crate::{
    Emulator, RuleError,
    api_error::ApiError,
    call::Call,
    connection::{RawResponse, Then},
    fault::FaultAction,
    merge_patch, rate,
    reply::{Length, Reply, date_header},
    route::Route,
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
            sleep(Duration::from_millis(ms.into())).await;
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
        FaultAction::EditBetween { merge } => {
            edit(emulator, call, |rule| merge_patch::apply(rule, &merge));
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
        FaultAction::Repeat {
            times,
            edit: merge,
            late_ms: None,
        } => {
            let mut answer = emulator.answer(call);
            if let Some(merge) = merge {
                edit(emulator, call, |rule| merge_patch::apply(rule, &merge));
            }
            for _ in 0..times {
                answer = emulator.answer(call);
            }
            answer
        }
        FaultAction::Repeat {
            times,
            edit: merge,
            late_ms: Some(late),
        } => {
            let answer = emulator.answer(call);
            let (emulator, call) = (emulator.clone(), call.clone());
            tokio::spawn(async move {
                sleep(Duration::from_millis(late.into())).await;
                if let Some(merge) = merge {
                    edit(&emulator, &call, |rule| merge_patch::apply(rule, &merge));
                }
                for _ in 0..times {
                    emulator.answer(&call);
                }
            });
            answer
        }
    })
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
