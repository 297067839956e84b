//! The address of a ledger.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions, any};

/// The parameters of a URL that name certificates to trust.
const AUTHORITY_KEYS: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];

/// The address of a ledger: a file, or a shared database.
///
/// ```
/// use assist_rules_ledger_adapter::LedgerAddress;
///
/// let file: LedgerAddress = "sqlite:/var/lib/assist-rules/ledger.db".parse()?;
/// assert_eq!(file.to_string(), "sqlite:/var/lib/assist-rules/ledger.db");
/// let shared: LedgerAddress = "postgres://auditor:secret@db.example.org/rules".parse()?;
/// assert_eq!(shared.to_string(), "postgres://auditor@db.example.org/rules");
/// assert!("mysql://db.example.org/rules".parse::<LedgerAddress>().is_err());
/// # Ok::<(), assist_rules_ledger_adapter::LedgerAddressError>(())
/// ```
#[derive(Clone)]
pub struct LedgerAddress {
    place: Place,
    patience: Duration,
}

/// The time for which a shared database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Postgres(Box<AnyConnectOptions>),
}

/// An address that is none of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerAddressError {
    /// Another kind of store.
    #[error("a ledger is at `sqlite:PATH` or at `postgres://…`")]
    Scheme,
    /// A database of SQLite that is in no file of its own, and gone with the process.
    #[error("`sqlite:{0}` is no file: a ledger is kept in one")]
    NoFileOfItsOwn(String),
    /// Nothing after `sqlite:`.
    #[error("`sqlite:` names no file")]
    NoFile,
    /// A URL that cannot be read.
    #[error("it is no URL")]
    NoUrl,
}

impl LedgerAddress {
    /// The ledger in a file.
    pub fn of_file(file: PathBuf) -> Self {
        Self::of(Place::File(file))
    }

    fn of(place: Place) -> Self {
        Self {
            place,
            patience: PATIENCE,
        }
    }

    /// The ledger, waited for at most so long when it is opened and its database is away, if that is less than 20 seconds.
    #[must_use]
    pub fn waited_for(self, at_most: Duration) -> Self {
        Self {
            patience: self.patience.min(at_most),
            ..self
        }
    }

    /// The time for which its database is waited for when it is opened.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// The ledger, with certificates to trust beside the built-in ones where it is a database whose URL names none.
    #[must_use]
    pub fn trusting(mut self, ca_file: &Path) -> Self {
        if let Place::Postgres(options) = &mut self.place
            && let Some(file) = ca_file.to_str()
        {
            let names_authority = |(key, _): (Cow<'_, str>, _)| AUTHORITY_KEYS.contains(&&*key);
            let url = &mut options.database_url;
            if !url.query_pairs().any(names_authority) {
                url.query_pairs_mut().append_pair("sslrootcert", file);
            }
        }
        self
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(file) => Some(file),
            Place::Postgres(_) => None,
        }
    }

    /// Connect options for a file that no process can write to: read-only, and without locks.
    pub(crate) fn options_of_copy(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=ro&immutable=true")
    }

    /// Connect options for a file that this process cannot write to: read-only.
    pub(crate) fn options_to_read(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=ro")
    }

    /// Connect options for a file that is there.
    pub(crate) fn options_of_existing(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=rw")
    }

    /// Connect options. Statements are not logged, since they contain documents.
    pub(crate) fn options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=rwc")
    }

    fn options_with(&self, access: &str) -> Result<AnyConnectOptions, sqlx::Error> {
        any::install_default_drivers();
        let options = match &self.place {
            Place::File(file) => {
                let no_text = || sqlx::Error::Configuration("the path is no UTF-8".into());
                let path: String = file
                    .to_str()
                    .ok_or_else(no_text)?
                    .chars()
                    .map(|c| match c {
                        '%' => "%25".to_owned(),
                        '?' => "%3F".to_owned(),
                        '#' => "%23".to_owned(),
                        c => c.to_string(),
                    })
                    .collect();
                format!("sqlite:{path}?{access}").parse()?
            }
            Place::Postgres(options) => options.as_ref().clone(),
        };
        Ok(options.disable_statement_logging())
    }
}

/// The URL of a database with the name by which its owner finds this program among the connections.
fn named(url: &str) -> String {
    if url.contains("application_name=") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}application_name=assist-rules")
}

impl FromStr for LedgerAddress {
    type Err = LedgerAddressError;

    fn from_str(text: &str) -> Result<Self, LedgerAddressError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(LedgerAddressError::NoFile)
            } else if path.starts_with(':') || path.starts_with("file:") {
                Err(LedgerAddressError::NoFileOfItsOwn(path.to_owned()))
            } else {
                Ok(Self::of_file(PathBuf::from(path)))
            };
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(LedgerAddressError::Scheme);
        }
        let options: AnyConnectOptions = named(text).parse().map_err(|_| LedgerAddressError::NoUrl)?;
        Ok(Self::of(Place::Postgres(Box::new(options))))
    }
}

/// Without the password.
impl fmt::Display for LedgerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(file) => write!(f, "sqlite:{}", file.display()),
            Place::Postgres(options) => {
                let mut url = options.database_url.clone();
                // Why: a URL without a host has no password either.
                let _ = url.set_password(None);
                url.set_query(None);
                url.fmt(f)
            }
        }
    }
}

impl fmt::Debug for LedgerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD A8.
    #[test]
    fn a_database_in_no_file_is_no_ledger() {
        for text in ["sqlite::memory:", "sqlite://:memory:", "sqlite:file:x?mode=memory"] {
            let refused = text.parse::<LedgerAddress>().err();
            assert!(
                matches!(refused, Some(LedgerAddressError::NoFileOfItsOwn(_))),
                "{text}: {refused:?}"
            );
        }
        assert!("sqlite:./:memory:".parse::<LedgerAddress>().is_ok());
    }

    /// FIELD I4.
    #[test]
    fn a_connection_has_the_name_of_the_program_unless_it_was_given_one() {
        for (url, named_url) in [
            ("postgres://a@b/c", "postgres://a@b/c?application_name=assist-rules"),
            (
                "postgres://a@b/c?sslmode=require",
                "postgres://a@b/c?sslmode=require&application_name=assist-rules",
            ),
            (
                "postgres://a@b/c?application_name=x",
                "postgres://a@b/c?application_name=x",
            ),
        ] {
            assert_eq!(named(url), named_url);
        }
    }

    /// FIELD C4: `ca_file` counts for a shared ledger, unless its URL names another.
    #[test]
    fn certificates_to_trust_go_into_the_url_of_a_database() {
        for (address, expected) in [
            (
                "postgres://db/rules",
                Some("application_name=assist-rules&sslrootcert=%2Fetc%2Fca.pem"),
            ),
            (
                "postgres://db/rules?sslmode=verify-full",
                Some("sslmode=verify-full&application_name=assist-rules&sslrootcert=%2Fetc%2Fca.pem"),
            ),
            (
                "postgres://db/rules?sslrootcert=own.pem",
                Some("sslrootcert=own.pem&application_name=assist-rules"),
            ),
            ("sqlite:ledger.db", None),
        ] {
            let address: LedgerAddress = address.parse().unwrap();
            let query = match address.trusting(Path::new("/etc/ca.pem")).place {
                Place::File(_) => None,
                Place::Postgres(options) => options.database_url.query().map(str::to_owned),
            };
            assert_eq!(query.as_deref(), expected);
        }
    }
}
