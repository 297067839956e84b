//! The resources of the API that documents are stored under.

use domain::json::{Document, Node};
use domain::{DocumentKind, TriggerRule};
use ports::Cursor;

use crate::address::RulesPath;

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

    /// The document that an element of a listing shows, and the id that it states.
    fn read_listed(&self, element: Node<'_>) -> Option<(String, Document)>;

    /// The id that a document itself states, if it states one.
    fn stated_id<'d>(&self, root: Node<'d>) -> Option<&'d str>;
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

/// Rules a page: the platform's usual maximum is 100.
const PAGE_SIZE: u32 = 100;

/// Trigger rules. Their contract is not part of the published API; the listing is the platform's usual one and is assumed.
#[derive(Clone, Debug, Default)]
pub struct TriggerRules(pub RulesPath);

impl Resource for TriggerRules {
    type Kind = TriggerRule;

    const ABSENT: &'static str = "there is no such rule, or the organization lacks the trigger-rule contract";

    fn path(&self, id: &domain::RuleId) -> String {
        self.0.of_rule(id)
    }

    fn page_path(&self, cursor: Option<&Cursor>) -> (String, String) {
        let query = format!("pageSize={PAGE_SIZE}&pageNumber={}", page_number(cursor));
        (self.0.as_str().to_owned(), query)
    }

    fn read_page<'d>(&self, root: Node<'d>, cursor: Option<&Cursor>) -> Option<PageParts<'d>> {
        let number = |name| root.get(name)?.as_number()?.raw().parse::<u64>().ok();
        let entities = root.get("entities").filter(|entities| entities.is_array())?;
        let elements: Vec<Node<'d>> = entities.elements().collect();
        let next = page_number(cursor) + 1;
        let has_next = !elements.is_empty() && number("pageCount").is_some_and(|pages| next <= pages);
        Some(PageParts {
            elements,
            next: has_next.then(|| Cursor(next.to_string())),
            total: number("total"),
        })
    }

    fn read_listed(&self, element: Node<'_>) -> Option<(String, Document)> {
        let id = self.stated_id(element).unwrap_or_default().to_owned();
        Some((id, Document::from_node(element).ok()?))
    }

    fn stated_id<'d>(&self, root: Node<'d>) -> Option<&'d str> {
        root.get("id")?.as_str()
    }
}

fn page_number(cursor: Option<&Cursor>) -> u64 {
    cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(1)
}
