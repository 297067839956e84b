//! The platform's own words for a failure, read from the body of its answer.

use domain::json::{Document, Node, Number};
use domain::{ErrorDetail, ExceededLimit};
use ports::Redactor;

use crate::redact::clean;

/// Details that are kept of one failure; the others are counted.
const MAX_DETAILS: usize = 20;

/// Errors inside errors are read to this depth.
const MAX_NESTING: usize = 8;

/// The body of an error, as far as it says something.
#[derive(Debug, Default)]
pub(crate) struct PlatformError {
    /// The text for people; empty if there is none.
    pub(crate) message: String,
    pub(crate) code: Option<String>,
    pub(crate) context_id: Option<String>,
    pub(crate) details: Vec<ErrorDetail>,
    /// The number of details that were not kept.
    pub(crate) more_details: usize,
    pub(crate) limit: Option<ExceededLimit>,
    pub(crate) missing_permissions: Vec<String>,
}

impl PlatformError {
    pub(crate) fn read(body: &Document, redactor: &Redactor) -> Self {
        let reader = Reader { redactor };
        let root = body.root();
        let message = reader.message(root);
        let mut details = Vec::new();
        reader.collect(root, 0, &mut details);
        // Field names are what a person looks for.
        details.sort_by_key(|detail: &ErrorDetail| detail.field.is_none());
        let more_details = details.len().saturating_sub(MAX_DETAILS);
        details.truncate(MAX_DETAILS);
        Self {
            code: reader.text(root, "code").or_else(|| reader.text(root, "error")),
            context_id: reader.text(root, "contextId"),
            limit: root.get("limit").and_then(|limit| reader.limit(limit)),
            missing_permissions: reader.permissions(root, &message),
            message,
            details,
            more_details,
        }
    }

    /// True if the platform cancelled its own transaction, as it reports at times: the same request may pass then.
    pub(crate) fn is_transaction_cancelled(&self) -> bool {
        self.code.as_deref() == Some("RULE_PERSISTENCE_CONFLICT")
            || self.message.to_lowercase().contains("transaction canceled")
    }
}

struct Reader<'r> {
    redactor: &'r Redactor,
}

impl Reader<'_> {
    /// A member that says something: a text, or a number as its digits.
    fn text(&self, node: Node<'_>, name: &str) -> Option<String> {
        let node = node.get(name)?;
        let text = node.as_str().or_else(|| node.as_number().map(Number::raw))?;
        Some(clean(self.redactor, text)).filter(|text| !text.is_empty())
    }

    /// The text for people. `messageWithParams` is the template of `message`, and stands in for it if it is filled.
    fn message(&self, node: Node<'_>) -> String {
        self.text(node, "message")
            .or_else(|| self.filled_template(node))
            .or_else(|| self.text(node, "error_description"))
            .or_else(|| self.text(node, "description"))
            .or_else(|| self.text(node, "error"))
            .unwrap_or_default()
    }

    fn filled_template(&self, node: Node<'_>) -> Option<String> {
        let mut text = node.get("messageWithParams").and_then(Node::as_str)?.to_owned();
        for parameter in node.get("messageParams").into_iter().flat_map(Node::members) {
            let value = parameter.value.as_str().unwrap_or_else(|| parameter.value.raw());
            text = text.replace(&format!("{{{}}}", parameter.name), value);
        }
        Some(clean(self.redactor, &text)).filter(|text| !text.is_empty())
    }

    /// `details`, and `errors` with what is nested in them, in order.
    fn collect(&self, node: Node<'_>, depth: usize, into: &mut Vec<ErrorDetail>) {
        let list = |name| node.get(name).into_iter().flat_map(Node::elements);
        for detail in list("details") {
            into.extend(self.detail(detail));
        }
        for error in list("errors") {
            let before = into.len();
            if depth < MAX_NESTING {
                self.collect(error, depth + 1, into);
            }
            if into.len() == before || !self.message(error).is_empty() {
                into.extend(self.detail(error));
            }
        }
    }

    fn detail(&self, node: Node<'_>) -> Option<ErrorDetail> {
        let detail = ErrorDetail {
            field: self.text(node, "fieldName").or_else(|| self.text(node, "field")),
            code: self.text(node, "errorCode").or_else(|| self.text(node, "code")),
            message: Some(self.message(node))
                .filter(|message| !message.is_empty())
                .or_else(|| self.text(node, "entityName"))
                .or_else(|| self.text(node, "entityId")),
        };
        (detail != ErrorDetail::default()).then_some(detail)
    }

    fn limit(&self, node: Node<'_>) -> Option<ExceededLimit> {
        let limit = ExceededLimit {
            key: self.text(node, "key"),
            namespace: self.text(node, "namespace"),
            value: self.text(node, "value"),
        };
        (limit != ExceededLimit::default()).then_some(limit)
    }

    /// The permissions that a 403 names: as a parameter, or in brackets at the end of its text.
    fn permissions(&self, node: Node<'_>, message: &str) -> Vec<String> {
        let parameter = node.get("messageParams").and_then(|params| params.get("permissions"));
        let named = match parameter {
            Some(list) if list.is_array() => list
                .elements()
                .filter_map(Node::as_str)
                .map(|permission| clean(self.redactor, permission))
                .collect::<Vec<_>>()
                .join(","),
            Some(text) => clean(self.redactor, text.as_str().unwrap_or_default()),
            None if message.contains("permission") => in_brackets(message).to_owned(),
            None => String::new(),
        };
        let words = named.split([',', ' ', '[', ']', '"']);
        words.filter(|word| word.contains(':')).map(str::to_owned).collect()
    }
}

