//! No input makes the domain panic, or keeps it busy for long.

use assist_rules_domain::document::{CrossFieldMerge, diff, merge};
use assist_rules_domain::json::Document;
use assist_rules_domain::{Code, DocumentKind, Edit, Pointer, RuleId, TriggerRule, Version, check, testing};
use proptest::prelude::*;

use super::{config, nearly_a_rule, rough_rule, rule};

/// Everything that takes a text.
fn read(text: &str, stored: &TriggerRule) {
    let _: Result<RuleId, _> = text.parse();
    let _: Result<Version, _> = text.parse();
    let _: Result<Code, _> = text.parse();
    if let Ok(pointer) = text.parse::<Pointer>() {
        let _ = (stored.document().resolve(&pointer), stored.document().span_at(&pointer));
    }
    match Document::parse(text) {
        Ok(document) => look(&document, stored),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            for fault in error.faults() {
                let span = fault.span();
                assert!(span.start <= span.end && span.end <= text.len());
                assert!(text.get(span.start..span.end).is_some(), "{fault} {span:?}");
            }
        }
    }
}

/// Everything that takes a document.
fn look(document: &Document, stored: &TriggerRule) {
    let _ = (
        document.pretty(),
        document.inexact_numbers(),
        format!("{document:?} {:?}", document.root().value()),
    );
    let _ = (diff(document, stored.document()), diff(stored.document(), document));
    if let Ok(edit) = Edit::<TriggerRule>::new(document.clone()) {
        let _ = (edit.check(), edit.static_errors(), edit.base_version(), edit.is_empty());
        if let Ok(patch) = edit.resolve(stored)
            && let Ok(changed) = patch.apply(stored)
        {
            let _ = (
                check(&changed, Some(stored)),
                stored.diff(&changed),
                patch.is_applied_to(stored),
            );
            let _ = (
                patch.is_evident_in(stored, &changed, stored),
                merge(stored, &patch, &changed, CrossFieldMerge::Refuse),
                patch.to_document(),
            );
        }
    }
    if let Ok(rule) = TriggerRule::from_document(document.clone()) {
        let _ = (check(&rule, Some(stored)), check(stored, Some(&rule)));
        let _ = (rule.conditions().count(), rule.actions().count());
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>(), stored in testing::served_rule()) {
        read(&text, &stored);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        read(&String::from_utf8_lossy(&bytes), &rule("{}"));
    }

    #[test]
    fn any_broken_rule_is_read_or_refused(text in nearly_a_rule(), stored in rough_rule()) {
        read(&text, &stored);
    }

    #[test]
    fn any_rough_rule_is_looked_at(rough in rough_rule(), stored in testing::served_rule()) {
        look(rough.document(), &stored);
    }

    #[test]
    fn any_pattern_is_judged(pattern in "[a(?=!<)\\\\1*+{},|\\[\\]\\^$.:P]{0,16}|\\PC{0,6}") {
        let value = serde_json::json!([{"type": "keyword", "field": "f", "operator": "regex", "value": pattern}]);
        let text = format!("{{\"id\":\"r\",\"ruleType\":\"conversation\",\"enabled\":true,\"conditions\":{value}}}");
        let findings = check(&rule(&text), None).into_vec();
        prop_assert!(findings.len() <= 2, "{findings:?}");
    }
}

/// Each is the worst for one loop; together they take well under a second, or minutes if one of them is quadratic.
#[test]
fn a_megabyte_of_the_worst_is_read_in_time() {
    let stored = rule("{}");
    let pattern = |part: &str, times: usize| {
        let value = serde_json::json!(part.repeat(times));
        format!(r#"{{"conditions":[{{"type":"keyword","field":"f","operator":"regex","value":{value}}}]}}"#)
    };
    let many = |part: &str| format!("{{{}\"z\":1}}", part.repeat(1_000_000 / part.len()));
    let unknown_members: Vec<String> = (0..40_000).map(|n| format!("\"m{n}\":{n}")).collect();
    for text in [
        many("\"a\":1,"),
        format!("{{{}}}", unknown_members.join(",")),
        pattern("(?=a)", 100_000),
        pattern(r"\1", 300_000),
        pattern("(a", 300_000),
        format!("{{\"conditions\":[{}7]}}", "{},".repeat(2_000)),
        format!("{{\"name\":{}}}", "9".repeat(1_000_000)),
    ] {
        read(&text, &stored);
    }
}
