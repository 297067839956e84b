//! A directory that has each document as a file, as it is after the last change: something to keep in git.
//!
//! `DIRECTORY/RULE.json`, or `DIRECTORY/KIND/ID.json` for documents of another kind than rules, is written whole or not
//! at all. The last event written is noted beside it, so that an event that is delivered again, or replayed by hand,
//! never puts an older state over a newer one.

mod note;
#[cfg(test)]
mod tests;
mod written;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::json::{Document, TextError};
use ports::{DeliveryError, DocumentRef, Event, EventSink};

use crate::cloud_event::FIRST_KIND;
use note::Note;

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
        let note = Note::of(event);
        let (path, turn) = (self.path.clone(), self.turn.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            write(&path, &place, &text, &note)
        });
        let error = match tokio::time::timeout(TIMEOUT, work).await {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it took more than {TIMEOUT:?}"),
        };
        Err(DeliveryError::Again {
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
    /// Kind and id come from elsewhere: each must be one segment of a path, and nothing hidden.
    fn of(document: &DocumentRef) -> Result<Self, String> {
        for part in [&document.kind, &document.id] {
            if !is_segment(part) {
                return Err(format!("`{}` cannot be the name of a file", part.escape_debug()));
            }
        }
        let folder = (document.kind != FIRST_KIND).then(|| document.kind.clone());
        let id = document.id.clone();
        Ok(Self { folder, id })
    }

    fn file(&self, directory: &Path) -> PathBuf {
        directory
            .join(self.folder.as_deref().unwrap_or_default())
            .join(format!("{}.json", self.id))
    }

    /// No id has a dot, so that no rule's note has the name of the folder of a kind.
    fn note(&self, notes: &Path) -> PathBuf {
        match &self.folder {
            Some(kind) => notes.join(format!("{kind}.kind")).join(&self.id),
            None => notes.join(&self.id),
        }
    }
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

fn write(directory: &Path, place: &Place, text: &str, note: &Note) -> io::Result<()> {
    let noted = place.note(&folder_of_notes(directory)?);
    let file = place.file(directory);
    if place.folder.is_some() {
        for path in [&noted, &file] {
            path.parent().map_or(Ok(()), make_folder)?;
        }
    }
    if Note::read(&noted)?.is_some_and(|last| note.is_older_than(&last)) {
        return Ok(());
    }
    // Why the note first: after a crash in between, this event is told again, and is not older than itself.
    written::write(noted.parent().unwrap_or(directory), &noted, &note.text())?;
    written::write(file.parent().unwrap_or(directory), &file, text)
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
        Ok(()) => written::write(&notes, &notes.join(".gitignore"), "*\n")?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    Ok(notes)
}
