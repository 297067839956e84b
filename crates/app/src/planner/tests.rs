//! Plans of an organization whose listing shows less than it has, breaks off, or is not there.

use std::sync::Mutex;

use async_trait::async_trait;
use domain::json::Document;
use domain::{Edit, RuleId, TriggerRule};
use ports::testing::InMemoryStore;
use ports::{Cursor, Listed, Page, Response};

use super::*;

/// An organization, and the requests that it got.
struct Organization {
    rules: InMemoryStore<TriggerRule>,
    /// The members that the listing leaves out, and those that it shows otherwise.
    without: Vec<&'static str>,
    shown: Vec<(&'static str, &'static str)>,
    /// The page at which the listing fails, counted from 0.
    broken_page: Option<(usize, FailureClass)>,
    unreadable: Vec<(&'static str, FailureClass)>,
    /// Documents that the server counts and no page shows.
    unseen: u64,
    pages: Mutex<usize>,
    reads: Mutex<Vec<String>>,
}

impl Organization {
    /// An organization whose pages have two rules.
    fn of(rules: &[&str]) -> Self {
        let organization = Self {
            rules: InMemoryStore::with_pages_of(2),
            without: Vec::new(),
            shown: Vec::new(),
            broken_page: None,
            unreadable: Vec::new(),
            unseen: 0,
            pages: Mutex::default(),
            reads: Mutex::default(),
        };
        for rule in rules {
            let rule: TriggerRule = rule.parse().unwrap();
            let id = rule.member("id").unwrap().as_str().unwrap().parse().unwrap();
            organization.rules.put(&id, rule);
        }
        organization
    }

    /// The rules `1` to `count`, all of the name `old`.
    fn of_so_many(count: usize) -> Self {
        let rules: Vec<String> = (1..=count).map(|number| old(&number.to_string())).collect();
        Self::of(&rules.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Plans these files: each names its id.
    async fn plan(self, files: &[&str]) -> (Planned<TriggerRule>, Requests) {
        let store = Arc::new(self);
        let planner = Planner {
            store: store.clone(),
            parallelism: 3,
            keeps_stored: false,
            left_out: Vec::new(),
            drift: DriftPolicy::default(),
            record: None,
        };
        let found = planner
            .plan(files.iter().map(|file| request(file)).collect(), &|_| ())
            .await
            .unwrap();
        let mut reads = store.reads.lock().unwrap().clone();
        reads.sort();
        let pages = *store.pages.lock().unwrap();
        (found, Requests { pages, reads })
    }
}

#[derive(Debug, PartialEq)]
struct Requests {
    pages: usize,
    reads: Vec<String>,
}

fn requests(pages: usize, reads: &[&str]) -> Requests {
    Requests {
        pages,
        reads: reads.iter().map(|id| (*id).to_owned()).collect(),
    }
}

#[async_trait]
impl DocumentStore<TriggerRule> for Organization {
    async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
        self.reads.lock().unwrap().push(id.to_string());
        let unreadable = self
            .unreadable
            .iter()
            .find(|(unreadable, _)| *unreadable == id.as_str());
        match unreadable {
            Some((_, class)) => Err(RequestError::new(class.clone(), "no")),
            None => self.rules.get(id).await,
        }
    }

    async fn replace<'v>(
        &self,
        _id: &RuleId,
        _document: &TriggerRule,
        _version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
        panic!("a plan writes nothing")
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
        let page = *self.pages.lock().unwrap();
        *self.pages.lock().unwrap() = page + 1;
        if let Some((broken, class)) = &self.broken_page
            && *broken == page
        {
            return Err(RequestError::new(class.clone(), "no"));
        }
        let mut answer = self.rules.page(cursor).await?;
        answer.content.total = answer.content.total.map(|total| total + self.unseen);
        for listed in &mut answer.content.documents {
            let less = listed.value.document().without_members(&self.without).unwrap();
            let less = less.with_members(&self.shown).unwrap();
            listed.value = TriggerRule::from_document(less).unwrap();
        }
        Ok(answer)
    }
}

fn old(id: &str) -> String {
    format!(r#"{{"id":"{id}","ruleType":"conversation","enabled":true,"name":"old"}}"#)
}

fn request(file: &str) -> PlanRequest<TriggerRule> {
    let document: Document = file.parse().unwrap();
    let id = document.root().get("id").unwrap().as_str().unwrap().parse().unwrap();
    PlanRequest {
        id,
        request: Arc::new(move || UpdateRequest::Edit(Edit::new(document.clone()).unwrap())),
    }
}

/// The action in a word.
fn word(action: &PlannedAction<TriggerRule>) -> &'static str {
    match action {
        PlannedAction::Update(_) => "update",
        PlannedAction::Unchanged(_) => "unchanged",
        PlannedAction::Conflict(_) => "conflict",
        PlannedAction::Drifted(_) => "drifted",
        PlannedAction::Missing => "missing",
        PlannedAction::Invalid(_) => "invalid",
        PlannedAction::Unread(_) => "unread",
    }
}

fn words(planned: &Planned<TriggerRule>) -> Vec<&'static str> {
    planned
        .documents
        .iter()
        .map(|document| word(&document.action))
        .collect()
}

