//! Regular expressions: malformed or too large is an error, what cannot be judged here is said to be so.

use regex::RegexBuilder;
use regex_syntax::ast::{self, ErrorKind};

use super::comparison::{Comparison, TextTest};
use super::condition::Condition;
use super::limits::EngineLimits;
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::pointer::Pointer;

/// The most constructs of one pattern that are replaced: each costs a look at the whole pattern.
const MOST_STAND_INS: usize = 8;

/// Adds what is wrong with the pattern of a condition, if it has one.
pub(super) fn check_condition(
    condition: &Condition<'_>,
    at_value: impl Fn() -> Pointer,
    limits: &EngineLimits,
    findings: &mut Findings,
) {
    let Comparison::Text(TextTest::Regex(pattern)) = &condition.comparison else {
        return;
    };
    let compiled = RegexBuilder::new(pattern)
        .size_limit(limits.compiled_pattern_bytes)
        .build();
    match compiled {
        Ok(pattern) if pattern.is_match("") => {
            let message = "the regular expression matches the empty text, so it matches everything";
            findings.add(Finding::new(Code::PatternMatchesEmpty, at_value(), message));
        }
        Ok(_) => {}
        Err(regex::Error::CompiledTooBig(bytes)) => {
            let message = format!("the regular expression takes more than {bytes} bytes when compiled");
            findings.add(Finding::new(Code::BadPattern, at_value(), message).with_help("use smaller repetitions"));
        }
        Err(_) => findings.add(malformed(pattern, at_value())),
    }
}

/// Why a pattern does not compile: because this checker lacks something, or because it is wrong.
fn malformed(pattern: &str, pointer: Pointer) -> Finding {
    match first_fault(pattern) {
        Some((kind, column)) => {
            let message = format!("the regular expression breaks at its character {column}: {kind}");
            Finding::new(Code::BadPattern, pointer, message)
        }
        None => Finding::new(
            Code::PatternNotChecked,
            pointer,
            "the regular expression uses look-around or back-references, which cannot be checked here",
        ),
    }
}

/// The first fault of a pattern that is not just something that this checker lacks, and the character it is at.
///
/// Each construct that it lacks is replaced by one that it has, so that what stands after it is seen too. After
/// [`MOST_STAND_INS`] of them the rest is not judged.
fn first_fault(pattern: &str) -> Option<(String, usize)> {
    let mut pattern = pattern.to_owned();
    for _ in 0..MOST_STAND_INS {
        let Err(error) = regex_syntax::ast::parse::Parser::new().parse(&pattern) else {
            return unicode_fault(&pattern);
        };
        let stand_in = if *error.kind() == ErrorKind::UnsupportedLookAround {
            "(?:"
        } else if *error.kind() == ErrorKind::UnsupportedBackreference {
            "a"
        } else {
            return Some((error.kind().to_string(), column(error.span())));
        };
        let (start, end) = (error.span().start.offset, error.span().end.offset);
        let (Some(before), Some(after)) = (pattern.get(..start), pattern.get(end..)) else {
            return Some((error.kind().to_string(), column(error.span())));
        };
        pattern = [before, stand_in, after].concat();
    }
    None
}

/// A class that does not exist, as in `\p{Grek}`, is seen only after parsing.
fn unicode_fault(pattern: &str) -> Option<(String, usize)> {
    match regex_syntax::Parser::new().parse(pattern) {
        Err(regex_syntax::Error::Translate(error)) => Some((error.kind().to_string(), column(error.span()))),
        _ => None,
    }
}

fn column(span: &ast::Span) -> usize {
    span.start.column
}
