//! Tests of the page: what is in it, and what is not.

use serde_json::json;

use super::*;
use crate::render::sample_plan::{self, change};

fn page(changes: &[serde_json::Value]) -> String {
    let saved = sample_plan::plan(changes);
    plan(&saved, SafetyLimits::of(saved.document.changes.len()))
}

/// The names of the tags of a page, of comments and declarations too, and the names of their attributes.
fn tags(page: &str) -> Vec<(String, Vec<String>)> {
    let tags = page.split('<').skip(1).map(|rest| rest.split_once('>').unwrap().0);
    tags.map(|tag| {
        let mut outside = String::new();
        for (number, part) in tag.split('"').enumerate() {
            outside.push_str(if number % 2 == 0 { part } else { "" });
        }
        let mut names = outside
            .split_whitespace()
            .map(|word| word.trim_end_matches('=').to_owned());
        (names.next().unwrap(), names.collect())
    })
    .collect()
}

#[test]
fn a_page_has_nothing_but_its_own_tags() {
    let hostile = "\"><script src=https://x.example></script><img src=x onerror=alert(1)> ' & \u{1b}[31m\u{202e}";
    let mut off = change("r1", hostile, hostile, "y");
    off["disables"] = json!(["/enabled"]);
    off["file"] = json!(hostile);
    off["findings"] = json!([{"code": "AR0209", "severity": hostile, "message": hostile, "pointer": hostile}]);
    let mut unread = change("r3", hostile, "", "");
    unread["action"] = json!("unread");
    unread["diff"] = json!([]);
    unread["error"] = json!({"code": "AR0503", "message": hostile});
    let mut conflict = change("r2", "Two", "", "");
    conflict["action"] = json!("conflict");
    conflict["diff"] = json!([]);
    let page = page(&[off, unread, conflict]);
    let known = [
        "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "strong", "code",
        "table", "caption", "thead", "tbody", "tr", "th", "td", "section", "a",
    ];
    let attributes = [
        "html",
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "scope",
        "href",
        "aria-labelledby",
        "id",
    ];
    for (name, named) in tags(&page) {
        let name = name.trim_start_matches('/');
        assert!(known.contains(&name), "{name}\n{page}");
        assert!(
            named.iter().all(|name| attributes.contains(&name.as_str())),
            "{name} {named:?}"
        );
    }
    for absent in ["<script", "src=\"", "href=\"h", "url(", "@import", "\u{1b}", "\u{202e}"] {
        assert!(!page.contains(absent), "{absent}\n{page}");
    }
    for part in [
        "&lt;script",
        "their `name`",
        "scope=\"row\"",
        "lang=\"en\"",
        "prefers-color-scheme:dark",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
}

#[test]
fn the_policy_refuses_all_but_the_style() {
    let page = page(&[]);
    let policy = format!("content=\"default-src 'none'; style-src '{STYLE_HASH}'\"");
    assert!(page.contains(&policy), "{page}");
    let (head, _) = page.split_once("<style>").unwrap();
    assert!(head.contains(&policy), "it comes before what it is about");
}

/// FIELD K5.
#[test]
fn secrets_are_masked_as_in_the_text() {
    let mut secret = change("r1", "One", "x", "y");
    secret["diff"] = json!([
        {"path": "/actions/0/token", "before": "old", "after": "new", "by": "unknown"},
        {"path": "/actions/0/url", "after": "https://u:p@h/?sig=s", "by": "unknown"},
    ]);
    let page = page(&[secret]);
    for part in [
        "<code>(masked)</code>",
        "<code>(masked, changed)</code>",
        "https://(masked)@h/?(masked)",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert!(!page.contains("old") || page.contains("class=\"old\""));
    assert!(!page.contains("u:p@h"));
}
