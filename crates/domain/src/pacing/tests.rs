//! The promises of the rate limiter, as examples and as laws over any course of events.

use std::time::Duration;

use proptest::prelude::*;

use super::{Permit, RateLimiter, RateWindow};

const START: Duration = Duration::ZERO;

/// Half a request a second.
const SLOWEST: f64 = 0.5;

fn millis(time: u64) -> Duration {
    Duration::from_millis(time)
}

fn secs(time: u64) -> Duration {
    Duration::from_secs(time)
}

fn window(allowed: u32, count: u32, reset: u64) -> RateWindow {
    RateWindow {
        allowed,
        count,
        reset: secs(reset),
    }
}

/// Waits as the limiter says until the request may start; returns the time of the start.
fn start(limiter: &mut RateLimiter, permit: &Permit, mut now: Duration) -> Duration {
    while let Some(wait) = limiter.wait(permit, now) {
        assert!(!wait.is_zero(), "a wait of nothing would never end");
        now += wait;
    }
    now
}

/// Starts one after the other, each answered at once; returns when each started.
fn starts(limiter: &mut RateLimiter, from: Duration, count: usize) -> Vec<Duration> {
    let mut now = from;
    let mut starts = Vec::new();
    for _ in 0..count {
        let permit = limiter.take();
        now = start(limiter, &permit, now);
        limiter.release(&permit);
        starts.push(now);
    }
    starts
}

/// A rate limiter that knows the window.
fn limiter_after(limiter_after: RateWindow) -> RateLimiter {
    let mut limiter = RateLimiter::default();
    let permit = limiter.take();
    start(&mut limiter, &permit, START);
    limiter.on_response(&permit, START, limiter_after);
    limiter.release(&permit);
    limiter
}

#[track_caller]
fn assert_near(rate: f64, expected: f64) {
    assert!((rate - expected).abs() < 0.01, "{rate} is not {expected}");
}

#[test]
fn a_burst_of_5_goes_at_once_and_the_sixth_waits() {
    let mut limiter = RateLimiter::default();
    let burst = starts(&mut limiter, START, 6);
    assert_eq!(burst[..5], [START; 5]);
    // At 3.5 a second and rising.
    assert!(burst[5] > millis(200) && burst[5] < millis(286), "{burst:?}");
    // After a quiet time there is a burst again, and not more than one.
    let later = starts(&mut limiter, secs(60), 6);
    assert_eq!(later[..5], [secs(60); 5]);
    assert!(later[5] > secs(60));
}

#[test]
fn the_rate_without_headers_starts_at_3_and_a_half_and_is_soon_5() {
    let limiter = RateLimiter::default();
    assert_near(limiter.rate(START), 3.5);
    assert_near(limiter.rate(millis(1_600)), 5.0);
    // Nothing has been tried, so nothing more is known to pass.
    assert_near(limiter.rate(secs(3_600)), 5.0);
}

#[test]
fn without_headers_more_is_tried_slowly_and_not_more_than_twice_what_passed() {
    let mut limiter = RateLimiter::default();
    let last = starts(&mut limiter, START, 590).pop().unwrap();
    assert!(last > secs(90) && last < secs(120), "{last:?}");
    // 0.4 a second more after a minute, eight times as much after two.
    assert_near(
        limiter.rate(last),
        5.0 + 0.4 * ((last.as_secs_f64() - 1.55) / 60.0).powi(3),
    );
    assert!(
        limiter.rate(secs(170)) <= 5.0,
        "two minutes on, hardly anything has been tried"
    );
}

#[test]
fn headers_that_allow_more_are_believed_at_once() {
    let limiter = limiter_after(window(6_000, 0, 60));
    assert_near(limiter.rate(START), 97.0);
    assert_near(limiter.rate(secs(8)), 97.0 * 60.0 / 52.0);
}

