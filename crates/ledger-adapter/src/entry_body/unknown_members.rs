//! Entries with members that a later version put in.

use serde_json::Value;

use super::Body;
use crate::digest::Digest;

/// The members of an entry, and of what stands in it: the name of the object, and its members.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "format",
            "seq",
            "previous",
            "at",
            "target",
            "organization",
            "kind",
            "document",
            "author",
            "plan_id",
            "intent",
            "outcome",
            "observation",
            "joined",
        ],
    ),
    ("organization", &["id", "name"]),
    ("joined", &["id", "name"]),
    ("author", &["run", "command", "client", "user", "host", "reason"]),
    (
        "intent",
        &[
            "follows",
            "undoes",
            "absent_intents",
            "guard",
            "version",
            "base",
            "ours",
            "change",
            "overwrites",
            "merges",
            "leased_until",
        ],
    ),
    ("overwrites", &["path", "base", "ours", "theirs"]),
    (
        "outcome",
        &[
            "intent",
            "outcome",
            "proof",
            "version_before",
            "version_after",
            "after",
            "attempts",
            "requests",
            "retries",
            "merges",
            "waited_us",
            "latency_us",
            "correlation_id",
            "error",
        ],
    ),
    (
        "observation",
        &[
            "sha256",
            "members",
            "content",
            "references",
            "version",
            "source",
            "folder",
            "read_at",
        ],
    ),
    ("references", &["text", "id"]),
];

/// Reads an entry without the members that this version does not know.
pub(super) fn read(text: &str) -> Option<Body> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let mut unknown = Vec::new();
    strip("", &mut value, &mut unknown);
    let mut body: Body = serde_json::from_value(value).ok()?;
    for value in &unknown {
        note_digests(value, &mut body.also_named);
    }
    Some(body)
}

/// Takes out what an object and the objects in it have that is not known.
fn strip(name: &str, value: &mut Value, unknown: &mut Vec<Value>) {
    match value {
        Value::Object(members) => {
            let Some((_, known)) = KNOWN.iter().find(|(of, _)| *of == name) else {
                return;
            };
            for (name, mut value) in std::mem::take(members) {
                if known.contains(&name.as_str()) {
                    strip(&name, &mut value, unknown);
                    members.insert(name, value);
                } else {
                    unknown.push(value);
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| strip(name, element, unknown)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Every text that may be the digest of a document.
fn note_digests(value: &Value, digests: &mut Vec<Digest>) {
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match value {
        Value::String(text) if is_digest(text) => digests.push(Digest::stored(text.clone())),
        Value::Array(elements) => elements.iter().for_each(|element| note_digests(element, digests)),
        Value::Object(members) => members.values().for_each(|member| note_digests(member, digests)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    const ENTRY: &str = r#"{"at":"2026-11-27T05:00:00.000000Z","author":{"client":"c","command":"update","host":null,
        "reason":null,"run":"r","user":null},"document":"r1","format":2,"intent":{"base":"b","change":"c","follows":null,
        "guard":"content","leased_until":"2026-11-27T05:03:00.000000Z","merges":0,"ours":"o","overwrites":
        [{"base":null,"ours":null,"path":"/name","theirs":"1"}],"undoes":[7]},"kind":"toy","organization":{"id":"o",
        "name":"n"},"plan_id":"p","previous":"0","seq":1,"target":"api c"}"#;

    #[test]
    fn members_of_a_later_version_are_left_alone_and_may_name_documents() {
        let body: Body = serde_json::from_str(ENTRY).unwrap();
        let digest = "a".repeat(64);
        let more = format!(r#"{{"x_more":[{{"digest":"{digest}","word":"zzz"}}],"#);
        for place in [
            r#"{"at""#,
            r#"{"client""#,
            r#"{"base":"b""#,
            r#"{"base":null"#,
            r#"{"id""#,
        ] {
            let later = ENTRY.replacen(place, &place.replacen('{', &more, 1), 1);
            assert_ne!(later, ENTRY);
            let mut read = Body::read(&later).unwrap();
            let named = std::mem::take(&mut read.also_named);
            assert_eq!(
                named.iter().map(Digest::as_str).collect::<Vec<_>>(),
                [digest.as_str()],
                "{place}"
            );
            assert_eq!(read, body, "{place}");
        }
        assert!(Body::read(&ENTRY.replace("\"seq\":1", "\"seq\":\"1\"")).is_err());
    }

    #[test]
    fn every_member_that_is_written_is_known() {
        let value: Value = serde_json::from_str(ENTRY).unwrap();
        let members = |value: &Value| value.as_object().map(Map::len).unwrap_or_default();
        let (mut stripped, mut unknown) = (value.clone(), Vec::new());
        strip("", &mut stripped, &mut unknown);
        assert!(
            unknown.is_empty() && members(&stripped) == members(&value),
            "{unknown:?}"
        );
    }
}