#[tokio::test]
async fn a_rule_that_the_listing_shows_to_be_equal_is_not_read() {
    let organization = Organization::of_so_many(5);
    let files = [
        r#"{"id":"5","name":"old","enabled":true}"#,
        r#"{"id":"1","name":"new"}"#,
        r#"{"id":"2"}"#,
        r#"{"id":"3","ruleType":"conversation","name":"old","enabled":true}"#,
    ];
    let (planned, sent) = organization.plan(&files).await;
    assert_eq!(words(&planned), ["unchanged", "update", "unchanged", "unchanged"]);
    assert_eq!(sent, requests(3, &["1"]));
    assert_eq!(planned.not_requested, Some(1));
    let shown = |document: &PlannedDocument<TriggerRule>| (document.id.to_string(), document.title.clone());
    let shown: Vec<_> = planned.documents.iter().map(shown).collect();
    let expected = [("5", "old"), ("1", "new"), ("2", "old"), ("3", "old")];
    assert_eq!(
        shown,
        expected.map(|(id, title)| (id.to_owned(), Some(title.to_owned())))
    );
    let versions = planned.documents.iter().filter_map(|document| match &document.action {
        PlannedAction::Unchanged(version) => Some(version.as_ref()?.to_string()),
        PlannedAction::Update(update) => Some(update.before().version.as_ref()?.to_string()),
        PlannedAction::Conflict(_)
        | PlannedAction::Drifted(_)
        | PlannedAction::Missing
        | PlannedAction::Invalid(_)
        | PlannedAction::Unread(_) => None,
    });
    assert_eq!(versions.collect::<Vec<_>>(), ["1"; 4]);
}

const RULE: &str = r#"{"id":"1","ruleType":"conversation","enabled":true,"name":"n","description":"d",
    "conditions":[{"type":"keyword","field":"f","operator":"contains","value":"a"}],
    "actions":[{"type":"call","x":[1]}]}"#;

