//! Assistants, their Copilots and their variations.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::client::{Answer, Org, emulator};
use crate::{
    Client, CopilotSettings, Emulator, Fractions, GatewayEtag, HostedDocument, Kind, MemberOrder, Permission,
    SAMPLE_ASSISTANT_ID, SAMPLE_ASSISTANTS, SAMPLE_VARIATION_ID, ServerClock, Settings, Staleness, Writer,
};

const ASSISTANTS: &str = "/api/v2/assistants";

pub(super) fn copilot() -> HostedDocument {
    HostedDocument::Copilot {
        assistant: SAMPLE_ASSISTANT_ID.to_owned(),
    }
}

fn variation() -> HostedDocument {
    HostedDocument::Variation {
        assistant: SAMPLE_ASSISTANT_ID.to_owned(),
        variation: SAMPLE_VARIATION_ID.to_owned(),
    }
}

pub(super) async fn get(org: &Org, document: &HostedDocument) -> Answer {
    org.get_path(&document.path()).await
}

pub(super) async fn put(org: &Org, document: &HostedDocument, body: &Value) -> Answer {
    put_with(org, document, body, &[]).await
}

async fn put_with(org: &Org, document: &HostedDocument, body: &Value, headers: &[(&str, &str)]) -> Answer {
    let json = ("Content-Type", "application/json");
    let headers: Vec<_> = headers.iter().copied().chain([json]).collect();
    let body = body.to_string();
    org.api("PUT", &document.path(), &headers, body.as_bytes())
        .await
        .unwrap()
}

async fn under(copilot: CopilotSettings) -> Org {
    Org::of(emulator(Settings {
        copilot,
        ..Settings::default()
    }))
    .await
}

fn threshold(answer: &Answer) -> Value {
    answer.json()["nluConfig"]["intentConfidenceThreshold"].clone()
}

fn names(page: &Value) -> Vec<&str> {
    let entities = page["entities"].as_array().unwrap();
    entities.iter().map(|entity| entity["name"].as_str().unwrap()).collect()
}

/// Assistants without a Copilot, in each of the forms that were seen.
fn without_copilot() -> [Value; 4] {
    [
        json!({"id": "absent", "name": "Absent"}),
        json!({"id": "null", "name": "Null", "copilot": null}),
        json!({"id": "empty", "name": "Empty", "copilot": {}}),
        json!({"id": "bare", "name": "Bare", "copilot": {"liveOnQueue": true, "defaultLanguage": "de-DE"}}),
    ]
}

#[tokio::test]
async fn a_copilot_is_served_as_it_was_made() {
    let org = Org::sample().await;
    let answer = get(&org, &copilot()).await;
    let sample: Value = serde_json::from_str(SAMPLE_ASSISTANTS).unwrap();
    let made = &sample["assistants"][0]["assistant"]["copilot"];
    assert_eq!((answer.status, answer.json().to_string()), (200, made.to_string()));
    assert_eq!(answer.header("etag"), None);
    for name in ["inin-correlation-id", "date", "inin-ratelimit-count"] {
        assert!(answer.headers.contains_key(name), "{name}");
    }
    assert_eq!(org.emulator.hosted_document(&copilot()), Some(answer.json()));
}

#[tokio::test]
async fn a_put_replaces_the_document_and_keeps_what_it_does_not_know() {
    let org = Org::sample().await;
    let mut document = get(&org, &copilot()).await.json();
    document["stranger"] = json!({"b": 1, "a": [null]});
    document["ruleEngineConfig"]["rules"][0]["rule"]["conditions"][0]["conditionType"] = "Weather".into();
    document.as_object_mut().unwrap().shift_remove("autoSearchConfig");
    let mut sent = document.clone();
    sent["enabled"] = false.into();
    sent["selfUri"] = "/elsewhere".into();
    let answer = put(&org, &copilot(), &sent).await;
    assert_eq!((answer.status, answer.json().to_string()), (200, document.to_string()));
    assert_eq!(get(&org, &copilot()).await.body, answer.body);
    let assistant = org.emulator.assistant(SAMPLE_ASSISTANT_ID).unwrap();
    assert_eq!(
        (&assistant["name"], &assistant["copilot"]),
        (&json!("Billing"), &document)
    );
}

