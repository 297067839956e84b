//! Credentials as they were meant: what an env file, a secret store or a header leaves around them is taken off.

use secrecy::{ExposeSecret, SecretString};

use super::partial_settings::PartialSettings;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The beginning, in lower case, of the value of a header that has a token.
const BEARER: &str = "bearer ";

/// The names that a layer has for its credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct CredentialKeys {
    pub(super) client_id: &'static str,
    pub(super) client_secret: &'static str,
    pub(super) access_token: &'static str,
}

impl CredentialKeys {
    /// The names in a file of this program.
    pub(super) const OF_FILE: Self = Self {
        client_id: "client_id",
        client_secret: "client_secret",
        access_token: "access_token",
    };
}

/// The kinds of credentials, by what may stand before them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// The id of a client, or its secret.
    OfClient,
    /// A token, which people copy out of a header.
    Token,
}

impl PartialSettings {
    /// Takes off the credentials what cannot belong to them. Empty ones are absent.
    ///
    /// # Errors
    ///
    /// If one of them has a character inside that none has, or is a token in the place of a secret. It is not shown.
    pub(super) fn clean_credentials(&mut self, layer: &str, keys: CredentialKeys) -> Result<(), CliError> {
        let wrong = |key: &str, why: &str| {
            let message = format!("{layer}: `{key}` {why}");
            Err(CliError::new(ErrorCode::Configuration, message).with_help(format!("set `{key}` to the value alone")))
        };
        if let Some(id) = self.client_id.take() {
            self.client_id = match cleaned(&id, Sort::OfClient) {
                Ok(id) => id,
                Err(why) => return wrong(keys.client_id, why),
            };
        }
        for (secret, key, sort) in [
            (&mut self.client_secret, keys.client_secret, Sort::OfClient),
            (&mut self.access_token, keys.access_token, Sort::Token),
        ] {
            let Some(text) = secret.take() else { continue };
            *secret = match cleaned(text.expose_secret(), sort) {
                Ok(text) => text.map(SecretString::from),
                Err(why) => return wrong(key, why),
            };
        }
        Ok(())
    }
}

/// The credential itself; none if nothing is left of it. The error is the fault in words.
fn cleaned(text: &str, sort: Sort) -> Result<Option<String>, &'static str> {
    let mut text = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
    for quote in ['"', '\''] {
        let inside = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        text = inside.map_or(text, str::trim);
    }
    let begins = |text: &str| {
        let start = text.get(..BEARER.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(BEARER))
    };
    if sort == Sort::Token && text.eq_ignore_ascii_case(BEARER.trim_end()) {
        return Ok(None);
    }
    if begins(text) {
        if sort == Sort::OfClient {
            return Err("begins with `Bearer `, as an access token does in a header");
        }
        text = text.get(BEARER.len()..).unwrap_or_default().trim_start();
    }
    if text.chars().any(char::is_control) {
        return Err("has a line break or another control character in it");
    }
    if !text.is_ascii() {
        return Err("has a character in it that is not ASCII");
    }
    if sort == Sort::Token && text.contains(' ') {
        return Err("has a blank in it");
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD A6: what is certainly meant is taken, and all else is refused.
    #[test]
    fn a_credential_is_what_stands_between_blanks_and_quotes() {
        for (text, of_client, token) in [
            ("s3cr3t", Ok(Some("s3cr3t")), Ok(Some("s3cr3t"))),
            ("s3cr3t\r\n", Ok(Some("s3cr3t")), Ok(Some("s3cr3t"))),
            ("\u{feff} s3cr3t\t", Ok(Some("s3cr3t")), Ok(Some("s3cr3t"))),
            ("\"s3cr3t\"", Ok(Some("s3cr3t")), Ok(Some("s3cr3t"))),
            ("' s3cr3t '\n", Ok(Some("s3cr3t")), Ok(Some("s3cr3t"))),
            ("\"s3cr3t", Ok(Some("\"s3cr3t")), Ok(Some("\"s3cr3t"))),
            ("Bearer s3cr3t", Err(()), Ok(Some("s3cr3t"))),
            ("\"bearer  s3cr3t\"", Err(()), Ok(Some("s3cr3t"))),
            ("Bearer ", Ok(Some("Bearer")), Ok(None)),
            ("two words", Ok(Some("two words")), Err(())),
            ("two\nlines", Err(()), Err(())),
            ("caf\u{e9}", Err(()), Err(())),
            ("", Ok(None), Ok(None)),
            (" \n", Ok(None), Ok(None)),
            ("''", Ok(None), Ok(None)),
        ] {
            let found = [Sort::OfClient, Sort::Token].map(|sort| cleaned(text, sort));
            let found = found
                .each_ref()
                .map(|found| found.as_ref().map(Option::as_deref).map_err(|_| ()));
            assert_eq!(found, [of_client, token], "{text:?}");
        }
    }
}
