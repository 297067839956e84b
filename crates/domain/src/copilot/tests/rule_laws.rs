//! Laws of rules that have no reliable id: they are found again, merge, and fire on any of their conditions.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::Patch;

/// A document of the live shape, with members that no published model has.
const SERVED: &str = include_str!("live.json");

/// A rule in few words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    id: Option<String>,
    intents: Vec<String>,
    script: String,
    roles: Vec<&'static str>,
    is_on: bool,
}

impl Rule {
    fn json(&self) -> String {
        let id = self
            .id
            .as_ref()
            .map_or(String::new(), |id| format!(r#""id": "{id}", "#));
        let condition = |intent: &String| format!(r#"{{"conditionType": "Intent", "conditionValues": ["{intent}"]}}"#);
        let conditions: Vec<String> = self.intents.iter().map(condition).collect();
        format!(
            r#"{{{id}"enabled": {}, "rule": {{"conditions": [{}], "actions": [{{"actionType": "Script",
                "attributes": {{"scriptId": "{}", "pageId": "p"}}}}]}}, "participantRoles": {:?}}}"#,
            self.is_on,
            conditions.join(", "),
            self.script,
            self.roles
        )
    }

    /// The rule with a change to it.
    fn changed(&self, by: &str, change: Alteration) -> Self {
        let mut rule = self.clone();
        match change {
            Alteration::Renames => by.clone_into(&mut rule.intents[0]),
            Alteration::Adds => rule.intents.push(by.to_owned()),
            Alteration::Switches => rule.is_on = !rule.is_on,
            Alteration::NamesRoles => rule.roles = vec!["Agent"],
        }
        rule
    }
}

#[derive(Clone, Copy, Debug)]
enum Alteration {
    Renames,
    Adds,
    Switches,
    NamesRoles,
}

fn copilot(rules: &[Rule]) -> Copilot {
    let rules: Vec<String> = rules.iter().map(Rule::json).collect();
    let config = format!(r#"{{"rules": [{}]}}"#, rules.join(","));
    let served: Document = SERVED.parse().unwrap();
    let document = served.with_members(&[("ruleEngineConfig", &config)]).unwrap();
    Copilot::from_document(document).unwrap()
}

/// Rules that differ in all that they say, some of them with an id.
fn rules() -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec((any::<bool>(), 3_usize..6, any::<bool>()), 2..7).prop_map(|rules| {
        let rule = |(number, (has_id, intents, is_on)): (usize, &(bool, usize, bool))| Rule {
            id: has_id.then(|| format!("id{number}")),
            intents: (0..*intents).map(|intent| format!("i{number}.{intent}")).collect(),
            script: format!("s{number}"),
            roles: vec!["Customer"],
            is_on: *is_on,
        };
        rules.iter().enumerate().map(rule).collect()
    })
}

fn change() -> impl Strategy<Value = Alteration> {
    prop::sample::select(vec![
        Alteration::Renames,
        Alteration::Adds,
        Alteration::Switches,
        Alteration::NamesRoles,
    ])
}

/// Rules, and the places of them in another order.
fn shuffled() -> impl Strategy<Value = (Vec<Rule>, Vec<usize>)> {
    rules().prop_flat_map(|rules| {
        let order = Just((0..rules.len()).collect::<Vec<_>>()).prop_shuffle();
        (Just(rules), order)
    })
}

