//! Profiles of the gc CLI: read, never written.

use std::path::{Path, PathBuf};

use config::{Map, Source, Value, ValueKind};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::credential::CredentialKeys;
use super::file;
use super::gateway::{Gateway, paths_of};
use super::host_parts::{HostParts, unusable};
use super::layer::Layer;
use super::partial_settings::PartialSettings;
use super::proxy::ProxyParts;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

const DEFAULT_PROFILE: &str = "DEFAULT";

/// The keys of a profile that matter here; it has others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Profile {
    environment: Option<String>,
    client_credentials: Option<String>,
    client_secret: Option<SecretString>,
    access_token: Option<SecretString>,
    grant_type: Option<String>,
    proxy_protocol: Option<String>,
    proxy_host: Option<String>,
    proxy_port: Option<String>,
    proxy_username: Option<String>,
    proxy_password: Option<SecretString>,
    gateway_protocol: Option<String>,
    gateway_host: Option<String>,
    gateway_port: Option<String>,
    gateway_pathparams: Option<String>,
    gateway_username: Option<String>,
    gateway_password: Option<SecretString>,
}

const PROXY_KEYS: [&str; 5] = [
    "proxy_protocol",
    "proxy_host",
    "proxy_port",
    "proxy_username",
    "proxy_password",
];

const KEYS: CredentialKeys = CredentialKeys {
    client_id: "client_credentials",
    client_secret: "client_secret",
    access_token: "access_token",
};

/// The values of `grant_type` for which a person signs in with a browser: implicit grant, and code with PKCE.
const BROWSER_GRANTS: [&str; 2] = ["2", "3"];

const GATEWAY_PATHS: &str = "gateway_pathparams";

fn file_in(home: Option<&Path>) -> PathBuf {
    home.unwrap_or(Path::new("/")).join(".gc").join("config.toml")
}

/// The names of all profiles, in order; none where the file cannot be read.
pub(super) fn profile_names(home: Option<&Path>) -> Vec<String> {
    let config = file::read(&file_in(home)).ok().flatten();
    let tables = config.and_then(|config| config.collect().ok());
    tables.as_ref().map(names).unwrap_or_default()
}

/// The profile of that name, or the default one if there is one.
pub(super) fn profile(home: Option<&Path>, name: Option<&str>) -> Result<Layer, CliError> {
    let wanted = name.unwrap_or(DEFAULT_PROFILE);
    let file = file_in(home);
    let layer_name = format!("the gc profile `{wanted}`");
    let Some(config) = file::read(&file)? else {
        return match name {
            None => Ok(Layer::empty(&layer_name)),
            Some(name) => Err(CliError::new(
                ErrorCode::Configuration,
                format!("`--profile {name}`: there is no `{}`", file.display()),
            )),
        };
    };
    let tables = config
        .collect()
        .map_err(|error| file::fault(&format!("`{}` is wrong", file.display()), &error))?;
    let profile = match (table_of(&tables, wanted).filter(|table| is_profile(table)), name) {
        (Some(table), _) => table,
        (None, None) => return Ok(Layer::empty(&layer_name)),
        (None, Some(name)) => return Err(no_profile(name, &names(&tables), &file)),
    };
    // Why so: a value that is not read here, in this profile or in another, is no fault.
    let profile: Profile = Value::from(profile.clone())
        .try_deserialize()
        .map_err(|error| file::fault(&format!("{layer_name} has a wrong value"), &error))?;
    let warning = readable_by_others(&file, &profile);
    // `gc` writes every key, the empty ones too.
    let part = |text: Option<String>| text.filter(|text| !text.is_empty());
    let secret = |secret: Option<SecretString>| secret.filter(|secret| !secret.expose_secret().is_empty());
    let parts = ProxyParts {
        layer: &layer_name,
        keys: PROXY_KEYS,
        protocol: part(profile.proxy_protocol),
        host: part(profile.proxy_host),
        port: part(profile.proxy_port),
        username: part(profile.proxy_username),
        password: secret(profile.proxy_password),
    };
    let (proxy_in_parts, proxy_login) = parts.read(false)?;
    let paths = match part(profile.gateway_pathparams) {
        None => Vec::new(),
        Some(text) => paths_of(&text).ok_or_else(|| {
            let why = "the paths are written `{login: /loginpath, api: /apipath}`";
            unusable(&layer_name, GATEWAY_PATHS, why)
        })?,
    };
    let gateway = Gateway {
        place: HostParts {
            layer: &layer_name,
            what: "gateway",
            default_protocol: "https",
            keys: ["gateway_protocol", "gateway_host", "gateway_port"],
            protocol: part(profile.gateway_protocol),
            host: part(profile.gateway_host),
            port: part(profile.gateway_port),
        },
        paths: (GATEWAY_PATHS, paths),
        login: [
            ("gateway_username", part(profile.gateway_username).is_some()),
            ("gateway_password", secret(profile.gateway_password).is_some()),
        ],
    };
    let mut settings = PartialSettings {
        proxy_in_parts,
        proxy_login,
        region: part(profile.environment),
        client_id: part(profile.client_credentials),
        client_secret: secret(profile.client_secret),
        access_token: secret(profile.access_token),
        ..PartialSettings::default()
    };
    settings.clean_credentials(&layer_name, KEYS)?;
    let is_by_browser = profile
        .grant_type
        .as_deref()
        .is_some_and(|kind| BROWSER_GRANTS.contains(&kind.trim()));
    settings.signs_in_with_browser =
        is_by_browser && settings.client_secret.is_none() && settings.access_token.is_none();
    gateway.add_to(&mut settings)?;
    Ok(Layer {
        name: layer_name,
        settings,
        warning,
    })
}

