//! What every [`DocumentStore`] must be able to do, as checks that each adapter runs against its own server.
//!
//! A check panics with what went wrong.
#![expect(
    clippy::unwrap_used,
    reason = "these are tests that adapters call: a failure is a panic"
)]

use async_trait::async_trait;
use domain::{FailureClass, RuleChange, RuleId, TriggerRule, Version};

use crate::{DocumentStore, PageRequest};

/// A repository and a way to put rules into it from behind.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The repository under test.
    fn repository(&self) -> &dyn DocumentStore;

    /// Stores a rule under the id that it states, as somebody else would: it gets a new version.
    async fn store(&self, rule: &TriggerRule);
}

/// Runs every check, each on a stage of its own.
///
/// # Panics
///
/// With what the repository does wrong.
pub async fn check<S: Stage, F: Future<Output = S>>(stage: impl Fn() -> F) {
    what_is_stored_is_read_member_for_member(&stage().await).await;
    what_is_not_stored_is_not_found(&stage().await).await;
    a_write_under_the_version_read_is_accepted(&stage().await).await;
    a_write_under_an_old_version_changes_nothing(&stage().await).await;
    every_write_gives_a_new_version(&stage().await).await;
    a_rule_that_is_gone_is_not_made_again(&stage().await).await;
    a_listing_has_every_rule_once(&stage().await).await;
}

const STRANGERS: &str = r#"{"id":"r1","x-first":{"b":1,"a":[null,{"deep":1.50}]},"name":null,"ruleType":"conversation","enabled":true,"conditions":[{"type":"keyword","field":"conversation.text","operator":"contains","value":"a \u00e9 \"b\"","weight":1e2}],"actions":[{"type":"display","templateId":"t","colour":"red"}],"zz-last":-0.0}"#;

fn rule(text: &str) -> TriggerRule {
    text.parse().unwrap()
}

fn id(text: &str) -> RuleId {
    text.parse().unwrap()
}

/// The members but the version, which a server may keep in the document.
fn members(rule: &TriggerRule) -> Vec<(&str, String)> {
    let members = rule.document().root().members().filter(|member| member.name != "etag");
    members.map(|member| (member.name, member.value.compact())).collect()
}

async fn what_is_stored_is_read_member_for_member(stage: &dyn Stage) {
    let stored = rule(STRANGERS);
    stage.store(&stored).await;
    let read = stage.repository().get(&id("r1")).await.unwrap();
    let (read_members, stored_members) = (members(&read.content.value), members(&stored));
    let names = |members: &[(&str, String)]| members.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        names(&read_members),
        names(&stored_members),
        "the members, in their order"
    );
    assert_eq!(read.content.value.diff(&stored), [], "their values");
    assert_eq!(read.content.id, id("r1"));
    assert!(read.content.version.is_some(), "a stored rule has a version");
    assert_eq!((read.metadata.requests, read.metadata.status), (1, Some(200)));
}

async fn what_is_not_stored_is_not_found(stage: &dyn Stage) {
    let failure = stage.repository().get(&id("nobody")).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::NotFound);
}

async fn a_write_under_the_version_read_is_accepted(stage: &dyn Stage) {
    stage.store(&rule(STRANGERS)).await;
    let read = stage.repository().get(&id("r1")).await.unwrap().content;
    let changed = RuleChange::default().name("new").unwrap().apply(&read.value).unwrap();
    let version = read.version.unwrap();
    let written = stage.repository().replace(&id("r1"), &changed, &version).await.unwrap();
    let written = written.content.unwrap();
    assert_eq!(written.value.diff(&changed), []);
    assert_ne!(written.version.as_ref(), Some(&version));
    let again = stage.repository().get(&id("r1")).await.unwrap().content;
    assert_eq!((again.version, again.value.diff(&changed)), (written.version, vec![]));
}

async fn a_write_under_an_old_version_changes_nothing(stage: &dyn Stage) {
    stage.store(&rule(STRANGERS)).await;
    let read = stage.repository().get(&id("r1")).await.unwrap().content;
    let theirs = RuleChange::default()
        .name("theirs")
        .unwrap()
        .apply(&read.value)
        .unwrap();
    stage.store(&theirs).await;
    let ours = RuleChange::default().name("ours").unwrap().apply(&read.value).unwrap();
    let failure = stage
        .repository()
        .replace(&id("r1"), &ours, &read.version.unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.class, FailureClass::PreconditionFailed);
    let after = stage.repository().get(&id("r1")).await.unwrap().content;
    assert_eq!(after.value.name(), Some("theirs"));
}

async fn every_write_gives_a_new_version(stage: &dyn Stage) {
    stage.store(&rule(STRANGERS)).await;
    let mut versions: Vec<Version> = Vec::new();
    for _ in 0..3 {
        let read = stage.repository().get(&id("r1")).await.unwrap().content;
        let version = read.version.unwrap();
        assert!(!versions.contains(&version), "{version} was there before");
        stage
            .repository()
            .replace(&id("r1"), &read.value, &version)
            .await
            .unwrap();
        versions.push(version);
    }
}

async fn a_rule_that_is_gone_is_not_made_again(stage: &dyn Stage) {
    let version: Version = "1".parse().unwrap();
    let failure = stage
        .repository()
        .replace(&id("r1"), &rule(STRANGERS), &version)
        .await
        .unwrap_err();
    assert_eq!(failure.class, FailureClass::NotFound);
    let failure = stage.repository().get(&id("r1")).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::NotFound);
}

async fn a_listing_has_every_rule_once(stage: &dyn Stage) {
    for number in 0..7 {
        let text = STRANGERS.replacen("r1", &format!("rule-{number}"), 1);
        stage.store(&rule(&text)).await;
    }
    let mut seen = Vec::new();
    for number in 1..=3 {
        let page = stage
            .repository()
            .list(PageRequest { number, size: 3 })
            .await
            .unwrap()
            .content;
        assert_eq!((page.pages, page.total), (3, Some(7)));
        seen.extend(page.rules.into_iter().map(|summary| summary.id));
    }
    seen.sort();
    let all: Vec<String> = (0..7).map(|number| format!("rule-{number}")).collect();
    assert_eq!(seen, all);
}
