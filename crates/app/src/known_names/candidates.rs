//! The names that may have been meant, so written that what differs can be seen.

use domain::nearest;

/// The most names that are told.
const MOST: usize = 5;

/// The names that may have been meant: those that differ only in case, blanks and the like, else the nearest.
pub(super) fn candidates<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let plain = plain(name);
    let alike = known
        .iter()
        .filter(|other| !plain.is_empty() && self::plain(other) == plain);
    let alike: Vec<String> = alike.take(MOST).map(|other| (*other).to_owned()).collect();
    if !alike.is_empty() {
        return alike;
    }
    nearest(name, &known).into_iter().map(str::to_owned).collect()
}

/// The letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// A name in which blanks at the ends, doubled blanks, and characters that cannot be seen by themselves are visible.
pub(super) fn visible(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let is_blank = |place: Option<usize>| place.and_then(|place| letters.get(place)).is_none_or(|it| *it == ' ');
    let mut shown = String::new();
    for (place, letter) in letters.iter().enumerate() {
        match letter {
            ' ' if is_blank(place.checked_sub(1)) || is_blank(Some(place + 1)) => shown.push('␣'),
            // Combining marks: a letter with one looks like the letter that has it built in.
            '\u{300}'..='\u{36f}' => shown.push_str(&code_point(*letter)),
            other if *other != ' ' && (other.is_whitespace() || other.is_control()) => {
                shown.push_str(&code_point(*other));
            }
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => shown.push_str(&code_point(*letter)),
            other => shown.push(*other),
        }
    }
    shown
}

fn code_point(letter: char) -> String {
    format!("<U+{:04X}>", u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_can_be_seen() {
        for (name, shown) in [
            ("Greeting", "Greeting"),
            ("Greeting ", "Greeting␣"),
            (" A  B C", "␣A␣␣B C"),
            ("A\u{a0}B\n", "A<U+00A0>B<U+000A>"),
            ("e\u{301}", "e<U+0301>"),
            ("🙂", "🙂"),
        ] {
            assert_eq!(visible(name), shown);
        }
    }

    #[test]
    fn names_that_differ_in_case_and_blanks_come_first() {
        let known = ["Refund", "greeting", "Greeting ", "Greetings"];
        assert_eq!(candidates("Greeting", known.into_iter()), ["Greeting ", "greeting"]);
        assert_eq!(candidates("Refunds", known.into_iter()), ["Refund"]);
        assert_eq!(candidates("Weather", known.into_iter()), [""; 0]);
    }
}
