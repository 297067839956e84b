//! Bases of the ledger in memory, and targets that are one organization.

use std::collections::BTreeSet;

use domain::OutcomeKind;
use domain::json::Document;

use super::{Kept, Record};
use crate::history::{After, BaseHash};
use crate::ledger::{BaseRecord, BaseSource, DocumentRef, Entry, EntryId, KnownReference, NewestBase, Replacement};

impl Kept {
    /// The organization that a target is known to be, or the target itself.
    pub(super) fn canonical(&self, target: &str) -> String {
        let joined = self.records.iter().find_map(|record| match record {
            Record::Join(join) if join.target == target => Some(join.organization.clone()),
            Record::Intent(_) | Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        });
        joined.unwrap_or_else(|| target.to_owned())
    }

    pub(super) fn canonical_document(&self, document: &DocumentRef) -> DocumentRef {
        DocumentRef {
            target: self.canonical(&document.target),
            ..document.clone()
        }
    }

    /// Shows an update of a target that is an organization as the organization's.
    pub(super) fn join_up(&self, entry: &mut Entry) {
        let documents = entry
            .intent
            .iter_mut()
            .map(|intent| (&mut intent.document, &mut intent.author));
        let of_outcome = entry
            .outcome
            .iter_mut()
            .map(|outcome| (&mut outcome.document, &mut outcome.author));
        for (document, author) in documents.chain(of_outcome) {
            let canonical = self.canonical(&document.target);
            if canonical != document.target {
                author.shown_target = Some(std::mem::replace(&mut document.target, canonical));
            }
        }
    }

    /// Every base of a document, newest entry first.
    fn bases<'k>(&'k self, document: &DocumentRef) -> impl Iterator<Item = (EntryId, &'k BaseRecord)> {
        let document = self.canonical_document(document);
        let numbered = (1..).map(EntryId).zip(&self.records).collect::<Vec<_>>();
        numbered.into_iter().rev().filter_map(move |(id, record)| match record {
            Record::Base(base) if self.canonical_document(&base.document) == document => Some((id, base.as_ref())),
            Record::Intent(_) | Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        })
    }

    pub(super) fn base_hashes(&self, target: &str, kind: &str) -> Vec<BaseHash> {
        let target = self.canonical(target);
        let documents: BTreeSet<DocumentRef> = self
            .records
            .iter()
            .filter_map(|record| match record {
                Record::Base(base) => Some(self.canonical_document(&base.document)),
                Record::Intent(_) | Record::Outcome(_) | Record::Join(_) => None,
            })
            .filter(|document| document.target == target && document.kind == kind)
            .collect();
        let hashes = |document: DocumentRef| {
            let newest = self.newest_bases(&document).into_iter();
            newest.map(move |newest| BaseHash {
                document: document.id.clone(),
                hash: newest.base.hash,
                members: newest.members.len(),
            })
        };
        documents.into_iter().flat_map(hashes).collect()
    }

    pub(super) fn newest_bases(&self, document: &DocumentRef) -> Vec<NewestBase> {
        let mut bases: Vec<_> = self.bases(document).collect();
        bases.retain(|(_, base)| base.source == BaseSource::Apply);
        bases.sort_by_key(|(id, base)| std::cmp::Reverse((base.read_at, *id)));
        let mut named = BTreeSet::new();
        let mut newest = Vec::new();
        for (entry, base) in bases {
            let mut members = base.members.clone();
            members.retain(|member| named.insert(member.clone()));
            members.sort();
            if !members.is_empty() {
                let base = base.clone();
                newest.push(NewestBase { entry, base, members });
            }
        }
        newest
    }

    pub(super) fn base_content(&self, hash: &str) -> Option<Document> {
        self.records.iter().find_map(|record| match record {
            Record::Base(base) if base.hash == hash => base.content.clone(),
            Record::Intent(_) | Record::Outcome(_) | Record::Base(_) | Record::Join(_) => None,
        })
    }

    pub(super) fn known_references(&self, target: &str) -> BTreeSet<KnownReference> {
        let target = self.canonical(target);
        let of_target = |record: &Record| match record {
            Record::Base(base) if self.canonical(&base.document.target) == target => base.references.clone(),
            Record::Intent(_) | Record::Outcome(_) | Record::Base(_) | Record::Join(_) => Vec::new(),
        };
        self.records.iter().flat_map(of_target).collect()
    }

    pub(super) fn applied_after(&self, document: &DocumentRef, after: After) -> Vec<Entry> {
        let document = self.canonical_document(document);
        let number = |id: EntryId| {
            let numbered = (1..).map(EntryId).zip(&self.records).collect::<Vec<_>>();
            let of_it = |record: &Record| matches!(record, Record::Outcome(outcome) if outcome.intent == Some(id));
            numbered
                .into_iter()
                .rev()
                .find(|(_, record)| of_it(record))
                .map(|(id, _)| id)
        };
        let is_after = |entry: &Entry| {
            let Some(outcome) = &entry.outcome else { return false };
            matches!(outcome.kind, OutcomeKind::Applied | OutcomeKind::Overwritten)
                && entry.document() == Some(&document)
                && number(entry.id).is_some_and(|number| after.includes(number, outcome.at))
        };
        self.entries().into_iter().rev().filter(is_after).collect()
    }

    pub(super) fn replacements(&self, document: &DocumentRef, limit: usize) -> Vec<Replacement> {
        let wanted = self.canonical_document(document);
        let mut found: Vec<Replacement> = Vec::new();
        for entry in self.entries() {
            let (Some(intent), Some(after)) = (&entry.intent, entry.after()) else {
                continue;
            };
            if intent.document == wanted {
                found.push(Replacement {
                    entry: entry.id,
                    author: intent.author.clone(),
                    at: intent.at,
                    changes: intent.changes_to(after),
                });
            }
        }
        let bases: Vec<_> = self.bases(document).collect();
        for (place, (entry, base)) in bases.iter().enumerate() {
            found.push(Replacement {
                entry: *entry,
                author: base.author.clone(),
                at: base.at,
                changes: base.replaces(bases.iter().skip(place + 1).map(|(_, base)| *base)),
            });
        }
        found.sort_by_key(|replacement| std::cmp::Reverse(replacement.entry));
        found.truncate(limit);
        found
    }
}
