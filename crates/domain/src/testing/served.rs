//! Rules as they come: from the server with members that nobody here knows, from a person without.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::spelling::{Json, Spelled, gap, json, plain_number, spelled};
use super::{action, condition, few, rule_id, text};
use crate::condition::CONDITION_MEMBERS;
use crate::draft::Draft;
use crate::rule::{RULE_MEMBERS, TriggerRule};

/// The members of an action that are known by name.
const ACTION_MEMBERS: [&str; 4] = ["type", "templateId", "priority", "url"];

type Members = Vec<(Spelled, Json)>;

/// A rule as the server keeps it, without errors: strangers in the rule, in its conditions and in its actions,
/// members in any order, explicit nulls, names and texts with escapes, numbers such as `1.50` and `-0`.
pub fn served_rule() -> impl Strategy<Value = TriggerRule> {
    (rule(strangers(&RULE_MEMBERS), Strangers::Some), gap()).prop_filter_map("the text is a rule", |(rule, gap)| {
        TriggerRule::try_from(rule.document(gap)?).ok()
    })
}

/// A whole rule as a person may write it, without errors: a [`Draft`] that is a rule, with no member that is not
/// known except in actions, which are open.
pub fn person_rule() -> impl Strategy<Value = Draft> {
    let none = Just(Members::new());
    (rule(none, Strangers::None), gap()).prop_filter_map("the text is a draft", |(rule, gap)| {
        Draft::new(rule.document(gap)?).ok()
    })
}

/// Whether conditions carry members that are not known.
#[derive(Clone, Copy)]
enum Strangers {
    Some,
    None,
}

fn rule(strangers: impl Strategy<Value = Members> + 'static, in_conditions: Strangers) -> impl Strategy<Value = Json> {
    let text_or_null = || {
        option::of(prop_oneof![
            3 => text().prop_map(serde_json::Value::from),
            1 => Just(serde_json::Value::Null),
        ])
    };
    let known = (
        rule_id(),
        option::of("[a-z0-9]{1,8}"),
        text_or_null(),
        text_or_null(),
        any::<bool>(),
    );
    let lists = (few(served_condition(in_conditions)), few(served_action()));
    (known, lists, strangers)
        .prop_map(
            |((id, etag, name, description, enabled), (conditions, actions), strangers)| {
                let mut members = vec![
                    ("id", scalar(id.as_str())),
                    ("ruleType", scalar("conversation")),
                    ("enabled", scalar(enabled)),
                    ("conditions", Json::List(conditions)),
                    ("actions", Json::List(actions)),
                ];
                let optional = [
                    ("etag", etag.map(serde_json::Value::from)),
                    ("name", name),
                    ("description", description),
                ];
                members.extend(
                    optional
                        .into_iter()
                        .filter_map(|(name, value)| Some((name, scalar(value?)))),
                );
                (members, strangers)
            },
        )
        .prop_flat_map(|(members, strangers)| object(members, strangers))
}

fn served_condition(strangers_here: Strangers) -> impl Strategy<Value = Json> {
    let strangers = match strangers_here {
        Strangers::Some => strangers(&CONDITION_MEMBERS).boxed(),
        Strangers::None => Just(Members::new()).boxed(),
    };
    (condition(), strangers)
        .prop_flat_map(|(condition, strangers)| object(known_members(&condition.to_json()), strangers))
}

fn served_action() -> impl Strategy<Value = Json> {
    (action(), strangers(&ACTION_MEMBERS))
        .prop_flat_map(|(action, strangers)| object(known_members(&action.to_json()), strangers))
}

fn known_members(value: &serde_json::Value) -> Vec<(&'static str, Json)> {
    let names = CONDITION_MEMBERS
        .iter()
        .chain(ACTION_MEMBERS.get(1..).unwrap_or_default());
    names
        .filter_map(|name| Some((*name, scalar(value.get(name)?.clone()))))
        .collect()
}

fn scalar(value: impl Into<serde_json::Value>) -> Json {
    Json::Scalar(value.into().to_string())
}

/// An object of known and unknown members, in any order.
fn object(known: Vec<(&'static str, Json)>, strangers: Members) -> impl Strategy<Value = Json> {
    (Just(known), Just(strangers), proptest::bool::weighted(0.1)).prop_flat_map(|(known, strangers, escape_first)| {
        let known = known
            .into_iter()
            .map(|(name, value)| (Spelled::new(name, escape_first), value));
        let members: Members = known.chain(strangers).collect();
        Just(members).prop_shuffle().prop_map(Json::object)
    })
}

/// Members that are not known here, with any value that can be written as it is.
fn strangers(known: &'static [&'static str]) -> impl Strategy<Value = Members> {
    let familiar = select(vec!["selfUri", "dateModified", "weight", "x/y~z", "ID", ""]);
    let name = prop_oneof![
        3 => familiar.prop_map(|name| Spelled::new(name, false)),
        1 => spelled(),
    ]
    .prop_filter("the name is not known", |name| !known.contains(&name.says.as_str()));
    vec((name, json(plain_number(), 2)), 0..3)
}
