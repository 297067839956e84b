//! Access tokens: one request for them at a time, renewed before they end.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::json::{Document, Node, Number};
use domain::{FailureClass, RequestError};
use http::StatusCode;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ports::{Clock, Redactor};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tracing::Instrument;

use crate::address::Address;
use crate::answer::{Method, RawAnswer, ResponseReader};
use crate::api::{Api, ApiResponse};
use crate::connection::{Connection, Effect};
use crate::connection_failure;
use crate::credentials::{ClientCredentials, Credentials};
use crate::organization::{self, Organization};
use crate::request::ApiRequest;
use crate::token_cache::TokenCache;

/// The time before its end at which a token is renewed.
const RENEW_BEFORE_END: Duration = Duration::from_mins(1);

/// The life of a token that tells none: the shortest that the platform can be set to.
const SHORTEST_LIFE: Duration = Duration::from_mins(5);

/// The beginning, in lower case, of the message by which the token endpoint reports its rate limit; the status is 400.
const RATE_LIMIT_WORDS: &str = "rate limit exceeded;";

/// A token, when it ends, and the organization that it belongs to, as far as that was asked.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) secret: SecretString,
    pub(crate) ends: SystemTime,
    pub(crate) organization: Option<Organization>,
}

/// A source of access tokens, all of one organization.
pub struct TokenSource {
    credentials: Credentials,
    login: Address,
    api: Api,
    clock: Arc<dyn Clock>,
    cache: Option<TokenCache>,
    /// Locked while a token is asked for, so that one request is under way at most.
    held: Mutex<Option<Token>>,
    /// The organization that this source works for, once it is known. A token of another one is not handed out.
    organization: OnceLock<Organization>,
}

impl TokenSource {
    /// Gets tokens for the API at `api` from `login`, and keeps them in `cache` if there is one.
    pub fn new(
        credentials: Credentials,
        login: Address,
        api: Address,
        connection: Connection,
        clock: Arc<dyn Clock>,
        cache: Option<TokenCache>,
    ) -> Self {
        Self {
            credentials,
            login,
            api: Api {
                address: api,
                connection,
            },
            clock,
            cache,
            held: Mutex::new(None),
            organization: OnceLock::new(),
        }
    }

    /// True if it gets tokens with credentials of a client, and was not given one.
    pub fn signs_in(&self) -> bool {
        matches!(self.credentials, Credentials::Client(_))
    }

    /// Asks for a new token, whatever is at hand, and keeps it. False if there is nothing to ask with but a token.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if the credentials are refused; otherwise as for any request.
    pub async fn sign_in_anew(&self) -> Result<bool, RequestError> {
        let Credentials::Client(client) = &self.credentials else {
            return Ok(false);
        };
        let mut held = self.held.lock().await;
        *held = None;
        self.held_or_new(&mut held, client, |_| true).await.map(|_| true)
    }

    /// The organization that the tokens belong to, if the platform tells one: from the token at hand, or by one
    /// request. Once it is known, every later token has to be of the same one.
    ///
    /// # Errors
    ///
    /// As for any read. An answer that definitely tells none is no error.
    pub async fn organization(&self) -> Result<Option<Organization>, RequestError> {
        if let Some(known) = self.kept_organization().await {
            return Ok(Some(known));
        }
        let sent = self.send(&organization::request()).await;
        let response = sent.map_err(organization::about_organization)?;
        let Some(found) = self.read_organization(&response.answer, &response.token)? else {
            return Ok(None);
        };
        self.keep_organization(&response.token, &found).await;
        Ok(Some(self.organization.get_or_init(|| found).clone()))
    }

    /// Sends a request. One that is refused for its token is sent once more with another.
    pub(crate) async fn send(&self, request: &ApiRequest) -> Result<ApiResponse, RequestError> {
        let token = self.token().await?;
        let first = self.send_with(request, token, 1).await?;
        if first.answer.status != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        let another = self.refresh_after_rejection(&first.token).await;
        match another.map_err(|failure| with_requests(failure, first.requests))? {
            None => Ok(first),
            Some(token) => self.send_with(request, token, first.requests + 1).await,
        }
    }

