//! Text of others as code: the one form in which Markdown gives no part of it a meaning.
//!
//! No name, value or message of others stands outside of a code span or a fence. There it is no mention, issue, commit,
//! link, image, tag or comment, and ends no table cell. What acts on a terminal is escaped as everywhere.

use crate::output::{is_command, visible};

/// The longest text that a span shows whole, in characters.
const LONGEST: usize = 200;

/// A code span, whose delimiter is longer than each run of backticks in it. Of a long text the start is shown, and its
/// length said.
pub(crate) fn span(text: &str) -> String {
    of_shown(&visible(text))
}

/// A code span in a cell of a table, of a text that is [visible] already. A cell ends at a bar, even in code, unless a
/// backslash stands before it.
pub(crate) fn cell(shown: &str) -> String {
    in_cell(&of_shown(shown))
}

/// A fenced block of lines that are [visible] already. Its fence is longer than each run of backticks in it.
pub(crate) fn fence<'t>(language: &str, lines: impl IntoIterator<Item = &'t str>) -> String {
    let mut body = String::new();
    for line in lines {
        // Why: what a job prints is read by its CI, too.
        body.extend([if is_command(line) { "\\" } else { "" }, line, "\n"]);
    }
    let fence = "`".repeat(longest_run(&body).max(2) + 1);
    format!("{fence}{language}\n{body}{fence}\n")
}

/// A span of a text that is visible already.
fn of_shown(shown: &str) -> String {
    if shown.is_empty() {
        return "(empty)".to_owned();
    }
    let start: String = shown.chars().take(LONGEST).collect();
    let length = shown.chars().count();
    if length > LONGEST {
        return format!("{}… ({length} characters)", delimited(&start));
    }
    delimited(&start)
}

fn delimited(text: &str) -> String {
    let delimiter = "`".repeat(longest_run(text) + 1);
    let touches = text.starts_with('`') || text.ends_with('`');
    let is_stripped = text.starts_with(' ') && text.ends_with(' ') && text.contains(|letter| letter != ' ');
    // Why: one blank at both ends of a span is not part of it.
    let blank = if touches || is_stripped { " " } else { "" };
    format!("{delimiter}{blank}{text}{blank}{delimiter}")
}

fn in_cell(span: &str) -> String {
    let mut cell = String::with_capacity(span.len());
    let mut letters = span.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '|' => cell.push_str("\\|"),
            // Why: renderers disagree on two backslashes before a bar.
            '\\' if is_before_bar(letters.clone()) => cell.extend(letter.escape_unicode()),
            letter => cell.push(letter),
        }
    }
    cell
}

/// True if a bar follows, after backslashes or at once.
fn is_before_bar(rest: impl Iterator<Item = char>) -> bool {
    rest.skip_while(|letter| *letter == '\\').take(1).eq(['|'])
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|letter| letter != '`').map(str::len);
    runs.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_what_stands_in_it() {
        for (text, expected) in [
            ("Refunds", "`Refunds`"),
            ("", "(empty)"),
            (" ", "` `"),
            (" a ", "`  a  `"),
            (" a", "` a`"),
            ("`", "`` ` ``"),
            ("a ``` b", "````a ``` b````"),
            ("a\nb\u{1b}[31m\u{202e}", "`a\\nb\\u{1b}[31m\\u{202e}`"),
            ("@oncall #12 <b>", "`@oncall #12 <b>`"),
        ] {
            assert_eq!(span(text), expected);
        }
        let long = format!("`{}`… (1000 characters)", "a".repeat(200));
        assert_eq!(span(&"a".repeat(1_000)), long);
    }

    #[test]
    fn a_bar_ends_no_cell() {
        for (text, expected) in [
            ("a | b", "`a \\| b`"),
            ("a\\|b", "`a\\u{5c}\\|b`"),
            ("a\\\\|b\\", "`a\\u{5c}\\u{5c}\\|b\\`"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn a_fence_is_longer_than_what_stands_in_it_and_no_line_is_a_command_to_a_ci() {
        assert_eq!(fence("diff", ["+ a"]), "```diff\n+ a\n```\n");
        assert_eq!(fence("", ["+ ```` b"]), "`````\n+ ```` b\n`````\n");
        assert_eq!(fence("", ["  ::error::x"]), "```\n\\  ::error::x\n```\n");
    }
}
