//! The documents of an assistant that are written as a whole.

/// A Copilot, or a language variation with the Copilot in it.
///
/// ```
/// use assist_rules_emulator::HostedDocument;
///
/// let variation = HostedDocument::Variation { assistant: "7".to_owned(), variation: "9".to_owned() };
/// assert_eq!(variation.path(), "/api/v2/assistants/7/variations/9");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HostedDocument {
    /// The Copilot of an assistant.
    Copilot {
        /// The id of the assistant.
        assistant: String,
    },
    /// A language variation of an assistant.
    Variation {
        /// The id of the assistant.
        assistant: String,
        /// The id of the variation.
        variation: String,
    },
}

impl HostedDocument {
    /// The path that it is read and written at.
    pub fn path(&self) -> String {
        match self {
            Self::Copilot { assistant } => format!("/api/v2/assistants/{assistant}/copilot"),
            Self::Variation { assistant, variation } => {
                format!("/api/v2/assistants/{assistant}/variations/{variation}")
            }
        }
    }

    /// The id of its assistant.
    pub fn assistant(&self) -> &str {
        match self {
            Self::Copilot { assistant } | Self::Variation { assistant, .. } => assistant,
        }
    }
}