    async fn send_with(
        &self,
        request: &ApiRequest,
        token: SecretString,
        requests: u32,
    ) -> Result<ApiResponse, RequestError> {
        let sent = self.api.send(request, &token).await;
        let answer = sent.map_err(|failure| unanswered(failure, requests))?;
        Ok(ApiResponse {
            answer,
            token,
            requests,
        })
    }

    /// The organization that is known without a request: of an earlier answer, or of the token that was kept.
    ///
    /// A kept token that has ended tells nothing: the client may have been moved.
    pub async fn kept_organization(&self) -> Option<Organization> {
        if let Some(known) = self.organization.get() {
            return Some(known.clone());
        }
        let Credentials::Client(client) = &self.credentials else {
            return None;
        };
        let mut held = self.held.lock().await;
        self.load_into(&mut held, client);
        let token = held.as_ref().filter(|token| self.is_good(token))?;
        let found = token.organization.clone()?;
        Some(self.organization.get_or_init(|| found).clone())
    }

    /// The end of the token at hand, if there is one that is still good. A token that was given tells none.
    pub async fn kept_token_end(&self) -> Option<SystemTime> {
        let Credentials::Client(client) = &self.credentials else {
            return None;
        };
        let mut held = self.held.lock().await;
        self.load_into(&mut held, client);
        held.as_ref()
            .filter(|token| self.is_good(token))
            .map(|token| token.ends)
    }

    /// The organization that this client belonged to when it last signed in, for what only reads a record.
    pub async fn last_organization(&self) -> Option<Organization> {
        let Credentials::Client(client) = &self.credentials else {
            return None;
        };
        let mut held = self.held.lock().await;
        self.load_into(&mut held, client);
        held.as_ref()?.organization.clone()
    }

    /// A token that is good for a while.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` if the credentials are refused; `OtherOrganization` if the new token belongs to another one;
    /// `Throttled`, `NotSent` and the like as for any request. A request for a token changes nothing, so nothing about
    /// it is ever `Indeterminate`.
    pub(crate) async fn token(&self) -> Result<SecretString, RequestError> {
        let client = match &self.credentials {
            Credentials::Token(token) => return Ok(token.clone()),
            Credentials::Client(client) => client,
        };
        let mut held = self.held.lock().await;
        self.load_into(&mut held, client);
        self.held_or_new(&mut held, client, |token| self.is_good(token)).await
    }

    /// A token other than the one that was refused.
    ///
    /// # Errors
    ///
    /// As for [`TokenSource::token`]; `None` if there is no other.
    pub(crate) async fn refresh_after_rejection(
        &self,
        refused: &SecretString,
    ) -> Result<Option<SecretString>, RequestError> {
        let Credentials::Client(client) = &self.credentials else {
            return Ok(None);
        };
        let mut held = self.held.lock().await;
        let is_another = |token: &Token| token.secret.expose_secret() != refused.expose_secret();
        self.held_or_new(&mut held, client, is_another).await.map(Some)
    }

    /// The secret of the token at hand if it serves, or else of a new one, once it is certain that it belongs to the
    /// organization that this source works for.
    async fn held_or_new(
        &self,
        held: &mut Option<Token>,
        client: &ClientCredentials,
        serves: impl Fn(&Token) -> bool,
    ) -> Result<SecretString, RequestError> {
        let token = match held {
            Some(token) if serves(token) => token,
            held => {
                let token = self.ask(client).await?;
                self.store(client, &token);
                held.insert(token)
            }
        };
        let Some(expected) = self.organization.get() else {
            return Ok(token.secret.clone());
        };
        if token.organization.is_none() {
            token.organization = self
                .ask_organization(&token.secret)
                .await
                .map_err(never_indeterminate)?;
            self.store(client, token);
        }
        if token.organization.as_ref().is_some_and(|found| found.id == expected.id) {
            return Ok(token.secret.clone());
        }
        let found = token.organization.as_ref();
        let found = found.map_or("none that it tells".to_owned(), |found| format!("`{}`", found.id));
        let message = format!(
            "the new access token belongs to another organization: {found} in place of `{}`",
            expected.id
        );
        Err(RequestError::new(FailureClass::OtherOrganization, message))
    }

