//! Trigger rules: one document each.

use domain::json::{Document, Node};
use domain::{RuleId, TriggerRule};
use ports::Cursor;

use super::{ListedParts, NotTheDocument, PageParts, Resource};
use crate::address::RulesPath;

/// Rules a page: the platform's usual maximum is 100.
const PAGE_SIZE: u32 = 100;

/// Trigger rules. Their contract is not part of the published API; the listing is the platform's usual one and is assumed.
#[derive(Clone, Debug, Default)]
pub struct TriggerRules(pub RulesPath);

impl Resource for TriggerRules {
    type Kind = TriggerRule;

    const ABSENT: &'static str = "there is no such rule, or the organization lacks the trigger-rule contract";

    fn path(&self, id: &RuleId) -> String {
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

    fn read_listed(&self, element: Node<'_>) -> Option<ListedParts> {
        let text = |name| element.get(name).and_then(Node::as_str).map(str::to_owned);
        Some(ListedParts {
            id: text("id").unwrap_or_default(),
            title: text("name"),
            document: Document::part(element),
        })
    }

    fn read(&self, id: &RuleId, answer: Document) -> Result<Document, NotTheDocument> {
        if !answer.root().is_object() {
            return Err(NotTheDocument::NoDocument("it is not an object"));
        }
        let stated = answer.root().get("id").and_then(Node::as_str);
        match stated {
            None => Err(NotTheDocument::NoDocument("it has no `id`")),
            Some(stated) if stated != id.as_str() => Err(NotTheDocument::Other(stated.to_owned())),
            Some(_) => Ok(answer),
        }
    }
}

fn page_number(cursor: Option<&Cursor>) -> u64 {
    cursor.and_then(|cursor| cursor.0.parse().ok()).unwrap_or(1)
}
