//! A document as a command line names it: `rule/ID`, or `ID` alone for a trigger rule, or its name; `copilot/ASSISTANT` or
//! `copilot/ASSISTANT/VARIATION` for a Copilot.

use std::str::FromStr;

use domain::{Copilot, CopilotId, DocumentKind, RuleId, TriggerRule};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The kinds that a name may begin with.
const KINDS: [&str; 2] = ["rule", "copilot"];

/// A document that a command works on. Each kind is one variant, which holds the kind's own id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DocumentArgument {
    /// A trigger rule.
    Rule(RuleId),
    /// The Copilot of an assistant, or of a variation of it.
    Copilot(CopilotId),
}

impl DocumentArgument {
    /// The id, without the kind.
    pub(crate) fn id(&self) -> String {
        match self {
            Self::Rule(id) => id.to_string(),
            Self::Copilot(id) => id.to_string(),
        }
    }

    /// The name of the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Rule(_) => TriggerRule::NAME.as_str(),
            Self::Copilot(_) => Copilot::NAME.as_str(),
        }
    }
}

impl FromStr for DocumentArgument {
    type Err = CliError;

    fn from_str(text: &str) -> Result<Self, CliError> {
        match text.split_once('/') {
            Some(("rule", id)) => rule(id),
            Some(("copilot", id)) => copilot(id),
            Some((kind, _)) if is_word(kind) => {
                let message = format!("`{text}` names the unknown kind `{kind}`");
                let help = format!(
                    "a document is named by its id, or as KIND/ID; KIND is one of: {}",
                    KINDS.join(", ")
                );
                Err(CliError::new(ErrorCode::Usage, message).with_help(help))
            }
            // An id has no `/`, and its error says so.
            Some(_) | None => rule(text),
        }
    }
}

/// The name that a text stands for; none if it has the form of an id, or is no name that a person would give a rule.
///
/// `name:TEXT` is always a name. A text that has the form of an id never is: a stale id could be another rule's name.
pub(crate) fn name_of(text: &str) -> Option<&str> {
    if let Some(name) = text.strip_prefix("name:") {
        return Some(name);
    }
    let of_id = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let is_name = text.starts_with(char::is_alphanumeric)
        && !text.chars().all(of_id)
        && !text.contains(|letter: char| letter == '/' || letter.is_control());
    is_name.then_some(text)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

fn rule(id: &str) -> Result<DocumentArgument, CliError> {
    let id = id.parse().map(DocumentArgument::Rule);
    id.map_err(|error: domain::trigger_rule::ParseRuleIdError| CliError::new(ErrorCode::InvalidId, error.to_string()))
}

fn copilot(id: &str) -> Result<DocumentArgument, CliError> {
    let id = id.parse().map(DocumentArgument::Copilot);
    id.map_err(|error: domain::copilot::ParseCopilotIdError| {
        CliError::new(ErrorCode::InvalidId, error.to_string()).with_help(
            "`assist-rules list --kind copilot` shows the assistants; `copilot/name:TEXT` names one by its name",
        )
    })
}

/// The name of an assistant in the text after `copilot/`, and the variation; none if the text has the form of ids. A `/` in the
/// name is written `%2F`.
pub(crate) fn assistant_name_of(text: &str) -> Option<(String, Option<&str>)> {
    let (assistant, variation) = match text.split_once('/') {
        Some((assistant, variation)) => (assistant, Some(variation)),
        None => (text, None),
    };
    let assistant = assistant.replace("%2F", "/").replace("%2f", "/");
    if let Some(name) = assistant.strip_prefix("name:") {
        return Some((name.to_owned(), variation));
    }
    let plain = assistant.replace('/', " ");
    name_of(&plain).is_some().then_some((assistant, variation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_named_by_its_id_or_by_kind_and_id() {
        for (text, read) in [
            ("r-1", Ok("r-1")),
            ("rule/r-1", Ok("r-1")),
            ("rule", Ok("rule")),
            ("copilot/a", Ok("a")),
            ("copilot/a/b", Ok("a/b")),
            ("queue/a", Err(("AR0601", "`queue/a` names the unknown kind `queue`"))),
            ("Rule/a", Err(("AR0601", "`Rule/a` names the unknown kind `Rule`"))),
        ] {
            let document = text.parse::<DocumentArgument>();
            let read_as = document.as_ref().map(DocumentArgument::id);
            let read_as = read_as.as_ref().map(String::as_str);
            assert_eq!(
                read_as.map_err(|error| (error.code.id(), error.message.as_str())),
                read,
                "{text}"
            );
        }
        for text in [
            "",
            "rule/",
            "rule/a/b",
            "a b",
            "/a",
            "../a",
            "copilot/",
            "copilot/a/",
            "copilot/a/b/c",
        ] {
            let error = text.parse::<DocumentArgument>().unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidId, "{text}");
        }
    }

    #[test]
    fn a_text_is_a_name_if_it_is_no_id_or_says_so() {
        for (text, name) in [
            ("Credit Card Detection Rule", Some("Credit Card Detection Rule")),
            ("Größe", Some("Größe")),
            ("Refunds!", Some("Refunds!")),
            ("name:Refunds", Some("Refunds")),
            ("name:a/b", Some("a/b")),
            ("Refunds", None),
            ("a1b2c3d4-e5f6-7890-abcd-ef1234567890", None),
            ("rule/a", None),
            ("rule/a b", None),
            ("../a", None),
            ("..", None),
            ("%2e", None),
            ("-x y", None),
            ("a\nb", None),
            (&"a".repeat(200), None),
            (" ", None),
            ("", None),
        ] {
            assert_eq!(name_of(text), name, "{text}");
        }
    }

    #[test]
    fn an_assistant_is_named_by_its_name_where_that_is_no_id() {
        for (text, expected) in [
            ("Billing", None),
            ("7d2b6a54-9999", None),
            ("name:Billing", Some(("Billing", None))),
            ("Billing DE", Some(("Billing DE", None))),
            ("Billing DE/v1", Some(("Billing DE", Some("v1")))),
            ("Billing%2FDE x", Some(("Billing/DE x", None))),
            ("..", None),
        ] {
            let found = assistant_name_of(text);
            let found = found.as_ref().map(|(name, variation)| (name.as_str(), *variation));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_kind_is_refused_with_those_that_are_known() {
        let error = "queue/a".parse::<DocumentArgument>().unwrap_err();
        assert!(error.help.unwrap().ends_with("KIND is one of: rule, copilot"));
        for kind in KINDS {
            assert!(format!("{kind}/a").parse::<DocumentArgument>().is_ok(), "{kind}");
        }
    }
}