    async fn ask_organization(&self, token: &SecretString) -> Result<Option<Organization>, RequestError> {
        let sent = self.api.send(&organization::request(), token).await;
        let answer = sent.map_err(organization::about_organization)?;
        self.read_organization(&answer, token)
    }

    fn read_organization(
        &self,
        answer: &RawAnswer,
        token: &SecretString,
    ) -> Result<Option<Organization>, RequestError> {
        organization::read(&ResponseReader {
            answer,
            redactor: &self.redactor(Some(token)),
            now: self.clock.now(),
            requests: 0,
        })
    }

    /// Keeps the organization with the token that told it, unless there is another one by now.
    async fn keep_organization(&self, token: &SecretString, organization: &Organization) {
        let Credentials::Client(client) = &self.credentials else {
            return;
        };
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_mut()
            && held.secret.expose_secret() == token.expose_secret()
        {
            held.organization = Some(organization.clone());
            self.store(client, held);
        }
    }

    /// Keeps the secrets in hand, with this token, out of what a server says.
    pub(crate) fn redactor(&self, token: Option<&SecretString>) -> Redactor {
        let mut redactor = Redactor::default();
        match &self.credentials {
            Credentials::Token(token) => redactor.add(token),
            Credentials::Client(client) => redactor.add(&client.secret),
        }
        if let Some(token) = token {
            redactor.add(token);
        }
        redactor
    }

    fn is_good(&self, token: &Token) -> bool {
        token.ends > self.clock.now() + RENEW_BEFORE_END
    }

    fn load_into(&self, held: &mut Option<Token>, client: &ClientCredentials) {
        if held.is_none() {
            *held = self.cache.as_ref().and_then(|cache| cache.load(&self.login, client));
        }
    }

    fn store(&self, client: &ClientCredentials, token: &Token) {
        if let Some(cache) = &self.cache {
            cache.store(&self.login, client, token);
        }
    }

    async fn ask(&self, client: &ClientCredentials) -> Result<Token, RequestError> {
        let url = self.login.join("/oauth/token", None).map_err(|error| {
            let message = format!("the login address cannot be used: {error}");
            RequestError::new(FailureClass::Malformed, message).with_source(error)
        })?;
        let request = self
            .api
            .connection
            .client()
            .post(url)
            .header(AUTHORIZATION, basic(client))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let span = tracing::info_span!("token", login = %self.login);
        let sent = self.api.connection.send(request, Effect::None);
        let answer = sent.instrument(span).await.map_err(never_indeterminate)?;
        tracing::debug!(status = answer.status.as_u16(), "answered");
        let redactor = self.redactor(None);
        let reading = ResponseReader {
            answer: &answer,
            redactor: &redactor,
            now: self.clock.now(),
            requests: 0,
        };
        if answer.status != StatusCode::OK {
            return Err(never_indeterminate(refused(&reading)));
        }
        let document = reading.document().map_err(|failure| match reading.page_in_front() {
            Some(message) => never_indeterminate(RequestError { message, ..failure }),
            None => never_indeterminate(failure),
        })?;
        granted(&document, self.clock.now()).ok_or_else(|| match document.root().get("error") {
            Some(_) => never_indeterminate(as_refused(reading.failure(Method::Read, ""), &reading)),
            None => reading.fail(
                FailureClass::Malformed,
                "the answer to the request for a token has none",
            ),
        })
    }
}

