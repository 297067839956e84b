//! Pacing, proved in a simulated world: 2,000 requests (1,000 rules, a read and a write each) through a rate limiter against
//! a server with a rate limit, in a time that jumps from event to event.
//!
//! Every run also asserts that no request starts while a `Retry-After` lasts, and none before one that came earlier.
//! The figures are printed by `cargo test -p assist-rules-domain --test pacing -- --nocapture`; the number of seeds is
//! `ASSIST_RULES_SEEDS`, 200 if it is not given.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a simulation that breaks is a test that fails, and its figures are for reading"
)]

mod ideal;
mod rng;
mod server;
mod world;

use std::time::Duration;

use rng::Rng;
use server::{Counting, Headers, Limits};
use world::{Course, Others, Scenario, World};

/// 1,000 rules, a read and a write each.
const REQUESTS: u32 = 2_000;

const STEADY: &[Limits] = &[&[(Duration::ZERO, 300)]];

/// The limit is another in mid-run: lowered, raised, and both.
const CHANGING: &[Limits] = &[
    &[(Duration::ZERO, 300), (Duration::from_secs(150), 180)],
    &[(Duration::ZERO, 180), (Duration::from_secs(150), 300)],
    &[
        (Duration::ZERO, 300),
        (Duration::from_secs(100), 180),
        (Duration::from_secs(250), 300),
    ],
];

const MINUTES: &[Counting] = &[Counting::Fixed, Counting::Opened];
const SLIDING: &[Counting] = &[Counting::Sliding];
const TOLD: &[Headers] = &[Headers::Always, Headers::Sometimes];
const SILENT: &[Headers] = &[Headers::Never];
const ALONE: &[Others] = &[Others::None];
const SHARED: &[Others] = &[Others::Some];

/// Some worlds, of which each seed makes one, and what must hold in each of them.
struct Case {
    name: &'static str,
    counting: &'static [Counting],
    headers: &'static [Headers],
    others: &'static [Others],
    limits: &'static [Limits],
    /// The longest that a run may take, as a multiple of the ideal.
    ratio: f64,
    /// The largest share of requests that may be refused, in percent, all of the run counted.
    refused: f64,
}

#[test]
fn a_thousand_rules_at_300_a_minute_finish_within_a_twentieth_of_the_ideal() {
    Case {
        name: "told, alone, steady",
        counting: MINUTES,
        headers: TOLD,
        others: ALONE,
        limits: STEADY,
        ratio: 1.05,
        refused: 0.0,
    }
    .hold();
}

#[test]
fn so_they_do_when_the_limit_changes_in_mid_run() {
    Case {
        name: "told, alone, changing",
        counting: MINUTES,
        headers: TOLD,
        others: ALONE,
        limits: CHANGING,
        ratio: 1.05,
        refused: 1.0,
    }
    .hold();
}

#[test]
fn so_they_do_when_others_use_the_token() {
    Case {
        name: "told, shared, steady",
        counting: MINUTES,
        headers: TOLD,
        others: SHARED,
        limits: STEADY,
        ratio: 1.05,
        refused: 1.0,
    }
    .hold();
}

#[test]
fn so_they_do_when_others_use_the_token_and_the_limit_changes() {
    Case {
        name: "told, shared, changing",
        counting: MINUTES,
        headers: TOLD,
        others: SHARED,
        limits: CHANGING,
        ratio: 1.05,
        refused: 1.0,
    }
    .hold();
}

#[test]
fn so_they_do_when_windows_slide() {
    Case {
        name: "told, alone, sliding",
        counting: SLIDING,
        headers: TOLD,
        others: ALONE,
        limits: STEADY,
        ratio: 1.05,
        refused: 0.0,
    }
    .hold();
    Case {
        name: "told, alone, sliding, changing",
        counting: SLIDING,
        headers: TOLD,
        others: ALONE,
        limits: CHANGING,
        ratio: 1.06,
        refused: 1.0,
    }
    .hold();
}

#[test]
fn so_they_do_when_the_server_tells_nothing() {
    Case {
        name: "silent, alone, steady",
        counting: &[Counting::Fixed, Counting::Opened, Counting::Sliding],
        headers: SILENT,
        others: ALONE,
        limits: STEADY,
        ratio: 1.05,
        refused: 1.0,
    }
    .hold();
}

