//! Bases, updates after a point in time, and replaced values.

use domain::OutcomeKind;

use super::{Books, add, everything, intent, moment, outcome, rule};
use crate::{
    After, BaseRecord, BaseSource, DocumentRef, EntryId, IntentRecord, KnownReference, LedgerError, TallyQuery,
};

/// The id of an organization.
pub(super) const ORG: &str = "b8fa1c5c-6a7e-4d7a-9d4b-0d5b7b5a1c11";

pub(super) async fn check<F: Future<Output = Books>>(books: &impl Fn() -> F) {
    the_newest_base_counts_member_by_member(&books().await).await;
    the_content_of_a_base_is_found_by_its_hash(&books().await).await;
    a_base_is_no_update(&books().await).await;
    the_names_that_stood_for_ids_are_known(&books().await).await;
    what_was_applied_after_a_point_is_found(&books().await).await;
    what_entries_and_bases_replaced_is_found(&books().await).await;
    what_an_intent_undoes_and_carries_out_is_kept(&books().await).await;
    an_unknown_update_is_gone_on_from(&books().await).await;
    nobody_goes_on_from_an_update_that_is_at_work(&books().await).await;
}

/// A base whose hash is short: a ledger takes the hash as it is told.
pub(super) fn base(document: &str, hash: &str, members: &[&str], read_at: u64) -> BaseRecord {
    BaseRecord {
        document: rule(document),
        author: intent(document, 1, read_at).author,
        hash: hash.to_owned(),
        members: members.iter().map(|member| (*member).to_owned()).collect(),
        content: Some(format!(r#"{{"name": "{hash}", "n": 1.50}}"#).parse().unwrap()),
        references: Vec::new(),
        version: Some("\"7\"".parse().unwrap()),
        source: BaseSource::Apply,
        read_at: moment(read_at),
        at: moment(read_at + 1),
    }
}

fn pulled(base: BaseRecord) -> BaseRecord {
    let folder = "folder".to_owned();
    let source = BaseSource::Pull { folder };
    BaseRecord { source, ..base }
}

async fn the_newest_base_counts_member_by_member(books: &Books) {
    let first = base("r1", "h1", &["name", "enabled"], 10);
    let second = base("r1", "h2", &["name"], 20);
    // Recorded last, and it rests on an earlier read.
    let late = base("r1", "h3", &["name", "description"], 5);
    let mut ids = Vec::new();
    for record in [
        first.clone(),
        second.clone(),
        late.clone(),
        pulled(base("r1", "h4", &["name"], 30)),
        base("r2", "h5", &["name"], 40),
    ] {
        ids.push(books.ledger.observe(record).await.unwrap());
    }
    let newest = books.history.newest_bases(&rule("r1")).await.unwrap();
    let found: Vec<_> = newest
        .iter()
        .map(|newest| (newest.entry, newest.base.clone(), newest.members.join(" ")))
        .collect();
    let [one, two, three] = [0, 1, 2].map(|place| *ids.get::<usize>(place).unwrap());
    assert_eq!(
        found,
        [
            (two, second, "name".to_owned()),
            (one, first, "enabled".to_owned()),
            (three, late, "description".to_owned()),
        ]
    );
    let mut hashes = books.history.base_hashes(&rule("r1").target, "rule").await.unwrap();
    hashes.sort();
    let hashes: Vec<_> = hashes
        .iter()
        .map(|base| format!("{} {} {}", base.document, base.hash, base.members))
        .collect();
    assert_eq!(hashes, ["r1 h1 1", "r1 h2 1", "r1 h3 1", "r2 h5 1"]);
    let of_another_kind = DocumentRef {
        kind: "toy".to_owned(),
        ..rule("r1")
    };
    assert_eq!(books.history.newest_bases(&of_another_kind).await.unwrap(), []);
}

async fn the_content_of_a_base_is_found_by_its_hash(books: &Books) {
    let mut known = pulled(base("r1", "h1", &["name"], 10));
    books.ledger.observe(known.clone()).await.unwrap();
    let unknown = BaseRecord {
        content: None,
        version: None,
        ..base("r1", "h2", &["name"], 20)
    };
    books.ledger.observe(unknown.clone()).await.unwrap();
    let content = async |hash: &str| books.history.base_content(hash).await.unwrap();
    assert_eq!(content("h1").await, known.content.take());
    assert_eq!((content("h2").await, content("h3").await), (None, None));
    let newest = books.history.newest_bases(&rule("r1")).await.unwrap();
    assert_eq!(newest.first().unwrap().base, unknown);
}

async fn the_names_that_stood_for_ids_are_known(books: &Books) {
    let reference = |text: &str, id: &str| KnownReference {
        text: text.to_owned(),
        id: id.to_owned(),
    };
    let (greeting, own) = (reference("@{response:A \"B\"}", "a"), reference("@{rule:R}", "r1"));
    let of_greeting = BaseRecord {
        references: vec![greeting.clone()],
        ..base("r1", "h1", &["name"], 10)
    };
    let renamed = reference("@{response:A \"B\"}", "b");
    let of_both = pulled(BaseRecord {
        references: vec![renamed.clone(), own.clone()],
        ..base("r2", "h2", &["name"], 20)
    });
    for record in [of_greeting.clone(), of_both, base("r1", "h3", &["name"], 30)] {
        books.ledger.observe(record).await.unwrap();
    }
    let known = async |target: &str| books.history.known_references(target).await.unwrap();
    let known: Vec<_> = known(&of_greeting.document.target).await.into_iter().collect();
    assert_eq!(known, [greeting, renamed, own]);
    assert!(books.history.known_references("another").await.unwrap().is_empty());
    let newest = books.history.newest_bases(&of_greeting.document).await.unwrap();
    let mut bases = newest.into_iter().map(|newest| newest.base.references);
    assert_eq!(bases.next(), Some(Vec::new()));
}

async fn a_base_is_no_update(books: &Books) {
    books.ledger.observe(base("r1", "h1", &["name"], 10)).await.unwrap();
    assert_eq!(books.history.entries(&everything()).await.unwrap(), []);
    assert_eq!(books.ledger.unsettled("api client", "rule").await.unwrap(), []);
    assert_eq!(books.history.tally(&TallyQuery::default()).await.unwrap(), []);
    let pending = books
        .outbox
        .backlog()
        .await
        .unwrap()
        .iter()
        .map(|sink| sink.pending)
        .sum::<u64>();
    assert_eq!(pending, 0);
    books.ledger.intend(books.intent("r1", 7, 11)).await.unwrap();
}

async fn what_was_applied_after_a_point_is_found(books: &Books) {
    let first = add(books, "r1", 1, OutcomeKind::Applied, 10).await;
    let plan = Some("plan-1".to_owned());
    let mut planned = books.intent("r1", 2, 20);
    planned.author.plan_id.clone_from(&plan);
    let id = books.ledger.intend(planned.clone()).await.unwrap();
    // Seen by the plan: an update that is at work, and whose outcome comes later.
    let slow = books.intent("r2", 1, 21);
    let slow_id = books.ledger.intend(slow.clone()).await.unwrap();
    books
        .ledger
        .conclude(outcome(&planned, Some(id), OutcomeKind::Overwritten, 25))
        .await
        .unwrap();
    books
        .ledger
        .conclude(outcome(&slow, Some(slow_id), OutcomeKind::Applied, 60))
        .await
        .unwrap();
    add(books, "r1", 3, OutcomeKind::Failed, 30).await;
    let after = async |document: &str, after: After| {
        let found = books.history.applied_after(&rule(document), after).await.unwrap();
        found.iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    let nothing = After::Entry(EntryId(0));
    assert_eq!(after("r1", nothing).await, [id, first.id]);
    assert_eq!(
        after("r1", After::Entry(first.id)).await,
        [id, first.id],
        "its outcome came later"
    );
    let outcome_of_first = EntryId(first.id.0 + 1);
    assert_eq!(after("r1", After::Entry(outcome_of_first)).await, [id]);
    assert_eq!(after("r1", After::Entry(EntryId(1_000))).await, []);
    assert_eq!(after("r2", After::Entry(slow_id)).await, [slow_id]);
    assert_eq!(after("r1", After::Time(moment(0))).await, [id, first.id]);
    assert_eq!(after("r1", After::Time(moment(11))).await, [id]);
    assert_eq!(after("r1", After::Time(moment(25))).await, []);
    assert_eq!(after("r2", After::Time(moment(59))).await, [slow_id]);
    let found = books.history.applied_after(&rule("r1"), nothing).await.unwrap();
    let plans: Vec<_> = found
        .iter()
        .map(|entry| entry.author().unwrap().plan_id.clone())
        .collect();
    assert_eq!(plans, [plan, None]);
}

async fn what_entries_and_bases_replaced_is_found(books: &Books) {
    let applied = add(books, "r1", 1, OutcomeKind::Applied, 10).await;
    add(books, "r1", 2, OutcomeKind::Failed, 20).await;
    let first = books.ledger.observe(base("r1", "h1", &["name"], 30)).await.unwrap();
    let second = books
        .ledger
        .observe(pulled(base("r1", "h2", &["name"], 40)))
        .await
        .unwrap();
    add(books, "r2", 1, OutcomeKind::Applied, 50).await;
    let found = books.history.replacements(&rule("r1"), 10).await.unwrap();
    let entries: Vec<EntryId> = found.iter().map(|replacement| replacement.entry).collect();
    assert_eq!(entries, [second, first, applied.id]);
    let replaced: Vec<_> = found
        .iter()
        .map(|replacement| {
            let name = replacement
                .changes
                .iter()
                .find(|change| change.pointer.to_string() == "/name");
            name.and_then(|name| name.before.as_ref())
                .map(|before| before.text().to_owned())
        })
        .collect();
    assert_eq!(replaced, [Some("\"h1\"".to_owned()), None, Some("\"v1\"".to_owned())]);
    let last = found.last().unwrap();
    assert_eq!((&last.author, last.at), (applied.author().unwrap(), moment(10)));
    let newest = books.history.replacements(&rule("r1"), 1).await.unwrap();
    assert_eq!(newest.as_slice(), found.get(..1).unwrap());
}

async fn what_an_intent_undoes_and_carries_out_is_kept(books: &Books) {
    let first = add(books, "r1", 1, OutcomeKind::Applied, 10).await;
    let mut undo = books.intent("r1", 2, 20);
    undo.undoes = vec![first.id];
    undo.absent_intents = vec!["Refunds".to_owned()];
    undo.author.plan_id = Some("plan-1".to_owned());
    undo.author.org_name = Some("Acme".to_owned());
    undo.author.shown_target = Some("api client".to_owned());
    ORG.clone_into(&mut undo.document.target);
    let id = books.ledger.intend(undo.clone()).await.unwrap();
    let found = books.history.entry(id).await.unwrap().unwrap();
    assert_eq!(found.intent, Some(undo));
}

async fn an_unknown_update_is_gone_on_from(books: &Books) {
    let unknown = add(books, "r1", 1, OutcomeKind::Unknown, 10).await;
    let next = IntentRecord {
        follows: Some(unknown.id),
        ..books.intent("r1", 1, 1_000)
    };
    let id = books.ledger.intend(next.clone()).await.unwrap();
    let open = books.ledger.unsettled("api client", "rule").await.unwrap();
    assert_eq!(open.iter().map(|entry| entry.id).collect::<Vec<_>>(), [id]);
    let of = async |document: &str| books.ledger.unsettled_of(&rule(document)).await.unwrap();
    assert_eq!((of("r1").await, of("r2").await), (open, Vec::new()));
    let late = outcome(
        unknown.intent.as_ref().unwrap(),
        Some(unknown.id),
        OutcomeKind::Applied,
        1_001,
    );
    let refused = books.ledger.conclude(late).await.unwrap_err();
    assert_eq!(refused, LedgerError::Settled(unknown.id));
    assert_eq!(books.history.tally(&TallyQuery::default()).await.unwrap(), []);
    books
        .ledger
        .conclude(outcome(&next, Some(id), OutcomeKind::Applied, 1_002))
        .await
        .unwrap();
    let tally = books.history.tally(&TallyQuery::default()).await.unwrap();
    let counts: Vec<_> = tally
        .iter()
        .map(|(_, tally)| (tally.updates(), tally.of(OutcomeKind::Applied), tally.latencies.count()))
        .collect();
    assert_eq!(counts, [(1, 1, 1)], "it is one update");
    assert_eq!(books.history.entry(unknown.id).await.unwrap().unwrap().id, id);
}

async fn nobody_goes_on_from_an_update_that_is_at_work(books: &Books) {
    let at_work = books.intent("r1", 1, 10);
    let id = books.ledger.intend(at_work.clone()).await.unwrap();
    let mut next = IntentRecord {
        follows: Some(id),
        ..books.intent("r1", 1, 20)
    };
    "another run".clone_into(&mut next.author.run);
    let refused = books.ledger.intend(next.clone()).await.unwrap_err();
    assert!(matches!(refused, LedgerError::Leased { until, .. } if until == at_work.leased_until));
    next.at = at_work.leased_until;
    books.ledger.intend(next).await.unwrap();
}
