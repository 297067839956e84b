//! The conformance suite of [`DocumentStore`]s: checks that each adapter runs against its own server, for each kind.
//!
//! A check panics with what went wrong.
#![expect(
    clippy::unwrap_used,
    reason = "these are tests that adapters call: a failure is a panic"
)]

use async_trait::async_trait;
use domain::document::Guard;
use domain::testing::Specimen;
use domain::{DocumentKind, FailureClass, Version};

use crate::{DocumentStore, listing};

/// A store, and a way to put documents into it from behind.
#[async_trait]
pub trait Stage<K: DocumentKind>: Send + Sync {
    /// The store under test. Its pages have three documents, or however many the server wants.
    fn store(&self) -> &dyn DocumentStore<K>;

    /// Stores a document as another writer would: it gets a new version.
    async fn put(&self, id: &K::Id, document: &K);
}

/// Runs every check, each on a stage of its own.
///
/// # Panics
///
/// With what the store does wrong.
pub async fn check<K: Specimen, S: Stage<K>, F: Future<Output = S>>(stage: impl Fn() -> F) {
    what_is_stored_is_read_member_for_member(&stage().await).await;
    what_is_not_stored_is_not_found(&stage().await).await;
    a_write_under_what_was_read_is_accepted(&stage().await).await;
    a_document_that_is_gone_is_not_made_again(&stage().await).await;
    a_listing_has_every_document_once(&stage().await).await;
    if K::GUARD == Guard::Version {
        a_write_under_an_old_version_changes_nothing(&stage().await).await;
        every_write_gives_a_new_version(&stage().await).await;
    }
}

/// The names of the members that the server does not own, in their order.
fn members<K: DocumentKind>(document: &K) -> Vec<&str> {
    let members = document.document().root().members().map(|member| member.name);
    members.filter(|name| !K::SERVER_OWNED.contains(name)).collect()
}

/// The specimen with unknown members, nested ones too.
fn with_unknown_members<K: Specimen>() -> K {
    let unknown_members = [("x-first", r#"{"b":1,"a":[null,{"deep":1.50}]}"#), ("zz-last", "-0.0")];
    let document = K::specimen().document().with_members(&unknown_members).unwrap();
    K::from_document(document).unwrap()
}

async fn read<K: Specimen>(stage: &dyn Stage<K>) -> domain::Stored<K> {
    stage.store().get(&K::specimen_id()).await.unwrap().content
}

async fn what_is_stored_is_read_member_for_member<K: Specimen>(stage: &dyn Stage<K>) {
    let stored = with_unknown_members::<K>();
    stage.put(&K::specimen_id(), &stored).await;
    let answer = stage.store().get(&K::specimen_id()).await.unwrap();
    assert_eq!(
        members(&answer.content.value),
        members(&stored),
        "the members, in their order"
    );
    assert_eq!(answer.content.value.diff(&stored), [], "values");
    assert_eq!(answer.content.id.to_string(), K::ID);
    assert_eq!(answer.content.version.is_some(), K::GUARD == Guard::Version);
    assert_eq!((answer.metadata.requests, answer.metadata.status), (1, Some(200)));
}

async fn what_is_not_stored_is_not_found<K: Specimen>(stage: &dyn Stage<K>) {
    let failure = stage.store().get(&K::specimen_id()).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::NotFound);
}

async fn a_write_under_what_was_read_is_accepted<K: Specimen>(stage: &dyn Stage<K>) {
    stage.put(&K::specimen_id(), &with_unknown_members()).await;
    let before = read(stage).await;
    let changed = K::patch(&[(0, 0)]).apply(&before.value).unwrap();
    let written = stage
        .store()
        .replace(&K::specimen_id(), &changed, before.version.as_ref())
        .await
        .unwrap();
    let written = written.content.unwrap();
    assert_eq!(written.value.diff(&changed), []);
    let after = read(stage).await;
    assert_eq!(
        (after.version.as_ref(), after.value.diff(&changed)),
        (written.version.as_ref(), vec![])
    );
    if K::GUARD == Guard::Version {
        assert_ne!(written.version, before.version);
    }
}

async fn a_write_under_an_old_version_changes_nothing<K: Specimen>(stage: &dyn Stage<K>) {
    stage.put(&K::specimen_id(), &with_unknown_members()).await;
    let before = read(stage).await;
    let theirs = K::patch(&[(0, 1)]).apply(&before.value).unwrap();
    stage.put(&K::specimen_id(), &theirs).await;
    let ours = K::patch(&[(0, 0)]).apply(&before.value).unwrap();
    let refused = stage
        .store()
        .replace(&K::specimen_id(), &ours, before.version.as_ref())
        .await;
    assert_eq!(refused.unwrap_err().class, FailureClass::PreconditionFailed);
    assert_eq!(read(stage).await.value.diff(&theirs), []);
}

async fn every_write_gives_a_new_version<K: Specimen>(stage: &dyn Stage<K>) {
    stage.put(&K::specimen_id(), &with_unknown_members()).await;
    let mut versions: Vec<Version> = Vec::new();
    for _ in 0..3 {
        let stored = read(stage).await;
        let version = stored.version.unwrap();
        assert!(!versions.contains(&version), "{version} was there before");
        let store = stage.store();
        store
            .replace(&K::specimen_id(), &stored.value, Some(&version))
            .await
            .unwrap();
        versions.push(version);
    }
}

async fn a_document_that_is_gone_is_not_made_again<K: Specimen>(stage: &dyn Stage<K>) {
    let version: Version = "1".parse().unwrap();
    let refused = stage
        .store()
        .replace(&K::specimen_id(), &K::specimen(), Some(&version))
        .await;
    assert_eq!(refused.unwrap_err().class, FailureClass::NotFound);
    let absent = stage.store().get(&K::specimen_id()).await;
    assert_eq!(absent.unwrap_err().class, FailureClass::NotFound);
}

async fn a_listing_has_every_document_once<K: Specimen>(stage: &dyn Stage<K>) {
    let mut expected = Vec::new();
    for number in 1..=7 {
        let id = format!("{number}");
        let parsed: K::Id = id.parse().ok().unwrap();
        let quote = if K::specimen()
            .member(K::ID_MEMBER)
            .is_some_and(|stated| stated.as_str().is_some())
        {
            "\""
        } else {
            ""
        };
        let stated = format!("{quote}{id}{quote}");
        let document = with_unknown_members::<K>()
            .document()
            .with_members(&[(K::ID_MEMBER, &stated)])
            .unwrap();
        stage.put(&parsed, &K::from_document(document).unwrap()).await;
        expected.push(id);
    }
    let listed = listing(stage.store()).await.unwrap();
    assert_eq!((listed.total, listed.unseen()), (Some(7), 0));
    let mut seen: Vec<String> = listed.documents.iter().map(|listed| listed.stated_id.clone()).collect();
    seen.sort();
    assert_eq!(seen, expected);
}
