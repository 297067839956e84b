//! The system calls that strace saw.

use std::collections::BTreeMap;

/// The calls of a process, in the order in which they ended.
pub(super) struct Trace {
    pub(super) calls: Vec<Call>,
}

/// A call about a file.
pub(super) struct Call {
    thread: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) failed: bool,
    /// The line.
    pub(super) text: String,
}

impl Trace {
    pub(super) fn read(log: &str) -> Self {
        let mut begun: BTreeMap<&str, &str> = BTreeMap::new();
        let mut calls = Vec::new();
        for line in log.lines() {
            let Some((thread, rest)) = line.split_once(' ') else {
                continue;
            };
            let rest = rest.trim_start();
            if let Some(start) = rest.strip_suffix(" <unfinished ...>") {
                begun.insert(thread, start);
                continue;
            }
            let text = match rest.split_once(" resumed>") {
                Some((_, end)) => format!("{}{end}", begun.remove(thread).unwrap_or_default()),
                None => rest.to_owned(),
            };
            calls.extend(Call::read(thread, text));
        }
        Self { calls }
    }

    /// A fault is counted by each thread for itself.
    pub(super) fn most_by_one_thread(&self, name: &str) -> usize {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for call in self.calls.iter().filter(|call| call.name == name) {
            *counts.entry(&call.thread).or_default() += 1;
        }
        counts.into_values().max().unwrap_or_default()
    }
}

impl Call {
    /// `fsync(9</tmp/ledger.db-wal>) = -1 EIO (…) (INJECTED)`
    fn read(thread: &str, text: String) -> Option<Self> {
        let (name, rest) = text.split_once('(')?;
        let (_, rest) = rest.split_once('<')?;
        let (path, _) = rest.split_once('>')?;
        Some(Self {
            thread: thread.to_owned(),
            name: name.to_owned(),
            path: path.to_owned(),
            failed: text.contains(" = -1 "),
            text,
        })
    }
}
