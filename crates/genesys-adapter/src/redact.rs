//! The words of a server, fit to be shown and kept: without secrets, on one line, and short.

use ports::Redactor;

/// The most characters that are kept.
const LONGEST: usize = 500;

/// The most bytes that are searched for something to show.
const MOST_READ: usize = 64 << 10;

/// The characters that are shown of a page that is none of the platform's.
const FIRST_WORDS: usize = 80;

/// The text without the secrets, on one line, without control characters, and cut.
pub(crate) fn clean(redactor: &Redactor, text: &str) -> String {
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let read = text.get(..text.floor_char_boundary(MOST_READ)).unwrap_or_default();
    let mut clean: String = redactor.redact(read).chars().map(visible).collect();
    if let Some((cut, _)) = clean.char_indices().nth(LONGEST) {
        clean.truncate(cut);
        clean.push('…');
    }
    clean.trim().to_owned()
}

/// The first words of a page, without the secrets, and without its tags, styles and scripts.
pub(crate) fn first_words(redactor: &Redactor, page: &str) -> String {
    let read = page.get(..page.floor_char_boundary(MOST_READ)).unwrap_or_default();
    // Why twice: a page may hide a secret, and a secret may come about where hidden parts are taken out.
    let words = redactor.redact(&words(&redactor.redact(read)));
    words.chars().take(FIRST_WORDS).collect()
}

/// The words that a page shows.
fn words(page: &str) -> String {
    let mut plain = String::new();
    let mut rest = page;
    while let Some((text, tagged)) = rest.split_once('<') {
        plain.push_str(text);
        plain.push(' ');
        let name = tagged.trim_start().to_ascii_lowercase();
        let hidden = ["script", "style"].into_iter().find(|hidden| name.starts_with(hidden));
        let tag = match hidden {
            None => tagged,
            Some(hidden) => tagged.split_once(&format!("</{hidden}")).map_or("", |(_, after)| after),
        };
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
    let plain: String = plain.chars().map(visible).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn remote_text_is_shown_without_secrets_and_escapes() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretString::from("hunter22"));
        assert_eq!(
            clean(&redactor, "\u{1b}[31mno hunter22\nhere\u{9b}"),
            "[31mno [secret] here"
        );
        assert_eq!(clean(&redactor, &"x".repeat(600)).chars().count(), 501);
    }

    /// FIELD E2: wherever the cut falls, and whatever stands inside.
    #[test]
    fn a_page_shows_no_piece_of_a_secret() {
        const SECRET: &str = "canary-that-sings-in-a-page-4d1f";
        let redactor = [SecretString::from(SECRET)].into_iter().collect();
        let (start, end) = SECRET.split_at(12);
        let (piece, _) = SECRET.split_at(8);
        let words = [
            SECRET.to_owned(),
            format!("{start}<wbr>{end}"),
            format!("{start}\n  {end}"),
            format!("{start}<script>var x = 1 > 0</script>{end}"),
            SECRET.replace('-', "&#x2d;"),
        ];
        for words in words {
            for before in (0..100).chain((MOST_READ - 60..MOST_READ).step_by(7)) {
                let blank = " ".repeat(before);
                for front in ["x".repeat(before), format!("<style>{blank}</style>"), blank] {
                    let shown = first_words(&redactor, &format!("<html>{front}{words}</html>"));
                    assert!(!shown.contains(piece), "{before} {shown}");
                    let shown = clean(&redactor, &format!("{front}{words}"));
                    assert!(words.contains("<script>") || !shown.contains(piece), "{before} {shown}");
                }
            }
        }
    }
}
