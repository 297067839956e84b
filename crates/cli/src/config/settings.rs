//! The settings that follow from the layers.

use std::path::PathBuf;
use std::time::Duration;

use genesys_adapter::{Address, CaFile, ClientCredentials, ConnectionSettings, Credentials, Proxy, Region, RulesPath};

use ledger_adapter::LedgerAddress;
use ports::{ANY_TOKEN, Redactor};
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;

use super::effective::EffectiveKey;
use super::environment::Environment;
use super::layer::Layer;
use super::partial_settings::PartialSettings;
use super::safety::SafetySettings;
use super::sinks::Sinks;
use super::{places, sinks};
use crate::args;
use crate::cli_error::{CliError, chain};
use crate::error_code::ErrorCode;

/// Everything that was settled.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) target: Result<Target, CliError>,
    pub(crate) path: RulesPath,
    pub(crate) deadline: Duration,
    pub(crate) connection: ConnectionSettings,
    pub(crate) state_dir: PathBuf,
    pub(crate) log: Option<String>,
    pub(crate) ledger: LedgerAddress,
    /// The sinks that receive the changes.
    pub(crate) sinks: Result<Sinks, CliError>,
    /// The limits of the safety stop.
    pub(crate) safety: SafetySettings,
    /// True if this run tells none of them.
    pub(crate) holds_events_back: bool,
    /// Warnings about the layers for the user.
    pub(crate) warnings: Vec<String>,
    /// All keys as they count, each with the layer that set it.
    pub(crate) keys: Vec<EffectiveKey>,
}

/// The Genesys Cloud that requests go to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// The built-in Genesys Cloud, in this process.
    Sandbox,
    /// An organization.
    Organization(Box<OrganizationAccess>),
}

/// An organization, and who asks it.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationAccess {
    pub(crate) api: Address,
    pub(crate) login: Option<Address>,
    pub(crate) credentials: Credentials,
    /// The layer that they come from.
    pub(crate) from: String,
}

/// The value of a key in the first layer that has it, and that layer's name.
fn first<'l, T>(layers: &'l [Layer], key: impl Fn(&'l PartialSettings) -> Option<T>) -> Option<(T, &'l str)> {
    layers
        .iter()
        .find_map(|layer| key(&layer.settings).map(|value| (value, layer.name.as_str())))
}

fn wrong(name: &str, key: &str, why: &dyn std::fmt::Display) -> CliError {
    CliError::new(ErrorCode::Configuration, format!("{name}: `{key}`: {why}"))
}

/// Puts the layers together. Whether there is a target matters only to commands that need one.
pub(super) fn combine(layers: &[Layer], environment: &Environment) -> Result<Settings, CliError> {
    let time = |key: &str, value: Option<(&String, &str)>, default: Duration| match value {
        None => Ok(default),
        Some((text, name)) => args::duration(text).map_err(|why| wrong(name, key, &why)),
    };
    let defaults = ConnectionSettings::default();
    let path = match first(layers, |keys| keys.trigger_rules_path.as_ref()) {
        None => RulesPath::default(),
        Some((text, name)) => text
            .parse()
            .map_err(|error| wrong(name, "trigger_rules_path", &error))?,
    };
    let ca_file = match first(layers, |keys| keys.ca_file.as_ref()) {
        None => None,
        Some((file, name)) => {
            Some(CaFile::read(&environment.expanded(file.clone())).map_err(|error| wrong(name, "ca_file", &error))?)
        }
    };
    let proxy = proxy(layers)?;
    let target = target(layers);
    let deadline = time(
        "deadline",
        first(layers, |keys| keys.deadline.as_ref()),
        Duration::from_mins(2),
    )?;
    let attempt_timeout = time(
        "attempt_timeout",
        first(layers, |keys| keys.attempt_timeout.as_ref()),
        defaults.attempt_timeout,
    )?;
    let connection = ConnectionSettings {
        connect_timeout: time(
            "connect_timeout",
            first(layers, |keys| keys.connect_timeout.as_ref()),
            defaults.connect_timeout,
        )?
        .min(deadline),
        attempt_timeout,
        // Why not for a write: one that was sent is given its time, or nobody would know what became of it.
        read_timeout: Some(attempt_timeout.min(deadline)),
        // Why: the sandbox is in this process.
        proxy: proxy.filter(|_| !matches!(target, Ok(Target::Sandbox))),
        ca_file: ca_file.clone(),
        loopback: target.as_ref().is_ok_and(Target::is_loopback),
        plain: target.as_ref().is_ok_and(Target::is_plain),
    };
    let state_dir = match first(layers, |keys| keys.state_dir.clone()) {
        Some((folder, _)) => environment.expanded(folder),
        None => places::state_folder(environment)?,
    };
    let ledger = match first(layers, |keys| keys.ledger.as_ref()) {
        None => LedgerAddress::of_file(state_dir.join("ledger.db")),
        Some((text, name)) => {
            let address: LedgerAddress = text.parse().map_err(|error| wrong(name, "ledger", &error))?;
            let address = match address.file() {
                Some(file) => LedgerAddress::of_file(environment.expanded(file.to_owned())),
                None => address,
            };
            let address = address.waited_for(deadline);
            match &ca_file {
                None => address,
                Some(file) => address.trusting(file.path()),
            }
        }
    };
    let log = first(layers, |keys| keys.log.as_ref());
    if let Some((filter, name)) = log {
        EnvFilter::try_new(filter).map_err(|error| wrong(name, "log", &error))?;
    }
    let sinks = match first(layers, |keys| keys.sinks.as_ref()) {
        None => Ok(Sinks::default()),
        Some((sinks, name)) => sinks::sinks(sinks, name, environment, ca_file.as_ref()),
    };
    Ok(Settings {
        target,
        sinks,
        safety: SafetySettings::of(layers),
        holds_events_back: false,
        path,
        deadline,
        connection,
        state_dir,
        log: log.map(|(filter, _)| filter.clone()),
        warnings: layers.iter().filter_map(|layer| layer.warning.clone()).collect(),
        ledger,
        keys: Vec::new(),
    })
}

