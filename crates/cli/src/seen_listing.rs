//! The listing that was seen last, kept in the state folder: completions know ids and names from it, and ask nobody.

use std::path::{Path, PathBuf};

use domain::TriggerRule;
use ports::Listing;
use serde::{Deserialize, Serialize};

/// The longest listing that is read while a shell waits.
const MOST_BYTES: u64 = 8 << 20;

/// A rule as the listing showed it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SeenRule {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

/// Keeps a listing. Nothing but completions depends on it, so a failure ends nothing.
pub(crate) fn keep(state_dir: &Path, listing: &Listing<TriggerRule>) {
    let rules: Vec<SeenRule> = listing
        .documents
        .iter()
        .map(|listed| SeenRule {
            id: listed.stated_id.clone(),
            name: listed.value.name().map(str::to_owned),
        })
        .collect();
    let kept = serde_json::to_vec(&rules)
        .map_err(std::io::Error::from)
        .and_then(|text| {
            files::make_private_folder(state_dir)?;
            files::replace_private(&file(state_dir), &text)
        });
    if let Err(error) = kept {
        tracing::debug!("the listing is not kept for completions: {error}");
    }
}

/// The rules of the listing that was kept last; none if there is none.
pub(crate) fn last(state_dir: &Path) -> Vec<SeenRule> {
    let file = file(state_dir);
    // Why: a shell waits for this, and a pipe or a device has no end.
    let is_read = std::fs::symlink_metadata(&file).is_ok_and(|data| data.is_file() && data.len() <= MOST_BYTES);
    let text = if is_read { std::fs::read(file) } else { Ok(Vec::new()) };
    serde_json::from_slice(&text.unwrap_or_default()).unwrap_or_default()
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("listing.json")
}
