//! The ledger as JSON lines: each document before the first entry that names it, and the head at the end.
//!
//! The text of an entry stands in its line as it was hashed, so that anybody can prove it with SHA-256 alone.

use std::collections::BTreeSet;

use ports::LedgerError;
use serde::{Deserialize, Serialize};

use super::chain::Chain;
use super::{AuditReport, PAGE};
use crate::digest::Digest;
use crate::entry_body::Body;
use crate::ledger::SqlLedger;
use crate::row::corrupt;
use crate::store::text;

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
    /// Gives the whole ledger, line by line.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or a line was not taken.
    pub async fn export(&self, mut take: impl FnMut(&str) -> std::io::Result<()> + Send) -> Result<(), LedgerError> {
        let untaken = |error: std::io::Error| LedgerError::Unusable(format!("cannot write the export: {error}"));
        let entries = "SELECT hash, body FROM entries WHERE seq > $1 ORDER BY seq LIMIT $2";
        let content = "SELECT content FROM documents WHERE digest = $1";
        let mut given = BTreeSet::new();
        let mut end = HeadLine { head: None, entries: 0 };
        loop {
            let after = i64::try_from(end.entries).unwrap_or(i64::MAX);
            let rows = self.store.read(entries, &[after.into(), PAGE.into()]).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let hash = text(row, 0).map_err(|error| corrupt(&error))?;
                let body = text(row, 1).map_err(|error| corrupt(&error))?;
                // Why: what cannot be read is exported all the same; whoever proves the export finds it.
                let names: Vec<Digest> = Body::read(&body)
                    .map(|body| body.documents().cloned().collect())
                    .unwrap_or_default();
                for name in names {
                    if !given.insert(name.clone()) {
                        continue;
                    }
                    for found in self.store.read(content, &[name.as_str().into()]).await? {
                        let line = DocumentLine {
                            document: name.clone(),
                            content: text(&found, 0).map_err(|error| corrupt(&error))?,
                        };
                        take(&line_of(&line)).map_err(untaken)?;
                    }
                }
                take(&entry_line(&hash, &body)).map_err(untaken)?;
                end.entries += 1;
                end.head = Some(hash);
            }
        }
        take(&line_of(&end)).map_err(untaken)
    }
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
    for number in 1_u64.. {
        let mut line = Vec::new();
        if export.read_until(b'\n', &mut line)? == 0 {
            break;
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
            self.chain.document(name.as_bytes(), content.as_bytes(), true);
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
        let new = body.documents().filter(|name| self.given.insert((*name).clone()));
        new.eq(&waiting)
    }
}
