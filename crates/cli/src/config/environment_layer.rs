//! The layer of the environment, under the names of the platform's own tools and under `ASSIST_RULES_…`.

use config::Config;
use secrecy::SecretString;

use super::credential::CredentialKeys;
use super::environment::Environment;
use super::file;
use super::gateway::Gateway;
use super::host_parts::{HostParts, alone, unusable};
use super::layer::{Layer, unknown_key};
use super::partial_settings::PartialSettings;
use super::proxy::ProxyParts;
use crate::cli_error::CliError;

const PREFIX: &str = "ASSIST_RULES_";

const OWN_KEYS: CredentialKeys = CredentialKeys {
    client_id: "ASSIST_RULES_CLIENT_ID",
    client_secret: "ASSIST_RULES_CLIENT_SECRET",
    access_token: "ASSIST_RULES_ACCESS_TOKEN",
};

const PROXY_KEYS: [&str; 5] = [
    "GENESYSCLOUD_PROXY_PROTOCOL",
    "GENESYSCLOUD_PROXY_HOST",
    "GENESYSCLOUD_PROXY_PORT",
    "GENESYSCLOUD_PROXY_AUTH_USERNAME",
    "GENESYSCLOUD_PROXY_AUTH_PASSWORD",
];

const GATEWAY_PATH_NAME: &str = "GENESYSCLOUD_GATEWAY_PATH_NAME";
const GATEWAY_PATH_VALUE: &str = "GENESYSCLOUD_GATEWAY_PATH_VALUE";

/// The layer of the environment.
///
/// # Errors
///
/// If a variable with this program's prefix is unknown or has a wrong value, or a gateway or a proxy is named that cannot be
/// used.
pub(super) fn of_environment(environment: &Environment) -> Result<Layer, CliError> {
    environment.refuse_what_is_no_text()?;
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
            .map_err(|error| file::fault(&format!("`{name}` has a wrong value"), &error))?;
    }
    let config = config
        .build()
        .map_err(|error| file::fault("the environment is wrong", &error))?;
    let mut layer = Layer::of_config("the environment".to_owned(), config)?;
    layer.settings.clean_credentials(&layer.name, OWN_KEYS)?;
    add_proxy(environment, &mut layer)?;
    add_platform_keys(environment, &mut layer)?;
    add_gateway(environment, &mut layer)?;
    Ok(layer)
}

/// Adds the region and the credentials under the names of the platform's own tools, where this program's are not set.
fn add_platform_keys(environment: &Environment, layer: &mut Layer) -> Result<(), CliError> {
    let (id, client_id) = environment.first_of(["GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYS_OAUTH_CLIENT_ID"]);
    let (secret, client_secret) =
        environment.first_of(["GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYS_OAUTH_CLIENT_SECRET"]);
    let (token, access_token) = environment.first_of(["GENESYSCLOUD_ACCESS_TOKEN"]);
    let mut platform = PartialSettings {
        client_id: id,
        client_secret: secret.map(SecretString::from),
        access_token: token.map(SecretString::from),
        ..PartialSettings::default()
    };
    let keys = CredentialKeys {
        client_id,
        client_secret,
        access_token,
    };
    platform.clean_credentials(&layer.name, keys)?;
    let settings = &mut layer.settings;
    let region = || environment.get("GENESYSCLOUD_REGION").map(str::to_owned);
    settings.region = settings.region.take().or_else(region);
    settings.client_id = settings.client_id.take().or(platform.client_id);
    settings.client_secret = settings.client_secret.take().or(platform.client_secret);
    settings.access_token = settings.access_token.take().or(platform.access_token);
    Ok(())
}

fn add_proxy(environment: &Environment, layer: &mut Layer) -> Result<(), CliError> {
    let part = |name: &str| environment.get(name).map(str::to_owned);
    let parts = ProxyParts {
        layer: &layer.name,
        keys: PROXY_KEYS,
        protocol: part("GENESYSCLOUD_PROXY_PROTOCOL"),
        host: part("GENESYSCLOUD_PROXY_HOST"),
        port: part("GENESYSCLOUD_PROXY_PORT"),
        username: part("GENESYSCLOUD_PROXY_AUTH_USERNAME"),
        password: part("GENESYSCLOUD_PROXY_AUTH_PASSWORD").map(SecretString::from),
    };
    let settings = &mut layer.settings;
    (settings.proxy_in_parts, settings.proxy_login) = parts.read(settings.proxy.is_some())?;
    Ok(())
}

fn add_gateway(environment: &Environment, layer: &mut Layer) -> Result<(), CliError> {
    let part = |name: &str| environment.get(name).map(str::to_owned);
    let path = match (part(GATEWAY_PATH_NAME), part(GATEWAY_PATH_VALUE)) {
        (Some(name), Some(path)) if matches!(name.as_str(), "login" | "api") => vec![(name, path)],
        (None, None) => Vec::new(),
        (Some(name), Some(_)) => {
            let why = format!("`{name}` is no path of a gateway: `login` and `api` are");
            return Err(unusable(&layer.name, GATEWAY_PATH_NAME, &why));
        }
        (Some(_), None) => return Err(alone(&layer.name, GATEWAY_PATH_NAME, GATEWAY_PATH_VALUE)),
        (None, Some(_)) => return Err(alone(&layer.name, GATEWAY_PATH_VALUE, GATEWAY_PATH_NAME)),
    };
    let [username, password] = [
        "GENESYSCLOUD_GATEWAY_AUTH_USERNAME",
        "GENESYSCLOUD_GATEWAY_AUTH_PASSWORD",
    ];
    let gateway = Gateway {
        place: HostParts {
            layer: &layer.name,
            what: "gateway",
            default_protocol: "https",
            keys: [
                "GENESYSCLOUD_GATEWAY_PROTOCOL",
                "GENESYSCLOUD_GATEWAY_HOST",
                "GENESYSCLOUD_GATEWAY_PORT",
            ],
            protocol: part("GENESYSCLOUD_GATEWAY_PROTOCOL"),
            host: part("GENESYSCLOUD_GATEWAY_HOST"),
            port: part("GENESYSCLOUD_GATEWAY_PORT"),
        },
        paths: (GATEWAY_PATH_NAME, path),
        login: [
            (username, part(username).is_some()),
            (password, part(password).is_some()),
        ],
    };
    gateway.add_to(&mut layer.settings)
}
