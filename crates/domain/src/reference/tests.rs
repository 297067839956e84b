//! The places of ids in documents, and the laws of names in their stead.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;

use super::reference_text::PortableText;
use super::*;
use crate::{Copilot, TriggerRule, testing};

const FIXTURE: &str = r#"{
  "assistant": "a1",
  "selfUri": "/api/v2/assistants/a1/copilot",
  "nluConfig": {
    "domain": {"id": "d1", "useLatestVersion": false, "version": {"id": "v1"}, "selfUri": "/x"},
    "intentConfidenceThreshold": 0.60
  },
  "ruleEngineConfig": {
    "rules": [
      {"id": "r1", "enabled": true, "rule": {
        "conditions": [{"conditionType": "Intent", "conditionValues": ["Refund", "Billing"]},
          {"conditionType": "Sentiment", "conditionValues": ["Low"]}],
        "actions": [
          {"actionType": "CannedResponse", "attributes": {"responseId": "g", "libraryId": "l"}},
          {"actionType": "Checklist", "attributes": {"checklistId": "c"}},
          {"actionType": "KnowledgeArticle", "attributes": {"knowledgeBaseId": "k", "documentId": "kd"}},
          {"actionType": "New", "attributes": {"hint": "5f0e8b1a-aaaa-4bbb-8ccc-000000000001", "tone": "warm", "queueId": "q"}}]}}
    ],
    "fallback": {"enabled": true, "actions": [{"actionType": "Script", "attributes": {"scriptId": "s", "pageId": "p"}}]}
  },
  "newerConfig": {"x-note": {"id": "n"}, "promptIds": ["p1", "p2"], "model": {"id": 7}}
}"#;

fn parsed(text: &str) -> Document {
    text.parse().unwrap()
}

fn shown(found: &[Reference]) -> Vec<String> {
    let shown = |found: &Reference| {
        let within = found.within.as_deref().map(|within| format!(" in {within}"));
        format!("{} {}{}", found.kind, found.id, within.unwrap_or_default())
    };
    found.iter().map(shown).collect()
}

#[test]
fn a_copilot_refers_to_what_its_actions_show_and_to_its_domain() {
    let document = parsed(FIXTURE);
    assert_eq!(
        shown(&references::<Copilot>(&document)),
        [
            "assistant a1",
            "domain d1",
            "response g in l",
            "library l",
            "checklist c",
            "knowledge-base k",
            "document kd in k",
            "script s",
            "page p in s",
        ]
    );
    let (_, named) = intents::<Copilot>(&document);
    let named: Vec<(&str, &str)> = named.iter().map(|it| (it.name.as_str(), it.pointer.as_str())).collect();
    let values = "/ruleEngineConfig/rules/0/rule/conditions/0/conditionValues";
    assert_eq!(
        named,
        [
            ("Refund", &*format!("{values}/0")),
            ("Billing", &*format!("{values}/1"))
        ]
    );
}

