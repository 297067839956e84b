//! The one place that talks to the network.
//!
//! No redirects, no repeats of its own, bounded waits and bodies, and no proxy but the one that is known here.

use std::time::Duration;

use domain::RequestError;
use network::CaFile;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};

use crate::address::Address;
use crate::answer::RawAnswer;
use crate::first_stop::FirstStop;
use crate::proxy::{Proxy, ProxyError};
use crate::{connection_failure, response_body};

/// The settings of a connection.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// The time limit for connecting. 3.1 seconds by default: one lost SYN is sent again after one second, and again
    /// after two.
    pub connect_timeout: Duration,
    /// The time limit for one request, with its answer.
    pub attempt_timeout: Duration,
    /// The time limit for one request that changes nothing, if it is another.
    pub read_timeout: Option<Duration>,
    /// The proxy that was named; without one, that of the environment (`HTTPS_PROXY`, `NO_PROXY`) counts.
    pub proxy: Option<Proxy>,
    /// Certificates to trust beside those of the system.
    pub ca_file: Option<CaFile>,
    /// True if all requests stay on this machine: http is allowed, and no proxy is used unless one is named.
    pub loopback: bool,
    /// True if no request is one of https: the certificates of the system are not read then.
    pub plain: bool,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_millis(3_100),
            attempt_timeout: Duration::from_secs(15),
            read_timeout: None,
            proxy: None,
            ca_file: None,
            loopback: false,
            plain: false,
        }
    }
}

impl ConnectionSettings {
    /// The default settings for an address.
    pub fn to(address: &Address) -> Self {
        Self {
            loopback: address.is_loopback(),
            plain: address.is_plain(),
            ..Self::default()
        }
    }
}

/// The settings make no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The environment names a proxy that cannot be used.
    #[error("the environment: `{0}`")]
    Proxy(&'static str, #[source] ProxyError),
    /// The rest of the settings.
    #[error("no secure connection can be made here")]
    Client(#[source] reqwest::Error),
}

/// Connections to one platform, kept open between requests.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    proxy: Option<Proxy>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    read_timeout: Duration,
}

/// The effect that a request may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// None: a read, or a request for a token.
    None,
    /// A change of what is stored, perhaps.
    Write,
}

impl Connection {
    /// Prepares connections. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If the settings make none.
    pub fn new(settings: &ConnectionSettings) -> Result<Self, ConnectionError> {
        let proxy = match &settings.proxy {
            Some(proxy) => Some(proxy.clone()),
            None if settings.loopback => None,
            None => Proxy::of_environment().map_err(|(name, error)| ConnectionError::Proxy(name, error))?,
        };
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(settings.connect_timeout)
            .https_only(!settings.loopback)
            .user_agent(concat!("assist-rules/", env!("CARGO_PKG_VERSION")));
        if let Some(proxy) = &proxy {
            builder = builder.proxy(proxy.for_client());
        }
        builder = trust(builder, settings)?;
        Ok(Self {
            client: builder.build().map_err(ConnectionError::Client)?,
            proxy,
            connect_timeout: settings.connect_timeout,
            attempt_timeout: settings.attempt_timeout,
            read_timeout: settings.read_timeout.unwrap_or(settings.attempt_timeout),
        })
    }

    /// The first stop on the way to an address: the proxy, or the server itself; none if the address has no host.
    pub fn first_stop(&self, to: &Address) -> Option<FirstStop> {
        let url = to.join("/", None).ok()?;
        FirstStop::on_the_way_to(&url, self.proxy.as_ref(), self.connect_timeout)
    }

    /// The builder of requests.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request once, and waits for all of its answer.
    pub(crate) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        effect: Effect,
    ) -> Result<RawAnswer, RequestError> {
        let limit = match effect {
            Effect::None => self.read_timeout,
            Effect::Write => self.attempt_timeout,
        };
        let mut response = match request.timeout(limit).send().await {
            Ok(response) => response,
            Err(error) => {
                let limits = (self.connect_timeout, limit);
                return Err(connection_failure::of_error(error, self.proxy.as_ref(), limits).await);
            }
        };
        let headers = std::mem::take(response.headers_mut());
        let status = response.status();
        Ok(RawAnswer {
            status,
            headers,
            body: response_body::read(response, limit).await,
        })
    }
}

fn trust(builder: ClientBuilder, settings: &ConnectionSettings) -> Result<ClientBuilder, ConnectionError> {
    if let Some(file) = &settings.ca_file {
        let certificates = Certificate::from_pem_bundle(file.pem()).map_err(ConnectionError::Client)?;
        return Ok(builder.tls_certs_merge(certificates));
    }
    // Why: reading the system's certificates takes longer than the whole update of a rule on this machine, and no
    // TLS is spoken there.
    if settings.plain {
        Ok(builder.tls_certs_only([]))
    } else {
        Ok(builder)
    }
}
