//! Writers that do it wrong, as hand-written scripts do. The checker has to catch each of them.

mod compared;
mod reconcile;
mod versioned;

use std::time::Duration;

use domain::document::Guard;
use domain::testing::Specimen;
use domain::{Code, Evidence, OutcomeKind, Patch, Stored};
use ports::{Author, Clock, DocumentRef, IntentRecord, Ledger};

use crate::client::{Client, TARGET};
use crate::history::ReportedOutcome;
use crate::vocabulary::id_of;

pub(crate) use reconcile::reconcile;

/// A wrong way to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Reads, changes, and writes whatever the version is by then.
    BlindPut,
    /// After a moved version: reads the new one and sends the old body under it.
    RefetchAndOverwrite,
    /// Tries again where the answer was lost, and takes what that answers for the whole truth.
    NoCheckAfterUnclear,
    /// After a lost answer: reads, sees the old version, and says that nothing happened.
    UnmovedSoNotApplied,
    /// After a moved version: reads, finds what it wanted, and says that nothing had to be changed.
    FoundSoUnchanged,
    /// Makes the change anew from what is there now, though the first try may have been applied and undone.
    MergesOverUnclear,
    /// Writes first, and keeps no record before.
    WritesWithoutIntent,
    /// Without versions: takes the answer to the write for the whole truth.
    NoReadBack,
    /// Without versions: compares before the record, which holds the lease, and not after it.
    ComparesBeforeRecord,
    /// Without versions: where the answer was lost and the content is the base's, writes again.
    RetriesAfterIndeterminate,
    /// Without versions: takes the tag that a gateway makes of a document for a lock, writes under it as if the server
    /// checked it, and believes the answer.
    TrustsEtag,
    /// Without versions: reconcile takes the content of the base, once no write can be in flight, for the proof that an open
    /// write was not applied. All writers use the real updater.
    SettlesByAge,
}

impl Wrong {
    /// True if writers do it right, and what comes after them does not.
    pub(crate) fn is_of_reconcile(self) -> bool {
        self == Self::SettlesByAge
    }
}

/// Tries before giving up.
const TRIES: usize = 4;

/// The end that a wrong writer claims.
type Claim = (OutcomeKind, Option<Evidence>);

const APPLIED: Claim = (OutcomeKind::Applied, Some(Evidence::Answer));
const APPLIED_BY_READ: Claim = (OutcomeKind::Applied, Some(Evidence::Read));

fn claim(outcome: OutcomeKind) -> Claim {
    (outcome, None)
}

/// The claim where a try may have been applied, and the one where none can have been.
fn open(was_indeterminate: bool, otherwise: OutcomeKind) -> Claim {
    claim(if was_indeterminate {
        OutcomeKind::Unknown
    } else {
        otherwise
    })
}

/// Updates a document the wrong way.
pub(crate) async fn update<K: Specimen>(
    client: &Client<K>,
    wrong: Wrong,
    update: usize,
    document: usize,
    patch: &Patch<K>,
) -> ReportedOutcome {
    let id = id_of::<K>(document);
    let (outcome, evidence) = match K::GUARD {
        Guard::Version => versioned::attempt(client, wrong, &id, patch).await,
        Guard::Content => compared::attempt(client, wrong, &id, patch).await,
    };
    let world = client.shared.world();
    ReportedOutcome {
        outcome,
        evidence,
        is_named_version: false,
        warnings: if evidence == Some(Evidence::Read) {
            vec![Code::ConfirmedByRead]
        } else {
            Vec::new()
        },
        overwrote: Vec::new(),
        version_after: None,
        attempts: world.history.updates[update].requests.len(),
        at: world.now,
    }
}

async fn intend<K: Specimen>(client: &Client<K>, base: &Stored<K>, body: &K, patch: &Patch<K>) -> bool {
    if K::GUARD == Guard::Version && base.version.is_none() {
        return false;
    }
    let now = client.now();
    let intent = IntentRecord {
        document: DocumentRef {
            target: TARGET.to_owned(),
            kind: K::NAME.to_string(),
            id: base.id.to_string(),
        },
        author: Author::default(),
        follows: None,
        undoes: Vec::new(),
        absent_intents: Vec::new(),
        guard: if base.version.is_some() { "etag" } else { "content" }.to_owned(),
        version: base.version.clone(),
        base: base.value.document().clone(),
        ours: body.document().clone(),
        change: patch.to_document(),
        overwrites: Vec::new(),
        merges: 0,
        at: now,
        leased_until: now + Duration::from_mins(3),
    };
    client.intend(intent).await.is_ok()
}
