//! The failures of a database, by what the caller can do about them.

use std::fmt;

use network::TlsFailure;
use ports::{LedgerError, LedgerFailure};

/// True if the connection is lost, so that a new one may work.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    let is_broken = matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed
    );
    is_broken || passes(error)
}

/// True if a shared database cannot be reached now, or takes no connection now: it may come back by itself.
pub(super) fn is_away(error: &sqlx::Error) -> bool {
    use std::io::ErrorKind;
    // Why not all: a name that has no address, and a certificate, stay as they are.
    let is_cut = |kind| {
        matches!(
            kind,
            ErrorKind::ConnectionRefused
                | ErrorKind::ConnectionReset
                | ErrorKind::ConnectionAborted
                | ErrorKind::NotConnected
                | ErrorKind::BrokenPipe
                | ErrorKind::UnexpectedEof
                | ErrorKind::TimedOut
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
        )
    };
    matches!(error, sqlx::Error::Io(cause) if is_cut(cause.kind())) || is_closed(error) || passes(error)
}

/// True if the other side closed a connection without an answer, as something in front of a server that is down does.
fn is_closed(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(message) if message.contains("response from SSLRequest: 0x00"))
}

/// True if a server refuses or ends a connection for a reason that passes. PostgreSQL, appendix A: 08 is connection
/// exception, 57P01 to 57P03 shutdown and start-up, 53300 too many connections, 25P03 idle in a transaction for too long.
fn passes(error: &sqlx::Error) -> bool {
    let passes = |code: String| {
        ["08", "57P0", "53300", "25P03"]
            .iter()
            .any(|class| code.starts_with(class))
    };
    code(error).is_some_and(passes)
}

/// True if SQLite may not write, or cannot open a file: `SQLITE_READONLY`, `SQLITE_CANTOPEN`.
pub(super) fn is_refused(error: &sqlx::Error) -> bool {
    number_of(error).is_some_and(|number| [8, 14].contains(&(number & 0xff)))
}

/// True if SQLite only waited too long for another writer: nothing was written.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    // SQLITE_BUSY and its kinds: the low byte is 5.
    number_of(error).is_some_and(|number| number & 0xff == 5)
}

/// The number that SQLite gives an error. It has at most four digits; the codes of PostgreSQL, five characters, are none.
fn number_of(error: &sqlx::Error) -> Option<u32> {
    code(error).filter(|code| code.len() < 5)?.parse().ok()
}

fn code(error: &sqlx::Error) -> Option<String> {
    let of_database = error.as_database_error()?;
    of_database.code().map(std::borrow::Cow::into_owned)
}

/// True if the role lacks the privilege. PostgreSQL, appendix A: 42501.
pub(super) fn is_denied(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "42501")
}

/// An error of the database in its own words, without those of the library.
#[derive(Debug)]
pub(super) struct DatabaseError(pub(super) sqlx::Error);

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_database_error() {
            Some(error) => f.write_str(error.message()),
            None => self.0.fmt(f),
        }
    }
}

impl std::error::Error for DatabaseError {}

/// The failure of a statement, and what to do about it.
pub(super) fn explained(doing: &str, error: sqlx::Error) -> LedgerError {
    let number = number_of(&error).unwrap_or_default();
    let code = code(&error);
    let failure = |why: &str| LedgerFailure::new(format!("cannot {doing} the ledger: {why}"));
    if matches!(&error, sqlx::Error::Io(late) if late.kind() == std::io::ErrorKind::TimedOut) {
        return LedgerError::Busy(failure("it did not answer in time"));
    }
    if is_pooled(&error) {
        return of_pooler(doing, error);
    }
    if let Some(tls) = TlsFailure::find(&error) {
        let help = tls.help();
        return LedgerError::Unusable(failure(&tls.message("the database")).with_help(help).with_source(error));
    }
    if is_away(&error) {
        return away(doing, error);
    }
    let error = DatabaseError(error);
    // sqlite.org/rescode.html; PostgreSQL, appendix A: 55P03 is lock not available, 25006 read-only transaction.
    let (failure, help) = match (number & 0xff, code.as_deref()) {
        (5, _) | (_, Some("55P03")) => {
            return LedgerError::Busy(failure("others are at work in it").with_source(error));
        }
        (26, _) => (
            failure("it is the file of another program"),
            "name another one with --ledger",
        ),
        (8 | 14, _) | (_, Some("25006" | "42501")) => (
            failure("it may not be written"),
            "make it writable, or name another one with --ledger",
        ),
        _ if error.to_string().contains("already exists") => (
            failure("another program has tables there"),
            "name another file, database or schema with --ledger",
        ),
        _ => {
            let failure = LedgerFailure::new(format!("cannot {doing} the ledger"));
            return LedgerError::Unusable(failure.with_source(error));
        }
    };
    LedgerError::Unusable(failure.with_help(help).with_source(error))
}

/// True if a pooler in transaction mode answers: it refuses the settings of a connection, or gives each transaction
/// another one, on which statements that were prepared are unknown (26000) or there already (42P05).
fn is_pooled(error: &sqlx::Error) -> bool {
    let refuses_settings =
        |error: &dyn sqlx::error::DatabaseError| error.message().starts_with("unsupported startup parameter");
    matches!(code(error).as_deref(), Some("26000" | "42P05")) || error.as_database_error().is_some_and(refuses_settings)
}

fn of_pooler(doing: &str, error: sqlx::Error) -> LedgerError {
    let why = "a connection pooler in transaction mode, such as pgbouncer, stands in front of the database";
    let failure = LedgerFailure::new(format!("cannot {doing} the ledger: {why}"));
    let help = "name the database itself, or a pool in session mode, with --ledger";
    LedgerError::Unusable(failure.with_help(help).with_source(DatabaseError(error)))
}

fn away(doing: &str, error: sqlx::Error) -> LedgerError {
    let failure = LedgerFailure::new(format!(
        "cannot {doing} the ledger: its database takes no connection now"
    ));
    LedgerError::Busy(if is_closed(&error) {
        failure
    } else {
        failure.with_source(DatabaseError(error))
    })
}

pub(super) fn unusable(doing: &str, error: sqlx::Error) -> LedgerError {
    if is_away(&error) {
        return away(doing, error);
    }
    if is_pooled(&error) {
        return of_pooler(doing, error);
    }
    let failure = LedgerFailure::new(format!("cannot {doing} the ledger"));
    LedgerError::Unusable(failure.with_source(DatabaseError(error)))
}
