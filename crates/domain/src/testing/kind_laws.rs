//! The laws that hold for every kind.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRunner};

use super::Specimen;
use crate::document::{AppliedChange, CrossFieldMerge, Edit, Patch, Stored, check, merge, revert};
use crate::json::Document;
use crate::plan::{PlannedUpdate, plan};
use crate::pointer::Pointer;
use crate::protocol::{Outcome, PriorWrite, Step, Update, UpdateOptions, UpdateRequest};

type Law<K> = fn(&Case<K>) -> Result<(), TestCaseError>;

/// Documents and patches that a law is tried on: ours and theirs, both of `base`.
#[derive(Clone, Debug)]
struct Case<K: Specimen> {
    base: K,
    ours: Patch<K>,
    theirs: Patch<K>,
}

/// Tries the laws of edit, patch, diff, merge, revert and plan on so many cases each.
///
/// # Panics
///
/// If a law does not hold, with the smallest case that was found.
#[expect(clippy::panic, reason = "a law that does not hold fails the test that asked for it")]
pub fn kind_laws<K: Specimen>(cases: u32) {
    let laws: [(&str, Law<K>); 10] = [
        ("the specimen is what the trait asks for", specimen_is_sound),
        (
            "a patch changes what it names and nothing else",
            patch_changes_what_it_names,
        ),
        ("a patch can be applied twice", patch_can_be_applied_twice),
        ("a patch that is written down is the same patch", patch_survives_writing),
        (
            "a document that is sent back as it was read is no change",
            sent_back_is_no_change,
        ),
        (
            "a shown text that was edited means what is in it",
            shown_text_means_itself,
        ),
        (
            "a merge with a side that changed nothing is the other side",
            merge_with_nothing,
        ),
        ("a merge keeps both sides or collides", merge_keeps_both_sides),
        (
            "a revert brings back what a patch touched and nothing else",
            revert_takes_back,
        ),
        (
            "a plan says what is written, and leaves nothing to plan",
            plan_is_carried_out,
        ),
    ];
    for (name, law) in laws {
        let config = Config {
            cases,
            failure_persistence: None,
            rng_algorithm: RngAlgorithm::XorShift,
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(&case::<K>(), |case| law(&case));
        if let Err(error) = outcome {
            panic!("{} {name}: {error}", K::NAME);
        }
    }
}

fn patch<K: Specimen>() -> impl Strategy<Value = Patch<K>> {
    vec((0..8_usize, 0..8_usize), 0..3).prop_map(|members| K::patch(&members))
}

fn case<K: Specimen>() -> impl Strategy<Value = Case<K>> {
    (patch::<K>(), patch::<K>(), patch::<K>()).prop_map(|(before, ours, theirs)| Case {
        base: apply(&before, &K::specimen()),
        ours,
        theirs,
    })
}

fn apply<K: Specimen>(patch: &Patch<K>, document: &K) -> K {
    patch.apply(document).unwrap_or_else(|_| document.clone())
}

fn specimen_is_sound<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let specimen = K::specimen();
    let known = |name: &str| K::MEMBERS.iter().any(|member| member.name == name);
    prop_assert!(K::VALUES.len() >= 2 && K::VALUES.iter().all(|(name, values)| known(name) && values.len() >= 3));
    prop_assert!(!K::MEMBERS.iter().any(|member| K::SERVER_OWNED.contains(&member.name)));
    prop_assert!(specimen.document().root().members().any(|member| !known(member.name)));
    prop_assert_eq!(K::specimen_id().to_string(), K::ID);
    let ours = apply(&case.ours, &case.base);
    let findings = check(&ours, Some(&case.base));
    prop_assert!(!findings.has_errors(), "{findings:?}");
    Ok(())
}

fn patch_changes_what_it_names<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let patched = apply(&case.ours, &case.base);
    prop_assert!(case.ours.is_applied_to(&patched));
    let named: Vec<&str> = case.ours.changes().map(|(member, _)| member.name).collect();
    for difference in case.base.diff(&patched) {
        let member = difference.pointer.tokens().next().unwrap_or_default();
        prop_assert!(named.contains(&member.as_ref()), "{}", difference.pointer);
    }
    let others = |document: &K| -> Vec<String> {
        let members = document.document().root().members();
        members
            .filter(|member| !named.contains(&member.name))
            .map(|member| format!("{}:{}", member.raw_name(), member.value.raw()))
            .collect()
    };
    prop_assert_eq!(others(&case.base), others(&patched));
    Ok(())
}

fn patch_can_be_applied_twice<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let once = apply(&case.ours, &case.base);
    let twice = apply(&case.ours, &once);
    prop_assert_eq!(once.document().text(), twice.document().text());
    Ok(())
}

fn patch_survives_writing<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    prop_assert_eq!(&Patch::from_document(&case.ours.to_document()), &case.ours);
    Ok(())
}

fn sent_back_is_no_change<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let edit = Edit::<K>::new(case.base.document().clone());
    let patch = edit.map(|edit| edit.resolve(&case.base));
    prop_assert!(matches!(patch, Ok(Ok(patch)) if patch.is_empty()));
    Ok(())
}

