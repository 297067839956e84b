//! The Copilot documents of assistants and of their variations.

use domain::json::{Document, Node};
use domain::{Copilot, CopilotId, DocumentKind};
use ports::Cursor;

use super::{ListedParts, NotTheDocument, PageParts, Resource};
use crate::next_uri::cursor_in;

/// The path of the assistants.
const ASSISTANTS: &str = "/api/v2/assistants";

/// Assistants a page: the most that the platform gives.
const PAGE_SIZE: u32 = 200;

/// The member of a variation that is its Copilot document.
const COPILOT: &str = "copilot";

/// The member that a document of a variation has in addition: all that the variation has beside its Copilot. It is guarded and
/// written back as a part of the document, and nobody edits it.
const VARIATION: &str = "variation";

/// Copilot documents. The published API keeps one at each assistant, and each variation of an assistant holds one of its own;
/// there is no lock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Copilots;

impl Resource for Copilots {
    type Kind = Copilot;

    const ABSENT: &'static str = "there is no such assistant, or it has no Copilot";

    fn path(&self, id: &CopilotId) -> String {
        let assistant = id.assistant();
        match id.variation() {
            Some(variation) => format!("{ASSISTANTS}/{assistant}/variations/{variation}"),
            None => format!("{ASSISTANTS}/{assistant}/copilot"),
        }
    }

    fn page_path(&self, cursor: Option<&Cursor>) -> (String, String) {
        let after = cursor.map_or(String::new(), |cursor| format!("&after={}", cursor.0));
        (
            ASSISTANTS.to_owned(),
            format!("pageSize={PAGE_SIZE}&expand={COPILOT}{after}"),
        )
    }

    fn read_page<'d>(&self, root: Node<'d>, _cursor: Option<&Cursor>) -> Option<PageParts<'d>> {
        let entities = root.get("entities").filter(|entities| entities.is_array())?;
        Some(PageParts {
            elements: entities.elements().collect(),
            next: root.get("nextUri").and_then(Node::as_str).and_then(cursor_in),
            total: None,
        })
    }

    /// An assistant without a Copilot has an empty document.
    fn read_listed(&self, element: Node<'_>) -> Option<ListedParts> {
        let text = |name| element.get(name).and_then(Node::as_str).map(str::to_owned);
        let copilot = element.get(COPILOT).filter(|copilot| copilot.is_object());
        Some(ListedParts {
            id: text("id")?,
            title: text("name"),
            document: copilot
                .map_or_else(|| Ok(Document::empty_object()), Document::from_node)
                .ok()?,
        })
    }

    fn read(&self, id: &CopilotId, answer: Document) -> Result<Document, NotTheDocument> {
        let Some(variation) = id.variation() else {
            return copilot_of(id, answer);
        };
        let stated = answer.root().get("id").and_then(Node::as_str);
        if let Some(stated) = stated.filter(|stated| *stated != variation) {
            return Err(NotTheDocument::Other(format!("{}/{stated}", id.assistant())));
        }
        let no_copilot = NotTheDocument::NoDocument("the variation has no Copilot");
        let copilot = answer.root().get(COPILOT).filter(|copilot| copilot.is_object());
        let copilot = copilot.and_then(|copilot| Document::from_node(copilot).ok());
        let (Some(copilot), Ok(beside)) = (copilot, answer.without_members(&[COPILOT])) else {
            return Err(no_copilot);
        };
        copilot
            .with_members(&[(VARIATION, beside.text())])
            .map_err(|_| no_copilot)
    }

    fn body(&self, id: &CopilotId, document: &Copilot) -> String {
        let whole = document.document();
        let beside = whole.root().get(VARIATION).filter(|_| id.variation().is_some());
        let Some(beside) = beside.and_then(|beside| Document::from_node(beside).ok()) else {
            return whole.compact();
        };
        let copilot = whole.without_members(&[VARIATION]);
        let body = copilot.and_then(|copilot| beside.with_members(&[(COPILOT, copilot.text())]));
        body.map_or_else(|_| whole.compact(), |body| body.compact())
    }
}

/// The answer, if it is the Copilot document of the assistant.
fn copilot_of(id: &CopilotId, answer: Document) -> Result<Document, NotTheDocument> {
    let root = answer.root();
    let mut members = Copilot::MEMBERS.iter();
    if !members.any(|member| root.get(member.name).is_some()) {
        return Err(NotTheDocument::NoDocument("the assistant has no Copilot"));
    }
    let stated = root.get("selfUri").and_then(Node::as_str).and_then(assistant_in);
    match stated {
        Some(stated) if stated != id.assistant() => Err(NotTheDocument::Other(stated.to_owned())),
        Some(_) | None => Ok(answer),
    }
}

