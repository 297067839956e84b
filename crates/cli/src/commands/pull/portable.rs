//! Files with names in place of ids.

use std::path::Path;

use app::{FileContent, KnownNames};
use domain::Edit;
use domain::json::{Document, Node, TextError};
use domain::reference::{Reference, ReferenceText, ResolveError};
use ports::KnownReference;

use super::pulled_kind::{PulledKind, for_a_file};
use super::target_file;
use crate::authored::Authored;
use crate::cli_error::CliError;
use crate::render::pulled::NamelessId;
use crate::saved_plan::ReferenceDocument;

/// A file with names in place of ids.
pub(super) struct PortableFile {
    /// The file.
    pub(super) document: Document,
    /// Its content with the ids that the names stand for.
    pub(super) content: FileContent,
    /// The places of values that stand as they are.
    pub(super) unlisted: Vec<String>,
}

/// A portable file, or the ids that keep it from being one.
pub(super) type Portable = Result<PortableFile, Vec<NamelessId>>;

/// The text of the own name in a file, by what its references became.
pub(super) fn own_name<K: PulledKind>(references: &[ReferenceDocument]) -> Option<&str> {
    let path = if K::OWN == domain::reference::ReferenceKind::Rule {
        "/id"
    } else {
        "/assistant"
    };
    let own = references.iter().find(|reference| reference.path == path);
    own.map(|reference| reference.text.as_str())
}

/// A stored document as a portable file has it: a new one, or the one that holds it already, in which a given value keeps the
/// name by which it is given.
///
/// # Errors
///
/// If a file cannot be read, or would be larger than a document may be.
pub(super) async fn portable_file<K: PulledKind>(
    names: &KnownNames,
    id: &K::Id,
    stored: &K,
    file: Option<(&Authored<K>, &[ReferenceDocument])>,
) -> Result<Portable, CliError> {
    let too_large = |error: TextError| target_file::unwritable(Path::new(&id.to_string()), &error);
    let (with_ids, given) = match file {
        None => (
            for_a_file::<K>(id, stored).map_err(too_large)?,
            &[] as &[ReferenceDocument],
        ),
        Some((authored, references)) => {
            let own = own_name::<K>(references);
            let Some(source) = target_file::source_of::<K>(Path::new(&authored.file), id, own)? else {
                return Ok(Err(Vec::new()));
            };
            let inner = K::document_in(&source).map_err(too_large)?;
            let stated = inner.root().get("name").and_then(Node::as_str);
            // Why not the document that was compared: it lacks its author's notes.
            let Ok(resolved) = names.resolve::<K>(&inner, stated).await else {
                return Ok(Err(Vec::new()));
            };
            let whole = K::with_content(&source, &resolved.document).map_err(too_large)?;
            (K::followed(&whole, stored).map_err(too_large)?, references)
        }
    };
    let inner = K::document_in(&with_ids).map_err(too_large)?;
    let found = names.portable::<K>(&inner).await.map_err(too_large)?;
    let mut nameless: Vec<NamelessId> = found
        .nameless
        .into_iter()
        .map(|(Reference { pointer, id, .. }, why)| NamelessId {
            path: pointer.to_string(),
            id,
            why: why.to_string(),
        })
        .collect();
    let own = names.name_of(K::OWN, None, K::own_id(id)).await;
    let own = match own {
        Ok(name) => ReferenceText::named(K::OWN, name),
        Err(why) => {
            // Why not twice: the id of a trigger rule stands in the document itself.
            if !nameless.iter().any(|nameless| nameless.id == K::own_id(id)) {
                nameless.push(NamelessId {
                    path: "/assistant".to_owned(),
                    id: K::own_id(id).to_owned(),
                    why: why.to_string(),
                });
            }
            return Ok(Err(nameless));
        }
    };
    if !nameless.is_empty() {
        return Ok(Err(nameless));
    }
    let resolved = names.resolve::<K>(&found.portable.document, None).await;
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(ResolveError::TooLarge(error)) => return Err(too_large(error)),
        Err(ResolveError::Unresolved(_)) => return Ok(Err(Vec::new())),
    };
    let content = Edit::<K>::new(resolved.document)
        .ok()
        .and_then(|edit| FileContent::of(&edit).ok());
    let Some(content) = content else {
        return Ok(Err(Vec::new()));
    };
    let known = |text: &ReferenceText, id: &str| KnownReference {
        text: text.to_string(),
        id: id.to_owned(),
    };
    let inside = resolved.references.iter();
    let inside = inside.map(|reference| known(&reference.text, &reference.id));
    let content = content.with_references(inside.chain([known(&own, K::own_id(id))]).collect());
    let mut inner = found.portable.document;
    let mut unlisted = Vec::new();
    for value in found.portable.unlisted {
        let path = value.pointer.to_string();
        let is_given = |reference: &&ReferenceDocument| {
            reference.path == path && reference.id == value.value && reference.is_value()
        };
        match given.iter().find(is_given) {
            Some(reference) => {
                inner = inner.with_text_at(&value.pointer, &reference.text).map_err(too_large)?;
            }
            None => unlisted.push(path),
        }
    }
    let document = K::with_own_name(&with_ids, &own, &inner).map_err(too_large)?;
    Ok(Ok(PortableFile {
        document,
        content,
        unlisted,
    }))
}
