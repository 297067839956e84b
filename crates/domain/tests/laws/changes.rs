//! A change does what it says, once, and nothing else.

use assist_rules_domain::check::check;
use assist_rules_domain::json::{Document, Node};
use assist_rules_domain::{Draft, EngineLimits, Field, RuleChange, TriggerRule, testing};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{config, rule};

const LIMITS: EngineLimits = EngineLimits::TRIGGER_RULES;

/// The members of a served list's elements that a person knows.
fn without_strangers(list: &Value, known: &[&str]) -> Vec<Value> {
    let plain = |element: &Value| {
        let members = element.as_object().unwrap().iter();
        let kept = members.filter(|(name, _)| known.contains(&name.as_str()));
        Value::from(
            kept.map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Map<_, _>>(),
        )
    };
    list.as_array().unwrap().iter().map(plain).collect()
}

fn compact_elements(rule: &TriggerRule, list: &str) -> Vec<String> {
    let mut all: Vec<String> = rule.elements(list).map(Node::compact).collect();
    all.sort();
    all
}

/// A change whose values are any JSON.
fn rough_change() -> impl Strategy<Value = RuleChange> {
    let field = proptest::sample::select(Field::ALL.to_vec());
    proptest::collection::vec((field, testing::json_document()), 1..4).prop_map(|fields| {
        fields
            .into_iter()
            .fold(RuleChange::default(), |mut change, (field, value)| {
                change.set(field, value);
                change
            })
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_change_changes_what_it_names_and_nothing_else(stored in testing::served_rule(), change in testing::rule_change()) {
        let changed = change.apply(&stored).unwrap();
        prop_assert!(change.is_in(&changed));
        for (field, value) in change.fields() {
            prop_assert_eq!(changed.member(field.name()), Some(value.root()));
            let is_new = stored.member(field.name()) != Some(value.root());
            let is_shown = stored.diff(&changed).iter().any(|it| it.pointer.tokens().next().as_deref() == Some(field.name()));
            prop_assert_eq!(is_new, is_shown);
        }
        let named: Vec<&str> = change.fields().map(|(field, _)| field.name()).collect();
        for difference in stored.diff(&changed) {
            let first = difference.pointer.tokens().next().unwrap();
            prop_assert!(named.contains(&first.as_ref()), "{}", difference.pointer);
        }
        let untouched = |rule: &TriggerRule| -> Vec<String> {
            let others = rule.document().root().members().filter(|member| !named.contains(&member.name));
            others.map(|member| format!("{}:{}", member.raw_name(), member.value.compact())).collect()
        };
        prop_assert_eq!(untouched(&stored), untouched(&changed));
    }

    #[test]
    fn a_change_can_be_made_twice(stored in testing::served_rule(), change in rough_change()) {
        let once = change.apply(&stored).unwrap();
        let twice = change.apply(&once).unwrap();
        prop_assert_eq!(once.document().text(), twice.document().text());
        prop_assert!(change.is_in(&once) && once.diff(&twice).is_empty());
    }

    #[test]
    fn what_is_so_already_stays_as_it_is_written(stored in testing::served_rule()) {
        let mut change = RuleChange::default();
        for field in Field::ALL {
            if let Some(value) = stored.member(field.name()) {
                change.set(field, Document::from_serialize(&value).unwrap());
            }
        }
        let changed = change.apply(&stored).unwrap();
        prop_assert_eq!(changed.document().text(), stored.document().text());
    }

    #[test]
    fn a_sound_change_makes_a_sound_rule(stored in testing::served_rule(), change in testing::rule_change()) {
        let changed = change.apply(&stored).unwrap();
        let findings = check(&changed, Some(&stored), &LIMITS);
        prop_assert!(!findings.has_errors(), "{findings:?}");
    }

    #[test]
    fn a_change_written_down_is_the_same_change(change in rough_change()) {
        let draft = Draft::from(&change);
        for (field, value) in change.fields() {
            let written = draft.document().root().get(field.name()).map(Node::compact);
            prop_assert_eq!(written, Some(value.compact()));
        }
        prop_assert_eq!(draft.document().root().members().count(), change.fields().count());
    }

    #[test]
    fn a_change_given_beside_a_draft_wins(draft in testing::person_rule(), change in testing::rule_change()) {
        let both = draft.with(&change).unwrap();
        prop_assert_eq!(both.form(), draft.form());
        for (field, value) in change.fields() {
            prop_assert_eq!(both.document().root().get(field.name()), Some(value.root()));
        }
    }

    #[test]
    fn a_rule_sent_back_as_it_was_read_is_no_change(stored in testing::served_rule()) {
        let mut text = stored.document().clone();
        if stored.member("etag").is_none() {
            text = text.with_members(&[("etag", "\"7\"")]).unwrap();
        }
        let change = Draft::new(text).unwrap().change(&stored, &LIMITS);
        prop_assert!(change.is_ok_and(|change| change.is_empty()));
    }

    #[test]
    fn stored_elements_keep_their_strangers_in_any_order(
        stored in testing::served_rule(),
        turns in 0..4_usize,
        is_reversed in any::<bool>(),
    ) {
        let served: Value = serde_json::from_str(stored.document().text()).unwrap();
        let known = [("conditions", &["type", "field", "operator", "value"]), ("actions", &["type", "templateId", "priority", "url"])];
        for (list, known) in known {
            let mut ours = without_strangers(&served[list], known);
            let turns = turns.min(ours.len());
            ours.rotate_left(turns);
            if is_reversed {
                ours.reverse();
            }
            let draft: Document = serde_json::json!({ list: ours }).to_string().parse().unwrap();
            let change = Draft::new(draft).unwrap().change(&stored, &LIMITS).unwrap();
            let changed = change.apply(&stored).unwrap();
            prop_assert_eq!(compact_elements(&changed, list), compact_elements(&stored, list));
        }
    }

    #[test]
    fn an_element_that_is_new_stands_as_it_was_written(stored in testing::served_rule(), new in testing::condition()) {
        let new = new.to_json();
        let served: Value = serde_json::from_str(stored.document().text()).unwrap();
        let mut ours = without_strangers(&served["conditions"], &["type", "field", "operator", "value"]);
        prop_assume!(!ours.contains(&new));
        ours.push(new.clone());
        let draft = Draft::new(serde_json::json!({ "conditions": ours }).to_string().parse().unwrap()).unwrap();
        let changed = draft.change(&stored, &LIMITS).unwrap().apply(&stored).unwrap();
        let elements: Vec<_> = changed.elements("conditions").collect();
        let (last, old) = elements.split_last().unwrap();
        let new: Document = new.to_string().parse().unwrap();
        prop_assert_eq!(*last, new.root());
        prop_assert_eq!(old.len(), stored.elements("conditions").count());
        let mut old: Vec<String> = old.iter().map(|element| element.compact()).collect();
        old.sort();
        prop_assert_eq!(old, compact_elements(&stored, "conditions"));
    }
}

#[test]
fn the_order_of_a_persons_list_does_not_decide_which_element_is_meant() {
    let stored = rule(r#"{"actions":[{"type":"call","priority":1,"x":1},{"type":"call","x":2}]}"#);
    let draft = r#"{"actions":[{"type":"call"},{"type":"call","priority":1}]}"#.parse().unwrap();
    let change = Draft::new(draft).unwrap().change(&stored, &LIMITS).unwrap();
    let changed = change.apply(&stored).unwrap();
    assert_eq!(
        changed.document().compact(),
        r#"{"actions":[{"type":"call","x":2},{"type":"call","priority":1,"x":1}]}"#
    );
}
