//! The SQL statements of the sink.

use domain::Version;
use ports::Event;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::table::Table;
use crate::cloud_event::{self, FIRST_KIND};

/// Makes the table for a kind. A document whose content guards its writes has no version.
pub(super) fn create(table: &Table, kind: &str) -> String {
    let [id, document] = columns_of(kind);
    let version = if kind == FIRST_KIND { "text NOT NULL" } else { "text" };
    format!(
        "CREATE TABLE IF NOT EXISTS {} (
            event_id text PRIMARY KEY,
            target text NOT NULL,
            {id} text NOT NULL,
            entry bigint NOT NULL,
            applied_at timestamptz NOT NULL,
            version_before {version},
            version_after text,
            author jsonb NOT NULL,
            diff jsonb NOT NULL,
            {document} jsonb NOT NULL,
            event jsonb NOT NULL
        )",
        table.quoted()
    )
}

/// The columns of the id and of the document.
fn columns_of(kind: &str) -> [&'static str; 2] {
    if kind == FIRST_KIND {
        ["rule_id", "rule"]
    } else {
        ["document_id", "document"]
    }
}

/// Writes the row of an event: a new one, or the one that is there.
fn upsert(table: &Table, kind: &str) -> String {
    let [id, document] = columns_of(kind);
    // The columns that an event told again may change.
    let columns = [
        "target",
        id,
        "entry",
        "applied_at",
        "version_before",
        "version_after",
        "author",
        "diff",
        document,
        "event",
    ];
    let all = |prefix: &str| columns.map(|column| format!("{prefix}{column}")).join(", ");
    // Why the last line: a row that says so already is left as it is, and no trigger fires for nothing.
    format!(
        "INSERT INTO {} AS told (event_id, {})
         VALUES ($1, $2, $3, $4, $5::timestamptz, $6, $7, $8::jsonb, $9::jsonb, $10::jsonb, $11::jsonb)
         ON CONFLICT (event_id) DO UPDATE SET ({}) = ({})
         WHERE ({}) IS DISTINCT FROM ({})",
        table.quoted(),
        all(""),
        all(""),
        all("excluded."),
        all("told."),
        all("excluded."),
    )
}

/// Writes an event.
pub(super) async fn write(table: &Table, event: &Event, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let sql = upsert(table, &event.document.kind);
    sqlx::query(AssertSqlSafe(sql))
        .bind(&event.id)
        .bind(event.author.shown_target(&event.document))
        .bind(&event.document.id)
        .bind(i64::try_from(event.entry.0).unwrap_or(i64::MAX))
        .bind(cloud_event::time(event.at))
        .bind(event.version_before.as_ref().map(Version::token))
        .bind(event.version_after.as_ref().map(Version::token))
        .bind(cloud_event::author(&event.author))
        .bind(cloud_event::diff(event))
        .bind(event.after.compact())
        .bind(cloud_event::body(event))
        .execute(connection)
        .await?;
    Ok(())
}
