//! An entry as it is stored, hashed and exported: canonical JSON (RFC 8785) that names documents by their digest.

mod collision;
mod observation;
mod reference;
mod time;
mod unknown_members;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::json::Document;
use domain::{Evidence, OutcomeKind, Version};
use ports::{Author, BaseRecord, DocumentRef, EntryId, IntentRecord, JoinRecord, OutcomeRecord};
use serde::{Deserialize, Serialize};

pub(crate) use time::{micros_of, read_time, time_of, time_text};

use collision::CollisionBody;
pub(crate) use observation::{OF_APPLY, ObservationBody};

use crate::digest::{Digest, digest};

/// The kind of documents whose entries name none: trigger rules, the only kind of format 1.
pub(crate) const DEFAULT_KIND: &str = "rule";

/// The format of an entry that says nothing which format 1 could not say: it is hashed as it was then.
const FIRST_FORMAT: u32 = 1;
/// The format of all others that this version writes.
const FORMAT: u32 = 2;

/// An entry. The hash of its canonical text is what the next one names as `previous`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) format: u32,
    pub(crate) seq: u64,
    pub(crate) previous: Digest,
    pub(crate) at: String,
    /// `API CLIENT`: what is shown, and the identity where no organization is known.
    pub(crate) target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<OrganizationBody>,
    /// The kind of the document; a trigger rule has none, and had none in format 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// A join is about no document.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) document: String,
    pub(crate) author: AuthorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intent: Option<IntentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<OutcomeBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) observation: Option<ObservationBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) joined: Option<OrganizationBody>,
    /// Documents that members may name which this version does not know.
    #[serde(skip)]
    pub(crate) also_named: Vec<Digest>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationBody {
    pub(crate) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthorBody {
    run: String,
    command: String,
    client: String,
    user: Option<String>,
    host: Option<String>,
    reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IntentBody {
    pub(crate) follows: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    undoes: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    absent_intents: Vec<String>,
    pub(crate) guard: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    pub(crate) base: Digest,
    pub(crate) ours: Digest,
    pub(crate) change: Digest,
    overwrites: Vec<CollisionBody>,
    merges: u32,
    pub(crate) leased_until: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeBody {
    pub(crate) intent: Option<u64>,
    pub(crate) outcome: String,
    #[serde(rename = "proof")]
    evidence: Option<String>,
    pub(crate) version_before: Option<String>,
    version_after: Option<String>,
    pub(crate) after: Option<Digest>,
    attempts: u32,
    requests: u32,
    retries: u32,
    merges: u32,
    waited_us: u64,
    latency_us: Option<u64>,
    correlation_id: Option<String>,
    error: Option<String>,
}

/// An error: an entry that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct EntryBodyError(pub(crate) String);

fn unreadable(what: &str, error: &dyn std::fmt::Display) -> EntryBodyError {
    EntryBodyError(format!("{what}: {error}"))
}

/// Documents by their digest.
pub(crate) type Documents = BTreeMap<Digest, String>;

impl Body {
    /// The entry of an intent, and the documents that it names.
    pub(crate) fn of_intent(seq: u64, previous: Digest, record: &IntentRecord) -> (Self, Documents) {
        let mut documents = Documents::new();
        let mut keep = |document: &Document| keep(&mut documents, document);
        let intent = IntentBody {
            follows: record.follows.map(|id| id.0),
            undoes: record.undoes.iter().map(|id| id.0).collect(),
            absent_intents: record.absent_intents.clone(),
            guard: record.guard.clone(),
            version: record.version.as_ref().map(|version| version.as_sent().to_owned()),
            base: keep(&record.base),
            ours: keep(&record.ours),
            change: keep(&record.change),
            overwrites: record.overwrites.iter().map(CollisionBody::of).collect(),
            merges: record.merges,
            leased_until: time_text(record.leased_until),
        };
        let mut body = Self::new(seq, previous, &record.document, &record.author, record.at);
        body.intent = Some(intent);
        (body.with_its_format(), documents)
    }

    /// The entry of an outcome, and the document that it names.
    pub(crate) fn of_outcome(seq: u64, previous: Digest, record: &OutcomeRecord) -> (Self, Documents) {
        let mut documents = Documents::new();
        let outcome = OutcomeBody {
            intent: record.intent.map(|id| id.0),
            outcome: record.kind.as_str().to_owned(),
            evidence: record.evidence.map(|evidence| evidence.as_str().to_owned()),
            version_before: record
                .version_before
                .as_ref()
                .map(|version| version.as_sent().to_owned()),
            version_after: record
                .version_after
                .as_ref()
                .map(|version| version.as_sent().to_owned()),
            after: record.after.as_ref().map(|after| keep(&mut documents, after)),
            attempts: record.attempts,
            requests: record.requests,
            retries: record.retries,
            merges: record.merges,
            waited_us: micros(record.waited),
            latency_us: record.latency.map(micros),
            correlation_id: record.correlation_id.clone(),
            error: record.error.clone(),
        };
        let mut body = Self::new(seq, previous, &record.document, &record.author, record.at);
        body.outcome = Some(outcome);
        (body.with_its_format(), documents)
    }

    /// The entry of a base, and its content.
    pub(crate) fn of_base(seq: u64, previous: Digest, record: &BaseRecord) -> (Self, Documents) {
        let mut documents = Documents::new();
        let mut body = Self::new(seq, previous, &record.document, &record.author, record.at);
        body.observation = Some(ObservationBody::of(record, &mut documents));
        (body.with_its_format(), documents)
    }

    /// The entry that says that a target is an organization.
    pub(crate) fn of_join(seq: u64, previous: Digest, record: &JoinRecord) -> (Self, Documents) {
        let nothing = DocumentRef {
            target: record.target.clone(),
            kind: DEFAULT_KIND.to_owned(),
            id: String::new(),
        };
        let author = Author {
            shown_target: None,
            ..record.author.clone()
        };
        let mut body = Self::new(seq, previous, &nothing, &author, record.at);
        body.joined = Some(OrganizationBody {
            id: record.organization.clone(),
            name: record.author.org_name.clone(),
        });
        (body.with_its_format(), Documents::new())
    }

    fn new(seq: u64, previous: Digest, document: &DocumentRef, author: &Author, at: SystemTime) -> Self {
        let organization = author.organization(document).map(|id| OrganizationBody {
            id: id.to_owned(),
            name: author.org_name.clone(),
        });
        Self {
            format: FORMAT,
            seq,
            previous,
            at: time_text(at),
            target: author.shown_target(document).to_owned(),
            organization,
            kind: (document.kind != DEFAULT_KIND).then(|| document.kind.clone()),
            document: document.id.clone(),
            author: AuthorBody::of(author),
            plan_id: author.plan_id.clone(),
            intent: None,
            outcome: None,
            observation: None,
            joined: None,
            also_named: Vec::new(),
        }
    }

    fn with_its_format(mut self) -> Self {
        let is_new_intent = |intent: &IntentBody| {
            intent.version.is_none() || !intent.undoes.is_empty() || !intent.absent_intents.is_empty()
        };
        let says_new = self.organization.is_some()
            || self.kind.is_some()
            || self.plan_id.is_some()
            || self.observation.is_some()
            || self.joined.is_some()
            || self.intent.as_ref().is_some_and(is_new_intent);
        self.format = if says_new { FORMAT } else { FIRST_FORMAT };
        self
    }

    /// The text that is hashed.
    pub(crate) fn canonical(&self) -> Result<String, EntryBodyError> {
        serde_json_canonicalizer::to_string(self).map_err(|error| unreadable("it has no canonical text", &error))
    }

    /// Reads an entry. Members that a later version put in are left alone: the text is what is hashed.
    pub(crate) fn read(text: &str) -> Result<Self, EntryBodyError> {
        match serde_json::from_str(text) {
            Ok(body) => Ok(body),
            Err(error) => unknown_members::read(text).ok_or_else(|| unreadable("it is no entry", &error)),
        }
    }

    /// The digests of the documents that it names.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Digest> {
        let of_intent = self
            .intent
            .iter()
            .flat_map(|intent| [&intent.base, &intent.ours, &intent.change]);
        let of_outcome = self.outcome.iter().filter_map(|outcome| outcome.after.as_ref());
        let of_base = self.observation.iter().filter_map(|base| base.content.as_ref());
        of_intent.chain(of_outcome).chain(of_base)
    }

    /// The document that it is about.
    pub(crate) fn reference(&self) -> DocumentRef {
        DocumentRef {
            target: self.identity().to_owned(),
            kind: self.kind().to_owned(),
            id: self.document.clone(),
        }
    }

    /// The identity of its target, as far as it was known when the entry was made: the organization, or `API CLIENT`.
    pub(crate) fn identity(&self) -> &str {
        let organization = self.organization.as_ref();
        organization.map_or(self.target.as_str(), |organization| &organization.id)
    }

    /// The kind of the document.
    pub(crate) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or(DEFAULT_KIND)
    }

    /// The run that made it, and its machine.
    pub(crate) fn holder(&self) -> (&str, &str) {
        (&self.author.run, self.author.host.as_deref().unwrap_or_default())
    }

    /// The intent, with the documents that it names.
    pub(crate) fn intent_record(&self, documents: &Documents) -> Result<Option<IntentRecord>, EntryBodyError> {
        let Some(intent) = &self.intent else {
            return Ok(None);
        };
        let overwrites: Result<_, _> = intent.overwrites.iter().map(CollisionBody::read).collect();
        Ok(Some(IntentRecord {
            document: self.reference(),
            author: self.author(),
            follows: intent.follows.map(EntryId),
            undoes: intent.undoes.iter().copied().map(EntryId).collect(),
            absent_intents: intent.absent_intents.clone(),
            guard: intent.guard.clone(),
            version: intent.version.as_deref().map(version).transpose()?,
            base: found(documents, &intent.base)?,
            ours: found(documents, &intent.ours)?,
            change: found(documents, &intent.change)?,
            overwrites: overwrites?,
            merges: intent.merges,
            at: read_time(&self.at)?,
            leased_until: read_time(&intent.leased_until)?,
        }))
    }

    /// The author of the entry.
    pub(crate) fn author(&self) -> Author {
        let organization = self.organization.as_ref();
        Author {
            plan_id: self.plan_id.clone(),
            shown_target: organization.map(|_| self.target.clone()),
            org_name: organization.and_then(|organization| organization.name.clone()),
            ..self.author.read()
        }
    }

    /// The base, with its content.
    pub(crate) fn base_record(&self, documents: &Documents) -> Result<Option<BaseRecord>, EntryBodyError> {
        let base = self.observation.as_ref();
        base.map(|base| base.read(self, documents)).transpose()
    }

    /// The outcome, with the document that it names.
    pub(crate) fn outcome_record(&self, documents: &Documents) -> Result<Option<OutcomeRecord>, EntryBodyError> {
        let Some(outcome) = &self.outcome else {
            return Ok(None);
        };
        let evidence = outcome.evidence.as_deref();
        Ok(Some(OutcomeRecord {
            document: self.reference(),
            author: self.author(),
            intent: outcome.intent.map(EntryId),
            kind: OutcomeKind::from_word(&outcome.outcome).ok_or_else(|| unknown_word(&outcome.outcome))?,
            evidence: evidence
                .map(|text| Evidence::from_word(text).ok_or_else(|| unknown_word(text)))
                .transpose()?,
            version_before: outcome.version_before.as_deref().map(version).transpose()?,
            version_after: outcome.version_after.as_deref().map(version).transpose()?,
            after: outcome
                .after
                .as_ref()
                .map(|after| found(documents, after))
                .transpose()?,
            attempts: outcome.attempts,
            requests: outcome.requests,
            retries: outcome.retries,
            merges: outcome.merges,
            waited: Duration::from_micros(outcome.waited_us),
            latency: outcome.latency_us.map(Duration::from_micros),
            correlation_id: outcome.correlation_id.clone(),
            error: outcome.error.clone(),
            at: read_time(&self.at)?,
        }))
    }
}

impl AuthorBody {
    fn of(author: &Author) -> Self {
        let Author {
            run,
            command,
            client,
            user,
            host,
            reason,
            plan_id: _,
            shown_target: _,
            org_name: _,
        } = author.clone();
        Self {
            run,
            command,
            client,
            user,
            host,
            reason,
        }
    }

    fn read(&self) -> Author {
        let Self {
            run,
            command,
            client,
            user,
            host,
            reason,
        } = self.clone();
        Author {
            run,
            command,
            client,
            user,
            host,
            reason,
            plan_id: None,
            shown_target: None,
            org_name: None,
        }
    }
}

fn unknown_word(word: &str) -> EntryBodyError {
    EntryBodyError(format!("`{word}` is no word of this format"))
}

fn keep(documents: &mut Documents, document: &Document) -> Digest {
    let text = document.text();
    let name = digest(text.as_bytes());
    documents.insert(name.clone(), text.to_owned());
    name
}

fn found(documents: &Documents, name: &Digest) -> Result<Document, EntryBodyError> {
    match documents.get(name) {
        Some(text) => document(text),
        None => Err(EntryBodyError(format!("the document {name} is missing"))),
    }
}

fn document(text: &str) -> Result<Document, EntryBodyError> {
    text.parse().map_err(|error| unreadable("a document", &error))
}

fn version(text: &str) -> Result<Version, EntryBodyError> {
    text.parse().map_err(|error| unreadable("a version", &error))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = include_str!("../tests/fixtures/format-1/server.sql");

    /// The columns of each row of a table, as `pg_dump --inserts` writes them.
    fn rows(table: &str) -> Vec<Vec<String>> {
        let begin = format!("INSERT INTO format_1.{table} VALUES (");
        let lines = DUMP
            .lines()
            .filter_map(|line| line.strip_prefix(&begin)?.strip_suffix(");"));
        let columns = |line: &str| {
            let line = line.replace("''", "\u{1}");
            let columns = line
                .split(", '")
                .map(|column| column.trim_matches('\'').replace('\u{1}', "'"));
            columns.collect()
        };
        lines.map(columns).collect()
    }

    #[test]
    fn an_entry_of_a_rule_is_the_text_that_it_was_in_format_1() {
        let documents: Documents = rows("documents")
            .into_iter()
            .map(|row| (Digest::stored(row[0].clone()), row[1].clone()))
            .collect();
        let entries = rows("entries");
        assert_eq!((entries.len(), documents.len()), (20, 27));
        for row in entries {
            let body = Body::read(&row[2]).unwrap();
            assert_eq!(digest(row[2].as_bytes()).as_str(), row[1]);
            let again = match (body.intent_record(&documents), body.outcome_record(&documents)) {
                (Ok(Some(intent)), _) => Body::of_intent(body.seq, body.previous.clone(), &intent),
                (_, Ok(Some(outcome))) => Body::of_outcome(body.seq, body.previous.clone(), &outcome),
                other => panic!("{other:?}"),
            };
            assert_eq!(again.0.canonical().unwrap(), row[2]);
        }
    }
}
