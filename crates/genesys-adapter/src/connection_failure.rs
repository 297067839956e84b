//! Failures of requests that no answer came to, by cause: the one place where it is decided what each of them means.

use std::error::Error;
use std::io;
use std::time::Duration;

use domain::{FailureClass, RequestError};
use network::{TlsFailure, causes, root_cause};
use rustls::pki_types::InvalidDnsNameError;
use url::Url;

use crate::proxy::Proxy;
use crate::tunnel;

/// The beginning of the messages by which the HTTP client says that a proxy opened no tunnel.
const TUNNEL: &str = "tunnel error: ";

/// The rest of such messages where the proxy itself was not reached, and where it wants a login.
const NOT_REACHED: &str = "failed to create underlying connection";
const LOGIN_WANTED: &str = "proxy authorization required";

/// A connection that was not made. Nothing was sent to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionFailure {
    /// The server.
    pub host: String,
    /// The proxy on the way to it, if there is one.
    pub proxy: Option<String>,
    /// The side that could not be connected to.
    pub at: FailedSide,
    /// The cause.
    pub cause: ConnectionCause,
}

/// The side of a way that could not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailedSide {
    /// The server, directly or through a proxy.
    Server,
    /// The proxy on the way to it.
    Proxy,
}

/// The cause of a connection that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionCause {
    /// The name of the server, or of the proxy, has no address.
    NoAddress(String),
    /// Connecting took longer than this.
    Timeout(Duration),
    /// The network, the server or the proxy let it fail.
    Network(String),
    /// TLS, of the server or of a proxy that is spoken to over it.
    Tls(TlsFailure),
    /// The proxy wants a login: another one, if it was given one.
    ProxyLogin {
        /// Its status: 407, or 401 of some.
        status: u16,
        /// True if it was given one.
        was_given: bool,
    },
    /// The proxy refuses to connect to the server.
    ProxyRefused {
        /// Its status.
        status: u16,
    },
    /// The proxy did not reach the server, or did not say why it opened no tunnel.
    ProxyFailed {
        /// Its status, if it is known.
        status: Option<u16>,
    },
    /// The request cannot be written as one of HTTP.
    Unsendable(String),
}

impl ConnectionCause {
    /// The class of the failure.
    fn class(&self) -> FailureClass {
        match self {
            Self::NoAddress(_) | Self::Timeout(_) | Self::Network(_) | Self::ProxyFailed { .. } => {
                FailureClass::NotSent
            }
            Self::Tls(_) | Self::ProxyRefused { .. } | Self::Unsendable(_) => FailureClass::Untrusted,
            Self::ProxyLogin { .. } => FailureClass::Denied,
        }
    }
}

impl ConnectionFailure {
    /// Advice, where the cause has more to it than its class says.
    pub fn help(&self) -> Option<&'static str> {
        match &self.cause {
            ConnectionCause::Tls(failure) => Some(failure.help()),
            ConnectionCause::NoAddress(_)
            | ConnectionCause::Timeout(_)
            | ConnectionCause::Network(_)
            | ConnectionCause::ProxyLogin { .. }
            | ConnectionCause::ProxyRefused { .. }
            | ConnectionCause::ProxyFailed { .. }
            | ConnectionCause::Unsendable(_) => None,
        }
    }

    /// The failure as one of a request.
    pub fn into_request_error(self) -> RequestError {
        RequestError::new(self.cause.class(), self.to_string()).with_source(self)
    }
}

impl std::fmt::Display for ConnectionFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = &self.host;
        let by = self.proxy.as_ref().map(|proxy| format!("the proxy {proxy}"));
        let (place, way) = match (self.at, &by) {
            (_, None) => (host.clone(), String::new()),
            (FailedSide::Server, Some(by)) => (host.clone(), format!(" through {by}")),
            (FailedSide::Proxy, Some(by)) => (by.clone(), format!(" on the way to {host}")),
        };
        let by = by.unwrap_or_else(|| "a proxy".to_owned());
        match &self.cause {
            ConnectionCause::NoAddress(why) => {
                write!(
                    f,
                    "no connection to {place}{way} was made: the name has no address: {why}"
                )
            }
            ConnectionCause::Timeout(limit) => {
                write!(
                    f,
                    "no connection to {place}{way} was made: it took longer than {limit:?}"
                )
            }
            ConnectionCause::Network(why) => write!(f, "no connection to {place}{way} was made: {why}"),
            ConnectionCause::Tls(failure) => {
                write!(f, "no secure connection{way} was made: {}", failure.message(&place))
            }
            ConnectionCause::ProxyLogin {
                was_given: false,
                status,
            } => {
                write!(f, "{by} wants a login before it connects to {host} ({status})")
            }
            ConnectionCause::ProxyLogin {
                was_given: true,
                status,
            } => {
                write!(
                    f,
                    "{by} refused the login that it was given, and does not connect to {host} ({status})"
                )
            }
            ConnectionCause::ProxyRefused { status } => write!(f, "{by} refuses to connect to {host} ({status})"),
            ConnectionCause::ProxyFailed { status: Some(status) } => write!(f, "{by} did not reach {host} ({status})"),
            ConnectionCause::ProxyFailed { status: None } => {
                write!(f, "{by} opened no connection to {host}, and did not say why")
            }
            ConnectionCause::Unsendable(why) => write!(f, "the request to {host} cannot be sent: {why}"),
        }
    }
}

