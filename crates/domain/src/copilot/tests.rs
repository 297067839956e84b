//! Faults and lints of Copilot documents, and edits of the live shape.

mod rule_laws;

use super::*;
use crate::document::{CrossFieldMerge, Edit, check, document_diff, merge};

/// A document of the live shape: ids on no rule, members that no published model has, numbers as float32 gives them back.
const LIVE: &str = r#"{"enabled": true, "liveOnQueue": true, "defaultLanguage": "de-DE",
  "summaryGenerationConfig": {"enabled": true, "retentionSeconds": 864000},
  "nluEngineType": "NluV3",
  "nluConfig": {"domain": {"id": "d1", "useLatestVersion": true, "selfUri": "/api/v2/languageunderstanding/domains/d1"},
    "intentConfidenceThreshold": 0.6000000238418579},
  "ruleEngineConfig": {
    "rules": [
      {"enabled": true, "rule": {"conditions": [{"conditionType": "ConversationStart", "conditionValues": []}],
        "actions": [{"actionType": "CannedResponse", "attributes": {"responseId": "r1", "libraryId": "l1"}}]}},
      {"enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["Billing_Dispute"]}],
        "actions": [{"actionType": "ThirdPartyAction"}, {"actionType": "Script", "attributes": {"scriptId": "s1", "pageId": "p1"}}]},
       "participantRoles": ["Customer"]}],
    "fallback": {"enabled": true, "actions": [{"actionType": "KnowledgeSearch"}], "participantRoles": ["Customer"]}},
  "voiceTranscriptionConfig": {"engine": "GenesysExtended"},
  "queryProcessingConfig": {"knowledgeQueryProcessing": "ClassificationAndReformulation"},
  "selfUri": "/api/v2/assistants/a1/copilot"}"#;

fn live() -> Copilot {
    LIVE.parse().unwrap()
}

fn edit(text: &str) -> Edit<Copilot> {
    Edit::new(text.parse().unwrap()).unwrap()
}

fn applied(text: &str, stored: &Copilot) -> Copilot {
    edit(text).resolve(stored).unwrap().apply(stored).unwrap()
}

/// The lines of a diff: each place, and what it was before and is after.
fn lines(before: &Copilot, after: &Copilot) -> Vec<String> {
    let side = |side: &Option<Document>| side.as_ref().map_or("-".to_owned(), Document::compact);
    document_diff(before, after)
        .iter()
        .map(|found| {
            let difference = &found.difference;
            if let Some(from) = &found.from {
                format!("{} from {from}", difference.pointer)
            } else {
                format!(
                    "{} {} {}",
                    difference.pointer,
                    side(&difference.before),
                    side(&difference.after)
                )
            }
        })
        .collect()
}

fn codes(copilot: &Copilot, stored: Option<&Copilot>) -> Vec<String> {
    let findings = check(copilot, stored).into_vec();
    findings
        .iter()
        .map(|found| format!("{} {}", found.code, found.pointer))
        .collect()
}

#[test]
fn a_live_document_is_sound_and_changes_in_what_is_named_alone() {
    let stored = live();
    assert_eq!(codes(&stored, None), [""; 0]);
    let after = applied(
        r#"{"liveOnQueue": false, "nluConfig": {"intentConfidenceThreshold": 0.7}}"#,
        &stored,
    );
    assert_eq!(
        lines(&stored, &after),
        [
            "/liveOnQueue true false",
            "/nluConfig/intentConfidenceThreshold 0.6 0.7"
        ]
    );
    for member in ["voiceTranscriptionConfig", "queryProcessingConfig", "ruleEngineConfig"] {
        assert_eq!(
            after.member(member).map(Node::raw),
            stored.member(member).map(Node::raw)
        );
    }
}

