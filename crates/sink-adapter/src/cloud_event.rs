//! An event as it is sent: a `CloudEvent` 1.0 in JSON, the same bytes on every try.
//!
//! Documents stand in it as they are stored, digit by digit: the text is put together, not printed from types.

use std::fmt::Write;
use std::time::SystemTime;

use domain::json::Document;
use domain::{Evidence, Version};
use jiff::Timestamp;
use ports::{Author, Event};
use serde_json::Value;

/// The JSON Schema (2020-12) of what is sent.
pub const EVENT_SCHEMA: &str = include_str!("../schemas/event.json");

/// The kind of documents that sinks have known from the first version on: its names have no kind in them.
pub(crate) const FIRST_KIND: &str = "rule";

/// The type of the events about documents of a kind. The number at the end counts up when a member changes its meaning
/// or goes.
///
/// ```
/// use assist_rules_sink_adapter::event_type;
///
/// assert_eq!(event_type("rule"), "assist-rules.rule.updated.v1");
/// ```
pub fn event_type(kind: &str) -> String {
    format!("assist-rules.{kind}.updated.v1")
}

/// The media type of what is sent.
pub(crate) const MEDIA_TYPE: &str = "application/cloudevents+json";

/// The event as it is sent: JSON on one line, the same bytes each time.
pub(crate) fn body(event: &Event) -> String {
    let mut data = Object::default();
    let target = event.author.shown_target(&event.document);
    data.text("target", target);
    // Left out where it is not known: an event that was told before is told in the same words again.
    if let Some(id) = event.author.organization(&event.document) {
        let mut organization = Object::default();
        organization.text("id", id);
        organization.text_or_null("name", event.author.org_name.as_deref());
        data.raw("org", &organization.end());
    }
    data.raw("entry", &event.entry.to_string());
    data.text_or_null("head", event.head.as_deref());
    data.raw("author", &author(&event.author));
    data.text_or_null("confirmed_by", event.evidence.map(Evidence::as_str));
    data.text_or_null("version_before", event.version_before.as_ref().map(Version::token));
    data.text_or_null("version_after", event.version_after.as_ref().map(Version::token));
    data.raw("diff", &diff(event));
    data.raw("overwrites", &overwrites(event));
    data.raw("before", &event.before.compact());
    data.raw("after", &event.after.compact());
    data.raw("after_shown", if event.is_after_shown { "true" } else { "false" });

    let mut envelope = Object::default();
    envelope.text("specversion", "1.0");
    envelope.text("id", &event.id);
    envelope.text("source", &source(target));
    envelope.text("type", &event_type(&event.document.kind));
    envelope.text("subject", &event.document.id);
    envelope.text("time", &time(event.at));
    envelope.text("datacontenttype", "application/json");
    envelope.raw("data", &data.end());
    envelope.end()
}

/// The author of the change, as JSON.
pub(crate) fn author(author: &Author) -> String {
    let mut object = Object::default();
    object.text("run", &author.run);
    object.text("command", &author.command);
    object.text("client", &author.client);
    object.text_or_null("user", author.user.as_deref());
    object.text_or_null("host", author.host.as_deref());
    object.text_or_null("reason", author.reason.as_deref());
    object.end()
}

/// The differences that the change made, as a JSON array. A side that has no value there is left out.
pub(crate) fn diff(event: &Event) -> String {
    list(event.diff.iter().map(|found| {
        let mut object = Object::default();
        object.text("path", &found.difference.pointer.to_string());
        object.raw_if("before", found.difference.before.as_ref());
        object.raw_if("after", found.difference.after.as_ref());
        if let Some(from) = &found.from {
            object.text("from", &from.to_string());
        }
        object.end()
    }))
}

fn overwrites(event: &Event) -> String {
    list(event.overwrites.iter().map(|collision| {
        let mut object = Object::default();
        object.text("path", &collision.pointer.to_string());
        object.raw_if("base", collision.base.as_ref());
        object.raw_if("ours", collision.ours.as_ref());
        object.raw_if("theirs", collision.theirs.as_ref());
        object.end()
    }))
}

/// A time as RFC 3339 writes it, in UTC.
pub(crate) fn time(at: SystemTime) -> String {
    let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.6}")
}

/// The source of events, as a URI reference: the API, and the client that asks it as its fragment.
pub(crate) fn source(target: &str) -> String {
    let (api, client) = target.split_once(' ').unwrap_or((target, ""));
    let mut out = String::new();
    escape(api, ":/?#[]@", &mut out);
    if !client.is_empty() {
        out.push('#');
        escape(client, "", &mut out);
    }
    out
}

