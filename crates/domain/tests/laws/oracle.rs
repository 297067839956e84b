//! The oracle of the reader: any text, held against `serde_json` and against itself.
//!
//! The laws run it on texts that proptest makes, the fuzz target `json` on those that libFuzzer finds. It shares its file
//! with the latter, so it names nothing but the crate.

use assist_rules_domain::Pointer;
use assist_rules_domain::json::{Document, JsonError, Node, TextError, Value};

/// Reads a text, and whatever is read prints it, and reads that again.
///
/// # Panics
///
/// If the reader accepts, refuses or understands anything otherwise than `serde_json`. It may refuse more: keys that
/// stand twice, what is too large or too deep. It may accept more: numbers that no double reaches, half a character.
pub(crate) fn check(text: &str) {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match (Document::parse(text), theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_same(ours.root(), &theirs);
            check_document(&ours, text);
        }
        (Ok(ours), Err(error)) => {
            let is_number = error.to_string().starts_with("number out of range");
            assert!(
                is_number && has_number_out_of_range(&ours) || has_half_a_character(text),
                "{error}"
            );
            check_document(&ours, text);
        }
        (Err(ours), Ok(theirs)) => {
            check_error(&ours, text);
            assert!(is_our_bound(&ours), "only we refuse it: {ours}; they read {theirs}");
        }
        (Err(ours), Err(_)) => check_error(&ours, text),
    }
}

fn check_document(document: &Document, text: &str) {
    assert_eq!(document.text(), text);
    for printed in [document.compact(), document.pretty()] {
        let again: Document = printed.parse().unwrap();
        assert_eq!(&again, document);
        assert_eq!(again.compact(), document.compact());
        assert_eq!(again.pretty(), document.pretty());
    }
    let serialized: Document = serde_json::to_string(document).unwrap().parse().unwrap();
    assert_eq!(&serialized, document);
    assert_eq!(numbers(&serialized), numbers(document));
    document.root().visit(&Pointer::root(), &mut |pointer, node| {
        assert_eq!(document.resolve(pointer).map(Node::span), Some(node.span()));
        assert_eq!(document.span_at(pointer), node.span());
        assert_eq!(Document::from_node(node).unwrap().root(), node);
    });
}

/// The numbers of a document as they were written, in its order.
pub(crate) fn numbers(document: &Document) -> Vec<String> {
    let mut found = Vec::new();
    document.root().visit(&Pointer::root(), &mut |_, node| {
        found.extend(node.as_number().map(|number| number.raw().to_owned()));
    });
    found
}

fn has_number_out_of_range(document: &Document) -> bool {
    document.inexact_numbers().iter().any(|pointer| {
        let number = document.resolve(pointer).and_then(Node::as_number);
        number.is_some_and(|number| number.to_f64().is_infinite())
    })
}

fn has_half_a_character(text: &str) -> bool {
    text.to_ascii_lowercase().contains("\\ud")
}

fn check_error(error: &TextError, text: &str) {
    for fault in error.faults() {
        let span = fault.span();
        assert!(text.get(span.start..span.end).is_some(), "{fault}: {span:?}");
    }
}

fn is_our_bound(error: &TextError) -> bool {
    error.faults().all(|fault| match fault {
        JsonError::Duplicate { .. } | JsonError::TooDeep { .. } | JsonError::TooLarge { .. } => true,
        JsonError::Syntax { .. } => false,
    })
}

fn assert_same(ours: Node<'_>, theirs: &serde_json::Value) {
    match ours.value() {
        Value::Null => assert!(theirs.is_null()),
        Value::Bool(truth) => assert_eq!(Some(truth), theirs.as_bool()),
        Value::Number(number) => assert_eq!(Some(number.to_f64()), theirs.as_f64()),
        Value::String(text) => assert_eq!(Some(text), theirs.as_str()),
        Value::Array(elements) => {
            let theirs = theirs.as_array().unwrap();
            assert_eq!(elements.count(), theirs.len());
            for (ours, theirs) in elements.zip(theirs) {
                assert_same(ours, theirs);
            }
        }
        Value::Object(members) => {
            let theirs = theirs.as_object().unwrap();
            assert_eq!(members.count(), theirs.len());
            for (ours, (name, theirs)) in members.zip(theirs) {
                assert_eq!(ours.name, name);
                assert_same(ours.value, theirs);
            }
        }
    }
}
