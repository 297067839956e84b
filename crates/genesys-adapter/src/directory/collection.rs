//! The collections of the API that have what documents refer to: paths, pages and elements.

use domain::RuleId;
use domain::json::Node;
use domain::reference::ReferenceKind;
use ports::{Cursor, DomainVersion, NameListing, NamedThing};

use crate::address::RulesPath;
use crate::next_uri::cursor_in;

/// The parameter that leaves out the texts that intents are trained on: they are most of a version.
pub(super) const WITHOUT_UTTERANCES: &str = "includeUtterances=false";

/// The path of the NLU domains.
const DOMAINS: &str = "/api/v2/languageunderstanding/domains";

/// The words in `state` or `status` of what is out of use, in lower case.
const RETIRED: [&str; 5] = ["deleted", "archived", "draft", "unpublished", "inactive"];

/// A collection of one organization.
pub(super) struct Collection {
    pub(super) path: String,
    /// The meaning of a 404, in words.
    pub(super) absent: &'static str,
    paging: Paging,
    parameter: Option<String>,
    /// True if an element says which collections of its kind it is in.
    names_owners: bool,
}

#[derive(Clone, Copy)]
enum Paging {
    /// Numbered pages of so many.
    Numbered(u32),
    /// Pages of so many, each with the cursor of the next.
    Cursor(u32),
    /// A bare list of all.
    Whole,
}

impl Collection {
    /// The collection of a listing; none if the listing lacks what it is within, or that can be no id. Responses have one path
    /// whatever library they are in: their collection is there without one, and has no pages.
    pub(super) fn of(listing: &NameListing, rules: &RulesPath) -> Option<Self> {
        let within = listing.within.as_deref().filter(|id| is_segment(id));
        let collection = |path: String, paging| Self {
            path,
            absent: "the organization has no such listing",
            paging,
            parameter: None,
            names_owners: false,
        };
        Some(match listing.kind {
            ReferenceKind::Assistant => collection("/api/v2/assistants".to_owned(), Paging::Cursor(200)),
            ReferenceKind::Rule => collection(rules.as_str().to_owned(), Paging::Numbered(100)),
            ReferenceKind::Domain => collection(DOMAINS.to_owned(), Paging::Numbered(100)),
            ReferenceKind::Library => {
                collection("/api/v2/responsemanagement/libraries".to_owned(), Paging::Numbered(100))
            }
            ReferenceKind::Response => Self {
                parameter: within.map(|library| format!("libraryId={library}")),
                names_owners: true,
                ..collection("/api/v2/responsemanagement/responses".to_owned(), Paging::Numbered(100))
            },
            ReferenceKind::Script => collection("/api/v2/scripts".to_owned(), Paging::Numbered(100)),
            ReferenceKind::Page => Self {
                absent: "there is no such script",
                ..collection(format!("/api/v2/scripts/{}/pages", within?), Paging::Whole)
            },
            ReferenceKind::Checklist => {
                collection("/api/v2/assistants/agentchecklists".to_owned(), Paging::Cursor(100))
            }
            ReferenceKind::KnowledgeBase => {
                collection("/api/v2/knowledge/knowledgebases".to_owned(), Paging::Cursor(100))
            }
            ReferenceKind::Document => Self {
                absent: "there is no such knowledge base",
                ..collection(
                    format!("/api/v2/knowledge/knowledgebases/{}/documents", within?),
                    Paging::Cursor(200),
                )
            },
        })
    }

    /// The versions of an NLU domain; none for a text that can be no id.
    pub(super) fn versions(domain: &str) -> Option<Self> {
        is_segment(domain).then(|| Self {
            path: format!("{DOMAINS}/{domain}/versions"),
            absent: "there is no such NLU domain or version",
            paging: Paging::Numbered(100),
            parameter: Some(WITHOUT_UTTERANCES.to_owned()),
            names_owners: false,
        })
    }

