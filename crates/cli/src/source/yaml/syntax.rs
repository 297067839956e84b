//! Faults that the reader of values passes over: tags that mean nothing here, and a merge key that stands twice.

use std::ops::Range;

use domain::{Code, Finding, Pointer};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::Placed;

/// The key that merges another object into the one that it stands in.
const MERGE_KEY: &str = "<<";

/// A list or an object that is being read.
enum Open {
    List,
    Object { is_key_next: bool, has_merge_key: bool },
}

/// The faults of a text that could be read.
pub(super) fn faults(text: &str) -> Vec<Placed> {
    if !text.contains('!') && !text.contains(MERGE_KEY) {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for (event, span) in Parser::new_from_str(text).map_while(Result::ok) {
        match &event {
            Event::Scalar(name, style, _, tag) => {
                if begins_value(&mut open, *style == ScalarStyle::Plain && name == MERGE_KEY) {
                    let message = format!("the member `{MERGE_KEY}` stands twice in one object");
                    let help = format!("write one, with a list: `{MERGE_KEY}: [*first, *second]`");
                    let finding = Finding::new(Code::DuplicateMember, Pointer::root(), message).with_help(help);
                    faults.push((finding, place(text, &span)));
                }
                faults.extend(unknown(tag.as_deref(), text, &span));
            }
            Event::SequenceStart(_, _, tag) => {
                begins_value(&mut open, false);
                open.push(Open::List);
                faults.extend(unknown(tag.as_deref(), text, &span));
            }
            Event::MappingStart(_, _, tag) => {
                begins_value(&mut open, false);
                open.push(Open::Object {
                    is_key_next: true,
                    has_merge_key: false,
                });
                faults.extend(unknown(tag.as_deref(), text, &span));
            }
            Event::SequenceEnd | Event::MappingEnd => {
                open.pop();
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                begins_value(&mut open, false);
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Anchor(..)
            | Event::Comment(..)
            | _ => {}
        }
    }
    faults
}

/// Notes that a key or a value begins; true if it is the second merge key of its object.
fn begins_value(open: &mut [Open], is_merge_key: bool) -> bool {
    let Some(Open::Object {
        is_key_next,
        has_merge_key,
    }) = open.last_mut()
    else {
        return false;
    };
    let is_key = std::mem::replace(is_key_next, !*is_key_next);
    let is_second = is_key && is_merge_key && *has_merge_key;
    *has_merge_key |= is_key && is_merge_key;
    is_second
}

/// The fault of a tag that the core schema does not have. `!` alone makes a text of a plain scalar, by the same schema.
fn unknown(tag: Option<&Tag>, text: &str, span: &Span) -> Option<Placed> {
    let tag = tag.filter(|tag| !(tag.is_yaml_core_schema() || (tag.handle().is_empty() && tag.suffix() == "!")))?;
    let message = format!("the tag `{}{}` means nothing here", tag.original_handle(), tag.suffix());
    let finding = Finding::new(Code::NotYaml, Pointer::root(), message);
    let finding = finding.with_help("take the tag away: the value is read as YAML 1.2 has it; a text stands in quotes");
    let at = span
        .tag_span()
        .map_or_else(|| place(text, span), |tag| place(text, &tag));
    Some((finding, at))
}

fn place(text: &str, span: &Span) -> Range<usize> {
    if let Some(range) = span.byte_range() {
        return range;
    }
    let byte = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    byte(span.start.index())..byte(span.end.index())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD F3.
    #[test]
    fn a_tag_that_means_nothing_and_a_second_merge_key_are_told_by_their_place() {
        for (text, expected) in [
            (
                "a: !secret b",
                &[("the tag `!secret` means nothing here", "!secret")][..],
            ),
            (
                "a: !!timestamp 2026-01-01",
                &[("the tag `!!timestamp` means nothing here", "!!timestamp")],
            ),
            (
                "é: !Ref [b, !Sub c]",
                &[
                    ("the tag `!Ref` means nothing here", "!Ref"),
                    ("the tag `!Sub` means nothing here", "!Sub"),
                ],
            ),
            ("a: !env {b: c}", &[("the tag `!env` means nothing here", "!env")]),
            ("a: !!str 5\nb: !!int 7\nc: ! 12\nd: \"!x\"\ne: hello!", &[]),
            (
                "a: &a {b: 1}\n<<: *a\n<<: *a\n",
                &[("the member `<<` stands twice in one object", "<<")],
            ),
            ("a: &a {b: 1}\n<<: *a\nc: {<<: *a}\nd: [{<<: *a}, \"<<\"]", &[]),
            ("a: {'<<': 1, \"<<\": 2}", &[]),
        ] {
            let found = faults(text);
            let found: Vec<_> = found
                .iter()
                .map(|(finding, place)| (finding.message.as_str(), text.get(place.clone()).unwrap()))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
