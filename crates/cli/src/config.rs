//! The configuration: layers, each whole in itself, and what comes of them.
//!
//! Order: flags, a gc profile named by flag, the environment, `./assist-rules.toml`, the user's own file, the gc CLI's
//! default profile, defaults. Credentials and region come from one layer together, so that a secret of one
//! organization is never sent to another's region.

mod credential;
mod effective;
mod environment;
mod environment_layer;
mod file;
mod gateway;
mod gc;
mod host_parts;
mod layer;
mod partial_settings;
mod places;
mod proxy;
mod safety;
mod settings;
mod sinks;

pub(crate) use effective::EffectiveKey;
pub(crate) use environment::Environment;
pub(crate) use settings::{OrganizationAccess, Settings, Target};
pub(crate) use sinks::Sinks;

use crate::args::Global;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use layer::Layer;

/// The names of the gc CLI's profiles; none where its file cannot be read.
pub(crate) fn profile_names(environment: &Environment) -> Vec<String> {
    gc::profile_names(environment.home().as_deref())
}

/// Puts the layers together.
///
/// # Errors
///
/// If a layer cannot be read or says something wrong, or if the layers do not make a target.
pub(crate) fn load(global: &Global, environment: &Environment) -> Result<Settings, CliError> {
    let mut layers = vec![layer::of_flags(global)];
    let home = environment.home();
    // Why: a script whose variable is empty names no profile.
    let named_profile = global.profile.as_deref().filter(|profile| !profile.is_empty());
    if let Some(profile) = named_profile {
        layers.push(gc::profile(home.as_deref(), Some(profile))?);
    }
    layers.push(environment_layer::of_environment(environment)?);
    layers.push(match &global.config {
        Some(file) => Layer::of_named_file(file)?,
        None => Layer::of_working_directory()?,
    });
    if let Some(file) = places::user_configuration(environment) {
        layers.push(Layer::of_user_file(&file)?);
    }
    if named_profile.is_none() {
        layers.push(gc::profile(home.as_deref(), None)?);
    }
    let settings = settings::combine(&layers, environment)?;
    if global.reset_sandbox && !settings.is_sandbox() {
        let message = "`--reset-sandbox` resets the sandbox, and this run is not in it";
        return Err(CliError::new(ErrorCode::Usage, message).with_help("give `--sandbox` too"));
    }
    let is_quiet_sandbox = settings.is_sandbox() && !global.sinks;
    Ok(Settings {
        keys: effective::keys(&layers, &settings),
        holds_events_back: global.no_sinks,
        // Why: what is tried in the sandbox is no news to anybody.
        sinks: if is_quiet_sandbox {
            Ok(Sinks::default())
        } else {
            settings.sinks
        },
        ..settings
    })
}

#[cfg(test)]
mod tests;
