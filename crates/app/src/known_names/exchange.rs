//! Names in place of ids, and ids in place of names.

use std::collections::{BTreeMap, BTreeSet};

use domain::json::{Document, TextError};
use domain::reference::{
    PortableDocument, Reference, ReferenceKind, ReferenceQuery, ReferenceText, ResolveError, ResolvedDocument,
    ResolvedReference, UnlistedValue, UnresolvedCause, portable, references, resolve, resolve_text,
};
use domain::{Code, DocumentKind, Finding, Findings, Pointer};

use super::candidates::visible;
use super::{FindNameError, FoundThing, KnownNames, NameOfError};

/// A document with ids in place of names.
#[derive(Clone, Debug)]
pub struct ResolvedNames {
    /// The document.
    pub document: Document,
    /// The names that became ids, in the order of the document.
    pub references: Vec<ResolvedReference>,
    /// The values without a listing that stand as they are: another organization has other ones.
    pub unlisted: Vec<UnlistedValue>,
    /// Warnings about names that only things out of use have.
    pub findings: Findings,
}

/// A document with names in place of ids.
#[derive(Clone, Debug)]
pub struct PortableNames {
    /// The document, and what became of its ids.
    pub portable: PortableDocument,
    /// The ids that have no name, each with the reason: with one of them the document is not portable.
    pub nameless: Vec<(Reference, NameOfError)>,
}

/// The id that a name beside a document stands for, such as the `assistant` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedOwnName {
    /// The id.
    pub id: String,
    /// The reference; none where the text is the id.
    pub text: Option<ReferenceText>,
    /// A warning about the name.
    pub finding: Option<Finding>,
}

impl KnownNames {
    /// A document of a file with ids in place of names. A file that has a name in place of its own id may state another name, by
    /// which it renames its document: then that one is looked for too.
    ///
    /// # Errors
    ///
    /// If a text that begins as a reference does becomes no id: each of them is told. Nothing is half resolved.
    pub async fn resolve<K: DocumentKind>(
        &self,
        document: &Document,
        stated_name: Option<&str>,
    ) -> Result<ResolvedNames, ResolveError<FindNameError>> {
        let mut answers: BTreeMap<ReferenceQuery, Result<FoundThing, FindNameError>> = BTreeMap::new();
        let resolved = loop {
            let mut open = BTreeSet::new();
            let resolved = resolve::<K, _>(document, |query| match answers.get(query) {
                Some(Ok(thing)) => Ok(thing.id.clone()),
                Some(Err(error)) => Err(error.clone()),
                None => {
                    open.insert(query.clone());
                    // Never seen: the document is resolved again with the answer.
                    Err(FindNameError::NoValue(query.text.name().to_owned()))
                }
            });
            if open.is_empty() {
                break resolved;
            }
            for query in open {
                let answer = self.answer(&query, stated_name).await;
                answers.insert(query, answer);
            }
        };
        let ResolvedDocument {
            document,
            references,
            unlisted,
        } = resolved?;
        let mut findings = Findings::default();
        for reference in &references {
            let is_it = |(query, answer): &(&ReferenceQuery, &Result<FoundThing, _>)| {
                query.text == reference.text && matches!(answer, Ok(thing) if thing.id == reference.id)
            };
            let found = answers.iter().find(is_it).and_then(|(_, answer)| answer.as_ref().ok());
            if let Some(finding) = found.and_then(|thing| warning(&reference.pointer, &reference.text, thing)) {
                findings.add(finding);
            }
        }
        Ok(ResolvedNames {
            document,
            references,
            unlisted,
            findings,
        })
    }

