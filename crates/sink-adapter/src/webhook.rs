//! A webhook: each event is posted to a server, signed as Standard Webhooks says.
//!
//! One request a delivery: nothing is repeated here, and no redirect is followed. No proxy of the environment is asked,
//! because a proxy would resolve names itself, and the addresses could not be checked.

mod address;
mod resolver;
mod retry_after;
mod signature;
mod target;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use ports::{Clock, DeliveryError, Event, EventSink};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
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
    secrets: Vec<SecretString>,
    timeout: Duration,
    clock: Arc<dyn Clock>,
    names: Arc<dyn Names>,
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
    ) -> Result<Self, SinkSettingsError> {
        let allowed = if allow_private { Reach::Anywhere } else { Reach::Public };
        Ok(Self {
            name,
            target: Target::parse(url, allowed).map_err(SinkSettingsError::Url)?,
            keys: Keys::read(secrets).map_err(SinkSettingsError::Secret)?,
            secrets: signature::spellings(secrets),
            timeout,
            clock,
            names: Arc::new(SystemNames),
            client: OnceCell::new(),
        })
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
        let builder = if is_plain { builder.tls_certs_only([]) } else { builder };
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

    fn again(&self, said: &str) -> DeliveryError {
        DeliveryError::Again {
            error: error_excerpt::beginning(said, &self.secrets),
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
            Err(error) => return Err(self.again(&words(&error))),
        };
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let headers = response.headers().clone();
        let said = error_excerpt::beginning(&beginning(response).await, &self.secrets);
        Err(judged(status, &headers, &said, self.clock.now()))
    }
}

/// The delivery error that an answer without success stands for.
fn judged(status: StatusCode, headers: &HeaderMap, said: &str, now: SystemTime) -> DeliveryError {
    let said = if said.is_empty() {
        String::new()
    } else {
        format!(": {said}")
    };
    let code = status.as_u16();
    if status == StatusCode::GONE {
        return DeliveryError::Gone {
            error: format!("the server answered 410, it wants no more events{said}"),
        };
    }
    if status.is_redirection() {
        return DeliveryError::Again {
            error: format!("the server answered {code}, and redirects are not followed: configure the new address"),
            wait: None,
        };
    }
    let is_asked = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    DeliveryError::Again {
        error: format!("the server answered {code}{said}"),
        wait: is_asked.then(|| retry_after::retry_after(headers, now)).flatten(),
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

/// The root cause of a failed request, without the URL: there may be a token in it.
fn words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "the server took too long".to_owned();
    }
    let mut root: &(dyn Error + 'static) = error;
    loop {
        let hidden = root.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inside = match hidden {
            Some(inside) => Some(inside as &(dyn Error + 'static)),
            None => root.source(),
        };
        let Some(inside) = inside else { break };
        root = inside;
    }
    format!("the server was not reached: {root}")
}
