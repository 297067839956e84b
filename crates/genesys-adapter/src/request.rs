//! Requests as data: method, path and body, before they are sent.

use bytes::Bytes;
use domain::{DocumentKind, Version};
use http::Method;
use ports::Cursor;

use crate::resource::Resource;

/// A request to the API, without its authorization.
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

impl ApiRequest {
    /// Reads what stands at a path.
    pub(crate) fn read(path: String, query: Option<String>) -> Self {
        Self {
            method: Method::GET,
            path,
            query,
            if_match: None,
            body: None,
        }
    }
}

/// Reads a document.
pub fn get<R: Resource>(resource: &R, id: &<R::Kind as DocumentKind>::Id) -> ApiRequest {
    ApiRequest::read(resource.path(id), None)
}

/// Replaces a document; with a version, if it is at that one. Equal arguments give equal bytes.
pub fn replace<R: Resource>(
    resource: &R,
    id: &<R::Kind as DocumentKind>::Id,
    document: &R::Kind,
    version: Option<&Version>,
) -> ApiRequest {
    ApiRequest {
        method: Method::PUT,
        if_match: version.cloned(),
        body: Some(Bytes::from(resource.body(id, document))),
        ..get(resource, id)
    }
}

/// Reads a page of the listing.
pub fn page<R: Resource>(resource: &R, cursor: Option<&Cursor>) -> ApiRequest {
    let (path, query) = resource.page_path(cursor);
    ApiRequest::read(path, Some(query))
}

#[cfg(test)]
mod tests {
    use domain::TriggerRule;

    use super::*;
    use crate::resource::TriggerRules;

    #[test]
    fn a_write_carries_the_version_and_the_whole_rule() {
        let rule: TriggerRule = "{ \"id\": \"r1\", \"x\": 1.50 }".parse().unwrap();
        let (id, version) = ("r1".parse().unwrap(), "\"7\"".parse().unwrap());
        let request = replace(&TriggerRules::default(), &id, &rule, Some(&version));
        assert_eq!(
            (request.method, request.path.as_str()),
            (Method::PUT, "/api/v2/agent-assist/trigger-rules/r1")
        );
        assert_eq!(request.if_match.unwrap().as_sent(), "\"7\"");
        assert_eq!(request.body.unwrap(), r#"{"id":"r1","x":1.50}"#);
    }
}
