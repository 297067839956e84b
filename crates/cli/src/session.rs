//! The parts put together: a platform to talk to, real or built in, and the use cases on it.

use std::sync::{Arc, Mutex};

use app::{Identify, RateLimited, Retry, RetryReads, Updater};
use domain::protocol::Outcome;
use domain::{RateLimiter, RequestError};
use emulator::{Emulator, Running, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{Address, Connection, Credentials, GenesysStore, Organization, TokenCache, TokenSource};
use ports::{Clock, DocumentStore, RealTime, Sleeper};

use crate::cli_error::CliError;
use crate::config::{Organisation, Settings, Target};
use crate::error_code::ErrorCode;
use crate::identity::OrganizationSource;
use crate::kind::CliKind;
use crate::record::Record;
use crate::render::result::TargetDocument;
use crate::sandbox::{Sandbox, SandboxStart};

/// The connection of one run to its target, with the tokens and the rate limiter.
pub(crate) struct Session {
    api: Address,
    tokens: Arc<TokenSource>,
    /// The source of the organization that this run works for.
    pub(crate) organization: OrganizationSource,
    client: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) credentials_from: String,
    limiter: Arc<Mutex<RateLimiter>>,
    sleeper: Arc<dyn Sleeper>,
    retry: Retry,
    sandbox: Option<Sandbox>,
}

impl Session {
    /// Prepares to talk to the target. Nothing is sent.
    pub(crate) async fn open(settings: &Settings, start: SandboxStart) -> Result<Self, CliError> {
        let time = Arc::new(RealTime::start());
        let clock: Arc<dyn Clock> = time.clone();
        let unusable = |error: &genesys_adapter::ConnectionError| CliError::configuration("cannot connect", error);
        let connection = Connection::new(&settings.connection).map_err(|error| unusable(&error))?;
        let (api, login, credentials, from, cache, sandbox) = match settings.target.clone()? {
            Target::Organisation(organisation) => {
                let Organisation {
                    api,
                    login,
                    credentials,
                    from,
                } = *organisation;
                let cache = TokenCache::in_folder(settings.state_dir.join("tokens"));
                let login = login.unwrap_or_else(|| api.clone());
                (api, login, credentials, from, Some(cache), None)
            }
            Target::Sandbox => {
                let sandbox = Sandbox::start(settings, start).await?;
                let address: Result<Address, _> = sandbox.url().parse();
                let address = address
                    .map_err(|error| CliError::new(ErrorCode::Bug, format!("the sandbox has no address: {error}")))?;
                (
                    address.clone(),
                    address,
                    sandbox_credentials(),
                    "the sandbox".to_owned(),
                    None,
                    Some(sandbox),
                )
            }
        };
        let tokens = TokenSource::new(credentials, login, api.clone(), connection, clock.clone(), cache);
        let tokens = Arc::new(tokens);
        let retry = Retry {
            clock: clock.clone(),
            sleeper: time.clone(),
            jitter: Arc::new(app::jitter),
            deadline: settings.deadline,
        };
        let organization = match &sandbox {
            Some(sandbox) => OrganizationSource::Sandbox(sandbox.organization()),
            None => OrganizationSource::Platform(tokens.clone(), retry.clone()),
        };
        Ok(Self {
            client: settings
                .target
                .as_ref()
                .map(Target::client)
                .unwrap_or_default()
                .to_owned(),
            organization,
            api,
            tokens,
            retry,
            limiter: Arc::default(),
            sleeper: time,
            clock,
            credentials_from: from,
            sandbox,
        })
    }

    /// The documents of a kind, as they are stored.
    fn direct<K: CliKind>(&self, settings: &Settings) -> GenesysStore<K::Resource> {
        GenesysStore::new(K::resource(settings), self.tokens.clone(), self.clock.clone())
    }

    /// The documents of a kind, under the rate limit that all requests of this run share.
    pub(crate) fn store<K: CliKind>(&self, settings: &Settings) -> Arc<dyn DocumentStore<K>> {
        Arc::new(RateLimited {
            store: Arc::new(self.direct::<K>(settings)),
            limiter: self.limiter.clone(),
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
        })
    }

    /// The documents of a kind, for commands that only read.
    pub(crate) fn reader<K: CliKind>(&self, settings: &Settings) -> RetryReads<K> {
        RetryReads {
            store: self.store(settings),
            retry: self.retry.clone(),
        }
    }

    /// Gets a token, or finds a good one at hand.
    pub(crate) async fn sign_in(&self) -> Result<(), RequestError> {
        self.tokens.sign_in().await
    }

    /// The organization of the last sign-in, or else asked for once.
    pub(crate) async fn last_organization(&self) -> Result<Option<Organization>, RequestError> {
        match self.tokens.last_organization().await {
            Some(organization) => Ok(Some(organization)),
            None => self.tokens.organization().await,
        }
    }

    /// The address of the API.
    pub(crate) fn api(&self) -> String {
        self.api.to_string()
    }

    /// The target as documents show it, with the organization that was found.
    pub(crate) fn target(&self, organization: Option<&Organization>) -> TargetDocument {
        TargetDocument {
            api: Some(self.api()),
            org: organization.cloned(),
            client: organization.is_none().then(|| self.client.clone()),
            sandbox: self.sandbox.is_some(),
        }
    }

    /// The update of documents here, recorded there.
    pub(crate) fn updater<K: CliKind>(
        &self,
        settings: &Settings,
        record: &Record,
        identity: Arc<dyn Identify>,
    ) -> Updater<K> {
        Updater {
            store: self.store(settings),
            ledger: record.ledger.clone(),
            identity,
            undoes: Vec::new(),
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            jitter: Arc::new(app::jitter),
            budget: Arc::default(),
            describe_error: Arc::new(describe_error),
        }
    }

    /// Ends the run; a sandbox keeps its rules for the next.
    pub(crate) async fn close(self) -> Result<(), CliError> {
        match self.sandbox {
            None => Ok(()),
            Some(sandbox) => sandbox.end().await,
        }
    }
}

/// An error as the ledger keeps it: a sentence that begins with its code.
fn describe_error<K: CliKind>(outcome: &Outcome<K>) -> Option<String> {
    let (code, message) = ErrorCode::of_outcome(outcome)?;
    Some(format!("{code} {message}"))
}

fn sandbox_credentials() -> Credentials {
    Credentials::client(SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET)
}

/// Runs a platform at an address.
pub(crate) async fn listen(world: Emulator, address: std::net::SocketAddr) -> Result<Running, CliError> {
    let unable =
        |error: std::io::Error| CliError::new(ErrorCode::Configuration, format!("cannot listen on {address}: {error}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(unable)?;
    emulator::serve(world, listener).await.map_err(unable)
}

/// Writes a file whole, or leaves it as it was.
pub(crate) fn write_whole(file: &std::path::Path, content: &[u8]) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(std::path::Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut new, content)?;
    new.persist(file)?;
    Ok(())
}
