//! Names in place of ids, and ids in place of names.

use std::collections::{BTreeMap, BTreeSet};

use domain::json::{Document, TextError};
use domain::reference::{
    PortableDocument, Reference, ReferenceKind, ReferenceQuery, ReferenceText, ResolveError, ResolvedDocument,
    ResolvedReference, UnlistedValue, UnresolvedCause, portable, references, resolve, resolve_text,
};
use domain::{Code, DocumentKind, Finding, Findings};

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

/// The knowledge of a document besides the name that its file has in place of its id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnName {
    /// The name that the file gives it: of a file that renames it, the new one.
    pub stated: Option<String>,
    /// The id that it had when the file was last applied.
    pub recorded: Option<String>,
}

impl KnownNames {
    /// A document of a file with ids in place of names.
    ///
    /// # Errors
    ///
    /// If a text that begins as a reference does becomes no id: each of them is told. Nothing is half resolved.
    pub async fn resolve<K: DocumentKind>(
        &self,
        document: &Document,
        own: &OwnName,
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
                let answer = self.answer(&query, own).await;
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
                query.text == reference.text
                    && matches!(answer, Ok(thing) if thing.is_retired && thing.id == reference.id)
            };
            if answers.iter().any(|answer| is_it(&answer)) {
                let name = visible(&reference.text.to_string());
                let message = format!("`{name}` is deleted, archived or unpublished, and nothing else has the name");
                findings.add(Finding::new(Code::RetiredReference, reference.pointer.clone(), message));
            }
        }
        Ok(ResolvedNames {
            document,
            references,
            unlisted,
            findings,
        })
    }

    /// The id that a text beside a document means, such as the `assistant` of a file; with it the reference, if it is one.
    ///
    /// # Errors
    ///
    /// If it begins as a reference does and becomes no id.
    pub async fn resolve_text(
        &self,
        text: &str,
        kind: ReferenceKind,
        own: &OwnName,
    ) -> Result<(String, Option<ReferenceText>), UnresolvedCause<FindNameError>> {
        let query = match text.parse::<ReferenceText>() {
            Ok(text) => ReferenceQuery { text, within: None },
            Err(_) => {
                return resolve_text(text, kind, |query| {
                    Err(FindNameError::NoValue(query.text.name().to_owned()))
                });
            }
        };
        let is_of_another_kind = matches!(&query.text, ReferenceText::Named { kind: found, .. } if *found != kind);
        let answer = if is_of_another_kind {
            Err(FindNameError::NoValue(query.text.name().to_owned()))
        } else {
            self.answer(&query, own).await
        };
        resolve_text(text, kind, |_| answer.clone().map(|thing| thing.id))
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

    async fn answer(&self, query: &ReferenceQuery, own: &OwnName) -> Result<FoundThing, FindNameError> {
        match &query.text {
            ReferenceText::Value(name) => {
                let given = self
                    .values
                    .get(name)
                    .ok_or_else(|| FindNameError::NoValue(name.clone()))?;
                Ok(FoundThing {
                    id: given.clone(),
                    is_retired: false,
                })
            }
            // A document refers to these by nothing but its own id.
            ReferenceText::Named { kind, name } if matches!(kind, ReferenceKind::Rule | ReferenceKind::Assistant) => {
                self.find_own(*kind, name, own).await
            }
            ReferenceText::Named { kind, name } => self.find(*kind, query.within.as_deref(), name).await,
        }
    }

    /// The document of a name, which its own file may have changed, or somebody in the organization.
    async fn find_own(&self, kind: ReferenceKind, name: &str, own: &OwnName) -> Result<FoundThing, FindNameError> {
        let by_name = self.find(kind, None, name).await;
        let renamed = own.stated.as_deref().filter(|stated| *stated != name);
        if let Some(stated) = renamed {
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
        let recorded = own
            .recorded
            .as_deref()
            .filter(|_| matches!(by_name, Err(FindNameError::Absent { .. })));
        if let Some(id) = recorded
            && let Ok(things) = self.listing(kind, None).await
            && let Some(thing) = things.iter().find(|thing| thing.id == id)
        {
            return Ok(FoundThing {
                id: thing.id.clone(),
                is_retired: thing.is_retired,
            });
        }
        by_name
    }
}
