//! Documents of a kind that suites can run with.

use crate::copilot::Copilot;
use crate::document::{DocumentKind, Edit, Patch};
use crate::trigger_rule::TriggerRule;

/// A kind of which suites can make documents and edits: the laws, the conformance suites of stores and ledgers, the
/// simulation.
///
/// An implementation MUST give
/// - in [`ID`](Self::ID) an id of the kind, as each number from 1 to 9 must be one too;
/// - in [`TEXT`](Self::TEXT) a document under that id without errors, that states it in
///   [`ID_MEMBER`](DocumentKind::ID_MEMBER), where another id may be put, and that has every member of [`VALUES`](Self::VALUES) and
///   at least one member that the kind does not know;
/// - in [`VALUES`](Self::VALUES) two members or more, in groups of their own or in none, and for each three values or more
///   that differ from each other and from the one in [`TEXT`](Self::TEXT). Whatever is taken of them makes a document
///   without errors. Where a list has an identity, either all elements of its values have one or none has; and whatever
///   elements a merge puts together make a document without errors.
pub trait Specimen: DocumentKind {
    /// The id of the document.
    const ID: &'static str;
    /// A stored document, as JSON.
    const TEXT: &'static str;
    /// Members with values that an author may give them, as JSON.
    const VALUES: &'static [(&'static str, &'static [&'static str])];

    /// The stored document.
    fn specimen() -> Self {
        read(Self::TEXT)
    }

    /// The id of the stored document.
    fn specimen_id() -> Self::Id {
        Self::ID.parse().unwrap_or_else(|_| bad("an id", Self::ID))
    }

    /// An edit that gives each of these members the value of that number; numbers count on from the first after the last.
    fn edit(members: &[(usize, usize)]) -> Edit<Self> {
        let members: Vec<(&str, &str)> = members.iter().filter_map(|chosen| value::<Self>(*chosen)).collect();
        Edit::default().with_all(&members)
    }

    /// A patch of the same members.
    fn patch(members: &[(usize, usize)]) -> Patch<Self> {
        Patch::from_document(Self::edit(members).document())
    }
}

fn value<K: Specimen>((member, number): (usize, usize)) -> Option<(&'static str, &'static str)> {
    let (name, values) = K::VALUES.get(member % K::VALUES.len().max(1))?;
    let value = values.get(number % values.len().max(1))?;
    Some((name, value))
}

fn read<K: DocumentKind>(text: &str) -> K {
    let document = text.parse().ok().and_then(|document| K::from_document(document).ok());
    document.unwrap_or_else(|| bad("a document", text))
}

#[expect(clippy::panic, reason = "a specimen is part of a test")]
fn bad<T>(what: &str, text: &str) -> T {
    panic!("the specimen is not {what}: {text}")
}

impl<K: DocumentKind> Edit<K> {
    fn with_all(&self, members: &[(&str, &str)]) -> Self {
        members.iter().fold(self.clone(), |edit, (name, value)| {
            edit.with_member(name, value).unwrap_or(edit)
        })
    }
}

impl Specimen for TriggerRule {
    const ID: &'static str = "r1";
    const TEXT: &'static str = r#"{"id": "r1", "ruleType": "conversation", "name": "before", "description": "d", "enabled": false,
        "weight": 1.50, "conditions": [{"type": "keyword", "field": "f", "operator": "contains", "value": "a"}],
        "actions": [{"type": "webhook", "url": "https://example.com", "x": {"a": 1}}]}"#;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[
        ("name", &["\"ours\"", "\"theirs\"", "\"others\""]),
        ("description", &["\"ours\"", "\"theirs\"", "\"others\""]),
        (
            "actions",
            &[
                r#"[{"type": "call"}]"#,
                r#"[{"type": "call", "x": 1}]"#,
                r#"[{"type": "webhook", "url": "https://example.org"}]"#,
            ],
        ),
    ];
}

impl Specimen for Copilot {
    const ID: &'static str = "1";
    const TEXT: &'static str = r#"{"assistant": "1", "selfUri": "/1", "liveOnQueue": true, "defaultLanguage": "de-DE", "newer": {"than": 1.50},
        "nluConfig": {"domain": {"id": "d", "useLatestVersion": true}, "intentConfidenceThreshold": 0.6000000238418579},
        "wrapupCodePredictionConfig": {"enabled": false},
        "ruleEngineConfig": {"rules": [
            {"id": "1", "enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["a"]}],
                "actions": [{"actionType": "ThirdPartyAction", "x": 1}]}, "participantRoles": ["Customer"]},
            {"enabled": true, "rule": {"conditions": [{"conditionType": "ConversationStart", "conditionValues": []}],
                "actions": [{"actionType": "KnowledgeArticle"}]}}],
            "fallback": {"enabled": true, "actions": [{"actionType": "KnowledgeSearch"}]}}}"#;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[
        (
            "ruleEngineConfig",
            &[
                r#"{"rules": [{"enabled": false, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["a"]}],
                    "actions": [{"actionType": "ThirdPartyAction"}]}, "participantRoles": ["Customer"]}]}"#,
                r#"{"rules": [
                    {"enabled": true, "rule": {"conditions": [{"conditionType": "ConversationStart", "conditionValues": []}],
                        "actions": [{"actionType": "KnowledgeArticle"}]}},
                    {"id": "1", "enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["b"]}],
                        "actions": [{"actionType": "ThirdPartyAction"}]}, "participantRoles": ["Customer"]}],
                    "fallback": {"enabled": false, "actions": []}}"#,
                r#"{"rules": [
                    {"enabled": true, "rule": {"conditions": [{"conditionType": "Sentiment", "conditionValues": ["low"]}],
                        "actions": [{"actionType": "ThirdPartyAction"}]}}]}"#,
            ],
        ),
        (
            "nluConfig",
            &[
                r#"{"domain": {"id": "d", "useLatestVersion": true}, "intentConfidenceThreshold": 0.7}"#,
                r#"{"domain": {"id": "e", "useLatestVersion": true}, "intentConfidenceThreshold": 0.6}"#,
                r#"{"domain": {"id": "d", "useLatestVersion": false, "version": {"id": "v"}}, "intentConfidenceThreshold": 0.6}"#,
            ],
        ),
        (
            "wrapupCodePredictionConfig",
            &[
                r#"{"enabled": true}"#,
                r#"{"enabled": true, "model": "a"}"#,
                r#"{"enabled": false, "model": "b"}"#,
            ],
        ),
    ];
}
