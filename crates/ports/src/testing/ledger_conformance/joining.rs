//! Targets that turn out to be one organization, and organizations behind one API.

use domain::OutcomeKind;

use super::observing::{ORG, base};
use super::{Books, add, everything, intent, moment, outcome, rule};
use crate::{
    After, Author, BaseRecord, Claim, DeliveryOutcome, DocumentRef, Entry, EntryId, HistoryQuery, Include,
    IntentRecord, JoinRecord, LedgerError, TallyOf, TallyQuery,
};

pub(super) async fn check<F: Future<Output = Books>>(books: &impl Fn() -> F) {
    a_target_that_is_joined_is_the_organization(&books().await).await;
    pending_events_go_before_those_after_the_join(&books().await).await;
    no_target_is_of_two_organizations(&books().await).await;
    organizations_behind_one_api_are_told_apart(&books().await).await;
}

fn of_org(document: &str) -> DocumentRef {
    DocumentRef {
        target: ORG.to_owned(),
        ..rule(document)
    }
}

/// An intent of another client of the organization.
fn of_another_client(books: &Books, document: &str, version: u64, at: u64) -> IntentRecord {
    let mut intent = books.intent(document, version, at);
    ORG.clone_into(&mut intent.document.target);
    intent.author.shown_target = Some("api another-client".to_owned());
    intent
}

fn join(target: &str, organization: &str) -> JoinRecord {
    JoinRecord {
        target: target.to_owned(),
        organization: organization.to_owned(),
        author: intent("r1", 1, 1).author,
        at: moment(100),
    }
}

async fn a_target_that_is_joined_is_the_organization(books: &Books) {
    let before = add(books, "r1", 1, OutcomeKind::Applied, 10).await;
    let mut of_a_token = books.intent("r1", 1, 15);
    "api token".clone_into(&mut of_a_token.document.target);
    let of_a_token = books.ledger.intend(of_a_token).await.unwrap();
    books.ledger.observe(base("r1", "h1", &["name"], 20)).await.unwrap();
    let left_open = books.intent("r2", 1, 30);
    let open_id = books.ledger.intend(left_open.clone()).await.unwrap();
    let theirs = of_another_client(books, "r1", 2, 40);
    let theirs_id = books.ledger.intend(theirs.clone()).await.unwrap();
    books
        .ledger
        .conclude(outcome(&theirs, Some(theirs_id), OutcomeKind::Applied, 41))
        .await
        .unwrap();
    assert_eq!(books.history.organization_of("api client").await.unwrap(), None);
    assert!(books.ledger.join(join("api client", ORG)).await.unwrap().is_some());
    let found = async |target| books.history.organization_of(target).await.unwrap();
    assert_eq!(found("api client").await.as_deref(), Some(ORG));
    assert_eq!((found(ORG).await, found("api token").await), (None, None));
    assert_eq!(
        books.ledger.join(join("api client", ORG)).await.unwrap(),
        None,
        "it is known"
    );

    for target in [ORG, "api client"] {
        let query = |document: Option<&str>| HistoryQuery {
            target: Some(target.to_owned()),
            document: document.map(str::to_owned),
            ..everything()
        };
        let of_all = books.history.entries(&query(None)).await.unwrap();
        let ids: Vec<_> = of_all.iter().map(|entry| entry.id).collect();
        assert_eq!(ids, [theirs_id, open_id, before.id], "{target}");
        assert!(!ids.contains(&of_a_token));
        let shown: Vec<_> = of_all
            .iter()
            .map(|entry| (entry.document().unwrap(), entry.author().unwrap()))
            .map(|(document, author)| (document.target.as_str(), author.shown_target(document)))
            .collect();
        let ours = (ORG, "api client");
        assert_eq!(shown, [(ORG, "api another-client"), ours, ours]);
        let two = HistoryQuery {
            limit: 2,
            ..query(None)
        };
        assert_eq!(
            books.history.entries(&two).await.unwrap().as_slice(),
            of_all.get(..2).unwrap()
        );
        let of_one = books.history.entries(&query(Some("r1"))).await.unwrap();
        assert_eq!(
            of_one.iter().map(|entry| entry.id).collect::<Vec<_>>(),
            [theirs_id, before.id]
        );
        let open = books.ledger.unsettled(target, "rule").await.unwrap();
        assert_eq!(open.iter().map(|entry| entry.id).collect::<Vec<_>>(), [open_id]);
        let document = DocumentRef {
            target: target.to_owned(),
            ..open.first().and_then(Entry::document).unwrap().clone()
        };
        assert_eq!(books.ledger.unsettled_of(&document).await.unwrap(), open);
        let tally = async |of: TallyOf, since: Option<u64>| {
            let query = TallyQuery {
                target: Some(target.to_owned()),
                kind: Some("rule".to_owned()),
                of,
                since: since.map(moment),
            };
            let tallies = books.history.tally(&query).await.unwrap();
            tallies
                .into_iter()
                .map(|(document, tally)| (document, tally.updates()))
                .collect::<Vec<_>>()
        };
        let r1 = Some("r1".to_owned());
        assert_eq!(tally(TallyOf::All, None).await, [(None, 2)]);
        assert_eq!(tally(TallyOf::Each(5), None).await, [(r1.clone(), 2)]);
        assert_eq!(tally(TallyOf::One("r1".to_owned()), Some(11)).await, [(r1, 1)]);
        let document = DocumentRef {
            target: target.to_owned(),
            ..rule("r1")
        };
        assert_eq!(books.history.newest_bases(&document).await.unwrap().len(), 1);
        let version = "\"1\"".parse().unwrap();
        assert!(books.history.document_at(&document, &version).await.unwrap().is_some());
        let applied = books
            .history
            .applied_after(&document, After::Entry(EntryId(0)))
            .await
            .unwrap();
        assert_eq!(
            applied.iter().map(|entry| entry.id).collect::<Vec<_>>(),
            [theirs_id, before.id]
        );
        let replaced = books.history.replacements(&document, 10).await.unwrap();
        assert_eq!(replaced.len(), 3);
    }

    one_lease_and_one_history_from_there_on(books, &left_open, open_id).await;
}

