//! Laws of redaction: no encoding of a secret is left, and what is no secret stays.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

fn redactor(secret: &str) -> Redactor {
    [SecretString::from(secret)].into_iter().collect()
}

/// The text with each byte percent-encoded that the choices say, and each that has to be.
fn percent_encoded(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let encode = |byte: u8| match choices.next().map_or(0, |choice| choice % 3) {
        0 if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        1 => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// The text as a string of JSON has it, with `\u` where the choices say so.
fn json_escaped(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let mut out = String::new();
    for letter in text.chars() {
        let mut units = [0; 2];
        match choices.next().map_or(0, |choice| choice % 3) {
            0 if letter == '"' || letter == '\\' || letter == '/' => out.extend(['\\', letter]),
            0 if !letter.is_control() => out.push(letter),
            choice => {
                for unit in letter.encode_utf16(&mut units) {
                    let _ = match choice {
                        1 => write!(out, "\\u{unit:04x}"),
                        _ => write!(out, "\\u{unit:04X}"),
                    };
                }
            }
        }
    }
    out
}

fn hex(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// The text as HTML has it, with character references where the choices say so.
fn html_encoded(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().cycle();
    let encode = |letter: char| match choices.next().map_or(0, |choice| choice % 3) {
        0 if !"<>&".contains(letter) => letter.to_string(),
        1 => format!("&#{};", u32::from(letter)),
        _ => format!("&#x{:X};", u32::from(letter)),
    };
    text.chars().map(encode).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// FIELD E2: base64 of `id:secret`, percent-encoded and JSON-escaped forms are found as the plain form is.
    #[test]
    fn no_encoding_of_a_secret_is_left(
        secret in "[!-~]{2}\\PC{4,30}",
        id in "[a-z0-9-]{0,40}",
        choices in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let redactor = redactor(&secret);
        let login = format!("{id}:{secret}");
        let forms = [
            secret.clone(),
            percent_encoded(&secret, &choices),
            json_escaped(&secret, &choices),
            percent_encoded(&json_escaped(&secret, &choices), &choices),
            json_escaped(&percent_encoded(&secret, &choices), &choices),
            STANDARD.encode(&login),
            URL_SAFE.encode(&login),
            STANDARD_NO_PAD.encode(&login),
            URL_SAFE_NO_PAD.encode(&login),
            STANDARD.encode(&secret),
            percent_encoded(&STANDARD.encode(&login), &choices),
            json_escaped(&STANDARD.encode(&login), &choices),
            hex(&secret),
            hex(&secret).to_uppercase(),
            html_encoded(&secret, &choices),
            percent_encoded(&html_encoded(&secret, &choices), &choices),
        ];
        for form in forms {
            let text = format!("you sent: {form}, and é");
            prop_assert!(redactor.finds_secret(&text), "{}", text);
            prop_assert_eq!(redactor.redact(&text), "you sent: [secret], and é", "{}", text);
        }
    }

    /// Whatever shows nothing may stand inside of a secret, and the secret may be written in any way.
    #[test]
    fn a_secret_that_is_split_is_found(
        secret in "[a-zA-Z0-9_.~-]{12,40}",
        splitter in prop::sample::select(vec![
            "<wbr>", "</b> <b class=\"x\">", "\n", "\r\n  ", " ", "\u{200b}", "\u{ad}", "\u{1}", "\u{a0}",
        ]),
        choices in prop::collection::vec(any::<u8>(), 1..20),
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let forms = [
            secret.clone(),
            percent_encoded(&secret, &choices),
            json_escaped(&secret, &choices),
            html_encoded(&secret, &choices),
            hex(&secret),
            STANDARD.encode(&secret),
        ];
        for form in forms {
            let mut places: Vec<usize> = places.iter().map(|place| place.index(form.len())).collect();
            places.sort_unstable();
            let mut split = form;
            for place in places.into_iter().rev() {
                split.insert_str(place, splitter);
            }
            let text = format!("you sent: {split}, and é");
            let clean = redactor(&secret).redact(&text);
            prop_assert!(clean != text && !redactor(&secret).finds_secret(&clean), "{} {}", text, clean);
        }
    }

    /// Others cut texts, too.
    #[test]
    fn no_beginning_of_a_secret_is_left_where_a_text_was_cut(
        secret in "[a-zA-Z0-9_.~!-]{20,60}",
        choices in prop::collection::vec(any::<u8>(), 1..20),
        cut in any::<prop::sample::Index>(),
        more in 0..4_usize,
    ) {
        let shown = 9 + cut.index(secret.len() - 9);
        let encodings: [&dyn Fn(&str) -> String; 7] = [
            &|text| text.to_owned(),
            &|text| percent_encoded(text, &choices),
            &|text| json_escaped(text, &choices),
            &|text| html_encoded(text, &choices),
            &|text| hex(text),
            &|text| STANDARD.encode(text),
            &|text| URL_SAFE_NO_PAD.encode(text),
        ];
        for encode in encodings {
            let (beginning, _) = secret.split_at(shown);
            let least = encode(beginning).trim_end_matches('=').len();
            let kept: String = encode(&secret).chars().take(least + more).collect();
            for dots in ["", "…", "..."] {
                let text = format!("you sent: {kept}{dots}");
                let clean = redactor(&secret).redact(&text);
                prop_assert_eq!(clean.trim_end_matches(['.', '…']), "you sent: [secret]", "{}", text);
            }
        }
    }

    #[test]
    fn a_text_without_the_secret_stays_as_it_is(text in "[a-z%\\\\+/=é ]{0,60}") {
        prop_assert_eq!(redactor("0123456789").redact(&text), text);
    }
}

#[test]
fn secrets_that_stand_together_or_are_short_are_told_apart() {
    let mut redactor = redactor("hunter22");
    redactor.add(&SecretString::from("22hunter"));
    redactor.add(&SecretString::from("no"));
    assert_eq!(redactor.redact("no hunter22hunter hunter22"), "no [secret] [secret]");
    assert_eq!(Redactor::default().redact("a"), "a");
}

/// The end of this secret may be the start of a character reference, and the secret without its markup is found again.
#[test]
fn what_follows_a_whole_secret_stays() {
    let redactor = redactor("<A>secret for&");
    assert_eq!(
        redactor.redact("sent <A>secret for&> and more"),
        "sent [secret]> and more"
    );
}
