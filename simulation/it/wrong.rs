//! Writers who do it wrong, as hand-written scripts do. The checker has to catch each of them.

use std::time::Duration;

use domain::protocol::Confirmation;
use domain::{FailureClass, Stored, TriggerRule};
use ports::{Author, DocumentStore, IntentRecord, Ledger, Sleeper};

use crate::client::{Client, TARGET, id_of};
use crate::content::Wanted;
use crate::history::{End, Told};

/// What a writer does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Reads, changes, and writes whatever the version is by then.
    BlindPut,
    /// Where the version moved: reads the new one and sends the old body under it.
    RefetchAndOverwrite,
    /// Tries again where the answer was lost, and takes what that answers for the whole truth.
    NoCheckAfterUnclear,
    /// Where the answer was lost: reads, sees the old version, and says that nothing happened.
    UnmovedSoNotApplied,
    /// Makes the change anew from what is there now, though the first try may have been applied and undone.
    MergesOverUnclear,
    /// Writes first, and keeps no record before.
    WritesWithoutIntent,
}

/// Tries before giving up.
const TRIES: usize = 4;

/// Updates a rule the wrong way.
pub(crate) async fn update(client: &Client, wrong: Wrong, update: usize, rule: usize, wanted: Wanted) -> Told {
    let end = attempt(client, wrong, rule, wanted).await;
    let attempts = client.shared.world().history.updates[update].requests.len();
    Told {
        end,
        overwrote: Vec::new(),
        version_after: None,
        attempts,
    }
}

async fn attempt(client: &Client, wrong: Wrong, rule: usize, wanted: Wanted) -> End {
    let id = id_of(rule);
    let Ok(read) = client.get(&id).await else {
        return End::Failed;
    };
    let mut base = read.content;
    let Ok(mut body) = wanted.change().apply(&base.value) else {
        return End::Rejected;
    };
    if base.value.diff(&body).is_empty() {
        return End::Unchanged;
    }
    if wrong != Wrong::WritesWithoutIntent && !intend(client, &base, &body, wanted).await {
        return End::Failed;
    }
    let mut was_unclear = false;
    for _ in 0..TRIES {
        let Some(version) = base.version.clone() else {
            return if was_unclear { End::Unknown } else { End::Failed };
        };
        let answer = if wrong == Wrong::BlindPut {
            client.replace_blindly(&id, &body).await
        } else {
            client.replace(&id, &body, &version).await.map(|_| ())
        };
        let Err(failure) = answer else {
            return End::Applied(Confirmation::Answer);
        };
        let is_unclear = matches!(failure.class, FailureClass::Indeterminate { .. });
        was_unclear |= is_unclear;
        let has_moved = failure.class == FailureClass::PreconditionFailed;
        if matches!(failure.class, FailureClass::Throttled { .. } | FailureClass::NotSent) {
            client.sleep(Duration::from_secs(1)).await;
            continue;
        }
        match wrong {
            Wrong::NoCheckAfterUnclear if is_unclear => continue,
            Wrong::NoCheckAfterUnclear if has_moved => return End::Conflict,
            Wrong::NoCheckAfterUnclear => return End::Failed,
            _ if !is_unclear && !has_moved => return if was_unclear { End::Unknown } else { End::Denied },
            _ => {}
        }
        let Ok(now) = client.get(&id).await else {
            return if was_unclear { End::Unknown } else { End::Conflict };
        };
        let now = now.content;
        let is_unmoved = now.version.as_ref() == Some(&version);
        if is_unclear && wanted.change().is_in(&now.value) {
            return End::Applied(Confirmation::Read);
        }
        if is_unmoved {
            if is_unclear && wrong == Wrong::UnmovedSoNotApplied {
                return End::Failed;
            }
            continue;
        }
        match wrong {
            Wrong::BlindPut => {}
            Wrong::RefetchAndOverwrite if !was_unclear => {
                base = now;
                if !intend(client, &base, &body, wanted).await {
                    return End::Failed;
                }
            }
            Wrong::MergesOverUnclear => {
                base = now;
                let Ok(again) = wanted.change().apply(&base.value) else {
                    return End::Unknown;
                };
                body = again;
                if !intend(client, &base, &body, wanted).await {
                    return End::Unknown;
                }
            }
            _ => return if was_unclear { End::Unknown } else { End::Conflict },
        }
    }
    if was_unclear { End::Unknown } else { End::Failed }
}

async fn intend(client: &Client, base: &Stored<TriggerRule>, body: &TriggerRule, wanted: Wanted) -> bool {
    let Some(version) = base.version.clone() else {
        return false;
    };
    let now = ports::Clock::now(client);
    let intent = IntentRecord {
        target: TARGET.to_owned(),
        document: base.id.to_string(),
        author: Author::default(),
        follows: None,
        guard: "etag".to_owned(),
        version,
        base: base.value.document().clone(),
        ours: body.document().clone(),
        change: wanted.draft().document().clone(),
        overwrites: Vec::new(),
        merges: 0,
        at: now,
        leased_until: now + Duration::from_mins(3),
    };
    client.intend(intent).await.is_ok()
}
