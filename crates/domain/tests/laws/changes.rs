//! A change does what it says, once, and nothing else.

use assist_rules_domain::document::Form;
use assist_rules_domain::json::{Document, Node};
use assist_rules_domain::{DocumentKind, Edit, Patch, TriggerRule, check, testing};
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{config, rule};

/// The members of a served list's elements that a person knows.
fn without_unknown_members(list: &Value, known: &[&str]) -> Vec<Value> {
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

/// A patch whose values are any JSON, or take a member away.
fn rough_patch() -> impl Strategy<Value = Patch<TriggerRule>> {
    let names: Vec<&str> = TriggerRule::MEMBERS.iter().map(|member| member.name).collect();
    let member = (proptest::sample::select(names), testing::json_document());
    proptest::collection::vec(member, 1..4).prop_map(|members| {
        let texts: Vec<(&str, &str)> = members.iter().map(|(name, value)| (*name, value.text())).collect();
        let is_last = |at: usize| texts[at + 1..].iter().all(|(name, _)| *name != texts[at].0);
        let last: Vec<_> = (0..texts.len()).filter(|at| is_last(*at)).map(|at| texts[at]).collect();
        Patch::from_document(&Document::empty_object().with_members(&last).unwrap())
    })
}

fn resolved(edit: &Edit<TriggerRule>, stored: &TriggerRule) -> Patch<TriggerRule> {
    edit.resolve(stored).unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_edit_changes_what_it_names_and_nothing_else(stored in testing::served_rule(), edit in testing::rule_edit()) {
        let patch = resolved(&edit, &stored);
        let changed = patch.apply(&stored).unwrap();
        prop_assert!(patch.is_applied_to(&changed));
        for (member, value) in patch.changes() {
            prop_assert_eq!(changed.member(member.name), value.map(Document::root));
            let is_new = stored.member(member.name) != value.map(Document::root);
            let is_shown = stored.diff(&changed).iter().any(|it| it.pointer.tokens().next().as_deref() == Some(member.name));
            prop_assert_eq!(is_new, is_shown);
        }
        let named: Vec<&str> = patch.changes().map(|(member, _)| member.name).collect();
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
    fn a_patch_can_be_applied_twice(stored in testing::served_rule(), patch in rough_patch()) {
        let once = patch.apply(&stored).unwrap();
        let twice = patch.apply(&once).unwrap();
        prop_assert_eq!(once.document().text(), twice.document().text());
        prop_assert!(patch.is_applied_to(&once) && once.diff(&twice).is_empty());
    }

    #[test]
    fn what_is_so_already_stays_as_it_is_written(stored in testing::served_rule()) {
        let values: Vec<(&str, String)> = TriggerRule::MEMBERS
            .iter()
            .filter_map(|member| Some((member.name, stored.member(member.name)?.compact())))
            .filter(|(_, value)| value != "null")
            .collect();
        let members: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let patch = Patch::<TriggerRule>::from_document(&Document::empty_object().with_members(&members).unwrap());
        let changed = patch.apply(&stored).unwrap();
        prop_assert_eq!(changed.document().text(), stored.document().text());
    }

    #[test]
    fn a_sound_edit_makes_a_sound_rule(stored in testing::served_rule(), edit in testing::rule_edit()) {
        let changed = resolved(&edit, &stored).apply(&stored).unwrap();
        let findings = check(&changed, Some(&stored));
        prop_assert!(!findings.has_errors(), "{findings:?}");
    }

    #[test]
    fn a_patch_written_down_is_the_same_patch(patch in rough_patch()) {
        let written = patch.to_document();
        for (member, value) in patch.changes() {
            let in_text = written.root().get(member.name).map(Node::compact);
            prop_assert_eq!(in_text, Some(value.map_or("null".to_owned(), Document::compact)));
        }
        prop_assert_eq!(written.root().members().count(), patch.changes().count());
        prop_assert_eq!(Patch::from_document(&written), patch);
    }

    #[test]
    fn an_edit_given_beside_another_one_wins(authored in testing::authored_rule(), edit in testing::rule_edit()) {
        let both = authored.with(&edit).unwrap();
        prop_assert_eq!(both.form(), authored.form());
        for member in edit.document().root().members() {
            prop_assert_eq!(both.document().root().get(member.name), Some(member.value));
        }
        prop_assert_eq!(edit.form(), Form::Partial);
    }

    #[test]
    fn an_edited_list_keeps_the_text_of_every_other_element(
        stored in testing::served_rule(), new in testing::action(), at in any::<proptest::sample::Index>(), what in 0..3_u8,
    ) {
        let mut actions: Vec<_> = stored.actions().collect();
        let before: Vec<String> = actions.iter().map(|element| element.text().to_owned()).collect();
        let mut expected = before.clone();
        match what {
            0 => {
                actions.push(new.clone().into());
                expected.push(new.to_json());
            }
            1 if !actions.is_empty() => {
                let at = at.index(actions.len());
                actions.remove(at);
                expected.remove(at);
            }
            _ if !actions.is_empty() => {
                let at = at.index(actions.len());
                actions[at] = actions[at].with(new.clone().into()).unwrap();
                expected[at] = actions[at].text().to_owned();
                let changed: Document = actions[at].text().parse().unwrap();
                let old: Document = before[at].parse().unwrap();
                for member in old.root().members().filter(|member| !["type", "templateId", "priority", "url"].contains(&member.name)) {
                    prop_assert_eq!(changed.root().get(member.name).map(Node::raw), Some(member.value.raw()));
                }
            }
            _ => {}
        }
        let edit = Edit::<TriggerRule>::default().actions(actions).unwrap();
        let changed = resolved(&edit, &stored).apply(&stored).unwrap();
        let after: Vec<String> = changed.actions().map(|element| element.text().to_owned()).collect();
        prop_assert_eq!(after, expected);
    }

    #[test]
    fn a_rule_sent_back_as_it_was_read_is_no_change(stored in testing::served_rule()) {
        let mut text = stored.document().clone();
        if stored.member("etag").is_none() {
            text = text.with_members(&[("etag", "\"7\"")]).unwrap();
        }
        let patch = Edit::<TriggerRule>::new(text).unwrap().resolve(&stored);
        prop_assert!(patch.is_ok_and(|patch| patch.is_empty()));
    }

    #[test]
    fn stored_elements_keep_their_unknown_members_in_any_order(
        stored in testing::served_rule(),
        turns in 0..4_usize,
        is_reversed in any::<bool>(),
    ) {
        let served: Value = serde_json::from_str(stored.document().text()).unwrap();
        let known = [("conditions", &["type", "field", "operator", "value"]), ("actions", &["type", "templateId", "priority", "url"])];
        for (list, known) in known {
            let mut ours = without_unknown_members(&served[list], known);
            let turns = turns.min(ours.len());
            ours.rotate_left(turns);
            if is_reversed {
                ours.reverse();
            }
            let draft: Document = serde_json::json!({ list: ours }).to_string().parse().unwrap();
            let patch = Edit::<TriggerRule>::new(draft).unwrap().resolve(&stored).unwrap();
            let changed = patch.apply(&stored).unwrap();
            prop_assert_eq!(compact_elements(&changed, list), compact_elements(&stored, list));
        }
    }

    #[test]
    fn an_element_that_is_new_stands_as_it_was_written(stored in testing::served_rule(), new in testing::condition()) {
        let new: Value = serde_json::from_str(&new.to_json()).unwrap();
        let served: Value = serde_json::from_str(stored.document().text()).unwrap();
        let mut ours = without_unknown_members(&served["conditions"], &["type", "field", "operator", "value"]);
        prop_assume!(!ours.contains(&new));
        ours.push(new.clone());
        let edit = Edit::<TriggerRule>::new(serde_json::json!({ "conditions": ours }).to_string().parse().unwrap()).unwrap();
        let changed = edit.resolve(&stored).unwrap().apply(&stored).unwrap();
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
    let patch = Edit::<TriggerRule>::new(draft).unwrap().resolve(&stored).unwrap();
    let changed = patch.apply(&stored).unwrap();
    assert_eq!(
        changed.document().compact(),
        r#"{"actions":[{"type":"call","x":2},{"type":"call","priority":1,"x":1}]}"#
    );
}
