//! Bases: what documents were known to be.

use std::collections::{BTreeMap, BTreeSet};

use domain::json::Document;
use ports::{
    BaseHash, BaseRecord, BaseSource, DocumentRef, EntryId, KnownReference, LedgerError, NewestBase, Replacement,
};

use crate::digest::Digest;
use crate::entry_body::{Body, Documents, micros_of};
use crate::history;
use crate::ledger::SqlLedger;
use crate::row::{self, corrupt, unsigned};
use crate::store::{Transaction, TransactionBody, TxError, number, text};
use crate::targets::{self, Joins, names_and_last, names_of};

/// So many bases more are looked at for one whose content is known.
const LOOK_BACK: usize = 16;

/// The characters between the fields of a base and between bases, where many are read as one text: they are in no hash and
/// no number, and a document that has them in its id is left out.
const FIELD: &str = "\u{1f}";
const RECORD: &str = "\u{1e}";

/// A base to be recorded.
pub(crate) struct Observe(pub(crate) BaseRecord);

impl TransactionBody for Observe {
    type Output = EntryId;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<EntryId, TxError> {
        let Self(record) = self;
        let (names, last) = names_and_last(transaction, &record.document.target).await?;
        let document = names.canonical(&record.document);
        let mut content = String::new();
        let (seq, _) = row::add(transaction, last, |seq, previous| {
            let (body, documents) = Body::of_base(seq, previous, record);
            body.content_of_base().clone_into(&mut content);
            (body, documents)
        })
        .await?;
        let sql = "INSERT INTO bases (seq, target, kind, document, hash, content) VALUES ($1, $2, $3, $4, $5, $6)";
        let values = [
            seq.into(),
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
            record.hash.as_str().into(),
            content.as_str().into(),
        ];
        transaction.execute(sql, &values).await?;
        if record.source == BaseSource::Apply {
            name_members(transaction, &document, &record.members, micros_of(record.read_at), seq).await?;
        }
        Ok(EntryId(unsigned(seq)))
    }
}

/// Records a base as the newest one of members. The base with the later read wins; of two read at the same time, the
/// one recorded later.
async fn name_members(
    transaction: &mut Transaction<'_>,
    document: &DocumentRef,
    members: &[String],
    read_at: i64,
    seq: i64,
) -> Result<(), TxError> {
    if members.is_empty() {
        return Ok(());
    }
    let mut values = vec![
        document.target.as_str().into(),
        document.kind.as_str().into(),
        document.id.as_str().into(),
        read_at.into(),
        seq.into(),
    ];
    let mut rows = Vec::new();
    // Why each once: PostgreSQL refuses a statement that meets a row twice.
    for member in members.iter().collect::<BTreeSet<_>>() {
        values.push(member.as_str().into());
        rows.push(format!("($1, $2, $3, ${}, $4, $5)", values.len()));
    }
    let rows = rows.join(", ");
    let sql = format!(
        "INSERT INTO base_members (target, kind, document, member, read_at, seq) VALUES {rows} \
         ON CONFLICT (target, kind, document, member) DO UPDATE SET read_at = excluded.read_at, \
         seq = excluded.seq WHERE excluded.read_at >= base_members.read_at"
    );
    transaction.execute(sql, &values).await?;
    Ok(())
}

impl SqlLedger {
    pub(crate) async fn bases_by_member(&self, document: &DocumentRef) -> Result<Vec<NewestBase>, LedgerError> {
        let sql = concat!(
            "SELECT member, read_at, seq FROM base_members WHERE kind = $2 AND document = $3 AND target IN ",
            names_of!("$1")
        );
        let values = [
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
        ];
        let mut newest: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for row in self.store.read(sql, &values).await? {
            let member = text(&row, 0).map_err(|error| corrupt(&error))?;
            let read_at = number(&row, 1).map_err(|error| corrupt(&error))?;
            let seq = number(&row, 2).map_err(|error| corrupt(&error))?;
            let known = newest.entry(member).or_insert((read_at, seq));
            *known = (*known).max((read_at, seq));
        }
        let mut members: BTreeMap<(i64, i64), Vec<String>> = BTreeMap::new();
        for (member, place) in newest {
            members.entry(place).or_default().push(member);
        }
        let seqs: Vec<i64> = members.keys().map(|(_, seq)| *seq).collect();
        let mut bases = self.base_records(&seqs).await?;
        let found = members.into_iter().rev().filter_map(|((_, seq), members)| {
            let base = bases.remove(&seq)?;
            let entry = EntryId(unsigned(seq));
            Some(NewestBase { entry, base, members })
        });
        Ok(found.collect())
    }