/// Members that are set are set, those that may be deleted are deleted, and the others are refused by their place.
fn shown_text_means_itself<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let Case { base, ours, .. } = case;
    let saved = apply(ours, base);
    let meant = |document: &Document| {
        let edit = Edit::<K>::whole(document.clone()).map_err(|finding| TestCaseError::fail(finding.message))?;
        Ok::<_, TestCaseError>(edit.resolve_against_shown(base))
    };
    let patch = meant(saved.document())?;
    prop_assert!(
        matches!(&patch, Ok(patch) if apply(patch, base).has_content_of(&saved)),
        "{patch:?}"
    );
    for name in base.document().root().members().map(|member| member.name) {
        let Ok(without) = saved.document().without_members(&[name]) else {
            continue;
        };
        let is_clearable = K::MEMBERS
            .iter()
            .any(|member| member.name == name && member.is_clearable);
        match meant(&without)? {
            Ok(patch) => {
                prop_assert!(is_clearable || K::SERVER_OWNED.contains(&name), "{name}");
                let deleted = apply(&patch, base);
                prop_assert!(
                    K::SERVER_OWNED.contains(&name) || deleted.member(name).is_none(),
                    "{name}"
                );
            }
            Err(findings) => {
                let places: Vec<_> = findings.as_slice().iter().map(|found| found.pointer.clone()).collect();
                prop_assert!(!is_clearable, "{name} {findings:?}");
                prop_assert!(places.contains(&Pointer::root().member(name)), "{name} {findings:?}");
            }
        }
    }
    Ok(())
}

fn merge_with_nothing<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let Case { base, ours, theirs } = case;
    let theirs = apply(theirs, base);
    let refuse = CrossFieldMerge::Refuse;
    let untouched =
        merge(base, &Patch::default(), &theirs, refuse).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&untouched.document, &theirs);
    prop_assert!(untouched.collisions.is_empty());
    let alone = merge(base, ours, base, refuse).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(alone.document, apply(ours, base));
    prop_assert!(alone.collisions.is_empty());
    Ok(())
}

fn merge_keeps_both_sides<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let Case { base, ours, theirs } = case;
    let others = apply(theirs, base);
    let merged =
        merge(base, ours, &others, CrossFieldMerge::Accept).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(merged.patch.is_applied_to(&merged.document));
    for member in K::MEMBERS {
        let (before, now) = (base.member(member.name), merged.document.member(member.name));
        let (ours, theirs) = (apply(ours, base), others.member(member.name));
        let ours = ours.member(member.name);
        let collides = merged
            .collisions
            .iter()
            .any(|collision| collision.pointer == member.pointer());
        if before == theirs {
            prop_assert_eq!(now, ours);
        } else if before == ours && !collides {
            let is_named = case.ours.changes().any(|(named, _)| named.name == member.name);
            prop_assert!(is_named || now == theirs);
        } else if collides {
            prop_assert_ne!(ours, theirs);
        }
    }
    Ok(())
}

fn revert_takes_back<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let Case { base, ours, theirs } = case;
    let after = apply(ours, base);
    let change = AppliedChange {
        before: base.clone(),
        after: after.clone(),
    };
    let back = revert(base, &[change]).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let Some(back) = back else {
        return Err(TestCaseError::fail("a change has a way back"));
    };
    prop_assert!(apply(&back.patch, &after).has_content_of(base));
    let touched = |member: &str| ours.changes().any(|(named, _)| named.name == member);
    let others: Vec<_> = theirs.changes().filter(|(member, _)| !touched(member.name)).collect();
    let now = others.iter().fold(after.clone(), |now, (member, value)| {
        let mut patch = Patch::default();
        patch.put(member.name, value.cloned());
        apply(&patch, &now)
    });
    let merged = merge(&back.base, &back.patch, &now, CrossFieldMerge::Accept)
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert!(merged.collisions.is_empty());
    for (member, _) in others {
        prop_assert_eq!(merged.document.member(member.name), now.member(member.name));
    }
    Ok(())
}

fn plan_is_carried_out<K: Specimen>(case: &Case<K>) -> Result<(), TestCaseError> {
    let edit = Edit::<K>::new(case.ours.to_document()).map_err(|finding| TestCaseError::fail(finding.message))?;
    let stored = |value: &K, version: &str| Stored {
        id: K::specimen_id(),
        version: version.parse().ok(),
        value: value.clone(),
    };
    let Ok(meant) = edit.resolve(&case.base).map(|patch| apply(&patch, &case.base)) else {
        return Err(TestCaseError::fail("the values of a specimen make no faults"));
    };
    let outcome = plan(UpdateRequest::Edit(edit.clone()), stored(&case.base, "1"));
    if let Outcome::Unchanged { .. } = outcome {
        prop_assert!(meant.has_content_of(&case.base));
        return Ok(());
    }
    let Outcome::Planned(planned) = outcome else {
        return Err(TestCaseError::fail(format!("{outcome:?}")));
    };
    prop_assert_eq!(&planned.ours, &meant);
    let Ok(update) = PlannedUpdate::new(planned.base, planned.ours) else {
        return Err(TestCaseError::fail("what is planned changes members of the kind alone"));
    };
    prop_assert!(!update.diff().is_empty());
    let (before, after) = (update.before().clone(), update.after().clone());
    let request = update.into_request(PriorWrite::None);
    let Step::Record(record) = Update::start(request, UpdateOptions::default()) else {
        return Err(TestCaseError::fail(
            "a reviewed change is recorded and written without a read",
        ));
    };
    prop_assert_eq!(&record.intent().ours, &after);
    prop_assert_eq!(&record.intent().base, &before);
    let again = plan(UpdateRequest::Edit(edit), stored(&after, "2"));
    prop_assert!(matches!(again, Outcome::Unchanged { .. }), "{again:?}");
    Ok(())
}
