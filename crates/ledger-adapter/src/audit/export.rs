//! The ledger as JSON lines: each document before the first entry that names it, and the head at the end.
//!
//! The text of an entry stands in its line as it was hashed, so that anybody can prove it with SHA-256 alone.

use std::collections::{BTreeMap, BTreeSet};

use ports::{LedgerError, LedgerFailure};
use serde::{Deserialize, Serialize};

use super::chain::Chain;
use super::{AuditReport, entry_column};
use crate::digest::Digest;
use crate::entry_body::Body;
use crate::ledger::SqlLedger;
use crate::row::{BATCH, corrupt, one_of, signed};
use crate::store::{Snapshot, number, text};

/// The number of entries read at a time.
const EXPORT_PAGE: i64 = 256;

/// A document's line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentLine {
    document: Digest,
    content: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadLine {
    head: Option<String>,
    entries: u64,
}

fn entry_line(hash: &str, body: &str) -> String {
    format!(r#"{{"entry":{body},"hash":"{hash}"}}"#)
}

fn line_of(line: &impl Serialize) -> String {
    // Why: texts and numbers always have a JSON text.
    serde_json::to_string(line).unwrap_or_default()
}

impl SqlLedger {
    /// Gives the whole ledger as it is at one moment, line by line. What is held of it at a time does not grow with it.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a line was not taken.
    pub async fn export(&self, take: impl FnMut(&str) -> std::io::Result<()> + Send) -> Result<(), LedgerError> {
        let mut store = self.store.look().await?;
        let exported = Exporter::new(take).export(&mut store).await;
        store.end().await?;
        exported
    }
}

/// An export under way.
struct Exporter<T> {
    take: T,
    /// The documents that were given and do not say which entry names them first: those of format 1. Half of a digest
    /// tells them apart.
    given: BTreeSet<u128>,
    end: HeadLine,
}

/// An entry that is to be given.
struct Waiting {
    hash: String,
    body: String,
    names: Vec<Digest>,
}

impl<T: FnMut(&str) -> std::io::Result<()> + Send> Exporter<T> {
    fn new(take: T) -> Self {
        Self {
            take,
            given: BTreeSet::new(),
            end: HeadLine { head: None, entries: 0 },
        }
    }

    async fn export(mut self, store: &mut Snapshot<'_>) -> Result<(), LedgerError> {
        let sql = "SELECT hash, body FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2";
        loop {
            let after = signed(self.end.entries);
            let rows = store.rows(sql, &[after.into(), EXPORT_PAGE.into()]).await?;
            if rows.is_empty() {
                break;
            }
            let mut some: Vec<Waiting> = Vec::new();
            let mut count = 0;
            for row in &rows {
                let hash = text(row, 0).map_err(|error| corrupt(&error))?;
                let body = text(row, 1).map_err(|error| corrupt(&error))?;
                // Why: what cannot be read is exported all the same; whoever proves the export finds it.
                let read = Body::read(&body).ok();
                let names: Vec<Digest> = read.iter().flat_map(names_of).cloned().collect();
                if count + names.len() > BATCH {
                    self.give(store, std::mem::take(&mut some)).await?;
                    count = 0;
                }
                count += names.len();
                some.push(Waiting { hash, body, names });
            }
            self.give(store, some).await?;
        }
        let end = line_of(&self.end);
        self.line(&end)
    }

    /// Gives some entries, each after the documents that it is the first to name.
    async fn give(&mut self, store: &mut Snapshot<'_>, some: Vec<Waiting>) -> Result<(), LedgerError> {
        let from = signed(self.end.entries);
        let names: BTreeSet<&Digest> = some.iter().flat_map(|waiting| &waiting.names).collect();
        let names: Vec<&Digest> = names
            .into_iter()
            .filter(|name| !self.given.contains(&half(name)))
            .collect();
        let mut documents: BTreeMap<String, (i64, String)> = BTreeMap::new();
        for names in names.chunks(BATCH) {
            let entry = entry_column(store.format);
            let question = format!(
                "SELECT digest, {entry}, content FROM documents WHERE {entry} NOT BETWEEN 1 AND {from} AND digest"
            );
            let (sql, values) = one_of(&question, names, |name| name.as_str().into());
            for row in store.rows(sql, &values).await? {
                let name = text(&row, 0).map_err(|error| corrupt(&error))?;
                let first = number(&row, 1).map_err(|error| corrupt(&error))?;
                let content = text(&row, 2).map_err(|error| corrupt(&error))?;
                documents.insert(name, (first, content));
            }
        }
        for waiting in some {
            for name in waiting.names {
                let Some((first, content)) = documents.remove(name.as_str()) else {
                    continue;
                };
                if first == 0 {
                    self.given.insert(half(&name));
                }
                let line = line_of(&DocumentLine {
                    document: name,
                    content,
                });
                self.line(&line)?;
            }
            self.line(&entry_line(&waiting.hash, &waiting.body))?;
            self.end.entries += 1;
            self.end.head = Some(waiting.hash);
        }
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<(), LedgerError> {
        let untaken = |error: std::io::Error| {
            LedgerError::Unusable(LedgerFailure::new("cannot write the export").with_source(error))
        };
        (self.take)(line).map_err(untaken)
    }
}

/// The documents that an entry names, those that a later version put in last.
fn names_of(body: &Body) -> impl Iterator<Item = &Digest> {
    body.documents().chain(&body.also_named)
}

/// The first half of a digest, as a number.
fn half(name: &Digest) -> u128 {
    let half: String = name.as_str().chars().take(32).collect();
    u128::from_str_radix(&half, 16).unwrap_or_default()
}

/// Proves an export. A head that was noted earlier must be that of one of its entries.
///
/// # Errors
///
/// If a line cannot be read. What was tampered with is no error here, but a fault in the report.
pub fn verify_export(mut export: impl std::io::BufRead, known_head: Option<&str>) -> std::io::Result<AuditReport> {
    let mut reader = Reader {
        chain: Chain::new(known_head),
        given: BTreeSet::new(),
        waiting: Vec::new(),
        is_over: false,
    };
    let mut line_ends = LineEnds::AsExported;
    for number in 1_u64.. {
        let mut line = Vec::new();
        if export.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if number == 1 && line.ends_with(b"\r\n") {
            line_ends = LineEnds::Changed;
            let what = "all line ends were changed to CR LF, as git does on Windows: `*.jsonl -text` in .gitattributes \
                        keeps it from that";
            reader.chain.fault(None, what.to_owned());
        }
        if line_ends == LineEnds::Changed && line.ends_with(b"\r\n") {
            line.truncate(line.len() - 2);
            line.push(b'\n');
        }
        if reader.is_over {
            reader.chain.fault(None, format!("line {number} stands after the end"));
            break;
        }
        let text = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        if !text.is_some_and(|text| reader.take(text)) {
            let what = format!("line {number} is not as it was exported");
            reader.chain.fault(None, what);
        }
    }
    if !reader.is_over {
        let what = "the last line is missing: the export was cut off";
        reader.chain.fault(None, what.to_owned());
    }
    Ok(reader.chain.end())
}

/// The ends of the lines of an export.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnds {
    AsExported,
    /// By a tool that changes all of them. That is told once, and the rest is read for what it says.
    Changed,
}

/// An export as far as it was read.
struct Reader<'h> {
    chain: Chain<'h>,
    /// The documents of the entries that were read.
    given: BTreeSet<Digest>,
    /// The documents that stand before the next entry.
    waiting: Vec<Digest>,
    is_over: bool,
}

