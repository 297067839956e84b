//! Tokens and their organizations, kept on disk between runs, sealed: without the client's secret the file is noise.
//!
//! The key is derived from the secret (HKDF-SHA-256) and seals with AES-256-GCM; the file is readable by its owner
//! only and is replaced whole. A cache that cannot be read or written is a cache miss, never an error.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::credentials::ClientCredentials;
use crate::organization::Organization;
use crate::token::Token;

/// The first byte of a file; another layout gets another number.
const LAYOUT: u8 = 1;
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const KEY_PURPOSE: &[u8] = b"assist-rules token cache 1";

/// A folder of sealed tokens.
#[derive(Clone, Debug)]
pub struct TokenCache(PathBuf);

#[derive(Serialize, Deserialize)]
struct Content {
    token: String,
    ends: u64,
    organization: Option<Organization>,
}

impl TokenCache {
    /// Keeps tokens in that folder, which is made when it is needed.
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn file(&self, login: &Address, client: &ClientCredentials) -> PathBuf {
        let whose = digest(&SHA256, identity(login, client).as_bytes());
        let name = URL_SAFE_NO_PAD.encode(whose.as_ref());
        self.0.join(format!("{name}.token"))
    }

    pub(crate) fn load(&self, login: &Address, client: &ClientCredentials) -> Option<Token> {
        let file = self.file(login, client);
        // Why: a pipe would be waited for.
        let sealed = fs::metadata(&file)
            .is_ok_and(|data| data.is_file())
            .then(|| fs::read(&file))?
            .ok()?;
        let content = unseal(&sealed, login, client);
        if content.is_none() {
            tracing::debug!("the cached token cannot be opened");
        }
        let content = content?;
        Some(Token {
            secret: SecretString::from(content.token),
            ends: UNIX_EPOCH.checked_add(Duration::from_secs(content.ends))?,
            organization: content.organization,
        })
    }

    pub(crate) fn store(&self, login: &Address, client: &ClientCredentials, token: &Token) {
        let ends = token
            .ends
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let content = Content {
            token: token.secret.expose_secret().to_owned(),
            ends,
            organization: token.organization.clone(),
        };
        let written =
            seal(&content, login, client).map(|sealed| files::replace_private(&self.file(login, client), &sealed));
        if !matches!(written, Some(Ok(()))) {
            tracing::debug!("the token cannot be cached");
        }
    }
}

/// The identity of a cached token, by its login address and client; it is also bound into the seal.
fn identity(login: &Address, client: &ClientCredentials) -> String {
    format!("{login}\n{}", client.id)
}

fn key(salt: &[u8], client: &ClientCredentials) -> Option<LessSafeKey> {
    let secret = Salt::new(HKDF_SHA256, salt).extract(client.secret.expose_secret().as_bytes());
    let mut key = [0; 32];
    secret.expand(&[KEY_PURPOSE], HKDF_SHA256).ok()?.fill(&mut key).ok()?;
    Some(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).ok()?))
}

/// Each seal has a salt of its own, and so a key of its own.
fn seal(content: &Content, login: &Address, client: &ClientCredentials) -> Option<Vec<u8>> {
    // Why: the library's own generator gathers entropy for 30 ms at its first use; the system has it at hand.
    let mut random = [0; SALT_BYTES + NONCE_BYTES];
    getrandom::fill(&mut random).ok()?;
    let (salt, nonce) = random.split_at_checked(SALT_BYTES)?;
    let mut sealed = serde_json::to_vec(content).ok()?;
    let about = identity(login, client);
    let once = Nonce::try_assume_unique_for_key(nonce).ok()?;
    key(salt, client)?
        .seal_in_place_append_tag(once, Aad::from(about.as_bytes()), &mut sealed)
        .ok()?;
    Some([&[LAYOUT], salt, nonce, &sealed].concat())
}

fn unseal(file: &[u8], login: &Address, client: &ClientCredentials) -> Option<Content> {
    let (&layout, rest) = file.split_first()?;
    let (salt, rest) = rest.split_at_checked(SALT_BYTES)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
    if layout != LAYOUT {
        return None;
    }
    let mut sealed = sealed.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let about = identity(login, client);
    let content = key(salt, client)?
        .open_in_place(nonce, Aad::from(about.as_bytes()), &mut sealed)
        .ok()?;
    serde_json::from_slice(content).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(secret: &str) -> ClientCredentials {
        ClientCredentials {
            id: "client-1".to_owned(),
            secret: SecretString::from(secret),
        }
    }

    fn token() -> Token {
        Token {
            secret: SecretString::from("token-canary"),
            ends: UNIX_EPOCH + Duration::from_secs(7),
            organization: Some(Organization {
                id: "o-1".to_owned(),
                name: None,
            }),
        }
    }

    #[test]
    fn a_token_comes_back_only_for_who_has_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let cache = TokenCache::in_folder(folder.path().join("tokens"));
        let login: Address = "https://login.example.com".parse().unwrap();
        cache.store(&login, &client("secret-canary"), &token());
        let loaded = cache.load(&login, &client("secret-canary")).unwrap();
        assert_eq!(
            (loaded.secret.expose_secret(), loaded.ends, loaded.organization),
            ("token-canary", token().ends, token().organization)
        );
        assert!(cache.load(&login, &client("another")).is_none());
        let elsewhere: Address = "https://login.example.org".parse().unwrap();
        assert!(cache.load(&elsewhere, &client("secret-canary")).is_none());
    }

    #[test]
    fn the_file_is_noise_and_its_owner_s() {
        let folder = tempfile::tempdir().unwrap();
        let cache = TokenCache::in_folder(folder.path().to_owned());
        let login: Address = "https://login.example.com".parse().unwrap();
        cache.store(&login, &client("secret-canary"), &token());
        let file = cache.file(&login, &client("secret-canary"));
        let bytes = fs::read(&file).unwrap();
        for canary in ["token-canary", "secret-canary", "client-1"] {
            assert!(
                !bytes.windows(canary.len()).any(|window| window == canary.as_bytes()),
                "{canary}"
            );
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] ^= 1;
            assert!(unseal(&broken, &login, &client("secret-canary")).is_none(), "byte {at}");
        }
    }
}
