//! Every rule of an organisation, page by page.

use domain::{Failure, FailureClass, Kind};
use ports::{DocumentStore, PageRequest, RuleSummary};

/// Rules a page: the platform's usual maximum is 100.
const PAGE_SIZE: u32 = 100;

/// More pages than this are no listing but a server that never ends.
const MAX_PAGES: u32 = 1_000;

/// Reads the whole listing.
///
/// # Errors
///
/// As the repository says, for the first page that cannot be read; `Malformed` for a listing without end.
pub async fn every_rule<K: Kind>(repository: &dyn DocumentStore<K>) -> Result<Vec<RuleSummary>, Failure> {
    let mut rules = Vec::new();
    for number in 1..=MAX_PAGES {
        let page = repository
            .list(PageRequest {
                number,
                size: PAGE_SIZE,
            })
            .await?
            .content;
        let is_last = page.rules.is_empty() || number >= page.pages;
        rules.extend(page.rules);
        if is_last {
            return Ok(rules);
        }
    }
    Err(Failure::new(
        FailureClass::Malformed,
        format!("the listing has more than {MAX_PAGES} pages"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{RuleId, TriggerRule};
    use ports::testing::InMemoryStore;

    #[tokio::test]
    async fn all_pages_are_read() {
        let repository = InMemoryStore::default();
        for number in 0..250 {
            let id: RuleId = format!("r{number}").parse().unwrap();
            repository.put(&id, format!(r#"{{"id":"{id}"}}"#).parse::<TriggerRule>().unwrap());
        }
        assert_eq!(every_rule(&repository).await.unwrap().len(), 250);
    }

    #[tokio::test]
    async fn an_empty_listing_has_no_rules() {
        assert_eq!(every_rule(&InMemoryStore::default()).await, Ok(Vec::new()));
    }
}
