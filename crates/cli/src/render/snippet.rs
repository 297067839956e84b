//! Findings for people: in the text that they wrote, with the part at fault underlined.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use domain::{Finding, Severity};

use crate::output::{letters, visible};
use crate::render::findings::{File, Summary};
use crate::render::lines::Lines;

/// The number of findings that a person is shown of one run.
const MOST_SHOWN: usize = 100;

/// The bytes of the longest line that is shown: of a longer one, such as a whole document without line breaks, a part
/// says nothing.
const LONGEST_LINE: usize = 10_000;

/// The findings of these files, each in its place, in the order of the files. Of more than a person reads, the most severe
/// are shown, and the others counted.
pub(crate) fn of_files(files: &[File]) -> String {
    let Summary { errors, warnings, .. } = Summary::of(files);
    let mut errors_left = errors.min(MOST_SHOWN);
    let mut warnings_left = warnings.min(MOST_SHOWN - errors_left);
    let left_out = errors + warnings - errors_left - warnings_left;
    let mut text = String::new();
    for file in files {
        let name = visible(&file.name);
        let lines = Lines::of(&file.text);
        for (finding, range) in &file.findings {
            let left = match finding.severity {
                Severity::Error => &mut errors_left,
                Severity::Warning => &mut warnings_left,
            };
            let Some(fewer) = left.checked_sub(1) else { continue };
            *left = fewer;
            // At the end of a text there is no line to show.
            let at_end = range.start >= file.text.len();
            let line = lines.around(
                &file.text,
                range.start - usize::from(at_end && file.text.ends_with('\n')),
            );
            if line.text.len() > LONGEST_LINE {
                let place = lines.range(&file.text, range).start;
                let origin = Origin::path(name.as_str()).line(place.line).char_column(place.column);
                text.push_str(&render(finding, Some(origin.into())));
                continue;
            }
            let source = harmless(line.text);
            let element = Snippet::source(source.as_str())
                .line_start(line.number)
                .path(name.as_str())
                .annotation(
                    AnnotationKind::Primary
                        .span(line.part(range))
                        .label(finding.code.title()),
                );
            text.push_str(&render(finding, Some(element.into())));
        }
    }
    if left_out > 0 {
        let findings = if left_out == 1 { "finding is" } else { "findings are" };
        let _ = writeln!(
            text,
            "{left_out} more {findings} not shown; `-o json` has all of them.\n"
        );
    }
    text
}

/// A finding about a part that is in no input file.
pub(crate) fn without_place(finding: &Finding) -> String {
    render(finding, None)
}

fn render(finding: &Finding, place: Option<Element<'_>>) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = visible(&finding.message);
    let title = level.primary_title(message.as_str()).id(finding.code.id());
    let mut group = Group::with_title(title);
    match place {
        Some(place) => group = group.element(place),
        None if finding.pointer.as_str().is_empty() => {}
        None => {
            group = group.element(Level::NOTE.message(visible(&format!("at {} of the stored rule", finding.pointer))));
        }
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(visible(help)));
    }
    format!("{}\n\n", Renderer::styled().render(&[group]))
}

/// The text with as many bytes for each character, and none that does something to a terminal or begins a line that is
/// not one.
fn harmless(text: &str) -> String {
    let after = text.chars().skip(1).map(Some).chain([None]);
    let shown = |((letter, is_harmful), after): ((char, bool), Option<char>)| match letter {
        '\n' | '\t' => letter,
        '\r' if after == Some('\n') => letter,
        letter if !is_harmful => letter,
        letter => match letter.len_utf8() {
            1 => '?',
            2 => '\u{b7}',
            _ => char::REPLACEMENT_CHARACTER,
        },
    };
    letters(text).zip(after).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_hold_in_a_text_that_was_made_harmless() {
        for text in ["a\u{1b}b", "a\u{9b}b", "a\u{202e}b", "é\r\n\t𝄞", "a\rb"] {
            let shown = harmless(text);
            assert_eq!(shown.len(), text.len(), "{shown}");
            assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{shown}");
            assert!(!shown.replace("\r\n", "").contains('\r'), "{shown}");
        }
    }
}
