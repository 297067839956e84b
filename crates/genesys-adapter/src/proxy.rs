//! A proxy between here and the platform: read, and refused by name where it cannot be used.
//!
//! A setting that names a proxy is never ignored: a request that goes around it may be one that its owner forbids.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// The variables that name a proxy, first wins, and the hosts that none is asked for.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy.
///
/// ```
/// use assist_rules_genesys_adapter::Proxy;
///
/// let proxy: Proxy = "http://user:secret@proxy.example.com:3128".parse()?;
/// assert_eq!(proxy.to_string(), "http://proxy.example.com:3128");
/// assert!("socks5://proxy.example.com".parse::<Proxy>().is_err());
/// # Ok::<(), assist_rules_genesys_adapter::ProxyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Proxy {
    url: Url,
    login: Option<(String, SecretString)>,
    hosts: Hosts,
}

/// The hosts that a proxy is asked for.
#[derive(Clone, Debug)]
enum Hosts {
    All,
    /// All but those that a value of `NO_PROXY` names.
    Except(Arc<Matcher>),
}

/// A text that names no proxy. It is not shown: there may be a login in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// The scheme is none of a proxy.
    #[error("`{0}` is no scheme of a proxy that can be used: `http` and `https` are")]
    Scheme(String),
    /// The port is out of range, or no number.
    #[error("the port of a proxy is a number from 1 to 65535")]
    Port,
    /// The rest.
    #[error("a proxy is named as `http://HOST:PORT`")]
    NoUrl,
}

impl Proxy {
    /// The proxy of the environment, as `HTTPS_PROXY` or `ALL_PROXY` names it, for all hosts but those of `NO_PROXY`.
    ///
    /// # Errors
    ///
    /// If the variable names none that can be used, with its name.
    pub fn of_environment() -> Result<Option<Self>, (&'static str, ProxyError)> {
        let value = |name: &&'static str| {
            let value = std::env::var_os(name)?;
            (!value.is_empty()).then_some((*name, value))
        };
        let Some((name, text)) = VARIABLES.iter().find_map(value) else {
            return Ok(None);
        };
        let text = text.to_str().ok_or((name, ProxyError::NoUrl))?;
        let mut proxy: Self = text.trim().parse().map_err(|error| (name, error))?;
        if let Some((_, hosts)) = EXCEPTIONS.iter().find_map(value) {
            let matcher = Matcher::builder().all(proxy.url.as_str()).no(&*hosts.to_string_lossy());
            proxy.hosts = Hosts::Except(Arc::new(matcher.build()));
        }
        Ok(Some(proxy))
    }

    /// The proxy with user and password.
    #[must_use]
    pub fn with_login(self, user: impl Into<String>, password: SecretString) -> Self {
        Self {
            login: Some((user.into(), password)),
            ..self
        }
    }

    /// True if it has user and password.
    pub(crate) fn has_login(&self) -> bool {
        self.login.is_some()
    }

    /// True if requests to a URL go through it.
    pub(crate) fn serves(&self, url: &Url) -> bool {
        match &self.hosts {
            Hosts::All => true,
            Hosts::Except(matcher) => {
                let uri = Uri::try_from(url.as_str());
                uri.is_ok_and(|uri| matcher.intercept(&uri).is_some())
            }
        }
    }

    /// The proxy as the HTTP client takes it.
    pub(crate) fn for_client(&self) -> reqwest::Proxy {
        let proxy = self.clone();
        let through = reqwest::Proxy::custom(move |url| proxy.serves(url).then(|| proxy.url.clone()));
        match &self.login {
            None => through,
            Some((user, password)) => through.basic_auth(user, password.expose_secret()),
        }
    }

    /// Host and port, and whether it is spoken to in clear.
    pub(crate) fn place(&self) -> Option<(String, u16)> {
        let host = self.url.host_str()?.trim_matches(['[', ']']);
        Some((host.to_owned(), self.url.port_or_known_default()?))
    }

    /// True if it is spoken to over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The header of its login.
    pub(crate) fn authorization(&self) -> Option<HeaderValue> {
        let (user, password) = self.login.as_ref()?;
        let pair = format!("{user}:{}", password.expose_secret());
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl std::str::FromStr for Proxy {
    type Err = ProxyError;

    /// Reads a URL, or `HOST:PORT` for one of http.
    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            return Err(ProxyError::Scheme(scheme.chars().take(30).collect()));
        }
        let wrong = |error| {
            if error == url::ParseError::InvalidPort {
                ProxyError::Port
            } else {
                ProxyError::NoUrl
            }
        };
        let mut url = Url::parse(&format!("{scheme}://{rest}")).map_err(wrong)?;
        if url.port() == Some(0) {
            return Err(ProxyError::Port);
        }
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        if !url.has_host() || rest.starts_with('/') || has_more {
            return Err(ProxyError::NoUrl);
        }
        let login = (!url.username().is_empty()).then(|| {
            let password = decoded(url.password().unwrap_or_default());
            (decoded(url.username()), SecretString::from(password))
        });
        // Why ignored: a URL that has a host has room for both.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        Ok(Self {
            url,
            login,
            hosts: Hosts::All,
        })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// A text without its percent signs.
fn decoded(text: &str) -> String {
    let pair = format!("x={}", text.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD C3: a text that names no proxy is refused, and never means "go there directly".
    #[test]
    fn a_text_is_a_proxy_or_says_why_it_is_none() {
        let scheme = |name: &str| Err(ProxyError::Scheme(name.to_owned()));
        for (text, expected) in [
            ("http://p:3128", Ok("http://p:3128")),
            ("HTTP://p:3128/", Ok("http://p:3128")),
            ("https://p", Ok("https://p")),
            ("p.example.com:3128", Ok("http://p.example.com:3128")),
            ("http://[::1]:3128", Ok("http://[::1]:3128")),
            ("http://user:secret@p:1", Ok("http://p:1")),
            ("htpp://p:3128", scheme("htpp")),
            ("ftp://p", scheme("ftp")),
            ("socks5://p:1080", scheme("socks5")),
            ("http://p:99999", Err(ProxyError::Port)),
            ("http://p:0", Err(ProxyError::Port)),
            ("http://p:x", Err(ProxyError::Port)),
            ("http://", Err(ProxyError::NoUrl)),
            ("", Err(ProxyError::NoUrl)),
            ("http://http://p", Err(ProxyError::NoUrl)),
            ("http://p?x", Err(ProxyError::NoUrl)),
        ] {
            let found = text.parse::<Proxy>().map(|proxy| proxy.to_string());
            assert_eq!(found, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_login_of_the_url_is_read_and_not_shown() {
        let proxy: Proxy = "http://u%40x:p%2Bq+r@p:1".parse().unwrap();
        let (user, password) = proxy.login.clone().unwrap();
        assert_eq!((user.as_str(), password.expose_secret()), ("u@x", "p+q+r"));
        assert!(!format!("{proxy} {proxy:?}").contains("p+q"), "{proxy:?}");
    }
}
