//! The configuration: layers, each whole in itself, and what comes of them.
//!
//! Order: flags, a gc profile named by flag, the environment, `./assist-rules.toml`, the user's own file, the gc CLI's
//! default profile, defaults. Credentials and region come from one layer together, so that a secret of one
//! organisation is never sent to another's region.

mod environment;
mod environment_layer;
mod gc;
mod layer;
mod partial_settings;
mod places;
mod settings;
mod sinks;

pub(crate) use environment::Environment;
pub(crate) use settings::{Organisation, Settings, Target};

use crate::args::Global;
use crate::cli_error::CliError;
use layer::Layer;

/// Puts the layers together.
///
/// # Errors
///
/// If a layer cannot be read or says something wrong, or if the layers do not make a target.
pub(crate) fn load(global: &Global, environment: &Environment) -> Result<Settings, CliError> {
    let mut layers = vec![layer::of_flags(global)];
    let home = environment.home();
    if let Some(profile) = &global.profile {
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
    if global.profile.is_none() {
        layers.push(gc::profile(home.as_deref(), None)?);
    }
    settings::combine(&layers, environment)
}

#[cfg(test)]
mod tests;