impl Error for ConnectionFailure {}

/// True if nothing of the request was sent, since no connection was made.
pub(crate) fn is_unsent(failure: &RequestError) -> bool {
    let source = failure.source.as_deref();
    source.is_some_and(<dyn Error + Send + Sync>::is::<ConnectionFailure>)
}

/// The failure of a request, by its error; it had time limits for connecting, and for all of it.
pub(crate) async fn of_error(
    error: reqwest::Error,
    proxy: Option<&Proxy>,
    (connect_timeout, attempt_timeout): (Duration, Duration),
) -> RequestError {
    let proxy = proxy.filter(|proxy| error.url().is_some_and(|url| proxy.serves(url)));
    if !error.is_connect() && !error.is_builder() {
        let way = proxy.map_or_else(String::new, |proxy| {
            format!(" on the way from {} through the proxy {proxy}", host(error.url()))
        });
        let why = if error.is_timeout() {
            format!("none came within {attempt_timeout:?}")
        } else {
            root_cause(&error)
        };
        return RequestError::no_answer(format!("the answer was lost{way}: {why}")).with_source(error);
    }
    let (at, cause) = match failed_tunnel(&error) {
        Some(reason) if reason == NOT_REACHED => (FailedSide::Proxy, cause_of(&error, connect_timeout)),
        Some(reason) => {
            let cause = cause_of_tunnel(&reason, error.url(), proxy, connect_timeout).await;
            (FailedSide::Proxy, cause)
        }
        None => (FailedSide::Server, cause_of(&error, connect_timeout)),
    };
    let failure = ConnectionFailure {
        host: host(error.url()),
        proxy: proxy.map(ToString::to_string),
        at,
        cause,
    };
    tracing::debug!(error = %root_cause(&error), "not connected");
    failure.into_request_error()
}

/// The message of the HTTP client about a tunnel that was not opened.
fn failed_tunnel(error: &reqwest::Error) -> Option<String> {
    let mut messages = causes(error).map(ToString::to_string);
    messages.find_map(|message| message.strip_prefix(TUNNEL).map(str::to_owned))
}

/// The cause where a proxy opened no tunnel. The HTTP client does not tell its status, so the proxy is asked once more.
async fn cause_of_tunnel(
    reason: &str,
    url: Option<&Url>,
    proxy: Option<&Proxy>,
    connect_timeout: Duration,
) -> ConnectionCause {
    let was_given = proxy.is_some_and(Proxy::has_login);
    if reason == LOGIN_WANTED {
        return ConnectionCause::ProxyLogin { status: 407, was_given };
    }
    let status = match (proxy, url) {
        (Some(proxy), Some(url)) if reason == "unsuccessful" => tunnel::status(proxy, url, connect_timeout).await,
        _ => None,
    };
    match status {
        Some(status @ (401 | 407)) => ConnectionCause::ProxyLogin { status, was_given },
        Some(status @ 400..=499) if !matches!(status, 408 | 429) => ConnectionCause::ProxyRefused { status },
        status => ConnectionCause::ProxyFailed {
            status: status.filter(|status| *status != 200),
        },
    }
}

fn cause_of(error: &reqwest::Error, connect_timeout: Duration) -> ConnectionCause {
    if error.is_builder() {
        return ConnectionCause::Unsendable(root_cause(error));
    }
    if causes(error).any(<dyn Error>::is::<InvalidDnsNameError>) {
        return ConnectionCause::Unsendable("no server can have that name".to_owned());
    }
    if let Some(failure) = TlsFailure::find(error) {
        return ConnectionCause::Tls(failure);
    }
    let is_timeout = |cause: &(dyn Error + 'static)| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
    };
    if error.is_timeout() || causes(error).any(is_timeout) {
        return ConnectionCause::Timeout(connect_timeout);
    }
    if causes(error).any(|cause| cause.to_string() == "dns error") {
        return ConnectionCause::NoAddress(root_cause(error));
    }
    ConnectionCause::Network(root_cause(error))
}

/// The host of a URL, with its port where it is not that of the scheme.
pub(crate) fn host(url: Option<&Url>) -> String {
    let host = url.and_then(Url::host_str).unwrap_or("the server");
    match url.and_then(Url::port) {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}
