//! The documents of an author's files, checked offline: one bad file never hides what is wrong with the others.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::json::Node;
use domain::reference::{ReferenceKind, ReferenceText};
use domain::{Code, Copilot, DocumentKind, Edit, Finding, JudgedBy, Pointer, Severity, TriggerRule};

use crate::authored::{self, Authored, AuthoredDocuments, NamedDocument};
use crate::cli_error::CliError;
use crate::copilot_file::{self, Opened};
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
    pub(crate) documents: AuthoredDocuments,
    /// The place of each of them, by its number, where they are looked at again: the file and the document in it, counted from 0.
    places: Vec<(usize, usize)>,
    passed_over: Vec<(PathBuf, &'static str)>,
}

/// The need of a command for the documents of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// None: their findings are enough.
    Findings,
    /// Those that say whose they are.
    Named,
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
        let mut firsts = Firsts::new();
        let mut manifests = Manifests::default();
        let mut faults_of_manifests = BTreeSet::new();
        for path in walked.files {
            let manifest = manifests.of(&path).unwrap_or_else(|fault| {
                // Why once: it counts for all files of its folder.
                if faults_of_manifests.insert(fault.message.clone()) {
                    checked.faults.push(fault);
                }
                None
            });
            match source::read_all_documents(&path) {
                Err(fault) => checked.faults.push(fault),
                Ok(Err(unparsed)) => checked.files.push(File::of_unparsed(unparsed)),
                Ok(Ok(sources)) => checked.add(sources, needs, manifest, &mut firsts),
            }
        }
        checked.files.iter_mut().for_each(File::sort);
        checked.documents.manifests = manifests;
        checked
    }

    fn add(&mut self, sources: Vec<Source>, needs: Needs, manifest: Option<&FolderManifest>, firsts: &mut Firsts) {
        let number = self.files.len();
        for (index, source) in sources.into_iter().enumerate() {
            if self.files.len() == number {
                self.files.push(File::named(source.file.clone(), source.text.clone()));
            }
            let checked = if copilot_file::is_one(&source.document) {
                self.check_copilot(source, needs, manifest)
            } else {
                self.check_rule(source, needs, manifest)
            };
            let Checked {
                source,
                findings,
                named,
            } = checked;
            if needs == Needs::Named && self.documents.len() > self.places.len() {
                self.places.push((number, index));
            }
            if let Some(file) = self.files.get_mut(number) {
                file.add_document(&source, findings);
            }
            let Some((reference, place)) = named else { continue };
            let here = (number, place);
            let first = firsts.entry(reference.clone()).or_insert_with(|| here.clone()).clone();
            if first != here {
                self.documents.spoil(&reference);
                add_same_document(&mut self.files, &reference, [&first, &here]);
            }
        }
        let file = self.files.get_mut(number);
        if let Some(file) = file.filter(|file| file.findings.is_empty() && file.name != source::STDIN) {
            // Why: of ten thousand sound files, the texts would be the most of what is held. They can be read again.
            file.text = Arc::default();
        }
    }

    /// Checks a trigger rule, and keeps it if that is wanted.
    fn check_rule(&mut self, source: Source, needs: Needs, manifest: Option<&FolderManifest>) -> Checked {
        let edit = Edit::<TriggerRule>::new(source.document.clone());
        let stated = source
            .document
            .root()
            .get("id")
            .and_then(Node::as_str)
            .map(str::to_owned);
        let reference = stated.as_ref().map(|id| format!("{}/{id}", TriggerRule::NAME));
        let range = source.range(&Pointer::root().member("id"));
        let mut findings = findings(&edit, manifest, reference.as_deref());
        if let Some(fault) = copilot_file::fault_of_kind(&source.document) {
            findings.retain(|finding| finding.pointer != fault.pointer);
            findings.push(fault);
        }
        let own = stated.as_ref().filter(|stated| ReferenceText::begins(stated));
        if let Some(own) = own {
            findings.retain(|finding| finding.code != Code::BadId || finding.pointer.as_str() != "/id");
            if needs != Needs::Findings && edit.is_ok() {
                let named = (ReferenceKind::Rule, own.clone(), None);
                self.keep_named(&source, reference.as_deref(), named, &findings);
            }
        } else if needs != Needs::Findings
            && let Ok(edit) = edit
        {
            match stated.as_deref().map(str::parse) {
                Some(Ok(id)) => {
                    let authored = self.authored(&source, id, &edit, &findings);
                    self.documents.rules.push(authored);
                }
                // The checks say what is wrong with an id that is none.
                Some(Err(_)) => {}
                None if needs == Needs::Named => {}
                None => {
                    let finding = Finding::new(Code::MissingMember, Pointer::root(), "the document names no rule");
                    findings.push(finding.with_help("give it an `id`, or use `update RULE --from`"));
                }
            }
        }
        Checked {
            source,
            findings,
            named: reference.map(|reference| (reference, range)),
        }
    }

    /// Checks a document of Copilot, and keeps it if that is wanted.
    fn check_copilot(&mut self, source: Source, needs: Needs, manifest: Option<&FolderManifest>) -> Checked {
        let range = source.range(&Pointer::root().member("assistant"));
        let own = copilot_file::named_in(&source.document);
        let Opened { source, id, faults } = copilot_file::open(source);
        let by_name = own.as_ref().map(|(own, variation)| match variation {
            Some(variation) => format!("{}/{own}/{variation}", Copilot::NAME),
            None => format!("{}/{own}", Copilot::NAME),
        });
        let reference = id.as_ref().map(authored::reference::<Copilot>).or(by_name);
        let named = reference.clone().map(|reference| (reference, range));
        if !faults.is_empty() {
            return Checked {
                source,
                findings: faults,
                named,
            };
        }
        let edit = Edit::<Copilot>::new(source.document.clone());
        let mut findings = findings(&edit, manifest, reference.as_deref());
        if let Some((own, variation)) = own {
            if needs != Needs::Findings && edit.is_ok() {
                let named = (ReferenceKind::Assistant, own, variation);
                self.keep_named(&source, reference.as_deref(), named, &findings);
            }
        } else if needs != Needs::Findings
            && let Ok(edit) = edit
        {
            match id {
                Some(id) => {
                    let authored = self.authored(&source, id, &edit, &findings);
                    self.documents.copilots.push(authored);
                }
                None if needs == Needs::Named => {}
                None => {
                    let finding = Finding::new(Code::MissingMember, Pointer::root(), "the document names no assistant");
                    let help = "give it `assistant`, the assistant's id, or use `update copilot/ASSISTANT --from`";
                    findings.push(finding.with_help(help));
                }
            }
        }
        Checked {
            source,
            findings,
            named,
        }
    }

    /// Keeps a document that says by a name whose it is.
    fn keep_named(
        &mut self,
        source: &Source,
        reference: Option<&str>,
        (kind, own, variation): (ReferenceKind, String, Option<String>),
        findings: &[Finding],
    ) {
        let named = NamedDocument {
            place: self.documents.len(),
            file: with_slashes(&source.file),
            kind,
            reference: reference.unwrap_or_default().to_owned(),
            own,
            variation,
            is_sound: !findings.iter().any(|finding| finding.severity == Severity::Error),
            document: source.document.clone(),
        };
        self.documents.named.push(named);
    }

    fn authored<K: DocumentKind>(
        &self,
        source: &Source,
        id: K::Id,
        edit: &Edit<K>,
        findings: &[Finding],
    ) -> Authored<K> {
        let is_sound = !findings.iter().any(|finding| finding.severity == Severity::Error);
        Authored::new(self.documents.len(), with_slashes(&source.file), id, edit, is_sound)
    }

    /// Adds findings about the document with a number, at their places in its file.
    pub(crate) fn add_findings(&mut self, place: usize, findings: Vec<Finding>) {
        let Some((number, index)) = self.places.get(place).copied() else {
            return;
        };
        let Some(file) = self.files.get_mut(number).filter(|_| !findings.is_empty()) else {
            return;
        };
        let read = source::read_all_documents(Path::new(&file.name));
        let source = read.ok().and_then(Result::ok);
        let Some(source) = source.and_then(|sources| sources.into_iter().nth(index)) else {
            return;
        };
        let own = Pointer::root().member(copilot_file::ASSISTANT);
        let own_range = source.range(&own);
        let source = if copilot_file::is_one(&source.document) {
            copilot_file::open(source).source
        } else {
            source
        };
        if file.text.is_empty() {
            file.text = source.text.clone();
        }
        for finding in findings {
            // Why: the name of the assistant stands around the document.
            let range = if finding.pointer == own {
                own_range.clone()
            } else {
                source.range(&finding.pointer)
            };
            file.add(finding, range);
        }
        file.sort();
    }

    /// Names what was passed over.
    pub(crate) fn warn_of_passed_over(&self, output: Output) {
        for (path, why) in &self.passed_over {
            output.info(&format!("Passed over `{}`: {why}.", path.display()));
        }
    }

    /// True if a file cannot be parsed, or two of them are about one document.
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