#[tokio::test]
async fn there_is_no_lock() {
    let org = Org::sample().await;
    let ours = get(&org, &copilot()).await.json();
    org.emulator
        .edit_document(&copilot(), |document| document["liveOnQueue"] = false.into())
        .unwrap();
    let answer = put_with(&org, &copilot(), &ours, &[("If-Match", "\"anything\"")]).await;
    assert_eq!((answer.status, answer.json()), (200, ours));
}

#[tokio::test]
async fn a_gateway_may_tag_and_may_check() {
    for (etag, tagged, status) in [
        (GatewayEtag::Absent, false, 200),
        (GatewayEtag::Unchecked, true, 200),
        (GatewayEtag::Checked, true, 412),
    ] {
        let org = under(CopilotSettings {
            etag,
            member_order: MemberOrder::Rotated,
            ..CopilotSettings::default()
        })
        .await;
        let read = get(&org, &copilot()).await;
        let tag = read.header("etag").map(str::to_owned);
        assert_eq!(tag.is_some(), tagged, "{etag:?}");
        assert_eq!(get(&org, &copilot()).await.header("etag"), tag.as_deref());
        let mut document = read.json();
        document["liveOnQueue"] = false.into();
        let current = tag.unwrap_or_default();
        let written = put_with(&org, &copilot(), &document, &[("If-Match", &*current)]).await;
        assert_eq!(written.status, 200, "{etag:?}");
        assert_ne!(written.header("etag"), Some(&*current));
        let late = put_with(&org, &copilot(), &document, &[("If-Match", &*current)]).await;
        assert_eq!(late.status, status, "{etag:?}");
        assert_eq!(put(&org, &copilot(), &document).await.status, 200, "{etag:?}");
    }
}

#[tokio::test]
async fn a_document_that_may_not_be_written_is_refused_with_details() {
    let org = Org::sample().await;
    let stored = org.emulator.hosted_document(&copilot());
    let mut document = stored.clone().unwrap();
    document["defaultLanguage"] = "en-US".into();
    document["ruleEngineConfig"]["rules"][1]["rule"]["actions"] = json!([]);
    document.as_object_mut().unwrap().shift_remove("liveOnQueue");
    let answer = put(&org, &copilot(), &document).await;
    assert_eq!(answer.refusal(), (400, "missing.field".to_owned()));
    let error = answer.json();
    assert_eq!(error["message"], "liveOnQueue is required.");
    assert_eq!(
        error["details"],
        json!([
            {"errorCode": "missing.field", "fieldName": "liveOnQueue"},
            {"errorCode": "immutable.field", "fieldName": "defaultLanguage"},
            {"errorCode": "invalid.size", "fieldName": "ruleEngineConfig.rules[1].rule.actions"},
        ])
    );
    assert_eq!(
        put(&org, &copilot(), &json!([])).await.refusal(),
        (400, "invalid.json".to_owned())
    );
    assert_eq!(org.emulator.hosted_document(&copilot()), stored);
    assert_eq!(org.emulator.copilot_writes(), []);
}

#[tokio::test]
async fn assistants_come_by_cursor_and_without_their_copilots() {
    let emulator = Emulator::sample();
    for assistant in without_copilot() {
        emulator.put_assistant(assistant).unwrap();
    }
    let org = Org::of(emulator).await;
    let mut found = Vec::new();
    let mut next = Some(format!("{ASSISTANTS}?pageSize=3&expand=copilot"));
    while let Some(uri) = next {
        let page = org.get_path(&uri).await.json();
        assert_eq!(page.get("total"), None);
        found.extend(page["entities"].as_array().unwrap().clone());
        next = page.get("nextUri").map(|uri| uri.as_str().unwrap().to_owned());
        assert!(
            next.as_ref()
                .is_none_or(|uri| uri.contains("expand=copilot") && uri.starts_with(ASSISTANTS))
        );
    }
    let ids: Vec<_> = found
        .iter()
        .map(|assistant| assistant["id"].as_str().unwrap())
        .collect();
    assert_eq!((ids.len(), ids[0], ids[6]), (7, SAMPLE_ASSISTANT_ID, "bare"));
    for (assistant, made) in found.iter().skip(3).zip(without_copilot()) {
        assert_eq!(*assistant, made);
    }
    assert_eq!(found[0]["copilot"], org.emulator.hosted_document(&copilot()).unwrap());

    let plain = org.get_path(ASSISTANTS).await.json();
    let entities = plain["entities"].as_array().unwrap();
    assert!(entities.iter().all(|assistant| assistant.get("copilot").is_none()));
    assert!(entities[0].get("transcriptionConfig").is_some() && entities[0].get("knowledgeSuggestionConfig").is_some());
    assert_eq!(plain.get("nextUri"), None);
    for query in ["pageSize=201", "pageSize=0", "after=x"] {
        assert_eq!(
            org.get_path(&format!("{ASSISTANTS}?{query}")).await.status,
            400,
            "{query}"
        );
    }
    assert_eq!(org.get_path(&format!("{ASSISTANTS}?pageSize=200")).await.status, 200);
}