/// A failure without an answer, with the requests that led to it; one that never left is none.
fn unanswered(failure: RequestError, requests: u32) -> RequestError {
    let never_left = connection_failure::is_unsent(&failure)
        || matches!(failure.class, FailureClass::NotSent | FailureClass::OtherOrganization);
    let requests = if never_left {
        requests.saturating_sub(1)
    } else {
        requests
    };
    with_requests(failure, requests)
}

fn with_requests(mut failure: RequestError, requests: u32) -> RequestError {
    failure.metadata.requests = requests;
    failure
}

fn basic(client: &ClientCredentials) -> HeaderValue {
    let pair = format!("{}:{}", client.id, client.secret.expose_secret());
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair)))
        .unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// The token of an answer as RFC 6749 allows it: `expires_in` may be absent, and gateways turn it into a text.
fn granted(document: &Document, now: SystemTime) -> Option<Token> {
    let token = document.root().get("access_token").and_then(Node::as_str)?.trim();
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let life = document.root().get("expires_in").and_then(|life| {
        let text = life.as_str().map(str::trim).and_then(|text| text.parse().ok());
        let seconds: f64 = life.as_number().map(Number::to_f64).or(text)?;
        Duration::try_from_secs_f64(seconds).ok()
    });
    let life = life.unwrap_or(SHORTEST_LIFE);
    is_token.then(|| Token {
        secret: SecretString::from(token),
        ends: now.checked_add(life).unwrap_or(now),
        organization: None,
    })
}

/// Why no token was granted. Refused credentials are 401, or 400 in the words of RFC 6749.
fn refused(reading: &ResponseReader<'_>) -> RequestError {
    as_refused(reading.failure(Method::Read, "there is no such login"), reading)
}

fn as_refused(mut failure: RequestError, reading: &ResponseReader<'_>) -> RequestError {
    if reading.answer.status == StatusCode::OK {
        failure.class = FailureClass::Rejected;
    }
    let is_rate_limit = failure.message.to_lowercase().starts_with(RATE_LIMIT_WORDS);
    if failure.class == FailureClass::Rejected && is_rate_limit {
        let wait = reading.pause();
        failure.class = FailureClass::Throttled { wait };
    }
    let is_of_proxy = reading.answer.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    if matches!(failure.class, FailureClass::Rejected | FailureClass::Denied) && !is_of_proxy {
        failure.class = FailureClass::Unauthenticated;
    }
    if failure.class == FailureClass::Unauthenticated {
        failure.message = format!("the client id or its secret was refused: {}", failure.message);
    }
    if failure.class == FailureClass::NotFound {
        failure.class = FailureClass::Malformed;
        "the login address answered 404: it is no login of Genesys Cloud".clone_into(&mut failure.message);
    }
    failure
}

/// A request for a token changes nothing: what is indeterminate about it is as good as not sent.
fn never_indeterminate(mut failure: RequestError) -> RequestError {
    if let FailureClass::Indeterminate { wait, .. } = failure.class {
        failure.class = wait.map_or(FailureClass::NotSent, |wait| FailureClass::Throttled {
            wait: Some(wait),
        });
    }
    failure.message = format!("no token: {}", failure.message);
    failure
}

#[cfg(test)]
mod tests {
    use domain::IndeterminateCause;

    use super::*;

    #[test]
    fn nothing_about_a_request_for_a_token_is_indeterminate() {
        let pause = Duration::from_secs(7);
        for (wait, expected) in [
            (None, FailureClass::NotSent),
            (Some(pause), FailureClass::Throttled { wait: Some(pause) }),
        ] {
            let cause = IndeterminateCause::ServerError;
            let failure = never_indeterminate(RequestError::new(FailureClass::Indeterminate { wait, cause }, "503"));
            assert_eq!((failure.class, failure.message.as_str()), (expected, "no token: 503"));
        }
    }
}