#[test]
fn after_a_refusal_what_headers_allow_is_found_again_in_seconds() {
    let mut limiter = limiter_after(window(6_000, 0, 60));
    let before = limiter.rate(START);
    let refused = limiter.take();
    assert_eq!(limiter.wait(&refused, START), None);
    limiter.throttled(&refused, START, None);
    limiter.release(&refused);
    let back = |after: f64| before - 0.4 * (((before * 0.3) / 0.4).cbrt() - after).powi(3);
    for after in [0, 1, 4, 7] {
        let rate = limiter.rate(secs(1 + after));
        // The refused one was under way when the rate fell.
        assert!(
            (rate - back(Duration::from_secs(after).as_secs_f64())).abs() < 0.05,
            "{rate} after {after} s"
        );
    }
}

#[test]
fn a_wait_is_what_is_lacking_at_the_rate() {
    let mut limiter = limiter_after(window(300, 171, 60));
    starts(&mut limiter, secs(10), 5);
    let permit = [limiter.take(), limiter.take()];
    let now = secs(10) + millis(200);
    let rate = limiter.rate(now);
    let saved = 0.2 * rate;
    for (permit, number) in permit.iter().zip([1.0, 2.0]) {
        let wait = limiter.wait(permit, now).unwrap();
        assert_near(wait.as_secs_f64(), (number - saved) / rate);
    }
}

#[test]
fn without_headers_no_rate_is_tried_of_which_half_has_not_passed() {
    let mut limiter = RateLimiter::default();
    // 4 a second, for longer than it takes to hope for more than 8.
    let now = (0..1_000).map(|number| millis(250 * number)).fold(START, |_, now| {
        assert_eq!(starts(&mut limiter, now, 1), [now]);
        now
    });
    assert_near(limiter.rate(now), 2.0 * 241.0 / 60.0);
}

#[test]
fn what_is_left_of_the_window_less_the_reserve_is_spread_over_its_time() {
    for (reported_window, rate) in [
        (window(300, 0, 60), 4.85),
        (window(300, 171, 60), 2.0),
        (window(300, 231, 30), 2.0),
        (window(300, 291, 30), SLOWEST),
        (window(300, 299, 30), SLOWEST),
        (window(180, 0, 60), 2.91),
        // A quarter faster than evenly at most, to catch up.
        (window(300, 0, 30), 6.0625),
        (window(10_000, 0, 3_600), 2.694),
        (window(300, u32::MAX, u64::MAX), SLOWEST),
    ] {
        let limiter = limiter_after(reported_window);
        assert_near(limiter.rate(START), rate);
    }
}

#[test]
fn requests_under_way_that_no_answer_counts_are_not_left() {
    let mut limiter = limiter_after(window(300, 231, 30));
    let before = limiter.rate(START);
    let under_way: Vec<Permit> = (0..4).map(|_| limiter.take()).collect();
    for permit in &under_way {
        assert_eq!(limiter.wait(permit, START), None);
    }
    assert_near(limiter.rate(START), before - 4.0 / 30.0);
    // The last answer overtakes the others, and counts them.
    limiter.on_response(&under_way[3], START, window(300, 235, 30));
    assert_near(limiter.rate(START), before - 4.0 / 30.0);
    // An older one says less, which is no news; nor does its permit count again.
    limiter.on_response(&under_way[0], START, window(300, 232, 30));
    for permit in &under_way {
        limiter.release(permit);
    }
    assert_near(limiter.rate(START), before - 4.0 / 30.0);
}

#[test]
fn answers_without_headers_are_counted_all_the_same() {
    let mut limiter = limiter_after(window(300, 231, 30));
    let before = limiter.rate(START);
    starts(&mut limiter, START, 4);
    assert_near(limiter.rate(START), before - 4.0 / 30.0);
}