/// The first place of each document, by its reference: the number of its file and the range in it.
type Firsts = BTreeMap<String, (usize, Range<usize>)>;

/// A document of a file, checked.
struct Checked {
    source: Source,
    findings: Vec<Finding>,
    /// The reference of the document that it is about, and the range that says so.
    named: Option<(String, Range<usize>)>,
}

/// The findings about a document by itself.
fn findings<K: DocumentKind>(
    edit: &Result<Edit<K>, Finding>,
    manifest: Option<&FolderManifest>,
    reference: Option<&str>,
) -> Vec<Finding> {
    let mut findings = match edit {
        Ok(edit) => edit.check().into_vec(),
        Err(finding) => vec![finding.clone()],
    };
    let is_known = |manifest: &FolderManifest, reference: &str| {
        // Why: the manifest of a portable folder has the ids of its own organization.
        manifest.has(reference) || (manifest.portable && reference.contains("/@{"))
    };
    if manifest.is_some_and(|manifest| reference.is_some_and(|reference| is_known(manifest, reference))) {
        findings.iter_mut().for_each(leave_to_the_organization);
    }
    findings
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

/// Adds the finding about two of one document at both places.
fn add_same_document(files: &mut [File], reference: &str, [first, second]: [&(usize, Range<usize>); 2]) {
    let (what, member, id) = match reference.split_once('/') {
        Some(("rule", id)) => ("rule", "id", id),
        Some((_, id)) => ("Copilot of the assistant", "assistant", id),
        None => ("document", "id", reference),
    };
    for ((number, range), (other, _)) in [(first, second), (second, first)] {
        let other = files.get(*other).filter(|_| number != other);
        let message = match other {
            Some(other) => format!("the {what} `{id}` stands in `{}` too", other.name),
            None => format!("the {what} `{id}` stands in this file twice"),
        };
        let finding = Finding::new(Code::SameRule, Pointer::root().member(member), message);
        if let Some(file) = files.get_mut(*number) {
            if file.text.is_empty() {
                file.text = text_of(&file.name);
            }
            file.add(finding, range.clone());
        }
    }
}
