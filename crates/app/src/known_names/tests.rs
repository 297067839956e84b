//! Names over the adapter, against the emulator: what is asked is counted there.

use std::time::Duration;

use domain::json::Document;
use domain::reference::{ResolveError, UnresolvedCause};
use domain::{Code, Copilot, DocumentKind, Finding, Pointer, TriggerRule};
use emulator::{
    Client, Emulator, HostedOrganization, Permission, ReferenceCollection, Running, SAMPLE_ASSISTANT_ID,
    SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, serve,
};
use genesys_adapter::{Address, Connection, ConnectionSettings, Credentials, GenesysDirectory, RulesPath, TokenSource};
use ports::testing::VirtualTime;
use ports::testing::ledger_conformance::intent;
use ports::{BaseRecord, BaseSource, DocumentRef, InMemoryLedger, Ledger};
use serde_json::{Value, json};

use super::*;

struct Org {
    emulator: Emulator,
    _running: Running,
    names: KnownNames,
}

impl Org {
    async fn of(emulator: Emulator) -> Self {
        Self::with_values(emulator, BTreeMap::new()).await
    }

    async fn with_values(emulator: Emulator, values: BTreeMap<String, String>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = serve(emulator.clone(), listener).await.unwrap();
        let address: Address = running.url().parse().unwrap();
        let connection = Connection::new(&ConnectionSettings::to(&address)).unwrap();
        let time = Arc::new(VirtualTime::default());
        let credentials = Credentials::client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET);
        let tokens = TokenSource::new(credentials, address.clone(), address, connection, time.clone(), None);
        let directory = GenesysDirectory::new(tokens, time.clone(), RulesPath::default());
        let retry = Retry {
            clock: time.clone(),
            sleeper: time,
            jitter: Arc::new(|| 1.0),
            deadline: Duration::from_secs(10),
            watch: Arc::new(|_, _| ()),
        };
        Self {
            emulator,
            _running: running,
            names: KnownNames::new(Arc::new(directory), retry, values),
        }
    }

    async fn sample() -> Self {
        Self::of(Emulator::sample()).await
    }

    /// The paths that were read, with the queries.
    fn reads(&self) -> Vec<String> {
        let requests = self.emulator.requests();
        let reads = requests.iter().filter(|request| request.method == "GET");
        reads.map(|request| request.path.clone()).collect()
    }

    fn copilot(&self) -> Copilot {
        let assistant = self.emulator.assistant(SAMPLE_ASSISTANT_ID).unwrap();
        assistant["copilot"].to_string().parse().unwrap()
    }

    fn without(&self, permission: Permission) {
        let mut client = Client::sandbox();
        client.permissions.remove(&permission);
        self.emulator.add_client(client);
    }

    fn put_script(&self, id: &str, name: &str, mark: &Value) {
        let mut script = json!({"id": id, "name": name});
        script
            .as_object_mut()
            .unwrap()
            .extend(mark.as_object().unwrap().clone());
        self.emulator
            .put_reference(&ReferenceCollection::Scripts, script)
            .unwrap();
    }
}

fn shown(findings: &[Finding]) -> Vec<String> {
    let shown = |found: &Finding| {
        let help = found.help.as_ref().map(|help| format!(" ({help})"));
        format!("{} {}{}", found.code, found.message, help.unwrap_or_default())
    };
    findings.iter().map(shown).collect()
}

fn parsed(text: &str) -> Document {
    text.parse().unwrap()
}

fn script_attributes(text: &str) -> Document {
    parsed(&format!(
        r#"{{"ruleEngineConfig": {{"fallback": {{"actions": [{{"attributes": {text}}}]}}}}}}"#
    ))
}

