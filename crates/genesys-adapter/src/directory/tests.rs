//! The listings over real sockets, against the emulator.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::reference::ReferenceKind;
use emulator::{Client, CopilotSettings, Emulator, Permission, ReferenceCollection, Running, Settings, serve};
use ports::testing::VirtualTime;
use serde_json::json;

use super::*;
use crate::{Address, Connection, ConnectionSettings, Credentials};

struct Room {
    emulator: Emulator,
    _running: Running,
    directory: GenesysDirectory,
}

async fn room_with(settings: Settings) -> Room {
    let emulator = Emulator::sample_with(settings);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = serve(emulator.clone(), listener).await.unwrap();
    let address: Address = running.url().parse().unwrap();
    let connection = Connection::new(&ConnectionSettings::to(&address)).unwrap();
    let clock = Arc::new(VirtualTime::default());
    let credentials = Credentials::client(emulator::SANDBOX_CLIENT_ID, emulator::SANDBOX_CLIENT_SECRET);
    let tokens = TokenSource::new(credentials, address.clone(), address, connection, clock.clone(), None);
    let directory = GenesysDirectory::new(tokens, clock, RulesPath::default());
    Room {
        emulator,
        _running: running,
        directory,
    }
}

async fn room() -> Room {
    room_with(Settings::default()).await
}

fn listing(kind: ReferenceKind, within: Option<&str>) -> NameListing {
    NameListing {
        kind,
        within: within.map(str::to_owned),
    }
}

const LIBRARY: &str = "5f0e8b1a-aaaa-4bbb-8ccc-000000000002";
const SCRIPT: &str = "5f0e8b1a-aaaa-4bbb-8ccc-000000000004";
const BASE: &str = "5f0e8b1a-aaaa-4bbb-8ccc-000000000006";
const DOMAIN: &str = "0b1c2d3e-1111-4222-8333-444455556666";

/// Every listing of the sample, with a name that is in it.
fn listings() -> [(NameListing, &'static str, Permission); 10] {
    [
        (
            listing(ReferenceKind::Assistant, None),
            "Billing",
            Permission::AssistantView,
        ),
        (
            listing(ReferenceKind::Rule, None),
            "Credit Card Detection Rule",
            Permission::View,
        ),
        (
            listing(ReferenceKind::Domain, None),
            "Customer service",
            Permission::NluDomainView,
        ),
        (
            listing(ReferenceKind::Library, None),
            "Billing",
            Permission::LibraryView,
        ),
        (
            listing(ReferenceKind::Response, Some(LIBRARY)),
            "Greeting",
            Permission::ResponseView,
        ),
        (
            listing(ReferenceKind::Script, None),
            "Billing dispute",
            Permission::ScriptView,
        ),
        (
            listing(ReferenceKind::Page, Some(SCRIPT)),
            "Start",
            Permission::ScriptView,
        ),
        (
            listing(ReferenceKind::Checklist, None),
            "Opening a call",
            Permission::ChecklistView,
        ),
        (
            listing(ReferenceKind::KnowledgeBase, None),
            "Contracts",
            Permission::KnowledgeBaseView,
        ),
        (
            listing(ReferenceKind::Document, Some(BASE)),
            "Notice periods",
            Permission::KnowledgeDocumentView,
        ),
    ]
}

#[tokio::test]
async fn every_listing_has_names_and_every_id_is_found_by_itself() {
    let room = room().await;
    for (listing, name, _) in listings() {
        let page = room.directory.names(&listing, None).await.unwrap().content;
        let thing = page.entries.iter().find(|thing| thing.name == name);
        let thing = thing.unwrap_or_else(|| panic!("{listing:?}: {page:?}"));
        assert!(!thing.is_retired, "{thing:?}");
        let found = room.directory.find(&listing, &thing.id).await.unwrap();
        assert_eq!(found.content.as_ref(), Some(thing));
        assert_eq!(found.metadata.requests, 1);
        assert_eq!(room.directory.find(&listing, "nobody").await.unwrap().content, None);
    }
}

#[tokio::test]
async fn a_listing_without_its_permission_names_it() {
    let room = room().await;
    for (listing, _, permission) in listings() {
        let mut client = Client::sandbox();
        client.permissions = Permission::ALL
            .into_iter()
            .filter(|other| *other != permission)
            .collect::<BTreeSet<_>>();
        room.emulator.add_client(client);
        let failure = room.directory.names(&listing, None).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Denied, "{listing:?}");
        let missing = &failure.metadata.missing_permissions;
        assert!(missing.contains(&permission.name().to_owned()), "{missing:?}");
        let failure = room.directory.find(&listing, "x").await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Denied, "{listing:?}");
    }
}

