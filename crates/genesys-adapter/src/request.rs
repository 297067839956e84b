//! Requests as data: method, path and body, before anybody sends them.

use bytes::Bytes;
use domain::{RuleId, TriggerRule, Version};
use http::Method;
use ports::PageRequest;

use crate::address::RulesPath;

/// A request to the API, without its authorisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiRequest {
    /// The method.
    pub method: Method,
    /// The path, which the URL must have byte for byte.
    pub path: String,
    /// The query, without `?`.
    pub query: Option<String>,
    /// The version to write under.
    pub if_match: Option<Version>,
    /// The JSON to write.
    pub body: Option<Bytes>,
}

/// Asks for a rule.
#[must_use]
pub fn get(path: &RulesPath, id: &RuleId) -> ApiRequest {
    ApiRequest {
        method: Method::GET,
        path: path.of_rule(id),
        query: None,
        if_match: None,
        body: None,
    }
}

/// Replaces a rule if it is at that version. Equal arguments give equal bytes.
#[must_use]
pub fn replace(path: &RulesPath, id: &RuleId, rule: &TriggerRule, version: &Version) -> ApiRequest {
    ApiRequest {
        method: Method::PUT,
        if_match: Some(version.clone()),
        body: Some(Bytes::from(rule.document().compact())),
        ..get(path, id)
    }
}

/// Asks for a page of all rules.
#[must_use]
pub fn list(path: &RulesPath, page: PageRequest) -> ApiRequest {
    ApiRequest {
        method: Method::GET,
        path: path.as_str().to_owned(),
        query: Some(format!("pageSize={}&pageNumber={}", page.size, page.number)),
        if_match: None,
        body: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_carries_the_version_and_the_whole_rule() {
        let rule: TriggerRule = "{ \"id\": \"r1\", \"x\": 1.50 }".parse().unwrap();
        let (id, version) = ("r1".parse().unwrap(), "\"7\"".parse().unwrap());
        let request = replace(&RulesPath::default(), &id, &rule, &version);
        assert_eq!(
            (request.method, request.path.as_str()),
            (Method::PUT, "/api/v2/agent-assist/trigger-rules/r1")
        );
        assert_eq!(request.if_match.unwrap().as_sent(), "\"7\"");
        assert_eq!(request.body.unwrap(), r#"{"id":"r1","x":1.50}"#);
    }
}
