//! The checker is checked: each way of doing it wrong is caught, for what it does wrong, within few worlds.

use crate::checker::{self, Promise};
use crate::executor::{self, Lines};
use crate::wrong::Wrong;

/// Within so many worlds each is caught.
const WITHIN: u64 = 100;

#[track_caller]
fn is_caught(wrong: Wrong, for_this: &[Promise]) {
    let breaks = |seed: &u64| {
        let found = checker::check(&executor::run(*seed, Some(wrong), Lines::NotKept));
        found.iter().any(|violation| for_this.contains(&violation.promise))
    };
    let caught = (0..WITHIN).find(breaks);
    let Some(seed) = caught else {
        panic!("{wrong:?} breaks none of {for_this:?} in {WITHIN} worlds");
    };
    println!("{wrong:?}: caught within {} seeds", seed + 1);
}

#[test]
fn a_blind_put_is_caught() {
    is_caught(Wrong::BlindPut, &[Promise::NothingUnasked]);
    is_caught(Wrong::BlindPut, &[Promise::NothingUnseen]);
}

#[test]
fn the_old_body_under_the_new_version_is_caught() {
    is_caught(Wrong::RefetchAndOverwrite, &[Promise::NothingUnasked]);
}

#[test]
fn a_lock_without_a_look_after_an_unclear_answer_is_caught() {
    is_caught(Wrong::NoCheckAfterUnclear, &[Promise::NotAppliedIsTrue]);
}

#[test]
fn unmoved_so_not_applied_is_caught() {
    is_caught(Wrong::UnmovedSoNotApplied, &[Promise::NotAppliedIsTrue]);
}

#[test]
fn a_merge_over_an_unclear_try_is_caught() {
    is_caught(Wrong::MergesOverUnclear, &[Promise::IdenticalAfterUnclear]);
}

#[test]
fn a_write_without_an_intent_is_caught() {
    is_caught(Wrong::WritesWithoutIntent, &[Promise::IntentFirst]);
}
