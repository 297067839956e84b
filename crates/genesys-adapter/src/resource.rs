//! The resources of the API that documents are stored under.

mod copilots;
mod trigger_rules;

use domain::DocumentKind;
use domain::json::{Document, Node};
use ports::Cursor;

pub use copilots::Copilots;
pub use trigger_rules::TriggerRules;

/// A resource of the API: the paths of its documents, and the pages of its listing.
pub trait Resource: Send + Sync + 'static {
    /// The kind of its documents.
    type Kind: DocumentKind;

    /// The meaning of a 404, in words.
    const ABSENT: &'static str;

    /// The path of one document.
    fn path(&self, id: &<Self::Kind as DocumentKind>::Id) -> String;

    /// The path and the query of the page at a cursor, the first one without.
    fn page_path(&self, cursor: Option<&Cursor>) -> (String, String);

    /// The elements of a page, the cursor of the next one, and the number of documents in all; none if the answer is no
    /// page.
    fn read_page<'d>(&self, root: Node<'d>, cursor: Option<&Cursor>) -> Option<PageParts<'d>>;

    /// The document that an element of a listing shows; none if the element is no document.
    fn read_listed(&self, element: Node<'_>) -> Option<ListedParts>;

    /// The document in the answer to a request about this one.
    ///
    /// # Errors
    ///
    /// If the answer is no document of the kind, or is about another one: an error or a notice of what stands in front of the
    /// platform may be a JSON object, and 200, too.
    fn read(&self, id: &<Self::Kind as DocumentKind>::Id, answer: Document) -> Result<Document, NotTheDocument>;

    /// The body that writes a document.
    fn body(&self, id: &<Self::Kind as DocumentKind>::Id, document: &Self::Kind) -> String {
        let _ = id;
        document.document().compact()
    }
}

/// The reason why an answer is not the document that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTheDocument {
    /// No document of the kind.
    NoDocument(&'static str),
    /// The document of another id, which it states.
    Other(String),
}

/// The parts of an element of a listing.
pub struct ListedParts {
    /// The id that it states.
    pub id: String,
    /// The name that people know the document by.
    pub title: Option<String>,
    /// The document.
    pub document: Document,
}

/// The parts of a page of a listing.
pub struct PageParts<'d> {
    /// The elements.
    pub elements: Vec<Node<'d>>,
    /// The place of the next page.
    pub next: Option<Cursor>,
    /// The number of documents in the whole listing.
    pub total: Option<u64>,
}