impl Reader<'_> {
    /// Takes a line; whether it is one of an export, byte for byte, in its place.
    fn take(&mut self, line: &str) -> bool {
        let inside = line
            .strip_prefix(r#"{"entry":"#)
            .and_then(|rest| rest.strip_suffix(r#""}"#));
        if let Some((body, hash)) = inside.and_then(|inside| inside.rsplit_once(r#","hash":""#)) {
            return self.take_entry(body, hash);
        }
        if let Ok(document) = serde_json::from_str::<DocumentLine>(line) {
            let (name, content) = (document.document.as_str(), document.content.as_str());
            self.chain.document(name.as_bytes(), content.as_bytes(), 0, true);
            let is_as_exported = line_of(&document) == line;
            self.waiting.push(document.document);
            return is_as_exported;
        }
        if let Ok(end) = serde_json::from_str::<HeadLine>(line) {
            self.is_over = true;
            let is_of_these = end.entries == self.chain.entries() && end.head == self.chain.head();
            return is_of_these && line_of(&end) == line && self.waiting.is_empty();
        }
        false
    }

    /// Before an entry stand the documents that it is the first to name, in the order in which it names them.
    fn take_entry(&mut self, body: &str, hash: &str) -> bool {
        let waiting = std::mem::take(&mut self.waiting);
        let Some(body) = self.chain.entry(None, hash, body) else {
            return true;
        };
        // What a later version put in may name a document, or be something else.
        let may_be = |name: &&Digest| body.documents().any(|known| known == *name) || waiting.contains(name);
        let new = names_of(&body)
            .filter(may_be)
            .filter(|name| self.given.insert((*name).clone()));
        new.eq(&waiting)
    }
}
