//! References of a Copilot: lists, elements and permissions.

use serde_json::{Value, json};

use super::client::Org;
use crate::{Client, Kind, Permission, ReferenceCollection, SAMPLE_ASSISTANTS};

/// The collections of the sample, with the paths of their lists.
fn sample() -> Vec<(String, Vec<Value>)> {
    let sample: Value = serde_json::from_str(SAMPLE_ASSISTANTS).unwrap();
    let references = sample["references"].as_object().unwrap().clone();
    let list = |(path, elements): (String, Value)| (path, elements.as_array().unwrap().clone());
    references.into_iter().map(list).collect()
}

/// The path of a list, with the parameter that it cannot do without.
fn list(path: &str) -> String {
    let library = sample()
        .into_iter()
        .find(|(path, _)| path.ends_with("/libraries"))
        .unwrap()
        .1;
    if path.ends_with("/responses") {
        format!("{path}?libraryId={}", library[0]["id"].as_str().unwrap())
    } else {
        path.to_owned()
    }
}

fn names(page: &Value) -> Vec<&str> {
    let entities = page["entities"].as_array().unwrap();
    entities.iter().map(|entity| entity["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_collection_has_a_list_and_its_elements() {
    let org = Org::sample().await;
    let collections = sample();
    assert_eq!(collections.len(), 9);
    for (path, elements) in collections {
        let answer = org.get_path(&list(&path)).await;
        assert_eq!(answer.status, 200, "{path}");
        let body = answer.json();
        let entities = if body.is_array() { &body } else { &body["entities"] };
        assert_eq!(*entities, json!(elements), "{path}");
        for element in elements {
            let one = format!("{path}/{}", element["id"].as_str().unwrap());
            assert_eq!(org.get_path(&one).await.json(), element, "{one}");
        }
        let missing = org.get_path(&format!("{path}/nobody")).await;
        assert_eq!(missing.refusal(), (404, "not.found".to_owned()), "{path}");
        assert_eq!(org.api("PUT", &path, &[], b"{}").await.unwrap().status, 405, "{path}");
    }
    let requests = org.emulator.requests();
    let reads = requests.iter().filter(|request| request.method == "GET");
    assert!(reads.clone().count() > 18 && reads.clone().all(|request| request.kind == Kind::Reference));
}

#[tokio::test]
async fn each_collection_needs_a_permission_of_its_own() {
    let org = Org::sample().await;
    for (path, permission, code) in [
        (
            "languageunderstanding/domains",
            Permission::NluDomainView,
            "missing.any.permissions",
        ),
        (
            "languageunderstanding/domains/a/versions",
            Permission::NluDomainVersionView,
            "missing.any.permissions",
        ),
        (
            "responsemanagement/libraries",
            Permission::LibraryView,
            "missing.permissions",
        ),
        (
            "responsemanagement/responses",
            Permission::ResponseView,
            "missing.permissions",
        ),
        ("scripts", Permission::ScriptView, "missing.permissions"),
        ("scripts/a/pages", Permission::ScriptView, "missing.permissions"),
        (
            "assistants/agentchecklists",
            Permission::ChecklistView,
            "missing.permissions",
        ),
        (
            "knowledge/knowledgebases",
            Permission::KnowledgeBaseView,
            "missing.permissions",
        ),
        (
            "knowledge/knowledgebases/a/documents",
            Permission::KnowledgeDocumentView,
            "missing.permissions",
        ),
    ] {
        let mut client = Client::sandbox();
        client.permissions.remove(&permission);
        org.emulator.add_client(client);
        for path in [format!("/api/v2/{path}"), format!("/api/v2/{path}/x")] {
            let answer = org.get_path(&path).await;
            assert_eq!(answer.refusal(), (403, code.to_owned()), "{path}");
            let message = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(message.contains(&format!("[{}", permission.name())), "{message}");
        }
    }
}

#[tokio::test]
async fn a_name_selects_more_than_was_asked_for() {
    let org = Org::sample().await;
    let put = |collection: &ReferenceCollection, names: &[&str]| {
        for name in names {
            let element = json!({"id": name, "name": name, "libraries": [{"id": "other"}]});
            org.emulator.put_reference(collection, element).unwrap();
        }
    };
    put(&ReferenceCollection::Scripts, &["Old billing dispute"]);
    put(
        &ReferenceCollection::Checklists,
        &["Opening a chat", "Re-opening a call"],
    );
    put(&ReferenceCollection::Libraries, &["Billing (old)"]);
    put(&ReferenceCollection::Responses, &["Elsewhere"]);
    for (target, expected) in [
        ("scripts?name=BILLING", &["Billing dispute", "Old billing dispute"][..]),
        (
            "assistants/agentchecklists?namePrefix=open",
            &["Opening a call", "Opening a chat"],
        ),
        (
            "responsemanagement/libraries?libraryPrefix=bill",
            &["Billing", "Billing (old)"],
        ),
        ("responsemanagement/responses?libraryId=other", &["Elsewhere"]),
        ("knowledge/knowledgebases?name=tracts", &["Contracts"]),
    ] {
        let page = org.get_path(&format!("/api/v2/{target}")).await.json();
        assert_eq!(names(&page), expected, "{target}");
    }
    let without = org.get_path("/api/v2/responsemanagement/responses").await;
    assert_eq!(without.refusal(), (400, "invalid.value".to_owned()));
    org.emulator
        .remove_reference(&ReferenceCollection::Scripts, "Old billing dispute");
    assert_eq!(
        org.emulator
            .reference(&ReferenceCollection::Scripts, "Old billing dispute"),
        None
    );
}

#[tokio::test]
async fn lists_come_in_pages_of_two_kinds() {
    let org = Org::sample().await;
    for index in 0..4 {
        for collection in [ReferenceCollection::Scripts, ReferenceCollection::Checklists] {
            let element = json!({"id": format!("{index}"), "name": format!("{index}")});
            org.emulator.put_reference(&collection, element).unwrap();
        }
    }
    let numbered = org.get_path("/api/v2/scripts?pageSize=2&pageNumber=3").await.json();
    assert_eq!((names(&numbered), &numbered["total"]), (vec!["3"], &json!(5)));
    let first = org
        .get_path("/api/v2/assistants/agentchecklists?pageSize=3")
        .await
        .json();
    assert_eq!(
        (names(&first), first.get("total")),
        (vec!["Opening a call", "0", "1"], None)
    );
    let second = org.get_path(first["nextUri"].as_str().unwrap()).await.json();
    assert_eq!((names(&second), second.get("nextUri")), (vec!["2", "3"], None));
}

#[tokio::test]
async fn intents_come_with_their_utterances_or_without() {
    let org = Org::sample().await;
    let (path, versions) = sample()
        .into_iter()
        .find(|(path, _)| path.ends_with("/versions"))
        .unwrap();
    let newest = versions.last().unwrap()["id"].as_str().unwrap();
    let intents = |answer: Value| answer["intents"].as_array().unwrap().clone();
    let whole = intents(org.get_path(&format!("{path}/{newest}")).await.json());
    assert!(whole.iter().all(|intent| intent.get("utterances").is_some()));
    let bare = intents(
        org.get_path(&format!("{path}/{newest}?includeUtterances=false"))
            .await
            .json(),
    );
    assert!(bare.iter().all(|intent| intent.get("utterances").is_none()));
    let names: Vec<_> = bare.iter().map(|intent| intent["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Billing_Dispute", "Cancel_Contract", "Address_Change"]);
}

#[tokio::test]
async fn the_elements_of_what_is_not_there_are_not_there() {
    let org = Org::sample().await;
    for path in [
        "languageunderstanding/domains/x/versions",
        "scripts/x/pages",
        "knowledge/knowledgebases/x/documents",
    ] {
        let answer = org.get_path(&format!("/api/v2/{path}")).await;
        assert_eq!(answer.refusal(), (404, "not.found".to_owned()), "{path}");
    }
}
