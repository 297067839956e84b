//! The kinds of document as files have them.

use domain::document::follow;
use domain::json::{Document, Node, TextError};
use domain::reference::{ReferenceKind, ReferenceText};
use domain::{Copilot, CopilotId, DocumentKind, Edit, RuleId, TriggerRule};

use super::file_names::{FileNames, in_letters_and_digits};
use crate::copilot_file;
use crate::kind::CliKind;

/// The members that no file has, beside those that the kind says: the server owns them.
const SERVER_OWNED: [&str; 7] = [
    "ruleType",
    SELF_URI,
    "version",
    "dateCreated",
    "dateModified",
    "createdBy",
    "modifiedBy",
];

/// The member that no file has, at any depth.
const SELF_URI: &str = "selfUri";

/// A kind of document that is pulled into files.
pub(super) trait PulledKind: CliKind {
    /// The folder of new files.
    const FOLDER: &'static str;

    /// The parts of what people see as one thing that are no part of the document, if there are some.
    const BESIDE: Option<&'static str>;

    /// The text that a new file of YAML is made from.
    const NEW: &'static str;

    /// The name of a new file, without an ending.
    fn file_name(names: &FileNames, id: &Self::Id) -> String;

    /// The document of a new file.
    ///
    /// # Errors
    ///
    /// If it would be larger than a document may be.
    fn new_file(id: &Self::Id, content: &Document) -> Result<Document, TextError>;

    /// The document in that of a file.
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn document_in(file: &Document) -> Result<Document, TextError>;

    /// The kind of what the file names at its top.
    const OWN: ReferenceKind;

    /// The id of that.
    fn own_id(id: &Self::Id) -> &str;

    /// True if a file has this text in place of that id.
    fn is_named(file: &Document, own: &str) -> bool;

    /// A file with this document in it.
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn with_content(file: &Document, content: &Document) -> Result<Document, TextError>;

    /// A file with a name in place of its own id, and with this document in it.
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn with_own_name(file: &Document, own: &ReferenceText, content: &Document) -> Result<Document, TextError>;

    /// The document of a file, brought to what is stored.
    ///
    /// # Errors
    ///
    /// As [`new_file`](Self::new_file).
    fn followed(file: &Document, stored: &Self) -> Result<Document, TextError>;
}

/// The content of a file's document.
pub(super) fn content<K: PulledKind>(file: &Document) -> Option<app::FileContent> {
    let edit = Edit::<K>::new(K::document_in(file).ok()?).ok()?;
    app::FileContent::of(&edit).ok()
}

/// The stored document as a new file has it: all but what the server owns.
pub(super) fn for_a_file<K: PulledKind>(id: &K::Id, stored: &K) -> Result<Document, TextError> {
    let is_kept = |name: &str| {
        let is_owned = SERVER_OWNED.contains(&name) || K::SERVER_OWNED.contains(&name);
        name != K::ID_MEMBER && !is_owned && (K::MEMBERS.iter().any(|member| member.name == name) || K::TITLE.is_some())
    };
    let members = stored.document().root().members();
    let members: Vec<(&str, String)> = members
        .filter(|member| is_kept(member.name))
        .map(|member| (member.name, without_self_uri(member.value)))
        .collect();
    let members: Vec<(&str, &str)> = members.iter().map(|(name, value)| (*name, value.as_str())).collect();
    K::new_file(id, &Document::empty_object().with_members(&members)?)
}

/// A value as JSON, without the addresses of its parts.
fn without_self_uri(node: Node<'_>) -> String {
    if node.is_object() {
        let members = node.members().filter(|member| member.name != SELF_URI);
        let members = members.map(|member| format!("{}:{}", member.raw_name(), without_self_uri(member.value)));
        return format!("{{{}}}", members.collect::<Vec<_>>().join(","));
    }
    if node.is_array() {
        let elements = node.elements().map(without_self_uri);
        return format!("[{}]", elements.collect::<Vec<_>>().join(","));
    }
    node.raw().to_owned()
}

impl PulledKind for TriggerRule {
    const FOLDER: &'static str = "trigger-rules";

    const BESIDE: Option<&'static str> = None;

    const NEW: &'static str = "id: new\n";

    fn file_name(names: &FileNames, id: &RuleId) -> String {
        names.of(id.as_str())
    }

    fn new_file(id: &RuleId, content: &Document) -> Result<Document, TextError> {
        let id = serde_json::to_string(id.as_str()).unwrap_or_default();
        let members = content.root().members().map(|member| (member.name, member.value.raw()));
        let members: Vec<(&str, &str)> = std::iter::once((Self::ID_MEMBER, id.as_str())).chain(members).collect();
        Document::empty_object().with_members(&members)
    }

    fn document_in(file: &Document) -> Result<Document, TextError> {
        Ok(file.clone())
    }

    const OWN: ReferenceKind = ReferenceKind::Rule;

    fn own_id(id: &RuleId) -> &str {
        id.as_str()
    }

    fn is_named(file: &Document, own: &str) -> bool {
        !copilot_file::is_one(file) && file.root().get(Self::ID_MEMBER).and_then(Node::as_str) == Some(own)
    }

    fn with_content(_file: &Document, content: &Document) -> Result<Document, TextError> {
        Ok(content.clone())
    }

    fn with_own_name(_file: &Document, own: &ReferenceText, content: &Document) -> Result<Document, TextError> {
        let own = serde_json::to_string(&own.to_string()).unwrap_or_default();
        content.with_members(&[(Self::ID_MEMBER, own.as_str())])
    }

    fn followed(file: &Document, stored: &Self) -> Result<Document, TextError> {
        follow(file, stored)
    }
}

impl PulledKind for Copilot {
    const FOLDER: &'static str = "copilots";

    const BESIDE: Option<&'static str> = Some("queues, transcription and knowledge settings of the assistants");

    const NEW: &'static str = "kind: copilot\n";

    fn file_name(names: &FileNames, id: &CopilotId) -> String {
        let assistant = names.of(id.assistant());
        match id.variation() {
            Some(variation) => format!("{assistant}--{}", in_letters_and_digits(variation)),
            None => assistant,
        }
    }

    fn new_file(id: &CopilotId, content: &Document) -> Result<Document, TextError> {
        copilot_file::made_of(id, content)
    }

    fn document_in(file: &Document) -> Result<Document, TextError> {
        copilot_file::document_in(file)
    }

    const OWN: ReferenceKind = ReferenceKind::Assistant;

    fn own_id(id: &CopilotId) -> &str {
        id.assistant()
    }

    fn is_named(file: &Document, own: &str) -> bool {
        copilot_file::named_in(file).is_some_and(|(named, _)| named == own)
    }

    fn with_content(file: &Document, content: &Document) -> Result<Document, TextError> {
        copilot_file::with_document(file, content)
    }

    fn with_own_name(file: &Document, own: &ReferenceText, content: &Document) -> Result<Document, TextError> {
        copilot_file::with_assistant(&copilot_file::with_document(file, content)?, &own.to_string())
    }

    fn followed(file: &Document, stored: &Self) -> Result<Document, TextError> {
        let followed = follow(&copilot_file::document_in(file)?, stored)?;
        copilot_file::with_document(file, &followed)
    }
}
