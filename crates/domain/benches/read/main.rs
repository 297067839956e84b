//! The cost of reading and checking a rule, beside what serde takes for the same bytes; `copilot.rs` has that of a Copilot.
//!
//! `cargo bench -p assist-rules-domain` measures each way by itself. With `-- --ratios` it prints the ratios instead,
//! one a line, from medians of rounds in which the ways take turns, so that a busy machine slows all of them.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a benchmark has a clock and arguments, which the domain has not"
)]

mod copilot;
mod turns;

use std::borrow::Cow;
use std::fmt;
use std::hint::black_box;

use assist_rules_domain::json::Document;
use assist_rules_domain::{Findings, TriggerRule, check};
use divan::Bencher;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer};
use turns::medians;

fn main() {
    if std::env::args().any(|argument| argument == "--ratios") {
        print_ratios();
        copilot::print_ratios();
    } else {
        divan::main();
    }
}

/// The rule as a typed reader holds it that keeps nothing else and checks nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypedRule<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    rule_type: Cow<'a, str>,
    enabled: bool,
    #[serde(borrow)]
    conditions: Vec<TypedCondition<'a>>,
    #[serde(borrow)]
    actions: Vec<TypedAction<'a>>,
}

#[derive(Deserialize)]
struct TypedCondition<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    field: Cow<'a, str>,
    #[serde(borrow)]
    operator: Cow<'a, str>,
    #[serde(borrow)]
    value: TypedValue<'a>,
}

/// Read by hand: `untagged` would copy each value first, and make this reader look slow.
enum TypedValue<'a> {
    Number(f64),
    Bool(bool),
    Text(Cow<'a, str>),
}

impl<'de: 'a, 'a> Deserialize<'de> for TypedValue<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = TypedValue<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, or true or false")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(TypedValue::Bool(truth))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(TypedValue::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(TypedValue::Text(text.into()))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TypedAction<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    template_id: Option<Cow<'a, str>>,
    priority: Option<f64>,
}

fn with_conditions(condition: impl Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..50).map(condition).collect();
    format!(
        r#"{{"id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","etag":"7","name":"Refunds","ruleType":"conversation",
"enabled":true,"conditions":[{}],"actions":[{{"type":"display","templateId":"tmpl_98765","priority":1}}]}}"#,
        all.join(",\n")
    )
}

/// About 6 kB: as many conditions as the engine allows, half of them on texts and half on numbers.
fn rule_text() -> String {
    with_conditions(|n| {
        if n.is_multiple_of(2) {
            format!(
                r#"{{"type":"keyword","field":"conversation.text","operator":"contains","value":"credit card declined by the issuing bank {n}"}}"#
            )
        } else {
            format!(r#"{{"type":"sentiment","field":"conversation.sentiment.{n}","operator":"lt","value":0.{n}}}"#)
        }
    })
}

fn patterns_text() -> String {
    with_conditions(|n| {
        format!(
            r#"{{"type":"keyword","field":"conversation.text","operator":"regex","value":"(?i)card.{{0,9}}declined {n}"}}"#
        )
    })
}

fn read_and_check(text: &str) -> Option<Findings> {
    let rule: TriggerRule = text.parse().ok()?;
    Some(check(&rule, None))
}

fn parse(text: &str) -> Option<Document> {
    Document::parse(text).ok()
}

fn serde_typed(text: &str) -> Option<TypedRule<'_>> {
    let rule: TypedRule<'_> = serde_json::from_str(text).ok()?;
    black_box((&rule.id, &rule.name, &rule.rule_type, rule.enabled));
    for condition in &rule.conditions {
        black_box((&condition.kind, &condition.field, &condition.operator));
        match &condition.value {
            TypedValue::Number(number) => black_box(number.to_bits() != 0),
            TypedValue::Bool(truth) => black_box(*truth),
            TypedValue::Text(text) => black_box(text.is_empty()),
        };
    }
    for action in &rule.actions {
        black_box((&action.kind, &action.template_id, action.priority));
    }
    Some(rule)
}

fn serde_value(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

#[divan::bench]
fn read_and_check_fifty_conditions(bencher: Bencher<'_, '_>) {
    let text = rule_text();
    bencher.bench_local(|| read_and_check(black_box(&text)));
}

#[divan::bench]
fn parse_fifty_conditions(bencher: Bencher<'_, '_>) {
    let text = rule_text();
    bencher.bench_local(|| parse(black_box(&text)));
}

#[divan::bench]
fn serde_typed_fifty_conditions(bencher: Bencher<'_, '_>) {
    let text = rule_text();
    bencher.bench_local(|| serde_typed(black_box(&text)).is_some());
}

#[divan::bench]
fn serde_value_fifty_conditions(bencher: Bencher<'_, '_>) {
    let text = rule_text();
    bencher.bench_local(|| serde_value(black_box(&text)));
}

#[divan::bench]
fn read_and_check_fifty_patterns(bencher: Bencher<'_, '_>) {
    let text = patterns_text();
    bencher.bench_local(|| read_and_check(black_box(&text)));
}

#[divan::bench(args = [100, 1_000, 10_000], sample_count = 10)]
fn read_and_check_rules(bencher: Bencher<'_, '_>, count: usize) {
    let text = rule_text();
    bencher.bench_local(|| {
        for _ in 0..count {
            black_box(read_and_check(black_box(&text)));
        }
    });
}

/// The number of rounds in which the ways take turns, and the runs of each in one.
const ROUNDS: usize = 301;
const RUNS: u32 = 20;

fn print_ratios() {
    let (text, patterns) = (rule_text(), patterns_text());
    let times = |count: u32, run: &dyn Fn()| (0..count).for_each(|_| run());
    let read = || drop(black_box(read_and_check(black_box(&text))));
    let [ours, parsed, typed, value] = medians(
        ROUNDS,
        [
            &|| times(RUNS, &read),
            &|| times(RUNS, &|| drop(black_box(parse(black_box(&text))))),
            &|| times(RUNS, &|| drop(black_box(serde_typed(black_box(&text))))),
            &|| times(RUNS, &|| drop(black_box(serde_value(black_box(&text))))),
        ],
    );
    let [pattern] = medians(5, [&|| drop(black_box(read_and_check(black_box(&patterns))))]);
    let [hundred, thousand, ten_thousand] = medians(
        3,
        [&|| times(100, &read), &|| times(1_000, &read), &|| times(10_000, &read)],
    );
    let microseconds = 1e6 / f64::from(RUNS);
    println!("rule bytes: {}", text.len());
    println!("read+check: {:.1} us", ours * microseconds);
    println!("read+check / serde typed: {:.2}", ours / typed);
    println!("parse / serde typed: {:.2}", parsed / typed);
    println!("read+check / serde value: {:.2}", ours / value);
    println!("read+check of one pattern: {:.1} us", pattern * 1e6 / 50.0);
    println!("1000 rules / 100 rules: {:.2}", thousand / hundred);
    println!("10000 rules / 1000 rules: {:.2}", ten_thousand / thousand);
}