#[tokio::test]
async fn all_pages_of_both_kinds_are_read_and_a_cursor_leads_nowhere_else() {
    let elsewhere = "https://elsewhere.example".to_owned();
    let room = room_with(Settings {
        copilot: CopilotSettings {
            next_uri_base: elsewhere,
            ..CopilotSettings::default()
        },
        ..Settings::default()
    })
    .await;
    for (kind, collection) in [
        (ReferenceKind::Script, ReferenceCollection::Scripts),
        (ReferenceKind::Checklist, ReferenceCollection::Checklists),
    ] {
        for number in 0..250 {
            let element = json!({"id": format!("n{number}"), "name": format!("N {number}")});
            room.emulator.put_reference(&collection, element).unwrap();
        }
        let (mut names, mut cursor, mut pages) = (BTreeSet::new(), None, 0);
        loop {
            let page = room
                .directory
                .names(&listing(kind, None), cursor)
                .await
                .unwrap()
                .content;
            names.extend(page.entries.into_iter().map(|thing| thing.name));
            pages += 1;
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((names.len(), pages), (251, 3), "{kind}");
    }
}

#[tokio::test]
async fn what_is_out_of_use_says_so_and_a_response_is_in_its_own_library() {
    let room = room().await;
    for (id, mark, is_retired) in [
        ("a", json!({"state": "Archived"}), true),
        ("b", json!({"state": "Published"}), false),
        ("c", json!({"published": false}), true),
        ("d", json!({"isDeleted": true}), true),
        ("e", json!({"status": "DRAFT"}), true),
        ("f", json!({}), false),
    ] {
        let mut element = json!({"id": id, "name": "Same"});
        element
            .as_object_mut()
            .unwrap()
            .extend(mark.as_object().unwrap().clone());
        room.emulator
            .put_reference(&ReferenceCollection::Scripts, element)
            .unwrap();
        let found = room
            .directory
            .find(&listing(ReferenceKind::Script, None), id)
            .await
            .unwrap();
        assert_eq!(found.content.unwrap().is_retired, is_retired, "{id}");
    }
    let greeting = "5f0e8b1a-aaaa-4bbb-8ccc-000000000001";
    let elsewhere = listing(ReferenceKind::Response, Some("other"));
    assert_eq!(room.directory.find(&elsewhere, greeting).await.unwrap().content, None);
    let anywhere = listing(ReferenceKind::Response, None);
    let found = room.directory.find(&anywhere, greeting).await.unwrap().content;
    assert_eq!(found.unwrap().name, "Greeting");
    let failure = room.directory.names(&anywhere, None).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::NotFound);
}

#[tokio::test]
async fn a_domain_has_versions_and_they_have_intents() {
    let room = room().await;
    let versions = room
        .directory
        .domain_versions(DOMAIN, None)
        .await
        .unwrap()
        .content
        .entries;
    assert!(
        versions.len() == 2
            && versions
                .iter()
                .all(|version| version.is_published && !version.created.is_empty())
    );
    let intents = room.directory.intents(DOMAIN, &versions[1].id).await.unwrap().content;
    assert_eq!(intents, ["Billing_Dispute", "Cancel_Contract", "Address_Change"]);
    for (domain, version) in [(DOMAIN, "nobody"), ("nobody", "x"), ("../x", "y"), (DOMAIN, "a/b")] {
        let failure = room.directory.intents(domain, version).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotFound, "{domain} {version}");
    }
}

#[tokio::test]
async fn what_can_be_no_id_is_not_asked_for() {
    let room = room().await;
    for id in ["", "../me", "a/b", "a?b", "a b", "ä"] {
        let scripts = listing(ReferenceKind::Script, None);
        assert_eq!(room.directory.find(&scripts, id).await.unwrap().content, None, "{id}");
        let pages = listing(ReferenceKind::Page, Some(id));
        assert_eq!(
            room.directory.names(&pages, None).await.unwrap_err().class,
            FailureClass::NotFound
        );
    }
    let pages = listing(ReferenceKind::Page, None);
    assert_eq!(
        room.directory.names(&pages, None).await.unwrap_err().class,
        FailureClass::NotFound
    );
    assert!(room.emulator.requests().is_empty());
}
