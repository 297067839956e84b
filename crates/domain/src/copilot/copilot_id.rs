//! The place of a Copilot document: an assistant, and maybe a variation of it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::trigger_rule::RuleId;

/// The assistant that a document belongs to, and the variation if it is one's: `ASSISTANT` or `ASSISTANT/VARIATION`, each an id
/// that is one segment of a URL's path as it stands.
///
/// ```
/// use assist_rules_domain::CopilotId;
///
/// let id: CopilotId = "7d2b6a54-9999-4888-8777-666655554444/french".parse()?;
/// assert_eq!((id.assistant().len(), id.variation()), (36, Some("french")));
/// assert!("a/b/c".parse::<CopilotId>().is_err());
/// # Ok::<(), assist_rules_domain::copilot::ParseCopilotIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CopilotId {
    assistant: String,
    variation: Option<String>,
}

/// The text is no id of a Copilot document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no assistant: expected ASSISTANT or ASSISTANT/VARIATION, each of letters, digits, `_` and `-`, beginning with a \
     letter or digit"
)]
pub struct ParseCopilotIdError(String);

impl CopilotId {
    /// The id of the assistant.
    pub fn assistant(&self) -> &str {
        &self.assistant
    }

    /// The id of the variation, of a document that is one's.
    pub fn variation(&self) -> Option<&str> {
        self.variation.as_deref()
    }
}

impl FromStr for CopilotId {
    type Err = ParseCopilotIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (assistant, variation) = match text.split_once('/') {
            Some((assistant, variation)) => (assistant, Some(variation)),
            None => (text, None),
        };
        let are_segments = [Some(assistant), variation]
            .into_iter()
            .flatten()
            .all(|segment| segment.parse::<RuleId>().is_ok());
        if !are_segments {
            return Err(ParseCopilotIdError(text.chars().take(200).collect()));
        }
        Ok(Self {
            assistant: assistant.to_owned(),
            variation: variation.map(str::to_owned),
        })
    }
}

impl fmt::Display for CopilotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.assistant)?;
        match &self.variation {
            Some(variation) => write!(f, "/{variation}"),
            None => Ok(()),
        }
    }
}

impl Serialize for CopilotId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
