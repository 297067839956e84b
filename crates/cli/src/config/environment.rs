//! The variables that the program was started with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The beginnings of the names of variables that are read.
const READ_PREFIXES: [&str; 2] = ["ASSIST_RULES_", "GENESYS"];

/// The other variables that are read, in any case.
const READ_NAMES: [&str; 7] = [
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// The variables that the program was started with. Empty ones count as not set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// The names of those whose value is no text.
    unreadable: Vec<String>,
}

impl Environment {
    /// The process's own.
    pub(crate) fn of_process() -> Self {
        let mut environment = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => {
                    environment.variables.insert(name, value);
                }
                Err(_) => environment.unreadable.push(name),
            }
        }
        environment
    }

    /// A variable that is set and says something.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME")
            .map(PathBuf::from)
            .or_else(|| etcetera::home_dir().ok())
    }

    /// A path whose `~` at its start is the home folder, as a shell has it.
    pub(super) fn expanded(&self, path: PathBuf) -> PathBuf {
        match (path.strip_prefix("~"), self.home()) {
            (Ok(inside), Some(home)) => home.join(inside),
            (Ok(_) | Err(_), _) => path,
        }
    }

    /// The value of the first of these variables that says something, and its name; the first name if none does.
    pub(super) fn first_of<const N: usize>(&self, names: [&'static str; N]) -> (Option<String>, &'static str) {
        let set = |name: &'static str| Some((Some(self.get(name)?.to_owned()), name));
        let none = (None, names.first().copied().unwrap_or_default());
        names.into_iter().find_map(set).unwrap_or(none)
    }

    /// All variables, the empty ones too.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Refuses a variable that this program reads and whose value is no text: to go on without it would be to take it for
    /// one that is not set.
    pub(super) fn refuse_what_is_no_text(&self) -> Result<(), CliError> {
        let is_read = |name: &&String| {
            READ_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
                || READ_NAMES.iter().any(|read| name.eq_ignore_ascii_case(read))
        };
        match self.unreadable.iter().find(is_read) {
            None => Ok(()),
            Some(name) => {
                let message = format!("the environment: the value of `{name}` is not UTF-8");
                Err(CliError::new(ErrorCode::Configuration, message))
            }
        }
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self {
            variables: variables.into_iter().collect(),
            unreadable: Vec::new(),
        }
    }
}