    /// The id that a text at a place beside a document means, such as the `assistant` of a file.
    ///
    /// # Errors
    ///
    /// If it begins as a reference does and becomes no id.
    pub async fn resolve_own_name(
        &self,
        text: &str,
        kind: ReferenceKind,
        pointer: &Pointer,
    ) -> Result<ResolvedOwnName, UnresolvedCause<FindNameError>> {
        let no_value = |query: &ReferenceQuery| Err(FindNameError::NoValue(query.text.name().to_owned()));
        let answer = match text.parse::<ReferenceText>() {
            Ok(ReferenceText::Named { kind: found, .. }) if found != kind => None,
            Ok(text) => Some(self.answer(&ReferenceQuery { text, within: None }, None).await),
            Err(_) => None,
        };
        let lookup = |query: &ReferenceQuery| match &answer {
            Some(answer) => answer.clone().map(|thing| thing.id),
            None => no_value(query),
        };
        let (id, text) = resolve_text(text, kind, lookup)?;
        let finding = text.as_ref().zip(answer.and_then(Result::ok));
        let finding = finding.and_then(|(text, thing)| warning(pointer, text, &thing));
        Ok(ResolvedOwnName { id, text, finding })
    }

    /// A stored document with names in place of ids.
    ///
    /// # Errors
    ///
    /// If it would be larger than a document may be.
    pub async fn portable<K: DocumentKind>(&self, document: &Document) -> Result<PortableNames, TextError> {
        let mut names = BTreeMap::new();
        let mut nameless = Vec::new();
        let key = |reference: &Reference| (reference.kind, reference.within.clone(), reference.id.clone());
        for reference in references::<K>(document) {
            match self
                .name_of(reference.kind, reference.within.as_deref(), &reference.id)
                .await
            {
                Ok(name) => {
                    names.insert(key(&reference), name);
                }
                Err(error) => nameless.push((reference, error)),
            }
        }
        let portable = portable::<K>(document, |reference| names.get(&key(reference)).cloned())?;
        Ok(PortableNames { portable, nameless })
    }

    async fn answer(&self, query: &ReferenceQuery, stated_name: Option<&str>) -> Result<FoundThing, FindNameError> {
        match &query.text {
            ReferenceText::Value(name) => {
                let given = self
                    .values
                    .get(name)
                    .ok_or_else(|| FindNameError::NoValue(name.clone()))?;
                Ok(FoundThing {
                    id: given.clone(),
                    is_retired: false,
                    renamed_to: None,
                })
            }
            // A document refers to these by nothing but its own id.
            ReferenceText::Named { kind, name } if matches!(kind, ReferenceKind::Rule | ReferenceKind::Assistant) => {
                self.find_own(*kind, name, stated_name).await
            }
            ReferenceText::Named { kind, name } => self.find(*kind, query.within.as_deref(), name).await,
        }
    }

    /// The document of a name, which its own file may have changed, or somebody in the organization.
    async fn find_own(
        &self,
        kind: ReferenceKind,
        name: &str,
        stated_name: Option<&str>,
    ) -> Result<FoundThing, FindNameError> {
        let by_name = self.find(kind, None, name).await;
        if let Some(stated) = stated_name.filter(|stated| *stated != name) {
            let by_stated = self.find(kind, None, stated).await;
            match (&by_name, by_stated) {
                (Ok(one), Ok(other)) => {
                    return Err(FindNameError::Ambiguous {
                        kind,
                        name: format!("{name}` or `{stated}"),
                        ids: vec![one.id.clone(), other.id],
                    });
                }
                (Err(FindNameError::Absent { .. }), Ok(other)) => return Ok(other),
                (_, Err(error @ FindNameError::Ambiguous { .. })) => return Err(error),
                (Ok(_) | Err(_), Ok(_) | Err(_)) => {}
            }
        }
        match by_name {
            Err(FindNameError::Absent {
                renamed: Some(thing), ..
            }) => Ok(FoundThing {
                id: thing.id,
                is_retired: thing.is_retired,
                renamed_to: Some(thing.name),
            }),
            found => found,
        }
    }
}

/// The warning about a name that stands for a thing which is out of use, or which has another name by now.
fn warning(pointer: &Pointer, text: &ReferenceText, thing: &FoundThing) -> Option<Finding> {
    if let Some(now) = &thing.renamed_to {
        let message = format!("`{}` is now `{}`", visible(text.name()), visible(now));
        return Some(Finding::new(Code::RenamedReference, pointer.clone(), message));
    }
    thing.is_retired.then(|| {
        let text = visible(&text.to_string());
        let message = format!("`{text}` is deleted, archived or unpublished, and nothing else has the name");
        Finding::new(Code::RetiredReference, pointer.clone(), message)
    })
}
