//! The values of Copilots: members that merge part by part, each of which differs in one part alone, so that both sides
//! collide where both change it.

use domain::Copilot;

use super::Vocabulary;

/// Members with their values, the one at the start first.
const VALUES: &[(&str, &[&str])] = &[
    ("ruleEngineConfig", &["a", "b", "c", "d"]),
    ("autoSearchConfig", &["AnswerGeneration", "Highlights", "None"]),
    (
        "queryProcessingConfig",
        &["Classification", "Reformulation", "Both", "None"],
    ),
];

impl Vocabulary<Copilot> {
    /// The values of Copilots.
    pub(crate) fn of_copilots() -> Self {
        let values = |(name, words): &(&'static str, &[&str])| {
            let values = words.iter().map(|word| match *name {
                "ruleEngineConfig" => format!(
                    r#"{{"rules": [{{"id": "1", "enabled": true, "rule": {{
                        "conditions": [{{"conditionType": "Intent", "conditionValues": ["{word}"]}}],
                        "actions": [{{"actionType": "ThirdPartyAction"}}]}}}}]}}"#
                ),
                _ => format!(r#"{{"type": "{word}"}}"#),
            });
            (*name, values.collect())
        };
        Self::new(VALUES.iter().map(values).collect())
    }
}
