//! Files of Copilot documents: the document as it is, or one that says whose it is.
//!
//! - `kind: copilot` with `assistant` and the document under `copilot`;
//! - `kind: copilot-rules` with `assistant`, and `rules` and `fallback` alone: all else is left as it is.

use domain::document::{DocumentKind, is_note};
use domain::json::{Document, Node, TextError};
use domain::{Code, Copilot, CopilotId, Finding, Pointer};

use crate::render::findings::File;
use crate::source::Source;

/// The member that says which form a file has.
const KIND: &str = "kind";
/// The member that names the assistant.
const ASSISTANT: &str = "assistant";
/// The member that names a variation of it.
const VARIATION: &str = "variation";

/// The forms of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// The whole document, or parts of it, under `copilot`.
    Whole,
    /// Rules and fallback.
    Rules,
}

impl Form {
    /// The members that the document is made of: in the file, and in the document.
    fn parts(self) -> &'static [(&'static str, &'static [&'static str])] {
        match self {
            Self::Whole => &[("copilot", &[])],
            Self::Rules => &[
                ("rules", &["ruleEngineConfig", "rules"]),
                ("fallback", &["ruleEngineConfig", "fallback"]),
            ],
        }
    }

    fn named(kind: &str) -> Option<Self> {
        match kind {
            "copilot" => Some(Self::Whole),
            "copilot-rules" => Some(Self::Rules),
            _ => None,
        }
    }
}

/// The document that a file holds, with the places in the file; a document without `kind` as it is.
///
/// # Errors
///
/// If the file is about another assistant, or of no form that is known.
pub(crate) fn read(source: Source, id: &CopilotId) -> Result<Source, Box<File>> {
    let root = source.document.root();
    let Some(kind) = root.get(KIND) else {
        return Ok(source);
    };
    let Some(form) = kind.as_str().and_then(Form::named) else {
        let message = format!("unknown kind {}", kind.compact());
        let fault = Finding::new(Code::UnknownMember, Pointer::root().member(KIND), message);
        let fault = fault.with_help("known here: copilot, copilot-rules");
        return Err(Box::new(File::of_source(&source, vec![fault])));
    };
    let findings = faults(root, form, id);
    if !findings.is_empty() {
        return Err(Box::new(File::of_source(&source, findings)));
    }
    match document(root, form) {
        Ok(document) => {
            let parts = form.parts().iter().map(|(file, inside)| {
                let inside = inside.iter().fold(Pointer::root(), |place, name| place.member(name));
                (inside, Pointer::root().member(file))
            });
            let parts = parts.collect();
            Ok(source.within(document, parts))
        }
        Err(error) => {
            let fault = Finding::new(Code::TooLarge, Pointer::root(), error.to_string());
            Err(Box::new(File::of_source(&source, vec![fault])))
        }
    }
}

fn faults(root: Node<'_>, form: Form, id: &CopilotId) -> Vec<Finding> {
    let mut findings = Vec::new();
    let parts = form.parts();
    for member in root.members() {
        let is_known = [KIND, ASSISTANT, VARIATION, "$schema"].contains(&member.name)
            || is_note(member.name)
            || parts.iter().any(|(name, _)| *name == member.name);
        if !is_known {
            let message = format!("unknown member `{}`", member.name);
            findings.push(Finding::new(
                Code::UnknownMember,
                Pointer::root().member(member.name),
                message,
            ));
        }
    }
    for (name, meant) in [(ASSISTANT, Some(id.assistant())), (VARIATION, id.variation())] {
        let stated = root.get(name);
        let is_other = match (stated.and_then(Node::as_str), meant) {
            (Some(stated), Some(meant)) => stated != meant,
            (Some(_), None) => true,
            (None, _) => stated.is_some(),
        };
        if is_other {
            let message = format!("the file is about another {name} than the document that it would be written to");
            findings.push(Finding::new(Code::OtherId, Pointer::root().member(name), message));
        }
    }
    if form == Form::Whole && !root.get("copilot").is_some_and(Node::is_object) {
        let message = "a file of this kind needs `copilot`, an object";
        findings.push(Finding::new(
            Code::MissingMember,
            Pointer::root().member("copilot"),
            message,
        ));
    }
    findings
}

fn document(root: Node<'_>, form: Form) -> Result<Document, TextError> {
    match form {
        Form::Whole => root
            .get("copilot")
            .map_or_else(|| Ok(Document::empty_object()), Document::from_node),
        Form::Rules => {
            let named = form.parts().iter();
            let named: Vec<(&str, &str)> = named
                .filter_map(|(name, _)| Some((*name, root.get(name)?.raw())))
                .collect();
            let config = Document::empty_object().with_members(&named)?;
            Document::empty_object().with_members(&[("ruleEngineConfig", config.text())])
        }
    }
    .map(|document| document.with_precision(Copilot::PRECISION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::of_json;

    fn id() -> CopilotId {
        "a".parse().unwrap()
    }

    fn source(text: &str) -> Source {
        of_json("file", text).unwrap()
    }

    #[test]
    fn a_file_says_whose_document_it_is_and_has_its_places() {
        let text = r#"{"kind": "copilot-rules", "assistant": "a", "x-owner": "ops", "rules": [{"enabled": 7}]}"#;
        let read = read(source(text), &id()).unwrap();
        assert_eq!(
            read.document.compact(),
            r#"{"ruleEngineConfig":{"rules":[{"enabled":7}]}}"#
        );
        let place = "/ruleEngineConfig/rules/0/enabled".parse().unwrap();
        assert_eq!(text.get(read.range(&place)), Some("7"));
        let text = r#"{"kind": "copilot", "assistant": "a", "copilot": {"liveOnQueue": true}}"#;
        let read = super::read(source(text), &id()).unwrap();
        assert_eq!(read.document.compact(), r#"{"liveOnQueue":true}"#);
        assert_eq!(text.get(read.range(&"/liveOnQueue".parse().unwrap())), Some("true"));
        let raw = super::read(source(r#"{"liveOnQueue": true}"#), &id()).unwrap();
        assert_eq!(raw.document.compact(), r#"{"liveOnQueue":true}"#);
    }

    #[test]
    fn a_file_of_another_document_or_kind_is_refused_by_its_place() {
        for (text, expected) in [
            (
                r#"{"kind": "copilot-rules", "assistant": "b", "rules": []}"#,
                "AR0107 /assistant",
            ),
            (
                r#"{"kind": "copilot", "variation": "v", "copilot": {}}"#,
                "AR0107 /variation",
            ),
            (r#"{"kind": "copilot", "assistant": "a"}"#, "AR0105 /copilot"),
            (
                r#"{"kind": "copilot-rules", "assistant": "a", "rule": []}"#,
                "AR0109 /rule",
            ),
            (r#"{"kind": "queue"}"#, "AR0109 /kind"),
        ] {
            let file = super::read(source(text), &id()).unwrap_err();
            let (finding, _) = &file.findings[0];
            let found = format!("{} {}", finding.code, finding.pointer);
            assert_eq!(found, expected, "{text}");
        }
    }
}
