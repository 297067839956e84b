//! The values of trigger rules: more than those of the specimen, so that members of one merge group change apart.

use domain::TriggerRule;

use super::Vocabulary;

const VALUES: &[(&str, &[&str])] = &[
    ("name", &[r#""n0""#, r#""n1""#, r#""n2""#, r#""n3""#]),
    ("description", &[r#""d0""#, r#""d1""#, r#""d2""#]),
    ("enabled", &["true", "false"]),
    (
        "conditions",
        &[
            r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c0"}]"#,
            r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c1"}]"#,
            r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c2"}]"#,
        ],
    ),
    (
        "actions",
        &[
            r#"[{"type":"display","templateId":"t0"}]"#,
            r#"[{"type":"display","templateId":"t1"}]"#,
            r#"[{"type":"call"}]"#,
        ],
    ),
];

impl Vocabulary<TriggerRule> {
    pub(crate) fn of_rules() -> Self {
        let texts = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        Self::new(VALUES.iter().map(|(name, values)| (*name, texts(values))).collect())
    }
}
