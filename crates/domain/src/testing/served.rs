//! Rules as they come: from the server with unknown members, from an author without.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::spelling::{Json, Spelled, gap, plain_number, shallow, spelled};
use super::{action, condition, few, rule_id, text};
use crate::document::{DocumentKind, Edit};
use crate::json::Document;
use crate::trigger_rule::{CONDITION_MEMBERS, RULE_MEMBERS, TriggerRule};

/// The members of an action that are known by name.
const ACTION_MEMBERS: [&str; 4] = ["type", "templateId", "priority", "url"];

type Members = Vec<(Spelled, Json)>;

/// A rule as the server keeps it, without errors: unknown members in the rule, in its conditions and in its actions,
/// members in any order, explicit nulls, names and texts with escapes, numbers such as `1.50` and `-0`.
pub fn served_rule() -> impl Strategy<Value = TriggerRule> {
    (rule(unknown_members(&RULE_MEMBERS), UnknownMembers::Some), gap())
        .prop_filter_map("the text is a rule", |(rule, gap)| {
            TriggerRule::from_document(rule.document(gap)?).ok()
        })
}

/// A whole rule as an author may write it, without errors: a [`Edit`] that is a rule, with no member that is not
/// known except in actions, which are open.
pub fn authored_rule() -> impl Strategy<Value = Edit<TriggerRule>> {
    let none = Just(Members::new());
    (rule(none, UnknownMembers::None), gap())
        .prop_filter_map("the text is an edit", |(rule, gap)| Edit::new(rule.document(gap)?).ok())
}

/// The choice to put unknown members into conditions, or none.
#[derive(Clone, Copy)]
enum UnknownMembers {
    Some,
    None,
}

fn rule(
    unknown_members: impl Strategy<Value = Members> + 'static,
    in_conditions: UnknownMembers,
) -> impl Strategy<Value = Json> {
    let text_or_null = || {
        option::of(prop_oneof![
            3 => text().prop_map(serde_json::Value::from),
            1 => Just(serde_json::Value::Null),
        ])
    };
    let known = (
        rule_id(),
        option::of((0..1000_u32).prop_map(|number| number.to_string())),
        text_or_null(),
        text_or_null(),
        any::<bool>(),
    );
    let lists = (few(served_condition(in_conditions)), few(served_action()));
    (known, lists, unknown_members, any::<u64>()).prop_map(
        |((id, etag, name, description, enabled), (conditions, actions), unknown_members, chance)| {
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
            object(members, unknown_members, chance)
        },
    )
}

fn served_condition(unknown_here: UnknownMembers) -> impl Strategy<Value = Json> {
    let unknown_members = match unknown_here {
        UnknownMembers::Some => unknown_members(&CONDITION_MEMBERS).boxed(),
        UnknownMembers::None => Just(Members::new()).boxed(),
    };
    (condition(), unknown_members, any::<u64>()).prop_map(|(condition, unknown_members, chance)| {
        object(known_members(&condition.to_json()), unknown_members, chance)
    })
}

fn served_action() -> impl Strategy<Value = Json> {
    (action(), unknown_members(&ACTION_MEMBERS), any::<u64>())
        .prop_map(|(action, unknown_members, chance)| object(known_members(&action.to_json()), unknown_members, chance))
}

fn known_members(json: &str) -> Vec<(&'static str, Json)> {
    let Ok(document) = json.parse::<Document>() else {
        return Vec::new();
    };
    let names = CONDITION_MEMBERS
        .iter()
        .chain(ACTION_MEMBERS.get(1..).unwrap_or_default());
    names
        .filter_map(|name| {
            let value = document.root().get(name)?;
            Some((*name, Json::Scalar(value.raw().to_owned())))
        })
        .collect()
}

fn scalar(value: impl Into<serde_json::Value>) -> Json {
    Json::Scalar(value.into().to_string())
}

/// An object of known and unknown members, in the order that chance gives, now and then with escapes in the names.
fn object(known: Vec<(&'static str, Json)>, unknown_members: Members, chance: u64) -> Json {
    let escape_first = chance.is_multiple_of(8);
    let known = known
        .into_iter()
        .map(|(name, value)| (Spelled::new(name, escape_first), value));
    let members: Members = known.chain(unknown_members).collect();
    let mut ordered: Vec<_> = (0_u32..).zip(members).collect();
    ordered.sort_by_key(|(at, _)| chance.rotate_left(at * 7) % 64);
    Json::object(ordered.into_iter().map(|(_, member)| member))
}

/// Members that are not known here, with any value that can be written as it is.
fn unknown_members(known: &'static [&'static str]) -> impl Strategy<Value = Members> {
    let familiar = select(vec!["selfUri", "dateModified", "weight", "x/y~z", "ID", ""]);
    let name = prop_oneof![
        3 => familiar.prop_map(|name| Spelled::new(name, false)),
        1 => spelled(),
    ]
    .prop_filter("the name is not known", |name| !known.contains(&name.says.as_str()));
    vec((name, shallow(plain_number())), 0..3)
}