/// Rules that may say the same, of few intents.
fn similar_rules() -> impl Strategy<Value = Vec<Rule>> {
    let intents = proptest::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 1..5);
    let roles = proptest::collection::vec(prop::sample::select(vec!["Agent", "Customer"]), 0..3);
    let rule = (intents, roles).prop_map(|(intents, roles)| Rule {
        id: None,
        intents: intents.into_iter().map(str::to_owned).collect(),
        script: "s".to_owned(),
        roles,
        is_on: true,
    });
    proptest::collection::vec(rule, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A rule that is changed and moved is found again, whatever of it has an id.
    #[test]
    fn a_rule_that_moved_and_has_another_name_is_found((rules, order) in shuffled(), at in any::<prop::sample::Index>(), change in change()) {
        let changed = at.index(rules.len());
        let of = |number: usize| if number == changed { rules[number].changed("new", change) } else { rules[number].clone() };
        let new: Vec<Rule> = order.iter().map(|number| of(*number)).collect();
        let (old, new) = (copilot(&rules), copilot(&new));
        let nodes = |copilot: &'_ Copilot| copilot.rules().count();
        prop_assert_eq!(nodes(&old), nodes(&new));
        let found = RULES.match_elements(&old.rules().collect::<Vec<_>>(), &new.rules().collect::<Vec<_>>()).0;
        let expected: Vec<Option<usize>> = order.into_iter().map(Some).collect();
        prop_assert_eq!(found, expected);
    }

    /// The edits that each side made to rules of its own stand in the merge, in the order of the side that moved rules.
    #[test]
    fn edits_of_different_rules_are_all_kept(
        (rules, order) in shuffled(),
        sides in proptest::collection::vec((0_usize..3, change()), 7),
        who_moves in 0_usize..3,
    ) {
        // Of each rule: nobody's, ours or theirs.
        let edited = |side: usize| -> Vec<Rule> {
            let edit = |(number, rule): (usize, &Rule)| match sides[number] {
                (owner, change) if owner == side || side == 3 && owner > 0 => rule.changed(&format!("new{number}"), change),
                _ => rule.clone(),
            };
            rules.iter().enumerate().map(edit).collect()
        };
        let in_order = |side: usize| -> Copilot {
            let edited = edited(side);
            let moves = who_moves == side || side == 3 && who_moves > 0;
            copilot(&if moves { order.iter().map(|number| edited[*number].clone()).collect() } else { edited })
        };
        let (base, ours, theirs) = (copilot(&rules), in_order(1), in_order(2));
        let merged = merge(&base, &Patch::between(&base, &ours), &theirs, CrossFieldMerge::Refuse).unwrap();
        prop_assert!(merged.collisions.is_empty(), "{:?}", merged.collisions);
        let expected = in_order(3);
        prop_assert!(merged.document.has_content_of(&expected), "{:?}", lines(&expected, &merged.document));
    }

    /// A rule fires on any of its conditions: their order and their repetition mean nothing, no two of them contradict each
    /// other, and rules are the same if and only if they have the same ones for the same participants.
    #[test]
    fn conditions_are_a_set_of_which_one_is_enough(rules in similar_rules()) {
        fn set<T: AsRef<str>>(texts: &[T]) -> BTreeSet<&str> {
            texts.iter().map(AsRef::as_ref).collect()
        }
        let fires_on = |rule: &'_ Rule| -> (Vec<String>, Vec<String>) {
            let owned = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
            (owned(set(&rule.intents)), owned(set(&rule.roles)))
        };
        let has_one_before = |number: usize| rules[..number].iter().any(|rule| fires_on(rule) == fires_on(&rules[number]));
        let expected: Vec<String> = (0..rules.len())
            .filter(|number| has_one_before(*number))
            .map(|number| format!("AR0226 /ruleEngineConfig/rules/{number}"))
            .collect();
        prop_assert_eq!(codes(&copilot(&rules), None), expected);
    }
}

#[test]
fn what_is_not_named_is_written_back_byte_for_byte() {
    let stored: Copilot = SERVED.parse().unwrap();
    assert_eq!(stored.document().text(), SERVED);
    let rules = |copilot: &Copilot| -> Vec<String> { copilot.rules().map(|rule| rule.raw().to_owned()).collect() };
    for (name, text) in [
        ("liveOnQueue", r#"{"liveOnQueue": false}"#),
        ("nluConfig", r#"{"nluConfig": {"intentConfidenceThreshold": 0.7}}"#),
        (
            "ruleEngineConfig",
            r#"{"ruleEngineConfig": {"fallback": {"enabled": false}}}"#,
        ),
        ("autoSearchConfig", r#"{"autoSearchConfig": null}"#),
        (
            "",
            r#"{"nluConfig": {"intentConfidenceThreshold": 0.6000000238418579}}"#,
        ),
    ] {
        let after = applied(text, &stored);
        for member in stored.document().root().members().filter(|member| member.name != name) {
            let written = after.member(member.name).map(Node::raw);
            assert_eq!(written, Some(member.value.raw()), "{text}");
        }
        assert_eq!(rules(&after), rules(&stored), "{text}");
        assert_eq!(after.document().text() == SERVED, name.is_empty(), "{text}");
    }
}
