//! What is wrong with a rule: the engine's limits as errors, what looks like a mistake as warnings.
//!
//! Everything is found in one go, with the place of each fault. The conditions of a rule are taken together with
//! AND; that is inferred from the platform's documented example (keyword and sentiment side by side), and
//! `senses.rs` is the one place that builds on it.

mod pattern;
mod senses;
mod structure;

use crate::code::Code;
use crate::finding::{Finding, Findings, Severity};
use crate::json::{Document, Node};
use crate::limits::EngineLimits;
use crate::pointer::Pointer;
use crate::rule::TriggerRule;

pub(crate) use structure::Examination;

/// Which of the two kinds of document a person wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A whole rule: it has `id`, `etag` or `ruleType`, and needs all that a rule needs.
    Rule,
    /// A change: what it does not name is not touched.
    Change,
}

/// What becomes of members that are not known.
#[derive(Clone, Copy, Debug)]
pub enum Unknown<'s> {
    /// They are kept: the document comes from the server.
    Keep,
    /// They are faults: the document comes from a person. But those that the stored rule has with the same value
    /// are its own, and stay.
    Report {
        /// The stored rule, if it is known.
        own: Option<&'s TriggerRule>,
    },
}

/// Everything that is wrong with a rule that is about to be written.
///
/// With the rule as it is `stored`, its id and type must be kept; and a fault that the stored rule already has, in
/// a part that is as it was, is a warning: or a rule with one condition too many could not even be switched off.
///
/// ```
/// use assist_rules_domain::check::check;
/// use assist_rules_domain::{EngineLimits, TriggerRule};
///
/// let rule: TriggerRule = r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "actions": [{"type": "call"}],
///     "conditions": [{"type": "keyword", "field": "conversation.text", "operator": "contain", "value": "refund"}]}"#
///     .parse()?;
/// let findings = check(&rule, None, &EngineLimits::TRIGGER_RULES).into_vec();
/// assert_eq!(findings.len(), 1);
/// assert_eq!((findings[0].code.id(), findings[0].pointer.as_str()), ("AR0101", "/conditions/0/operator"));
/// assert_eq!(findings[0].help.as_deref(), Some("did you mean `contains`?"));
/// # Ok::<(), assist_rules_domain::ParseRuleError>(())
/// ```
#[must_use]
pub fn check(rule: &TriggerRule, stored: Option<&TriggerRule>, limits: &EngineLimits) -> Findings {
    let mut findings = Findings::default();
    let examination = Examination {
        form: Form::Rule,
        unknown: Unknown::Keep,
        limits,
    };
    examination.run(rule.document(), &mut findings);
    if let Some(stored) = stored {
        forgive_what_was_there(rule, stored, &mut findings);
        findings.extend(moved_identity(rule, stored));
    }
    findings.extend(inexact_numbers(rule.document()));
    findings
}

/// The numbers that cannot be written as they are.
pub(crate) fn inexact_numbers(document: &Document) -> impl Iterator<Item = Finding> {
    document.inexact_numbers().into_iter().map(|pointer| {
        let raw = document.resolve(&pointer).map_or("", Node::raw);
        let shown: String = raw.chars().take(40).collect();
        let message = format!("the number `{shown}` cannot be held exactly, so writing the rule would alter it");
        Finding::new(Code::InexactNumber, pointer, message).with_help("write it with fewer digits, or as a text")
    })
}

fn moved_identity(rule: &TriggerRule, stored: &TriggerRule) -> impl Iterator<Item = Finding> {
    let found = |code, name, what| {
        let (ours, theirs) = (rule.member(name)?, stored.member(name)?);
        let message = format!("the stored rule's {what} is {}, and a rule keeps it", theirs.raw());
        (!ours.eq_value(theirs)).then(|| Finding::new(code, Pointer::root().member(name), message))
    };
    let id = found(Code::OtherId, "id", "id");
    id.into_iter().chain(found(Code::OtherRuleType, "ruleType", "type"))
}

fn forgive_what_was_there(rule: &TriggerRule, stored: &TriggerRule, findings: &mut Findings) {
    let untouched = |name: &str| rule.member(name) == stored.member(name);
    let lists_untouched = ["conditions", "actions"].map(|name| (name, untouched(name)));
    for finding in findings
        .iter_mut()
        .filter(|finding| finding.severity == Severity::Error)
    {
        let tokens: Vec<_> = finding.pointer.tokens().take(2).collect();
        let is_old = match tokens.as_slice() {
            [name, index] => {
                let as_it_was = lists_untouched
                    .iter()
                    .any(|(list, untouched)| name == list && *untouched);
                as_it_was || stands_in_stored(rule, stored, name, index)
            }
            [name] => untouched(name),
            _ => false,
        };
        if is_old {
            finding.severity = Severity::Warning;
            finding.help = Some("the stored rule has this already, and the change does not touch it".to_owned());
        }
    }
}

/// Whether an element of a list is one of the stored rule's.
fn stands_in_stored(rule: &TriggerRule, stored: &TriggerRule, list: &str, index: &str) -> bool {
    let ours = rule.member(list).and_then(|list| list.child(index));
    ours.is_some_and(|ours| stored.elements(list).any(|theirs| theirs.eq_value(ours)))
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let findings = check(&rule, None, &EngineLimits::TRIGGER_RULES);
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
        let errors = |rule: &TriggerRule| check(rule, Some(&stored), &EngineLimits::TRIGGER_RULES).has_errors();
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
            let findings = check(&rule, Some(&stored), &EngineLimits::TRIGGER_RULES).into_vec();
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
}
