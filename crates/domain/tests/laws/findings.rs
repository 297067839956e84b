//! Findings and differences name places that are there.

use assist_rules_domain::check::{Form, check};
use assist_rules_domain::diff::diff;
use assist_rules_domain::json::{Document, Node};
use assist_rules_domain::{Code, Draft, EngineLimits, Finding, Pointer, TriggerRule, testing};
use proptest::prelude::*;

use super::{config, rough_rule};

const LIMITS: EngineLimits = EngineLimits::TRIGGER_RULES;

fn parent(pointer: &Pointer) -> Pointer {
    let (parent, _) = pointer.as_str().rsplit_once('/').unwrap_or_default();
    parent.parse().unwrap()
}

/// The kinds of finding that may name a member which is not there.
const OF_ABSENT_MEMBERS: [Code; 5] = [
    Code::MissingMember,
    Code::NoConditions,
    Code::NoActions,
    Code::DisplayWithoutTemplate,
    Code::WebhookUrl,
];

fn names_a_place(document: &Document, finding: &Finding) -> Result<(), TestCaseError> {
    let found = document.resolve(&finding.pointer);
    if let Some(node) = found {
        prop_assert!(finding.code != Code::MissingMember, "{finding:?}");
        prop_assert_eq!(document.span_at(&finding.pointer), node.span());
    } else {
        prop_assert!(OF_ABSENT_MEMBERS.contains(&finding.code), "{finding:?}");
        let parent = document.resolve(&parent(&finding.pointer));
        prop_assert!(parent.is_some_and(Node::is_object), "{finding:?}");
        prop_assert_eq!(Some(document.span_at(&finding.pointer)), parent.map(Node::span));
    }
    prop_assert!(!finding.message.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_finding_names_a_place_in_the_document(rule in rough_rule(), stored in rough_rule()) {
        for stored in [None, Some(&rule), Some(&stored)] {
            for finding in check(&rule, stored, &LIMITS).as_slice() {
                names_a_place(rule.document(), finding)?;
            }
        }
        let draft = Draft::new(rule.document().clone()).unwrap();
        for finding in draft.check(&LIMITS).as_slice() {
            names_a_place(draft.document(), finding)?;
        }
        if let Err(findings) = draft.change(&stored, &LIMITS) {
            // An element of the draft may be a stored one, with members that the person never saw.
            let is_of_the_draft = |finding: &&Finding| finding.code != Code::InexactNumber;
            for finding in findings.as_slice().iter().filter(is_of_the_draft) {
                let place = draft.document().resolve(&finding.pointer);
                let parent = draft.document().resolve(&parent(&finding.pointer));
                prop_assert!(place.is_some() || parent.is_some_and(Node::is_object), "{finding:?}");
            }
        }
    }

    #[test]
    fn what_a_person_may_write_the_server_may_hold(rule in rough_rule(), sound in testing::person_rule()) {
        let rough = Draft::new(rule.document().clone()).unwrap();
        for draft in [rough, sound] {
            if draft.form() == Form::Rule && !draft.check(&LIMITS).has_errors() {
                let rule = TriggerRule::try_from(draft.document().clone()).unwrap();
                prop_assert!(!check(&rule, None, &LIMITS).has_errors());
            }
        }
    }

    #[test]
    fn what_is_made_here_has_no_errors(served in testing::served_rule(), draft in testing::person_rule()) {
        let findings = check(&served, None, &LIMITS);
        prop_assert!(!findings.has_errors(), "{findings:?}");
        let findings = draft.check(&LIMITS);
        prop_assert!(draft.form() == Form::Rule && !findings.has_errors(), "{findings:?}");
    }

    #[test]
    fn what_is_certain_is_found_without_the_stored_rule_and_with_any(rule in rough_rule(), stored in testing::served_rule()) {
        let draft = Draft::new(rule.document().clone()).unwrap();
        let certain = draft.certain_faults(&LIMITS);
        let all = draft.check(&LIMITS);
        prop_assert!(certain.iter().all(|fault| all.as_slice().contains(fault)));
        let is_refused = draft.change(&stored, &LIMITS).map_or(true, |change| {
            change.is_empty() || change.apply(&stored).map_or(true, |ours| check(&ours, Some(&stored), &LIMITS).has_errors())
        });
        prop_assert!(certain.iter().all(|fault| fault.code.severity() == assist_rules_domain::Severity::Warning) || is_refused);
    }

    #[test]
    fn a_difference_names_a_place_and_both_sides(before in testing::json_document(), after in testing::json_document()) {
        prop_assert!(diff(&before, &before).is_empty());
        let differences = diff(&before, &after);
        prop_assert_eq!(differences.is_empty(), before == after);
        for difference in differences {
            let at = |document: &Document| document.resolve(&difference.pointer).map(Node::compact);
            let side = |side: &Option<Document>| side.as_ref().map(Document::compact);
            prop_assert_eq!(side(&difference.before), at(&before));
            prop_assert_eq!(side(&difference.after), at(&after));
            prop_assert!(difference.before != difference.after);
        }
    }

    #[test]
    fn the_spelling_of_a_document_is_no_difference(rule in testing::served_rule()) {
        let mut turned: Vec<String> = rule.document().root().members()
            .map(|member| format!("{}:{}", member.raw_name(), member.value.pretty()))
            .collect();
        turned.reverse();
        let turned: TriggerRule = format!("{{{}}}", turned.join(",")).parse().unwrap();
        prop_assert!(rule.diff(&turned).is_empty());
        prop_assert_eq!(rule, turned);
    }
}
