//! Fault scripts: a JSON document that says what goes wrong, and when.

use std::str::FromStr;

use http::{
    HeaderName, HeaderValue,
    header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::fault::{Fault, FaultAction};

/// Headers that delimit a message. A script that set them would break the emulator, not the client.
const FRAMING: [HeaderName; 3] = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING];

/// The faults to inject, in the order in which they are tried on each request.
///
/// At most one fault meets a request: the first that is for it and has a time left. `kind` is `token`, `list`, `get`,
/// `put`, `reference` (what a Copilot refers to) or `organization`; a fault without `on` is for every request, whatever its kind.
///
/// | `do` | what happens |
/// |---|---|
/// | `{"status": {"code", "body"?, "headers"?, "retry_after"?, "carried_out"?}}` | a gateway answers; nothing is done unless `carried_out` |
/// | `{"delay": {"ms"}}` | carried out later, even if the client has gone |
/// | `{"drop_before": {}}`, `{"drop_after": {}}` | the connection closes, before or after the effect |
/// | `{"reset_in_body": {}}`, `{"truncated_body": {}}`, `{"endless_body": {}}` | carried out; the answer breaks off, is too short, never ends |
/// | `{"garbage": {"code"?, "carried_out"?}}` | 200, or that status, with HTML; nothing is done unless `carried_out` |
/// | `{"persistence_conflict": {}}` | 409 `RULE_PERSISTENCE_CONFLICT`; nothing is done, and it passes |
/// | `{"stale_reads": {"reads"}}`, `{"stale_reads": {"ms"}}` | carried out; so many reads of the Copilot, or all for so long, show it as it was before |
/// | `{"edit_between": {"merge": {…}}}`, `{"moved_tag": {}}` | another client edits the document first, or only its version moves |
/// | `{"repeat": {"times"?, "edit"?: {…}, "late_ms"?}}` | something on the way repeats the request and passes the last answer on; another client edits the document in between; or the repetitions come late |
/// | `{"revoke_token": {}}` | the request's token is revoked right before |
/// | `{"storm": {"requests", "retry_after"}}` | this and the next API requests, so many in all, get a 429 |
/// | `{"clock_skew": {"seconds"}}`, `{"lost_version": {}}` | the answer's `Date` is off; the answer has no version |
///
/// ```
/// use assist_rules_emulator::Script;
///
/// let script = r#"{"faults": [
///     {"on": {"kind": "put", "path_contains": "trigger-rules", "skip": 1}, "times": 2, "do": {"drop_after": {}}}
/// ]}"#;
/// assert!(Script::from_json(script).is_ok());
/// assert!(Script::from_json(r#"{"faults": [{"do": {"explode": {}}}]}"#).is_err());
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    faults: Vec<Fault>,
}

/// Why a text is no fault script.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// Not JSON, or not of the shape; the source states the error and its position.
    #[error("read the fault script")]
    Shape(#[from] serde_json::Error),
    /// A value that cannot be acted out.
    #[error("act out `{pointer}` of the fault script: {problem}")]
    Value {
        /// The place of the value, as a JSON Pointer.
        pointer: String,
        /// The problem of the value.
        problem: &'static str,
    },
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// For what is not JSON, has a member that no fault has, or asks for what cannot be acted out.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        let script = serde_json::from_str::<Self>(text)?;
        for (index, fault) in script.faults.iter().enumerate() {
            if let Some((at, problem)) = problem(fault) {
                return Err(ScriptError::Value {
                    pointer: format!("/faults/{index}/{at}"),
                    problem,
                });
            }
        }
        Ok(script)
    }

    pub(crate) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}

/// The first thing about a fault that cannot be acted out, and where it stands in it.
fn problem(fault: &Fault) -> Option<(String, &'static str)> {
    if fault.times == 0 {
        return Some(("times".to_owned(), "a fault happens at least once"));
    }
    match &fault.action {
        FaultAction::Garbage { code, .. } if !(200..=599).contains(code) => {
            Some(("do/garbage/code".to_owned(), "the status of an answer is 200 to 599"))
        }
        FaultAction::Status { code, .. } if !(200..=599).contains(code) => {
            Some(("do/status/code".to_owned(), "the status of an answer is 200 to 599"))
        }
        FaultAction::Status { headers, .. } => headers.iter().find_map(|(name, value)| {
            header_problem(name, value).map(|problem| (format!("do/status/headers/{}", escaped(name)), problem))
        }),
        FaultAction::ThrottleBurst { requests: 0, .. } => {
            Some(("do/storm/requests".to_owned(), "a storm meets at least one request"))
        }
        FaultAction::StaleReads { reads, ms } if reads.is_some() == ms.is_some() => Some((
            "do/stale_reads".to_owned(),
            "reads are stale either so many times or for so long",
        )),
        FaultAction::EditBetween { merge } => edit_problem("edit_between/merge", merge),
        FaultAction::Repeat { times: 0, .. } => {
            Some(("do/repeat/times".to_owned(), "a request is repeated at least once"))
        }
        FaultAction::Repeat { edit: Some(edit), .. } => edit_problem("repeat/edit", edit),
        FaultAction::Delay { .. }
        | FaultAction::DropBefore {}
        | FaultAction::DropAfter {}
        | FaultAction::ResetInBody {}
        | FaultAction::TruncatedBody {}
        | FaultAction::Garbage { .. }
        | FaultAction::EndlessBody {}
        | FaultAction::PersistenceConflict {}
        | FaultAction::StaleReads { .. }
        | FaultAction::RevokeToken {}
        | FaultAction::ClockSkew { .. }
        | FaultAction::ThrottleBurst { .. }
        | FaultAction::Repeat { .. }
        | FaultAction::LostVersion {}
        | FaultAction::MovedTag {} => None,
    }
}

