//! The environment as a layer, under the names of the platform's own tools and under ours.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::Config;
use domain::Code;
use secrecy::SecretString;

use super::layer::{KEYS, Layer, unknown_key};
use crate::cli_error::CliError;

const PREFIX: &str = "ASSIST_RULES_";

/// The variables that the program was started with. Empty ones count as not set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable that is set and says something.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME")
            .map(PathBuf::from)
            .or_else(|| etcetera::home_dir().ok())
    }

    fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.get(name)).map(str::to_owned)
    }

    /// The layer of the environment.
    pub(super) fn layer(&self) -> Result<Layer, CliError> {
        let mut config = Config::builder();
        for (name, value) in &self.0 {
            let Some(key) = name
                .strip_prefix(PREFIX)
                .map(str::to_lowercase)
                .filter(|_| !value.is_empty())
            else {
                continue;
            };
            if !KEYS.contains(&key.as_str()) {
                return Err(unknown_key(&format!("the environment (`{name}`)"), &key));
            }
            config = config
                .set_override(&key, value.as_str())
                .map_err(|error| CliError::configuration(&format!("`{name}` has a wrong value"), &error))?;
        }
        let config = config
            .build()
            .map_err(|error| CliError::configuration("the environment is wrong", &error))?;
        let mut layer = Layer::of_config("the environment".to_owned(), config)?;
        let keys = &mut layer.keys;
        let or = |own: &mut Option<String>, names: &[&str]| *own = own.take().or_else(|| self.first(names));
        or(&mut keys.region, &["GENESYSCLOUD_REGION"]);
        or(
            &mut keys.client_id,
            &["GENESYSCLOUD_OAUTHCLIENT_ID", "GENESYS_OAUTH_CLIENT_ID"],
        );
        let or = |own: &mut Option<SecretString>, names: &[&str]| {
            *own = own.take().or_else(|| self.first(names).map(SecretString::from));
        };
        or(
            &mut keys.client_secret,
            &["GENESYSCLOUD_OAUTHCLIENT_SECRET", "GENESYS_OAUTH_CLIENT_SECRET"],
        );
        or(&mut keys.access_token, &["GENESYSCLOUD_ACCESS_TOKEN"]);
        self.add_proxy(&mut layer);
        self.add_gateway(&mut layer)?;
        Ok(layer)
    }

    fn add_proxy(&self, layer: &mut Layer) {
        if layer.keys.proxy.is_none() {
            layer.keys.proxy = self.host_url("GENESYSCLOUD_PROXY", "http");
        }
        let login = (
            self.get("GENESYSCLOUD_PROXY_AUTH_USERNAME"),
            self.get("GENESYSCLOUD_PROXY_AUTH_PASSWORD"),
        );
        if let (Some(user), Some(password)) = login {
            layer.keys.proxy_login = Some((user.to_owned(), SecretString::from(password)));
        }
    }

    /// A gateway stands in front of both the API and the login, each under the path that is named for it.
    fn add_gateway(&self, layer: &mut Layer) -> Result<(), CliError> {
        let Some(base) = self.host_url("GENESYSCLOUD_GATEWAY", "https") else {
            return Ok(());
        };
        if self.get("GENESYSCLOUD_GATEWAY_AUTH_USERNAME").is_some() {
            let message =
                "`GENESYSCLOUD_GATEWAY_AUTH_USERNAME`: a gateway that wants a login of its own is not supported";
            return Err(CliError::new(Code::Configuration, message));
        }
        let path_of = |service: &str| match (
            self.get("GENESYSCLOUD_GATEWAY_PATH_NAME"),
            self.get("GENESYSCLOUD_GATEWAY_PATH_VALUE"),
        ) {
            (Some(name), Some(value)) if name == service => format!("/{}", value.trim_matches('/')),
            _ => String::new(),
        };
        let keys = &mut layer.keys;
        keys.api_url.get_or_insert_with(|| format!("{base}{}", path_of("api")));
        keys.login_url
            .get_or_insert_with(|| format!("{base}{}", path_of("login")));
        Ok(())
    }

    fn host_url(&self, prefix: &str, default_protocol: &str) -> Option<String> {
        let host = self.get(&format!("{prefix}_HOST"))?;
        let protocol = self
            .first(&[&format!("{prefix}_PROTOCOL")])
            .unwrap_or_else(|| default_protocol.to_owned());
        let port = self
            .first(&[&format!("{prefix}_PORT")])
            .map_or_else(String::new, |port| format!(":{port}"));
        Some(format!("{protocol}://{host}{port}"))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().collect())
    }
}
