//! Signatures as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`, one for each key.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

/// The prefix of every secret.
const PREFIX: &str = "whsec_";

/// The sizes of a key, in bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// The keys of a webhook.
pub(super) struct Keys(Vec<Key>);

/// A secret that nothing is signed with. The error does not show it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSecretError {
    /// Nothing to sign with.
    #[error("a webhook has at least one secret")]
    None,
    /// The prefix is missing.
    #[error("secret {number} does not begin with `{PREFIX}`")]
    Prefix {
        /// Which one, from 1.
        number: usize,
    },
    /// The text after the prefix is no base64.
    #[error("secret {number} is no base64 after `{PREFIX}`")]
    Base64 {
        /// Which one, from 1.
        number: usize,
    },
    /// Too short to be safe, or too long to be one.
    #[error("secret {number} has {bytes} bytes, and a key has 24 to 64")]
    Length {
        /// Which one, from 1.
        number: usize,
        /// Its size in bytes.
        bytes: usize,
    },
}

impl Keys {
    /// Reads the secrets.
    pub(super) fn read(secrets: &[SecretString]) -> Result<Self, WebhookSecretError> {
        if secrets.is_empty() {
            return Err(WebhookSecretError::None);
        }
        let read = (1..).zip(secrets).map(|(number, secret)| {
            let text = secret.expose_secret().trim();
            let text = text.strip_prefix(PREFIX).ok_or(WebhookSecretError::Prefix { number })?;
            let bytes = STANDARD
                .decode(text)
                .map_err(|_| WebhookSecretError::Base64 { number })?;
            if !LENGTHS.contains(&bytes.len()) {
                let bytes = bytes.len();
                return Err(WebhookSecretError::Length { number, bytes });
            }
            Ok(Key::new(HMAC_SHA256, &bytes))
        });
        read.collect::<Result<_, _>>().map(Self)
    }

    /// The signatures of a message, as the header has them.
    pub(super) fn sign(&self, id: &str, timestamp: &str, body: &str) -> String {
        let message = format!("{id}.{timestamp}.{body}");
        let signatures = self.0.iter().map(|key| {
            let signature = sign(key, message.as_bytes());
            format!("v1,{}", STANDARD.encode(signature))
        });
        signatures.collect::<Vec<_>>().join(" ")
    }
}

/// The secrets as a receiver might repeat them: with and without their prefix.
pub(super) fn spellings(secrets: &[SecretString]) -> Vec<SecretString> {
    let whole = secrets.iter().map(|secret| secret.expose_secret().trim());
    let all = whole.flat_map(|text| [Some(text), text.strip_prefix(PREFIX)]);
    all.flatten().map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn keys(secrets: &[&str]) -> Result<Keys, WebhookSecretError> {
        let secrets: Vec<_> = secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Keys::read(&secrets)
    }

    #[test]
    fn the_published_vector_of_standard_webhooks_is_met() {
        let signed = |keys: &Keys| keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        let published = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(&keys(&[PUBLISHED]).unwrap()), published);

        let other = format!("whsec_{}", STANDARD.encode([7; 24]));
        let both = signed(&keys(&[&other, PUBLISHED]).unwrap());
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(second, published);
        assert_eq!(first, signed(&keys(&[&other]).unwrap()));
    }

    #[test]
    fn what_is_no_key_is_told_by_its_number() {
        let of_length = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![1; bytes]));
        for (secret, fault) in [
            (PUBLISHED.to_owned(), None),
            (format!("{PUBLISHED}\n"), None),
            (of_length(24), None),
            (of_length(64), None),
            (of_length(23), Some(WebhookSecretError::Length { number: 2, bytes: 23 })),
            (of_length(65), Some(WebhookSecretError::Length { number: 2, bytes: 65 })),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(),
                Some(WebhookSecretError::Prefix { number: 2 }),
            ),
            ("whsec_!".to_owned(), Some(WebhookSecretError::Base64 { number: 2 })),
        ] {
            assert_eq!(keys(&[PUBLISHED, &secret]).err(), fault, "{secret}");
        }
        assert_eq!(keys(&[]).err(), Some(WebhookSecretError::None));
    }
}
