//! JSON Pointers (RFC 6901): how a finding, a difference and a conflict name a place in a document.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// A place in a JSON document.
///
/// ```
/// use assist_rules_domain::Pointer;
///
/// let pointer: Pointer = "/conditions/3/operator".parse()?;
/// assert_eq!(pointer, Pointer::root().member("conditions").index(3).member("operator"));
/// assert!("conditions".parse::<Pointer>().is_err());
/// # Ok::<(), assist_rules_domain::ParsePointerError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

/// The text is no JSON Pointer: it is not empty and does not start with `/`, or has a `~` that is no escape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no JSON Pointer")]
pub struct ParsePointerError(String);

impl Pointer {
    /// The whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The member of that name in the object here.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{escaped}", self.0))
    }

    /// The element with that index in the list here.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}/{index}", self.0))
    }

    /// The names and indices on the way, without escapes.
    pub fn tokens(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.0.split('/').skip(1).map(|token| {
            if token.contains('~') {
                Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
            } else {
                Cow::Borrowed(token)
            }
        })
    }

    /// The place where a part of a document stands at `to` that stands at `from` here; none if this place is not in that part.
    ///
    /// ```
    /// use assist_rules_domain::Pointer;
    ///
    /// let (from, to): (Pointer, Pointer) = ("/config/rules".parse()?, "/rules".parse()?);
    /// let place: Pointer = "/config/rules/0".parse()?;
    /// assert_eq!(place.moved(&from, &to), Some("/rules/0".parse()?));
    /// assert_eq!("/config/rulesets".parse::<Pointer>()?.moved(&from, &to), None);
    /// # Ok::<(), assist_rules_domain::ParsePointerError>(())
    /// ```
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(&from.0)?;
        let is_in_it = rest.is_empty() || rest.starts_with('/');
        is_in_it.then(|| Self(format!("{}{rest}", to.0)))
    }

    /// The pointer as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Pointer {
    type Err = ParsePointerError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let starts_well = text.is_empty() || text.starts_with('/');
        let escapes_well = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if starts_well && escapes_well {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParsePointerError(text.to_owned()))
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