/// Without headers, a raised limit and the share of others have to be found out. The run takes at most 10 % longer than
/// the ideal, or 20 % if the token is shared.
#[test]
fn what_is_found_out_in_silence_costs_a_little() {
    Case {
        name: "silent, alone, changing",
        counting: &[Counting::Fixed, Counting::Opened, Counting::Sliding],
        headers: SILENT,
        others: ALONE,
        limits: CHANGING,
        ratio: 1.10,
        refused: 1.0,
    }
    .hold();
    Case {
        name: "silent, shared, steady",
        counting: MINUTES,
        headers: SILENT,
        others: SHARED,
        limits: STEADY,
        ratio: 1.20,
        refused: 1.0,
    }
    .hold();
    Case {
        name: "silent, shared, changing",
        counting: MINUTES,
        headers: SILENT,
        others: SHARED,
        limits: CHANGING,
        ratio: 1.20,
        refused: 1.0,
    }
    .hold();
}

/// The platform's windows do not slide. If they did, and others filled them without pacing themselves, what was left
/// would change faster than any answer tells.
#[test]
fn windows_that_slide_and_are_shared_cost_more_refusals() {
    Case {
        name: "told, shared, sliding",
        counting: SLIDING,
        headers: TOLD,
        others: SHARED,
        limits: STEADY,
        ratio: 1.10,
        refused: 2.5,
    }
    .hold();
    Case {
        name: "silent, shared, sliding",
        counting: SLIDING,
        headers: SILENT,
        others: SHARED,
        limits: STEADY,
        ratio: 1.25,
        refused: 2.5,
    }
    .hold();
}

impl Case {
    /// Runs a world for each seed.
    ///
    /// # Panics
    ///
    /// With the first seed in which something does not hold.
    fn hold(&self) {
        let seeds = seeds();
        let (mut ratio, mut refused, mut late, mut sent, mut all_refused) = (0.0_f64, 0.0_f64, 0.0_f64, 0, 0);
        for seed in 0..seeds {
            let (scenario, course) = self.run(seed);
            let (this_ratio, this_refused) = (course.ratio(), course.refused_share() * 100.0);
            assert!(
                this_ratio <= self.ratio,
                "{}, seed {seed}: {this_ratio:.4} of the ideal: {course:?} in {scenario:?}",
                self.name
            );
            assert!(
                this_refused <= self.refused,
                "{}, seed {seed}: {this_refused:.2} % refused: {course:?} in {scenario:?}",
                self.name
            );
            ratio = ratio.max(this_ratio);
            refused = refused.max(this_refused);
            late = late.max(course.refused_late_share() * 100.0);
            sent += u64::from(course.sent);
            all_refused += u64::from(course.refused);
        }
        println!(
            "pacing: {}: {seeds} seeds, at worst {ratio:.4} of the ideal (must be {}), at worst {refused:.2} % refused \
             (must be {} %), {late:.2} % once the limit was a minute old; {all_refused} of {sent} in all",
            self.name, self.ratio, self.refused
        );
    }

    fn run(&self, seed: u64) -> (Scenario, Course) {
        let mut rng = Rng::with_seed(seed);
        let scenario = Scenario {
            counting: rng.one_of(self.counting),
            headers: rng.one_of(self.headers),
            others: rng.one_of(self.others),
            limits: rng.one_of(self.limits),
            requests: REQUESTS,
        };
        (scenario, World::new(scenario, seed).run())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a long run is asked for from outside, and this is no part of the domain"
)]
fn seeds() -> u64 {
    let asked = std::env::var("ASSIST_RULES_SEEDS").ok();
    asked.and_then(|seeds| seeds.parse().ok()).unwrap_or(200)
}

#[test]
fn a_seed_makes_the_same_world_twice() {
    let case = Case {
        name: "twice",
        counting: MINUTES,
        headers: TOLD,
        others: SHARED,
        limits: CHANGING,
        ratio: 0.0,
        refused: 0.0,
    };
    let courses = [7, 7, 8].map(|seed| case.run(seed).1.took);
    assert_eq!(courses[0], courses[1]);
    assert_ne!(courses[0], courses[2]);
}
