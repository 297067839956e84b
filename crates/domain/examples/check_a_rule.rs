//! The domain by itself: reads a rule, tells what is wrong with it, and shows what a change would do.
//!
//! `cargo run -p assist-rules-domain --example check_a_rule` prints
//!
//! ```text
//! error AR0101 /conditions/0/operator: unknown operator `contain` (did you mean `contains`?)
//! error AR0102 /conditions/1/value: `lt` takes a finite number (write it without quotes: 0.4)
//! warning AR0207 /actions/0/url: a `webhook` action needs a `url` that starts with https://
//! /name: "Refunds" -> "Refunds and returns"
//! /enabled: true -> false
//! ```

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use assist_rules_domain::json::Document;
use assist_rules_domain::{DocumentKind, Edit, TriggerRule, check};

const RULE: &str = r#"{
  "id": "a1b2c3d4", "etag": "7", "name": "Refunds", "ruleType": "conversation", "enabled": true, "weight": 1.50,
  "conditions": [
    {"type": "keyword", "field": "conversation.text", "operator": "contain", "value": "refund"},
    {"type": "sentiment", "field": "conversation.sentiment", "operator": "lt", "value": "0.4"}
  ],
  "actions": [{"type": "webhook", "url": "http://example.com"}]
}"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rule: TriggerRule = RULE.parse()?;
    for found in check(&rule, None).as_slice() {
        let help = found.help.as_deref().map_or(String::new(), |help| format!(" ({help})"));
        println!(
            "{} {} {}: {}{help}",
            found.severity.as_str(),
            found.code,
            found.pointer,
            found.message
        );
    }

    let edit = Edit::<TriggerRule>::default()
        .name("Refunds and returns")?
        .enabled(false)?;
    let patch = edit.resolve(&rule).map_err(|findings| format!("{findings:?}"))?;
    for difference in rule.diff(&patch.apply(&rule)?) {
        let side = |side: Option<Document>| side.map_or("nothing".to_owned(), |value| value.compact());
        println!(
            "{}: {} -> {}",
            difference.pointer,
            side(difference.before),
            side(difference.after)
        );
    }
    Ok(())
}
