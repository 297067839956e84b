//! Strategies for [`mod@proptest`], to test one's own rules by property; and what suites need to run on any kind.
//!
//! Values of [`condition`], [`action`], [`rule_edit`], [`served_rule`] and [`authored_rule`] pass
//! [`check`](crate::check) without errors (warnings may come); [`json_document`] makes anything that is JSON, numbers
//! that no program holds included. This module stands behind the feature `testing`, and the strategies are those of
//! proptest 1.
//!
//! A team that makes its changes by a function asks of the function that whatever it makes can be sent:
//!
//! ```
//! use assist_rules_domain::json::Finite;
//! use assist_rules_domain::trigger_rule::{Comparison, Condition, NumberTest};
//! use assist_rules_domain::{Edit, TriggerRule, check, testing};
//! use proptest::prelude::*;
//!
//! /// Shows help to the agent as soon as the customer sounds less happy than this.
//! fn low_sentiment(threshold: f64) -> Result<Edit<TriggerRule>, Box<dyn std::error::Error>> {
//!     let below = NumberTest::LessThan(Finite::try_from(threshold)?);
//!     let condition = Condition {
//!         kind: "sentiment".into(),
//!         field: "conversation.sentiment".into(),
//!         comparison: Comparison::Number(below),
//!     };
//!     Ok(Edit::default().conditions([condition])?.enabled(true)?)
//! }
//!
//! proptest!(|(threshold in 0.0..=1.0, stored in testing::served_rule())| {
//!     let patch = low_sentiment(threshold).unwrap().resolve(&stored).unwrap();
//!     let findings = check(&patch.apply(&stored).unwrap(), Some(&stored));
//!     prop_assert!(!findings.has_errors(), "{findings:?}");
//! });
//! ```

mod kind_laws;
mod served;
mod specimen;
mod spelling;
mod toy;

use proptest::collection::{SizeRange, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

pub use kind_laws::kind_laws;
pub use served::{authored_rule, served_rule};
pub use specimen::Specimen;
pub use spelling::{json_document, number_text};
pub use toy::Toy;

use crate::document::{DocumentKind, Edit};
use crate::json::Finite;
use crate::trigger_rule::{
    Action, ActionKind, Comparison, Condition, NumberTest, RuleId, Scalar, TextTest, TriggerRule,
};

/// The most conditions and actions that a rule made here has: fewer than the engine allows, for speed.
const FEW: usize = 3;

/// A text of up to a dozen characters: mostly words, sometimes anything that Unicode has.
pub fn text() -> impl Strategy<Value = String> {
    let words = vec(
        select(vec!["refund", "card", "declined", "cancel", "Größe", "a/b", "~"]),
        0..3,
    );
    prop_oneof![
        4 => words.prop_map(|words| words.join(" ")),
        1 => vec(any::<char>(), 0..8).prop_map(String::from_iter),
    ]
}

/// A finite number; half of them between 0 and 1, where sentiment is.
pub fn finite() -> impl Strategy<Value = Finite<'static>> {
    let any_number = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO;
    prop_oneof![
        4 => 0.0..=1.0,
        2 => (-1000..1000_i32).prop_map(f64::from),
        1 => any_number,
    ]
    .prop_filter_map("the number is finite", |number| Finite::try_from(number).ok())
}

/// A regular expression that compiles.
fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "a+",
            "(?i)card.*declined",
            "^refund$",
            r"\bcancel\b",
            r"[0-9]{4}",
            ".*"
        ])
        .prop_map(str::to_owned),
        text().prop_map(|text| regex::escape(&text)),
    ]
}

/// Operator and operand that fit each other.
pub fn comparison() -> impl Strategy<Value = Comparison<'static>> {
    let text_test = prop_oneof![
        text().prop_map(|text| TextTest::Contains(text.into())),
        text().prop_map(|text| TextTest::StartsWith(text.into())),
        text().prop_map(|text| TextTest::EndsWith(text.into())),
        pattern().prop_map(|pattern| TextTest::Regex(pattern.into())),
    ];
    let number_test = prop_oneof![
        finite().prop_map(NumberTest::GreaterThan),
        finite().prop_map(NumberTest::LessThan),
    ];
    let scalar = prop_oneof![
        text().prop_map(|text| Scalar::Text(text.into())),
        finite().prop_map(Scalar::Number),
        any::<bool>().prop_map(Scalar::Bool),
    ];
    prop_oneof![
        3 => text_test.prop_map(Comparison::Text),
        2 => number_test.prop_map(Comparison::Number),
        1 => scalar.prop_map(Comparison::Equals),
    ]
}

/// A condition: any comparison, of a keyword or of the sentiment.
pub fn condition() -> impl Strategy<Value = Condition<'static>> {
    let places = vec![
        ("keyword", "conversation.text"),
        ("sentiment", "conversation.sentiment"),
        ("keyword", "conversation.channel"),
    ];
    (select(places), comparison()).prop_map(|((kind, field), comparison)| Condition {
        kind: kind.into(),
        field: field.into(),
        comparison,
    })
}

/// An action with what its kind needs, and sometimes without.
pub fn action() -> impl Strategy<Value = Action<'static>> {
    let url = text().prop_map(|text| format!("https://example.com/{text}"));
    (
        select(ActionKind::ALL.to_vec()),
        option::of(text()),
        option::of(finite()),
        option::of(url),
    )
        .prop_map(|(kind, template_id, priority, url)| Action {
            kind,
            template_id: template_id.map(Into::into),
            priority,
            url: url.map(Into::into),
        })
}

/// An edit of at least one member.
pub fn rule_edit() -> impl Strategy<Value = Edit<TriggerRule>> {
    let names: Vec<&'static str> = TriggerRule::MEMBERS.iter().map(|member| member.name).collect();
    let members = subsequence(names, 1..=TriggerRule::MEMBERS.len());
    let values = (text(), text(), any::<bool>(), few(condition()), few(action()));
    (members, values).prop_filter_map(
        "the edit fits into a document",
        |(members, (name, description, enabled, conditions, actions))| {
            members.into_iter().try_fold(Edit::default(), |edit, member| {
                let edited = match member {
                    "name" => edit.name(&name),
                    "description" => edit.description(&description),
                    "enabled" => edit.enabled(enabled),
                    "conditions" => edit.conditions(conditions.clone()),
                    _ => edit.actions(actions.clone()),
                };
                edited.ok()
            })
        },
    )
}

/// An id as rules have it.
pub fn rule_id() -> impl Strategy<Value = RuleId> {
    let letters = vec![b'A', b'Z', b'a', b'f', b'z', b'0', b'7', b'9', b'_', b'-'];
    vec(select(letters), 1..36).prop_filter_map("the text is an id", |letters| {
        String::from_utf8(letters)
            .ok()?
            .trim_start_matches(['_', '-'])
            .parse()
            .ok()
    })
}

fn few<S: Strategy>(element: S) -> impl Strategy<Value = Vec<S::Value>> {
    vec(element, SizeRange::from(0..=FEW))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::*;
    use crate::trigger_rule::Operator;

    #[test]
    fn comparisons_are_of_every_operator() {
        let mut runner = TestRunner::deterministic();
        let mut operator = || comparison().new_tree(&mut runner).unwrap().current().operator();
        let found: BTreeSet<Operator> = (0..500).map(|_| operator()).collect();
        assert_eq!(found, Operator::ALL.into());
    }
}
