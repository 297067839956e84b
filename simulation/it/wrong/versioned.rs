//! Wrong ways where the server has versions.

use std::time::Duration;

use domain::testing::Specimen;
use domain::{FailureClass, OutcomeKind, Patch};
use ports::{DocumentStore, Sleeper};

use super::{APPLIED, APPLIED_BY_READ, Claim, TRIES, Wrong, claim, intend, open};
use crate::client::Client;

pub(super) async fn attempt<K: Specimen>(client: &Client<K>, wrong: Wrong, id: &K::Id, patch: &Patch<K>) -> Claim {
    let Ok(read) = client.get(id).await else {
        return claim(OutcomeKind::Failed);
    };
    let mut base = read.content;
    let Ok(mut body) = patch.apply(&base.value) else {
        return claim(OutcomeKind::Rejected);
    };
    if base.value.has_content_of(&body) {
        return claim(OutcomeKind::Unchanged);
    }
    if wrong != Wrong::WritesWithoutIntent && !intend(client, &base, &body, patch).await {
        return claim(OutcomeKind::Failed);
    }
    let mut was_indeterminate = false;
    for _ in 0..TRIES {
        let Some(version) = base.version.clone() else {
            return open(was_indeterminate, OutcomeKind::Failed);
        };
        let under = (wrong != Wrong::BlindPut).then_some(&version);
        let Err(failure) = client.replace(id, &body, under).await else {
            return APPLIED;
        };
        let is_indeterminate = matches!(failure.class, FailureClass::Indeterminate { .. });
        was_indeterminate |= is_indeterminate;
        let has_moved = failure.class == FailureClass::PreconditionFailed;
        if matches!(failure.class, FailureClass::Throttled { .. } | FailureClass::NotSent) {
            client.sleep(Duration::from_secs(1)).await;
            continue;
        }
        match wrong {
            Wrong::NoCheckAfterUnclear if is_indeterminate => continue,
            Wrong::NoCheckAfterUnclear if has_moved => return claim(OutcomeKind::Conflict),
            Wrong::NoCheckAfterUnclear => return claim(OutcomeKind::Failed),
            _ if !is_indeterminate && !has_moved => return open(was_indeterminate, OutcomeKind::Denied),
            _ => {}
        }
        let Ok(now) = client.get(id).await else {
            return open(was_indeterminate, OutcomeKind::Conflict);
        };
        let now = now.content;
        let is_unmoved = now.version.as_ref() == Some(&version);
        if is_indeterminate && patch.is_applied_to(&now.value) {
            return APPLIED_BY_READ;
        }
        if wrong == Wrong::FoundSoUnchanged && has_moved && patch.is_applied_to(&now.value) {
            return claim(OutcomeKind::Unchanged);
        }
        if is_unmoved {
            if is_indeterminate && wrong == Wrong::UnmovedSoNotApplied {
                return claim(OutcomeKind::Failed);
            }
            continue;
        }
        match wrong {
            Wrong::BlindPut => {}
            Wrong::RefetchAndOverwrite if !was_indeterminate => {
                base = now;
                if !intend(client, &base, &body, patch).await {
                    return claim(OutcomeKind::Failed);
                }
            }
            Wrong::MergesOverUnclear => {
                base = now;
                let Ok(again) = patch.apply(&base.value) else {
                    return claim(OutcomeKind::Unknown);
                };
                body = again;
                if !intend(client, &base, &body, patch).await {
                    return claim(OutcomeKind::Unknown);
                }
            }
            _ => return open(was_indeterminate, OutcomeKind::Conflict),
        }
    }
    open(was_indeterminate, OutcomeKind::Failed)
}