impl Settings {
    /// True if the target is the platform that is built in.
    pub(crate) fn is_sandbox(&self) -> bool {
        matches!(self.target, Ok(Target::Sandbox))
    }

    /// Refuses a reason that has a secret in it: it is recorded, and delivered to every sink.
    pub(crate) fn refuse_a_secret(&self, reason: Option<&str>) -> Result<(), CliError> {
        let of_target = self.target.as_ref().ok().and_then(Target::secret);
        let of_sinks = self.sinks.iter().flat_map(|sinks| &sinks.usable);
        let of_sinks = of_sinks.flat_map(|sink| sink.kind.secrets());
        let secrets: Redactor = of_target.into_iter().chain(of_sinks).cloned().collect();
        if reason.is_some_and(|reason| secrets.finds_secret(reason)) {
            let message = "`--reason` has a secret in it, which would be recorded and delivered to every sink";
            return Err(CliError::new(ErrorCode::Usage, message).with_help("say why without it"));
        }
        Ok(())
    }

    /// The API and the client that asks it, as the record has them where the organization is not known. Nothing if
    /// there is no target.
    pub(crate) fn api_and_client(&self) -> Option<String> {
        self.target.as_ref().ok().map(Target::name)
    }
}

impl Target {
    fn name(&self) -> String {
        match self {
            Self::Sandbox => "sandbox".to_owned(),
            Self::Organization(at) => format!("{} {}", at.api, self.client()),
        }
    }

    /// The client secret or the access token; none for the sandbox.
    fn secret(&self) -> Option<&SecretString> {
        match self {
            Self::Sandbox => None,
            Self::Organization(at) => Some(match &at.credentials {
                Credentials::Client(client) => &client.secret,
                Credentials::Token(token) => token,
            }),
        }
    }

    /// The OAuth client that asks.
    pub(crate) fn client(&self) -> &str {
        match self {
            Self::Sandbox => emulator::SANDBOX_CLIENT_ID,
            Self::Organization(at) => match &at.credentials {
                Credentials::Client(client) => &client.id,
                Credentials::Token(_) => ANY_TOKEN,
            },
        }
    }

    /// True if neither the API nor the sign-in is spoken to over TLS.
    fn is_plain(&self) -> bool {
        match self {
            Self::Sandbox => true,
            Self::Organization(at) => at.api.is_plain() && at.login.as_ref().is_none_or(Address::is_plain),
        }
    }

    /// True if both the API and the sign-in are on this machine.
    fn is_loopback(&self) -> bool {
        match self {
            Self::Sandbox => true,
            Self::Organization(at) => at.api.is_loopback() && at.login.as_ref().is_none_or(Address::is_loopback),
        }
    }
}

/// The proxy of the first layer that names one.
fn proxy(layers: &[Layer]) -> Result<Option<Proxy>, CliError> {
    for layer in layers {
        let keys = &layer.settings;
        let of_key = keys.proxy.as_deref().map(str::parse::<Proxy>).transpose();
        let proxy = of_key.map_err(|error| wrong(&layer.name, "proxy", &error))?;
        let Some(proxy) = proxy.or_else(|| keys.proxy_in_parts.clone()) else {
            continue;
        };
        return Ok(Some(match keys.proxy_login.clone() {
            None => proxy,
            Some((user, password)) => proxy.with_login(user, password),
        }));
    }
    Ok(None)
}

