//! The addresses of requests: base URLs that are safe to send a token to, and paths that stay as they were written.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use domain::RuleId;
use url::{Host, Url};

use crate::region::Region;

/// The path of trigger rules, unless an organization carries them elsewhere.
const TRIGGER_RULES_PATH: &str = "/api/v2/agent-assist/trigger-rules";

/// A base URL: https, or http on this machine only; no credentials, query or fragment in it.
///
/// ```
/// use assist_rules_genesys_adapter::Address;
///
/// assert!("https://api.mypurecloud.com".parse::<Address>().is_ok());
/// assert!("http://127.0.0.1:8080".parse::<Address>().is_ok());
/// assert!("http://api.mypurecloud.com".parse::<Address>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Url);

/// The text is no address to send a token to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text is no URL.
    #[error("`{0}` is no URL")]
    NotAUrl(String),
    /// The URL is http, and not on this machine.
    #[error("`{0}` would send the token in clear: https is needed, and http is allowed on loopback only")]
    Insecure(String),
    /// The URL has a user, a password, a query or a fragment.
    #[error("a base URL has no credentials, query or fragment")]
    Extras,
    /// A URL library would send another path than the one that was written.
    #[error("`{0}` is no plain absolute path")]
    Path(String),
}

/// The path of the trigger rules: absolute, plain, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesPath(String);

impl Default for RulesPath {
    fn default() -> Self {
        Self(TRIGGER_RULES_PATH.to_owned())
    }
}

impl RulesPath {
    /// The path of one rule.
    pub fn of_rule(&self, id: &RuleId) -> String {
        format!("{}/{id}", self.0)
    }

    /// The path of the listing.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RulesPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RulesPath {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
        match text.strip_prefix('/') {
            Some(rest) if rest.split('/').all(is_segment) => Ok(Self(text.to_owned())),
            _ => Err(AddressError::Path(text.to_owned())),
        }
    }
}

impl Address {
    /// The API of a region.
    pub fn api(region: Region) -> Self {
        Self::of_host("api", region)
    }

    /// The login of a region.
    pub fn login(region: Region) -> Self {
        Self::of_host("login", region)
    }

    fn of_host(host: &str, region: Region) -> Self {
        let text = format!("https://{host}.{}", region.domain());
        #[expect(clippy::expect_used, reason = "a test builds the address of every region")]
        let url = Url::parse(&text).expect("the domain of a region makes a URL");
        Self(url)
    }

    /// True if the address is on this machine.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => false,
        }
    }

    /// The host as people know it, with the port if it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// True if it is spoken to over plain http.
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The URL of a path here, with a query if there is one.
    ///
    /// # Errors
    ///
    /// If the URL's path would not be, byte for byte, the one that was asked for: a URL library drops `..` silently.
    pub fn join(&self, path: &str, query: Option<&str>) -> Result<Url, AddressError> {
        let whole = format!("{}{path}", self.0.path().trim_end_matches('/'));
        let mut url = self.0.clone();
        url.set_path(&whole);
        if url.path() != whole {
            return Err(AddressError::Path(path.to_owned()));
        }
        url.set_query(query);
        Ok(url)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| AddressError::NotAUrl(text.to_owned()))?;
        let has_extras =
            !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some();
        if has_extras {
            return Err(AddressError::Extras);
        }
        let address = Self(url);
        match address.0.scheme() {
            "https" if address.0.has_host() => Ok(address),
            "http" if address.is_loopback() => Ok(address),
            "http" => Err(AddressError::Insecure(text.to_owned())),
            _ => Err(AddressError::NotAUrl(text.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_addresses() {
        for region in Region::all() {
            assert_eq!(
                Address::api(region).to_string(),
                format!("https://api.{}", region.domain())
            );
            assert_eq!(
                Address::login(region).to_string(),
                format!("https://login.{}", region.domain())
            );
        }
    }

    #[test]
    fn a_token_goes_over_https_or_stays_here() {
        for (text, is_good) in [
            ("https://gateway.example.com/genesys", true),
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://127.9.9.9", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("https://user:secret@example.com", false),
            ("https://example.com/?x=1", false),
            ("https://example.com/#x", false),
            ("ftp://example.com", false),
            ("api.mypurecloud.com", false),
        ] {
            assert_eq!(text.parse::<Address>().is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn a_path_arrives_as_it_was_written() {
        let base: Address = "https://example.com/prefix/".parse().unwrap();
        let url = base.join("/a/b", Some("x=1")).unwrap();
        assert_eq!(url.as_str(), "https://example.com/prefix/a/b?x=1");
        for path in ["/a/../b", "/a/%2e%2e/b", "/a b", "/a?b", "/é", "/a/./b"] {
            assert!(base.join(path, None).is_err(), "{path}");
        }
        for (path, is_good) in [
            ("/api/v2/x", true),
            ("/x/", false),
            ("x", false),
            ("/../x", false),
            ("/x?y", false),
        ] {
            assert_eq!(path.parse::<RulesPath>().is_ok(), is_good, "{path}");
        }
    }
}