#[test]
fn a_window_that_is_spent_is_waited_out() {
    let mut limiter = limiter_after(window(300, 300, 20));
    let permit = limiter.take();
    assert_eq!(limiter.wait(&permit, secs(1)), Some(secs(19)));
    assert_eq!(limiter.wait(&permit, secs(20)), None);
    // One that is said to be spent for hours is asked about once a minute.
    let mut limiter = limiter_after(window(300, 300, 7_200));
    let permit = limiter.take();
    assert_eq!(start(&mut limiter, &permit, START), secs(60));
}

#[test]
fn a_window_that_is_over_is_followed_by_one_like_it() {
    let mut limiter = limiter_after(window(300, 250, 20));
    assert_near(limiter.rate(secs(10)), 4.1);
    assert_near(limiter.rate(secs(20)), 4.85);
    assert_near(limiter.rate(secs(50)), 6.0625);
    assert_near(limiter.rate(secs(20 + 60 * 24)), 4.85);
    starts(&mut limiter, secs(21), 5);
    let permit = limiter.take();
    assert!(
        limiter.wait(&permit, secs(21)) > Some(millis(150)),
        "it is not waited for the end of the old one"
    );
    limiter.release(&permit);
    // The first answer in it says when it really ends.
    let permit = limiter.take();
    start(&mut limiter, &permit, secs(22));
    limiter.on_response(&permit, secs(22), window(300, 6, 60));
    assert_near(limiter.rate(secs(22)), 285.0 / 60.0);
}

#[test]
fn an_answer_from_the_window_before_comes_too_late() {
    let mut limiter = limiter_after(window(300, 250, 20));
    let permit = limiter.take();
    start(&mut limiter, &permit, millis(19_900));
    limiter.on_response(&permit, millis(20_100), window(300, 291, 1));
    assert_near(limiter.rate(millis(20_100)), 291.0 / 59.9);
}

#[test]
fn an_answer_to_what_started_with_the_window_is_believed() {
    let mut limiter = limiter_after(window(300, 250, 20));
    let permit = limiter.take();
    assert_eq!(start(&mut limiter, &permit, secs(20)), secs(20));
    limiter.on_response(&permit, millis(20_100), window(300, 291, 1));
    assert_near(limiter.rate(millis(20_100)), SLOWEST);
}

#[test]
fn the_end_of_a_window_is_as_early_as_any_answer_says() {
    let mut limiter = limiter_after(window(300, 200, 31));
    let permit = limiter.take();
    start(&mut limiter, &permit, millis(10));
    limiter.on_response(&permit, millis(100), window(300, 201, 30));
    assert_near(limiter.rate(secs(5)), 90.0 / 25.1);
    // A wait does not reach beyond it.
    let mut limiter = limiter_after(window(300, 250, 20));
    starts(&mut limiter, millis(19_990), 5);
    let permit = limiter.take();
    assert_eq!(limiter.wait(&permit, millis(19_990)), Some(millis(10)));
}

#[test]
fn a_refusal_pauses_everybody_and_slows_down_to_seven_tenths() {
    for (asked, pause) in [(None, 1), (Some(secs(30)), 30)] {
        let mut limiter = limiter_after(window(300, 0, 60));
        let (refused, next) = (limiter.take(), limiter.take());
        let now = secs(10);
        assert_eq!(limiter.wait(&refused, now), None);
        let rate = limiter.rate(now);
        limiter.throttled(&refused, now, asked);
        assert_eq!(limiter.pause(now), secs(pause));
        assert_near(limiter.rate(now), rate * 0.7);
        assert_eq!(limiter.wait(&next, now), Some(secs(pause)));
        assert_eq!(limiter.wait(&next, now + secs(pause)), None, "one finds out");
        let another = limiter.take();
        assert!(limiter.wait(&another, now + secs(pause)).is_some(), "and only one");
        // It does not grow during the pause, and quickly after it.
        assert_near(limiter.rate(now + secs(pause)), rate * 0.7);
        assert!(limiter.rate(now + secs(pause + 2)) > rate * 0.9);
    }
}