async fn one_lease_and_one_history_from_there_on(books: &Books, left_open: &IntentRecord, open_id: EntryId) {
    // One document, one lease.
    let waits = of_another_client(books, "r2", 1, 50);
    let refused = books.ledger.intend(waits).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Leased { until, .. } if until == left_open.leased_until));
    // What was left open before the join is settled by whoever knows the organization.
    let mut settled = outcome(left_open, Some(open_id), OutcomeKind::Applied, 60);
    settled.document = of_org("r2");
    settled.author = Author {
        shown_target: Some("api another-client".to_owned()),
        ..settled.author
    };
    books.ledger.conclude(settled).await.unwrap();
    assert_eq!(books.ledger.unsettled(ORG, "rule").await.unwrap(), []);
    // One that does not know the organization is its client's all the same.
    let after = add(books, "r1", 3, OutcomeKind::Applied, 70).await;
    let found = books.history.entry(after.id).await.unwrap().unwrap();
    assert_eq!(found.document(), Some(&of_org("r1")));
}

async fn pending_events_go_before_those_after_the_join(books: &Books) {
    let claim = |at: u64| Claim {
        sink: "a".to_owned(),
        include: Include::Due,
        after: 0,
        now: moment(at),
        lease: std::time::Duration::from_mins(1),
        limit: 100,
    };
    add(books, "r1", 1, OutcomeKind::Applied, 10).await;
    books.ledger.join(join("api client", ORG)).await.unwrap();
    let theirs = of_another_client(books, "r1", 2, 40);
    let id = books.ledger.intend(theirs.clone()).await.unwrap();
    books
        .ledger
        .conclude(outcome(&theirs, Some(id), OutcomeKind::Applied, 41))
        .await
        .unwrap();
    let mut delivered = Vec::new();
    for at in [50, 60, 70] {
        for leased in books.outbox.claim(&claim(at)).await.unwrap() {
            delivered.push((
                leased.event.document.target.clone(),
                leased.event.author.shown_target.clone(),
            ));
            books
                .outbox
                .complete(&leased, &DeliveryOutcome::Delivered)
                .await
                .unwrap();
        }
        assert_eq!(delivered.len(), usize::try_from((at - 40) / 10).unwrap().min(2));
    }
    // An event is told in the same words on each try, whatever was found out in between.
    assert_eq!(
        delivered,
        [
            ("api client".to_owned(), None),
            (ORG.to_owned(), Some("api another-client".to_owned())),
        ]
    );
}

