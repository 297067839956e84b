//! A plan for tests of its reports: few rules or many, with all that a reviewer must see.

use domain::Collision;
use serde_json::{Value, json};

use crate::saved_plan::{ChangeDocument, PlanDocument, SavedPlan};

/// A rule of the plan that does nothing but change its description.
pub(crate) fn change(id: &str, name: &str, before: &str, after: &str) -> Value {
    json!({
        "document": format!("rule/{id}"), "name": name, "file": format!("rules/{id}.yaml"), "action": "update",
        "guard": "etag", "version": "\"7\"", "before": {"id": id, "description": before},
        "after": {"id": id, "description": after},
        "diff": [{"path": "/description", "before": before, "after": after, "by": "unknown"}],
        "base": null, "drift": [], "disables": [], "removes": [], "empties": [], "findings": [],
    })
}

/// A plan with these changes, of which those that conflict do so about the name.
pub(crate) fn plan(changes: &[Value]) -> SavedPlan {
    let is = |action: &str| changes.iter().filter(|change| change["action"] == action).count();
    let disables = |change: &&Value| change["disables"].as_array().is_some_and(|paths| !paths.is_empty());
    let none = json!({"count": 0, "limit": 0});
    let document = json!({
        "format_version": "1.0", "kind": "plan", "plan_id": "p", "created_at": "2026-11-28T12:00:00Z",
        "tool": "assist-rules", "exit_code": 0,
        "target": {"api": "https://api.example.org", "org": {"id": "abc", "name": "Org @all"}, "sandbox": false},
        "changes": changes, "in_sync": [],
        "summary": {"update": is("update"), "unchanged": 0, "conflict": is("conflict"), "missing": is("missing"),
            "invalid": is("invalid"), "unread": is("unread"), "documents": changes.len(), "not_in_files": 0},
        "safety": {"change": {"count": is("update"), "limit": 5},
            "disable": {"count": changes.iter().filter(disables).count(), "limit": 1}, "remove": none, "empty": none},
        "changes_hash": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    });
    let mut document: PlanDocument = serde_json::from_str(&document.to_string()).unwrap();
    for change in &mut document.changes {
        collide(change);
    }
    SavedPlan::new(document).unwrap()
}

fn collide(change: &mut ChangeDocument) {
    if change.action == crate::saved_plan::Action::Conflict {
        let side = |text: &str| Some(Value::from(text).to_string().parse().unwrap());
        change.conflicts = vec![Collision {
            pointer: "/name".parse().unwrap(),
            base: side("the base"),
            ours: side("our | name"),
            theirs: side("their `name`"),
        }];
    }
}

/// A plan of 300 rules with 3 conflicts, 2 that are switched off, and one diff of 80,000 characters, all full of emoji.
pub(crate) fn large() -> SavedPlan {
    let mut changes: Vec<Value> = (0..300)
        .map(|number| {
            let text = format!("{number} {}", "👩\u{200d}🚀🚀".repeat(40));
            change(&format!("r{number}"), &format!("Rule 🚀 {number}"), "old", &text)
        })
        .collect();
    for number in [7, 150, 299] {
        let mut conflict = change(&format!("c{number}"), "Conflict", "", "");
        conflict["action"] = json!("conflict");
        conflict["diff"] = json!([]);
        changes.push(conflict);
    }
    for number in [10, 250] {
        changes[number]["disables"] = json!(["/enabled"]);
    }
    changes[3] = change("large", "Large", &"a".repeat(40_000), &"b".repeat(40_000));
    plan(&changes)
}
