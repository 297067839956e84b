//! Merging, against a merge that is naive and written apart, and by the laws that any merge should keep.

use std::collections::BTreeSet;

use assist_rules_domain::document::{CrossFieldMerge, Merged, merge};
use assist_rules_domain::{DocumentKind, Edit, Patch, TriggerRule};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::config;

const FIELDS: [&str; 5] = ["name", "description", "enabled", "conditions", "actions"];
const GROUP: [&str; 3] = ["enabled", "conditions", "actions"];

/// Few values a field, so that two sides often agree.
fn value_of(field: &'static str) -> BoxedStrategy<Value> {
    let condition = |word: &str| json!([{"type": "keyword", "field": "f", "operator": "contains", "value": word}]);
    let values = match field {
        "enabled" => vec![json!(true), json!(false)],
        "conditions" => vec![json!([]), condition("a"), condition("b")],
        "actions" => vec![json!([]), json!([{"type": "call"}]), json!([{"type": "call", "x": 1}])],
        _ => vec![json!("a"), json!("b"), json!("c"), json!(null)],
    };
    select(values).boxed()
}

fn some_fields() -> impl Strategy<Value = Map<String, Value>> {
    let field = select(FIELDS.to_vec()).prop_flat_map(|field| (Just(field.to_owned()), value_of(field)));
    vec(field, 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn unknown_members() -> impl Strategy<Value = Map<String, Value>> {
    let unknown_member = (select(vec!["x", "y"]), select(vec![json!(1), json!({"deep": [null]})]));
    vec(unknown_member, 0..3).prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn base() -> impl Strategy<Value = Value> {
    (some_fields(), unknown_members()).prop_map(|(fields, unknown_members)| {
        let mut base =
            json!({"id": "r1", "ruleType": "conversation", "enabled": true, "conditions": [], "actions": []});
        set(&mut base, &fields);
        set(&mut base, &unknown_members);
        base
    })
}

fn set(rule: &mut Value, members: &Map<String, Value>) {
    for (name, value) in members {
        rule[name] = value.clone();
    }
}

fn edited(base: &Value, members: [&Map<String, Value>; 2]) -> Value {
    let mut rule = base.clone();
    for members in members {
        set(&mut rule, members);
    }
    rule
}

fn rule(value: &Value) -> TriggerRule {
    value.to_string().parse().unwrap()
}

fn patch(fields: &Map<String, Value>) -> Patch<TriggerRule> {
    let edit = Edit::<TriggerRule>::new(Value::from(fields.clone()).to_string().parse().unwrap()).unwrap();
    // Without anything stored no element means a stored one: the patch is what was written.
    edit.resolve(&rule(&json!({}))).unwrap()
}

fn value(rule: &TriggerRule) -> Value {
    serde_json::from_str(rule.document().text()).unwrap()
}

fn places(merged: &Merged<TriggerRule>) -> BTreeSet<String> {
    merged
        .collisions
        .iter()
        .map(|collision| collision.pointer.to_string())
        .collect()
}

/// The table of the design, field by field, on plain values. None of these lists has ids.
fn naive(base: &Value, ours: &Map<String, Value>, theirs: &Value, accept: bool) -> (Value, BTreeSet<String>) {
    let mut merged = theirs.clone();
    let mut collide = BTreeSet::new();
    for (field, ours) in ours {
        if base.get(field) == theirs.get(field) {
            merged[field] = ours.clone();
        } else if theirs.get(field) != Some(ours) {
            merged[field] = ours.clone();
            collide.insert(format!("/{field}"));
        }
    }
    let we = |field: &&str| ours.get(*field).is_some_and(|ours| Some(ours) != base.get(*field));
    let they = |field: &&str| base.get(*field) != theirs.get(*field);
    let (we, they): (BTreeSet<&str>, BTreeSet<&str>) = (
        GROUP.into_iter().filter(we).collect(),
        GROUP.into_iter().filter(they).collect(),
    );
    let different_members = we.iter().any(|ours| they.iter().any(|theirs| ours != theirs));
    if different_members && merged["enabled"] != json!(false) && !accept {
        collide.extend(we.union(&they).map(|field| format!("/{field}")));
    }
    (merged, collide)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn it_merges_and_collides_where_the_table_says(
        base in base(), ours in some_fields(), theirs in some_fields(), unknown_members in unknown_members(), accept: bool,
    ) {
        let theirs = edited(&base, [&theirs, &unknown_members]);
        let group = if accept { CrossFieldMerge::Accept } else { CrossFieldMerge::Refuse };
        let merged = merge(&rule(&base), &patch(&ours), &rule(&theirs), group).unwrap();
        prop_assert_eq!((value(&merged.document), places(&merged)), naive(&base, &ours, &theirs, accept));
    }

    #[test]
    fn who_changed_nothing_takes_theirs(base in base(), theirs in some_fields(), unknown_members in unknown_members()) {
        let theirs = rule(&edited(&base, [&theirs, &unknown_members]));
        let merged = merge(&rule(&base), &Patch::default(), &theirs, CrossFieldMerge::Refuse).unwrap();
        prop_assert_eq!((merged.document.document().text(), merged.collisions), (theirs.document().text(), vec![]));
    }

    #[test]
    fn where_nobody_else_changed_anything_ours_is_applied(base in base(), ours in some_fields()) {
        let (base, ours) = (rule(&base), patch(&ours));
        let merged = merge(&base, &ours, &base, CrossFieldMerge::Refuse).unwrap();
        prop_assert_eq!((merged.document, merged.collisions), (ours.apply(&base).unwrap(), vec![]));
    }

    #[test]
    fn merging_again_changes_nothing(base in base(), ours in some_fields(), theirs in some_fields()) {
        let theirs = theirs.into_iter().filter(|(field, _)| !ours.contains_key(field)).collect();
        let theirs = rule(&edited(&base, [&theirs, &Map::new()]));
        let (base, ours) = (rule(&base), patch(&ours));
        let once = merge(&base, &ours, &theirs, CrossFieldMerge::Accept).unwrap();
        prop_assert_eq!(&once.collisions, &vec![]);
        let twice = merge(&theirs, &once.patch, &once.document, CrossFieldMerge::Accept).unwrap();
        prop_assert_eq!((twice.document, twice.collisions), (once.document, vec![]));
    }

    #[test]
    fn edits_of_different_fields_commute(base in base(), ours in some_fields(), theirs in some_fields()) {
        let theirs: Map<_, _> = theirs.into_iter().filter(|(field, _)| !ours.contains_key(field)).collect();
        let (base, ours, theirs) = (rule(&base), patch(&ours), patch(&theirs));
        let merged = |first: &Patch<TriggerRule>, second: &Patch<TriggerRule>| {
            let stored = first.apply(&base).unwrap();
            merge(&base, second, &stored, CrossFieldMerge::Refuse).unwrap()
        };
        let (one, other) = (merged(&ours, &theirs), merged(&theirs, &ours));
        prop_assert_eq!(&one.document, &other.document);
        prop_assert_eq!(places(&one), places(&other));
    }

    #[test]
    fn what_nobody_knows_is_theirs(
        base in base(), ours in some_fields(), theirs in some_fields(), unknown_members in unknown_members(),
    ) {
        let theirs = rule(&edited(&base, [&theirs, &unknown_members]));
        let merged = merge(&rule(&base), &patch(&ours), &theirs, CrossFieldMerge::Accept).unwrap();
        let raw = |rule: &TriggerRule| -> Vec<(String, String)> {
            let members = rule.document().root().members();
            let unknown_members = members.filter(|member| !FIELDS.contains(&member.name));
            unknown_members.map(|member| (member.name.to_owned(), member.value.raw().to_owned())).collect()
        };
        prop_assert_eq!(raw(&merged.document), raw(&theirs));
    }
}

/// A list whose elements carry ids: each a letter, with a number for what it says.
fn elements() -> impl Strategy<Value = Vec<(char, u8)>> {
    let letters = Just(vec!['a', 'b', 'c', 'd']).prop_shuffle();
    (letters, 0..5_usize, vec(0..3_u8, 4))
        .prop_map(|(letters, count, values)| letters.into_iter().take(count).zip(values).collect())
}

fn list(elements: &[(char, u8)]) -> Value {
    elements
        .iter()
        .map(|(id, value)| json!({"id": id, "type": "call", "v": value}))
        .collect()
}

proptest! {
    #![proptest_config(config())]

    /// The result for each element, whatever the order, is that of the naive merge of one value by its id.
    #[test]
    fn elements_with_ids_merge_one_by_one(base in elements(), ours in elements(), theirs in elements()) {
        let with = |elements: &[(char, u8)]| json!({"id": "r1", "enabled": false, "actions": list(elements)});
        let fields: Map<_, _> = [("actions".to_owned(), list(&ours))].into_iter().collect();
        let merged = merge(&rule(&with(&base)), &patch(&fields), &rule(&with(&theirs)), CrossFieldMerge::Refuse).unwrap();
        let get = |elements: &[(char, u8)], id: char| elements.iter().find(|(known, _)| *known == id).map(|(_, v)| *v);
        let mut wanted = Some(Vec::new());
        for id in ['a', 'b', 'c', 'd'] {
            let (base, ours, theirs) = (get(&base, id), get(&ours, id), get(&theirs, id));
            let element = if base == theirs { ours } else { theirs };
            let collides = base != ours && base != theirs && ours != theirs;
            wanted = wanted.filter(|_| !collides).map(|mut all| {
                all.extend(element.map(|value| (id, value)));
                all
            });
        }
        let is_same = theirs == ours || base == theirs || base == ours;
        let in_order = |of: &[(char, u8)]| -> Vec<char> {
            let common = |id: &char| [&base, &ours, &theirs].iter().all(|all| get(all, *id).is_some());
            of.iter().map(|(id, _)| *id).filter(common).collect()
        };
        let both_reordered = in_order(&ours) != in_order(&base) && in_order(&theirs) != in_order(&base);
        if let (Some(wanted), true) = (wanted, is_same || !both_reordered) {
            prop_assert_eq!(&merged.collisions, &vec![]);
            let document = value(&merged.document);
            let actions = document["actions"].as_array().unwrap();
            let id = |element: &Value| element["id"].as_str().unwrap().chars().next().unwrap();
            let mut found: Vec<(char, u8)> = actions
                .iter()
                .map(|element| (id(element), u8::try_from(element["v"].as_u64().unwrap()).unwrap()))
                .collect();
            found.sort_unstable();
            prop_assert_eq!(found, wanted);
        } else {
            prop_assert!(!merged.collisions.is_empty());
        }
    }
}
