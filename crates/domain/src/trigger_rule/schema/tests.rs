//! The findings of the schema and the lints, condition by condition and action by action.

use super::*;
use crate::check;
use crate::severity::Severity;
use expect_findings::check_findings;

/// The one helper of this module: a rule by its conditions and actions, and its findings a line each.
mod expect_findings {
    use super::*;

    #[track_caller]
    pub(super) fn check_findings(conditions: &str, actions: &str, expected: &[&str]) {
        let text = format!(
            r#"{{"id":"r1","ruleType":"conversation","enabled":true,"conditions":{conditions},"actions":{actions}}}"#
        );
        let rule: TriggerRule = text.parse().unwrap();
        let findings = check(&rule, None);
        let lines: Vec<String> = findings
            .as_slice()
            .iter()
            .map(|found| format!("{} {}", found.code, found.pointer))
            .collect();
        assert_eq!(lines, expected, "{conditions} {actions}");
    }
}

const CALL: &str = r#"[{"type":"call"}]"#;

fn condition(operator: &str, value: &str) -> String {
    format!(r#"{{"type":"keyword","field":"conversation.text","operator":"{operator}","value":{value}}}"#)
}

fn sentiment(operator: &str, value: &str) -> String {
    format!(r#"{{"type":"sentiment","field":"conversation.sentiment","operator":"{operator}","value":{value}}}"#)
}

#[test]
fn one_condition() {
    for (condition, expected) in [
        (condition("contains", "\"a\""), vec![]),
        (condition("near", "\"a\""), vec!["AR0101 /conditions/0/operator"]),
        (condition("gt", "\"0.4\""), vec!["AR0102 /conditions/0/value"]),
        (condition("contains", "1"), vec!["AR0102 /conditions/0/value"]),
        (condition("contains", "\"\""), vec!["AR0203 /conditions/0/value"]),
        // FIELD F2: texts that can hardly match.
        (condition("contains", "\"refund \""), vec!["AR0218 /conditions/0/value"]),
        (condition("equals", "\"refund\\n\""), vec!["AR0218 /conditions/0/value"]),
        (
            condition("starts_with", "\"\u{a0}refund\""),
            vec!["AR0218 /conditions/0/value"],
        ),
        (
            condition("contains", "\"re\u{200b}fund\""),
            vec!["AR0219 /conditions/0/value"],
        ),
        (
            condition("contains", "\"\u{201c}refund\u{201d}\""),
            vec!["AR0219 /conditions/0/value"],
        ),
        (
            condition("contains", "\"don\u{2019}t\""),
            vec!["AR0219 /conditions/0/value"],
        ),
        (
            condition("contains", "\" re\u{ad}fund\""),
            vec!["AR0218 /conditions/0/value", "AR0219 /conditions/0/value"],
        ),
        (condition("contains", "\"نمی\u{200c}خواهم Größe\""), vec![]),
        (condition("regex", "\"refund \""), vec![]),
        (condition("contains", "\" \""), vec![]),
        (condition("regex", "\"a+\""), vec![]),
        (condition("regex", "\"a*\""), vec!["AR0204 /conditions/0/value"]),
        (condition("regex", "\"(a\""), vec!["AR0110 /conditions/0/value"]),
        (condition("regex", "\"(?=a)b\""), vec!["AR0212 /conditions/0/value"]),
        (condition("regex", "\"(a)\\\\1\""), vec!["AR0212 /conditions/0/value"]),
        (condition("regex", "\"(?=a)(b\""), vec!["AR0110 /conditions/0/value"]),
        (
            condition("regex", "\"(\\\\w{999}){999}\""),
            vec!["AR0110 /conditions/0/value"],
        ),
        (sentiment("lt", "0.4"), vec![]),
        (sentiment("lt", "1.5"), vec!["AR0205 /conditions/0/value"]),
        (sentiment("gt", "-0.1"), vec!["AR0205 /conditions/0/value"]),
        ("7".to_owned(), vec!["AR0108 /conditions/0"]),
        (
            r#"{"type":1,"field":"f"}"#.to_owned(),
            vec![
                "AR0108 /conditions/0/type",
                "AR0105 /conditions/0/operator",
                "AR0105 /conditions/0/value",
            ],
        ),
        (
            r#"{"type":"mood","field":"f","operator":"equals","value":true}"#.to_owned(),
            vec!["AR0210 /conditions/0/type"],
        ),
    ] {
        check_findings(&format!("[{condition}]"), CALL, &expected);
    }
}

#[test]
fn conditions_beside_each_other() {
    let contains = condition("contains", "\"a\"");
    for (conditions, expected) in [
        (vec![contains.clone(), condition("contains", "\"b\"")], vec![]),
        (vec![contains.clone(), contains.clone()], vec!["AR0201 /conditions/1"]),
        (vec![sentiment("gt", "0.2"), sentiment("lt", "0.8")], vec![]),
        (
            vec![sentiment("gt", "0.8"), sentiment("lt", "0.2")],
            vec!["AR0202 /conditions/1/value"],
        ),
        (
            vec![sentiment("lt", "0.5"), sentiment("gt", "0.5")],
            vec!["AR0202 /conditions/1/value"],
        ),
        (
            vec![sentiment("equals", "0.5"), sentiment("gt", "0.5")],
            vec!["AR0202 /conditions/1/value"],
        ),
        (
            vec![sentiment("equals", "0.5"), sentiment("equals", "0.50")],
            vec!["AR0201 /conditions/1"],
        ),
        (
            vec![condition("equals", "\"a\""), condition("equals", "\"b\"")],
            vec!["AR0202 /conditions/1/value"],
        ),
        (
            vec![condition("equals", "\"1\""), condition("equals", "1")],
            vec!["AR0202 /conditions/1/value"],
        ),
    ] {
        check_findings(&format!("[{}]", conditions.join(",")), CALL, &expected);
    }
}

#[test]
fn conditions_of_fields_and_texts_that_end_alike_are_told_apart() {
    let of_other_field = |condition: String| condition.replace("conversation.", "conversatiom.");
    let long = condition("contains", "\"one that ends alike\"");
    for (conditions, expected) in [
        (
            vec![sentiment("gt", "0.8"), of_other_field(sentiment("lt", "0.2"))],
            vec![],
        ),
        (
            vec![
                sentiment("gt", "0.8"),
                of_other_field(sentiment("gt", "0.8")),
                sentiment("lt", "0.2"),
                of_other_field(sentiment("gt", "0.8")),
            ],
            vec!["AR0202 /conditions/2/value", "AR0201 /conditions/3"],
        ),
        (
            vec![long.clone(), condition("contains", "\"two that ends alike\"")],
            vec![],
        ),
        (
            vec![long.clone(), condition("ends_with", "\"one that ends alike\"")],
            vec![],
        ),
        (
            vec![long.clone(), condition("equals", "\"one that ends alike\"")],
            vec![],
        ),
        (
            vec![long.clone(), condition("contains", "\"alike\""), long],
            vec!["AR0201 /conditions/2"],
        ),
    ] {
        check_findings(&format!("[{}]", conditions.join(",")), CALL, &expected);
    }
}

#[test]
fn actions() {
    let conditions = format!("[{}]", condition("contains", "\"a\""));
    for (actions, expected) in [
        (r#"[{"type":"display","templateId":"t","stranger":[]}]"#, vec![]),
        (r#"[{"type":"display"}]"#, vec!["AR0206 /actions/0/templateId"]),
        (
            r#"[{"type":"display","templateId":""}]"#,
            vec!["AR0206 /actions/0/templateId"],
        ),
        (r#"[{"type":"webhook","url":"https://example.com/x"}]"#, vec![]),
        (
            r#"[{"type":"webhook","url":"http://example.com/x"}]"#,
            vec!["AR0207 /actions/0/url"],
        ),
        (r#"[{"type":"webhook"}]"#, vec!["AR0207 /actions/0/url"]),
        // FIELD F5.
        (
            r#"[{"type":"display","templateId":7,"priority":"high"}]"#,
            vec!["AR0221 /actions/0/templateId", "AR0221 /actions/0/priority"],
        ),
        (r#"[{"type":"webhook","url":null}]"#, vec!["AR0221 /actions/0/url"]),
        (r#"[{"type":"call","priority":0.5}]"#, vec![]),
        (r#"[{"type":"mail"}]"#, vec!["AR0104 /actions/0/type"]),
        ("[{}]", vec!["AR0105 /actions/0/type"]),
        ("[]", vec!["AR0209 /actions"]),
        ("{}", vec!["AR0108 /actions"]),
    ] {
        check_findings(&conditions, actions, &expected);
    }
}

#[test]
fn fifty_conditions_are_allowed_and_no_more() {
    let conditions = |count: usize| {
        let all: Vec<String> = (0..count)
            .map(|n| condition("contains", &format!("\"w{n}\"")))
            .collect();
        format!("[{}]", all.join(","))
    };
    check_findings(&conditions(50), CALL, &[]);
    check_findings(&conditions(51), CALL, &["AR0103 /conditions"]);
}

#[test]
fn an_old_fault_in_a_part_that_is_as_it_was_is_a_warning() {
    let rule = |enabled: bool, conditions: &str| -> TriggerRule {
        format!(r#"{{"id":"r1","ruleType":"conversation","enabled":{enabled},"conditions":[{conditions}],"actions":{CALL}}}"#)
            .parse()
            .unwrap()
    };
    let near = condition("near", "\"a\"");
    let stored = rule(true, &near);
    let errors = |rule: &TriggerRule| check(rule, Some(&stored)).has_errors();
    assert!(!errors(&rule(false, &near)), "untouched");
    assert!(
        !errors(&rule(true, &format!("{},{near}", condition("contains", "\"b\"")))),
        "moved"
    );
    assert!(errors(&rule(true, &condition("near", "\"b\""))), "made by hand");
}

#[test]
fn a_rule_keeps_its_id_and_type_and_every_number() {
    let stored: TriggerRule = r#"{"id":"r1","ruleType":"conversation","enabled":true}"#.parse().unwrap();
    let codes = |text: &str| -> Vec<&'static str> {
        let rule: TriggerRule = text.parse().unwrap();
        let findings = check(&rule, Some(&stored)).into_vec();
        findings
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .map(|found| found.code.id())
            .collect()
    };
    assert_eq!(
        codes(r#"{"id":"r2","ruleType":"conversation","enabled":true}"#),
        ["AR0107"]
    );
    assert_eq!(codes(r#"{"id":"r1","ruleType":"message","enabled":true}"#), ["AR0106"]);
    assert_eq!(codes(r#"{"id":"r1","enabled":true}"#), ["AR0105"]);
    assert_eq!(
        codes(r#"{"id":"r1","ruleType":"conversation","enabled":true,"x":{"y":[1,0.12345678901234567890]}}"#),
        ["AR0006"]
    );
}

#[test]
fn a_version_that_an_author_states_is_one() {
    for (version, expected) in [
        (r#""7""#, vec![]),
        (r#""*""#, vec!["AR0108 /etag"]),
        (r#""W/\"7\"""#, vec!["AR0108 /etag"]),
        ("7", vec!["AR0108 /etag"]),
    ] {
        let text = format!(
            r#"{{"id":"r1","ruleType":"conversation","enabled":true,"conditions":[],"actions":{CALL},"etag":{version}}}"#
        );
        let edit = crate::Edit::<TriggerRule>::new(text.parse().unwrap()).unwrap();
        let errors = edit.static_errors();
        let lines: Vec<String> = errors
            .iter()
            .map(|found| format!("{} {}", found.code, found.pointer))
            .collect();
        assert_eq!(lines, expected, "{version}");
    }
}

/// FIELD F7.
#[test]
fn an_empty_name_and_an_id_that_is_none_are_an_authors_slips() {
    let edit = |text: &str| {
        crate::Edit::<TriggerRule>::new(text.parse().unwrap())
            .unwrap()
            .check()
            .into_vec()
    };
    for (text, expected) in [
        (r#"{"name": ""}"#, Some(Code::EmptyName)),
        (r#"{"name": "  "}"#, Some(Code::EmptyName)),
        (r#"{"name": null}"#, None),
        (r#"{"name": "Refunds", "description": ""}"#, None),
        // FIELD F5.
        (r#"{"id": "", "name": "a"}"#, Some(Code::BadId)),
        (r#"{"id": "a b", "name": "a"}"#, Some(Code::BadId)),
        (r#"{"id": "r-1", "name": "a"}"#, None),
    ] {
        let found = edit(text).into_iter().map(|finding| finding.code);
        let slips: Vec<Code> = found
            .filter(|code| matches!(code, Code::EmptyName | Code::BadId))
            .collect();
        assert_eq!(slips, expected.into_iter().collect::<Vec<_>>(), "{text}");
    }
}
