//! Findings with their places in the files that people wrote.

use std::ops::Range;
use std::sync::Arc;

use domain::{Finding, Severity};
use serde::Serialize;

use crate::cli_error::CliError;
use crate::error_code::AnyCode;
use crate::output::FORMAT_VERSION;
use crate::render::lines::{Lines, TextRange};
use crate::source::{Source, Unparsed};

/// One file that was looked at.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) text: Arc<str>,
    pub(crate) findings: Vec<(Finding, Range<usize>)>,
    /// The number of documents in it.
    documents: usize,
}

/// A finding as documents have it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FindingDocument {
    #[serde(flatten)]
    finding: Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<TextRange>,
}

/// The counts of files, rules and findings.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) files: usize,
    pub(crate) rules: usize,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
}

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    findings: Vec<FindingDocument>,
    /// The files that could not be read.
    unread: Vec<Unread>,
    summary: Summary,
}

#[derive(Serialize)]
struct Unread {
    code: AnyCode,
    message: String,
    help: Option<String>,
}

impl File {
    /// A file with one document that could be parsed, and what was found in it, in the order of its text.
    pub(crate) fn of_source(source: &Source, findings: Vec<Finding>) -> Self {
        let mut file = Self::named(source.file.clone(), source.text.clone());
        file.add_document(source, findings);
        file.sort();
        file
    }

    /// A file whose documents are added to it.
    pub(crate) fn named(name: String, text: Arc<str>) -> Self {
        Self {
            name,
            text,
            findings: Vec::new(),
            documents: 0,
        }
    }

    /// Adds a document of the file, and what was found in it.
    pub(crate) fn add_document(&mut self, source: &Source, findings: Vec<Finding>) {
        self.documents += 1;
        let found = findings.into_iter().chain(source.warnings.clone());
        self.findings.extend(found.map(|finding| {
            let range = source.range(&finding.pointer);
            (finding, range)
        }));
    }

    /// Adds a finding about a place in it.
    pub(crate) fn add(&mut self, finding: Finding, range: Range<usize>) {
        self.findings.push((finding, range));
    }

    /// Puts the findings in the order of the text, after some were added.
    pub(crate) fn sort(&mut self) {
        self.findings.sort_by_key(|(_, range)| range.start);
    }

    pub(crate) fn of_unparsed(unparsed: Unparsed) -> Self {
        Self {
            documents: 1,
            name: unparsed.file,
            text: unparsed.text,
            findings: unparsed.findings,
        }
    }

    /// The findings, each with its place.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (&Finding, TextRange)> {
        let lines = Lines::of(&self.text);
        self.findings
            .iter()
            .map(move |(finding, range)| (finding, lines.range(&self.text, range)))
    }

    pub(crate) fn documents(&self) -> impl Iterator<Item = FindingDocument> {
        self.placed().map(|(finding, range)| FindingDocument {
            finding: finding.clone(),
            file: Some(self.name.clone()),
            range: Some(range),
        })
    }
}

impl FindingDocument {
    /// A finding about a part that is in no input file.
    pub(crate) fn without_place(finding: Finding) -> Self {
        Self {
            finding,
            file: None,
            range: None,
        }
    }
}

impl Summary {
    pub(crate) fn of(files: &[File]) -> Self {
        let count = |severity| {
            let of_file = |file: &File| {
                file.findings
                    .iter()
                    .filter(|(found, _)| found.severity == severity)
                    .count()
            };
            files.iter().map(of_file).sum()
        };
        Self {
            files: files.len(),
            rules: files.iter().map(|file| file.documents).sum(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
        }
    }
}

/// The document of findings.
pub(crate) fn document(files: &[File], unread: &[CliError]) -> impl Serialize {
    let unread = unread.iter().map(|fault| Unread {
        code: fault.code,
        message: fault.message.clone(),
        help: fault.help.clone(),
    });
    Document {
        format_version: FORMAT_VERSION,
        kind: "findings",
        findings: files.iter().flat_map(File::documents).collect(),
        unread: unread.collect(),
        summary: Summary::of(files),
    }
}
