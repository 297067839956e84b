//! The checker is checked: each way of doing it wrong is caught, for what it does wrong, within few worlds.

use std::sync::Arc;

use domain::Copilot;
use domain::testing::{Specimen, Toy};

use crate::checker::{self, Promise};
use crate::executor::{self, Lines};
use crate::vocabulary::Vocabulary;
use crate::wrong::Wrong;

/// Within so many worlds each is caught.
const WITHIN: u64 = 100;

#[track_caller]
fn is_caught_in<K: Specimen>(vocabulary: Vocabulary<K>, wrong: Wrong, promise: Promise) {
    let vocabulary = Arc::new(vocabulary);
    let breaks = |seed: &u64| {
        let found = checker::check(&executor::run(*seed, &vocabulary, Some(wrong), Lines::NotKept));
        found.iter().any(|violation| violation.promise == promise)
    };
    let caught = (0..WITHIN).find(breaks);
    let Some(seed) = caught else {
        panic!("{wrong:?} keeps {promise:?} in {WITHIN} worlds of {}", K::NAME);
    };
    println!(
        "{wrong:?} of a {}: caught within {} seeds by {promise:?}",
        K::NAME,
        seed + 1
    );
}

#[track_caller]
fn is_caught(wrong: Wrong, promise: Promise) {
    is_caught_in(Vocabulary::of_rules(), wrong, promise);
}

#[track_caller]
fn is_caught_without_versions(wrong: Wrong, promise: Promise) {
    is_caught_in(Vocabulary::<Toy>::of_specimen(), wrong, promise);
    is_caught_in(Vocabulary::<Copilot>::of_copilots(), wrong, promise);
}

#[test]
fn a_blind_put_is_caught() {
    is_caught(Wrong::BlindPut, Promise::NothingUnasked);
    is_caught(Wrong::BlindPut, Promise::NothingUnseen);
}

#[test]
fn the_old_body_under_the_new_version_is_caught() {
    is_caught(Wrong::RefetchAndOverwrite, Promise::NothingUnasked);
}

#[test]
fn a_lock_without_a_look_after_an_indeterminate_answer_is_caught() {
    is_caught(Wrong::NoCheckAfterUnclear, Promise::NotAppliedIsTrue);
}

#[test]
fn unmoved_so_not_applied_is_caught() {
    is_caught(Wrong::UnmovedSoNotApplied, Promise::NotAppliedIsTrue);
}

#[test]
fn found_so_unchanged_is_caught() {
    is_caught(Wrong::FoundSoUnchanged, Promise::NotAppliedIsTrue);
    is_caught(Wrong::FoundSoUnchanged, Promise::UnchangedSentNothing);
}

#[test]
fn a_merge_over_an_indeterminate_try_is_caught() {
    is_caught(Wrong::MergesOverUnclear, Promise::IdenticalAfterUnclear);
}

#[test]
fn a_write_without_an_intent_is_caught() {
    is_caught(Wrong::WritesWithoutIntent, Promise::IntentFirst);
}

#[test]
fn a_write_that_is_not_read_back_is_caught() {
    is_caught_without_versions(Wrong::NoReadBack, Promise::ReadBack);
    is_caught_without_versions(Wrong::NoReadBack, Promise::SeenIsReported);
}

#[test]
fn a_comparison_before_the_lease_is_held_is_caught() {
    is_caught_without_versions(Wrong::ComparesBeforeRecord, Promise::ComparedUnderLease);
    is_caught_without_versions(Wrong::ComparesBeforeRecord, Promise::NothingUnseen);
}

#[test]
fn an_indeterminate_write_that_is_sent_again_is_caught() {
    is_caught_without_versions(Wrong::RetriesAfterIndeterminate, Promise::NotSentAgain);
    is_caught_without_versions(Wrong::RetriesAfterIndeterminate, Promise::OneEffect);
}

#[test]
fn a_tag_that_a_gateway_makes_and_nothing_checks_is_caught() {
    is_caught_without_versions(Wrong::TrustsEtag, Promise::ComparedUnderLease);
    is_caught_without_versions(Wrong::TrustsEtag, Promise::NothingUnseen);
    is_caught_without_versions(Wrong::TrustsEtag, Promise::SeenIsReported);
}

#[test]
fn equal_content_that_is_taken_for_the_proof_that_nothing_was_written_is_caught() {
    is_caught_without_versions(Wrong::SettlesByAge, Promise::LedgerIsTrue);
}
