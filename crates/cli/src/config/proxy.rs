//! A proxy as the platform's own tools name it: in parts, each under a key of its own.
//!
//! A part that cannot be used is an error with the key's name, and so is one that no host goes with: a proxy that somebody
//! named is never left out.

use genesys_adapter::Proxy;
use secrecy::SecretString;

use super::host_parts::{HostParts, alone, unusable};
use crate::cli_error::CliError;

/// The parts of a proxy that a layer has. Empty ones are absent.
pub(super) struct ProxyParts<'a> {
    /// The layer's name.
    pub(super) layer: &'a str,
    /// The keys, in the order of the parts below.
    pub(super) keys: [&'static str; 5],
    pub(super) protocol: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
}

/// User and password.
pub(super) type Login = (String, SecretString);

impl ProxyParts<'_> {
    /// The proxy, if a host is named, and the login, if there is one.
    ///
    /// # Errors
    ///
    /// If a part cannot be used, or lacks the one that it goes with. `has_proxy` is true if the layer names a proxy under
    /// another key, which the login is for then.
    pub(super) fn read(self, has_proxy: bool) -> Result<(Option<Proxy>, Option<Login>), CliError> {
        let Self { layer, keys, .. } = self;
        let [protocol_key, host_key, port_key, username_key, password_key] = keys;
        let login = match (self.username, self.password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => return Err(alone(layer, username_key, password_key)),
            (None, Some(_)) => return Err(alone(layer, password_key, username_key)),
        };
        let parts = HostParts {
            layer,
            what: "proxy",
            default_protocol: "http",
            keys: [protocol_key, host_key, port_key],
            protocol: self.protocol,
            host: self.host,
            port: self.port,
        };
        let Some(url) = parts.url(&[(username_key, login.is_some() && !has_proxy)])? else {
            return Ok((None, login));
        };
        let proxy: Proxy = url
            .parse()
            .map_err(|error: genesys_adapter::ProxyError| unusable(layer, host_key, &error.to_string()))?;
        Ok((Some(proxy), login))
    }
}