#[test]
fn a_bare_domain_is_one_and_empty_ids_are_none() {
    let bare = parsed(r#"{"nluConfig": {"domain": "d1"}, "ruleEngineConfig": null}"#);
    assert_eq!(shown(&references::<Copilot>(&bare)), ["domain d1"]);
    let empty =
        r#"{"ruleEngineConfig": {"fallback": {"actions": [{"attributes": {"responseId": "", "libraryId": 5}}, 7]}}}"#;
    assert_eq!(references::<Copilot>(&parsed(empty)), []);
    for (domain, expected) in [
        (r#""d1""#, Some(("d1", None))),
        (
            r#"{"id": "d1", "useLatestVersion": true, "version": {"id": "v1"}}"#,
            Some(("d1", None)),
        ),
        (
            r#"{"id": "d1", "useLatestVersion": false, "version": {"id": "v1"}}"#,
            Some(("d1", Some("v1"))),
        ),
        (r#"{"id": "d1", "version": "v1"}"#, Some(("d1", Some("v1")))),
        (r#"{"id": ""}"#, None),
        ("null", None),
    ] {
        let document = parsed(&format!(r#"{{"nluConfig": {{"domain": {domain}}}}}"#));
        let (found, _) = intents::<Copilot>(&document);
        let found = found.as_ref().map(|it| (it.id.as_str(), it.version.as_deref()));
        assert_eq!(found, expected, "{domain}");
    }
}

#[test]
fn what_has_no_listing_is_named_by_its_place() {
    let shown = |found: Vec<UnlistedValue>| -> Vec<String> {
        let shown = |found: UnlistedValue| format!("{} {}", found.pointer, found.value);
        found.into_iter().map(shown).collect()
    };
    let attributes = "/ruleEngineConfig/rules/0/rule/actions/3/attributes";
    assert_eq!(
        shown(unlisted::<Copilot>(&parsed(FIXTURE))),
        [
            "/nluConfig/domain/version/id v1".to_owned(),
            format!("{attributes}/hint 5f0e8b1a-aaaa-4bbb-8ccc-000000000001"),
            format!("{attributes}/queueId q"),
            "/newerConfig/promptIds/0 p1".to_owned(),
            "/newerConfig/promptIds/1 p2".to_owned(),
            "/newerConfig/model/id 7".to_owned(),
        ]
    );
    let rule = r#"{"id": "r1", "etag": "7", "conditions": [{"id": "c1", "value": "5f0e8b1a-aaaa-4bbb-8ccc-000000000001"}],
        "actions": [{"id": "a1", "type": "display", "templateId": "t", "title": "@{hello}"}, {"type": "webhook", "url": "u"}]}"#;
    let rule = parsed(rule);
    assert_eq!(
        shown(unlisted::<TriggerRule>(&rule)),
        ["/actions/0/templateId t", "/actions/1/url u"]
    );
    assert_eq!(self::shown(&references::<TriggerRule>(&rule)), ["rule r1"]);
}

#[test]
fn names_take_the_place_of_ids_and_all_else_keeps_its_bytes() {
    let document = parsed(FIXTURE);
    let portable = portable::<Copilot>(&document, |it| (it.id != "c").then(|| format!("The {{{}}}", it.id))).unwrap();
    let expected = FIXTURE
        .replace(r#""a1""#, r#""@{assistant:The {a1\\}}""#)
        .replace(r#"{"id": "d1""#, r#"{"id": "@{domain:The {d1\\}}""#)
        .replace(r#""g""#, r#""@{response:The {g\\}}""#)
        .replace(r#""l""#, r#""@{library:The {l\\}}""#)
        .replace(r#""k""#, r#""@{knowledge-base:The {k\\}}""#)
        .replace(r#""kd""#, r#""@{document:The {kd\\}}""#)
        .replace(r#""s""#, r#""@{script:The {s\\}}""#)
        .replace(r#""p""#, r#""@{page:The {p\\}}""#)
        .replace(r#"{"id": "r1", "enabled""#, r#"{"enabled""#);
    assert_eq!(portable.document.text(), expected);
    assert_eq!(shown(&portable.nameless), ["checklist c"]);
    assert_eq!((portable.references.len(), portable.unlisted.len()), (8, 6));
    assert!(has_references::<Copilot>(&portable.document) && !has_references::<Copilot>(&document));
}

/// The script `A` with the page `P`, and the value `V`.
fn lookup(query: &ReferenceQuery) -> Result<String, &'static str> {
    match (&*query.text.to_string(), query.within.as_deref()) {
        ("@{script:A}", None) => Ok("s1".to_owned()),
        ("@{page:P}", Some("s1")) => Ok("p1".to_owned()),
        ("@{value:V}", None) => Ok("v1".to_owned()),
        _ => Err("not there"),
    }
}

fn attributes(text: &str) -> Document {
    parsed(&format!(
        r#"{{"ruleEngineConfig": {{"fallback": {{"actions": [{{"attributes": {text}}}]}}}}}}"#
    ))
}

#[test]
fn ids_take_the_place_of_names() {
    for (text, expected) in [
        (
            r#"{"pageId": "@{page:P}", "scriptId": "@{script:A}"}"#,
            r#"{"pageId": "p1", "scriptId": "s1"}"#,
        ),
        (
            r#"{"pageId": "@{page:P}", "scriptId": "s1"}"#,
            r#"{"pageId": "p1", "scriptId": "s1"}"#,
        ),
        (
            r#"{"scriptId": "@{value:V}", "hint": "@{value:V}"}"#,
            r#"{"scriptId": "v1", "hint": "v1"}"#,
        ),
        (
            r#"{"hint": "@@{value:V}", "scriptId": "\u0040@{x"}"#,
            r#"{"hint": "@{value:V}", "scriptId": "@{x"}"#,
        ),
        (
            r#"{"hint": "say @{value:V}", "tone": 5}"#,
            r#"{"hint": "say @{value:V}", "tone": 5}"#,
        ),
    ] {
        let resolved = resolve::<Copilot, _>(&attributes(text), lookup).unwrap();
        assert_eq!(resolved.document.text(), attributes(expected).text());
    }
    let resolved =
        resolve::<Copilot, _>(&attributes(r#"{"scriptId": "@{script:A}", "queueId": "q"}"#), lookup).unwrap();
    let at = "/ruleEngineConfig/fallback/actions/0/attributes";
    let [reference] = &*resolved.references else {
        panic!("{resolved:?}")
    };
    assert_eq!(
        (reference.pointer.as_str(), &*reference.text.to_string(), &*reference.id),
        (&*format!("{at}/scriptId"), "@{script:A}", "s1")
    );
    assert_eq!(resolved.unlisted[0].pointer.as_str(), format!("{at}/queueId"));
    // A text that is said in a conversation means itself.
    let rule =
        r#"{"id": "r1", "name": "@{x}", "conditions": [{"value": "@{hello}"}], "actions": [{"text": "@{script:A}"}]}"#;
    assert_eq!(
        resolve::<TriggerRule, _>(&parsed(rule), lookup)
            .unwrap()
            .document
            .text(),
        rule
    );
}

#[test]
fn every_text_that_becomes_no_id_is_told() {
    let text = r#"{"scriptId": "@{script:B}", "pageId": "@{page:P}", "checklistId": "@{script:A}", "hint": "@{script:A}",
        "libraryId": "@{library", "tone": "@{value:W}"}"#;
    let Err(ResolveError::Unresolved(unresolved)) = resolve::<Copilot, _>(&attributes(text), lookup) else {
        panic!("it has no ids");
    };
    let a = || ReferenceText::named(ReferenceKind::Script, "A");
    let expected = [
        (
            "scriptId",
            UnresolvedCause::Unknown(ReferenceText::named(ReferenceKind::Script, "B"), "not there"),
        ),
        (
            "pageId",
            UnresolvedCause::Within(ReferenceText::named(ReferenceKind::Page, "P")),
        ),
        (
            "checklistId",
            UnresolvedCause::OtherKind {
                expected: Some(ReferenceKind::Checklist),
                found: a(),
            },
        ),
        (
            "hint",
            UnresolvedCause::OtherKind {
                expected: None,
                found: a(),
            },
        ),
        ("libraryId", UnresolvedCause::Malformed(ParseReferenceError::Form)),
        (
            "tone",
            UnresolvedCause::Unknown(ReferenceText::Value("W".to_owned()), "not there"),
        ),
    ];
    for (found, (name, cause)) in unresolved.iter().zip(&expected) {
        assert!(found.pointer.as_str().ends_with(&format!("/{name}")), "{found:?}");
        assert_eq!(found.cause, *cause);
    }
    assert_eq!(unresolved.len(), expected.len());
}

#[test]
fn the_id_of_a_document_beside_it_is_resolved_as_one_in_it() {
    let kind = ReferenceKind::Script;
    assert_eq!(resolve_text("s9", kind, lookup), Ok(("s9".to_owned(), None)));
    let found = Some(ReferenceText::named(kind, "A"));
    assert_eq!(resolve_text("@{script:A}", kind, lookup), Ok(("s1".to_owned(), found)));
    assert!(resolve_text("@{page:A}", kind, lookup).is_err());
}

/// A value where an id may stand, as JSON.
fn value() -> impl Strategy<Value = String> {
    let odd = vec![
        r#""@{script:A}""#,
        r#""@@{""#,
        r#""\u0040{x}""#,
        r#""@{\ud800""#,
        r#""@""#,
        r#""""#,
        "null",
        "5",
        "1.50",
        "true",
        r#"{"id": "deep"}"#,
        r#"["a"]"#,
    ];
    prop_oneof![
        4 => (0..6_u32).prop_map(|number| format!("\"id{number}\"")),
        1 => (0..3_u32).prop_map(|number| format!("\"5f0e8b1a-aaaa-4bbb-8ccc-00000000000{number}\"")),
        2 => select(odd).prop_map(str::to_owned),
    ]
}

fn attribute_map() -> impl Strategy<Value = String> {
    let keys = vec![
        "responseId",
        "libraryId",
        "scriptId",
        "pageId",
        "checklistId",
        "knowledgeBaseId",
        "documentId",
        "hint",
        "queueId",
    ];
    prop::sample::subsequence(keys, 0..5)
        .prop_shuffle()
        .prop_flat_map(|keys| {
            let members: Vec<_> = keys
                .into_iter()
                .map(|key| value().prop_map(move |value| format!("\"{key}\" : {value}")))
                .collect();
            members.prop_map(|members| format!("{{ {} }}", members.join(", ")))
        })
}

/// A document with ids at any place.
fn copilot() -> impl Strategy<Value = Document> {
    let actions = || {
        prop::collection::vec(attribute_map(), 0..3).prop_map(|maps| {
            let actions: Vec<_> = maps.iter().map(|map| format!(r#"{{"attributes": {map}}}"#)).collect();
            actions.join(",")
        })
    };
    let rule = (actions(), value(), 0..4_u8).prop_map(|(actions, id, form)| {
        let body = format!(r#""rule": {{"conditions": [{{"conditionValues": ["@{{x}}"]}}], "actions": [{actions}]}}"#);
        match form {
            0 => format!(r#"{{"id": {id}, {body}}}"#),
            1 => format!(r#"{{"enabled": true, "id": {id} , {body}}}"#),
            2 => format!(r#"{{{body} ,"id": {id}}}"#),
            _ => format!("{{{body}}}"),
        }
    });
    let rules = prop::collection::vec(rule, 0..4).prop_map(|rules| rules.join(",\n"));
    (rules, actions(), value(), value(), value(), any::<bool>()).prop_map(|(rules, actions, domain, assistant, other, is_bare)| {
        let domain = if is_bare { domain } else { format!(r#"{{"id": {domain}, "version": {{"id": {other}}}}}"#) };
        parsed(&format!(
            r#"{{"assistant": {assistant}, "nluConfig": {{"domain": {domain}, "weight": 1.50}}, "new": {{"otherId": {other}}},
            "ruleEngineConfig": {{"rules": [{rules}], "fallback": {{"actions": [{actions}]}}}}}}"#
        ))
    })
}

type Key = (ReferenceKind, Option<String>);

/// The names of all that a document refers to, but for some that have none; no two things of a kind in one place share one.
fn names(document: &Document, odd: &str, nameless: usize) -> BTreeMap<Key, BTreeMap<String, String>> {
    let mut names: BTreeMap<Key, BTreeMap<String, String>> = BTreeMap::new();
    for (place, reference) in references::<Copilot>(document).into_iter().enumerate() {
        if place % 7 != nameless {
            let of_kind = names.entry((reference.kind, reference.within)).or_default();
            let name = format!("{odd}{}", of_kind.len());
            of_kind.entry(reference.id).or_insert(name);
        }
    }
    names
}

/// The document without the ids of its rules, by another way than the one that is tested.
fn without_own_ids(document: &Document) -> Document {
    let root = document.root();
    let rules = root
        .get("ruleEngineConfig")
        .and_then(|config| config.get("rules"))
        .unwrap();
    let rules: Vec<_> = rules
        .elements()
        .map(|rule| {
            Document::from_node(rule)
                .unwrap()
                .without_members(&["id"])
                .unwrap()
                .text()
                .to_owned()
        })
        .collect();
    let config = Document::from_node(root.get("ruleEngineConfig").unwrap()).unwrap();
    let config = config
        .with_members(&[("rules", &format!("[{}]", rules.join(",")))])
        .unwrap();
    document.with_members(&[("ruleEngineConfig", config.text())]).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// A document that is made portable and resolved in the same organization is what it was, but for the ids of rules.
    #[test]
    fn portable_and_resolved_is_what_it_was(document in copilot(), odd in testing::text(), mark in select(vec!["", "}", "\\", "@{", "\n🙂"]),
        nameless in 0..14_usize) {
        let names = names(&document, &format!("{mark}{odd}"), nameless);
        let name_of = |it: &Reference| names.get(&(it.kind, it.within.clone()))?.get(&it.id).cloned();
        let portable = portable::<Copilot>(&document, name_of).unwrap();

        for reference in &portable.nameless {
            prop_assert_eq!(name_of(reference), None);
        }
        for place in Copilot::reference_places(portable.document.root()).ids {
            let IdTarget::Listed { .. } = place.target else { continue };
            if let PortableText::Literal(literal) = PortableText::read(place.value.as_str().unwrap()) {
                let is_nameless = |it: &Reference| it.id == literal;
                let is_half = place.value.raw().contains("ud800");
                prop_assert!(literal.is_empty() || is_half || portable.nameless.iter().any(is_nameless), "{} is left", place.pointer);
            }
        }

        let lookup = |query: &ReferenceQuery| {
            let ReferenceText::Named { kind, name } = &query.text else { return Err(()) };
            let of_kind = names.get(&(*kind, query.within.clone())).ok_or(())?;
            of_kind.iter().find(|(_, its)| *its == name).map(|(id, _)| id.clone()).ok_or(())
        };
        let resolved = resolve::<Copilot, _>(&portable.document, lookup).unwrap();
        prop_assert_eq!(&resolved.document, &without_own_ids(&document));
        prop_assert_eq!(resolved.references, portable.references);
    }

    /// In another organization each place has an id of that one, and none that a listing of the first one knows.
    #[test]
    fn no_id_of_one_organization_reaches_another(document in copilot(), odd in testing::text()) {
        // Half a character is no part of an id that a listing has.
        let document = parsed(&document.text().replace("\\ud800", ""));
        let all_have_names = usize::MAX;
        let names = names(&document, &odd, all_have_names);
        let name_of = |it: &Reference| names.get(&(it.kind, it.within.clone()))?.get(&it.id).cloned();
        let portable = portable::<Copilot>(&document, name_of).unwrap();
        prop_assert!(portable.nameless.is_empty());

        let other = |id: &str| format!("{id}~");
        let lookup = |query: &ReferenceQuery| {
            let ReferenceText::Named { kind, name } = &query.text else { return Err(()) };
            let within = query.within.as_ref().map(|id| id.trim_end_matches('~').to_owned());
            let of_kind = names.get(&(*kind, within)).ok_or(())?;
            of_kind.iter().find(|(_, its)| *its == name).map(|(id, _)| other(id)).ok_or(())
        };
        let resolved = resolve::<Copilot, _>(&portable.document, lookup).unwrap();
        let of_the_other = references::<Copilot>(&document).into_iter().map(|it| Reference {
            id: other(&it.id),
            within: it.within.as_deref().map(other),
            ..it
        });
        prop_assert_eq!(references::<Copilot>(&resolved.document), of_the_other.collect::<Vec<_>>());
    }

    /// A document of any form is read, and one without names in it stays, byte for byte.
    #[test]
    fn any_document_is_taken(document in testing::json_document()) {
        let portable = portable::<Copilot>(&document, |_| None).unwrap();
        let Ok(resolved) = resolve::<Copilot, ()>(&portable.document, |_| Err(())) else {
            return Err(TestCaseError::fail("what is portable can be resolved"));
        };
        prop_assert_eq!(resolved.document.text(), document.text());
        let rule = super::portable::<TriggerRule>(&document, |_| None).unwrap();
        prop_assert!(resolve::<TriggerRule, ()>(&rule.document, |_| Err(())).is_ok());
    }
}
