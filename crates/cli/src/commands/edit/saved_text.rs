//! A text that was saved in an editor, and the document that its author was shown.

use std::path::Path;

use domain::document::{CrossFieldMerge, merge};
use domain::json::TextError;
use domain::{Edit, Patch, Pointer, Stored};

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::change::{Change, Wanted};
use crate::commands::finished_change::FinishedChange;
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::next_command::NextCommand;
use crate::render::findings::File;
use crate::request::EditCommand;
use crate::source;

/// The saved text.
pub(super) struct SavedText<'a, K: CliKind> {
    pub(super) id: &'a K::Id,
    pub(super) file: &'a Path,
    /// The document that the editor began with.
    pub(super) shown: &'a Stored<K>,
}

impl<K: CliKind> SavedText<'_, K> {
    /// Updates the document from the text, merged with what others did while the editor was open. The patch is what the text
    /// changes, where it could be read.
    pub(super) async fn update<'c>(
        &'c self,
        context: &'c Context<'c>,
        command: &'c EditCommand,
    ) -> Result<(FinishedChange<'c, K>, Option<Patch<K>>), CliError> {
        let change = Change {
            context,
            id: self.id,
            request: &command.request,
            terms: &command.terms,
            again: NextCommand::new("edit").word(self.id.to_string()),
        };
        let source = match source::read(self.file)? {
            Ok(source) => source,
            Err(unparsed) => return Ok((change.broken(File::of_unparsed(unparsed)), None)),
        };
        let edit = match Edit::<K>::whole(source.document.clone()) {
            Ok(edit) => edit,
            Err(finding) => return Ok((change.refused(Some(source), vec![finding]), None)),
        };
        match edit.resolve_against_shown(&self.shown.value) {
            Ok(patch) => {
                let wanted = Wanted::Patch {
                    patch: patch.clone(),
                    base: self.shown.value.clone(),
                };
                Ok((change.submit(Some(source), wanted).await?, Some(patch)))
            }
            Err(findings) => Ok((change.refused(Some(source), findings.into_vec()), None)),
        }
    }

    /// Keeps the text so that `update --from` means the same: it states the version that it is of, and what was deleted is
    /// null in it. After a conflict it is put on the document as it is now. Returns a sentence about it.
    pub(super) fn keep(&self, patch: Option<&Patch<K>>, theirs: Option<&Stored<K>>) -> Result<String, CliError> {
        let kept = match (patch, theirs) {
            (Some(patch), Some(theirs)) => self.on_theirs(patch, theirs),
            (Some(_) | None, _) => self
                .as_saved()
                .map(|text| text.map(|text| (text, "Your text is kept.".to_owned()))),
        };
        let too_large = |error: TextError| CliError::new(ErrorCode::Configuration, error.to_string());
        let Some((text, sentence)) = kept.map_err(too_large)? else {
            return Ok("Your text is kept.".to_owned());
        };
        std::fs::write(self.file, text).map_err(|error| {
            let message = format!("cannot keep the text in `{}`: {error}", self.file.display());
            CliError::new(ErrorCode::Configuration, message)
        })?;
        Ok(sentence)
    }

    /// The saved text, if it is a document, with the shown version and what was deleted.
    fn as_saved(&self) -> Result<Option<String>, TextError> {
        let document = match source::read(self.file) {
            Ok(Ok(source)) => source.document,
            Ok(Err(_)) | Err(_) => return Ok(None),
        };
        let Ok(edit) = Edit::<K>::whole(document.clone()) else {
            return Ok(None);
        };
        let version = K::VERSION.and_then(|name| Some((name, self.shown.value.member(name)?.raw())));
        let deleted = edit.deleted(&self.shown.value).filter(|name| is_clearable::<K>(name));
        let members: Vec<_> = version.into_iter().chain(deleted.map(|name| (name, "null"))).collect();
        Ok(Some(document.with_members(&members)?.text().to_owned()))
    }

    /// The document as others left it, with the change in it: where both changed the same, it is ours.
    fn on_theirs(&self, patch: &Patch<K>, theirs: &Stored<K>) -> Result<Option<(String, String)>, TextError> {
        let merged = merge(&self.shown.value, patch, &theirs.value, CrossFieldMerge::Accept)?;
        let deleted = merged.patch.changes().filter(|(_, value)| value.is_none());
        let deleted: Vec<_> = deleted.map(|(member, _)| (member.name, "null")).collect();
        let document = merged.document.document().with_members(&deleted)?;
        let version = theirs
            .version
            .as_ref()
            .map_or(String::new(), |version| format!(" {version}"));
        let places: Vec<_> = merged.collisions.iter().map(|collision| &collision.pointer).collect();
        let sentence = format!("Your text is kept, put on version{version}{}.", with_yours_at(&places));
        Ok(Some((document.pretty() + "\n", sentence)))
    }
}

fn is_clearable<K: CliKind>(name: &str) -> bool {
    K::MEMBERS
        .iter()
        .any(|member| member.name == name && member.is_clearable)
}

fn with_yours_at(places: &[&Pointer]) -> String {
    if places.is_empty() {
        return String::new();
    }
    let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
    format!(", with what you wrote at {}: look at it first", places.join(" and "))
}
