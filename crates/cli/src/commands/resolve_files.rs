//! The names in files, resolved before anything is planned: what comes out has ids, and no reference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use app::{FindNameError, KnownNames, ResolvedNames, ResolvedOwnName, foreign_value};
use domain::json::{Node, Value};
use domain::reference::{ReferenceKind, ResolveError, ResolvedReference, Unresolved, UnresolvedCause};
use domain::{Code, Copilot, DocumentKind, Edit, Finding, Pointer, RequestError, TriggerRule};

use crate::authored::{Authored, AuthoredDocuments, NamedDocument};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::folder_manifest::Manifests;
use crate::kind::CliKind;
use crate::render::result::TargetDocument;
use crate::saved_plan::ReferenceDocument;
use crate::source;

/// The documents of files with ids in place of names.
#[derive(Default)]
pub(super) struct ResolvedFiles {
    /// The documents in which every name became an id.
    pub(super) documents: AuthoredDocuments,
    /// The notes on each of them, by its number.
    pub(super) notes: BTreeMap<usize, ReferenceNotes>,
    /// The others.
    pub(super) refused: Vec<RefusedDocument>,
}

/// The names in a document of a file.
pub(super) struct ReferenceNotes {
    /// The names that became ids.
    pub(super) references: Vec<ReferenceDocument>,
    /// Warnings.
    pub(super) findings: Vec<Finding>,
}

/// A document of a file that cannot be planned.
pub(super) struct RefusedDocument {
    pub(super) place: usize,
    pub(super) file: String,
    /// Its reference; with the name as it is written where the file has no id.
    pub(super) document: String,
    /// Its reference with the id, where that is known.
    pub(super) known: Option<String>,
    pub(super) cause: Refusal,
}

impl RefusedDocument {
    /// The first reason, with its place and what helps.
    pub(super) fn why(&self) -> String {
        match &self.cause {
            Refusal::Unread(failure) => failure.message.clone(),
            Refusal::Invalid(findings) => findings.first().map_or_else(String::new, |finding| {
                let help = finding
                    .help
                    .as_ref()
                    .map_or_else(String::new, |help| format!(": {help}"));
                format!("{}: {}{help}", finding.pointer, finding.message)
            }),
        }
    }
}

/// The reason why a document cannot be planned.
pub(super) enum Refusal {
    /// These findings.
    Invalid(Vec<Finding>),
    /// A listing could not be read, which may pass.
    Unread(RequestError),
}

/// Resolves the names in the documents of files.
///
/// # Errors
///
/// If a manifest cannot be read.
pub(super) async fn resolve(
    names: &KnownNames,
    target: &TargetDocument,
    documents: AuthoredDocuments,
) -> Result<ResolvedFiles, CliError> {
    let AuthoredDocuments {
        rules,
        copilots,
        named,
        manifests,
    } = documents;
    let mut resolving = Resolving {
        names,
        target,
        manifests,
        written: BTreeMap::new(),
        resolved: ResolvedFiles::default(),
    };
    let mut found = AuthoredDocuments::default();
    for rule in rules {
        found.rules.extend(resolving.authored(rule).await?);
    }
    for copilot in copilots {
        found.copilots.extend(resolving.authored(copilot).await?);
    }
    for document in named {
        if document.kind == ReferenceKind::Rule {
            found.rules.extend(resolving.rule(document).await?);
        } else {
            found.copilots.extend(resolving.copilot(document).await?);
        }
    }
    resolving.refuse_doubles(&mut found.rules, "rule", "id");
    resolving.refuse_doubles(&mut found.copilots, "Copilot of the assistant", "assistant");
    found.rules.sort_by_key(|rule| rule.place);
    found.copilots.sort_by_key(|copilot| copilot.place);
    found.manifests = resolving.manifests;
    resolving.resolved.documents = found;
    Ok(resolving.resolved)
}

/// The values of files, by their names; of one name the last counts.
///
/// # Errors
///
/// If a file cannot be read, or is no map of texts and numbers.
pub(super) fn values(files: &[PathBuf]) -> Result<BTreeMap<String, String>, CliError> {
    let mut values = BTreeMap::new();
    for file in files {
        let unfit = |why: &str| {
            let message = format!("`--values {}`: {why}", file.display());
            CliError::new(ErrorCode::Usage, message).with_help("it is a map of names and texts: `hook: https://…`")
        };
        let source = source::read(file)?.map_err(|unparsed| {
            let why = unparsed.findings.first().map(|(finding, _)| finding.message.clone());
            unfit(&why.unwrap_or_default())
        })?;
        for member in source.document.root().members() {
            let value = match member.value.value() {
                Value::String(_) => member.value.as_str().unwrap_or_default(),
                Value::Number(_) => member.value.raw(),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                    return Err(unfit(&format!("`{}` is no text and no number", member.name)));
                }
            };
            values.insert(member.name.to_owned(), value.to_owned());
        }
    }
    Ok(values)
}

