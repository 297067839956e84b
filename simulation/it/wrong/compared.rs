//! Wrong ways where only a comparison of the content guards a write.

use std::time::Duration;

use domain::testing::Specimen;
use domain::{FailureClass, OutcomeKind, Patch};
use ports::{DocumentStore, Sleeper};

use super::{APPLIED, APPLIED_BY_READ, Claim, TRIES, Wrong, claim, intend, open};
use crate::client::Client;

/// The time for which the lease is another's.
const LEASED_BY_ANOTHER: Duration = Duration::from_secs(1);

pub(super) async fn attempt<K: Specimen>(client: &Client<K>, wrong: Wrong, id: &K::Id, patch: &Patch<K>) -> Claim {
    let Ok(read) = client.get(id).await else {
        return claim(OutcomeKind::Failed);
    };
    let base = read.content;
    let Ok(body) = patch.apply(&base.value) else {
        return claim(OutcomeKind::Rejected);
    };
    if base.value.has_content_of(&body) {
        return claim(OutcomeKind::Unchanged);
    }
    let compares_before = wrong == Wrong::ComparesBeforeRecord;
    let compares_after = !compares_before && wrong != Wrong::TrustsEtag;
    if compares_before {
        if !is_as(client, id, &base.value).await {
            return claim(OutcomeKind::Conflict);
        }
        // Why: it waits for the lease as the updater does, and in this world no other process has it.
        client.sleep(LEASED_BY_ANOTHER).await;
    }
    if !intend(client, &base, &body, patch).await {
        return claim(OutcomeKind::Failed);
    }
    let mut was_indeterminate = false;
    for _ in 0..TRIES {
        if compares_after && !is_as(client, id, &base.value).await {
            return open(was_indeterminate, OutcomeKind::Conflict);
        }
        let Err(failure) = client.replace(id, &body, None).await else {
            return match wrong {
                Wrong::NoReadBack | Wrong::TrustsEtag => APPLIED,
                _ if is_read_back(client, id, patch).await => APPLIED,
                _ => claim(OutcomeKind::Overwritten),
            };
        };
        match failure.class {
            FailureClass::Throttled { .. } | FailureClass::NotSent => {
                if compares_before {
                    return open(was_indeterminate, OutcomeKind::Deferred);
                }
                client.sleep(Duration::from_secs(1)).await;
            }
            FailureClass::Indeterminate { .. } => {
                was_indeterminate = true;
                if is_read_back(client, id, patch).await {
                    return APPLIED_BY_READ;
                }
                if !matches!(wrong, Wrong::RetriesAfterIndeterminate | Wrong::TrustsEtag) {
                    return claim(OutcomeKind::Unknown);
                }
            }
            _ => return open(was_indeterminate, OutcomeKind::Denied),
        }
    }
    open(was_indeterminate, OutcomeKind::Failed)
}

/// True if a read of the document shows the content of the base.
async fn is_as<K: Specimen>(client: &Client<K>, id: &K::Id, base: &K) -> bool {
    client
        .get(id)
        .await
        .is_ok_and(|read| read.content.value.has_content_of(base))
}

async fn is_read_back<K: Specimen>(client: &Client<K>, id: &K::Id, patch: &Patch<K>) -> bool {
    for _ in 0..TRIES {
        if client
            .get(id)
            .await
            .is_ok_and(|read| patch.is_applied_to(&read.content.value))
        {
            return true;
        }
        client.sleep(Duration::from_secs(1)).await;
    }
    false
}
