//! The file that a document is written into: rewritten in its place, or new.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use app::FileContent;

use domain::json::Document;

use super::portable::PortableFile;
use super::pulled_kind::{PulledKind, content, for_a_file};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::render::pulled::Reason;
use crate::request::FileFormat;
use crate::source::{self, Unsafe};

/// A document that was written.
pub(super) struct Written {
    pub(super) content: FileContent,
    /// The comments that went with what was removed.
    pub(super) removed_comments: Vec<String>,
}

/// The document in a file that is about the one with this id, or has this text in place of it.
///
/// # Errors
///
/// If the file cannot be read.
pub(super) fn source_of<K: PulledKind>(
    file: &Path,
    id: &K::Id,
    own: Option<&str>,
) -> Result<Option<Document>, CliError> {
    let Ok(sources) = source::read_all_documents(file)? else {
        return Ok(None);
    };
    let mut documents = sources.into_iter().map(|source| source.document);
    Ok(documents.find(|document| is_about::<K>(document, id, own)))
}

fn is_about<K: PulledKind>(document: &Document, id: &K::Id, own: Option<&str>) -> bool {
    K::names(document, id) || own.is_some_and(|own| K::is_named(document, own))
}

/// Writes a stored document into the file that holds it, in its place; or says why it is kept.
///
/// # Errors
///
/// If the file cannot be read or written.
pub(super) fn rewrite<K: PulledKind>(
    file: &Path,
    (id, own): (&K::Id, Option<&str>),
    stored: &K,
    portable: Option<PortableFile>,
) -> Result<Result<Written, Reason>, CliError> {
    let failed = |why: &dyn Display| unwritable(file, why);
    let Ok(text) = String::from_utf8(fs::read(file).map_err(|error| failed(&error))?) else {
        return Ok(Err(Reason::Layout));
    };
    let Ok(sources) = source::read_all_documents(file)? else {
        return Ok(Err(Reason::Edited));
    };
    let found = sources
        .iter()
        .enumerate()
        .find(|(_, source)| is_about::<K>(&source.document, id, own));
    let Some((index, source)) = found else {
        return Ok(Err(Reason::Edited));
    };
    let (wanted, content) = match portable {
        Some(portable) => (portable.document, Some(portable.content)),
        None => match K::followed(&source.document, stored) {
            Ok(wanted) => {
                let content = content::<K>(&wanted);
                (wanted, content)
            }
            Err(_) => return Ok(Err(Reason::Layout)),
        },
    };
    let rewritten = match source::rewrite_document(file, &text, index, &wanted) {
        Ok(rewritten) => rewritten,
        Err(Unsafe::Layout) => return Ok(Err(Reason::Layout)),
        Err(Unsafe::Comments) => return Ok(Err(Reason::Comments)),
    };
    let Some(content) = content else {
        return Ok(Err(Reason::Layout));
    };
    files::replace_public(file, rewritten.text.as_bytes()).map_err(|error| failed(&error))?;
    Ok(Ok(Written {
        content,
        removed_comments: rewritten.removed_comments,
    }))
}

/// Writes a document into a new file.
///
/// # Errors
///
/// If the file cannot be written.
pub(super) fn create<K: PulledKind>(
    file: &Path,
    id: &K::Id,
    stored: &K,
    format: FileFormat,
    portable: Option<PortableFile>,
) -> Result<Written, CliError> {
    let failed = |why: &dyn Display| unwritable(file, why);
    let (document, content) = if let Some(portable) = portable {
        (portable.document, Some(portable.content))
    } else {
        let document = for_a_file::<K>(id, stored).map_err(|error| failed(&error))?;
        let content = content::<K>(&document);
        (document, content)
    };
    let text = match format {
        FileFormat::Json => {
            let value: Result<serde_json::Value, _> = serde_json::from_str(document.text());
            let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
            format!("{}\n", pretty.map_err(|error| failed(&error))?)
        }
        // Why by the editor: new and rewritten files are in one style.
        FileFormat::Yaml => match source::rewrite_document(file, K::NEW, 0, &document) {
            Ok(rewritten) => rewritten.text,
            Err(_) => return Err(failed(&"it cannot be written as YAML")),
        },
    };
    let content = content.ok_or_else(|| failed(&"the document is too large"))?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    files::replace_public(file, text.as_bytes()).map_err(|error| failed(&error))?;
    Ok(Written {
        content,
        removed_comments: Vec::new(),
    })
}

pub(super) fn unwritable(file: &Path, why: &dyn Display) -> CliError {
    let message = format!("cannot write `{}`: {why}", file.display());
    CliError::new(ErrorCode::UnreadableFile, message)
}

/// A path that no file has yet.
pub(super) fn free_path(folder: &Path, name: &str, id: &str, format: FileFormat) -> PathBuf {
    let extension = format.extension();
    let path = folder.join(format!("{name}.{extension}"));
    if path.exists() {
        return folder.join(format!("{name}-{}.{extension}", id.replace('/', "--")));
    }
    path
}
