//! A text that was saved in an editor, and the document that its author was shown.

use std::path::Path;

use domain::document::{CrossFieldMerge, merge};
use domain::json::TextError;
use domain::{Edit, Patch, Pointer, Stored};

use crate::cli_error::CliError;
use crate::commands::change::{Change, Wanted};
use crate::commands::finished_change::FinishedChange;
use crate::commands::kept_text;
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::render::findings::File;
use crate::source;

/// The saved text.
pub(crate) struct SavedText<'a, K: CliKind> {
    pub(crate) file: &'a Path,
    /// The document that the editor began with.
    pub(crate) shown: &'a K,
}

impl<K: CliKind> SavedText<'_, K> {
    /// Updates the document from the text and the flags beside it, merged with what others did since it was shown. The patch
    /// is what they change, where the text could be read.
    pub(crate) async fn update<'c>(
        &self,
        change: Change<'c, K>,
        flags: &Edit<K>,
    ) -> Result<(FinishedChange<'c, K>, Option<Patch<K>>), CliError> {
        let source = match source::read(self.file)? {
            Ok(source) => source,
            Err(unparsed) => return Ok((change.broken(File::of_unparsed(unparsed)), None)),
        };
        let edit = match Edit::<K>::whole(source.document.clone()) {
            Ok(edit) => edit,
            Err(finding) => return Ok((change.refused(Some(source), vec![finding]), None)),
        };
        let edit = edit
            .with(flags)
            .map_err(|error| CliError::new(ErrorCode::Usage, error.to_string()))?;
        match edit.resolve_against_shown(self.shown) {
            Ok(patch) => {
                let wanted = Wanted::Patch {
                    patch: patch.clone(),
                    base: self.shown.clone(),
                };
                Ok((change.submit(Some(source), wanted).await?, Some(patch)))
            }
            Err(findings) => Ok((change.refused(Some(source), findings.into_vec()), None)),
        }
    }

    /// Puts the text on the document as others left it, where both changed the same: there it is ours. Returns a sentence
    /// about it.
    ///
    /// A text that cannot be written so stays as it was saved.
    pub(crate) fn put_on(&self, patch: &Patch<K>, theirs: &Stored<K>) -> String {
        let put = |error: &dyn std::fmt::Display| format!("Your text is kept as you saved it: {error}.");
        let (text, sentence) = match self.on_theirs(patch, theirs) {
            Ok(put) => put,
            Err(error) => return put(&error),
        };
        // Why in this order: a text that is newer than what it is held against changes less than it says, never more.
        let written = files::replace_private(self.file, text.as_bytes())
            .and_then(|()| kept_text::write_shown(self.file, theirs.value.document()));
        match written {
            Ok(()) => sentence,
            Err(error) => put(&error),
        }
    }

    /// The document as others left it, with the change in it: where both changed the same, it is ours.
    fn on_theirs(&self, patch: &Patch<K>, theirs: &Stored<K>) -> Result<(String, String), TextError> {
        let merged = merge(self.shown, patch, &theirs.value, CrossFieldMerge::Accept)?;
        let version = theirs
            .version
            .as_ref()
            .map_or(String::new(), |version| format!(" {version}"));
        let places: Vec<_> = merged.collisions.iter().map(|collision| &collision.pointer).collect();
        let sentence = format!("Your text is kept, put on version{version}{}.", with_yours_at(&places));
        Ok((merged.document.document().pretty() + "\n", sentence))
    }
}

fn with_yours_at(places: &[&Pointer]) -> String {
    if places.is_empty() {
        return String::new();
    }
    let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
    format!(", with what you wrote at {}: look at it first", places.join(" and "))
}
