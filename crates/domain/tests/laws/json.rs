//! Reading, printing and numbers, held against `serde_json` and against plain arithmetic on digits.

use assist_rules_domain::json::{Document, Node, Value};
use assist_rules_domain::{DocumentKind, Pointer, testing};
use proptest::prelude::*;
use serde_json::Value as Theirs;

use super::{config, mutated, nearly_a_rule, oracle};

/// A text without the white space between its parts, by a reader that knows nothing but quotes.
fn squeezed(text: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    text.chars()
        .filter(|letter| {
            if in_text {
                in_text = escaped || *letter != '"';
                escaped = !escaped && *letter == '\\';
                return true;
            }
            in_text = *letter == '"';
            !letter.is_whitespace()
        })
        .collect()
}

/// The digits of a number without leading and trailing zeros, and the power of ten of the last one.
fn decimal(raw: &str) -> (bool, String, i64) {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let fraction = mantissa.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let kept = digits.trim_end_matches('0');
    let power = exponent.parse::<i64>().unwrap() - i64::try_from(fraction).unwrap();
    let power = power + i64::try_from(digits.len() - kept.len()).unwrap();
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    (raw.starts_with('-'), kept.to_owned(), power)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_read_is_printed_again(document in testing::json_document()) {
        let text = document.text();
        prop_assert_eq!(document.compact(), squeezed(text));
        prop_assert_eq!(squeezed(&document.pretty()), squeezed(text));
        prop_assert_eq!(&Document::parse(&document.compact()).unwrap(), &document);
        prop_assert_eq!(&Document::parse(&document.pretty()).unwrap(), &document);
        oracle::check(text);
        oracle::check(&document.pretty());
    }

    #[test]
    fn a_number_keeps_its_digits_where_serde_prints_it(document in testing::json_document()) {
        for printed in [serde_json::to_string(&document).unwrap(), serde_json::to_string_pretty(&document).unwrap()] {
            let printed: Document = printed.parse().unwrap();
            prop_assert_eq!(oracle::numbers(&printed), oracle::numbers(&document));
            prop_assert_eq!(&printed, &document);
        }
    }

    #[test]
    fn a_served_rule_is_printed_again_with_its_unknown_members(rule in testing::served_rule()) {
        let document = rule.document();
        prop_assert_eq!(document.compact(), squeezed(document.text()));
        let theirs: Theirs = serde_json::from_str(document.text()).unwrap();
        let names: Vec<&str> = document.root().members().map(|member| member.name).collect();
        prop_assert_eq!(names, theirs.as_object().unwrap().keys().collect::<Vec<_>>());
        prop_assert_eq!(&serde_json::from_str::<Theirs>(&document.pretty()).unwrap(), &theirs);
        prop_assert_eq!(&Document::from_serialize(&rule).unwrap(), document);
    }

    #[test]
    fn a_text_is_read_where_serde_reads_it(text in mutated(testing::json_document().prop_map(|it| it.text().to_owned()))) {
        oracle::check(&text);
    }

    #[test]
    fn a_rule_is_read_where_serde_reads_it(text in nearly_a_rule()) {
        oracle::check(&text);
    }

    #[test]
    fn a_number_is_exact_if_serde_prints_the_same_value(raw in testing::number_text()) {
        let document: Document = raw.parse().unwrap();
        let Value::Number(number) = document.root().value() else {
            panic!("a number is read as one");
        };
        let printed = serde_json::from_str::<Theirs>(&raw).map(|theirs| theirs.to_string());
        let is_held = printed.is_ok_and(|printed| decimal(&printed) == decimal(&raw));
        prop_assert_eq!(number.is_exact(), is_held);
        prop_assert_eq!(document.inexact_numbers().is_empty(), is_held);
    }

    #[test]
    fn numbers_are_equal_by_value(ours in testing::number_text(), theirs in testing::number_text(), zeros in 0..5_usize) {
        let longer = match ours.split_once(['e', 'E']) {
            Some(_) => ours.clone(),
            None if ours.contains('.') => ours.clone() + &"0".repeat(zeros),
            None => format!("{ours}{}e-{zeros}", "0".repeat(zeros)),
        };
        let longer = if longer.starts_with("0000") || longer.starts_with("-00") || longer.starts_with("00") { ours.clone() } else { longer };
        let read = |raw: &str| raw.parse::<Document>().unwrap();
        prop_assert_eq!(read(&ours), read(&longer));
        prop_assert_eq!(read(&ours) == read(&theirs), decimal(&ours) == decimal(&theirs));
    }

    #[test]
    fn a_pointer_names_one_place(document in testing::json_document(), tokens in proptest::collection::vec("[+0]?[0-3a~/]?", 0..3)) {
        let mut places = Vec::new();
        document.root().visit(&Pointer::root(), &mut |pointer, node| places.push((pointer.clone(), node.span())));
        for (pointer, span) in &places {
            prop_assert_eq!(document.resolve(pointer).map(Node::span), Some(*span));
            prop_assert_eq!(document.span_at(pointer), *span);
            prop_assert_eq!(&pointer.as_str().parse::<Pointer>().unwrap(), pointer);
        }
        let guess = tokens.iter().fold(Pointer::root(), |pointer, token| pointer.member(token));
        prop_assert_eq!(document.resolve(&guess).is_some(), places.iter().any(|(pointer, _)| *pointer == guess));
    }
}
