//! Excerpts of the messages of receivers and programs, fit to be kept: short, on one line, without secrets.

use ports::Redactor;

/// The most characters that are kept.
const LONGEST: usize = 300;

/// The beginning of a text.
pub(crate) fn beginning(text: &str, secrets: &Redactor) -> String {
    let clean = clean(&secrets.redact(text));
    if clean.chars().nth(LONGEST).is_none() {
        return clean;
    }
    clean.chars().take(LONGEST).chain(['…']).collect()
}

/// The end of a text, where programs say what went wrong.
pub(crate) fn end(text: &str) -> String {
    let clean = clean(text);
    let skipped = clean.chars().count().saturating_sub(LONGEST);
    if skipped == 0 {
        return clean;
    }
    ['…'].into_iter().chain(clean.chars().skip(skipped)).collect()
}

/// The text on one line.
fn clean(text: &str) -> String {
    let words = text.split_whitespace().map(escaped);
    words.collect::<Vec<_>>().join(" ")
}

/// A word in which nothing steers a terminal or turns the direction of the text around.
fn escaped(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for letter in word.chars() {
        let turns = matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if letter.is_control() || turns {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn remarks_are_short_and_steer_nothing() {
        let secrets = ["hunter22", "no"].map(SecretString::from).into_iter().collect();
        for (text, kept) in [
            ("no\n hunter22\there", "no [secret] here"),
            ("\u{1b}[31mred\u{9b}", "\\u{1b}[31mred\\u{9b}"),
            ("a\u{202e}b", "a\\u{202e}b"),
            ("", ""),
        ] {
            assert_eq!(beginning(text, &secrets), kept);
        }
        let long = format!("a{}z", "é".repeat(400));
        assert_eq!(beginning(&long, &Redactor::default()), format!("a{}…", "é".repeat(299)));
        assert_eq!(end(&long), format!("…{}z", "é".repeat(299)));
        assert_eq!(end("short"), "short");
    }

    #[test]
    fn no_cut_leaves_a_piece_of_a_secret() {
        let secrets = [SecretString::from("canary-of-the-hub-4d1f")].into_iter().collect();
        for before in 280..310 {
            for words in ["canary-of-the-hub-4d1f", "canary-of<wbr>-the-hub-4d1f", "canary-of-t"] {
                for front in ["x".repeat(before), " ".repeat(before)] {
                    let shown = beginning(&format!("{front}{words}"), &secrets);
                    assert!(!shown.contains("canary-o"), "{before} {shown}");
                }
            }
        }
    }
}
