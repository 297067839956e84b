//! A text that was saved in an editor, and the document that its author was shown.

use std::path::Path;

use domain::document::{CrossFieldMerge, merge};
use domain::json::TextError;
use domain::{Edit, Patch, Pointer, Stored};

use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::change::{Change, Wanted};
use crate::commands::finished_change::FinishedChange;
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
    ///
    /// A text that cannot be written so stays as it was saved.
    pub(super) fn kept(&self, patch: Option<&Patch<K>>, theirs: Option<&Stored<K>>) -> String {
        let as_it_was = "Your text is kept.".to_owned();
        let meant = match (patch, theirs) {
            (Some(patch), Some(theirs)) => self.on_theirs(patch, theirs).ok(),
            (Some(_) | None, _) => self.as_saved().map(|text| (text, as_it_was.clone())),
        };
        let Some((text, sentence)) = meant else {
            return as_it_was;
        };
        match files::replace_private(self.file, text.as_bytes()) {
            Ok(()) => sentence,
            Err(error) => format!("Your text is kept as you saved it: it cannot be put in order ({error})."),
        }
    }

    /// The saved text with the shown version and what was deleted; none if it is no document, or has both.
    fn as_saved(&self) -> Option<String> {
        let document = source::read(self.file).ok()?.ok()?.document;
        let edit = Edit::<K>::whole(document.clone()).ok()?;
        let version = K::VERSION.and_then(|name| Some((name, self.shown.value.member(name)?)));
        let altered = version.filter(|(name, shown)| document.root().get(name) != Some(*shown));
        let deleted = edit.deleted(&self.shown.value).filter(|name| is_clearable::<K>(name));
        let altered = altered.map(|(name, shown)| (name, shown.raw()));
        let members: Vec<_> = altered.into_iter().chain(deleted.map(|name| (name, "null"))).collect();
        if members.is_empty() {
            return None;
        }
        Some(document.with_members(&members).ok()?.pretty() + "\n")
    }

    /// The document as others left it, with the change in it: where both changed the same, it is ours.
    fn on_theirs(&self, patch: &Patch<K>, theirs: &Stored<K>) -> Result<(String, String), TextError> {
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
        Ok((document.pretty() + "\n", sentence))
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
