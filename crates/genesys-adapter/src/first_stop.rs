//! The first stop on the way to a server, tried step by step: its name, then a connection to it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use url::Url;

use crate::connection_failure::{ConnectionCause, ConnectionFailure, FailedSide};
use crate::proxy::Proxy;

/// The machine that a request is sent to first: the server itself, or the proxy on the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstStop {
    host: String,
    port: u16,
    server: String,
    proxy: Option<String>,
    limit: Duration,
}

impl FirstStop {
    /// The first stop on the way to a URL, which is given so much time for each step; none if the URL has no host.
    pub(crate) fn on_the_way_to(url: &Url, proxy: Option<&Proxy>, limit: Duration) -> Option<Self> {
        let proxy = proxy.filter(|proxy| proxy.serves(url));
        let (host, port) = if let Some(proxy) = proxy {
            proxy.place()?
        } else {
            let host = url.host_str()?.trim_matches(['[', ']']);
            (host.to_owned(), url.port_or_known_default()?)
        };
        Some(Self {
            host,
            port,
            server: crate::connection_failure::host(Some(url)),
            proxy: proxy.map(ToString::to_string),
            limit,
        })
    }

    /// The first stop, with at most so much time for each step.
    #[must_use]
    pub fn within(self, at_most: Duration) -> Self {
        Self {
            limit: self.limit.min(at_most),
            ..self
        }
    }

    /// The name of the machine, or its address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The proxy, if it is one.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// True if it is named by its address, and nothing has to be looked up.
    pub fn is_an_address(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok()
    }

    /// Looks its addresses up.
    ///
    /// # Errors
    ///
    /// If it has none, or they do not come in time.
    pub async fn look_up(&self) -> Result<Vec<SocketAddr>, ConnectionFailure> {
        let looking = lookup_host((self.host.as_str(), self.port));
        let found = self.in_time(looking, |error| ConnectionCause::NoAddress(error.to_string()));
        let found: Vec<SocketAddr> = found.await?.collect();
        if found.is_empty() {
            return Err(self.failure(ConnectionCause::NoAddress("none is known".to_owned())));
        }
        Ok(found)
    }

    /// Connects to it at one of these addresses, and hangs up: the address that took the connection.
    ///
    /// # Errors
    ///
    /// If none takes it, or not in time.
    pub async fn connect(&self, addresses: &[SocketAddr]) -> Result<SocketAddr, ConnectionFailure> {
        let connecting = async { TcpStream::connect(addresses).await?.peer_addr() };
        self.in_time(connecting, |error| ConnectionCause::Network(error.to_string()))
            .await
    }

    async fn in_time<T>(
        &self,
        step: impl Future<Output = std::io::Result<T>>,
        cause: impl FnOnce(std::io::Error) -> ConnectionCause,
    ) -> Result<T, ConnectionFailure> {
        match tokio::time::timeout(self.limit, step).await {
            Ok(done) => done.map_err(|error| self.failure(cause(error))),
            Err(_) => Err(self.failure(ConnectionCause::Timeout(self.limit))),
        }
    }

    fn failure(&self, cause: ConnectionCause) -> ConnectionFailure {
        ConnectionFailure {
            host: self.server.clone(),
            proxy: self.proxy.clone(),
            at: match self.proxy {
                Some(_) => FailedSide::Proxy,
                None => FailedSide::Server,
            },
            cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Address, Connection, ConnectionSettings};

    fn stop(address: &str, proxy: Option<&str>) -> FirstStop {
        let settings = ConnectionSettings {
            loopback: true,
            proxy: proxy.map(|proxy| proxy.parse().unwrap()),
            ..ConnectionSettings::default()
        };
        let address: Address = address.parse().unwrap();
        Connection::new(&settings).unwrap().first_stop(&address).unwrap()
    }

    /// FIELD I5: the first stop is the proxy where there is one, and its own faults are told from those of the server.
    #[tokio::test]
    async fn each_step_of_the_way_succeeds_or_says_what_it_failed_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let server = stop(&format!("http://{open}"), None);
        assert!(server.is_an_address() && server.proxy().is_none());
        let addresses = server.look_up().await.unwrap();
        assert_eq!(server.connect(&addresses).await, Ok(open));
        drop(listener);
        let refused = server.connect(&addresses).await.unwrap_err();
        assert!(matches!(refused.cause, ConnectionCause::Network(_)), "{refused}");
        assert_eq!(refused.at, FailedSide::Server);

        let proxied = stop("https://api.example.com", Some("http://proxy.invalid:3128"));
        assert!(!proxied.is_an_address());
        let unknown = proxied.look_up().await.unwrap_err();
        assert!(matches!(unknown.cause, ConnectionCause::NoAddress(_)), "{unknown}");
        assert!(
            unknown.to_string().starts_with(
                "no connection to the proxy http://proxy.invalid:3128 on the way to api.example.com was made"
            ),
            "{unknown}"
        );
    }
}