fn target(layers: &[Layer]) -> Result<Target, CliError> {
    if first(layers, |keys| keys.sandbox).is_some_and(|(sandbox, _)| sandbox) {
        return Ok(Target::Sandbox);
    }
    let (credentials, layer) = credentials(layers)?;
    let needs_login = matches!(credentials, Credentials::Client(_));
    let [api_url, login_url] = [
        first(layers, |keys| keys.api_url.as_ref()),
        first(layers, |keys| keys.login_url.as_ref()),
    ];
    // Why: where every address is given, a region would say nothing, and none is in the way.
    let region = if api_url.is_some() && (login_url.is_some() || !needs_login) {
        None
    } else {
        region(layers, layer)?
    };
    let address = |key: &str, value: Option<(&String, &str)>, of_region: fn(Region) -> Address| match value {
        Some((text, name)) => text.parse().map(Some).map_err(|error| wrong(name, key, &error)),
        None => Ok(region.map(of_region)),
    };
    let api = address("api_url", api_url, Address::api)?;
    let login = address("login_url", login_url, Address::login)?;
    let no_region = |what: &str| {
        let message = format!(
            "{} has credentials and no region, so the {what} address is not known",
            layer.name
        );
        CliError::new(ErrorCode::Configuration, message)
            .with_help("name it with `--region`, `GENESYSCLOUD_REGION`, or `environment` in the gc profile")
    };
    let api = api.ok_or_else(|| no_region("API"))?;
    if needs_login && login.is_none() {
        return Err(no_region("login"));
    }
    let from = layer.name.clone();
    Ok(Target::Organization(Box::new(OrganizationAccess {
        api,
        login,
        credentials,
        from,
    })))
}

pub(super) fn credentials(layers: &[Layer]) -> Result<(Credentials, &Layer), CliError> {
    for layer in layers {
        let keys = &layer.settings;
        if let Some(token) = &keys.access_token {
            return Ok((Credentials::Token(token.clone()), layer));
        }
        if keys.signs_in_with_browser {
            let message = format!(
                "{} signs in with a browser; give it a client with client credentials, or an access token",
                layer.name
            );
            return Err(CliError::new(ErrorCode::Configuration, message));
        }
        let missing = match (&keys.client_id, &keys.client_secret) {
            (Some(id), Some(secret)) => {
                let client = ClientCredentials {
                    id: id.clone(),
                    secret: secret.clone(),
                };
                return Ok((Credentials::Client(client), layer));
            }
            (None, None) => continue,
            (Some(_), None) => "a client id and no secret",
            (None, Some(_)) => "a client secret and no id",
        };
        return Err(CliError::new(
            ErrorCode::Configuration,
            format!("{} has {missing}", layer.name),
        ));
    }
    let help = "set GENESYSCLOUD_OAUTHCLIENT_ID and GENESYSCLOUD_OAUTHCLIENT_SECRET, or GENESYSCLOUD_ACCESS_TOKEN, or \
                name a profile of the gc CLI with --profile; --sandbox needs none";
    Err(CliError::new(ErrorCode::NoCredentials, "there are no credentials").with_help(help))
}

/// The region that goes with the credentials: their own layer's, or the one that was named by flag.
fn region(layers: &[Layer], owner: &Layer) -> Result<Option<Region>, CliError> {
    let parse = |text: &str, name: &str| -> Result<Region, CliError> {
        text.parse()
            .map_err(|error: genesys_adapter::UnknownRegionError| wrong(name, "region", &chain(&error)))
    };
    let own = owner
        .settings
        .region
        .as_deref()
        .map(|text| parse(text, &owner.name))
        .transpose()?;
    let Some((text, name)) = first(layers, |keys| keys.region.as_deref()) else {
        return Ok(own);
    };
    let named = parse(text, name)?;
    let is_flag = layers.first().is_some_and(|flags| flags.name == name);
    if is_flag || name == owner.name {
        return Ok(Some(named));
    }
    match own {
        Some(own) if own == named => Ok(Some(own)),
        _ => {
            let message = format!(
                "{name} names the region {named}, and the credentials come from {}: both must come from one layer",
                owner.name
            );
            Err(CliError::new(ErrorCode::Configuration, message).with_help("name the region with `--region`"))
        }
    }
}
