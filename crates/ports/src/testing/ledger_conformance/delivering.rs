//! The checks that every [`Outbox`](crate::Outbox) must pass.

use std::time::Duration;

use domain::OutcomeKind;

use super::{Books, add, moment};
use crate::{Claim, DeliveryOutcome, Include, LeasedEvent};

pub(super) async fn check<F: Future<Output = Books>>(books: &impl Fn() -> F) {
    only_what_was_applied_is_told(&books().await).await;
    the_oldest_of_each_document_comes_first(&books().await).await;
    what_comes_after_a_place_is_given_out_alone(&books().await).await;
    a_lease_that_is_over_is_given_out_again(&books().await).await;
    a_clock_that_was_ahead_keeps_no_event_back(&books().await).await;
    a_try_that_failed_comes_again_when_it_is_due(&books().await).await;
    what_was_given_up_is_told_again_by_hand(&books().await).await;
    a_sink_that_wants_no_more_is_left_alone(&books().await).await;
    a_sink_is_given_nothing_inside_its_pause(&books().await).await;
}

async fn claim_at(books: &Books, sink: &str, at: u64, include: Include) -> Vec<LeasedEvent> {
    let claim = Claim {
        sink: sink.to_owned(),
        include,
        after: 0,
        now: moment(at),
        lease: Duration::from_mins(1),
        limit: 100,
    };
    books.outbox.claim(&claim).await.unwrap()
}

async fn claim(books: &Books, sink: &str, at: u64) -> Vec<LeasedEvent> {
    claim_at(books, sink, at, Include::Due).await
}

fn documents(leased: &[LeasedEvent]) -> Vec<&str> {
    leased.iter().map(|leased| leased.event.document.id.as_str()).collect()
}

