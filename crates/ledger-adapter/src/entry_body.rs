//! An entry as it is stored, hashed and exported: canonical JSON (RFC 8785) that names documents by their digest.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use domain::json::Document;
use domain::{Collision, Evidence, OutcomeKind, Version};
use ports::{Author, DocumentRef, EntryId, IntentRecord, OutcomeRecord};
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, digest};

/// The kind of documents whose entries name none: trigger rules, the only kind of format 1.
pub(crate) const DEFAULT_KIND: &str = "rule";

/// The format of entries that this version writes.
pub(crate) const FORMAT: u32 = 1;

/// An entry. The hash of its canonical text is what the next one names as `previous`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) format: u32,
    pub(crate) seq: u64,
    pub(crate) previous: Digest,
    pub(crate) at: String,
    pub(crate) target: String,
    /// The kind of the document; a trigger rule has none, and had none in format 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    pub(crate) document: String,
    pub(crate) author: AuthorBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) intent: Option<IntentBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<OutcomeBody>,
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

/// A collision. Its values are texts, because canonical JSON would spell their numbers anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollisionBody {
    path: String,
    base: Option<String>,
    ours: Option<String>,
    theirs: Option<String>,
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

/// What an entry says that cannot be understood.
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
            guard: record.guard.clone(),
            version: record.version.as_ref().map(|version| version.as_sent().to_owned()),
            base: keep(&record.base),
            ours: keep(&record.ours),
            change: keep(&record.change),
            overwrites: record.overwrites.iter().map(CollisionBody::of).collect(),
            merges: record.merges,
            leased_until: written(record.leased_until),
        };
        let body = Self {
            format: FORMAT,
            seq,
            previous,
            at: written(record.at),
            target: record.document.target.clone(),
            kind: kind_member(&record.document),
            document: record.document.id.clone(),
            author: AuthorBody::of(&record.author),
            intent: Some(intent),
            outcome: None,
        };
        (body, documents)
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
        let body = Self {
            format: FORMAT,
            seq,
            previous,
            at: written(record.at),
            target: record.document.target.clone(),
            kind: kind_member(&record.document),
            document: record.document.id.clone(),
            author: AuthorBody::of(&record.author),
            intent: None,
            outcome: Some(outcome),
        };
        (body, documents)
    }

    /// The text that is hashed.
    pub(crate) fn canonical(&self) -> Result<String, EntryBodyError> {
        serde_json_canonicalizer::to_string(self).map_err(|error| unreadable("it has no canonical text", &error))
    }

    pub(crate) fn read(text: &str) -> Result<Self, EntryBodyError> {
        serde_json::from_str(text).map_err(|error| unreadable("it is no entry", &error))
    }

    /// The digests of the documents that it names.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &Digest> {
        let of_intent = self
            .intent
            .iter()
            .flat_map(|intent| [&intent.base, &intent.ours, &intent.change]);
        let of_outcome = self.outcome.iter().filter_map(|outcome| outcome.after.as_ref());
        of_intent.chain(of_outcome)
    }

    /// The document that it is about.
    pub(crate) fn reference(&self) -> DocumentRef {
        DocumentRef {
            target: self.target.clone(),
            kind: self.kind().to_owned(),
            id: self.document.clone(),
        }
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
            author: self.author.read(),
            follows: intent.follows.map(EntryId),
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

    /// The outcome, with the document that it names.
    pub(crate) fn outcome_record(&self, documents: &Documents) -> Result<Option<OutcomeRecord>, EntryBodyError> {
        let Some(outcome) = &self.outcome else {
            return Ok(None);
        };
        let word = |word: &str| EntryBodyError(format!("`{word}` is no word of this format"));
        let evidence = outcome.evidence.as_deref();
        Ok(Some(OutcomeRecord {
            document: self.reference(),
            author: self.author.read(),
            intent: outcome.intent.map(EntryId),
            kind: OutcomeKind::from_word(&outcome.outcome).ok_or_else(|| word(&outcome.outcome))?,
            evidence: evidence
                .map(|text| Evidence::from_word(text).ok_or_else(|| word(text)))
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

/// The kind as a member: none for that of format 1.
fn kind_member(document: &DocumentRef) -> Option<String> {
    (document.kind != DEFAULT_KIND).then(|| document.kind.clone())
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
        }
    }
}

impl CollisionBody {
    fn of(collision: &Collision) -> Self {
        let text = |side: &Option<Document>| side.as_ref().map(|side| side.text().to_owned());
        Self {
            path: collision.pointer.to_string(),
            base: text(&collision.base),
            ours: text(&collision.ours),
            theirs: text(&collision.theirs),
        }
    }

    fn read(&self) -> Result<Collision, EntryBodyError> {
        let side = |side: &Option<String>| side.as_deref().map(document).transpose();
        Ok(Collision {
            pointer: self.path.parse().map_err(|error| unreadable("its path", &error))?,
            base: side(&self.base)?,
            ours: side(&self.ours)?,
            theirs: side(&self.theirs)?,
        })
    }
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

/// A time as RFC 3339 writes it, in UTC, to the microsecond. Times outside of the years that it can write are cut.
pub(crate) fn written(time: SystemTime) -> String {
    let micros = micros_of(time);
    let timestamp = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    format!("{timestamp:.6}")
}

pub(crate) fn read_time(text: &str) -> Result<SystemTime, EntryBodyError> {
    let timestamp: jiff::Timestamp = text.parse().map_err(|error| unreadable("a time", &error))?;
    Ok(time_of(timestamp.as_microsecond()))
}

/// Microseconds since 1970.
pub(crate) fn micros_of(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The time so many microseconds after 1970.
pub(crate) fn time_of(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
