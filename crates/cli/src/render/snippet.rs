//! Findings for people: in the text that they wrote, with the part at fault underlined.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use domain::{Finding, Severity};

use crate::output::{letters, visible};
use crate::render::findings::File;

/// The findings of a file, each in its place.
pub(crate) fn of_file(file: &File) -> String {
    let (text, name) = (harmless(&file.text), visible(&file.name));
    let all = file.findings.iter().map(|(finding, range)| {
        let shown = first_line(&file.text, range);
        let element = Snippet::source(text.as_str())
            .path(name.as_str())
            .annotation(AnnotationKind::Primary.span(shown).label(finding.code.title()));
        render(finding, Some(element))
    });
    all.collect()
}

/// A finding about a part that is in no input file.
pub(crate) fn without_place(finding: &Finding) -> String {
    render(finding, None)
}

fn render(finding: &Finding, place: Option<Snippet<'_, annotate_snippets::Annotation<'_>>>) -> String {
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

/// The part of a range that is on its first line: a finding that spans many lines is shown where it starts.
fn first_line(text: &str, range: &Range<usize>) -> Range<usize> {
    let end = range.end.min(text.len());
    let start = range.start.min(end);
    let spanned = text.get(start..end).unwrap_or_default();
    let line = spanned.find('\n').unwrap_or(spanned.len());
    start..start + line
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