fn edit_problem(place: &str, edit: &Map<String, Value>) -> Option<(String, &'static str)> {
    let unchangeable = ["id", "etag"].into_iter().find(|name| edit.contains_key(*name))?;
    let problem = "an edit changes neither the id nor, by hand, the version";
    Some((format!("do/{place}/{unchangeable}"), problem))
}

fn header_problem(name: &str, value: &str) -> Option<&'static str> {
    let Ok(name) = HeaderName::from_str(name) else {
        return Some("this is no name of a header");
    };
    if FRAMING.contains(&name) {
        return Some("the emulator itself says where an answer ends");
    }
    HeaderValue::from_str(value)
        .is_err()
        .then_some("this is no value of a header")
}

fn escaped(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn what_no_fault_has_is_refused_by_name() {
        for (script, expected) in [
            ("", "EOF while parsing"),
            ("{}", "missing field `faults`"),
            (r#"{"faults": [], "fault": 1}"#, "unknown field `fault`"),
            (r#"{"faults": [{}]}"#, "missing field `do`"),
            (
                r#"{"faults": [{"do": {"drop_after": {}}, "tims": 1}]}"#,
                "unknown field `tims`",
            ),
            (r#"{"faults": [{"do": {"drop": {}}}]}"#, "unknown variant `drop`"),
            (r#"{"faults": [{"do": {"drop_after": {"x": 1}}}]}"#, "unknown field `x`"),
            (
                r#"{"faults": [{"do": {"delay": {"ms": "1"}}}]}"#,
                "invalid type: string",
            ),
            (
                r#"{"faults": [{"do": {"moved_tag": {}}, "on": {"kind": "PUT"}}]}"#,
                "unknown variant `PUT`",
            ),
            (
                r#"{"faults": [{"do": {"moved_tag": {}}, "on": {"kind": "other"}}]}"#,
                "unknown variant `other`",
            ),
            (
                r#"{"faults": [{"do": {"moved_tag": {}}, "on": {"path": "x"}}]}"#,
                "unknown field `path`",
            ),
        ] {
            let error = Script::from_json(script).unwrap_err();
            assert_eq!(error.to_string(), "read the fault script");
            let source = error.source().unwrap().to_string();
            assert!(
                source.contains(expected) && source.contains("line 1"),
                "{script}: {source}"
            );
        }
    }

    #[test]
    fn what_cannot_be_acted_out_is_refused_where_it_stands() {
        for (fault, pointer) in [
            (r#"{"do": {"drop_after": {}}, "times": 0}"#, "times"),
            (r#"{"do": {"status": {"code": 199}}}"#, "do/status/code"),
            (r#"{"do": {"status": {"code": 600}}}"#, "do/status/code"),
            (
                r#"{"do": {"status": {"code": 503, "headers": {"a/b": "x"}}}}"#,
                "do/status/headers/a~1b",
            ),
            (
                r#"{"do": {"status": {"code": 503, "headers": {"a": "\n"}}}}"#,
                "do/status/headers/a",
            ),
            (
                r#"{"do": {"status": {"code": 503, "headers": {"Content-Length": "1"}}}}"#,
                "do/status/headers/Content-Length",
            ),
            (
                r#"{"do": {"storm": {"requests": 0, "retry_after": 1}}}"#,
                "do/storm/requests",
            ),
            (r#"{"do": {"repeat": {"times": 0}}}"#, "do/repeat/times"),
            (r#"{"do": {"stale_reads": {}}}"#, "do/stale_reads"),
            (r#"{"do": {"stale_reads": {"reads": 1, "ms": 1}}}"#, "do/stale_reads"),
            (r#"{"do": {"repeat": {"edit": {"id": "9"}}}}"#, "do/repeat/edit/id"),
            (
                r#"{"do": {"edit_between": {"merge": {"etag": "9"}}}}"#,
                "do/edit_between/merge/etag",
            ),
        ] {
            let script = format!(r#"{{"faults": [{{"do": {{"moved_tag": {{}}}}}}, {fault}]}}"#);
            let error = Script::from_json(&script).unwrap_err().to_string();
            let expected = format!("act out `/faults/1/{pointer}` of the fault script: ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }
}
