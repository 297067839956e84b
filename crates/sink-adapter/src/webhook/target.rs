//! The URL of a webhook, and the addresses that its name may have.

use std::net::IpAddr;

use url::{Host, Url};

use super::address;

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those of the public internet.
    Public,
    /// Those of this machine.
    Loopback,
    /// All.
    Anywhere,
}

impl Reach {
    /// True if the address may be connected to.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Public => address::is_public(address),
            Self::Loopback => address::is_loopback(address),
            Self::Anywhere => true,
        }
    }
}

/// A URL that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) reach: Reach,
}

/// A URL that no webhook is at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// The text cannot be read as a URL.
    #[error("it is no URL")]
    NoUrl,
    /// Neither https nor, where that is allowed, http.
    #[error("it begins with `https://`, or with `http://` if it is on this machine and `allow_private` is set")]
    Scheme,
    /// A user or a password in it.
    #[error("a URL with a user or a password is not used: receivers verify the signature")]
    UserInfo,
    /// An address that is in a private network, on this machine, or nowhere.
    #[error("`{0}` is no address of the public internet; `allow_private` would allow it")]
    Private(String),
}

impl Target {
    /// Reads a URL. The parser turns each spelling of an IP address into the address, and each name into the
    /// letters that are looked up.
    pub(crate) fn parse(text: &str, allowed: Reach) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text).map_err(|_| WebhookUrlError::NoUrl)?;
        let host = url.host().ok_or(WebhookUrlError::Scheme)?;
        let reach = match url.scheme() {
            "https" => allowed,
            "http" if allowed == Reach::Anywhere => Reach::Loopback,
            _ => return Err(WebhookUrlError::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::UserInfo);
        }
        let fits = match host {
            Host::Ipv4(address) => reach.has(address.into()),
            Host::Ipv6(address) => reach.has(address.into()),
            Host::Domain(name) => match reach {
                Reach::Public => !is_localhost(name),
                Reach::Loopback => is_localhost(name),
                Reach::Anywhere => true,
            },
        };
        match (fits, reach) {
            (true, _) => Ok(Self { url, reach }),
            (false, Reach::Loopback) => Err(WebhookUrlError::Scheme),
            (false, Reach::Public | Reach::Anywhere) => Err(WebhookUrlError::Private(host.to_string())),
        }
    }
}

/// True if the name is this machine's by definition (RFC 6761, 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}
