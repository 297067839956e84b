//! The check of what a document refers to. It warns, and keeps nothing from being written.

use std::sync::PoisonError;

use domain::reference::{IntentDomain, IntentReference, Reference, ReferenceKind, intents, references};
use domain::{Code, DocumentKind, FailureClass, Finding, Findings, Pointer, nearest};
use futures_util::StreamExt;

use super::errors::missing_permissions;
use super::{KnownNames, candidates::visible};

/// The most intents that are listed where none is near.
const MOST_LISTED: usize = 10;

/// The intents of domains, in words.
const INTENTS: &str = "intents";

/// The result of checking what a document refers to.
#[derive(Clone, Debug, Default)]
pub struct ReferenceCheck {
    /// The warnings, in the order of the document, those about intents last.
    pub findings: Findings,
    /// The intents that the document names and the version of its NLU domain does not have, each once, in order.
    pub absent_intents: Vec<String>,
}

impl KnownNames {
    /// Checks that what a document refers to exists: the things by their ids, and the intents by their names. The document's
    /// own id is not looked at.
    ///
    /// A kind of thing that cannot be read is told by [`unchecked`](Self::unchecked), once for the run.
    pub async fn check_references<K: DocumentKind>(&self, document: &K) -> ReferenceCheck {
        let mut check = ReferenceCheck::default();
        for reference in references::<K>(document.document()) {
            check.findings.extend(self.check_reference(&reference).await);
        }
        if let (Some(domain), named) = intents::<K>(document.document())
            && !named.is_empty()
        {
            self.check_intents(&domain, &named, &mut check).await;
        }
        check
    }

    /// Checks documents, `parallelism` of them at a time; none where there is nothing to check. The results are in their order.
    pub async fn check_all_references<K: DocumentKind>(
        &self,
        documents: Vec<Option<&K>>,
        parallelism: usize,
    ) -> Vec<ReferenceCheck> {
        let checks = documents.into_iter().map(|document| async move {
            match document {
                Some(document) => self.check_references(document).await,
                None => ReferenceCheck::default(),
            }
        });
        futures_util::stream::iter(checks)
            .buffered(parallelism.max(1))
            .collect()
            .await
    }

    /// The warnings about kinds of things that could not be checked in this run, one each.
    pub fn unchecked(&self) -> Vec<Finding> {
        let unchecked = self.unchecked.lock().unwrap_or_else(PoisonError::into_inner);
        let finding = |(what, error): (&&str, &domain::RequestError)| {
            let message = format!("{what} could not be checked: {error}");
            let finding = Finding::new(Code::ReferenceNotChecked, Pointer::root(), message);
            if error.class == FailureClass::Denied {
                finding.with_help(missing_permissions(&error.metadata.missing_permissions))
            } else {
                finding
            }
        };
        unchecked.iter().map(finding).collect()
    }

    fn is_unchecked(&self, what: &str) -> bool {
        self.unchecked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(what)
    }

    async fn check_reference(&self, reference: &Reference) -> Option<Finding> {
        let Reference { kind, id, .. } = reference;
        let within = reference.within.as_deref();
        // Why: without it nothing can be asked for, and a lint tells of the attribute that is missing.
        let lacks_owner = matches!(kind, ReferenceKind::Page | ReferenceKind::Document) && within.is_none();
        if matches!(kind, ReferenceKind::Assistant | ReferenceKind::Rule)
            || lacks_owner
            || self.is_unchecked(kind.plural())
        {
            return None;
        }
        if let (Some(owner), Some(within)) = (kind.owner(), within)
            && let Ok(None) = self.thing(owner, None, within).await
        {
            // The finding about what it is within says enough.
            return None;
        }
        let (code, message) = match self.thing(*kind, within, id).await {
            Ok(Some(thing)) if thing.is_retired => {
                let state = "is deleted, archived or unpublished";
                let message = format!("the {} `{}` {state}", kind.noun(), visible(&thing.name));
                (Code::RetiredReference, message)
            }
            Ok(Some(_)) => return None,
            Ok(None) => {
                let owner = kind.owner().zip(within);
                let place = owner.map(|(owner, id)| format!(" in the {} `{}`", owner.noun(), visible(id)));
                let message = format!(
                    "there is no {} `{}`{}",
                    kind.noun(),
                    visible(id),
                    place.unwrap_or_default()
                );
                (Code::BrokenReference, message)
            }
            Err(error) => {
                self.note_unchecked(kind.plural(), error);
                return None;
            }
        };
        Some(Finding::new(code, reference.pointer.clone(), message))
    }

    async fn check_intents(&self, domain: &IntentDomain, named: &[IntentReference], check: &mut ReferenceCheck) {
        if self.is_unchecked(INTENTS) {
            return;
        }
        let known = match self.intents_of(&domain.id, domain.version.as_deref()).await {
            Ok(Some(known)) => known,
            // The finding about the domain says enough.
            Ok(None) => return,
            Err(error) if error.class == FailureClass::NotFound => return,
            Err(error) => return self.note_unchecked(INTENTS, error),
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for intent in named.iter().filter(|intent| !known.contains(&intent.name.as_str())) {
            let name = visible(&intent.name);
            let message = format!("the NLU domain has no intent `{name}`, so the condition never holds");
            let help = match nearest(&intent.name, &known) {
                Some(meant) => format!("did you mean `{}`?", visible(meant)),
                None if known.is_empty() => "the domain has no intents".to_owned(),
                None => {
                    let listed: Vec<String> = known.iter().take(MOST_LISTED).map(|name| visible(name)).collect();
                    let more = if known.len() > MOST_LISTED { ", …" } else { "" };
                    format!("its intents: {}{more}", listed.join(", "))
                }
            };
            let finding = Finding::new(Code::UnknownIntent, intent.pointer.clone(), message);
            check.findings.add(finding.with_help(help));
            if !check.absent_intents.contains(&intent.name) {
                check.absent_intents.push(intent.name.clone());
            }
        }
    }
}
