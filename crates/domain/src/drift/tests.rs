//! Drift against a naive three-way comparison, and by its hash alone.

use proptest::prelude::*;

use super::*;
use crate::copilot::Copilot;
use crate::json::Document;
use crate::trigger_rule::TriggerRule;

fn edit(text: &str) -> Edit<TriggerRule> {
    Edit::new(Document::parse(text).unwrap()).unwrap()
}

fn rule(text: &str) -> TriggerRule {
    text.parse().unwrap()
}

/// The three words of a member: of the file, the base and the organization. `-` is absent, `0` is null.
fn named(member: &str, word: char) -> String {
    match word {
        '-' => String::new(),
        '0' => format!(r#","{member}":null"#),
        word => format!(r#","{member}":"{word}""#),
    }
}

#[test]
fn a_member_stands_as_file_base_and_organization_say() {
    for (words, expected) in [
        ("aaa", Standing::InSync),
        ("aba", Standing::InSync),
        ("a-a", Standing::InSync),
        ("abb", Standing::ChangedInFile),
        ("aab", Standing::ChangedInOrg),
        ("aa-", Standing::ChangedInOrg),
        ("abc", Standing::ChangedInBoth),
        ("ab-", Standing::ChangedInBoth),
        ("a-b", Standing::NoBase),
        ("a0b", Standing::ChangedInBoth),
        ("a0-", Standing::ChangedInFile),
        ("a00", Standing::ChangedInFile),
        ("00a", Standing::ChangedInOrg),
        ("0a-", Standing::InSync),
        ("00-", Standing::InSync),
    ] {
        let mut words_of = words.chars().map(|word| named("description", word));
        let [file, base, org] = [(); 3].map(|()| words_of.next().unwrap());
        let file = edit(&format!(r#"{{"id":"r","name":"n"{file}}}"#));
        let base = Base::Content(edit(&format!(r#"{{"name":"n"{base}}}"#)));
        let stored = rule(&format!(
            r#"{{"id":"r","ruleType":"x","enabled":true,"name":"n"{org}}}"#
        ));
        let compared = compare(&file, Some(&base), &stored, None);
        assert_eq!(compared.of("description"), Some(expected), "{words}");
    }
}

#[test]
fn a_hash_tells_of_the_whole_document() {
    let base = edit(r#"{"name":"n","description":"a"}"#).content_hash();
    for (file, org, expected) in [
        ("a", "b", DocumentStanding::ChangedInOrg),
        ("b", "a", DocumentStanding::ChangedInFile),
        ("b", "c", DocumentStanding::Differs),
        ("b", "b", DocumentStanding::InSync),
    ] {
        let file = edit(&format!(r#"{{"id":"r","name":"n","description":"{file}"}}"#));
        let stored = rule(&format!(
            r#"{{"id":"r","ruleType":"x","enabled":true,"name":"n","description":"{org}"}}"#
        ));
        let compared = compare(&file, Some(&Base::Hash(base)), &stored, None);
        assert_eq!(compared.standing(), expected, "{file:?} {org}");
    }
}

#[test]
fn a_member_that_the_file_leaves_out_is_no_drift() {
    let file = edit(r#"{"id":"r","name":"n"}"#);
    let base = Base::Content(edit(r#"{"name":"n","enabled":true}"#));
    let stored = rule(r#"{"id":"r","ruleType":"x","enabled":false,"name":"n"}"#);
    let compared = compare(&file, Some(&base), &stored, None);
    assert_eq!(compared.standing(), DocumentStanding::InSync);
}

/// A file of rules alone, of which only the hash is known, and an organization that keeps fractions as float32.
#[test]
fn a_hash_tells_of_parts_as_far_as_the_file_names_them() {
    let copilot = |text: &str| -> Copilot { text.parse().unwrap() };
    let file = |word: &str| {
        let text = format!(
            r#"{{"nluConfig":{{"intentConfidenceThreshold":0.6}},"ruleEngineConfig":{{"rules":[{{"enabled":true,
                "rule":{{"conditions":[{{"conditionType":"Intent","conditionValues":["{word}"]}}],
                "actions":[{{"actionType":"Script","attributes":{{"scriptId":"s","pageId":"p"}}}}]}}}}]}}}}"#
        );
        Edit::<Copilot>::new(text.parse().unwrap()).unwrap()
    };
    let stored = |word: &str| {
        copilot(&format!(
            r#"{{"nluConfig":{{"domain":{{"id":"d"}},"intentConfidenceThreshold":0.6000000238418579}},"ruleEngineConfig":
                {{"fallback":{{"enabled":true}},"rules":[{{"id":"r","participantRoles":["Customer"],"rule":{{"actions":[{{"actionType":
                "Script","attributes":{{"pageId":"p","scriptId":"s"}}}}],"conditions":[{{"conditionValues":["{word}"],"conditionType":"Intent"}}]}},"enabled":true}}]}}}}"#
        ))
    };
    let base = Base::Hash(file("a").content_hash());
    for (written, in_org, expected) in [
        ("a", "a", Standing::InSync),
        ("b", "a", Standing::ChangedInFile),
        ("a", "b", Standing::ChangedInOrg),
        ("b", "c", Standing::Undecided),
    ] {
        let compared = compare(&file(written), Some(&base), &stored(in_org), None);
        assert_eq!(compared.of("ruleEngineConfig"), Some(expected), "{written} {in_org}");
        assert_eq!(compared.of("nluConfig"), Some(Standing::InSync));
    }
}

#[test]
fn what_the_server_stored_in_place_of_what_was_sent_is_in_sync_until_it_changes() {
    let file = edit(r#"{"id":"r","name":"refund "}"#);
    let base = Base::Content(edit(r#"{"name":"refund "}"#));
    let stored_as = |name: &str| {
        rule(&format!(
            r#"{{"id":"r","ruleType":"x","enabled":true,"name":"{name}"}}"#
        ))
    };
    let (sent, made) = (stored_as("refund "), stored_as("refund"));
    let written = StoredOtherwise {
        sent: &sent,
        stored: &made,
    };
    let standing = |name| compare(&file, Some(&base), &stored_as(name), Some(&written)).of("name");
    assert_eq!(standing("refund"), Some(Standing::InSync));
    assert_eq!(standing("other"), Some(Standing::ChangedInOrg));
}

/// A value of a member: none if it is null.
type Word = Option<&'static str>;

/// A member in file, base and organization; the base may not name it.
type Sides = (Word, Option<Word>, Word);

/// A naive comparison of one member.
fn naive((file, base, org): &Sides) -> Standing {
    match base {
        _ if file == org => Standing::InSync,
        None => Standing::NoBase,
        Some(base) if base == file => Standing::ChangedInOrg,
        Some(base) if base == org => Standing::ChangedInFile,
        Some(_) => Standing::ChangedInBoth,
    }
}

/// A value of a member: absent or null, or one of a few that are no part of each other.
fn value() -> impl Strategy<Value = Option<&'static str>> {
    prop_oneof![
        Just(None),
        Just(Some(r#""a""#)),
        Just(Some(r#""b""#)),
        Just(Some(r#""c""#))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn drift_is_what_a_naive_three_way_comparison_says(
        members in proptest::collection::vec((value(), proptest::option::of(value()), value()), 2),
    ) {
        let names = ["name", "description"];
        let object = |values: Vec<(&str, Option<&str>)>| {
            let members: Vec<String> = values
                .into_iter()
                .map(|(name, value)| format!(r#""{name}":{}"#, value.unwrap_or("null")))
                .collect();
            Document::parse(&format!("{{{}}}", members.join(","))).unwrap()
        };
        let of = |side: fn(&Sides) -> Option<Word>| {
            let values = names.into_iter().zip(&members);
            object(values.filter_map(|(name, member)| Some((name, side(member)?))).collect())
        };
        let file = Edit::<TriggerRule>::new(of(|member| Some(member.0))).unwrap();
        let base = Base::Content(Edit::new(of(|member| member.1)).unwrap());
        let stored = TriggerRule::from_document(of(|member| Some(member.2))).unwrap();
        let compared = compare(&file, Some(&base), &stored, None);
        for (name, sides) in names.into_iter().zip(&members) {
            prop_assert_eq!(compared.of(name), Some(naive(sides)));
        }
    }
}