/// The resolution of one run.
struct Resolving<'r> {
    names: &'r KnownNames,
    target: &'r TargetDocument,
    manifests: Manifests,
    /// The references as they are written, of the documents that have a name in place of an id, by their numbers.
    written: BTreeMap<usize, String>,
    resolved: ResolvedFiles,
}

impl Resolving<'_> {
    /// A document that names its id.
    async fn authored<K: CliKind>(&mut self, authored: Authored<K>) -> Result<Option<Authored<K>>, CliError> {
        let is_foreign = self.is_foreign(&authored.file)?;
        if !authored.may_refer() && !is_foreign {
            return Ok(Some(authored));
        }
        let at = At {
            place: authored.place,
            file: authored.file.clone(),
            document: authored.reference(),
            known: Some(authored.reference()),
        };
        let resolved = self.names.resolve::<K>(&authored.document(), None).await;
        let Some(names) = self.taken(at.clone(), resolved, is_foreign)? else {
            return Ok(None);
        };
        Ok(self.kept(at, authored.id, names))
    }

    /// A trigger rule whose `id` is a name.
    async fn rule(&mut self, document: NamedDocument) -> Result<Option<Authored<TriggerRule>>, CliError> {
        let is_foreign = self.is_foreign(&document.file)?;
        let stated = document.document.root().get("name").and_then(Node::as_str);
        let at = self.noted(&document);
        let resolved = self.names.resolve::<TriggerRule>(&document.document, stated).await;
        let Some(names) = self.taken(at.clone(), resolved, is_foreign)? else {
            return Ok(None);
        };
        let id = names
            .document
            .root()
            .get("id")
            .and_then(Node::as_str)
            .unwrap_or_default();
        match id.parse() {
            Ok(id) => Ok(self.kept(at, id, names)),
            Err(error) => {
                let finding = Finding::new(Code::BadId, Pointer::root().member("id"), format!("{error}"));
                self.refuse(at, Refusal::Invalid(vec![finding]));
                Ok(None)
            }
        }
    }

    /// A document of Copilot whose `assistant` is a name.
    async fn copilot(&mut self, document: NamedDocument) -> Result<Option<Authored<Copilot>>, CliError> {
        let is_foreign = self.is_foreign(&document.file)?;
        let mut at = self.noted(&document);
        let pointer = Pointer::root().member("assistant");
        let own = self
            .names
            .resolve_own_name(&document.own, ReferenceKind::Assistant, &pointer)
            .await;
        let ResolvedOwnName { id, text, finding } = match own {
            Ok(own) => own,
            Err(cause) => {
                let text = document.own.clone();
                self.refuse(at, refusal(&[Unresolved { pointer, text, cause }]));
                return Ok(None);
            }
        };
        let whole = match &document.variation {
            Some(variation) => format!("{id}/{variation}"),
            None => id.clone(),
        };
        at.known = Some(format!("{}/{whole}", Copilot::NAME));
        let resolved = self.names.resolve::<Copilot>(&document.document, None).await;
        let Some(mut names) = self.taken(at.clone(), resolved, is_foreign)? else {
            return Ok(None);
        };
        match whole.parse() {
            Ok(copilot) => {
                let own = text.map(|text| ResolvedReference { pointer, text, id });
                names.references.splice(..0, own);
                if let Some(finding) = finding {
                    names.findings.add(finding);
                }
                Ok(self.kept(at, copilot, names))
            }
            Err(error) => {
                let finding = Finding::new(Code::BadId, pointer, format!("{error}"));
                self.refuse(at, Refusal::Invalid(vec![finding]));
                Ok(None)
            }
        }
    }

    /// The names of a document; none if it is refused.
    fn taken(
        &mut self,
        at: At,
        resolved: Result<ResolvedNames, ResolveError<FindNameError>>,
        is_foreign: bool,
    ) -> Result<Option<ResolvedNames>, CliError> {
        match resolved {
            Ok(names) if is_foreign && !names.unlisted.is_empty() => {
                let findings = names.unlisted.iter().map(foreign_value).collect();
                self.refuse(at, Refusal::Invalid(findings));
                Ok(None)
            }
            Ok(names) => Ok(Some(names)),
            Err(ResolveError::Unresolved(unresolved)) => {
                self.refuse(at, refusal(&unresolved));
                Ok(None)
            }
            Err(ResolveError::TooLarge(error)) => {
                Err(CliError::new(ErrorCode::Usage, format!("`{}`: {error}", at.file)))
            }
        }
    }

    /// The document with ids, and the notes on it.
    fn kept<K: CliKind>(&mut self, at: At, id: K::Id, names: ResolvedNames) -> Option<Authored<K>> {
        let edit = match Edit::<K>::new(names.document) {
            Ok(edit) => edit,
            Err(finding) => {
                self.refuse(at, Refusal::Invalid(vec![finding]));
                return None;
            }
        };
        let At { place, file, .. } = at;
        let references: Vec<ReferenceDocument> = names.references.into_iter().map(as_document).collect();
        let findings = names.findings.into_vec();
        if !references.is_empty() || !findings.is_empty() {
            self.resolved
                .notes
                .insert(place, ReferenceNotes { references, findings });
        }
        Some(Authored::new(place, file, id, &edit, true))
    }

    /// Refuses the documents that are about one.
    fn refuse_doubles<K: CliKind>(&mut self, documents: &mut Vec<Authored<K>>, noun: &str, member: &str) {
        if self.written.is_empty() {
            // Why: doubles among ids were found in the files.
            return;
        }
        let mut places: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
        for document in documents.iter() {
            let at = (document.place, document.file.clone());
            places.entry(document.id.to_string()).or_default().push(at);
        }
        places.retain(|_, places| places.len() > 1);
        let is_double = |document: &mut Authored<K>| places.contains_key(&document.id.to_string());
        for document in documents.extract_if(.., is_double) {
            let id = document.id.to_string();
            let others = places.get(&id).into_iter().flatten();
            let others = others.filter(|(place, _)| *place != document.place);
            let others: Vec<String> = others.map(|(_, file)| format!("`{file}`")).collect();
            let message = format!("the {noun} `{id}` stands in {} too", others.join(", "));
            let finding = Finding::new(Code::SameRule, Pointer::root().member(member), message);
            let written = self.written.get(&document.place).cloned();
            let written = written.unwrap_or_else(|| document.reference());
            let at = At {
                place: document.place,
                file: document.file,
                document: written,
                known: None,
            };
            self.refuse(at, Refusal::Invalid(vec![finding]));
        }
    }

    fn noted(&mut self, document: &NamedDocument) -> At {
        self.written.insert(document.place, document.reference.clone());
        At {
            place: document.place,
            file: document.file.clone(),
            document: document.reference.clone(),
            known: None,
        }
    }

    fn refuse(&mut self, at: At, cause: Refusal) {
        let At {
            place,
            file,
            document,
            known,
        } = at;
        self.resolved.refused.push(RefusedDocument {
            place,
            file,
            document,
            known,
            cause,
        });
    }

    /// True for a file of a portable folder that was pulled from another organization.
    fn is_foreign(&mut self, file: &str) -> Result<bool, CliError> {
        let manifest = self.manifests.of(Path::new(file))?;
        Ok(manifest.is_some_and(|manifest| manifest.portable && !manifest.is_of(self.target)))
    }
}

/// A document of a file, as it is told.
#[derive(Clone)]
struct At {
    place: usize,
    file: String,
    /// Its reference as it is written.
    document: String,
    /// Its reference with the id, where that is known.
    known: Option<String>,
}

fn as_document(reference: ResolvedReference) -> ReferenceDocument {
    ReferenceDocument {
        path: reference.pointer.to_string(),
        name: reference.text.name().to_owned(),
        text: reference.text.to_string(),
        id: reference.id,
    }
}

/// Why a failure counts before all else: it may pass, and what it hides is not known.
fn refusal(unresolved: &[Unresolved<FindNameError>]) -> Refusal {
    let failure = unresolved.iter().find_map(|unresolved| {
        if let UnresolvedCause::Unknown(_, FindNameError::Unread { error, .. }) = &unresolved.cause {
            return Some(error.clone());
        }
        None
    });
    match failure {
        Some(failure) => Refusal::Unread(failure),
        None => Refusal::Invalid(unresolved.iter().map(FindNameError::finding).collect()),
    }
}
