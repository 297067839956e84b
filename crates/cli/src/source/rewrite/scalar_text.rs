//! Scalars as text of YAML: in the style that was there, or the nearest one in which they read back.

use std::fmt::Write;

use domain::json::Node;

use crate::source::yaml;

use super::tree::Quoting;

/// The surroundings of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A value in lines.
    Block,
    /// A value in brackets.
    Flow,
    /// A key in lines.
    Key,
    /// A key in brackets.
    FlowKey,
}

/// The words that YAML 1.1 takes for a truth value, in lower case.
const OLD_TRUTHS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

/// A text on one line, in a style if it can be written so.
pub(super) fn on_a_line(text: &str, style: Quoting, place: Place) -> String {
    let plain = || text.to_owned();
    let single = || format!("'{}'", text.replace('\'', "''"));
    let candidates: &[&dyn Fn() -> String] = match style {
        Quoting::Plain => &[&plain, &single],
        Quoting::Single => &[&single],
        Quoting::Double => &[],
    };
    let is_printable = text.chars().all(is_printable);
    let mut written = candidates.iter().map(|candidate| candidate());
    let found = written.find(|written| is_printable && reads_as(written, text, place));
    found.unwrap_or_else(|| double_quoted(text))
}

/// A new text on one line: plain if no reader of YAML takes it for anything else.
pub(super) fn new_on_a_line(text: &str, place: Place) -> String {
    let begins_as_number = text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let is_old_truth = OLD_TRUTHS.contains(&text.to_lowercase().as_str());
    if begins_as_number || is_old_truth {
        return double_quoted(text);
    }
    let plain = on_a_line(text, Quoting::Plain, place);
    let is_text = match place {
        Place::Block | Place::Flow => true,
        // A key is a text whatever it looks like.
        Place::Key => reads_as(text, text, Place::Block),
        Place::FlowKey => reads_as(text, text, Place::Flow),
    };
    if plain == text && is_text {
        plain
    } else {
        double_quoted(text)
    }
}

/// True if a character can stand in a text as it is.
fn is_printable(letter: char) -> bool {
    let is_break = matches!(letter, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    letter == '\t' || !(letter.is_control() || is_break)
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if is_printable(letter) => out.push(letter),
            letter => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
        }
    }
    out.push('"');
    out
}

/// True if the text of a scalar is read as that text.
fn reads_as(written: &str, text: &str, place: Place) -> bool {
    let (yaml, pointer) = match place {
        // Why twice: what may stand behind a colon may not begin an entry, and the other way round.
        Place::Block => (format!("- {written}\n- k: {written}\n"), ["/0", "/1/k"]),
        Place::Flow => (format!("[{written}, {{k: {written}}}]\n"), ["/0", "/1/k"]),
        Place::Key => (format!("- {written}: 0\n"), ["/0", ""]),
        Place::FlowKey => (format!("[{{{written}: 0}}]\n"), ["/0", ""]),
    };
    let Ok(Ok(read)) = yaml::parse(&yaml).map(<[_; 1]>::try_from) else {
        return false;
    };
    let [read] = read;
    let at = |pointer: &str| pointer.parse().ok().and_then(|pointer| read.document.resolve(&pointer));
    match place {
        Place::Block | Place::Flow => {
            read.document.root().elements().count() == 2
                && pointer
                    .iter()
                    .all(|pointer| at(pointer).is_some_and(|node| node.as_str() == Some(text)))
        }
        Place::Key | Place::FlowKey => at("/0").is_some_and(|node| {
            let mut members = node.members();
            members.next().is_some_and(|member| member.name == text) && members.is_empty()
        }),
    }
}

/// A text in lines of its own: the indicators, and the lines with their breaks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TextLines {
    pub(super) header: String,
    pub(super) body: String,
}

/// A text as a literal scalar, whose lines are indented by so many blanks, `step` more than what holds it; none if it
/// cannot stand so.
///
/// Two line breaks at its end are none of its own: blank lines that follow would be read as part of it.
pub(super) fn literal(text: &str, indent: usize, step: usize, eol: &str) -> Option<TextLines> {
    let (bare, chomping) = chomped(text)?;
    let mut body = String::new();
    for line in bare.split('\n') {
        push_line(&mut body, line, indent, eol);
    }
    block(text, '|', bare, chomping, step, body)
}

/// A text as a folded scalar, broken at blanks where its lines would be longer than `width`; none if it cannot stand so.
pub(super) fn folded(text: &str, indent: usize, step: usize, width: usize, eol: &str) -> Option<TextLines> {
    let (bare, chomping) = chomped(text)?;
    let has_blanks = |line: &str| line.starts_with([' ', '\t']) || line.ends_with([' ', '\t']);
    if bare.split('\n').any(has_blanks) {
        return None;
    }
    let mut body = String::new();
    for (index, line) in bare.split('\n').enumerate() {
        if index > 0 && !line.is_empty() {
            body.push_str(eol);
        }
        if line.is_empty() {
            body.push_str(eol);
        }
        for part in wrapped(line, width) {
            push_line(&mut body, part, indent, eol);
        }
    }
    block(text, '>', bare, chomping, step, body)
}

fn chomped(text: &str) -> Option<(&str, &'static str)> {
    let (bare, chomping) = text.strip_suffix('\n').map_or((text, "-"), |bare| (bare, ""));
    let is_fit = !bare.is_empty() && !bare.ends_with('\n') && bare.chars().all(|it| it == '\n' || is_printable(it));
    is_fit.then_some((bare, chomping))
}