async fn no_target_is_of_two_organizations(books: &Books) {
    books.ledger.join(join("api client", ORG)).await.unwrap();
    for refused in [join("api client", "another"), join("api token", ORG)] {
        let failure = books.ledger.join(refused.clone()).await.unwrap_err();
        let is_refused = matches!(&failure, LedgerError::OtherOrganization { target, .. } if *target == refused.target);
        assert!(is_refused, "{failure:?}");
    }
    assert_eq!(books.history.entries(&everything()).await.unwrap(), []);
}

/// Two organizations, one API, one client, one id.
async fn organizations_behind_one_api_are_told_apart(books: &Books) {
    let of = |org: &str, version: u64, at: u64| {
        let mut intent = books.intent("r1", version, at);
        org.clone_into(&mut intent.document.target);
        intent.author.shown_target = Some("api client".to_owned());
        intent
    };
    let (dev, production) = (of("dev", 1, 10), of("production", 1, 11));
    let dev_id = books.ledger.intend(dev.clone()).await.unwrap();
    let production_id = books.ledger.intend(production.clone()).await.unwrap();
    for (intent, id) in [(&dev, dev_id), (&production, production_id)] {
        let open = books.ledger.unsettled(&intent.document.target, "rule").await.unwrap();
        assert_eq!(open.iter().map(|entry| entry.id).collect::<Vec<_>>(), [id]);
        assert_eq!(books.ledger.unsettled_of(&intent.document).await.unwrap(), open);
    }
    assert_eq!(books.ledger.unsettled("api client", "rule").await.unwrap(), []);
    let mistaken = outcome(&dev, Some(production_id), OutcomeKind::Applied, 12);
    let refused = books.ledger.conclude(mistaken).await.unwrap_err();
    assert_eq!(refused, LedgerError::NoEntry(production_id));
    for (intent, id) in [(&dev, dev_id), (&production, production_id)] {
        let applied = outcome(intent, Some(id), OutcomeKind::Applied, 13);
        books.ledger.conclude(applied).await.unwrap();
        let base = BaseRecord {
            document: intent.document.clone(),
            ..base("r1", &intent.document.target, &["name"], 20)
        };
        books.ledger.observe(base).await.unwrap();
    }
    let next = of("dev", 2, 30);
    let next_id = books.ledger.intend(next.clone()).await.unwrap();
    books
        .ledger
        .conclude(outcome(&next, Some(next_id), OutcomeKind::Applied, 31))
        .await
        .unwrap();
    for (document, entries) in [(&dev.document, 2), (&production.document, 1)] {
        let query = HistoryQuery {
            target: Some(document.target.clone()),
            document: Some("r1".to_owned()),
            ..everything()
        };
        let found = books.history.entries(&query).await.unwrap();
        assert_eq!(found.len(), entries);
        assert!(found.iter().all(|entry| entry.document() == Some(document)));
        let tally = TallyQuery {
            target: Some(document.target.clone()),
            ..TallyQuery::default()
        };
        let tally = books.history.tally(&tally).await.unwrap();
        let updates: Vec<_> = tally.iter().map(|(_, tally)| tally.updates()).collect();
        assert_eq!(updates, [i64::try_from(entries).unwrap()]);
        let bases = books.history.newest_bases(document).await.unwrap();
        assert_eq!(
            bases.iter().map(|found| &found.base.hash).collect::<Vec<_>>(),
            [&document.target]
        );
        let applied = books
            .history
            .applied_after(document, After::Entry(EntryId(0)))
            .await
            .unwrap();
        assert_eq!(applied.len(), entries);
    }
    // The event of one does not wait for that of the other, nor does a newer one of it go out first.
    let claim = Claim {
        sink: "a".to_owned(),
        include: Include::Due,
        after: 0,
        now: moment(40),
        lease: std::time::Duration::from_mins(1),
        limit: 100,
    };
    let delivered = books.outbox.claim(&claim).await.unwrap();
    let delivered: Vec<_> = delivered
        .iter()
        .map(|leased| (&leased.event.document, leased.event.entry))
        .collect();
    assert_eq!(
        delivered,
        [(&dev.document, dev_id), (&production.document, production_id)]
    );
}
