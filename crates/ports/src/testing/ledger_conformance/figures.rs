//! The checks that the figures of every [`History`](crate::History) must pass.

use domain::OutcomeKind;

use super::{Books, add, moment};
use crate::{Tally, TallyOf, TallyQuery};

pub(super) async fn check<F: Future<Output = Books>>(books: &impl Fn() -> F) {
    figures_are_those_of_the_updates(&books().await).await;
    figures_since_any_time_are_those_of_the_updates(&books().await).await;
}

async fn figures_are_those_of_the_updates(books: &Books) {
    let mut expected = Tally::default();
    for (document, outcome_kind, at) in [
        ("r1", OutcomeKind::Applied, 0),
        ("r1", OutcomeKind::Conflict, 100),
        ("r2", OutcomeKind::Applied, 200),
    ] {
        expected.add(
            add(books, document, at, outcome_kind, at)
                .await
                .outcome
                .as_ref()
                .unwrap(),
        );
    }
    let tally = async |query: TallyQuery| books.history.tally(&query).await.unwrap();
    let of_all = tally(TallyQuery::default()).await;
    assert_eq!(of_all, [(None, expected.clone())]);
    let since_ever = TallyQuery {
        since: Some(moment(0)),
        target: Some("api client".to_owned()),
        ..TallyQuery::default()
    };
    assert_eq!(tally(since_ever).await, [(None, expected)]);
    for since in [None, Some(moment(100))] {
        let each = TallyQuery {
            of: TallyOf::Each(10),
            since,
            ..TallyQuery::default()
        };
        let counts = tally(each).await;
        let counts: Vec<_> = counts
            .iter()
            .map(|(document, tally)| (document.as_deref(), tally.updates()))
            .collect();
        let of_r1 = if since.is_none() { 2 } else { 1 };
        assert_eq!(counts, [(Some("r1"), of_r1), (Some("r2"), 1)]);
    }
    let one = TallyQuery {
        of: TallyOf::One("r2".to_owned()),
        ..TallyQuery::default()
    };
    let one = tally(one).await;
    let [(Some(document), one)] = one.as_slice() else {
        panic!("{one:?}")
    };
    assert_eq!(
        (document.as_str(), one.of(OutcomeKind::Applied), one.updates()),
        ("r2", 1, 1)
    );
}

/// Over days, so that it does not matter how they are kept.
async fn figures_since_any_time_are_those_of_the_updates(books: &Books) {
    let hour = 3_600;
    let mut all = Vec::new();
    for number in 0..40 {
        let at = number * hour + number * 7;
        let document = format!("r{}", number % 4 * (number % 3));
        let outcome_kind = OutcomeKind::ALL
            .into_iter()
            .cycle()
            .nth(usize::try_from(number).unwrap())
            .unwrap();
        all.push((at, add(books, &document, number, outcome_kind, at).await));
    }
    for since in (0..41).flat_map(|hours| [hours * hour, hours * hour + hours * 7, hours * hour + hours * 7 + 1]) {
        let mut of_each = std::collections::BTreeMap::<&str, Tally>::new();
        let mut of_all = Tally::default();
        for (_, entry) in all.iter().filter(|(at, _)| *at >= since) {
            let outcome = entry.outcome.as_ref().unwrap();
            of_all.add(outcome);
            of_each
                .entry(entry.document().unwrap().id.as_str())
                .or_default()
                .add(outcome);
        }
        let tally = async |of: TallyOf| {
            let query = TallyQuery {
                target: Some("api client".to_owned()),
                kind: None,
                of,
                since: Some(moment(since)),
            };
            books.history.tally(&query).await.unwrap()
        };
        let expected: Vec<_> = (of_all.updates() > 0).then_some((None, of_all)).into_iter().collect();
        assert_eq!(tally(TallyOf::All).await, expected, "since {since}");
        let each = tally(TallyOf::Each(3)).await;
        let counts: Vec<i64> = each.iter().map(|(_, tally)| tally.updates()).collect();
        let mut expected: Vec<i64> = of_each.values().map(Tally::updates).collect();
        expected.sort_by_key(|count| std::cmp::Reverse(*count));
        expected.truncate(3);
        assert_eq!(counts, expected, "since {since}");
        for (document, found) in each {
            let document = document.unwrap();
            assert_eq!(Some(&found), of_each.get(document.as_str()), "{document} since {since}");
            assert_eq!(tally(TallyOf::One(document.clone())).await, [(Some(document), found)]);
        }
    }
}
