//! Texts of `edit` that were not applied, each beside the document that its author was shown.

use std::io;
use std::path::{Path, PathBuf};

use domain::json::Document;

use crate::config::Settings;
use crate::kind::CliKind;

/// The folder of all of them.
pub(super) fn folder(settings: &Settings) -> PathBuf {
    settings.state_dir.join("edits")
}

/// Writes the document that a text is held against.
pub(super) fn write_shown(text: &Path, shown: &Document) -> io::Result<()> {
    files::replace_private(&shown_file(text), shown.text().as_bytes())
}

/// The document that a file is held against, if the file is a kept text.
pub(super) fn shown_beside<K: CliKind>(settings: &Settings, file: &Path) -> Option<K> {
    // Why: beside a file of anybody else such a document says nothing.
    let holds = folder(settings).canonicalize().ok()?;
    if file.canonicalize().ok()?.parent() != Some(holds.as_path()) {
        return None;
    }
    let shown = std::fs::read_to_string(shown_file(file)).ok()?;
    K::from_document(Document::parse(&shown).ok()?).ok()
}

/// Removes a text that was applied, or that says nothing: the organization has it.
pub(super) fn forget(text: &Path) {
    for file in [text, &shown_file(text)] {
        if let Err(error) = std::fs::remove_file(file) {
            tracing::debug!("`{}` stays: {error}", file.display());
        }
    }
}

fn shown_file(text: &Path) -> PathBuf {
    text.with_extension("shown")
}
