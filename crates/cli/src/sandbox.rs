//! The built-in Genesys Cloud of this process: its rules and its organization live in the state folder.

use std::path::{Path, PathBuf};

use emulator::{Client, Emulator, HostedOrganization, Running};
use serde_json::Value;

use crate::cli_error::CliError;
use crate::config::Settings;
use crate::error_code::ErrorCode;
use crate::session::{listen, write_whole};

/// The built-in platform of this process.
pub(crate) struct Sandbox {
    world: Emulator,
    running: Running,
    file: PathBuf,
}

/// The state that the sandbox starts from. Its organization stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SandboxStart {
    /// With the rules that it had.
    Continue,
    /// With its sample rule only.
    Reset,
}

impl Sandbox {
    pub(crate) async fn start(settings: &Settings, start: SandboxStart) -> Result<Self, CliError> {
        let file = state_file(&settings.state_dir);
        let kept = std::fs::read_to_string(&file).ok();
        let restored = kept.as_deref().map(restored);
        let world = match (start, restored) {
            (SandboxStart::Continue, Some(restored)) => restored.map_err(|why| {
                CliError::new(
                    ErrorCode::Configuration,
                    format!("cannot go on with the sandbox of `{}`: {why}", file.display()),
                )
                .with_help("`--reset-sandbox` starts it anew")
            })?,
            (SandboxStart::Reset, Some(Ok(kept))) => sample(kept.organization()),
            (_, None) | (SandboxStart::Reset, Some(Err(_))) => {
                sample(HostedOrganization::new(HostedOrganization::sandbox().name))
            }
        };
        let running = listen(world.clone(), ([127, 0, 0, 1], 0).into()).await?;
        Ok(Self { world, running, file })
    }

    pub(crate) fn url(&self) -> String {
        self.running.url()
    }

    pub(crate) fn organization(&self) -> genesys_adapter::Organization {
        let HostedOrganization { id, name } = self.world.organization();
        genesys_adapter::Organization { id, name: Some(name) }
    }

    pub(crate) async fn end(self) -> Result<(), CliError> {
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

/// The id of the organization of the sandbox of this state folder, if it has one yet.
pub(crate) fn kept_organization(state_dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(state_file(state_dir)).ok()?;
    let kept: Value = serde_json::from_str(&text).ok()?;
    Some(kept.pointer("/organization/id")?.as_str()?.to_owned())
}

fn state_file(state_dir: &Path) -> PathBuf {
    state_dir.join("sandbox.json")
}

fn sample(organization: HostedOrganization) -> Emulator {
    let world = Emulator::sample();
    world.set_organization(organization);
    world
}

fn restored(text: &str) -> Result<Emulator, String> {
    let snapshot = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let world = Emulator::restore(&snapshot, emulator::Settings::default()).map_err(|error| error.to_string())?;
    world.add_client(Client::sandbox());
    Ok(world)
}