/// The text in the last pair of brackets.
fn in_brackets(text: &str) -> &str {
    let opened = text.rsplit_once('[').map_or("", |(_, rest)| rest);
    opened.split_once(']').map_or("", |(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> PlatformError {
        PlatformError::read(&body.parse().unwrap(), &Redactor::default())
    }

    /// FIELD B1.
    #[test]
    fn the_filled_text_is_shown_and_the_template_only_where_it_is_all_there_is() {
        let template = r#""messageWithParams": "missing the following permission(s): [{permissions}]""#;
        let params = r#""messageParams": {"permissions": "a:b:view, a:b:update"}"#;
        for (body, message) in [
            (format!(r#"{{"message": "filled", {template}, {params}}}"#), "filled"),
            (
                format!(r#"{{"message": "", {template}, {params}}}"#),
                "missing the following permission(s): [a:b:view, a:b:update]",
            ),
            (
                r#"{"messageWithParams": "rows found {rows}", "messageParams": {"rows": 3}}"#.to_owned(),
                "rows found 3",
            ),
            (r#"{"error": "invalid_client", "description": "no"}"#.to_owned(), "no"),
            ("{}".to_owned(), ""),
        ] {
            assert_eq!(read(&body).message, message, "{body}");
        }
    }

    /// FIELD B1.
    #[test]
    fn the_permissions_that_the_server_names_are_found() {
        for body in [
            r#"{"message": "x", "messageParams": {"permissions": "a:b:view,a:b:update"}}"#,
            r#"{"message": "x", "messageParams": {"permissions": ["a:b:view", "a:b:update"]}}"#,
            r#"{"message": "You are missing the following permission(s): [a:b:view, a:b:update]"}"#,
            r#"{"message": "You must have at least one of the following permissions assigned: [a:b:view, a:b:update]"}"#,
        ] {
            assert_eq!(read(body).missing_permissions, ["a:b:view", "a:b:update"], "{body}");
        }
        assert!(
            read(r#"{"message": "Value [a:b] is not valid"}"#)
                .missing_permissions
                .is_empty()
        );
    }

    /// FIELD B2.
    #[test]
    fn details_and_nested_errors_come_field_names_first_and_the_rest_is_counted() {
        let found = read(
            r#"{"message": "no", "code": "bad.request",
                "errors": [{"message": "outer", "code": "c1", "errors": [{"message": "inner", "code": "c2"}]},
                           {"details": [{"errorCode": "too.long", "fieldName": "name"}]}],
                "details": [{"errorCode": "missing", "entityId": "x"}],
                "limit": {"key": "rules.per.org", "namespace": "agent.assist", "value": 500}}"#,
        );
        let shown: Vec<_> = found
            .details
            .iter()
            .map(|detail| [&detail.field, &detail.code, &detail.message].map(|text| text.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            shown,
            [
                ["name", "too.long", "-"],
                ["-", "missing", "x"],
                ["-", "c2", "inner"],
                ["-", "c1", "outer"],
            ]
        );
        let limit = found.limit.unwrap();
        assert_eq!(
            [limit.key, limit.namespace, limit.value].map(Option::unwrap),
            ["rules.per.org", "agent.assist", "500"]
        );
        let many = format!(r#"{{"details": [{}]}}"#, vec![r#"{"errorCode": "e"}"#; 27].join(","));
        let found = read(&many);
        assert_eq!((found.details.len(), found.more_details), (20, 7));
    }
}