#[tokio::test]
async fn a_copilot_whose_references_exist_has_no_warning_and_each_is_asked_for_once() {
    let org = Org::sample().await;
    let copilot = org.copilot();
    for _ in 0..3 {
        let check = org.names.check_references(&copilot).await;
        assert_eq!(shown(check.findings.as_slice()), [""; 0]);
    }
    let (one, other) = tokio::join!(
        org.names.check_references(&copilot),
        org.names.check_references(&copilot)
    );
    assert_eq!((one.absent_intents, other.absent_intents), (vec![], vec![]));
    let mut reads = org.reads();
    reads.sort();
    let asked = reads.len();
    reads.dedup();
    assert_eq!(reads.len(), asked, "{reads:?}");
    // The domain, a library and a response in it, a checklist, a script and a page of it; versions, and one of them.
    assert_eq!(asked, 8, "{reads:?}");
    assert_eq!(shown(&org.names.unchecked()), [""; 0]);
}

#[tokio::test]
async fn tasks_at_the_same_time_ask_once() {
    let org = Org::sample().await;
    let copilot = org.copilot();
    let checks = (0..20).map(|_| org.names.check_references(&copilot));
    futures_util::future::join_all(checks).await;
    assert_eq!(org.reads().len(), 8);
}

#[tokio::test]
async fn what_is_not_there_is_told_by_its_place_with_the_intent_that_was_meant() {
    let org = Org::sample().await;
    let text = org
        .copilot()
        .document()
        .text()
        .replace("Billing_Dispute", "billing-disputes");
    let text = text
        .replace("000000000001\"", "0000000000ff\"")
        .replace("000000000003\"", "a/b\"");
    org.emulator
        .remove_reference(&ReferenceCollection::Scripts, "5f0e8b1a-aaaa-4bbb-8ccc-000000000004");
    let check = org.names.check_references(&text.parse::<Copilot>().unwrap()).await;
    assert_eq!(
        shown(check.findings.as_slice()),
        [
            "AR0229 there is no canned response `5f0e8b1a-aaaa-4bbb-8ccc-0000000000ff` in the response library \
             `5f0e8b1a-aaaa-4bbb-8ccc-000000000002`",
            "AR0229 there is no checklist `5f0e8b1a-aaaa-4bbb-8ccc-a/b`",
            "AR0229 there is no script `5f0e8b1a-aaaa-4bbb-8ccc-000000000004`",
            "AR0228 the NLU domain has no intent `billing-disputes`, so the condition never holds (did you mean \
             `Billing_Dispute`?)",
        ]
    );
    let at = "/ruleEngineConfig/rules/1/rule/conditions/0/conditionValues/0";
    assert_eq!(check.findings.as_slice().last().unwrap().pointer.as_str(), at);
    assert_eq!(check.absent_intents, ["billing-disputes"]);
}

