//! The documents of an author's files, checked offline: one bad file never hides what is wrong with the others.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::RequestSource;
use domain::json::{CompactObject, Node};
use domain::protocol::UpdateRequest;
use domain::{Code, ContentHash, Edit, Finding, JudgedBy, Pointer, RuleId, Severity, TriggerRule};

use crate::cli_error::CliError;
use crate::folder_manifest::{FolderManifest, Manifests};
use crate::output::Output;
use crate::render::findings::File;
use crate::source::{self, Source};

/// The files that were checked.
#[derive(Default)]
pub(crate) struct CheckedFiles {
    /// The files with what was found in them, in order.
    pub(crate) files: Vec<File>,
    /// The files that could not be read.
    pub(crate) faults: Vec<CliError>,
    /// The documents, where they were asked for, in order.
    pub(crate) documents: Vec<Authored>,
    passed_over: Vec<(PathBuf, &'static str)>,
}

/// A document of a file.
#[derive(Clone, Debug)]
pub(crate) struct Authored {
    /// The file as it was given, with `/` between folders.
    pub(crate) file: String,
    pub(crate) id: RuleId,
    /// The hash of its content, as a base has it.
    pub(crate) hash: ContentHash,
    /// The number of members that it names.
    pub(crate) members: usize,
    /// True if nothing is wrong with it by itself.
    pub(crate) is_sound: bool,
    document: CompactObject,
}

impl Authored {
    /// The document as an edit.
    pub(crate) fn edit(&self) -> Edit<TriggerRule> {
        Edit::new(self.document.to_document()).unwrap_or_default()
    }
}

impl RequestSource<TriggerRule> for Authored {
    fn make(&self) -> UpdateRequest<TriggerRule> {
        UpdateRequest::Edit(self.edit())
    }

    fn edited(&self) -> Option<&CompactObject> {
        Some(&self.document)
    }
}

/// The need of a command for the documents of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// None: their findings are enough.
    Findings,
    /// Each document names its rule by an id, and is kept.
    Documents,
}

impl CheckedFiles {
    /// Reads and checks files, and all in folders.
    pub(crate) fn read(paths: &[PathBuf], needs: Needs) -> Self {
        let walked = source::walk(paths);
        let mut checked = Self {
            faults: walked.faults,
            passed_over: walked.passed_over,
            ..Self::default()
        };
        let mut by_id: BTreeMap<String, (usize, Range<usize>)> = BTreeMap::new();
        let mut manifests = Manifests::default();
        for path in walked.files {
            let manifest = manifests.of(&path).unwrap_or_else(|fault| {
                checked.faults.push(fault);
                None
            });
            match source::read_all_documents(&path) {
                Err(fault) => checked.faults.push(fault),
                Ok(Err(unparsed)) => checked.files.push(File::of_unparsed(unparsed)),
                Ok(Ok(sources)) => checked.add(sources, needs, manifest, &mut by_id),
            }
        }
        checked.files.iter_mut().for_each(File::sort);
        checked
    }

    fn add(
        &mut self,
        sources: Vec<Source>,
        needs: Needs,
        manifest: Option<&FolderManifest>,
        by_id: &mut BTreeMap<String, (usize, Range<usize>)>,
    ) {
        let number = self.files.len();
        for source in sources {
            if self.files.len() == number {
                self.files.push(File::named(source.file.clone(), source.text.clone()));
            }
            let edit = Edit::<TriggerRule>::new(source.document.clone());
            let mut findings = match &edit {
                Ok(edit) => edit.check().into_vec(),
                Err(finding) => vec![finding.clone()],
            };
            let id = source.document.root().get("id").and_then(Node::as_str);
            if manifest.is_some_and(|manifest| id.is_some_and(|id| manifest.has_rule(id))) {
                findings.iter_mut().for_each(leave_to_the_organization);
            }
            if needs == Needs::Documents {
                self.keep(&source, edit.ok(), id, &mut findings);
            }
            if let Some(file) = self.files.get_mut(number) {
                file.add_document(&source, findings);
                if needs == Needs::Documents && file.findings.is_empty() {
                    // Why: of ten thousand sound files, the texts would be the most of what is held.
                    file.text = Arc::default();
                }
            }
            let Some(id) = id else { continue };
            let here = (number, source.range(&Pointer::root().member("id")));
            let first = by_id.entry(id.to_owned()).or_insert_with(|| here.clone()).clone();
            if first != here {
                let of_it = self.documents.iter_mut().filter(|document| document.id.as_str() == id);
                of_it.for_each(|document| document.is_sound = false);
                add_same_rule(&mut self.files, id, [&first, &here]);
            }
        }
    }

