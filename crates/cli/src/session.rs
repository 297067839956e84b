//! The parts put together: a platform to talk to, real or built in, and the use cases on it.

use std::path::PathBuf;
use std::sync::Arc;

use app::{RateLimited, RetryReads, Updater};
use domain::{Code, TriggerRule};
use emulator::{Client, Emulator, Running, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use genesys_adapter::{
    Address, ClientCredentials, Connection, Credentials, GenesysRepository, TokenCache, TokenSource,
};
use ports::{Author, Clock, DocumentStore, Sleeper};
use secrecy::SecretString;

use crate::cli_error::CliError;
use crate::config::{Organisation, Settings, Target};
use crate::record::Record;
use crate::render::result::TargetDocument;
use crate::time::{self, RuntimeSleeper, SystemClock};

/// What one run talks to.
pub(crate) struct Session {
    pub(crate) repository: Arc<GenesysRepository>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) target: TargetDocument,
    pub(crate) credentials_from: String,
    /// The same repository, one request after the other's turn.
    paced: Arc<dyn DocumentStore>,
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

/// Whether the sandbox goes on from where it was.
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
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
        let unusable = |error: &genesys_adapter::BadConnection| CliError::configuration("cannot connect", error);
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
                        .map_err(|error: genesys_adapter::BadAddress| {
                            CliError::new(Code::Bug, format!("the sandbox has no address: {error}"))
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
        let repository = GenesysRepository::new(api, settings.path.clone(), connection, tokens, clock.clone());
        let repository = Arc::new(repository);
        let sleeper: Arc<dyn Sleeper> = Arc::new(RuntimeSleeper);
        let paced = RateLimited {
            repository: repository.clone(),
            pacer: Arc::default(),
            clock: clock.clone(),
            sleeper: sleeper.clone(),
        };
        Ok(Self {
            repository,
            paced: Arc::new(paced),
            sleeper,
            clock,
            target,
            credentials_from: from,
            ledger_target: settings.ledger_target().unwrap_or_default(),
            sandbox,
        })
    }

    /// The update of rules here, recorded there.
    pub(crate) fn updater(&self, record: &Record, author: Author) -> Updater<TriggerRule> {
        Updater {
            repository: self.paced.clone(),
            ledger: record.ledger.clone(),
            target: self.ledger_target.clone(),
            author,
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            chance: Arc::new(time::chance),
            budget: Arc::default(),
        }
    }

    /// The rules here, one request after the other's turn.
    pub(crate) fn paced(&self) -> Arc<dyn DocumentStore> {
        self.paced.clone()
    }

    /// The rules here, for commands that only read.
    pub(crate) fn reader(&self, settings: &Settings) -> RetryReads<TriggerRule> {
        RetryReads {
            repository: self.paced.clone(),
            clock: self.clock.clone(),
            sleeper: self.sleeper.clone(),
            chance: Arc::new(time::chance),
            deadline: settings.deadline,
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

fn sandbox_credentials() -> Credentials {
    Credentials::Client(ClientCredentials {
        id: SANDBOX_CLIENT_ID.to_owned(),
        secret: SecretString::from(SANDBOX_CLIENT_SECRET),
    })
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
                    Code::Configuration,
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
                Code::Configuration,
                format!("cannot keep the sandbox in `{}`: {error}", self.file.display()),
            )
            .with_help("ASSIST_RULES_STATE_DIR names another folder")
        })
    }
}

/// Runs a platform at an address.
pub(crate) async fn listen(world: Emulator, address: std::net::SocketAddr) -> Result<Running, CliError> {
    let unable =
        |error: std::io::Error| CliError::new(Code::Configuration, format!("cannot listen on {address}: {error}"));
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