async fn only_what_was_applied_is_told(books: &Books) {
    let recorded = OutcomeKind::ALL
        .into_iter()
        .filter(|kind| *kind != OutcomeKind::Planned);
    for (number, outcome_kind) in recorded.enumerate() {
        add(books, &format!("r{number}"), 1, outcome_kind, 0).await;
    }
    let leased = claim(books, "a", 10).await;
    assert_eq!(documents(&leased), ["r0"]);
    let event = &leased.first().unwrap().event;
    assert_eq!(
        (
            event.version_before.as_ref().unwrap().token(),
            event.document.target.as_str()
        ),
        ("1", "api client")
    );
    assert_eq!(event.after.text(), r#"{"after": "1"}"#);
    let of_b = claim(books, "b", 10).await;
    assert_eq!(
        &of_b.first().unwrap().event,
        event,
        "each sink is told the same, under one id"
    );
    assert_eq!(documents(&claim(books, "c", 10).await), [""; 0]);
}

async fn the_oldest_of_each_document_comes_first(books: &Books) {
    for (document, version) in [("r1", 1), ("r1", 2), ("r2", 1)] {
        add(books, document, version, OutcomeKind::Applied, version).await;
    }
    let first = claim(books, "a", 10).await;
    assert_eq!(documents(&first), ["r1", "r2"]);
    assert_eq!(documents(&claim(books, "a", 10).await), [""; 0], "they are leased");
    for leased in &first {
        books
            .outbox
            .complete(leased, &DeliveryOutcome::Delivered)
            .await
            .unwrap();
    }
    let second = claim(books, "a", 10).await;
    assert_eq!(documents(&second), ["r1"]);
    assert_eq!(
        second
            .first()
            .unwrap()
            .event
            .version_before
            .as_ref()
            .unwrap()
            .to_string(),
        "2"
    );
    let pending: Vec<_> = books
        .outbox
        .backlog()
        .await
        .unwrap()
        .iter()
        .map(|sink| sink.pending)
        .collect();
    assert_eq!(pending, [1, 3]);
}

async fn what_comes_after_a_place_is_given_out_alone(books: &Books) {
    for (document, version) in [("r1", 1), ("r2", 1), ("r1", 2)] {
        add(books, document, version, OutcomeKind::Applied, version).await;
    }
    let first = claim(books, "a", 10).await;
    let places: Vec<u64> = first.iter().map(|leased| leased.place).collect();
    assert!(places.is_sorted() && places.first() != places.last(), "{places:?}");
    let claim = Claim {
        sink: "a".to_owned(),
        include: Include::Due,
        after: *places.first().unwrap(),
        now: moment(100),
        lease: Duration::from_mins(1),
        limit: 100,
    };
    let later = books.outbox.claim(&claim).await.unwrap();
    assert_eq!(documents(&later), ["r2"], "the oldest of r1 stands before the place");
}

async fn a_lease_that_is_over_is_given_out_again(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    let first = claim(books, "a", 10).await;
    let second = claim(books, "a", 70).await;
    let (first, second) = (first.first().unwrap(), second.first().unwrap());
    assert_eq!(first.event, second.event);
    books
        .outbox
        .complete(
            first,
            &DeliveryOutcome::DeadLettered {
                error: "late".to_owned(),
            },
        )
        .await
        .unwrap();
    assert_eq!(
        books.outbox.backlog().await.unwrap().first().unwrap().dead,
        0,
        "it is another's by now"
    );
    books
        .outbox
        .complete(second, &DeliveryOutcome::Delivered)
        .await
        .unwrap();
    assert_eq!(documents(&claim(books, "a", 999).await), [""; 0]);
}

async fn a_clock_that_was_ahead_keeps_no_event_back(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    for (at, found) in [(30 * 86_400, 1), (100, 1), (101, 0), (41, 0), (39, 1)] {
        assert_eq!(claim(books, "a", at).await.len(), found, "{at}");
    }
}

async fn a_try_that_failed_comes_again_when_it_is_due(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    let again = |at, counts| DeliveryOutcome::Retry {
        at: moment(at),
        counts,
        error: "no route".to_owned(),
        paused_until: None,
    };
    let first = claim(books, "a", 10).await;
    books
        .outbox
        .complete(first.first().unwrap(), &again(100, true))
        .await
        .unwrap();
    let backlog = books.outbox.backlog().await.unwrap();
    let of_a = backlog.first().unwrap();
    assert_eq!(
        (of_a.last_failure.as_deref(), of_a.next_at),
        (Some("no route"), Some(moment(100)))
    );
    assert_eq!(documents(&claim(books, "a", 99).await), [""; 0]);
    let early = claim_at(books, "a", 99, Include::All).await;
    assert_eq!(early.first().unwrap().due_at, Some(moment(100)));
    books
        .outbox
        .complete(early.first().unwrap(), &again(100, false))
        .await
        .unwrap();
    let early = claim_at(books, "a", 99, Include::All).await;
    assert_eq!(early.first().unwrap().failures, 1);
    books
        .outbox
        .complete(early.first().unwrap(), &again(100, false))
        .await
        .unwrap();
    assert_eq!(claim(books, "a", 100).await.first().unwrap().failures, 1);
}

async fn what_was_given_up_is_told_again_by_hand(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    for sink in ["a", "b"] {
        let leased = claim(books, sink, 10).await;
        let fate = DeliveryOutcome::DeadLettered {
            error: "410".to_owned(),
        };
        books.outbox.complete(leased.first().unwrap(), &fate).await.unwrap();
    }
    let dead: Vec<_> = books
        .outbox
        .backlog()
        .await
        .unwrap()
        .iter()
        .map(|sink| sink.dead)
        .collect();
    assert_eq!(dead, [1, 1]);
    assert_eq!(documents(&claim(books, "a", 999).await), [""; 0]);
    let id = {
        let entries = books.outbox.replay("no such event", None).await.unwrap();
        assert_eq!(entries, 0);
        add(books, "r2", 1, OutcomeKind::Applied, 20).await;
        claim(books, "a", 30).await.first().unwrap().event.id.clone()
    };
    assert_eq!(
        books.outbox.replay(&id, None).await.unwrap(),
        0,
        "it is not delivered yet"
    );
    let again = claim(books, "a", 200).await;
    books
        .outbox
        .complete(again.first().unwrap(), &DeliveryOutcome::Delivered)
        .await
        .unwrap();
    assert_eq!(books.outbox.replay(&id, Some("b")).await.unwrap(), 0);
    assert_eq!(books.outbox.replay(&id, Some("a")).await.unwrap(), 1);
    let replayed = claim(books, "a", 201).await;
    assert_eq!(
        (documents(&replayed), replayed.first().unwrap().event.id.clone()),
        (vec!["r2"], id)
    );
}

async fn a_sink_that_wants_no_more_is_left_alone(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    let leased = claim(books, "a", 10).await;
    let fate = DeliveryOutcome::Disabled {
        error: "410 Gone".to_owned(),
    };
    books.outbox.complete(leased.first().unwrap(), &fate).await.unwrap();
    assert_eq!(documents(&claim_at(books, "a", 999, Include::All).await), [""; 0]);
    let backlog = books.outbox.backlog().await.unwrap();
    let of_a = backlog.first().unwrap();
    assert_eq!((of_a.disabled.as_deref(), of_a.pending), (Some("410 Gone"), 1));
    assert_eq!(documents(&claim(books, "b", 999).await), ["r1"]);
    books.outbox.enable("a").await.unwrap();
    assert_eq!(documents(&claim(books, "a", 999).await), ["r1"]);
}

/// FIELD D1: neither an event that is due nor one that came since, until the pause is over or a person lifts it.
async fn a_sink_is_given_nothing_inside_its_pause(books: &Books) {
    add(books, "r1", 1, OutcomeKind::Applied, 0).await;
    add(books, "r2", 1, OutcomeKind::Applied, 0).await;
    let claimed = claim(books, "a", 10).await;
    let paused_until = Some(moment(100));
    for (claimed, paused_until) in claimed.iter().zip([paused_until, None]) {
        let fate = DeliveryOutcome::Retry {
            at: moment(20),
            counts: true,
            error: "429".to_owned(),
            paused_until,
        };
        books.outbox.complete(claimed, &fate).await.unwrap();
    }
    add(books, "r3", 1, OutcomeKind::Applied, 30).await;
    let pause = async |sink, at| books.outbox.paused_until(sink, moment(at)).await.unwrap();
    for include in [Include::Due, Include::All] {
        assert_eq!(documents(&claim_at(books, "a", 99, include).await), [""; 0]);
    }
    assert_eq!((pause("a", 99).await, pause("b", 99).await), (paused_until, None));
    assert_eq!(documents(&claim(books, "b", 30).await), ["r1", "r2", "r3"]);
    let again = claim(books, "a", 100).await;
    assert_eq!(
        (documents(&again), pause("a", 100).await),
        (vec!["r1", "r2", "r3"], None)
    );
    let fate = DeliveryOutcome::Retry {
        at: moment(110),
        counts: true,
        error: "429".to_owned(),
        paused_until: Some(moment(999)),
    };
    books.outbox.complete(again.first().unwrap(), &fate).await.unwrap();
    assert_eq!(documents(&claim(books, "a", 200).await), [""; 0]);
    books.outbox.enable("a").await.unwrap();
    assert_eq!(documents(&claim(books, "a", 200).await), ["r1", "r2", "r3"]);
    assert_eq!(pause("a", 200).await, None);
}
