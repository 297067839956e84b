//! The chain of entries, and the documents that they name.

use std::collections::BTreeMap;

use super::{AuditReport, Fault};
use crate::digest::{Digest, digest};
use crate::entry_body::Body;
use crate::row::signed;

/// The maximum number of faults in a report.
const MOST_FAULTS: usize = 10;

/// A ledger as far as it was read. A document comes before the first entry that names it.
pub(super) struct Chain<'h> {
    known_head: Option<&'h str>,
    known_head_is_there: bool,
    /// Every sound document, and what is known of the entries that name it.
    documents: BTreeMap<Digest, Named>,
    /// A document that is not what its digest says.
    unsound: Option<String>,
    entries: u64,
    /// The hash of the last entry, as it stands there.
    head: Digest,
    faults: Vec<Fault>,
}

/// The state of a document with regard to the entries that name it.
struct Named {
    /// True if an entry names it.
    is_named: bool,
    /// The first one, as the store has it; 0 where it does not say.
    first: i64,
}

impl<'h> Chain<'h> {
    pub(super) fn new(known_head: Option<&'h str>) -> Self {
        Self {
            known_head,
            known_head_is_there: false,
            documents: BTreeMap::new(),
            unsound: None,
            entries: 0,
            head: Digest::of_nothing(),
            faults: Vec::new(),
        }
    }

    /// A chain whose entry of that number, which has that hash, was read before.
    pub(super) fn after(entries: u64, head: Digest) -> Self {
        Self {
            entries,
            head,
            ..Self::new(None)
        }
    }

    pub(super) fn fault(&mut self, entry: Option<u64>, what: String) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(Fault { entry, what });
        }
    }

    /// Takes a document, the number of the entry that names it first, if that is kept, and whether it is a text.
    pub(super) fn document(&mut self, name: &[u8], content: &[u8], first: i64, is_text: bool) {
        let found = digest(content);
        if is_text && found.as_str().as_bytes() == name {
            let is_named = false;
            self.documents.insert(found, Named { is_named, first });
        } else {
            // The entry that names it is told; this one is told if no entry does.
            self.unsound = Some(String::from_utf8_lossy(name).into_owned());
        }
    }

    /// Takes the next entry, which is no text.
    pub(super) fn unreadable_entry(&mut self) {
        self.entries += 1;
        self.fault(Some(self.entries), "it was changed: it is no text".to_owned());
    }

    /// Takes the next entry, with its number where that is kept apart from it. Gives it back if it is sound.
    pub(super) fn entry(&mut self, seq: Option<i64>, hash: &str, text: &str) -> Option<Body> {
        self.entries += 1;
        let expected = self.entries;
        let previous = std::mem::replace(&mut self.head, Digest::stored(hash.to_owned()));
        if seq.is_some_and(|seq| seq != signed(expected)) {
            self.fault(Some(expected), "it is not there, or not in its place".to_owned());
            return None;
        }
        if digest(text.as_bytes()).as_str() != hash {
            self.fault(Some(expected), "it was changed: its hash is another".to_owned());
            return None;
        }
        self.known_head_is_there |= self.known_head == Some(hash);
        let body = match Body::read(text) {
            Ok(body) => body,
            Err(error) => {
                self.fault(Some(expected), error.to_string());
                return None;
            }
        };
        if body.seq != expected || body.previous != previous {
            self.fault(Some(expected), "it does not follow the one before it".to_owned());
            return None;
        }
        let mut wrong = None;
        for name in body.documents() {
            match self.documents.get_mut(name) {
                Some(named) => {
                    if !named.is_named && ![0, signed(expected)].contains(&named.first) {
                        wrong = Some(format!("the document {name} is not kept as one that it names first"));
                    }
                    named.is_named = true;
                }
                None => wrong = Some(format!("the document {name} that it names is missing or was changed")),
            }
        }
        if let Some(what) = wrong {
            self.fault(Some(expected), what);
            return None;
        }
        // Members of a later version may name documents, too.
        for name in &body.also_named {
            if let Some(named) = self.documents.get_mut(name) {
                named.is_named = true;
            }
        }
        Some(body)
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    pub(super) fn head(&self) -> Option<String> {
        (self.entries > 0).then(|| self.head.to_string())
    }

    pub(super) fn end(mut self) -> AuditReport {
        // An entry that is not sound names nothing: then what it named would seem to be nobody's.
        let all_are_sound = self.faults.is_empty();
        let strays: Vec<String> = self
            .documents
            .iter()
            .filter(|(_, named)| all_are_sound && !named.is_named)
            .map(|(name, _)| format!("the document {name} belongs to no entry"))
            .collect();
        for stray in strays {
            self.fault(None, stray);
        }
        if let Some(name) = self.unsound.take().filter(|_| all_are_sound) {
            self.fault(
                None,
                format!("the document {name:?} is not what its digest says, and belongs to no entry"),
            );
        }
        if let Some(head) = self.known_head
            && !self.known_head_is_there
        {
            let what = format!("no entry has the hash {head}: entries were cut off, or all were made anew");
            self.fault(None, what);
        }
        AuditReport {
            entries: self.entries,
            documents: self.documents.len() as u64,
            head: self.head(),
            faults: self.faults,
        }
    }
}
