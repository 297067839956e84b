//! Answers that are asked for once, also when several tasks want one at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Answers by what was asked.
pub(super) struct Memo<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<V>>>>);

impl<K: Ord, V: Clone> Memo<K, V> {
    /// Without an answer yet.
    pub(super) fn new() -> Self {
        Self(Mutex::default())
    }

    /// The answer; asked for if nobody has yet. A task that is dropped while it asks leaves the question to the next.
    pub(super) async fn get(&self, key: K, ask: impl Future<Output = V>) -> V {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(key).or_default().clone()
        };
        cell.get_or_init(|| ask).await.clone()
    }

    /// The answer, if it is at hand.
    pub(super) fn at_hand(&self, key: &K) -> Option<V> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key)?.get().cloned()
    }
}