    /// Keeps a document, or finds that it names no rule.
    fn keep(
        &mut self,
        source: &Source,
        edit: Option<Edit<TriggerRule>>,
        id: Option<&str>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(edit) = edit else { return };
        match id.map(str::parse) {
            Some(Ok(id)) => self.documents.push(Authored {
                file: with_slashes(&source.file),
                id,
                hash: edit.content_hash(),
                members: edit.named_members().count(),
                is_sound: !findings.iter().any(|finding| finding.severity == Severity::Error),
                document: CompactObject::new(edit.document().root()),
            }),
            // The checks say what is wrong with an id that is none.
            Some(Err(_)) => {}
            None => {
                let names_none = "the document names no rule";
                let finding = Finding::new(Code::MissingMember, Pointer::root(), names_none);
                findings.push(finding.with_help("give it an `id`, or use `update RULE --from`"));
            }
        }
    }

    /// Names what was passed over.
    pub(crate) fn warn_of_passed_over(&self, output: Output) {
        for (path, why) in &self.passed_over {
            output.info(&format!("Passed over `{}`: {why}.", path.display()));
        }
    }

    /// True if a file cannot be parsed, or two of its documents are about one rule.
    pub(crate) fn is_unreadable(&self) -> bool {
        let mut findings = self.files.iter().flat_map(|file| &file.findings);
        findings.any(|(finding, _)| finding.severity == Severity::Error && finding.code.judged_by() == JudgedBy::Text)
    }

    /// True if a finding is of this severity or worse.
    pub(crate) fn reaches(&self, severity: Severity) -> bool {
        let mut findings = self.files.iter().flat_map(|file| &file.findings);
        findings.any(|(finding, _)| finding.severity >= severity)
    }
}

/// Makes a warning of an error that the stored document decides: what came from the organization may hold more than this
/// program knows.
fn leave_to_the_organization(finding: &mut Finding) {
    let by_stored = matches!(finding.code.judged_by(), JudgedBy::Stored | JudgedBy::Result);
    if by_stored || finding.code == Code::TooManyConditions {
        finding.severity = Severity::Warning;
    }
}

/// The text of a file that was read before.
fn text_of(file: &str) -> Arc<str> {
    let read = source::read_all_documents(Path::new(file));
    let first = read
        .ok()
        .and_then(Result::ok)
        .and_then(|sources| sources.into_iter().next());
    first.map_or_else(Arc::default, |source| source.text)
}

/// A path as every system reads it.
fn with_slashes(path: &str) -> String {
    if std::path::MAIN_SEPARATOR == '\\' {
        path.replace('\\', "/")
    } else {
        path.to_owned()
    }
}

/// Adds the finding about two documents of one rule at both places.
fn add_same_rule(files: &mut [File], id: &str, [first, second]: [&(usize, Range<usize>); 2]) {
    for ((number, range), (other, _)) in [(first, second), (second, first)] {
        let other = files.get(*other).filter(|_| number != other);
        let message = match other {
            Some(other) => format!("the rule `{id}` stands in `{}` too", other.name),
            None => format!("the rule `{id}` stands in this file twice"),
        };
        let finding = Finding::new(Code::SameRule, Pointer::root().member("id"), message);
        if let Some(file) = files.get_mut(*number) {
            if file.text.is_empty() {
                file.text = text_of(&file.name);
            }
            file.add(finding, range.clone());
        }
    }
}
