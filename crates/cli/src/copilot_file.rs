//! Files of Copilot documents: the document as it is, or one that says whose it is.
//!
//! - `kind: copilot` with `assistant` and the document under `copilot`;
//! - `kind: copilot-rules` with `assistant`, and `rules` and `fallback` alone: all else is left as it is.

use domain::document::{DocumentKind, is_note};
use domain::json::{Document, Node, TextError};
use domain::reference::ReferenceText;
use domain::{Code, Copilot, CopilotId, Finding, Pointer, TriggerRule};

use crate::render::findings::File;
use crate::source::Source;

/// The member that says which form a file has.
const KIND: &str = "kind";
/// The member that names the assistant.
pub(crate) const ASSISTANT: &str = "assistant";
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

/// A document of a file that says of which kind it is.
pub(crate) struct Opened {
    /// The document, with the places in the file; the whole of the file where something is wrong with its form.
    pub(crate) source: Source,
    /// The place of the document in the organization, where the file names it.
    pub(crate) id: Option<CopilotId>,
    /// The faults of the form, at their places in the file.
    pub(crate) faults: Vec<Finding>,
}

/// True if a document says that it is one of these files.
pub(crate) fn is_one(document: &Document) -> bool {
    form_of(document.root()).is_some()
}

/// The id of the document that a file is about, if it is one of these files.
pub(crate) fn id_of(document: &Document) -> Option<CopilotId> {
    form_of(document.root())?;
    id_in(document.root()).ok().flatten()
}

/// The reference that a file has in place of its assistant's id, with the variation.
pub(crate) fn named_in(file: &Document) -> Option<(String, Option<String>)> {
    form_of(file.root())?;
    let own = file.root().get(ASSISTANT).and_then(Node::as_str);
    let own = own.filter(|own| ReferenceText::begins(own))?.to_owned();
    let variation = file.root().get(VARIATION).and_then(Node::as_str).map(str::to_owned);
    Some((own, variation))
}

/// The document that one of these files holds.
///
/// # Errors
///
/// If it would be larger than a document may be.
pub(crate) fn document_in(file: &Document) -> Result<Document, TextError> {
    document(file.root(), form_of(file.root()).unwrap_or(Form::Whole))
}

/// The document that a file of this kind holds.
pub(crate) fn open(source: Source) -> Opened {
    let root = source.document.root();
    let Some(form) = form_of(root) else {
        let faults = vec![unknown_kind(root, "")];
        return Opened {
            source,
            id: None,
            faults,
        };
    };
    let mut faults = faults(root, form);
    let id = match id_in(root) {
        Ok(id) => id,
        Err(fault) => {
            faults.push(fault);
            None
        }
    };
    let document = document(root, form);
    match document {
        Ok(document) if faults.is_empty() => {
            let parts = form.parts().iter().map(|(file, inside)| {
                let inside = inside.iter().fold(Pointer::root(), |place, name| place.member(name));
                (inside, Pointer::root().member(file))
            });
            let parts = parts.collect();
            Opened {
                source: source.within(document, parts),
                id,
                faults,
            }
        }
        Ok(_) => Opened { source, id, faults },
        Err(error) => {
            faults.push(Finding::new(Code::TooLarge, Pointer::root(), error.to_string()));
            Opened { source, id, faults }
        }
    }
}

/// The document that a file holds, with the places in the file; a document without `kind` as it is. `named` is the id that the
/// name of the assistant stands for, where the file has a name.
///
/// # Errors
///
/// If the file is about another assistant, or of no form that is known.
pub(crate) fn read(source: Source, id: &CopilotId, named: Option<&str>) -> Result<Source, Box<File>> {
    let root = source.document.root();
    if root.get(KIND).is_none() {
        return Ok(source);
    }
    let others = about_another(root, id, named);
    if !others.is_empty() {
        return Err(Box::new(File::of_source(&source, others)));
    }
    let Opened { source, faults, .. } = open(source);
    if faults.is_empty() {
        Ok(source)
    } else {
        Err(Box::new(File::of_source(&source, faults)))
    }
}

/// The document of a file, brought to another content: its own members stay as they are.
///
/// # Errors
///
/// If it would be larger than a document may be.
pub(crate) fn with_document(file: &Document, document: &Document) -> Result<Document, TextError> {
    let form = form_of(file.root()).unwrap_or(Form::Whole);
    let root = document.root();
    let parts = form.parts().iter().filter_map(|(name, inside)| {
        let value = inside.iter().try_fold(root, |part, name| part.get(name))?;
        // Why: a part that the file leaves out is not its own.
        (form == Form::Whole || file.root().get(name).is_some()).then(|| (*name, value.raw()))
    });
    let parts: Vec<(&str, &str)> = parts.collect();
    let is_gone = |name: &&str| file.root().get(name).is_some() && !parts.iter().any(|(part, _)| part == name);
    let gone: Vec<&str> = form.parts().iter().map(|(name, _)| *name).filter(is_gone).collect();
    file.with_members(&parts)?.without_members(&gone)
}

/// A new file of a whole document, with members of its own above it.
///
/// # Errors
///
/// If it would be larger than a document may be.
pub(crate) fn made_of(id: &CopilotId, document: &Document) -> Result<Document, TextError> {
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    let (kind, assistant) = (quoted(Copilot::NAME.as_str()), quoted(id.assistant()));
    let variation = id.variation().map(quoted);
    let mut members = vec![(KIND, kind.as_str()), (ASSISTANT, assistant.as_str())];
    members.extend(variation.as_deref().map(|variation| (VARIATION, variation)));
    members.push(("copilot", document.text()));
    Document::empty_object().with_members(&members)
}

