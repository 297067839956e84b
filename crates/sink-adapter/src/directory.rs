//! A directory that has each document as a file, as it is after the last change: something to keep in git.
//!
//! `DIRECTORY/RULE.json`, or `DIRECTORY/KIND/ID.json` for documents of another kind than rules, is written whole or not
//! at all. A `/` in such an id is a dot in the name of the file. The last event written is noted beside it, so that an event that is delivered again, or replayed by hand,
//! never puts an older state over a newer one.

mod last_written;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::json::{Document, TextError};
use ports::{DeliveryError, DocumentRef, Event, EventSink};

use crate::cloud_event::FIRST_KIND;
use last_written::LastWritten;

/// The time limit of the file system. Its work cannot be stopped, only no longer waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The longest name of a kind and the longest id that have a file.
const LONGEST_SEGMENT: usize = 128;

/// The folder of notes in the directory.
const NOTES: &str = ".assist-rules";

/// A directory that has each document as a file.
pub(crate) struct DirectorySink {
    name: String,
    path: PathBuf,
    /// One file at a time, also after a delivery gave up waiting for one.
    turn: Arc<Mutex<()>>,
}

impl DirectorySink {
    pub(crate) fn new(name: String, path: PathBuf) -> Self {
        Self {
            name,
            path,
            turn: Arc::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file to the directory, and removes it.
    pub(crate) fn try_to_write(&self) -> io::Result<()> {
        tempfile::tempfile_in(&self.path).map(drop)
    }
}

#[async_trait]
impl EventSink for DirectorySink {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let never = |error: String| DeliveryError::Never { error };
        let place = Place::of(&event.document).map_err(never)?;
        let text = layout(&event.after).map_err(|error| never(format!("the document cannot be printed: {error}")))?;
        let last_written = LastWritten::of(event);
        let (path, turn) = (self.path.clone(), self.turn.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            write(&path, &place, &text, &last_written)
        });
        let error = match tokio::time::timeout(TIMEOUT, work).await {
            Ok(Ok(Ok(DirectoryWrite::Done))) => return Ok(()),
            Ok(Ok(Ok(DirectoryWrite::Refused { organization }))) => {
                return Err(never(format!(
                    "the file in `{}` is of the organization `{organization}`: give each organization a directory of its own",
                    self.path.display()
                )));
            }
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took more than {TIMEOUT:?}"),
        };
        Err(DeliveryError::Retry {
            error: format!("cannot write to `{}`: {error}", self.path.display()),
            wait: None,
        })
    }
}

/// The place of a document in the directory.
struct Place {
    /// The kind, for documents of another than rules.
    folder: Option<String>,
    id: String,
}

impl Place {
    /// Kind and id come from elsewhere: each must be one segment of a path, and nothing hidden. The parts of an id, such as a
    /// variation of an assistant, are joined by a dot, which none of them has.
    fn of(document: &DocumentRef) -> Result<Self, String> {
        let folder = (document.kind != FIRST_KIND).then(|| document.kind.clone());
        let parts: Vec<&str> = match folder {
            Some(_) => document.id.split('/').collect(),
            None => vec![&document.id],
        };
        if !is_segment(&document.kind) {
            return Err(no_name(&document.kind));
        }
        if document.id.len() > LONGEST_SEGMENT || !parts.iter().all(|part| is_segment(part)) {
            return Err(no_name(&document.id));
        }
        let id = parts.join(".");
        Ok(Self { folder, id })
    }

    fn file(&self, directory: &Path) -> PathBuf {
        directory
            .join(self.folder.as_deref().unwrap_or_default())
            .join(format!("{}.json", self.id))
    }

    /// No id of a rule has a dot, so that no rule's note has the name of the folder of a kind.
    fn last_written(&self, notes: &Path) -> PathBuf {
        match &self.folder {
            Some(kind) => notes.join(format!("{kind}.kind")).join(&self.id),
            None => notes.join(&self.id),
        }
    }
}

fn no_name(text: &str) -> String {
    format!("`{}` cannot be the name of a file", text.escape_debug())
}

/// True if the text can be a file name on every system.
fn is_segment(text: &str) -> bool {
    let belongs = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text.len() <= LONGEST_SEGMENT
        && text.bytes().all(belongs)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

/// The document as a file that an update can take: without its version, which would bind a later change to it.
fn layout(document: &Document) -> Result<String, TextError> {
    if !document.root().is_object() {
        return Ok(document.pretty() + "\n");
    }
    let members = document.root().members().filter(|member| member.name != "etag");
    let members: Vec<_> = members
        .map(|member| format!("{}:{}", member.raw_name(), member.value.raw()))
        .collect();
    let document = Document::parse(&format!("{{{}}}", members.join(",")))?;
    Ok(document.pretty() + "\n")
}

/// The result of a delivery to a directory.
enum DirectoryWrite {
    /// The file is as the event has it, or newer.
    Done,
    /// The file is that of a document with the same id in another organization.
    Refused { organization: String },
}

fn write(directory: &Path, place: &Place, text: &str, last_written: &LastWritten) -> io::Result<DirectoryWrite> {
    let noted = place.last_written(&folder_of_notes(directory)?);
    let file = place.file(directory);
    if place.folder.is_some() {
        for path in [&noted, &file] {
            path.parent().map_or(Ok(()), make_folder)?;
        }
    }
    let last = LastWritten::read(&noted)?;
    if let Some(organization) = last.as_ref().and_then(|last| last_written.other_organization(last)) {
        let organization = organization.to_owned();
        return Ok(DirectoryWrite::Refused { organization });
    }
    if last.is_some_and(|last| last_written.is_older_than(&last)) {
        return Ok(DirectoryWrite::Done);
    }
    // Why the note first: after a crash in between, this event is told again, and is not older than itself.
    files::replace_public(&noted, last_written.text().as_bytes())?;
    files::replace_public(&file, text.as_bytes())?;
    Ok(DirectoryWrite::Done)
}

/// Makes a folder, if it is not there, in one that is there.
fn make_folder(folder: &Path) -> io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// The folder of notes, made if it is not there. What is noted concerns this copy only, so git does not see it.
fn folder_of_notes(directory: &Path) -> io::Result<PathBuf> {
    let notes = directory.join(NOTES);
    match std::fs::create_dir(&notes) {
        Ok(()) => files::replace_public(&notes.join(".gitignore"), b"*\n")?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(notes)
}