/// Writes what may not stand in a URI as its bytes.
fn escape(text: &str, also_kept: &str, out: &mut String) {
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() || "-._~".contains(letter) || also_kept.contains(letter) {
            out.push(letter);
        } else {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                // Why ignored: a text takes everything.
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// An object under way.
#[derive(Default)]
struct Object(String);

impl Object {
    /// A member that is JSON already.
    fn raw(&mut self, name: &str, json: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(json);
    }

    fn raw_if(&mut self, name: &str, document: Option<&Document>) {
        if let Some(document) = document {
            self.raw(name, &document.compact());
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        self.raw(name, &quoted(text));
    }

    fn text_or_null(&mut self, name: &str, text: Option<&str>) {
        self.raw(name, &text.map_or("null".to_owned(), quoted));
    }

    fn end(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('{');
        }
        self.0.push('}');
        self.0
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use domain::Collision;

    use super::*;
    use crate::samples::event;

    #[test]
    fn an_event_is_one_line_however_the_documents_are_laid_out() {
        let mut event = event();
        event.before = event.before.pretty().parse().unwrap();
        event.after = event.after.pretty().parse().unwrap();
        event.diff = domain::recorded_changes("rule", &event.before, &event.after);
        event.overwrites = vec![Collision {
            pointer: event.diff[0].difference.pointer.clone(),
            base: None,
            ours: None,
            theirs: Some(event.after.clone()),
        }];
        assert!(!body(&event).contains(['\n', '\r']));
    }

    #[test]
    fn an_event_is_the_same_text_each_time_and_keeps_every_digit() {
        let mut event = event();
        event.overwrites = vec![Collision {
            pointer: event.diff[0].difference.pointer.clone(),
            base: None,
            ours: Some("2.0".parse().unwrap()),
            theirs: Some("[]".parse().unwrap()),
        }];
        let text = body(&event);
        assert_eq!(text, body(&event));
        assert_eq!(
            text,
            concat!(
                r#"{"specversion":"1.0","id":"e1","source":"https://api.mypurecloud.com#client-1","#,
                r#""type":"assist-rules.rule.updated.v1","subject":"r1","time":"2026-09-21T14:13:32.000000Z","#,
                r#""datacontenttype":"application/json","data":{"target":"https://api.mypurecloud.com client-1","#,
                r#""entry":12,"head":"abc","author":{"run":"run-1","command":"update","client":"client-1","#,
                r#""user":"ann","host":null,"reason":"the \"second\" line\nof it"},"confirmed_by":"answer","#,
                r#""version_before":"7","version_after":"8","diff":[{"path":"/etag","before":"7","after":"8"},"#,
                r#"{"path":"/name","before":"Refunds","after":"Refunds & returns"},"#,
                r#"{"path":"/enabled","before":true},{"path":"/extra","after":{"é":[]}}],"#,
                r#""overwrites":[{"path":"/etag","ours":2.0,"theirs":[]}],"#,
                r#""before":{"id":"r1","etag":"7","name":"Refunds","weight":1.50,"enabled":true},"#,
                r#""after":{"id":"r1","etag":"8","name":"Refunds & returns","weight":1.50,"extra":{"é":[]}},"#,
                r#""after_shown":true}}"#,
            )
        );
    }

    #[test]
    fn every_target_makes_a_uri_reference() {
        for (target, expected) in [
            ("sandbox", "sandbox"),
            ("https://api.mypurecloud.com c-1", "https://api.mypurecloud.com#c-1"),
            ("http://127.0.0.1:80 a b/é", "http://127.0.0.1:80#a%20b%2F%C3%A9"),
        ] {
            assert_eq!(source(target), expected);
        }
    }

    #[test]
    fn an_organization_stands_beside_the_target() {
        let mut event = event();
        event.author.shown_target = Some(std::mem::replace(&mut event.document.target, "o-1".to_owned()));
        let of_org = |text: &str| {
            text.contains(r#""source":"https://api.mypurecloud.com#client-1""#)
                && text.contains(r#""target":"https://api.mypurecloud.com client-1","org":{"id":"o-1","name":null},"#)
        };
        let text = body(&event);
        assert!(of_org(&text), "{text}");
        event.author.org_name = Some("Acme".to_owned());
        assert!(body(&event).contains(r#""org":{"id":"o-1","name":"Acme"},"entry""#));
    }

    #[test]
    fn what_is_not_known_is_null() {
        let mut event = event();
        (event.head, event.evidence, event.version_after) = (None, None, None);
        event.diff.clear();
        let text = body(&event);
        for part in [
            r#""head":null"#,
            r#""confirmed_by":null"#,
            r#""version_after":null"#,
            r#""diff":[]"#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
