//! The layer of the environment, under the names of the platform's own tools and under `ASSIST_RULES_…`.

use config::Config;
use secrecy::SecretString;

use super::environment::Environment;
use super::layer::{Layer, unknown_key};
use super::partial_settings::PartialSettings;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

const PREFIX: &str = "ASSIST_RULES_";

/// The layer of the environment.
///
/// # Errors
///
/// If a variable with this program's prefix is unknown or has a wrong value, or a gateway is named that cannot be used.
pub(super) fn of_environment(environment: &Environment) -> Result<Layer, CliError> {
    let mut config = Config::builder();
    for (name, value) in environment.iter() {
        let Some(key) = name
            .strip_prefix(PREFIX)
            .map(str::to_lowercase)
            .filter(|_| !value.is_empty())
        else {
            continue;
        };
        if !PartialSettings::keys().contains(&key.as_str()) {
            return Err(unknown_key(&format!("the environment (`{name}`)"), &key));
        }
        config = config
            .set_override(&key, value)
            .map_err(|error| CliError::configuration(&format!("`{name}` has a wrong value"), &error))?;
    }
    let config = config
        .build()
        .map_err(|error| CliError::configuration("the environment is wrong", &error))?;
    let mut layer = Layer::of_config("the environment".to_owned(), config)?;
    let settings = &mut layer.settings;
    let or = |own: &mut Option<String>, names: &[&str]| *own = own.take().or_else(|| environment.first(names));
    or(&mut settings.region, &["GENESYSCLOUD_REGION"]);
    or(
        &mut settings.client_id,
        &["GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYS_OAUTH_CLIENT_ID"],
    );
    let or = |own: &mut Option<SecretString>, names: &[&str]| {
        *own = own.take().or_else(|| environment.first(names).map(SecretString::from));
    };
    or(
        &mut settings.client_secret,
        &["GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYS_OAUTH_CLIENT_SECRET"],
    );
    or(&mut settings.access_token, &["GENESYSCLOUD_ACCESS_TOKEN"]);
    add_proxy(environment, settings);
    add_gateway(environment, settings)?;
    Ok(layer)
}

fn add_proxy(environment: &Environment, settings: &mut PartialSettings) {
    if settings.proxy.is_none() {
        settings.proxy = host_url(environment, "GENESYSCLOUD_PROXY", "http");
    }
    let login = (
        environment.get("GENESYSCLOUD_PROXY_AUTH_USERNAME"),
        environment.get("GENESYSCLOUD_PROXY_AUTH_PASSWORD"),
    );
    if let (Some(user), Some(password)) = login {
        settings.proxy_login = Some((user.to_owned(), SecretString::from(password)));
    }
}

/// A gateway stands in front of both the API and the login, each under the path that is named for it.
fn add_gateway(environment: &Environment, settings: &mut PartialSettings) -> Result<(), CliError> {
    let Some(base) = host_url(environment, "GENESYSCLOUD_GATEWAY", "https") else {
        return Ok(());
    };
    if environment.get("GENESYSCLOUD_GATEWAY_AUTH_USERNAME").is_some() {
        let message = "`GENESYSCLOUD_GATEWAY_AUTH_USERNAME`: a gateway that wants a login of its own is not supported";
        return Err(CliError::new(ErrorCode::Configuration, message));
    }
    let path_of = |service: &str| match (
        environment.get("GENESYSCLOUD_GATEWAY_PATH_NAME"),
        environment.get("GENESYSCLOUD_GATEWAY_PATH_VALUE"),
    ) {
        (Some(name), Some(value)) if name == service => format!("/{}", value.trim_matches('/')),
        _ => String::new(),
    };
    settings
        .api_url
        .get_or_insert_with(|| format!("{base}{}", path_of("api")));
    settings
        .login_url
        .get_or_insert_with(|| format!("{base}{}", path_of("login")));
    Ok(())
}

fn host_url(environment: &Environment, prefix: &str, default_protocol: &str) -> Option<String> {
    let host = environment.get(&format!("{prefix}_HOST"))?;
    let protocol = environment
        .first(&[&format!("{prefix}_PROTOCOL")])
        .unwrap_or_else(|| default_protocol.to_owned());
    let port = environment
        .first(&[&format!("{prefix}_PORT")])
        .map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{protocol}://{host}{port}"))
}