/// A member that the listing leaves out or empties may be another value, and one that it shows is that value.
#[tokio::test]
async fn a_rule_of_which_the_listing_shows_less_is_read() {
    let conditions = r#"{"id":"1","conditions":[{"type":"keyword","field":"f","operator":"contains","value":"a"}]}"#;
    for (file, without, shown, action, reads) in [
        // Shown as it is.
        (conditions, None, None, "unchanged", &[][..]),
        (
            r#"{"id":"1","actions":[{"type":"call"}]}"#,
            None,
            None,
            "unchanged",
            &[],
        ),
        (
            r#"{"id":"1","description":"d"}"#,
            Some("actions"),
            None,
            "unchanged",
            &[],
        ),
        // Left out.
        (conditions, Some("conditions"), None, "unchanged", &["1"]),
        (
            r#"{"id":"1","description":"d"}"#,
            Some("description"),
            None,
            "unchanged",
            &["1"],
        ),
        (
            r#"{"id":"1","description":null}"#,
            Some("description"),
            None,
            "update",
            &["1"],
        ),
        (
            r#"{"id":"1","conditions":[]}"#,
            Some("conditions"),
            None,
            "update",
            &["1"],
        ),
        // Emptied.
        (
            r#"{"id":"1","description":null}"#,
            None,
            Some(("description", "null")),
            "update",
            &["1"],
        ),
        (
            r#"{"id":"1","conditions":[]}"#,
            None,
            Some(("conditions", "[]")),
            "update",
            &["1"],
        ),
        (
            r#"{"id":"1","name":"n","actions":[]}"#,
            None,
            Some(("actions", "[]")),
            "update",
            &["1"],
        ),
        // Cut short, with fewer members.
        (
            r#"{"id":"1","actions":[{"type":"call","x":[1]}]}"#,
            None,
            Some(("actions", r#"[{"type":"call"}]"#)),
            "unchanged",
            &["1"],
        ),
    ] {
        let mut organization = Organization::of(&[RULE]);
        organization.without.extend(without);
        organization.shown.extend(shown);
        let (planned, sent) = organization.plan(&[file]).await;
        assert_eq!(words(&planned), [action], "{file} {without:?} {shown:?}");
        assert_eq!(sent, requests(1, reads), "{file} {without:?} {shown:?}");
    }
}

/// A write goes out under the version that was read, with the whole document: never with what a listing shows.
#[tokio::test]
async fn an_update_is_made_of_the_rule_as_it_is_stored() {
    let mut organization = Organization::of(&[RULE]);
    organization.without.extend(["actions", "description"]);
    let (planned, _) = organization.plan(&[r#"{"id":"1","name":"new"}"#]).await;
    let [document] = planned.documents.as_slice() else {
        panic!("{planned:?}")
    };
    let PlannedAction::Update(update) = &document.action else {
        panic!("{document:?}")
    };
    let stored: TriggerRule = RULE.parse().unwrap();
    assert_eq!(update.before().value, stored);
    assert_eq!(update.after().description(), Some("d"));
}

#[tokio::test]
async fn a_rule_is_missing_only_once_a_read_by_its_id_says_so() {
    let organization = Organization::of_so_many(1);
    let (planned, sent) = organization.plan(&[&old("1"), &old("7")]).await;
    assert_eq!(words(&planned), ["unchanged", "missing"]);
    assert_eq!(sent, requests(1, &["7"]));
    assert_eq!(planned.not_requested, Some(0));
}

/// A rule that was made while the listing was read, or that it does not show.
#[tokio::test]
async fn a_rule_that_the_listing_does_not_show_is_planned_as_it_is_read() {
    struct Unlisted(Organization);

    #[async_trait]
    impl DocumentStore<TriggerRule> for Unlisted {
        async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
            self.0.get(id).await
        }

        async fn replace<'v>(
            &self,
            id: &RuleId,
            document: &TriggerRule,
            version: Option<&'v Version>,
        ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
            self.0.replace(id, document, version).await
        }

        async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
            let mut answer = self.0.page(cursor).await?;
            answer.content.documents.clear();
            Ok(answer)
        }
    }

    let planner = Planner {
        store: Arc::new(Unlisted(Organization::of_so_many(1))),
        parallelism: 0,
        keeps_stored: false,
        left_out: Vec::new(),
        drift: DriftPolicy::default(),
        record: None,
    };
    let found = planner.plan(vec![request(&old("1"))], &|_| ()).await.unwrap();
    assert_eq!((words(&found), found.not_requested), (vec!["unchanged"], Some(0)));
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_keeps_no_other_from_its_plan() {
    let unavailable = FailureClass::NotSent;
    let mut organization = Organization::of_so_many(4);
    organization.unreadable = vec![
        ("1", FailureClass::Denied),
        ("2", unavailable.clone()),
        ("9", unavailable.clone()),
    ];
    let files = ["1", "2", "3", "9", "4"].map(|id| format!(r#"{{"id":"{id}","name":"new"}}"#));
    let (planned, _) = organization.plan(&files.each_ref().map(String::as_str)).await;
    assert_eq!(words(&planned), ["unread", "unread", "update", "unread", "update"]);
    let classes: Vec<FailureClass> = planned
        .documents
        .iter()
        .filter_map(|document| match &document.action {
            PlannedAction::Unread(failure) => Some(failure.class.clone()),
            PlannedAction::Update(_)
            | PlannedAction::Unchanged(_)
            | PlannedAction::Conflict(_)
            | PlannedAction::Drifted(_)
            | PlannedAction::Missing
            | PlannedAction::Invalid(_) => None,
        })
        .collect();
    assert_eq!(classes, [FailureClass::Denied, unavailable.clone(), unavailable]);
    assert_eq!(
        planned.not_requested,
        Some(0),
        "the ninth is none that the listing shows"
    );
}

#[tokio::test]
async fn without_a_listing_each_rule_is_read_by_its_id_and_the_others_are_not_counted() {
    for (page, class, pages) in [
        (0, FailureClass::NotFound, 1),
        (0, FailureClass::Denied, 1),
        (1, FailureClass::NotSent, 2),
        (2, FailureClass::Malformed, 3),
    ] {
        let mut organization = Organization::of_so_many(6);
        organization.broken_page = Some((page, class.clone()));
        let files = [old("1"), old("5"), r#"{"id":"2","name":"new"}"#.to_owned(), old("7")];
        let (planned, sent) = organization.plan(&files.each_ref().map(String::as_str)).await;
        assert_eq!(
            words(&planned),
            ["unchanged", "unchanged", "update", "missing"],
            "{class:?}"
        );
        assert_eq!(sent, requests(pages, &["1", "2", "5", "7"]), "{class:?}");
        assert_eq!(planned.not_requested, None, "{class:?}");
    }
}

#[tokio::test]
async fn the_rules_that_no_request_is_about_are_counted_by_what_the_server_counts_and_shows() {
    for (unseen, files, not_requested) in [
        (0, vec![old("1")], 4),
        (0, vec![], 5),
        (3, vec![old("1"), old("2")], 6),
        // One that no page shows is one of those that are counted.
        (1, vec![old("1"), old("7")], 5),
        (0, vec![old("1"), old("2"), old("3"), old("4"), old("5")], 0),
    ] {
        let mut organization = Organization::of_so_many(5);
        organization.unseen = unseen;
        let (planned, _) = organization
            .plan(&files.iter().map(String::as_str).collect::<Vec<_>>())
            .await;
        assert_eq!(planned.not_requested, Some(not_requested), "{unseen} {files:?}");
    }
}

/// Others delete a rule while pages are read: another moves to a page that was read.
#[tokio::test]
async fn of_a_rule_on_two_pages_the_later_one_counts() {
    for (first, second, action, reads) in [("old", "new", "unchanged", 0), ("new", "old", "update", 1)] {
        let mut store = ports::MockDocumentStore::<TriggerRule>::new();
        let rule = |name: &str| -> TriggerRule { old("1").replace("old", name).parse().unwrap() };
        store.expect_page().times(2).returning(move |cursor| {
            let (name, next) = match cursor {
                None => (first, Some(Cursor("2".to_owned()))),
                Some(_) => (second, None),
            };
            let listed = Listed {
                stated_id: "1".to_owned(),
                title: None,
                id: "1".parse().ok(),
                version: None,
                value: rule(name),
            };
            Ok(Response {
                content: Page {
                    documents: vec![listed],
                    next,
                    total: None,
                },
                metadata: domain::ResponseMetadata::default(),
            })
        });
        store.expect_get().times(reads).returning(move |id| {
            Ok(Response {
                content: Stored {
                    id: id.clone(),
                    version: "8".parse().ok(),
                    value: rule("old"),
                },
                metadata: domain::ResponseMetadata::default(),
            })
        });
        let planner = Planner {
            store: Arc::new(store),
            parallelism: 1,
            keeps_stored: false,
            left_out: Vec::new(),
            drift: DriftPolicy::default(),
            record: None,
        };
        let found = planner.plan(vec![request(r#"{"id":"1","name":"new"}"#)], &|_| ()).await;
        let found = found.unwrap();
        assert_eq!((words(&found), found.not_requested), (vec![action], Some(0)));
    }
}

#[tokio::test]
async fn each_action_has_a_rule_that_leads_to_it() {
    let whole = |etag: &str, name: &str| {
        format!(r#"{{"id":"1","ruleType":"conversation","etag":"{etag}","enabled":true,"name":"{name}"}}"#)
    };
    for (file, action) in [
        (r#"{"id":"1","name":"new"}"#.to_owned(), "update"),
        (r#"{"id":"1","name":"n"}"#.to_owned(), "unchanged"),
        (
            r#"{"id":"1","conditions":[{"type":"keyword","field":"g"}]}"#.to_owned(),
            "invalid",
        ),
        (whole("1", "new"), "update"),
        (whole("2", "new"), "conflict"),
        (whole("2", "n"), "conflict"),
    ] {
        let rule = RULE.replacen('{', r#"{"etag":"1","#, 1);
        let (planned, _) = Organization::of(&[&rule]).plan(&[&file]).await;
        assert_eq!(words(&planned), [action], "{file}");
    }
}

#[tokio::test]
async fn the_progress_counts_up_to_all_that_are_listed_and_planned() {
    let (organization, seen) = (Organization::of_so_many(3), Mutex::new(Vec::new()));
    let planner = Planner {
        store: Arc::new(organization),
        parallelism: 1,
        keeps_stored: false,
        left_out: Vec::new(),
        drift: DriftPolicy::default(),
        record: None,
    };
    let files = vec![
        request(&old("1")),
        request(r#"{"id":"2","name":"new"}"#),
        request(&old("7")),
    ];
    planner
        .plan(files, &|progress| seen.lock().unwrap().push(progress))
        .await
        .unwrap();
    let listed = (1..=3).map(PlanProgress::Listed);
    let counted = (1..=3).map(PlanProgress::Planned);
    assert_eq!(seen.into_inner().unwrap(), listed.chain(counted).collect::<Vec<_>>());
}
