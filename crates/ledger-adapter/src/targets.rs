//! Targets that are one organization: `API CLIENT` is its own target until an entry says which organization it is.

use std::collections::BTreeMap;

use ports::{Author, DocumentRef, EntryId, JoinRecord, LedgerError};
use sqlx::any::AnyRow;

use crate::entry_body::Body;
use crate::row::{self, Last, corrupt, unsigned};
use crate::store::{Store, Transaction, TransactionBody, TxError, number, text};

macro_rules! names {
    ($more:literal) => {
        concat!(
            "SELECT name, organization",
            $more,
            " FROM targets WHERE name = $1 OR organization = $1 \
             OR organization IN (SELECT organization FROM targets WHERE name = $1)"
        )
    };
}

/// The names of the target that a placeholder stands for, as a part of a statement: a question of its own for them would cost
/// a way to the database and back.
macro_rules! names_of {
    ($target:literal) => {
        concat!(
            "(SELECT CAST(",
            $target,
            " AS TEXT) UNION SELECT organization FROM targets WHERE name = ",
            $target,
            " UNION SELECT name FROM targets WHERE organization = ",
            $target,
            " OR organization IN (SELECT organization FROM targets WHERE name = ",
            $target,
            "))"
        )
    };
}
pub(crate) use names_of;

/// The names of a target: rows from before a join have the old name.
pub(crate) struct Names {
    /// The organization where it is known, or the target itself: what new rows have.
    pub(crate) canonical: String,
    /// The canonical name and all others.
    pub(crate) all: Vec<String>,
}

impl Names {
    fn of(target: &str, rows: &[AnyRow]) -> Result<Self, sqlx::Error> {
        let mut canonical = target.to_owned();
        let mut others = Vec::new();
        for row in rows {
            others.push(text(row, 0)?);
            canonical = text(row, 1)?;
        }
        let mut all = vec![canonical.clone()];
        all.extend(others);
        Ok(Self { canonical, all })
    }

    pub(crate) fn has(&self, target: &str) -> bool {
        self.all.iter().any(|name| name == target)
    }

    /// The document under its canonical target.
    pub(crate) fn canonical(&self, document: &DocumentRef) -> DocumentRef {
        DocumentRef {
            target: self.canonical.clone(),
            ..document.clone()
        }
    }

    /// True if `found`, under any of these names, has the kind and the id of `document`.
    pub(crate) fn is_same(&self, found: &DocumentRef, document: &DocumentRef) -> bool {
        self.has(&found.target) && (&found.kind, &found.id) == (&document.kind, &document.id)
    }
}

/// The names of a target, for a writer.
pub(crate) async fn names_in(transaction: &mut Transaction<'_>, target: &str) -> Result<Names, sqlx::Error> {
    let rows = transaction.rows(names!(""), &[target.into()]).await?;
    Names::of(target, &rows)
}

/// The names of a target, and the last entry, for a writer that adds one.
pub(crate) async fn names_and_last(
    transaction: &mut Transaction<'_>,
    target: &str,
) -> Result<(Names, Last), sqlx::Error> {
    // Why together: each question costs a way to the database and back, while all other writers wait.
    let sql = concat!(
        names!(", CAST(0 AS BIGINT)"),
        " UNION ALL SELECT '', hash, seq FROM (SELECT hash, seq FROM entries ORDER BY seq DESC LIMIT 1) AS last"
    );
    let (mut names, mut last) = (Vec::new(), Last::none());
    for row in transaction.rows(sql, &[target.into()]).await? {
        match number(&row, 2)? {
            0 => names.push(row),
            seq => last = Last::new(seq, text(&row, 1)?),
        }
    }
    Ok((Names::of(target, &names)?, last))
}

/// The names of a target, for a reader.
pub(crate) async fn names(store: &Store, target: &str) -> Result<Names, LedgerError> {
    let rows = store.read(names!(""), &[target.into()]).await?;
    Names::of(target, &rows).map_err(|error| corrupt(&error))
}

/// Which target is which organization.
#[derive(Default)]
pub(crate) struct Joins(BTreeMap<String, String>);

impl Joins {
    /// Takes note that a name is one of an organization.
    pub(crate) fn add(&mut self, name: String, organization: String) {
        self.0.insert(name, organization);
    }

    pub(crate) async fn read(store: &Store) -> Result<Self, LedgerError> {
        let mut joins = Self::default();
        for row in store.read("SELECT name, organization FROM targets", &[]).await? {
            let (name, organization) = (text(&row, 0), text(&row, 1));
            joins.add(
                name.map_err(|error| corrupt(&error))?,
                organization.map_err(|error| corrupt(&error))?,
            );
        }
        Ok(joins)
    }

    /// Shows a document of a target that is an organization as the organization's.
    pub(crate) fn apply(&self, document: &mut DocumentRef, author: &mut Author) {
        if let Some(organization) = self.0.get(&document.target) {
            author.shown_target = Some(std::mem::replace(&mut document.target, organization.clone()));
        }
    }
}

/// A join to be recorded.
pub(crate) struct Join<'l>(pub(crate) &'l JoinRecord);

impl TransactionBody for Join<'_> {
    type Output = Option<EntryId>;

    async fn run(&self, transaction: &mut Transaction<'_>) -> Result<Option<EntryId>, TxError> {
        let record = self.0;
        let (names, last) = names_and_last(transaction, &record.target).await?;
        let known = names.canonical;
        if known == record.organization {
            return Ok(None);
        }
        ports::refuse_join(record, &known)?;
        let (seq, _) = row::add(transaction, last, |seq, previous| Body::of_join(seq, previous, record)).await?;
        let values = [record.target.as_str().into(), record.organization.as_str().into()];
        let sql = "INSERT INTO targets (name, organization) VALUES ($1, $2)";
        transaction.execute(sql, &values).await?;
        // What is pending goes out before what comes under the other name.
        let sql = "UPDATE outbox SET target = $2 WHERE target = $1 AND state = 'pending'";
        transaction.execute(sql, &values).await?;
        Ok(Some(EntryId(unsigned(seq))))
    }
}
