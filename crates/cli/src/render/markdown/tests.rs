//! Tests of comments: their contents, their length, their first lines.

use std::collections::BTreeMap;

use domain::plan::SafetyLimits;
use expect_test::expect;
use serde_json::json;

use super::page::units;
use super::*;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::next_command::NextCommand;
use crate::render::sample_plan::{self, change};
use crate::saved_plan::SavedPlan;

/// The plan as a comment of at most so many characters.
fn page(of: &SavedPlan, max: u32) -> String {
    let next = NextCommand::new("apply").word("change.plan");
    plan(
        of,
        SafetyLimits::of(of.document.changes.len()),
        Some(&next),
        &Comment::limited(max),
    )
}

#[test]
fn a_plan_shows_all_that_a_reviewer_needs() {
    let mut off = change("r1", "Fixes #12 @oncall | a", "x", "y `z`");
    off["disables"] = json!(["/enabled"]);
    off["findings"] = json!([{"code": "AR0209", "severity": "warning", "message": "no <b>", "pointer": "/actions"}]);
    let mut conflict = change("r2", "Two", "", "");
    conflict["action"] = json!("conflict");
    conflict["diff"] = json!([]);
    let mut unread = change("r3", "Three", "", "");
    unread["action"] = json!("unread");
    unread["diff"] = json!([]);
    unread["error"] = json!({"code": "AR0503", "message": "cannot read: ```\n@all", "help": "ask"});
    let saved = sample_plan::plan(&[off, conflict, unread]);
    let hash = saved.hash.to_string();
    expect![[r#"
        <!-- assist-rules plan ba7816bf - -->

        ## Plan for `the organization Org @all (abc) at https://api.example.org`

        **1 to change, 0 unchanged, 1 conflict, 1 unread**

        ### 1 conflict

        #### conflict: `Two` (`r2`)

        `rules/r2.yaml`, version `7`

        | both changed | base | ours | theirs |
        | --- | --- | --- | --- |
        | `name` | `"the base"` | `"our \| name"` | ``"their `name`"`` |

        ### 1 switched off

        - `Fixes #12 @oncall | a` (`r1`): `/enabled`

        ### Rules

        #### unread: `Three` (`r3`)

        `rules/r3.yaml`, version `7`

        ````text
        error[AR0503]: cannot read: ```\n@all
          help: ask
        ````

        #### update: `Fixes #12 @oncall | a` (`r1`)

        `rules/r1.yaml`, version `7`

        ```diff
        @@ description @@
        - "x"
        + "y `z`"
        ```

        - warning: `AR0209` at `/actions`: `no <b>`

        - changes `sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef`
        - plan `<hash>`

        To apply it:

        ```sh
        assist-rules apply change.plan
        ```

    "#]]
    .assert_eq(&page(&saved, MAX_CHARS).replace(&hash, "<hash>"));
}

/// FIELD O3.
#[test]
fn what_a_reviewer_must_not_miss_stands_in_every_length() {
    let saved = sample_plan::large();
    for max in [30_000, 60_000, 15_000] {
        let shown = page(&saved, max);
        assert!(units(&shown) <= max as usize, "{max}: {}", units(&shown));
        for part in [
            "300 to change, 0 unchanged, 3 conflicts",
            "**Safety stop**: 300 to change",
            "conflict: `Conflict` (`c7`)",
            "conflict: `Conflict` (`c150`)",
            "conflict: `Conflict` (`c299`)",
            "- `Rule 🚀 10` (`r10`): `/enabled`",
            "- `Rule 🚀 250` (`r250`): `/enabled`",
            &saved.hash.to_string(),
            &saved.document.changes_hash,
            "assist-rules apply change.plan",
        ] {
            assert!(shown.contains(part), "{max}: {part}\n{shown}");
        }
        assert!(shown.contains("This diff is cut: 1 of 1 change, and "), "{shown}");
        assert!(shown.contains("of 80028 characters are shown"), "{shown}");
        let (_, after) = shown.split_once("more documents**: ").unwrap();
        assert!(after.starts_with("`Rule"), "{after}");
        let whole = shown.matches("#### update: ").count();
        assert!(
            shown.contains(&format!("**{} more documents**", 300 - whole)),
            "{shown}"
        );
    }
    let all = page(&saved, 10_000_000);
    assert!(!all.contains("is cut") && !all.contains("more document"), "{all}");
}

/// FIELD O3: a document that is too large leaves room for others, and both of its sides are shown.
#[test]
fn one_diff_that_is_too_large_is_cut_inside_itself() {
    let large = change("r1", "Large", &"a".repeat(80_000), &"b".repeat(80_000));
    let small = change("r2", "Small", "x", "y");
    let shown = page(&sample_plan::plan(&[large, small]), 20_000);
    assert!(units(&shown) <= 20_000);
    assert!(units(&shown) > 18_000, "{}", units(&shown));
    for part in ["- \"aaa", "+ \"bbb", "… (80005 characters)", "`Small`", "+ \"y\""] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("more document"), "{shown}");
}

/// FIELD K1: a cut hides no change.
#[test]
fn a_cut_diff_shows_where_long_values_differ() {
    let same = "🚀".repeat(40_000);
    let long = change("r1", "Long", &format!("{same}old"), &format!("{same}new"));
    let shown = page(&sample_plan::plan(&[long]), 20_000);
    assert!(units(&shown) <= 20_000, "{}", units(&shown));
    for part in [
        "- (39961 characters alike) …🚀",
        "🚀old\"\n",
        "🚀new\"\n",
        "This diff is cut",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

/// FIELD K5.
#[test]
fn secrets_are_masked_by_their_places() {
    let mut secret = change("r1", "https://a:b@h", "x", "y");
    secret["before"] = json!({"actions": [{"headers": [{"name": "Authorization", "value": "old"}]}]});
    secret["after"] = json!({"actions": [{"headers": [{"name": "Authorization", "value": "new"}]}]});
    secret["diff"] = json!([
        {"path": "/actions/0/headers/0/value", "before": "old", "after": "new", "by": "unknown"},
        {"path": "/actions/0/url", "after": "https://u:p@h/?sig=s", "by": "unknown"},
        {"path": "/description", "before": "old", "after": "new", "by": "unknown"},
    ]);
    let shown = page(&sample_plan::plan(&[secret]), MAX_CHARS);
    for part in [
        "- (masked)\n+ (masked, changed)\n",
        "+ \"https://(masked)@h/?(masked)\"\n",
        "- \"old\"\n+ \"new\"\n",
        "update: `https://(masked)@h` (`r1`)",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn a_failure_says_what_is_wrong_in_its_comment() {
    let problem = CliError::new(ErrorCode::Denied, "cannot read: ```` @all\n<b>").with_help("ask");
    let comment = Comment::limited(MAX_CHARS);
    expect![[r"
        <!-- assist-rules plan - - -->

        ## `plan` failed, exit 8

        `````text
        error[AR0503]: cannot read: ```` @all\n<b>
          help: ask
        `````
    "]]
    .assert_eq(&failure(&problem, &comment));
    let long = CliError::new(ErrorCode::Denied, "🚀".repeat(90_000));
    let shown = failure(&long, &Comment::limited(2_000));
    assert!(units(&shown) <= 2_000, "{}", units(&shown));
}

/// FIELD O1: seven comments of one pull request.
#[test]
fn a_matrix_of_plans_has_a_comment_each() {
    let mut markers = BTreeMap::new();
    let saved = sample_plan::plan(&[]);
    let limits = SafetyLimits::of(1);
    for key in [None, Some("dev/a"), Some("dev/b"), Some("prod/a"), Some("prod/b")] {
        let shown = plan(&saved, limits, None, &Comment::keyed(key));
        let failed = failure(&CliError::new(ErrorCode::Denied, "no"), &Comment::keyed(key));
        let first = |text: &str| text.lines().next().unwrap().to_owned();
        assert_eq!(key.is_some(), first(&shown) == first(&failed));
        markers.insert(first(&shown), key);
    }
    assert_eq!(markers.len(), 5);
}