    pub(crate) async fn hashes_of_bases(&self, target: &str, kind: &str) -> Result<Vec<BaseHash>, LedgerError> {
        // Why in one piece: ten thousand rows take longer to hand over than to find. Why by document alone: that is the
        // order in which they lie, so nothing is sorted.
        let whole = "SELECT coalesce(string_agg(CASE WHEN m.first = m.seq THEN b.hash || $3 || m.members || $3 || m.document \
                     END, $4), ''), count(CASE WHEN m.first <> m.seq THEN 1 END) \
                     FROM (SELECT document, MIN(seq) AS first, MAX(seq) AS seq, COUNT(*) AS members FROM base_members \
                     WHERE target = $1 AND kind = $2 GROUP BY document) m JOIN bases b ON b.seq = m.seq";
        let several = "SELECT m.document, b.hash, m.members FROM (SELECT document, seq, COUNT(*) AS members \
                       FROM base_members WHERE target = $1 AND kind = $2 AND document IN (SELECT document \
                       FROM base_members WHERE target = $1 AND kind = $2 GROUP BY document HAVING MIN(seq) <> MAX(seq)) \
                       GROUP BY document, seq) m JOIN bases b ON b.seq = m.seq";
        let mut found = Vec::new();
        for name in targets::names(&self.store, target).await?.all {
            let values = [name.as_str().into(), kind.into(), FIELD.into(), RECORD.into()];
            let rows = self.store.read(whole, &values).await?;
            let Some(row) = rows.first() else { continue };
            let together = text(row, 0).map_err(|error| corrupt(&error))?;
            found.extend(together.split(RECORD).filter_map(hash_in));
            if number(row, 1).map_err(|error| corrupt(&error))? == 0 {
                continue;
            }
            for row in self.store.read(several, &[name.as_str().into(), kind.into()]).await? {
                found.push(BaseHash {
                    document: text(&row, 0).map_err(|error| corrupt(&error))?,
                    hash: text(&row, 1).map_err(|error| corrupt(&error))?,
                    members: usize::try_from(number(&row, 2).map_err(|error| corrupt(&error))?).unwrap_or(0),
                });
            }
        }
        Ok(found)
    }

    /// The bases with these numbers, as far as they are there.
    async fn base_records(&self, seqs: &[i64]) -> Result<BTreeMap<i64, BaseRecord>, LedgerError> {
        // Why together: each question costs a way to the database and back.
        let (question, more) = (
            "SELECT b.seq, e.body, b.content, coalesce(d.content, '') FROM bases b JOIN entries e ON e.seq = b.seq \
             LEFT JOIN documents d ON d.digest = b.content WHERE b.seq",
            "UNION ALL SELECT CAST(0 AS BIGINT), name, organization, '' FROM targets",
        );
        let (mut bodies, mut documents, mut joins) = (Vec::new(), Documents::new(), Joins::default());
        for some in seqs.chunks(row::BATCH) {
            let (sql, values) = row::one_of(question, some, |seq| (*seq).into());
            for row in self.store.read(format!("{sql} {more}"), &values).await? {
                let word = |column| text(&row, column).map_err(|error| corrupt(&error));
                match number(&row, 0).map_err(|error| corrupt(&error))? {
                    0 => joins.add(word(1)?, word(2)?),
                    seq => {
                        let body = row::read(&row, 1).map_err(|error| corrupt(&error))?;
                        let (digest, content) = (word(2)?, word(3)?);
                        if !content.is_empty() {
                            documents.insert(Digest::stored(digest), content);
                        }
                        bodies.push((seq, body));
                    }
                }
            }
        }
        let mut bases = BTreeMap::new();
        for (seq, body) in bodies {
            let base = body.base_record(&documents).map_err(|error| corrupt(&error))?;
            let mut base = base.ok_or_else(|| corrupt(&format!("the entry {seq} is no base")))?;
            joins.apply(&mut base.document, &mut base.author);
            bases.insert(seq, base);
        }
        Ok(bases)
    }

