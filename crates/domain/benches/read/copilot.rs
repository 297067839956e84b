//! A Copilot of 100 rules with 100 conditions each: reading, checking, matching and merging it, beside what `serde_json` takes
//! to parse the same text into a value.

use std::fmt::Write;
use std::hint::black_box;

use assist_rules_domain::document::{CrossFieldMerge, Likeness, ListIdentity, merge};
use assist_rules_domain::json::Node;
use assist_rules_domain::{Copilot, DocumentKind, Patch, check};

use crate::turns::medians;

const RULES: usize = 100;
const CONDITIONS: usize = 100;
/// The rounds in which the ways take turns.
const ROUNDS: usize = 51;
/// At most so many times what `serde_json` takes.
const TARGET: f64 = 3.0;

/// A rule whose first intent has a name of its own.
fn rule(number: usize, first: &str) -> String {
    let mut conditions = String::new();
    for condition in 0..CONDITIONS {
        let (separator, intent) = match condition {
            0 => ("", first.to_owned()),
            _ => (",", format!("Intent_{number}_{condition}")),
        };
        let values = format!(r#"["{intent}"]"#);
        write!(
            conditions,
            r#"{separator}{{"conditionType":"Intent","conditionValues":{values}}}"#
        )
        .ok();
    }
    format!(
        r#"{{"enabled":true,"rule":{{"conditions":[{conditions}],"actions":[{{"actionType":"Script","attributes":{{
"scriptId":"5f0e8b1a-aaaa-4bbb-8ccc-{number:012}","pageId":"5f0e8b1a-aaaa-4bbb-8ccc-000000000005"}}}}]}},
"participantRoles":["Customer"]}}"#
    )
}

/// A document of the live shape with these rules: no rule has an id.
fn document(rules: &[String]) -> String {
    format!(
        r#"{{"enabled":true,"liveOnQueue":true,"defaultLanguage":"de-DE","nluEngineType":"NluV3",
"nluConfig":{{"domain":{{"id":"d1","useLatestVersion":true}},"intentConfidenceThreshold":0.6000000238418579}},
"ruleEngineConfig":{{"rules":[{}],"fallback":{{"enabled":true,"actions":[{{"actionType":"KnowledgeSearch"}}]}}}},
"voiceTranscriptionConfig":{{"engine":"GenesysExtended"}}}}"#,
        rules.join(",")
    )
}

/// The same rules with one that says something else, or with two that changed places.
struct Sides {
    base: Copilot,
    ours: Copilot,
    theirs: Copilot,
}

fn sides(rules: &[String]) -> Option<Sides> {
    let (mut ours, mut theirs) = (rules.to_vec(), rules.to_vec());
    ours.splice(7..8, [rule(7, "Another_intent")]);
    theirs.swap(20, 60);
    theirs.splice(90..91, [rule(90, "Yet_another_intent")]);
    let [base, ours, theirs] = [rules, &ours, &theirs].map(|rules| document(rules).parse().ok());
    Some(Sides {
        base: base?,
        ours: ours?,
        theirs: theirs?,
    })
}

/// The identity of the rules, as their kind has it.
fn likeness() -> Option<Likeness> {
    let lists = Copilot::MEMBERS.iter().find_map(|member| member.nested)?;
    lists.iter().find_map(|list| match list.identity {
        ListIdentity::Like(likeness) => Some(likeness),
        ListIdentity::Whole | ListIdentity::Id(_) | ListIdentity::Content => None,
    })
}

/// Prints each way as a ratio, and all of them together.
pub(crate) fn print_ratios() {
    let rules: Vec<String> = (0..RULES)
        .map(|number| rule(number, &format!("Intent_{number}")))
        .collect();
    let text = document(&rules);
    let (Some(Sides { base, ours, theirs }), Some(likeness)) = (sides(&rules), likeness()) else {
        println!("Copilot: not measured");
        return;
    };
    let patch = Patch::between(&base, &ours);
    let [old, new]: [Vec<Node<'_>>; 2] = [&base, &theirs].map(|copilot| copilot.rules().collect());
    let merged = || merge(&base, &patch, &theirs, CrossFieldMerge::Refuse);
    let has_no_collision = merged().is_ok_and(|merged| merged.collisions.is_empty());
    println!(
        "Copilot of {RULES} rules with {CONDITIONS} conditions each: {} bytes",
        text.len()
    );
    println!("it merges without a collision: {has_no_collision}");
    let [value, read, checked, matched, merged] = medians(
        ROUNDS,
        [
            &|| drop(black_box(serde_json::from_str::<serde_json::Value>(black_box(&text)))),
            &|| drop(black_box(black_box(&text).parse::<Copilot>())),
            &|| drop(black_box(check(black_box(&base), None))),
            &|| drop(black_box(likeness.match_elements(black_box(&old), &new))),
            &|| drop(black_box(merged())),
        ],
    );
    println!("serde_json to a value: {:.2} ms", value * 1e3);
    let all = read + checked + matched + merged;
    for (name, time) in [
        ("read", read),
        ("check", checked),
        ("match", matched),
        ("merge", merged),
        ("read + check + match + merge", all),
    ] {
        let ratio = time / value;
        let result = if ratio <= TARGET { "met" } else { "MISSED" };
        println!("{name} / serde_json: {ratio:.2} (target: at most {TARGET}; {result})");
    }
}