    /// The query of the page at a cursor.
    pub(super) fn query(&self, cursor: Option<&Cursor>) -> Option<String> {
        let page = match self.paging {
            Paging::Numbered(size) => format!("pageSize={size}&pageNumber={}", page_number(cursor)),
            Paging::Cursor(size) => {
                let after = cursor.map_or(String::new(), |cursor| format!("&after={}", cursor.0));
                format!("pageSize={size}{after}")
            }
            Paging::Whole => return self.parameter.clone(),
        };
        Some(match &self.parameter {
            Some(parameter) => format!("{parameter}&{page}"),
            None => page,
        })
    }

    /// The elements of a page and the cursor of the next; none if the answer is no page.
    pub(super) fn read_page<'d>(
        &self,
        root: Node<'d>,
        cursor: Option<&Cursor>,
    ) -> Option<(Vec<Node<'d>>, Option<Cursor>)> {
        let entities = if root.is_array() {
            Some(root)
        } else {
            root.get("entities")
        };
        let elements: Vec<Node<'d>> = entities.filter(|entities| entities.is_array())?.elements().collect();
        let next = match self.paging {
            Paging::Numbered(_) => {
                let next = page_number(cursor) + 1;
                let pages = root.get("pageCount").and_then(Node::as_number);
                let pages = pages.and_then(|pages| pages.raw().parse::<u64>().ok());
                let has_next = !elements.is_empty() && pages.is_some_and(|pages| next <= pages);
                has_next.then(|| Cursor(next.to_string()))
            }
            Paging::Cursor(_) => root.get("nextUri").and_then(Node::as_str).and_then(cursor_in),
            Paging::Whole => None,
        };
        Some((elements, next))
    }

    /// True if the collection has pages: canned responses are listed within a library only.
    pub(super) fn has_pages(&self) -> bool {
        !self.names_owners || self.parameter.is_some()
    }

    /// True if an element is in the library that it was asked for in, or does not say, or that was not asked.
    pub(super) fn has(&self, element: Node<'_>, within: Option<&str>) -> bool {
        let owners = element
            .get("libraries")
            .filter(|owners| self.names_owners && owners.is_array());
        let is_named = |owners: Node<'_>| {
            owners
                .elements()
                .any(|owner| owner.get("id").and_then(Node::as_str) == within)
        };
        within.is_none() || owners.is_none_or(is_named)
    }
}

/// The thing that an element of a listing is; none without an id.
pub(super) fn named(element: Node<'_>) -> Option<NamedThing> {
    let text = |name| element.get(name).and_then(Node::as_str);
    let says = |name, truth| element.get(name).and_then(Node::as_bool) == Some(truth);
    let is_out = |name| text(name).is_some_and(|word| RETIRED.contains(&word.to_ascii_lowercase().as_str()));
    Some(NamedThing {
        id: text("id")?.to_owned(),
        // A document of a knowledge base has a title; a trigger rule need not have a name.
        name: text("name").or_else(|| text("title")).unwrap_or_default().to_owned(),
        is_retired: ["deleted", "isDeleted", "archived", "isArchived"]
            .iter()
            .any(|name| says(name, true))
            || ["published", "isPublished"].iter().any(|name| says(name, false))
            || is_out("state")
            || is_out("status"),
    })
}

/// The version of an NLU domain that an element of its listing is; none without an id.
pub(super) fn version(element: Node<'_>) -> Option<DomainVersion> {
    let text = |name| element.get(name).and_then(Node::as_str);
    Some(DomainVersion {
        id: text("id")?.to_owned(),
        created: text("dateCreated").unwrap_or_default().to_owned(),
        is_published: element.get("published").and_then(Node::as_bool) == Some(true),
    })
}

/// True if a text is one segment of a path as it stands.
pub(super) fn is_segment(text: &str) -> bool {
    text.parse::<RuleId>().is_ok()
}

fn page_number(cursor: Option<&Cursor>) -> u64 {
    cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(1)
}