#[tokio::test]
async fn a_name_is_matched_in_part_and_in_any_case() {
    let org = Org::sample().await;
    org.emulator
        .put_assistant(json!({"id": "a", "name": "Sales (old)"}))
        .unwrap();
    for (name, expected) in [
        ("sales", &["Sales", "Sales (old)"][..]),
        ("ILLIN", &["Billing"]),
        ("none", &[]),
    ] {
        let page = org.get_path(&format!("{ASSISTANTS}?name={name}")).await.json();
        assert_eq!(names(&page), expected, "{name}");
    }
}

#[tokio::test]
async fn the_next_page_may_be_said_to_be_elsewhere() {
    let org = under(CopilotSettings {
        next_uri_base: "https://elsewhere.example".to_owned(),
        ..CopilotSettings::default()
    })
    .await;
    let page = org.get_path(&format!("{ASSISTANTS}?pageSize=1")).await.json();
    let next = page["nextUri"].as_str().unwrap();
    assert!(
        next.starts_with("https://elsewhere.example/api/v2/assistants?pageSize=1&after="),
        "{next}"
    );
}

#[tokio::test]
async fn an_assistant_without_a_copilot_gets_one_by_a_put() {
    let org = Org::sample().await;
    let made = json!({"liveOnQueue": false, "defaultLanguage": "de-DE"});
    for assistant in without_copilot() {
        let id = assistant["id"].as_str().unwrap().to_owned();
        org.emulator.put_assistant(assistant.clone()).unwrap();
        let path = format!("{ASSISTANTS}/{id}");
        assert_eq!(org.get_path(&path).await.json().get("copilot"), None);
        let expanded = org.get_path(&format!("{path}?expand=copilot")).await.json();
        assert_eq!(expanded, assistant);
        let at = HostedDocument::Copilot { assistant: id.clone() };
        let has_one = assistant.get("copilot").is_some_and(|copilot| !copilot.is_null());
        let read = get(&org, &at).await;
        assert_eq!(read.status, if has_one { 200 } else { 404 }, "{id}");
        let written = put(&org, &at, &made).await;
        assert_eq!(
            (written.status, &written.json()["liveOnQueue"]),
            (200, &json!(false)),
            "{id}"
        );
        assert_eq!(get(&org, &at).await.body, written.body);
    }
    let nowhere = HostedDocument::Copilot {
        assistant: "nobody".to_owned(),
    };
    assert_eq!(get(&org, &nowhere).await.refusal(), (404, "not.found".to_owned()));
    assert_eq!(
        put(&org, &nowhere, &made).await.refusal(),
        (404, "not.found".to_owned())
    );
}

#[tokio::test]
async fn a_variation_is_written_as_a_whole() {
    let org = Org::sample().await;
    let list = org
        .get_path(&format!("{ASSISTANTS}/{SAMPLE_ASSISTANT_ID}/variations"))
        .await
        .json();
    let read = get(&org, &variation()).await.json();
    assert_eq!(list["entities"], json!([read]));
    let mut document = read.clone();
    document["name"] = "Renamed".into();
    document["copilot"]["nluConfig"]["intentConfidenceThreshold"] = json!(0.7);
    let mut sent = document.clone();
    sent["id"] = "other".into();
    sent["copilot"]["enabled"] = false.into();
    let answer = put(&org, &variation(), &sent).await;
    assert_eq!((answer.status, answer.json()), (200, document.clone()));
    assert_eq!(org.emulator.hosted_document(&variation()), Some(document));

    sent["copilot"]["defaultLanguage"] = "fr-FR".into();
    sent.as_object_mut().unwrap().shift_remove("name");
    let refused = put(&org, &variation(), &sent).await.json();
    let fields: Vec<_> = refused["details"]
        .as_array()
        .unwrap()
        .iter()
        .map(|detail| &detail["fieldName"])
        .collect();
    assert_eq!(fields, ["name", "copilot.defaultLanguage"]);

    org.emulator.remove_variation(SAMPLE_ASSISTANT_ID, SAMPLE_VARIATION_ID);
    assert_eq!(get(&org, &variation()).await.status, 404);
    assert_eq!(put(&org, &variation(), &read).await.status, 404);
}