    pub(crate) async fn content_with_hash(&self, hash: &str) -> Result<Option<Document>, LedgerError> {
        let sql = "SELECT content FROM bases WHERE hash = $1 AND content <> '' ORDER BY seq LIMIT 1";
        let rows = self.store.read(sql, &[hash.into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let digest = text(row, 0).map_err(|error| corrupt(&error))?;
        let sql = "SELECT content FROM documents WHERE digest = $1";
        let rows = self.store.read(sql, &[digest.as_str().into()]).await?;
        let missing = || corrupt(&format!("the document {digest} is missing"));
        let content = text(rows.first().ok_or_else(missing)?, 0).map_err(|error| corrupt(&error))?;
        content.parse().map(Some).map_err(|error| corrupt(&error))
    }

    pub(crate) async fn references_of_bases(&self, target: &str) -> Result<BTreeSet<KnownReference>, LedgerError> {
        // Why the text: of most bases it says that there is nothing to be read.
        let sql = "SELECT e.body FROM bases b JOIN entries e ON e.seq = b.seq \
                   WHERE b.target = $1 AND e.body LIKE '%\"references\":%'";
        let mut known = BTreeSet::new();
        for name in targets::names(&self.store, target).await?.all {
            for row in self.store.read(sql, &[name.as_str().into()]).await? {
                let body = row::read(&row, 0).map_err(|error| corrupt(&error))?;
                let references = body.observation.into_iter().flat_map(|base| base.references);
                known.extend(references.map(|reference| reference.read()));
            }
        }
        Ok(known)
    }

    pub(crate) async fn replaced(&self, document: &DocumentRef, limit: usize) -> Result<Vec<Replacement>, LedgerError> {
        // Why a sum: for a number alone SQLite would read the statement anew each time.
        let sql = concat!(
            "SELECT id, outcome, measured FROM (SELECT id, outcome, measured FROM updates WHERE kind = $2 AND document = $3 \
             AND outcome_kind = 'applied' AND target IN ",
            names_of!("$1"),
            " ORDER BY id DESC LIMIT $4 + 0) AS applied UNION ALL \
             SELECT seq, CAST(0 AS BIGINT), CAST(0 AS BIGINT) FROM (SELECT seq FROM bases WHERE kind = $2 AND document = $3 \
             AND target IN ",
            names_of!("$1"),
            " ORDER BY seq DESC LIMIT $5 + 0) AS observed"
        );
        let at_most = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [
            document.target.as_str().into(),
            document.kind.as_str().into(),
            document.id.as_str().into(),
            at_most(limit).into(),
            at_most(limit.saturating_add(LOOK_BACK)).into(),
        ];
        let (mut rows, mut seqs) = (Vec::new(), BTreeSet::new());
        for row in self.store.read(sql, &values).await? {
            // Why: an update has an outcome, and a base none.
            match number(&row, 1).map_err(|error| corrupt(&error))? {
                0 => {
                    seqs.insert(number(&row, 0).map_err(|error| corrupt(&error))?);
                }
                _ => rows.push(row),
            }
        }
        let mut found = Vec::new();
        for entry in history::entries(&self.store, &rows).await? {
            let (Some(intent), Some(after)) = (&entry.intent, entry.after()) else {
                continue;
            };
            found.push(Replacement {
                entry: entry.id,
                author: intent.author.clone(),
                at: intent.at,
                changes: intent.changes_to(after),
            });
        }
        let bases = self.base_records(&seqs.into_iter().collect::<Vec<_>>()).await?;
        for (seq, base) in bases.iter().rev().take(limit) {
            let before = bases.range(..seq).rev().map(|(_, base)| base);
            found.push(Replacement {
                entry: EntryId(unsigned(*seq)),
                author: base.author.clone(),
                at: base.at,
                changes: base.replaces(before),
            });
        }
        found.sort_by_key(|replacement| std::cmp::Reverse(replacement.entry));
        found.truncate(limit);
        Ok(found)
    }
}

/// The hash of a base in a text of many.
fn hash_in(text: &str) -> Option<BaseHash> {
    let mut fields = text.split(FIELD);
    let (Some(hash), Some(members), Some(document), None) =
        (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return None;
    };
    Some(BaseHash {
        document: document.to_owned(),
        hash: hash.to_owned(),
        members: members.parse().ok()?,
    })
}

impl Body {
    /// The digest of the content of a base; nothing where it is not known.
    fn content_of_base(&self) -> &str {
        let content = self.observation.as_ref().and_then(|base| base.content.as_ref());
        content.map_or("", |content| content.as_str())
    }
}
