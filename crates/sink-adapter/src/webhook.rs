//! A webhook: each event is posted to a server, signed as Standard Webhooks says.
//!
//! One request a delivery: nothing is repeated here, and no redirect is followed. No proxy of the environment is asked,
//! because a proxy would resolve names itself, and the addresses could not be checked.

mod address;
mod resolver;
mod signature;
mod target;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::StatusCode;
use network::{CaFile, TlsFailure, root_cause};
use ports::{Clock, DeliveryError, Event, EventSink, Redactor};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::cloud_event;
use crate::error_excerpt;
use crate::settings::SinkSettingsError;
use resolver::{Guarded, Names, SystemNames};
use signature::Keys;
use target::{Reach, Target};

pub use signature::WebhookSecretError;
pub use target::WebhookUrlError;

/// The bytes of an answer's body that are read: enough to say what went wrong.
const MOST_READ: usize = 4 << 10;

/// A server that events are posted to.
pub(crate) struct Webhook {
    name: String,
    target: Target,
    keys: Keys,
    secrets: Redactor,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    names: Arc<dyn Names>,
    ca_file: Option<CaFile>,
    /// Made on the first delivery: reading the system's certificates takes time.
    client: OnceCell<Client>,
}

impl Webhook {
    pub(crate) fn new(
        name: String,
        url: &str,
        secrets: &[SecretString],
        allow_private: bool,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        ca_file: Option<&CaFile>,
    ) -> Result<Self, SinkSettingsError> {
        let allowed = if allow_private { Reach::Anywhere } else { Reach::Public };
        Ok(Self {
            name,
            target: Target::parse(url, allowed).map_err(SinkSettingsError::Url)?,
            keys: Keys::read(secrets).map_err(SinkSettingsError::Secret)?,
            secrets: signature::spellings(secrets).into_iter().collect(),
            timeout,
            clock,
            names: Arc::new(SystemNames),
            ca_file: ca_file.cloned(),
            client: OnceCell::new(),
        })
    }

    /// Asks the server for the head of its page: any answer is one.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) async fn reach(&self) -> Result<(), String> {
        let asked = async { self.client().await?.head(self.target.url.clone()).send().await };
        let answered = asked.await.map(drop);
        answered.map_err(|error| error_excerpt::beginning(&message(&error), &self.secrets))
    }

    async fn client(&self) -> Result<&Client, reqwest::Error> {
        self.client.get_or_try_init(|| async { self.connect() }).await
    }

    fn connect(&self) -> Result<Client, reqwest::Error> {
        let is_plain = self.target.url.scheme() == "http";
        let builder = Client::builder()
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .https_only(!is_plain)
            .dns_resolver(Arc::new(Guarded::new(self.names.clone(), self.target.reach)))
            .timeout(self.timeout)
            .user_agent(concat!("assist-rules/", env!("CARGO_PKG_VERSION")));
        let builder = match &self.ca_file {
            _ if is_plain => builder.tls_certs_only([]),
            None => builder,
            Some(file) => builder.tls_certs_merge(Certificate::from_pem_bundle(file.pem())?),
        };
        builder.build()
    }

    async fn post(&self, event: &Event) -> Result<Response, reqwest::Error> {
        let body = cloud_event::body(event);
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        let timestamp = now.unwrap_or_default().as_secs().to_string();
        let signature = self.keys.sign(&event.id, &timestamp, &body);
        self.client()
            .await?
            .post(self.target.url.clone())
            .header("content-type", cloud_event::MEDIA_TYPE)
            .header("webhook-id", &event.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body)
            .send()
            .await
    }

    fn retry(&self, excerpt: &str) -> DeliveryError {
        DeliveryError::Retry {
            error: error_excerpt::beginning(excerpt, &self.secrets),
            wait: None,
        }
    }
}

#[async_trait]
impl EventSink for Webhook {
    fn name(&self) -> &str {
        &self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let response = match self.post(event).await {
            Ok(response) => response,
            Err(error) => return Err(self.retry(&message(&error))),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let headers = response.headers().clone();
        let body = beginning(response).await;
        let pause = network::retry_after(&headers, body.as_bytes(), self.clock.now());
        let excerpt = error_excerpt::beginning(&body, &self.secrets);
        Err(retry_of(status, pause, &excerpt))
    }
}

/// The delivery error that an answer without success stands for.
fn retry_of(status: StatusCode, pause: Option<Duration>, excerpt: &str) -> DeliveryError {
    let excerpt = if excerpt.is_empty() {
        String::new()
    } else {
        format!(": {excerpt}")
    };
    let code = status.as_u16();
    if status == StatusCode::GONE {
        return DeliveryError::Gone {
            error: format!("the server answered 410, it wants no more events{excerpt}"),
        };
    }
    if status.is_redirection() {
        return DeliveryError::Retry {
            error: format!("the server answered {code}, and redirects are not followed: configure the new address"),
            wait: None,
        };
    }
    let is_asked = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    DeliveryError::Retry {
        error: format!("the server answered {code}{excerpt}"),
        wait: pause.filter(|_| is_asked),
    }
}

/// The beginning of an answer's body, as far as it comes.
async fn beginning(mut response: Response) -> String {
    let mut read = Vec::new();
    while read.len() < MOST_READ {
        let Ok(Some(chunk)) = response.chunk().await else {
            break;
        };
        let left = MOST_READ - read.len();
        read.extend(chunk.iter().take(left));
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// The cause of a failed request, without the URL: there may be a token in it.
fn message(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "the server took too long".to_owned();
    }
    match TlsFailure::find(error).filter(|_| error.is_connect()) {
        Some(failure) => {
            let host = error.url().and_then(|url| url.host_str()).unwrap_or("the server");
            format!(
                "no secure connection was made: {}: {}",
                failure.message(host),
                failure.help()
            )
        }
        None => format!("the server was not reached: {}", root_cause(error)),
    }
}