#[tokio::test]
async fn fractions_may_be_those_of_a_float32() {
    let org = under(CopilotSettings {
        fractions: Fractions::Float32,
        ..CopilotSettings::default()
    })
    .await;
    let read = get(&org, &copilot()).await;
    assert_eq!(threshold(&read).to_string(), "0.6000000238418579");
    let mut document = read.json();
    document["nluConfig"]["intentConfidenceThreshold"] = json!(0.995);
    let written = put(&org, &copilot(), &document).await;
    assert_eq!(threshold(&written).to_string(), "0.9950000047683716");
    org.emulator
        .edit_document(&copilot(), |document| {
            document["nluConfig"]["intentConfidenceThreshold"] = json!(0.1);
        })
        .unwrap();
    assert_eq!(
        threshold(&get(&org, &copilot()).await).to_string(),
        "0.10000000149011612"
    );
    let acme = org.emulator.add_organization(crate::HostedOrganization::new("Acme"));
    acme.put_assistant(json!({"id": "a", "copilot": {"x": 0.1}})).unwrap();
    assert_eq!(
        acme.assistant("a").unwrap()["copilot"]["x"].to_string(),
        "0.10000000149011612"
    );
}

#[tokio::test]
async fn members_may_come_in_another_order_each_time() {
    let org = under(CopilotSettings {
        member_order: MemberOrder::Rotated,
        ..CopilotSettings::default()
    })
    .await;
    let [first, second] = [get(&org, &copilot()).await, get(&org, &copilot()).await];
    assert_ne!(first.body, second.body);
    assert_eq!(first.json(), second.json());
    assert_eq!(first.json(), org.emulator.hosted_document(&copilot()).unwrap());
}

#[tokio::test]
async fn reads_after_a_put_may_be_stale() {
    let org = under(CopilotSettings {
        staleness: Staleness::Reads(3),
        ..CopilotSettings::default()
    })
    .await;
    let before = get(&org, &copilot()).await.json();
    let mut after = before.clone();
    after["liveOnQueue"] = false.into();
    assert_eq!(put(&org, &copilot(), &after).await.json(), after);
    assert_eq!(org.emulator.hosted_document(&copilot()), Some(after.clone()));
    let expanded = format!("{ASSISTANTS}/{SAMPLE_ASSISTANT_ID}?expand=copilot");
    assert_eq!(get(&org, &copilot()).await.json(), before);
    assert_eq!(org.get_path(&expanded).await.json()["copilot"], before);
    let list = org.get_path(&format!("{ASSISTANTS}?expand=copilot")).await.json();
    assert_eq!(list["entities"][0]["copilot"], before);
    assert_eq!(get(&org, &copilot()).await.json(), after);
    assert_eq!(org.get_path(&expanded).await.json()["copilot"], after);
}

#[tokio::test]
async fn reads_may_be_stale_for_a_time() {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = {
        let seconds = Arc::clone(&seconds);
        ServerClock::new(move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst)))
    };
    let org = Org::of(emulator(Settings {
        copilot: CopilotSettings {
            staleness: Staleness::Time(Duration::from_secs(5)),
            ..CopilotSettings::default()
        },
        clock,
        ..Settings::default()
    }))
    .await;
    let before = get(&org, &copilot()).await.json();
    let mut after = before.clone();
    after["liveOnQueue"] = false.into();
    put(&org, &copilot(), &after).await;
    assert_eq!(get(&org, &copilot()).await.json(), before);
    seconds.store(5, Ordering::SeqCst);
    assert_eq!(get(&org, &copilot()).await.json(), after);
}

#[tokio::test]
async fn the_log_of_writes_tells_who_wrote_what_over_what() {
    let org = Org::sample().await;
    let read = get(&org, &copilot()).await.json();
    org.emulator
        .edit_document(&copilot(), |document| document["theirs"] = 1.into())
        .unwrap();
    let mut ours = read.clone();
    ours["ours"] = 1.into();
    let answer = put(&org, &copilot(), &ours).await;
    let mut theirs = read.clone();
    theirs["theirs"] = 1.into();
    let writes = org.emulator.copilot_writes();
    let client = Writer::Client {
        id: Client::sandbox().id,
        correlation_id: answer.header("inin-correlation-id").unwrap().to_owned(),
    };
    let [first, second] = &*writes else {
        panic!("{writes:?}")
    };
    assert_eq!(
        (&first.writer, &first.before, &first.after),
        (&Writer::Administrator, &read, &theirs)
    );
    assert_eq!(
        (&second.writer, &second.before, &second.after),
        (&client, &theirs, &ours)
    );
    assert_eq!((&first.document, &second.document), (&copilot(), &copilot()));
    let sent: Vec<_> = org.emulator.requests().iter().map(|request| request.kind).collect();
    assert_eq!(sent, [Kind::Token, Kind::Get, Kind::Put]);
}