#[test]
fn a_shorter_pause_does_not_end_a_longer_one() {
    let mut limiter = RateLimiter::default();
    let permit = [limiter.take(), limiter.take()];
    assert!(permit.iter().all(|permit| limiter.wait(permit, START).is_none()));
    limiter.throttled(&permit[0], START, Some(secs(30)));
    limiter.throttled(&permit[1], START, Some(secs(3)));
    assert_eq!(limiter.pause(START), secs(30));
}

#[test]
fn a_storm_slows_down_once_and_the_next_one_again() {
    let mut limiter = limiter_after(window(300, 0, 60));
    let now = secs(10);
    let storm: Vec<Permit> = (0..5).map(|_| limiter.take()).collect();
    assert!(storm.iter().all(|permit| limiter.wait(permit, now).is_none()));
    for (permit, late) in storm.iter().zip(0..) {
        limiter.throttled(permit, now + millis(100 * late), None);
    }
    let slowed = limiter.rate(now);
    assert_near(slowed, 286.0 / 50.0 * 0.7);
    let next = limiter.take();
    let now = start(&mut limiter, &next, now);
    assert_eq!(now, secs(10) + millis(1_400), "the last one's pause counts too");
    limiter.throttled(&next, now, None);
    assert_near(limiter.rate(now), slowed * 0.7);
}

#[test]
fn the_rate_grows_back_to_what_passed_in_the_window_and_no_further_at_once() {
    let mut limiter = RateLimiter::default();
    // A server without headers that lets 180 through, and then tells for how long nothing more passes.
    starts(&mut limiter, START, 180);
    let refused = limiter.take();
    let now = start(&mut limiter, &refused, START);
    let before = limiter.rate(now);
    limiter.throttled(&refused, now, Some(secs(60).saturating_sub(now)));
    limiter.release(&refused);
    assert_near(limiter.rate(secs(60)), 0.7 * before);
    let refused = limiter.take();
    let now = start(&mut limiter, &refused, secs(70));
    let before = limiter.rate(now);
    limiter.throttled(&refused, now, None);
    assert_near(limiter.rate(limiter.paused_until), 0.7 * before);
    // 145 of the 180 passed in the last minute, 2.42 a second: what it was slowed down to is more than that.
    assert_near(limiter.rate(secs(80)), 0.7 * before);
}

#[test]
fn who_gives_up_holds_nobody_up() {
    let mut limiter = RateLimiter::default();
    starts(&mut limiter, START, 5);
    let (first, second) = (limiter.take(), limiter.take());
    let now = secs(1);
    assert!(limiter.wait(&second, now).is_some(), "the first has not started");
    limiter.release(&first);
    assert_eq!(limiter.wait(&second, now), None);
}

/// One thing that may happen.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Comes,
    GivesUp(usize),
    Answer(usize, Option<RateWindow>),
    Refusal(usize, Option<Duration>),
    TimePasses(Duration),
}

fn happens() -> impl Strategy<Value = Happens> {
    let limiter_after =
        (1_u32..400, 0_u32..500, 0_u64..90).prop_map(|(allowed, count, reset)| window(allowed, count, reset));
    prop_oneof![
        4 => Just(Happens::Comes),
        1 => (0_usize..8).prop_map(Happens::GivesUp),
        3 => (0_usize..8, proptest::option::of(limiter_after)).prop_map(|(who, limiter_after)| Happens::Answer(who, limiter_after)),
        1 => (0_usize..8, proptest::option::of((0_u64..40).prop_map(secs)))
            .prop_map(|(who, pause)| Happens::Refusal(who, pause)),
        4 => (0_u64..3_000).prop_map(|time| Happens::TimePasses(millis(time))),
    ]
}