type Table = Map<String, Value>;

/// True if a table has a value of its own, or nothing: one of tables alone is the beginning of longer names.
fn is_profile(table: &Table) -> bool {
    table.is_empty() || table.values().any(|value| !matches!(value.kind, ValueKind::Table(_)))
}

fn no_profile(name: &str, names: &[String], file: &Path) -> CliError {
    let message = format!("`--profile {name}`: `{}` has no profile of that name", file.display());
    let likeness = |other: &&String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let meant = match nearest.filter(|name| likeness(name) >= 0.8) {
        Some(nearest) => format!("did you mean `{nearest}`? "),
        None => String::new(),
    };
    let help = format!("{meant}The profiles are {}", names.join(", "));
    CliError::new(ErrorCode::Configuration, message).with_help(help)
}

/// The profile of a name, in any case. `gc` writes it with viper, which makes a dot in a name a table in a table.
fn table_of<'t>(tables: &'t Table, name: &str) -> Option<&'t Table> {
    let named = |tables: &'t Table, name: &str| {
        tables.iter().find_map(|(key, value)| {
            let ValueKind::Table(table) = &value.kind else {
                return None;
            };
            key.eq_ignore_ascii_case(name).then_some(table)
        })
    };
    named(tables, name).or_else(|| name.split('.').try_fold(tables, named))
}

/// The names of the profiles: of the tables that have a value of their own.
fn names(tables: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (key, value) in tables {
        let ValueKind::Table(table) = &value.kind else { continue };
        if is_profile(table) {
            names.push(key.clone());
        }
        names.extend(self::names(table).into_iter().map(|name| format!("{key}.{name}")));
    }
    names.sort();
    names
}

/// The warning about a file with secrets that others can read.
#[cfg(unix)]
fn readable_by_others(file: &Path, profile: &Profile) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let has_secret = profile.client_secret.is_some() || profile.access_token.is_some();
    let mode = std::fs::metadata(file).map_or(0, |metadata| metadata.permissions().mode());
    let warning = || {
        format!(
            "`{}` has secrets in clear and others can read it: chmod 600 it",
            file.display()
        )
    };
    (has_secret && mode & 0o077 != 0).then(warning)
}

#[cfg(not(unix))]
fn readable_by_others(_file: &Path, _profile: &Profile) -> Option<String> {
    None
}
