//! The address of a ledger.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::any::AnyConnectOptions;
use sqlx::{ConnectOptions, any};

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
pub struct LedgerAddress(Place);

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
    /// Nothing after `sqlite:`.
    #[error("`sqlite:` names no file")]
    NoFile,
    /// A URL that cannot be read.
    #[error("it is no URL")]
    NoUrl,
}

impl LedgerAddress {
    /// The ledger in a file.
    #[must_use]
    pub fn of_file(file: PathBuf) -> Self {
        Self(Place::File(file))
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::File(file) => Some(file),
            Place::Postgres(_) => None,
        }
    }

    /// Connect options for a file that no process can write to: read-only, and without locks.
    pub(crate) fn options_of_copy(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=ro&immutable=true")
    }

    /// Connect options. Statements are not logged, since they contain documents.
    pub(crate) fn options(&self) -> Result<AnyConnectOptions, sqlx::Error> {
        self.options_with("mode=rwc")
    }

    fn options_with(&self, access: &str) -> Result<AnyConnectOptions, sqlx::Error> {
        any::install_default_drivers();
        let options = match &self.0 {
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

impl FromStr for LedgerAddress {
    type Err = LedgerAddressError;

    fn from_str(text: &str) -> Result<Self, LedgerAddressError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(LedgerAddressError::NoFile)
            } else {
                Ok(Self::of_file(PathBuf::from(path)))
            };
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(LedgerAddressError::Scheme);
        }
        let options: AnyConnectOptions = text.parse().map_err(|_| LedgerAddressError::NoUrl)?;
        Ok(Self(Place::Postgres(Box::new(options))))
    }
}

/// Without the password.
impl fmt::Display for LedgerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
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
