//! Keeping secrets out of what others said.

use secrecy::{ExposeSecret, SecretString};

/// The text that stands in place of a secret.
const REDACTED: &str = "[secret]";

/// Secrets in hand, to be searched for in remote text before it is shown or kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Redactor(Vec<SecretString>);

impl Redactor {
    pub(crate) fn add(&mut self, secret: &SecretString) {
        self.0.push(secret.clone());
    }

    /// The text without the secrets, on one line, without control characters, and cut.
    pub(crate) fn clean(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.0 {
            // A very short one would blot out half of every text.
            if secret.expose_secret().len() >= 4 {
                clean = clean.replace(secret.expose_secret(), REDACTED);
            }
        }
        let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
        let mut clean: String = clean.chars().map(visible).collect();
        if let Some((cut, _)) = clean.char_indices().nth(500) {
            clean.truncate(cut);
            clean.push('…');
        }
        clean.trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remote_text_is_shown_without_secrets_and_escapes() {
        let mut redactor = Redactor::default();
        redactor.add(&SecretString::from("hunter22"));
        assert_eq!(
            redactor.clean("\u{1b}[31mno hunter22\nhere\u{9b}"),
            "[31mno [secret] here"
        );
        assert_eq!(redactor.clean(&"x".repeat(600)).chars().count(), 501);
    }
}
