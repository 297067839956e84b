//! Findings and differences name places that are there.

use assist_rules_domain::document::{Form, diff};
use assist_rules_domain::json::{Document, Node};
use assist_rules_domain::{Code, DocumentKind, Edit, Finding, Pointer, TriggerRule, check, testing};
use proptest::prelude::*;

use super::{config, rough_rule};

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
            for finding in check(&rule, stored).as_slice() {
                names_a_place(rule.document(), finding)?;
            }
        }
        let edit = Edit::<TriggerRule>::new(rule.document().clone()).unwrap();
        for finding in edit.check().as_slice() {
            names_a_place(edit.document(), finding)?;
        }
        if let Err(findings) = edit.resolve(&stored) {
            // An element of the edit may be a stored one, with members that the person never saw.
            let is_of_the_edit = |finding: &&Finding| finding.code != Code::InexactNumber;
            for finding in findings.as_slice().iter().filter(is_of_the_edit) {
                let place = edit.document().resolve(&finding.pointer);
                let parent = edit.document().resolve(&parent(&finding.pointer));
                prop_assert!(place.is_some() || parent.is_some_and(Node::is_object), "{finding:?}");
            }
        }
    }

    #[test]
    fn what_a_person_may_write_the_server_may_hold(rule in rough_rule(), sound in testing::authored_rule()) {
        let rough = Edit::<TriggerRule>::new(rule.document().clone()).unwrap();
        for edit in [rough, sound] {
            if edit.form() == Form::Whole && !edit.check().has_errors() {
                let rule = TriggerRule::from_document(edit.document().clone()).unwrap();
                prop_assert!(!check(&rule, None).has_errors());
            }
        }
    }

    #[test]
    fn what_is_made_here_has_no_errors(served in testing::served_rule(), edit in testing::authored_rule()) {
        let findings = check(&served, None);
        prop_assert!(!findings.has_errors(), "{findings:?}");
        let findings = edit.check();
        prop_assert!(edit.form() == Form::Whole && !findings.has_errors(), "{findings:?}");
    }

    #[test]
    fn what_is_certain_is_found_without_the_stored_rule_and_with_any(rule in rough_rule(), stored in testing::served_rule()) {
        let edit = Edit::<TriggerRule>::new(rule.document().clone()).unwrap();
        let certain = edit.static_errors();
        let all = edit.check();
        prop_assert!(certain.iter().all(|fault| all.as_slice().contains(fault)));
        let is_refused = edit.resolve(&stored).map_or(true, |patch| {
            patch.is_empty() || patch.apply(&stored).map_or(true, |ours| check(&ours, Some(&stored)).has_errors())
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
