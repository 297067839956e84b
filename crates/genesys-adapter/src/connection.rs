//! The one place that talks to the network.
//!
//! No redirects, no repeats of its own, bounded waits and bodies; failures are classified by whether anything can have
//! been sent.

use std::error::Error;
use std::time::Duration;

use domain::{FailureClass, RequestError};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};

use crate::address::Address;
use crate::answer::RawAnswer;
use crate::response_body;

/// The settings of a connection.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// The time limit for connecting. 3.1 seconds by default: one lost SYN is sent again after one second, and again
    /// after two.
    pub connect_timeout: Duration,
    /// The time limit for one request, with its answer.
    pub attempt_timeout: Duration,
    /// The proxy that was named; without one, those of the environment (`HTTPS_PROXY`, `NO_PROXY`) count.
    pub proxy: Option<Proxy>,
    /// Certificates, as PEM, to trust beside those of the system.
    pub extra_certificates: Option<Vec<u8>>,
    /// True if all requests stay on this machine: http is allowed, and no proxy is used unless one is named.
    pub loopback: bool,
}

/// A proxy.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its URL.
    pub url: String,
    /// User and password, if it wants them.
    pub login: Option<(String, secrecy::SecretString)>,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_millis(3_100),
            attempt_timeout: Duration::from_secs(15),
            proxy: None,
            extra_certificates: None,
            loopback: false,
        }
    }
}

impl ConnectionSettings {
    /// The default settings for an address.
    #[must_use]
    pub fn to(address: &Address) -> Self {
        Self {
            loopback: address.is_loopback(),
            ..Self::default()
        }
    }
}

/// The settings make no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The extra certificates are no PEM.
    #[error("the certificates to trust cannot be read as PEM")]
    Certificates(#[source] reqwest::Error),
    /// There is none in the file.
    #[error("the file of certificates to trust has none")]
    NoCertificates,
    /// The proxy's URL is none.
    #[error("the proxy cannot be used")]
    Proxy(#[source] reqwest::Error),
    /// The rest of the settings.
    #[error("no secure connection can be made here")]
    Client(#[source] reqwest::Error),
}

/// Connections to one platform, kept open between requests.
#[derive(Clone, Debug)]
pub struct Connection(Client);

impl Connection {
    /// Prepares connections. Nothing is sent.
    ///
    /// # Errors
    ///
    /// If the settings make none.
    pub fn new(settings: &ConnectionSettings) -> Result<Self, ConnectionError> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.attempt_timeout)
            .https_only(!settings.loopback)
            .user_agent(concat!("assist-rules/", env!("CARGO_PKG_VERSION")));
        builder = trust(builder, settings)?;
        builder = match &settings.proxy {
            Some(proxy) => {
                let mut through = reqwest::Proxy::all(&proxy.url).map_err(ConnectionError::Proxy)?;
                if let Some((user, password)) = &proxy.login {
                    through = through.basic_auth(user, secrecy::ExposeSecret::expose_secret(password));
                }
                builder.proxy(through)
            }
            None if settings.loopback => builder.no_proxy(),
            None => builder,
        };
        Ok(Self(builder.build().map_err(ConnectionError::Client)?))
    }

    /// The builder of requests.
    pub(crate) fn client(&self) -> &Client {
        &self.0
    }
}

fn trust(builder: ClientBuilder, settings: &ConnectionSettings) -> Result<ClientBuilder, ConnectionError> {
    if let Some(pem) = &settings.extra_certificates {
        let certificates = Certificate::from_pem_bundle(pem).map_err(ConnectionError::Certificates)?;
        if certificates.is_empty() {
            return Err(ConnectionError::NoCertificates);
        }
        return Ok(builder.tls_certs_merge(certificates));
    }
    // Why: reading the system's certificates takes longer than the whole update of a rule on this machine, and no
    // TLS is spoken there.
    if settings.loopback {
        Ok(builder.tls_certs_only([]))
    } else {
        Ok(builder)
    }
}

/// Sends a request once, and waits for all of its answer.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<RawAnswer, RequestError> {
    let mut response = request.send().await.map_err(not_answered)?;
    let headers = std::mem::take(response.headers_mut());
    let status = response.status();
    Ok(RawAnswer {
        status,
        headers,
        body: response_body::read(response).await,
    })
}

fn not_answered(error: reqwest::Error) -> RequestError {
    let message = words(&error);
    let failure = if !error.is_connect() && !error.is_builder() {
        RequestError::no_answer(format!("the answer was lost: {message}"))
    } else if causes(&error).any(is_certificate_error) {
        RequestError::new(
            FailureClass::Untrusted,
            format!("the connection is not secure: {message}"),
        )
    } else {
        RequestError::new(FailureClass::NotSent, format!("no connection was made: {message}"))
    };
    failure.with_source(error)
}

/// The causes of an error, from the outside in. An I/O error hides its cause from `source`.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
        Some(error)
    })
}

fn is_certificate_error(error: &(dyn Error + 'static)) -> bool {
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

/// The message of the root cause of an error, without the URL: that one is known, and may be long.
pub(crate) fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return "it took too long".to_owned();
    }
    let root = causes(error)
        .last()
        .map_or_else(|| error.to_string(), ToString::to_string);
    root.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustls::{CertificateError, Error as TlsError};

    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_found_under_the_errors_above_it() {
        for (root, is_found) in [
            (TlsError::InvalidCertificate(CertificateError::UnknownIssuer), true),
            (TlsError::InvalidCertificate(CertificateError::Expired), true),
            (TlsError::HandshakeNotComplete, false),
        ] {
            let message = root.to_string();
            let error = io::Error::other(io::Error::other(root));
            assert_eq!(causes(&error).any(is_certificate_error), is_found, "{message}");
            assert_eq!(causes(&error).last().unwrap().to_string(), message);
        }
    }
}