/// Plays a course of events, in which all waiting requests ask at every moment, and holds the laws at each.
fn hold_the_laws(course: &[Happens]) -> Result<(), TestCaseError> {
    let mut limiter = RateLimiter::default();
    let mut now = START;
    let (mut waiting, mut under_way): (Vec<Permit>, Vec<Permit>) = (Vec::new(), Vec::new());
    let mut no_start_before = START;
    for happens in course {
        match *happens {
            Happens::Comes => waiting.push(limiter.take()),
            Happens::GivesUp(who) if who < waiting.len() => limiter.release(&waiting.remove(who)),
            Happens::Answer(who, limiter_after) if who < under_way.len() => {
                let permit = under_way.remove(who);
                if let Some(limiter_after) = limiter_after {
                    limiter.on_response(&permit, now, limiter_after);
                }
                limiter.release(&permit);
            }
            Happens::Refusal(who, pause) if who < under_way.len() => {
                let permit = under_way.remove(who);
                limiter.throttled(&permit, now, pause);
                limiter.release(&permit);
                no_start_before = no_start_before.max(now + pause.unwrap_or(secs(1)));
            }
            Happens::TimePasses(time) => now += time,
            Happens::GivesUp(_) | Happens::Answer(..) | Happens::Refusal(..) => {}
        }
        prop_assert!(limiter.rate(now) >= SLOWEST);
        prop_assert_eq!(limiter.pause(now), no_start_before.saturating_sub(now));
        // The last asks first, and yet the first starts first.
        let mut waits: Vec<_> = waiting.iter().rev().map(|permit| limiter.wait(permit, now)).collect();
        waits.reverse();
        let started = waits.iter().take_while(|wait| wait.is_none()).count();
        prop_assert!(started <= 1, "the first only: the others asked before it had started");
        prop_assert!(started == 0 || now >= no_start_before, "one starts during a pause");
        let limiter_after: Vec<Duration> = waits.into_iter().skip(started).flatten().collect();
        prop_assert_eq!(
            limiter_after.len(),
            waiting.len() - started,
            "somebody starts out of turn"
        );
        prop_assert!(limiter_after.is_sorted(), "{:?}", limiter_after);
        prop_assert!(
            limiter_after
                .iter()
                .all(|wait| *wait >= no_start_before.saturating_sub(now))
        );
        under_way.extend(waiting.drain(..started));
    }
    // Whatever happened: whoever waits as told starts, in turn, and within the time of the slowest rate.
    let slowest = Duration::from_secs_f64(f64::from(u32::try_from(waiting.len()).unwrap()) / SLOWEST);
    let latest = no_start_before.max(now) + secs(91) + slowest;
    for permit in &waiting {
        now = start(&mut limiter, permit, now);
    }
    prop_assert!(now <= latest, "{:?} is after {:?}", now, latest);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_turns_are_kept_and_pauses_too(course in prop::collection::vec(happens(), 0..120)) {
        hold_the_laws(&course)?;
    }

    #[test]
    fn alone_and_told_no_more_starts_than_the_window_allows(
        allowed in 20_u32..2_000,
        opened in 0_u64..60,
        answers_take in 0_u64..400,
    ) {
        let mut limiter = RateLimiter::default();
        let mut window_ends = secs(opened + 1);
        let (mut count, mut now) = (0, START);
        for _ in 0..(3 * allowed) {
            let permit = limiter.take();
            now = start(&mut limiter, &permit, now);
            while window_ends <= now {
                window_ends += secs(60);
                count = 0;
            }
            count += 1;
            prop_assert!(count <= allowed, "{} of {} at {:?}", count, allowed, now);
            let limiter_after = RateWindow { allowed, count, reset: secs(window_ends.saturating_sub(now).as_secs() + 1) };
            now += millis(answers_take);
            limiter.on_response(&permit, now, limiter_after);
            limiter.release(&permit);
        }
    }

    #[test]
    fn a_burst_is_never_held_up(quiet in 11_u64..10_000, before in 0_usize..50) {
        let mut limiter = RateLimiter::default();
        let last = starts(&mut limiter, START, before).pop().unwrap_or_default();
        let now = last + secs(quiet);
        let burst = starts(&mut limiter, now, 5);
        prop_assert!(burst.iter().all(|start| *start == now));
    }
}
