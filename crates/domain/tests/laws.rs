//! The laws of the domain: what holds for every document, every change and every world.

#[cfg(test)]
mod laws {
    mod changes;
    mod faults;
    mod findings;
    mod hostile;
    mod json;
    mod json_suite;
    mod kinds;
    mod limits;
    mod merge;
    mod oracle;
    mod protocol;

    use assist_rules_domain::testing;
    use assist_rules_domain::{DocumentKind, TriggerRule};
    use proptest::prelude::*;
    use proptest::sample::{Index, select};
    use proptest::test_runner::{FileFailurePersistence, RngAlgorithm};

    /// The number of cases for each law, unless `PROPTEST_CASES` sets another.
    const CASES: u32 = if option_env!("CI").is_some() { 10_000 } else { 3_000 };

    #[expect(
        clippy::disallowed_methods,
        reason = "a long run is asked for from outside, and this is no part of the domain"
    )]
    fn cases() -> u32 {
        let asked = std::env::var("PROPTEST_CASES").ok();
        asked.and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
    }

    fn config() -> ProptestConfig {
        ProptestConfig {
            cases: cases(),
            max_shrink_iters: 2_000,
            rng_algorithm: RngAlgorithm::XorShift,
            failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
            ..ProptestConfig::default()
        }
    }

    fn rule(text: &str) -> TriggerRule {
        text.parse().unwrap()
    }

    /// A text with a few of its characters gone, doubled, or others in their place.
    fn mutated(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
        let piece = select(vec![
            "",
            "",
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\u",
            "d800",
            "\\ud83d\\ude00",
            "0",
            "-",
            ".",
            "e9",
            "e400",
            "true",
            "null",
            " ",
            "\n",
            "\u{0}",
            "é",
            "\"id\":1,",
            "[[",
            "nul",
            "+1",
            "\"operator\":\"gt\",",
        ]);
        let edit = (any::<Index>(), 0..3_usize, piece);
        (text, proptest::collection::vec(edit, 0..4)).prop_map(|(text, edits)| {
            let mut letters: Vec<char> = text.chars().collect();
            for (place, gone, piece) in edits {
                let start = place.index(letters.len() + 1);
                let end = (start + gone).min(letters.len());
                letters.splice(start..end, piece.chars());
            }
            letters.into_iter().collect()
        })
    }

    /// A text that is nearly a rule.
    fn nearly_a_rule() -> impl Strategy<Value = String> {
        mutated(testing::served_rule().prop_map(|rule| rule.document().text().to_owned()))
    }

    /// A rule by its members' names, with anything at all in them.
    fn rough_rule() -> impl Strategy<Value = TriggerRule> {
        let anything = || testing::json_document().prop_map(|document| document.compact());
        let names = select(vec![
            "id",
            "etag",
            "name",
            "description",
            "ruleType",
            "enabled",
            "conditions",
            "actions",
            "conditionz",
            "a/b~c",
            "",
        ]);
        let inner = select(vec![
            "type",
            "field",
            "operator",
            "value",
            "templateId",
            "url",
            "valu",
            "~/",
        ]);
        let value = prop_oneof![
            2 => select(vec![
                "\"regex\"", "\"gt\"", "\"contain\"", "\"equals\"", "\"display\"", "\"cal\"", "\"(a\"", "\"(?=a)\"", "0.5", "1e400",
                "\"sentiment\"", "\"webhook\"", "null", "true",
            ]).prop_map(str::to_owned),
            1 => anything(),
        ];
        let element = prop_oneof![
            4 => proptest::collection::vec((inner, value), 0..5).prop_map(|members| object(&members)),
            1 => anything(),
        ];
        let list = proptest::collection::vec(element, 0..4).prop_map(|elements| format!("[{}]", elements.join(",")));
        let member = (names, prop_oneof![1 => list, 1 => anything()]);
        proptest::collection::vec(member, 0..7).prop_map(|members| rule(&object(&members)))
    }

    /// An object of these members; of those with the same name the first.
    fn object(members: &[(&str, String)]) -> String {
        let is_first = |at: usize| members[..at].iter().all(|(name, _)| *name != members[at].0);
        let written: Vec<String> = (0..members.len())
            .filter(|at| is_first(*at))
            .map(|at| format!("{}:{}", serde_json::json!(members[at].0), members[at].1))
            .collect();
        format!("{{{}}}", written.join(","))
    }
}
