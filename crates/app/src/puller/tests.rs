//! Reads of documents: those that the listing shows to be equal are spared.

use domain::json::Document;
use domain::{Edit, RuleId, TriggerRule};
use ports::testing::{InMemoryStore, VirtualTime};

use super::*;

fn store(rules: usize) -> Arc<InMemoryStore<TriggerRule>> {
    let store = InMemoryStore::with_pages_of(2);
    for number in 1..=rules {
        let id: RuleId = number.to_string().parse().unwrap();
        let rule = format!(r#"{{"id":"{number}","ruleType":"x","enabled":true,"name":"n{number}"}}"#);
        store.put(&id, rule.parse().unwrap());
    }
    Arc::new(store)
}

fn file(id: &str, name: &str) -> PlanRequest<TriggerRule> {
    let text = format!(r#"{{"id":"{id}","name":"{name}"}}"#);
    let edit = Edit::new(Document::parse(&text).unwrap()).unwrap();
    PlanRequest {
        id: id.parse().unwrap(),
        request: Arc::new(move || UpdateRequest::Edit(edit.clone())),
    }
}

fn states(pulled: &Pulled<TriggerRule>) -> Vec<String> {
    let documents = pulled.documents.iter();
    documents
        .map(|document| {
            let state = match &document.state {
                PulledState::InSync => "in sync",
                PulledState::Read(_, None) => "new",
                PulledState::Read(_, Some(_)) => "differs",
                PulledState::Missing => "missing",
                PulledState::Unread(_) => "unread",
            };
            format!("{} {state}", document.id)
        })
        .collect()
}

#[tokio::test]
async fn what_the_listing_shows_to_be_equal_is_not_read_and_what_it_lacks_is_read_by_id() {
    let puller = Puller {
        store: store(3),
        parallelism: 2,
        record: None,
        bases: Bases::default(),
        clock: Arc::new(VirtualTime::default()),
    };
    let files = || vec![file("1", "n1"), file("2", "other"), file("9", "n9")];
    let all: &(dyn Fn(&Listed<TriggerRule>) -> bool + Send + Sync) = &|_| true;
    let found = puller.pull(files(), Wanted::Listed(all), &|_, _| ()).await.unwrap();
    assert_eq!(states(&found), ["1 in sync", "2 differs", "3 new", "9 missing"]);
    assert_eq!(found.names.len(), 3);
    let these = Wanted::These(vec!["2".parse().unwrap()]);
    let found = puller.pull(files(), these, &|_, _| ()).await.unwrap();
    assert_eq!(states(&found), ["2 differs"]);
}