#[tokio::test]
async fn the_newest_published_version_counts_or_the_one_that_is_named() {
    let org = Org::sample().await;
    let domain = "0b1c2d3e-1111-4222-8333-444455556666";
    let newer = json!({"id": "v9", "published": false, "dateCreated": "2027-01-01T00:00:00.000Z", "intents": [{"name": "New"}]});
    let versions = ReferenceCollection::NluDomainVersions {
        domain: domain.to_owned(),
    };
    org.emulator.put_reference(&versions, newer).unwrap();
    let absent = async |version: &str, intent: &str| {
        let text = format!(
            r#"{{"nluConfig": {{"domain": {{"id": "{domain}", {version}}}}}, "ruleEngineConfig": {{"rules": [{{"rule": {{"conditions": [
                {{"conditionType": "Intent", "conditionValues": ["{intent}"]}}]}}}}]}}}}"#
        );
        let check = org.names.check_references(&text.parse::<Copilot>().unwrap()).await;
        !check.absent_intents.is_empty()
    };
    assert!(absent(r#""useLatestVersion": true"#, "New").await);
    assert!(!absent(r#""useLatestVersion": true"#, "Address_Change").await);
    assert!(!absent(r#""useLatestVersion": false, "version": {"id": "v9"}"#, "New").await);
    let first = r#""useLatestVersion": false, "version": {"id": "0b1c2d3e-1111-4222-8333-444455557701"}"#;
    assert!(absent(first, "Address_Change").await);
}

#[tokio::test]
async fn a_missing_permission_is_one_warning_that_names_it() {
    let org = Org::sample().await;
    org.without(Permission::ChecklistView);
    let two = org.copilot().document().text().replace(
        r#"{"actionType":"Checklist""#,
        r#"{"actionType":"Checklist","attributes":{"checklistId":"other"}},{"actionType":"Checklist""#,
    );
    for _ in 0..2 {
        let check = org.names.check_references(&two.parse::<Copilot>().unwrap()).await;
        assert_eq!(shown(check.findings.as_slice()), [""; 0]);
    }
    let [unchecked] = &*shown(&org.names.unchecked()) else {
        panic!("one warning")
    };
    assert!(
        unchecked.starts_with("AR0231 checklists could not be checked: "),
        "{unchecked}"
    );
    assert!(
        unchecked.ends_with("lacks `assistants:agentchecklist:view`)"),
        "{unchecked}"
    );
    let asked = org
        .reads()
        .iter()
        .filter(|path| path.contains("agentchecklists"))
        .count();
    assert_eq!(asked, 1);

    org.without(Permission::NluDomainVersionView);
    let fresh = Org::of(org.emulator.clone()).await;
    let check = fresh.names.check_references(&fresh.copilot()).await;
    assert!(check.absent_intents.is_empty());
    assert!(shown(&fresh.names.unchecked())[0].contains("AR0231 intents could not be checked"));
}

#[tokio::test]
async fn a_name_counts_exactly_and_what_is_out_of_use_only_if_nothing_else_has_it() {
    let org = Org::sample().await;
    org.put_script("s1", "greeting", &json!({}));
    org.put_script("s2", "Greeting ", &json!({}));
    for number in 0..150 {
        org.put_script(&format!("n{number}"), &format!("N {number}"), &json!({}));
    }
    org.put_script("s3", "Greeting", &json!({}));
    org.put_script("s4", "Greeting", &json!({"state": "Archived"}));
    org.put_script("s5", "Old", &json!({"published": false}));
    org.put_script("s6", "Twice", &json!({}));
    org.put_script("s7", "Twice", &json!({}));
    let find = async |name: &str| org.names.find(ReferenceKind::Script, None, name).await;
    let found = |id: &str, is_retired| {
        Ok(FoundThing {
            id: id.to_owned(),
            is_retired,
            renamed_to: None,
        })
    };
    assert_eq!(find("Greeting").await, found("s3", false));
    assert_eq!(find("Greeting ").await, found("s2", false));
    assert_eq!(find("Old").await, found("s5", true));
    let twice = find("Twice").await.unwrap_err();
    assert_eq!(twice.to_string(), "2 scripts have the name `Twice`");
    assert!(twice.help().unwrap().contains("`s6`, `s7`"));
    let absent = find("GREETING").await.unwrap_err();
    assert_eq!(absent.to_string(), "no script has the name `GREETING`");
    assert_eq!(
        absent.help().unwrap(),
        "did you mean `Greeting`, `Greeting␣`, `greeting`?"
    );
    // Two pages, once.
    let page = |number| format!("/api/v2/scripts?pageSize=100&pageNumber={number}");
    assert_eq!(org.reads(), [page(1), page(2)]);

    let name_of = async |id: &str| org.names.name_of(ReferenceKind::Script, None, id).await;
    assert_eq!(name_of("s3").await, Ok("Greeting".to_owned()));
    assert_eq!(name_of("s5").await, Ok("Old".to_owned()));
    assert_eq!(name_of("s4").await, Err(NameOfError::NotUnique("Greeting".to_owned())));
    assert_eq!(name_of("s6").await, Err(NameOfError::NotUnique("Twice".to_owned())));
    assert_eq!(name_of("nobody").await, Err(NameOfError::Absent));
}

#[tokio::test]
async fn every_reference_of_a_copilot_has_a_name_and_the_way_back() {
    let org = Org::sample().await;
    let copilot = org.copilot();
    let portable = org.names.portable::<Copilot>(copilot.document()).await.unwrap();
    assert_eq!((&*portable.nameless, &*portable.portable.unlisted), (&[][..], &[][..]));
    let text = portable.portable.document.text();
    for name in [
        "@{domain:Customer service}",
        "@{library:Billing}",
        "@{response:Greeting}",
        "@{page:Start}",
    ] {
        assert!(text.contains(name), "{name}");
    }
    let resolved = org
        .names
        .resolve::<Copilot>(&portable.portable.document, None)
        .await
        .unwrap();
    assert_eq!(resolved.document, *copilot.document());
    assert_eq!(resolved.references, portable.portable.references);
    // The listings of domains, libraries, responses, checklists, scripts, pages.
    assert_eq!(org.reads().len(), 6);
    // After that nothing is asked for: the listings say it.
    org.names.check_references(&copilot).await;
    assert_eq!(org.reads().len(), 8, "{:?}", org.reads());
}

#[tokio::test]
async fn a_name_that_becomes_no_id_says_why() {
    let org = Org::with_values(Emulator::sample(), BTreeMap::from([("T".to_owned(), "t1".to_owned())])).await;
    org.without(Permission::LibraryView);
    let text = r#"{"scriptId": "@{script:billing dispute}", "pageId": "@{page:Start}", "libraryId": "@{library:Billing}",
        "checklistId": "@{checklists:A}", "documentId": "@{page:A}", "hint": "@{value:U}", "tone": "@{value:T}"}"#;
    let resolved = org.names.resolve::<Copilot>(&script_attributes(text), None).await;
    let Err(ResolveError::Unresolved(unresolved)) = resolved else {
        panic!("it has no ids");
    };
    let findings: Vec<Finding> = unresolved.iter().map(FindNameError::finding).collect();
    assert_eq!(
        shown(&findings),
        [
            "AR0121 no script has the name `billing dispute` (did you mean `Billing dispute`?)",
            "AR0121 the script that `@{page:Start}` is within is not found",
            "AR0121 the listing of response libraries cannot be read (the role of the OAuth client lacks \
             `responses:library:view`)",
            "AR0120 `@{checklists:A}` is no reference: `checklists` is no kind of thing that can be referred to (did you mean \
             `checklist`?)",
            "AR0120 expected `@{document:…}`, found `@{page:A}`",
            "AR0121 no value `U` is given (`--values FILE` gives it)",
        ]
    );
    assert!(
        findings
            .iter()
            .all(|finding| finding.pointer.as_str().starts_with("/ruleEngineConfig/fallback"))
    );
}

#[tokio::test]
async fn a_name_that_only_a_thing_out_of_use_has_is_taken_with_a_warning() {
    let org = Org::sample().await;
    org.put_script("s5", "Old", &json!({"state": "Archived"}));
    let document = script_attributes(r#"{"scriptId": "@{script:Old}"}"#);
    let resolved = org.names.resolve::<Copilot>(&document, None).await.unwrap();
    assert_eq!(resolved.references[0].id, "s5");
    assert_eq!(resolved.findings.as_slice()[0].code, Code::RetiredReference);
    let check = org
        .names
        .check_references(
            &script_attributes(r#"{"scriptId": "s5"}"#)
                .text()
                .parse::<Copilot>()
                .unwrap(),
        )
        .await;
    assert_eq!(
        shown(check.findings.as_slice()),
        ["AR0230 the script `Old` is deleted, archived or unpublished"]
    );
}

/// A rule of the emulator with this name.
fn put_rule(org: &Org, id: &str, name: &str) {
    let rule = json!({"id": id, "etag": "1", "name": name, "ruleType": "conversation", "enabled": true});
    org.emulator.put_rule(rule).unwrap();
}

/// The rule of a file, or why there is none; with the warnings.
async fn rule_of(names: &KnownNames, file: &str, stated: Option<&str>) -> (Result<String, String>, Vec<String>) {
    match names.resolve::<TriggerRule>(&parsed(file), stated).await {
        Ok(found) => (Ok(found.references[0].id.clone()), shown(found.findings.as_slice())),
        Err(ResolveError::Unresolved(unresolved)) => {
            (Err(shown(&[FindNameError::finding(&unresolved[0])]).concat()), vec![])
        }
        Err(ResolveError::TooLarge(error)) => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_rule_that_its_file_renames_is_found_by_either_name() {
    let org = Org::sample().await;
    put_rule(&org, "r1", "Refunds");
    let file = r#"{"id": "@{rule:Refund}", "name": "Refunds"}"#;
    let found = |id: &str| (Ok(id.to_owned()), Vec::new());
    assert_eq!(rule_of(&org.names, file, Some("Refunds")).await, found("r1"));
    put_rule(&org, "r2", "Refund");
    let fresh = Org::of(org.emulator.clone()).await;
    let (both, _) = rule_of(&fresh.names, file, Some("Refunds")).await;
    let expected = "AR0121 2 trigger rules have the name `Refund` or `Refunds` (they are `r2`, `r1`; give one of them another name)";
    assert_eq!(both, Err(expected.to_owned()));
    assert_eq!(rule_of(&fresh.names, file, None).await, found("r2"));
}

/// The record of a target in which names stood for ids.
async fn recorded(target: &str, references: &[(&str, &str)]) -> Arc<InMemoryLedger> {
    let ledger = InMemoryLedger::for_sinks([]);
    let intent = intent("r1", 1, 10);
    let known = |(text, id): &(&str, &str)| KnownReference {
        text: (*text).to_owned(),
        id: (*id).to_owned(),
    };
    let base = BaseRecord {
        document: DocumentRef {
            target: target.to_owned(),
            ..intent.document
        },
        author: intent.author,
        hash: "h".to_owned(),
        members: Vec::new(),
        content: None,
        references: references.iter().map(known).collect(),
        version: None,
        source: BaseSource::Apply,
        read_at: intent.at,
        at: intent.at,
    };
    ledger.observe(base).await.unwrap();
    Arc::new(ledger)
}

#[tokio::test]
async fn a_rule_that_was_renamed_elsewhere_is_known_by_the_record() {
    let file = r#"{"id": "@{rule:Refund}", "name": "Refund"}"#;
    let absent = "AR0121 no trigger rule has the name `Refund`";
    for (target, references, expected) in [
        ("t", &[("@{rule:Refund}", "r1")][..], Ok("r1")),
        // Of another organization, of another kind of thing, of one that is gone, and of two.
        ("other", &[("@{rule:Refund}", "r1")], Err(absent)),
        ("t", &[("@{script:Refund}", "r1")], Err(absent)),
        ("t", &[("@{rule:Refund}", "gone")], Err(absent)),
        ("t", &[("@{rule:Refund}", "r1"), ("@{rule:Refund}", "r2")], Err(absent)),
    ] {
        let org = Org::sample().await;
        put_rule(&org, "r1", "Refunds EU");
        put_rule(&org, "r2", "Other");
        let names = org
            .names
            .with_record(recorded(target, references).await, "t".to_owned());
        let (found, warnings) = rule_of(&names, file, Some("Refund")).await;
        assert_eq!(found.as_deref().map_err(String::as_str), expected, "{references:?}");
        if expected.is_ok() {
            assert_eq!(warnings, ["AR0233 `Refund` is now `Refunds EU`"]);
        }
    }
}

#[tokio::test]
async fn a_thing_that_was_renamed_is_told_by_its_name_of_today() {
    let org = Org::sample().await;
    org.put_script("s1", "Welcome", &json!({}));
    let names = org
        .names
        .with_record(recorded("t", &[("@{script:Greeting}", "s1")]).await, "t".to_owned());
    let document = script_attributes(r#"{"scriptId": "@{script:Greeting}"}"#);
    let resolved = names.resolve::<Copilot>(&document, None).await;
    let Err(ResolveError::Unresolved(unresolved)) = resolved else {
        panic!("it has no id");
    };
    assert_eq!(
        shown(&[FindNameError::finding(&unresolved[0])]),
        ["AR0121 no script has the name `Greeting` (`Greeting` is now `Welcome`)"]
    );
}

#[tokio::test]
async fn a_text_beside_a_document_is_resolved_too() {
    let org = Org::sample().await;
    let resolve = async |text: &str| {
        let pointer = Pointer::root().member("assistant");
        let resolved = org
            .names
            .resolve_own_name(text, ReferenceKind::Assistant, &pointer)
            .await;
        resolved.map(|own| own.id)
    };
    assert_eq!(
        resolve("@{assistant:Billing}").await,
        Ok(SAMPLE_ASSISTANT_ID.to_owned())
    );
    assert_eq!(resolve("a1").await, Ok("a1".to_owned()));
    assert!(matches!(
        resolve("@{script:Billing}").await,
        Err(UnresolvedCause::OtherKind { .. })
    ));
    assert!(matches!(
        resolve("@{assistant").await,
        Err(UnresolvedCause::Malformed(_))
    ));
    assert!(matches!(
        resolve("@{assistant:Nobody}").await,
        Err(UnresolvedCause::Unknown(_, FindNameError::Absent { .. }))
    ));
}

/// A document that is promoted has the ids of the organization that it comes to, and none of the one that it comes from.
#[tokio::test]
async fn a_copilot_goes_from_one_organization_to_another_by_its_names() {
    let development = Org::sample().await;
    let production = Org::of(Emulator::sample_of(HostedOrganization::new("Production"))).await;
    for (stored, has_version) in [
        (SAMPLE_ASSISTANT_ID, false),
        ("7d2b6a54-9999-4888-8777-666655554445", true),
    ] {
        let copilot = development.emulator.assistant(stored).unwrap()["copilot"].to_string();
        let copilot: Copilot = copilot.parse().unwrap();
        let there = development
            .names
            .portable::<Copilot>(copilot.document())
            .await
            .unwrap()
            .portable;
        assert_eq!(
            (there.nameless.len(), there.unlisted.len()),
            (0, usize::from(has_version))
        );
        let here = production
            .names
            .resolve::<Copilot>(&there.document, None)
            .await
            .unwrap();
        assert_eq!(here.unlisted, there.unlisted);
        for value in &here.unlisted {
            let finding = foreign_value(value);
            let at = "/nluConfig/domain/version/id";
            assert_eq!((finding.code, finding.pointer.as_str()), (Code::ForeignValue, at));
            assert!(!finding.message.contains(&value.value));
        }
        let ours = production.emulator.ids();
        assert!(here.references.iter().all(|reference| ours.contains(&reference.id)));
        assert_eq!(here.references.len(), there.references.len());
        let resolved: Copilot = here.document.text().parse().unwrap();
        let check = production.names.check_references(&resolved).await;
        assert_eq!(shown(check.findings.as_slice()), [""; 0]);
        let back = production
            .names
            .portable::<Copilot>(&here.document)
            .await
            .unwrap()
            .portable;
        assert_eq!(back.document.text(), there.document.text());
    }
}

#[tokio::test]
async fn a_response_is_checked_without_its_library_and_a_rule_refers_to_nothing_that_is_checked() {
    let org = Org::sample().await;
    let text = r#"{"responseId": "nobody", "pageId": "nobody"}"#;
    let check = org
        .names
        .check_references(&script_attributes(text).text().parse::<Copilot>().unwrap())
        .await;
    assert_eq!(
        shown(check.findings.as_slice()),
        ["AR0229 there is no canned response `nobody`"]
    );
    let asked = org.reads().len();
    let rule: TriggerRule = r#"{"id": "r1", "actions": [{"templateId": "t"}]}"#.parse().unwrap();
    let check = org.names.check_references(&rule).await;
    assert_eq!((shown(check.findings.as_slice()).len(), org.reads().len()), (0, asked));
}

/// A response that names no library is one of all libraries.
#[tokio::test]
async fn a_name_without_a_library_is_looked_for_in_all() {
    let org = Org::sample().await;
    let library = json!({"id": "l2", "name": "Second"});
    org.emulator
        .put_reference(&ReferenceCollection::Libraries, library)
        .unwrap();
    let response = json!({"id": "g2", "name": "Farewell", "libraries": [{"id": "l2"}]});
    org.emulator
        .put_reference(&ReferenceCollection::Responses, response)
        .unwrap();
    let found = org.names.find(ReferenceKind::Response, None, "Farewell").await.unwrap();
    assert_eq!(found.id, "g2");
    let elsewhere = org.names.find(ReferenceKind::Response, Some("l2"), "Greeting").await;
    assert!(matches!(elsewhere, Err(FindNameError::Absent { .. })));
    // The libraries, and the responses of each.
    assert_eq!(org.reads().len(), 3);
}
