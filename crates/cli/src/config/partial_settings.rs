//! The keys of the configuration, as one layer has them: what is absent is left to the next layer.
//!
//! A key stands here once. A file of an untrusted author is read as [`UntrustedSettings`], which has no place for a key
//! that moves the target, the record or the truth of a report.

use std::path::PathBuf;

use config::Value;
use genesys_adapter::Proxy;
use secrecy::SecretString;
use serde::de::value::Error;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::proxy::Login;
use super::safety::SafetyTable;

/// The settings of a layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PartialSettings {
    pub(super) region: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) access_token: Option<SecretString>,
    pub(super) api_url: Option<String>,
    pub(super) login_url: Option<String>,
    pub(super) proxy: Option<String>,
    /// The proxy as the platform's own tools name it.
    #[serde(skip)]
    pub(super) proxy_in_parts: Option<Proxy>,
    #[serde(skip)]
    pub(super) proxy_login: Option<Login>,
    /// True if a person signs in with a browser where these settings are used, and they have no secret.
    #[serde(skip)]
    pub(super) signs_in_with_browser: bool,
    pub(super) trigger_rules_path: Option<String>,
    pub(super) sandbox: Option<bool>,
    pub(super) deadline: Option<String>,
    pub(super) connect_timeout: Option<String>,
    pub(super) attempt_timeout: Option<String>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) ledger: Option<String>,
    /// Tables that are read once they are needed: a command that delivers to no sink does without.
    pub(super) sinks: Option<Vec<Value>>,
    pub(super) safety: Option<SafetyTable>,
    pub(super) log: Option<String>,
}

/// The settings of a file in the working directory, which may have an untrusted author: patience, lower limits, and what is logged. No
/// key says where requests, secrets, events or the record go, who asks, or what a report says of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UntrustedSettings {
    deadline: Option<String>,
    connect_timeout: Option<String>,
    attempt_timeout: Option<String>,
    safety: Option<SafetyTable>,
    log: Option<String>,
}

impl From<UntrustedSettings> for PartialSettings {
    fn from(settings: UntrustedSettings) -> Self {
        Self {
            deadline: settings.deadline,
            connect_timeout: settings.connect_timeout,
            attempt_timeout: settings.attempt_timeout,
            safety: settings.safety.map(SafetyTable::that_only_lowers),
            log: settings.log,
            ..Self::default()
        }
    }
}

impl PartialSettings {
    /// Makes the values that are empty absent ones.
    pub(super) fn drop_empty(&mut self) {
        for text in [
            &mut self.region,
            &mut self.client_id,
            &mut self.api_url,
            &mut self.login_url,
            &mut self.proxy,
            &mut self.trigger_rules_path,
            &mut self.deadline,
            &mut self.connect_timeout,
            &mut self.attempt_timeout,
            &mut self.ledger,
            &mut self.log,
        ] {
            *text = text.take().filter(|text| !text.trim().is_empty());
        }
        for path in [&mut self.state_dir, &mut self.ca_file] {
            *path = path.take().filter(|path| !path.as_os_str().is_empty());
        }
    }

    /// The names of all keys.
    pub(super) fn keys() -> &'static [&'static str] {
        fields::<Self>()
    }
}

/// The fields that serde's derive reads a struct from.
fn fields<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut fields: &[&str] = &[];
    // Why: the derive names its fields to whatever it is read from, and this reads no value.
    let _ = T::deserialize(FieldNames(&mut fields));
    fields
}

/// A deserializer that notes the fields of the struct that is asked of it, and has no value.
struct FieldNames<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(Error::custom("there is no value"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_that_a_file_may_have_in_their_order() {
        assert_eq!(
            PartialSettings::keys().join(" "),
            "region client_id client_secret access_token api_url login_url proxy trigger_rules_path sandbox deadline \
             connect_timeout attempt_timeout state_dir ca_file ledger sinks safety log"
        );
    }

    #[test]
    fn a_stranger_s_keys_are_keys() {
        for key in fields::<UntrustedSettings>() {
            assert!(PartialSettings::keys().contains(key), "{key}");
        }
    }
}