/// FIELD P1.
#[test]
fn a_fraction_that_is_the_same_float32_is_no_change() {
    let stored = live();
    for (threshold, expected) in [
        ("0.6", &[][..]),
        ("0.60000002384", &[]),
        ("0.61", &["/nluConfig/intentConfidenceThreshold 0.6 0.61"]),
    ] {
        let text = format!(r#"{{"nluConfig": {{"intentConfidenceThreshold": {threshold}}}}}"#);
        assert_eq!(lines(&stored, &applied(&text, &stored)), expected, "{threshold}");
    }
}

#[test]
fn a_rule_is_known_again_by_what_it_says_and_keeps_what_its_author_left_out() {
    let stored = live();
    let intents = |values: &str| {
        format!(
            r#"{{"ruleEngineConfig": {{"rules": [
            {{"rule": {{"conditions": [{{"conditionType": "Intent", "conditionValues": {values}}}],
                "actions": [{{"actionType": "ThirdPartyAction"}}, {{"actionType": "Script", "attributes": {{"scriptId": "s1", "pageId": "p1"}}}}]}}}},
            {{"rule": {{"conditions": [{{"conditionType": "ConversationStart", "conditionValues": []}}],
                "actions": [{{"actionType": "CannedResponse", "attributes": {{"responseId": "r1", "libraryId": "l1"}}}}]}}}}]}}}}"#
        )
    };
    let after = applied(&intents(r#"["Billing_Dispute", "Refund"]"#), &stored);
    assert_eq!(
        codes(&after, Some(&stored)),
        [""; 0],
        "switches and roles are the stored ones"
    );
    assert_eq!(
        lines(&stored, &after),
        [
            "/ruleEngineConfig/rules/0/rule/conditions/0/conditionValues/1 - \"Refund\"",
            "/ruleEngineConfig/rules/1 from /ruleEngineConfig/rules/0",
        ]
    );
}

/// FIELD P2, and the merge of the design.
#[test]
fn disjoint_edits_of_rules_merge_and_an_id_always_stays() {
    let base = applied(
        r#"{"ruleEngineConfig": {"rules": [
            {"id": "7", "enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["A"]}],
                "actions": [{"actionType": "ThirdPartyAction"}]}},
            {"enabled": true, "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["B"]}],
                "actions": [{"actionType": "KnowledgeArticle", "attributes": {"documentId": "k"}}]}}]}}"#,
        &live(),
    );
    let base: Copilot = base.document().text().parse().unwrap();
    let replaced = |from: &str, to: &str| -> Copilot { base.document().text().replacen(from, to, 1).parse().unwrap() };
    let patch = crate::Patch::between(&base, &replaced(r#"["A"]"#, r#"["A","C"]"#));
    for (theirs, is_merged) in [
        (replaced(r#"["B"]"#, r#"["B","D"]"#), true),
        (
            replaced(r#""id": "7", "enabled": true"#, r#""id": "7", "enabled": false"#),
            true,
        ),
        (replaced(r#""liveOnQueue": true"#, r#""liveOnQueue": false"#), true),
        (replaced(r#"["A"]"#, r#"["E"]"#), false),
        (
            replaced(
                r#"{"conditionType": "Intent", "conditionValues": ["A"]}"#,
                r#"{"conditionType": "ConversationEnd", "conditionValues": []}"#,
            ),
            false,
        ),
    ] {
        let merged = merge(&base, &patch, &theirs, CrossFieldMerge::Refuse).unwrap();
        assert_eq!(merged.collisions.is_empty(), is_merged, "{:?}", merged.collisions);
        if is_merged {
            let ours = lines(&theirs, &merged.document);
            assert_eq!(
                ours,
                ["/ruleEngineConfig/rules/0/rule/conditions/0/conditionValues/1 - \"C\""]
            );
            let id = merged.document.rules().next().and_then(|rule| rule.get("id"));
            assert_eq!(id.and_then(Node::as_str), Some("7"));
        }
    }
}

#[test]
fn each_fault_and_each_lint_is_named_by_its_place() {
    let rules = "/ruleEngineConfig/rules";
    let with = |from: &str, to: &str| -> Copilot {
        assert!(LIVE.contains(from), "{from}");
        LIVE.replacen(from, to, 1).parse().unwrap()
    };
    let condition = r#"{"conditionType": "Intent", "conditionValues": ["Billing_Dispute"]}"#;
    let many = vec![condition; 101].join(",");
    for (changed, expected) in [
        (
            with(r#""liveOnQueue": true, "#, ""),
            vec!["AR0105 /liveOnQueue".to_owned()],
        ),
        (
            with("0.6000000238418579", "1.0"),
            vec!["AR0117 /nluConfig/intentConfidenceThreshold".to_owned()],
        ),
        (
            with("0.6000000238418579", "\"0.6\""),
            vec!["AR0108 /nluConfig/intentConfidenceThreshold".to_owned()],
        ),
        (
            with(&format!("[{condition}]"), "[]"),
            vec![format!("AR0115 {rules}/1/rule/conditions")],
        ),
        (
            with(condition, &many),
            vec![format!("AR0115 {rules}/1/rule/conditions")],
        ),
        (
            with(r#""responseId": "r1""#, r#""responseId": 7"#),
            vec![format!("AR0108 {rules}/0/rule/actions/0/attributes/responseId")],
        ),
        (
            with(r#""responseId": "r1", "#, ""),
            vec![format!("AR0224 {rules}/0/rule/actions/0/attributes/responseId")],
        ),
        (
            with("\"Intent\"", "\"Intend\""),
            vec![format!("AR0222 {rules}/1/rule/conditions/0/conditionType")],
        ),
        (
            with("\"ThirdPartyAction\"", "\"Weather\""),
            vec![format!("AR0222 {rules}/1/rule/actions/0/actionType")],
        ),
        (with("NluV3", "NluV4"), vec!["AR0222 /nluEngineType".to_owned()]),
        (
            with("KnowledgeSearch", "Checklist"),
            vec![
                "AR0223 /ruleEngineConfig/fallback/actions/0/actionType".to_owned(),
                "AR0224 /ruleEngineConfig/fallback/actions/0/attributes/checklistId".to_owned(),
            ],
        ),
        (
            with(r#"["Billing_Dispute"]"#, "[]"),
            vec![format!("AR0225 {rules}/1/rule/conditions/0/conditionValues")],
        ),
    ] {
        assert_eq!(codes(&changed, None), expected);
    }
}

/// Conditions are joined by OR: their order and their number do not matter, and the participants do.
#[test]
fn two_rules_are_the_same_only_for_the_same_participants() {
    let rule = |values: [&str; 2], roles: &str| {
        let conditions =
            values.map(|value| format!(r#"{{"conditionType": "Intent", "conditionValues": ["{value}"]}}"#));
        format!(
            r#"{{"enabled": false, "rule": {{"conditions": [{}], "actions": [{{"actionType": "ThirdPartyAction"}}]}},
            "participantRoles": [{roles}]}}"#,
            conditions.join(",")
        )
    };
    let document = |second: String| -> Copilot {
        let first = rule(["A", "B"], "\"Customer\"");
        format!(
            r#"{{"liveOnQueue": true, "defaultLanguage": "en-US", "ruleEngineConfig": {{"rules": [{first}, {second}]}}}}"#
        )
        .parse()
        .unwrap()
    };
    for (second, is_same) in [
        (rule(["B", "A"], "\"Customer\""), true),
        (rule(["B", "A"], "\"Agent\""), false),
        (rule(["B", "C"], "\"Customer\""), false),
    ] {
        let codes = codes(&document(second), None);
        assert_eq!(codes.contains(&"AR0226 /ruleEngineConfig/rules/1".to_owned()), is_same);
        assert!(codes.contains(&"AR0227 /ruleEngineConfig/rules".to_owned()));
    }
}

#[test]
fn what_only_the_server_sets_and_the_language_stay() {
    let stored = live();
    for (text, expected) in [
        (r#"{"defaultLanguage": "en-US"}"#, "AR0118 /defaultLanguage"),
        (r#"{"enabled": false, "liveOnQueue": true}"#, "AR0119 /enabled"),
        (r#"{"selfUri": "/elsewhere", "liveOnQueue": true}"#, "AR0119 /selfUri"),
        (r#"{"liveOnLine": true}"#, "AR0109 /liveOnLine"),
        (
            r#"{"ruleEngineConfig": {"fallbak": {}}}"#,
            "AR0109 /ruleEngineConfig/fallbak",
        ),
        (r#"{"defaultLanguage": null}"#, "AR0108 /defaultLanguage"),
    ] {
        let findings = edit(text).resolve(&stored).map(|_| ()).unwrap_err().into_vec();
        let found: Vec<String> = findings
            .iter()
            .map(|found| format!("{} {}", found.code, found.pointer))
            .collect();
        assert!(found.contains(&expected.to_owned()), "{text} {found:?}");
    }
    let same = r#"{"enabled": true, "selfUri": "/api/v2/assistants/a1/copilot", "defaultLanguage": "de-DE", "liveOnQueue": true}"#;
    assert_eq!(lines(&stored, &applied(same, &stored)), [""; 0]);
}

#[test]
fn what_is_null_goes_and_what_is_left_out_stays() {
    let stored = live();
    let after = applied(
        r#"{"voiceTranscriptionConfig": null, "nluConfig": {"domain": {"useLatestVersion": true}},
            "ruleEngineConfig": {"fallback": {"participantRoles": null}}}"#,
        &stored,
    );
    assert_eq!(
        lines(&stored, &after),
        [
            "/ruleEngineConfig/fallback/participantRoles [\"Customer\"] -",
            "/voiceTranscriptionConfig {\"engine\":\"GenesysExtended\"} -",
        ]
    );
}

/// A document that breaks a limit already can still be changed elsewhere.
#[test]
fn a_fault_that_is_stored_is_a_warning_where_the_change_does_not_touch_it() {
    let stored: Copilot = LIVE
        .replacen("0.6000000238418579", "1", 1)
        .replacen(
            r#"[{"conditionType": "ConversationStart", "conditionValues": []}]"#,
            "[]",
            1,
        )
        .parse()
        .unwrap();
    let errors = |after: &Copilot| {
        let findings = check(after, Some(&stored)).into_vec();
        let errors = findings
            .into_iter()
            .filter(|found| found.severity == crate::Severity::Error);
        errors.map(|found| found.pointer.to_string()).collect::<Vec<_>>()
    };
    for (text, expected) in [
        (r#"{"liveOnQueue": false}"#, &[][..]),
        (r#"{"nluConfig": {"domain": {"useLatestVersion": false}}}"#, &[]),
        (
            r#"{"nluConfig": {"intentConfidenceThreshold": 2}}"#,
            &["/nluConfig/intentConfidenceThreshold"],
        ),
        (r#"{"ruleEngineConfig": {"fallback": {"enabled": false}}}"#, &[]),
    ] {
        assert_eq!(errors(&applied(text, &stored)), expected, "{text}");
    }
    let moved = {
        let rules: Vec<&str> = stored.rules().map(Node::raw).collect();
        let first = rules[0].replace("\"enabled\": true", "\"enabled\": false");
        applied(
            &format!(r#"{{"ruleEngineConfig": {{"rules": [{}, {first}]}}}}"#, rules[1]),
            &stored,
        )
    };
    assert_eq!(errors(&moved), [""; 0], "{:?}", lines(&stored, &moved));
}

/// A file that is pulled over says what is stored, has what it had, and keeps its author's notes.
#[test]
fn a_file_that_follows_keeps_its_notes_and_gets_no_member_that_it_left_out() {
    let stored = live();
    let file: Document = r#"{"x-owner": "ops", "nluConfig": {"x-why": "legal", "intentConfidenceThreshold": 0.7},
        "ruleEngineConfig": {"rules": [
            {"x-note": "mine", "rule": {"conditions": [{"conditionType": "Intent", "conditionValues": ["Billing_Dispute", "Old"]}],
                "actions": [{"actionType": "ThirdPartyAction"}, {"actionType": "Script", "attributes": {"scriptId": "s1", "pageId": "p1"}}]}}]}}"#
        .parse()
        .unwrap();
    let followed = crate::document::follow(&file, &stored).unwrap();
    let again = Edit::<Copilot>::new(followed.clone()).unwrap();
    assert_eq!(
        lines(&stored, &again.resolve(&stored).unwrap().apply(&stored).unwrap()),
        [""; 0]
    );
    let at = |pointer: &str| followed.resolve(&pointer.parse().unwrap()).map(Node::compact);
    assert_eq!(
        at("/nluConfig"),
        Some(r#"{"x-why":"legal","intentConfidenceThreshold":0.6000000238418579}"#.to_owned())
    );
    assert_eq!(at("/ruleEngineConfig/rules/1/x-note"), Some("\"mine\"".to_owned()));
    assert_eq!(at("/ruleEngineConfig/rules/1/enabled"), None);
    assert_eq!(at("/ruleEngineConfig/fallback"), None);
    assert_eq!(
        crate::document::follow(&followed, &stored).unwrap().text(),
        followed.text()
    );
}

#[test]
fn one_rule_is_named_by_its_id_or_its_hash_and_switched_alone() {
    let stored: Copilot = LIVE
        .replacen(
            r#"{"enabled": true, "rule": {"conditions": [{"conditionType": "ConversationStart""#,
            r#"{"id": "7", "enabled": true, "rule": {"conditions": [{"conditionType": "ConversationStart""#,
            1,
        )
        .parse()
        .unwrap();
    let hashes: Vec<String> = stored.rules().map(|rule| rule_hash(rule).digits()).collect();
    assert_ne!(hashes[0], hashes[1]);
    assert_eq!(stored.find_rule("7"), Ok(0));
    let digits = |count: usize| -> String { hashes[1].chars().take(count).collect() };
    assert_eq!(stored.find_rule(&digits(8).to_uppercase()), Ok(1));
    assert!(stored.find_rule(&digits(7)).is_err(), "too short to be sure");
    let off = stored.with_rule_switched(1, false).unwrap();
    assert_eq!(lines(&stored, &off), ["/ruleEngineConfig/rules/1/enabled true false"]);
    assert_eq!(rule_hash(off.rules().nth(1).unwrap()).digits(), hashes[1]);
}
