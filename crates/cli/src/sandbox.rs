//! The built-in Genesys Cloud of this process: its rules and its organization live in the state folder.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use emulator::{Client, Emulator, HostedOrganization, Running};
use serde_json::Value;

use crate::cli_error::CliError;
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::session::listen;

/// The built-in platform of this process.
pub(crate) struct Sandbox {
    emulator: Emulator,
    running: Running,
    file: PathBuf,
    /// Locked until the rules are kept: another process that read them before would write over what this one changed.
    _turn: File,
}

/// The time between two attempts to get a turn.
const TURN_PAUSE: Duration = Duration::from_millis(20);

/// The state that the sandbox starts from. Its organization stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SandboxStart {
    /// With the rules that it had.
    Continue,
    /// With its sample rule only.
    Reset,
}

impl Sandbox {
    pub(crate) async fn start(
        settings: &Settings,
        start: SandboxStart,
        organization: Option<&str>,
    ) -> Result<Self, CliError> {
        let file = state_file(&settings.state_dir, organization);
        let turn = turn(&settings.state_dir, settings.deadline).await?;
        let kept = read(&file)?;
        let restored = kept.as_deref().map(restored);
        let emulator = match (start, restored) {
            (SandboxStart::Continue, Some(restored)) => restored.map_err(|why| broken(&file, &why))?,
            (SandboxStart::Reset, Some(Ok(kept))) => sample(kept.organization(), organization),
            (_, None) | (SandboxStart::Reset, Some(Err(_))) => {
                let name = organization.map_or(HostedOrganization::sandbox().name, str::to_owned);
                sample(HostedOrganization::new(name), organization)
            }
        };
        let running = listen(emulator.clone(), ([127, 0, 0, 1], 0).into()).await?;
        Ok(Self {
            emulator,
            running,
            file,
            _turn: turn,
        })
    }

    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    pub(crate) fn organization(&self) -> genesys_adapter::Organization {
        let HostedOrganization { id, name } = self.emulator.organization();
        genesys_adapter::Organization { id, name: Some(name) }
    }

    pub(crate) async fn end(self) -> Result<(), CliError> {
        self.running.shutdown().await;
        let kept = self.emulator.snapshot().to_string();
        files::replace_private(&self.file, kept.as_bytes()).map_err(|error| {
            CliError::new(
                ErrorCode::Configuration,
                format!("cannot keep the sandbox in `{}`: {error}", self.file.display()),
            )
            .with_help("ASSIST_RULES_STATE_DIR names another folder")
        })
    }
}

/// The id of the organization of a sandbox of this state folder, if it has one yet.
///
/// # Errors
///
/// If it cannot be told: the file of the sandbox cannot be read, or is none.
pub(crate) fn kept_organization(state_dir: &Path, organization: Option<&str>) -> Result<Option<String>, CliError> {
    let file = state_file(state_dir, organization);
    let Some(text) = read(&file)? else { return Ok(None) };
    let kept: Value = serde_json::from_slice(&text).map_err(|error| broken(&file, &error))?;
    let id = kept.pointer("/organization/id").and_then(Value::as_str);
    let id = id.ok_or_else(|| broken(&file, &"it has no organization"))?;
    Ok(Some(id.to_owned()))
}

/// The turn of this process at the sandbox of a state folder.
async fn turn(state_dir: &Path, patience: Duration) -> Result<File, CliError> {
    let path = state_dir.join("sandbox.lock");
    let opened =
        files::make_private_folder(state_dir).and_then(|()| File::options().create(true).append(true).open(&path));
    let unusable = |error: std::io::Error| {
        let message = format!("cannot keep a sandbox in `{}`: {error}", state_dir.display());
        CliError::new(ErrorCode::Configuration, message).with_help("ASSIST_RULES_STATE_DIR names another folder")
    };
    let file = opened.map_err(unusable)?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
            Err(TryLockError::WouldBlock) if started.elapsed() >= patience => {
                let message = format!("another process is at work in the sandbox of `{}`", state_dir.display());
                return Err(CliError::new(ErrorCode::Unavailable, message).that_passes());
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(TURN_PAUSE).await,
        }
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, CliError> {
    files::read_if_there(file).map_err(|error| {
        let message = format!("cannot read the sandbox of `{}`: {error}", file.display());
        CliError::new(ErrorCode::UnreadableFile, message)
            .with_help("make it readable, or name another folder in ASSIST_RULES_STATE_DIR")
    })
}

fn broken(file: &Path, why: &dyn std::fmt::Display) -> CliError {
    let message = format!("cannot go on with the sandbox of `{}`: {why}", file.display());
    CliError::new(ErrorCode::Configuration, message).with_help("`--sandbox --reset-sandbox` starts it anew")
}

/// The file of the sandbox: each organization has its own.
fn state_file(state_dir: &Path, organization: Option<&str>) -> PathBuf {
    match organization {
        None => state_dir.join("sandbox.json"),
        Some(name) => state_dir.join(format!("sandbox-{}.json", name.to_ascii_lowercase())),
    }
}

/// The world to start with; of an organization that was named, with ids of its own.
fn sample(organization: HostedOrganization, named: Option<&str>) -> Emulator {
    if named.is_some() {
        return Emulator::sample_of(organization);
    }
    let emulator = Emulator::sample();
    emulator.set_organization(organization);
    emulator
}

fn restored(text: &[u8]) -> Result<Emulator, String> {
    let snapshot = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let emulator = Emulator::restore(&snapshot, emulator::Settings::default()).map_err(|error| error.to_string())?;
    emulator.add_client(Client::sandbox());
    Ok(emulator)
}