fn push_line(body: &mut String, line: &str, indent: usize, eol: &str) {
    if !line.is_empty() {
        body.extend(std::iter::repeat_n(' ', indent));
        body.push_str(line);
    }
    body.push_str(eol);
}

fn block(text: &str, sign: char, bare: &str, chomping: &str, step: usize, body: String) -> Option<TextLines> {
    let is_blank_first = bare.starts_with(['\n', ' ', '\t']);
    let indication = if is_blank_first {
        step.to_string()
    } else {
        String::new()
    };
    if is_blank_first && !(1..=9).contains(&step) {
        return None;
    }
    let header = format!("{sign}{indication}{chomping}");
    // Read as if it stood at the left, where the step is what the lines are indented by.
    let indent = body.lines().find(|line| !line.trim().is_empty())?;
    let leading = bare.lines().find(|line| !line.trim().is_empty())?;
    let own = leading.len() - leading.trim_start_matches(' ').len();
    let indent = indent.len() - indent.trim_start_matches(' ').len() - own;
    let moved: String = body
        .split_inclusive('\n')
        .fold("k: ".to_owned() + &header + "\n", |out, line| {
            let line = line.get(indent.min(line.len())..).filter(|_| !line.trim().is_empty());
            out + &line.map_or_else(|| "\n".to_owned(), |line| format!("{}{line}", " ".repeat(step)))
        });
    let read = yaml::parse(&moved).ok()?.pop()?;
    let is_same = read.document.root().get("k").and_then(Node::as_str) == Some(text);
    is_same.then_some(TextLines { header, body })
}

/// The parts of a line that are read as it when one blank joins them.
fn wrapped(line: &str, width: usize) -> Vec<&str> {
    let (mut parts, mut start, mut last) = (Vec::new(), 0, None);
    for (at, _) in line.match_indices(' ') {
        let is_single = line.get(..at).is_some_and(|before| !before.ends_with([' ', '\t']))
            && line.get(at + 1..).is_some_and(|after| !after.starts_with([' ', '\t']));
        if !is_single {
            continue;
        }
        if let Some(cut) = last.filter(|cut| at - start > width && *cut > start) {
            parts.extend(line.get(start..cut));
            start = cut + 1;
        }
        last = Some(at);
    }
    if let Some(cut) = last.filter(|cut| line.len() - start > width && *cut > start) {
        parts.extend(line.get(start..cut));
        start = cut + 1;
    }
    parts.extend(line.get(start..).filter(|rest| !rest.is_empty()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_style_where_it_reads_back() {
        use Quoting::{Double, Plain, Single};
        for (text, style, place, expected) in [
            ("near", Plain, Place::Block, "near"),
            ("no", Plain, Place::Block, "no"),
            ("true", Plain, Place::Block, "'true'"),
            ("null", Plain, Place::Block, "'null'"),
            ("0x1F", Plain, Place::Block, "'0x1F'"),
            ("1.50", Plain, Place::Block, "'1.50'"),
            ("", Plain, Place::Block, "''"),
            ("a: b", Plain, Place::Block, "'a: b'"),
            ("a #b", Plain, Place::Block, "'a #b'"),
            ("- a", Plain, Place::Block, "'- a'"),
            ("a, b", Plain, Place::Block, "a, b"),
            ("a, b", Plain, Place::Flow, "'a, b'"),
            ("it's", Single, Place::Block, "'it''s'"),
            ("a\tb", Single, Place::Block, "'a\tb'"),
            ("a\nb", Single, Place::Block, "\"a\\nb\""),
            ("a\"\\b", Double, Place::Block, "\"a\\\"\\\\b\""),
            ("\u{7}", Plain, Place::Block, "\"\\u0007\""),
            ("a b", Plain, Place::Key, "a b"),
            ("a: b", Plain, Place::Key, "'a: b'"),
            ("a, b", Plain, Place::FlowKey, "'a, b'"),
        ] {
            assert_eq!(on_a_line(text, style, place), expected, "{text:?}");
        }
        for (text, expected) in [("no", "\"no\""), ("2026-01-01", "\"2026-01-01\""), ("hello", "hello")] {
            assert_eq!(new_on_a_line(text, Place::Block), expected);
        }
    }

    #[test]
    fn a_text_of_lines_reads_back_or_is_none() {
        let lines = |header: &str, body: &str| {
            Some(TextLines {
                header: header.to_owned(),
                body: body.to_owned(),
            })
        };
        for (text, expected) in [
            ("a\nb", lines("|-", "    a\n    b\n")),
            ("a\n\nb\n", lines("|", "    a\n\n    b\n")),
            ("  a\nb", lines("|2-", "      a\n    b\n")),
            ("\na", lines("|2-", "\n    a\n")),
            ("\n a", lines("|2-", "\n     a\n")),
            ("a\n\n", None),
            ("", None),
            ("a\u{7}\nb", None),
        ] {
            assert_eq!(literal(text, 4, 2, "\n"), expected, "{text:?}");
        }
        for (text, expected) in [
            ("one two three four", lines(">-", "    one two\n    three four\n")),
            ("one\ntwo\n", lines(">", "    one\n\n    two\n")),
            ("one\n\n\ntwo", lines(">-", "    one\n\n\n\n    two\n")),
            ("one\n two", None),
        ] {
            assert_eq!(folded(text, 4, 2, 10, "\n"), expected, "{text:?}");
        }
    }
}
