//! Protocol, host and port as the platform's own tools name them: each under a key of its own.
//!
//! A part that cannot be used is an error with the key's name, and so is one that no host goes with: what somebody named is
//! never left out.

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// The parts that a layer has. Empty ones are absent.
pub(super) struct HostParts<'a> {
    /// The layer's name.
    pub(super) layer: &'a str,
    /// The noun for it: a proxy, or a gateway.
    pub(super) what: &'static str,
    /// The protocol where none is named.
    pub(super) default_protocol: &'static str,
    /// The keys, in the order of the parts below.
    pub(super) keys: [&'static str; 3],
    pub(super) protocol: Option<String>,
    pub(super) host: Option<String>,
    pub(super) port: Option<String>,
}

impl HostParts<'_> {
    /// The URL, if a host is named. `others` are further keys, and whether they are set to something that a host has to go
    /// with.
    ///
    /// # Errors
    ///
    /// If a part cannot be used, or lacks the host that it goes with.
    pub(super) fn url(self, others: &[(&'static str, bool)]) -> Result<Option<String>, CliError> {
        let [protocol_key, host_key, port_key] = self.keys;
        let wrong = |key: &str, why: &str| Err(unusable(self.layer, key, why));
        let Some(host) = self.host else {
            let own = [(protocol_key, self.protocol.is_some()), (port_key, self.port.is_some())];
            let mut all = own.iter().chain(others);
            return match all.find(|(_, is_there)| *is_there) {
                Some((key, _)) => Err(alone(self.layer, key, host_key)),
                None => Ok(None),
            };
        };
        if host.contains("://") {
            let why = format!(
                "it names a host, without a scheme: that goes into `{protocol_key}`, and a port into `{port_key}`"
            );
            return wrong(host_key, &why);
        }
        if host.contains(['/', '@', '?', '#']) {
            return wrong(host_key, "it names a host, and nothing else");
        }
        let protocol = self
            .protocol
            .map_or_else(|| self.default_protocol.to_owned(), |protocol| protocol.to_lowercase());
        if protocol != "http" && protocol != "https" {
            let shown: String = protocol.chars().take(30).collect();
            let what = self.what;
            let why = format!("`{shown}` is no scheme of a {what} that can be used: `http` and `https` are");
            return wrong(protocol_key, &why);
        }
        let port = match self.port.map(|port| (port.trim().parse::<u16>(), port)) {
            None => String::new(),
            Some((Ok(port @ 1..), _)) => format!(":{port}"),
            Some((_, text)) => {
                let why = format!("`{text}` is no port: it is a number from 1 to 65535");
                return wrong(port_key, &why);
            }
        };
        Ok(Some(format!("{protocol}://{host}{port}")))
    }
}

/// The error of a key whose value cannot be used.
pub(super) fn unusable(layer: &str, key: &str, why: &str) -> CliError {
    CliError::new(ErrorCode::Configuration, format!("{layer}: `{key}`: {why}"))
}

/// The error of a key that goes with another one, which is not there.
pub(super) fn alone(layer: &str, key: &str, other: &str) -> CliError {
    unusable(layer, key, &format!("there is no `{other}` that it goes with"))
}
