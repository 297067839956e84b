//! Each limit holds at its number and fails at the next.

use assist_rules_domain::document::Audience;
use assist_rules_domain::json::{Document, JsonError, MAX_BYTES, MAX_DEPTH};
use assist_rules_domain::trigger_rule::{MAX_RULE_ID, validate};
use assist_rules_domain::{Code, EngineLimits, MAX_VERSION, RuleId, Version};
use proptest::prelude::*;

use super::{config, rule};

fn count_is_allowed(count: usize, limits: &EngineLimits) -> bool {
    let condition = |n| format!(r#"{{"type":"keyword","field":"f{n}","operator":"contains","value":"a"}}"#);
    let all: Vec<String> = (0..count).map(condition).collect();
    let text = format!(
        r#"{{"id":"r","ruleType":"conversation","enabled":true,"conditions":[{}]}}"#,
        all.join(",")
    );
    let findings = validate(&rule(&text), None, Audience::Server, limits);
    let is_too_many = |code: Code| code == Code::TooManyConditions;
    let found = findings
        .as_slice()
        .iter()
        .filter(|finding| is_too_many(finding.code))
        .count();
    assert_eq!(found > 0, findings.has_errors());
    found == 0
}

fn depth_is_allowed(depth: usize) -> bool {
    let text = format!("{}{}", "[{\"a\":".repeat(depth / 2), "[".repeat(depth % 2));
    let text = text + if depth.is_multiple_of(2) { "1" } else { "]" } + &"}]".repeat(depth / 2);
    match Document::parse(&text) {
        Ok(_) => true,
        Err(error) => {
            assert!(matches!(error.faults().next(), Some(JsonError::TooDeep { .. })));
            false
        }
    }
}

#[test]
fn each_limit_is_where_the_platform_says() {
    let limits = EngineLimits::TRIGGER_RULES;
    assert_eq!(
        (limits.conditions, MAX_RULE_ID, MAX_VERSION, MAX_DEPTH, MAX_BYTES),
        (50, 128, 256, 64, 1_048_576)
    );
    assert_eq!([50, 51].map(|count| count_is_allowed(count, &limits)), [true, false]);
    assert_eq!([64, 65].map(depth_is_allowed), [true, false]);
    assert_eq!(
        [128, 129].map(|count| "a".repeat(count).parse::<RuleId>().is_ok()),
        [true, false]
    );
    assert_eq!(
        [256, 257].map(|count| "7".repeat(count).parse::<Version>().is_ok()),
        [true, false]
    );
    let of_size = |bytes: usize| format!("[\"{}\"]", "x".repeat(bytes - 4));
    assert_eq!(
        [MAX_BYTES, MAX_BYTES + 1].map(|bytes| Document::parse(&of_size(bytes)).is_ok()),
        [true, false]
    );
}

#[test]
fn what_grows_beyond_a_document_is_no_document() {
    let half = format!("\"{}\"", "x".repeat(MAX_BYTES / 2));
    let large: Document = format!("{{\"a\":{half}}}").parse().unwrap();
    assert!(large.with_members(&[("b", "1")]).is_ok());
    assert!(large.with_members(&[("b", &half)]).is_err());
    let deep: Document = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))
        .parse()
        .unwrap();
    assert!(Document::empty_object().with_members(&[("a", deep.text())]).is_err());
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn conditions_are_counted(count in 0..70_usize, conditions in 0..70_usize) {
        let limits = EngineLimits { conditions, ..EngineLimits::TRIGGER_RULES };
        prop_assert_eq!(count_is_allowed(count, &limits), count <= conditions);
    }

    #[test]
    fn depth_is_counted(depth in 1..200_usize) {
        prop_assert_eq!(depth_is_allowed(depth), depth <= MAX_DEPTH);
    }

    #[test]
    fn an_id_is_one_segment_of_a_path_and_survives_it(text in "[A-Za-z0-9_-]{0,140}|\\PC{0,6}") {
        let letters_fit = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        let is_id = letters_fit && text.len() <= 128 && text.starts_with(|first: char| first.is_ascii_alphanumeric());
        prop_assert_eq!(text.parse::<RuleId>().map(|id| id.to_string()).ok(), is_id.then_some(text));
    }

    #[test]
    fn a_version_goes_back_as_it_came(text in "(W/)?\"?[!-~]{0,260}\"?|\\PC{0,4}|\\*") {
        if let Ok(version) = text.parse::<Version>() {
            prop_assert_eq!(version.as_sent(), &text);
            prop_assert!(text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(!text.starts_with("W/") && text != "*");
            prop_assert_eq!(&format!("\"{}\"", version.token()).parse::<Version>().unwrap_or(version.clone()), &version);
        }
    }
}
