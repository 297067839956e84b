//! The parts put together: a platform to talk to, real or built in, and the use cases on it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use app::{RateLimited, RetryReads, Updater};
use domain::protocol::Outcome;
use domain::{RateLimiter, RequestError};
use emulator::{Client, Emulator, Running, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{Address, Connection, Credentials, GenesysStore, TokenCache, TokenSource};
use ports::{Author, Clock, DocumentStore, RealTime, Sleeper};

use crate::cli_error::CliError;
use crate::config::{Organisation, Settings, Target};
use crate::error_code::ErrorCode;
use crate::kind::CliKind;
use crate::record::Record;
use crate::render::result::TargetDocument;

/// The connection of one run to its target, with the tokens and the rate limiter.
pub(crate) struct Session {
    api: Address,
    connection: Connection,
    tokens: Arc<TokenSource>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) target: TargetDocument,
    pub(crate) credentials_from: String,
    limiter: Arc<Mutex<RateLimiter>>,
    sleeper: Arc<dyn Sleeper>,
    ledger_target: String,
    sandbox: Option<Sandbox>,
}

/// The built-in platform of this process.
struct Sandbox {
    world: Emulator,
    running: Running,
    file: PathBuf,
}

/// The state that the sandbox starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SandboxStart {
    /// With the rules that it had.
    Continue,
    /// With its sample rule only.
    Reset,
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
                let address: Address =
                    sandbox
                        .running
                        .url()
                        .parse()
                        .map_err(|error: genesys_adapter::AddressError| {
                            CliError::new(ErrorCode::Bug, format!("the sandbox has no address: {error}"))
                        })?;
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
        let target = TargetDocument {
            api: Some(api.to_string()),
            sandbox: sandbox.is_some(),
        };
        let tokens = TokenSource::new(credentials, login, connection.clone(), clock.clone(), cache);
        Ok(Self {
            api,
            connection,
            tokens: Arc::new(tokens),
            limiter: Arc::default(),
            sleeper: time,
            clock,
            target,
            credentials_from: from,
            ledger_target: settings.ledger_target().unwrap_or_default(),
            sandbox,
        })
    }

    /// The documents of a kind, as they are stored.
    fn direct<K: CliKind>(&self, settings: &Settings) -> GenesysStore<K::Resource> {
        GenesysStore::new(
            self.api.clone(),
            K::resource(settings),
            self.connection.clone(),
            self.tokens.clone(),
            self.clock.clone(),
        )
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
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            jitter: Arc::new(app::jitter),
            deadline: settings.deadline,
        }
    }

    /// Gets a token, or finds a good one at hand.
    pub(crate) async fn sign_in(&self) -> Result<(), RequestError> {
        self.tokens.sign_in().await
    }

    /// The update of documents here, recorded there.
    pub(crate) fn updater<K: CliKind>(&self, settings: &Settings, record: &Record, author: Author) -> Updater<K> {
        Updater {
            store: self.store(settings),
            ledger: record.ledger.clone(),
            target: self.ledger_target.clone(),
            author,
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

impl Sandbox {
    async fn start(settings: &Settings, start: SandboxStart) -> Result<Self, CliError> {
        let file = settings.state_dir.join("sandbox.json");
        let kept = if start == SandboxStart::Continue {
            std::fs::read_to_string(&file).ok()
        } else {
            None
        };
        let world = match kept {
            None => Emulator::sample(),
            Some(text) => restored(&text).map_err(|why| {
                CliError::new(
                    ErrorCode::Configuration,
                    format!("cannot go on with the sandbox of `{}`: {why}", file.display()),
                )
                .with_help("`--reset-sandbox` starts it anew")
            })?,
        };
        let running = listen(world.clone(), ([127, 0, 0, 1], 0).into()).await?;
        Ok(Self { world, running, file })
    }

    async fn end(self) -> Result<(), CliError> {
        self.running.shutdown().await;
        let kept = self.world.snapshot().to_string();
        write_whole(&self.file, kept.as_bytes()).map_err(|error| {
            CliError::new(
                ErrorCode::Configuration,
                format!("cannot keep the sandbox in `{}`: {error}", self.file.display()),
            )
            .with_help("ASSIST_RULES_STATE_DIR names another folder")
        })
    }
}

/// Runs a platform at an address.
pub(crate) async fn listen(world: Emulator, address: std::net::SocketAddr) -> Result<Running, CliError> {
    let unable =
        |error: std::io::Error| CliError::new(ErrorCode::Configuration, format!("cannot listen on {address}: {error}"));
    let listener = tokio::net::TcpListener::bind(address).await.map_err(unable)?;
    emulator::serve(world, listener).await.map_err(unable)
}

fn restored(text: &str) -> Result<Emulator, String> {
    let snapshot = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let world = Emulator::restore(&snapshot, emulator::Settings::default()).map_err(|error| error.to_string())?;
    world.add_client(Client::sandbox());
    Ok(world)
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
