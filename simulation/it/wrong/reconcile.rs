//! The wrong way to settle a write that was left open, where the server has no versions.

use std::time::Duration;

use domain::testing::Specimen;
use domain::{MAX_WRITE_IN_FLIGHT, OutcomeKind};
use ports::testing::ledger_conformance::outcome;
use ports::{Clock, DocumentStore, Ledger};

use crate::client::{Client, TARGET};
use crate::world::Shared;
use crate::writers;

/// Runs reconcile after a while; then says of each entry that it left open that it was not applied, if no write can be in
/// flight any more and the document has the content of the base.
pub(crate) async fn reconcile<K: Specimen>(shared: Shared<K>, task: usize, after: Duration) {
    writers::reconcile(shared.clone(), task, after).await;
    let client = Client::new(shared, task);
    for open in client.unsettled(TARGET, K::NAME.as_str()).await.unwrap() {
        let intent = open.intent.unwrap();
        let age = client.now().duration_since(intent.at).unwrap_or_default();
        let id: K::Id = intent.document.id.parse().ok().unwrap();
        let Ok(read) = client.get(&id).await else { continue };
        let base = K::from_document(intent.base.clone()).unwrap();
        if age > MAX_WRITE_IN_FLIGHT && base.has_content_of(&read.content.value) {
            let settled = outcome(&intent, Some(open.id), OutcomeKind::NotApplied, 0);
            // Why: its writer may settle it in the meantime, as the ledger then says.
            client.conclude(settled).await.ok();
        }
    }
}