/// The assistant that a path leads through.
fn assistant_in(path: &str) -> Option<&str> {
    let (_, rest) = path.split_once("/assistants/")?;
    rest.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CopilotId {
        text.parse().unwrap()
    }

    #[test]
    fn a_cursor_is_taken_out_of_the_next_address_and_nothing_else_of_it() {
        for (next, cursor) in [
            (
                "/api/v2/assistants?pageSize=200&after=MTA%3D&expand=copilot",
                Some("MTA%3D"),
            ),
            ("https://elsewhere.example/steal?after=abc#x", Some("abc")),
            ("/api/v2/assistants?after=a b", None),
            ("/api/v2/assistants?after=a/../b", None),
            ("/api/v2/assistants?after=", None),
            ("/api/v2/assistants", None),
        ] {
            assert_eq!(cursor_in(next).map(|cursor| cursor.0).as_deref(), cursor, "{next}");
        }
        let page = r#"{"entities": [], "nextUri": "https://elsewhere.example/x?after=abc"}"#
            .parse::<Document>()
            .unwrap();
        let next = Copilots.read_page(page.root(), None).and_then(|page| page.next);
        let (path, query) = Copilots.page_path(next.as_ref());
        assert_eq!(
            (path.as_str(), query.as_str()),
            ("/api/v2/assistants", "pageSize=200&expand=copilot&after=abc")
        );
    }

    #[test]
    fn an_assistant_without_a_copilot_is_listed_as_such() {
        for (element, is_empty) in [
            (r#"{"id": "a", "name": "A"}"#, true),
            (r#"{"id": "a", "name": "A", "copilot": null}"#, true),
            (r#"{"id": "a", "name": "A", "copilot": {}}"#, true),
            (r#"{"id": "a", "name": "A", "copilot": {"liveOnQueue": true}}"#, false),
        ] {
            let element: Document = element.parse().unwrap();
            let listed = Copilots.read_listed(element.root()).unwrap();
            assert_eq!((listed.id.as_str(), listed.title.as_deref()), ("a", Some("A")));
            assert_eq!(listed.document.root().members().next().is_none(), is_empty);
        }
    }

    #[test]
    fn an_answer_is_the_copilot_of_the_assistant_that_was_asked_for() {
        for (answer, expected) in [
            (r#"{"liveOnQueue": true}"#, Ok(())),
            (
                r#"{"liveOnQueue": true, "selfUri": "/api/v2/assistants/a/copilot"}"#,
                Ok(()),
            ),
            (
                r#"{"liveOnQueue": true, "selfUri": "/api/v2/assistants/b/copilot"}"#,
                Err(NotTheDocument::Other("b".to_owned())),
            ),
            ("{}", Err(NotTheDocument::NoDocument("the assistant has no Copilot"))),
            ("null", Err(NotTheDocument::NoDocument("the assistant has no Copilot"))),
            (
                r#"{"message": "maintenance"}"#,
                Err(NotTheDocument::NoDocument("the assistant has no Copilot")),
            ),
        ] {
            assert_eq!(
                Copilots.read(&id("a"), answer.parse().unwrap()).map(drop),
                expected,
                "{answer}"
            );
        }
    }

    #[test]
    fn what_stands_beside_the_copilot_of_a_variation_is_written_back() {
        let variation =
            r#"{"id": "v", "languages": ["fr"], "copilot": {"liveOnQueue": true, "x": 1.50}, "selfUri": "/v"}"#;
        let document = Copilots.read(&id("a/v"), variation.parse().unwrap()).unwrap();
        let copilot = Copilot::from_document(document).unwrap();
        assert_eq!(copilot.member("liveOnQueue").and_then(Node::as_bool), Some(true));
        assert_eq!(
            Copilots.body(&id("a/v"), &copilot),
            r#"{"id":"v","languages":["fr"],"selfUri":"/v","copilot":{"liveOnQueue":true,"x":1.50}}"#
        );
        let other = Copilots.read(&id("a/w"), variation.parse().unwrap());
        assert_eq!(other.map(drop), Err(NotTheDocument::Other("a/v".to_owned())));
    }
}
