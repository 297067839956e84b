//! The parts put together: a platform to talk to, real or built in, and the use cases on it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use app::{Identify, RateLimited, RateLimitedDirectory, Retry, RetryReads, Updater};
use domain::protocol::Outcome;
use domain::{RateLimiter, RequestError};
use emulator::{Emulator, Running, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{
    Address, Connection, Credentials, FirstStop, GenesysDirectory, GenesysStore, Organization, TokenCache, TokenSource,
};
use ports::{Clock, Directory, DocumentStore, RealTime, Sleeper};

use crate::cli_error::CliError;
use crate::config::{OrganizationAccess, Settings, Target};
use crate::error_code::ErrorCode;
use crate::identity::OrganizationSource;
use crate::kind::CliKind;
use crate::machine_clock::refuse_a_wrong_clock;
use crate::output::Output;
use crate::record::Record;
use crate::render::result::TargetDocument;
use crate::sandbox::{Sandbox, SandboxStart};
use crate::waits::{Waits, Watched, WatchedSleeper};
use crate::within_deadline::{WithinDeadline, within};

/// The longest pause of the platform that a request waits out without a word.
const QUIET_PAUSE: Duration = Duration::from_secs(1);

/// The connection of one run to its target, with the tokens and the rate limiter.
pub(crate) struct Session {
    api: Address,
    login: Address,
    connection: Connection,
    tokens: Arc<TokenSource>,
    /// The source of the organization that this run works for.
    pub(crate) organization: OrganizationSource,
    client: String,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) credentials_from: String,
    limiter: Arc<Mutex<RateLimiter>>,
    sleeper: Arc<dyn Sleeper>,
    pub(crate) waits: Waits,
    pub(crate) retry: Retry,
    sandbox: Option<Sandbox>,
}

impl Session {
    /// Prepares to talk to the target; to the sandbox from a start, of an organization if one is named. Nothing is sent.
    pub(crate) async fn open(
        settings: &Settings,
        (start, organization): (SandboxStart, Option<&str>),
        output: Output,
    ) -> Result<Self, CliError> {
        refuse_a_wrong_clock()?;
        let time = Arc::new(RealTime::start());
        let clock: Arc<dyn Clock> = time.clone();
        let waits = Waits::new(output);
        let sleeper: Arc<dyn Sleeper> = Arc::new(WatchedSleeper {
            sleeper: time,
            waits: waits.clone(),
        });
        let unusable = |error: &genesys_adapter::ConnectionError| CliError::configuration("cannot connect", error);
        let connection = Connection::new(&settings.connection).map_err(|error| unusable(&error))?;
        let (api, login, credentials, from, cache, sandbox) = match settings.target.clone()? {
            Target::Organization(organization) => {
                let OrganizationAccess {
                    api,
                    login,
                    credentials,
                    from,
                } = *organization;
                let cache = TokenCache::in_folder(settings.state_dir.join("tokens"));
                let login = login.unwrap_or_else(|| api.clone());
                (api, login, credentials, from, Some(cache), None)
            }
            Target::Sandbox => {
                let sandbox = Sandbox::start(settings, start, organization).await?;
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
        let tokens = TokenSource::new(
            credentials,
            login.clone(),
            api.clone(),
            connection.clone(),
            clock.clone(),
            cache,
        );
        let tokens = Arc::new(tokens);
        let retry = Retry {
            clock: clock.clone(),
            sleeper: sleeper.clone(),
            jitter: Arc::new(app::jitter),
            deadline: settings.deadline,
            watch: Arc::new({
                let waits = waits.clone();
                move |wait, failure| waits.announce(wait, &failure.message)
            }),
        };
        let source = match &sandbox {
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
            organization: source,
            api,
            login,
            connection,
            tokens,
            retry,
            limiter: Arc::default(),
            sleeper,
            waits,
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
            store: Arc::new(Watched {
                store: self.direct::<K>(settings),
                waits: self.waits.clone(),
                host: self.api.host(),
            }),
            limiter: self.limiter.clone(),
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            longest_pause: QUIET_PAUSE,
        })
    }

    /// The documents of a kind, for commands that only read.
    pub(crate) fn reader<K: CliKind>(&self, settings: &Settings) -> WithinDeadline<RetryReads<K>> {
        self.reader_of(self.store(settings), settings)
    }

    /// A store for commands that only read.
    pub(crate) fn reader_of<K: CliKind>(
        &self,
        store: Arc<dyn DocumentStore<K>>,
        settings: &Settings,
    ) -> WithinDeadline<RetryReads<K>> {
        WithinDeadline {
            store: RetryReads {
                store,
                retry: self.retry.clone(),
            },
            deadline: settings.deadline,
        }
    }

    /// The listings of what documents refer to, under the same rate limit.
    pub(crate) fn directory(&self, settings: &Settings) -> Arc<dyn Directory> {
        let directory = GenesysDirectory::new(self.tokens.clone(), self.clock.clone(), settings.path.clone());
        Arc::new(RateLimitedDirectory {
            directory: Arc::new(directory),
            limiter: self.limiter.clone(),
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            longest_pause: QUIET_PAUSE,
        })
    }

    /// Asks for a new token, whatever is at hand. False if there is nothing to ask with but a token.
    pub(crate) async fn sign_in_anew(&self) -> Result<bool, RequestError> {
        within(self.retry.deadline, self.tokens.sign_in_anew()).await
    }

    /// The end of the token at hand, if there is one that is still good.
    pub(crate) async fn kept_token_end(&self) -> Option<SystemTime> {
        self.tokens.kept_token_end().await
    }

    /// The organization of the last sign-in, or else asked for once.
    pub(crate) async fn last_organization(&self) -> Result<Option<Organization>, RequestError> {
        match self.tokens.last_organization().await {
            Some(organization) => Ok(Some(organization)),
            None => within(self.retry.deadline, self.tokens.organization()).await,
        }
    }

    /// The address of the API.
    pub(crate) fn api(&self) -> &Address {
        &self.api
    }

    /// The address that tokens come from.
    pub(crate) fn login(&self) -> &Address {
        &self.login
    }

    /// True if there is more to sign in with than a token that was given.
    pub(crate) fn signs_in(&self) -> bool {
        self.tokens.signs_in()
    }

    /// The first stop on the way to a server.
    pub(crate) fn first_stop(&self, server: &Address) -> Option<FirstStop> {
        let stop = self.connection.first_stop(server)?;
        Some(stop.within(self.retry.deadline))
    }

    /// The target as documents show it, with the organization that was found.
    pub(crate) fn target(&self, organization: Option<&Organization>) -> TargetDocument {
        TargetDocument {
            api: Some(self.api.to_string()),
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
            absent_intents: Vec::new(),
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
pub(crate) async fn listen(emulator: Emulator, address: std::net::SocketAddr) -> Result<Running, CliError> {
    refuse_a_wrong_clock()?;
    let unable =
        |error: std::io::Error| CliError::new(ErrorCode::Configuration, format!("cannot listen on {address}: {error}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(unable)?;
    emulator::serve(emulator, listener).await.map_err(unable)
}
