//! A directory that has each rule as a file, as it is after the last change: something to keep in git.
//!
//! `DIRECTORY/RULE.json` is written whole or not at all. What was written last is noted beside it, so that an event
//! that is told again, or replayed by hand, never puts an older state over a newer one.

mod note;
#[cfg(test)]
mod tests;
mod written;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::RuleId;
use domain::json::{Document, TextError};
use ports::{DeliveryError, Event, EventSink};

use note::Note;

/// How long a file system may take. It cannot be stopped, only no longer waited for.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The folder of notes in the directory.
const NOTES: &str = ".assist-rules";

/// A directory that has each rule as a file.
pub(crate) struct DirectorySink {
    name: String,
    path: PathBuf,
    /// One file at a time, also after somebody gave up waiting for one.
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
        let rule: RuleId = event
            .document
            .parse()
            .map_err(|error| never(format!("it is about no rule: {error}")))?;
        let text = layout(&event.after).map_err(|error| never(format!("the rule cannot be printed: {error}")))?;
        let note = Note::of(event);
        let (path, turn) = (self.path.clone(), self.turn.clone());
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            write(&path, &rule, &text, &note)
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

/// The rule as `pull` writes it: without its version, which would bind a later change to it.
fn layout(rule: &Document) -> Result<String, TextError> {
    if !rule.root().is_object() {
        return Ok(rule.pretty() + "\n");
    }
    let members = rule.root().members().filter(|member| member.name != "etag");
    let members: Vec<_> = members
        .map(|member| format!("{}:{}", member.raw_name(), member.value.raw()))
        .collect();
    let rule = Document::parse(&format!("{{{}}}", members.join(",")))?;
    Ok(rule.pretty() + "\n")
}

fn write(directory: &Path, rule: &RuleId, text: &str, note: &Note) -> io::Result<()> {
    let folder = folder_of_notes(directory)?;
    let noted = folder.join(rule.as_str());
    if Note::read(&noted)?.is_some_and(|last| note.is_older_than(&last)) {
        return Ok(());
    }
    // Why the note first: after a crash in between, this event is told again, and is not older than itself.
    written::write(&folder, &noted, &note.text())?;
    written::write(directory, &directory.join(format!("{}.json", rule.as_str())), text)
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