/// The file with this text in place of its assistant's id.
///
/// # Errors
///
/// If it would be larger than a document may be.
pub(crate) fn with_assistant(file: &Document, assistant: &str) -> Result<Document, TextError> {
    let assistant = serde_json::to_string(assistant).unwrap_or_default();
    file.with_members(&[(ASSISTANT, assistant.as_str())])
}

fn form_of(root: Node<'_>) -> Option<Form> {
    root.get(KIND).and_then(Node::as_str).and_then(Form::named)
}

/// The fault of a document that says it is of a kind which no file has; a trigger rule may say that it is one.
pub(crate) fn fault_of_kind(file: &Document) -> Option<Finding> {
    let kind = file.root().get(KIND)?;
    let is_known = kind
        .as_str()
        .is_some_and(|kind| kind == TriggerRule::NAME.as_str() || Form::named(kind).is_some());
    (!is_known).then(|| unknown_kind(file.root(), "rule, "))
}

fn unknown_kind(root: Node<'_>, others: &str) -> Finding {
    let kind = root.get(KIND).map_or_else(String::new, Node::compact);
    let message = format!("unknown kind {kind}");
    let fault = Finding::new(Code::UnknownMember, Pointer::root().member(KIND), message);
    fault.with_help(format!("known here: {others}copilot, copilot-rules"))
}

/// The id that a file names; none if it names no assistant.
fn id_in(root: Node<'_>) -> Result<Option<CopilotId>, Finding> {
    let Some(assistant) = root.get(ASSISTANT) else {
        return Ok(None);
    };
    let text = |name: &str, value: Node<'_>| {
        let wrong = || {
            let message = format!("expected the id of the {name}, a text");
            Finding::new(Code::WrongType, Pointer::root().member(name), message)
        };
        value.as_str().map(str::to_owned).ok_or_else(wrong)
    };
    let mut id = text(ASSISTANT, assistant)?;
    if ReferenceText::begins(&id) {
        // Why: only the organization knows which one it is.
        return Ok(None);
    }
    if let Some(variation) = root.get(VARIATION) {
        id = format!("{id}/{}", text(VARIATION, variation)?);
    }
    id.parse()
        .map(Some)
        .map_err(|error: domain::copilot::ParseCopilotIdError| {
            Finding::new(Code::BadId, Pointer::root().member(ASSISTANT), error.to_string())
        })
}

fn faults(root: Node<'_>, form: Form) -> Vec<Finding> {
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

/// The faults of a file that is about another document than this one.
fn about_another(root: Node<'_>, id: &CopilotId, named: Option<&str>) -> Vec<Finding> {
    let parts = [(ASSISTANT, Some(id.assistant())), (VARIATION, id.variation())].into_iter();
    let others = parts.filter(|(name, meant)| {
        let stated = root.get(name);
        let is_named = |text: &&str| *name == ASSISTANT && ReferenceText::begins(text);
        let id = stated.and_then(Node::as_str);
        match (id.filter(is_named).and(named).or(id), meant) {
            (Some(stated), Some(meant)) => stated != *meant,
            (Some(_), None) => true,
            (None, _) => stated.is_some(),
        }
    });
    let fault = |(name, _): (&str, _)| {
        let message = format!("the file is about another {name} than the document that it would be written to");
        Finding::new(Code::OtherId, Pointer::root().member(name), message)
    };
    others.map(fault).collect()
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
            if named.is_empty() {
                return Ok(Document::empty_object());
            }
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
        let read = read(source(text), &id(), None).unwrap();
        assert_eq!(
            read.document.compact(),
            r#"{"ruleEngineConfig":{"rules":[{"enabled":7}]}}"#
        );
        let place = "/ruleEngineConfig/rules/0/enabled".parse().unwrap();
        assert_eq!(text.get(read.range(&place)), Some("7"));
        let text = r#"{"kind": "copilot", "assistant": "a", "copilot": {"liveOnQueue": true}}"#;
        let read = super::read(source(text), &id(), None).unwrap();
        assert_eq!(read.document.compact(), r#"{"liveOnQueue":true}"#);
        assert_eq!(text.get(read.range(&"/liveOnQueue".parse().unwrap())), Some("true"));
        let raw = super::read(source(r#"{"liveOnQueue": true}"#), &id(), None).unwrap();
        assert_eq!(raw.document.compact(), r#"{"liveOnQueue":true}"#);
    }

    #[test]
    fn a_name_of_the_assistant_stands_for_its_id() {
        let text = r#"{"kind": "copilot-rules", "assistant": "@{assistant:A}", "rules": []}"#;
        let is_of_it = |named| super::read(source(text), &id(), named).is_ok();
        assert!(is_of_it(Some("a")));
        assert!(!is_of_it(Some("b")));
        assert!(!is_of_it(None));
        let own = r#"{"kind": "copilot-rules", "assistant": "b", "rules": []}"#;
        assert!(super::read(source(own), &id(), Some("a")).is_err());
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
            let file = super::read(source(text), &id(), None).unwrap_err();
            let (finding, _) = &file.findings[0];
            let found = format!("{} {}", finding.code, finding.pointer);
            assert_eq!(found, expected, "{text}");
        }
    }
}