#[tokio::test]
async fn a_permission_that_lacks_is_named() {
    let org = Org::sample().await;
    let list = ASSISTANTS.to_owned();
    let expanded = format!("{ASSISTANTS}?expand=copilot");
    for (permission, method, path) in [
        (Permission::AssistantView, "GET", &list),
        (Permission::AssistantView, "GET", &expanded),
        (Permission::CopilotView, "GET", &expanded),
        (Permission::CopilotView, "GET", &copilot().path()),
        (Permission::CopilotView, "GET", &variation().path()),
        (Permission::CopilotEdit, "PUT", &copilot().path()),
        (Permission::CopilotEdit, "PUT", &variation().path()),
    ] {
        let mut client = Client::sandbox();
        client.permissions.remove(&permission);
        org.emulator.add_client(client);
        let answer = org
            .api(method, path, &[("Content-Type", "application/json")], b"{}")
            .await
            .unwrap();
        assert_eq!(answer.refusal(), (403, "missing.permissions".to_owned()), "{path}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(
            message.ends_with(&format!("permission(s): [{}]", permission.name())),
            "{message}"
        );
        let others = org.get_path(&list).await.status;
        assert_eq!(
            others,
            if permission == Permission::AssistantView {
                403
            } else {
                200
            }
        );
    }
}

#[tokio::test]
async fn each_organization_has_assistants_of_its_own() {
    let mut org = Org::sample().await;
    let acme = org.emulator.add_organization(crate::HostedOrganization::new("Acme"));
    acme.put_assistant(json!({"id": SAMPLE_ASSISTANT_ID, "name": "Twin"}))
        .unwrap();
    acme.add_client(Client::sandbox());
    let sandbox = org.emulator.snapshot();
    org.token = org.sign_in().await.json()["access_token"].as_str().unwrap().to_owned();
    let list = org.get_path(ASSISTANTS).await.json();
    assert_eq!(names(&list), ["Twin"]);
    let written = put(
        &org,
        &copilot(),
        &json!({"liveOnQueue": true, "defaultLanguage": "de-DE"}),
    )
    .await;
    assert_eq!(written.status, 200);
    assert_eq!(
        (acme.copilot_writes().len(), org.emulator.copilot_writes().len()),
        (1, 0)
    );
    assert_eq!(org.emulator.snapshot(), sandbox);
    acme.remove_assistant(SAMPLE_ASSISTANT_ID);
    assert_eq!(get(&org, &copilot()).await.status, 404);
}

#[tokio::test]
async fn a_snapshot_brings_assistants_and_references_back() {
    let org = Org::sample().await;
    let mut document = get(&org, &copilot()).await.json();
    document["liveOnQueue"] = false.into();
    put(&org, &copilot(), &document).await;
    let snapshot = org.emulator.snapshot();
    let restored = Emulator::restore(&snapshot, Settings::default()).unwrap();
    assert_eq!(restored.hosted_document(&copilot()), Some(document));
    assert_eq!(restored.snapshot().to_string(), snapshot.to_string());

    let before = json!({"rules": []});
    let empty = Emulator::restore(&before, Settings::default()).unwrap().snapshot();
    assert_eq!((&empty["assistants"], &empty["references"]), (&json!([]), &json!({})));
    for broken in [
        json!({"rules": [], "assistants": {}}),
        json!({"rules": [], "assistants": [{}]}),
        json!({"rules": [], "assistants": [{"assistant": {}}]}),
        json!({"rules": [], "assistants": [{"assistant": {"id": "a"}, "variations": 1}]}),
        json!({"rules": [], "references": []}),
        json!({"rules": [], "references": {"/api/v2/nothing": []}}),
        json!({"rules": [], "references": {"/api/v2/scripts": [{}]}}),
    ] {
        assert!(Emulator::restore(&broken, Settings::default()).is_err(), "{broken}");
    }
}
