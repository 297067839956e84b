//! The keys of the configuration with their values, and the layers that set them.

use secrecy::SecretString;
use serde::Serialize;

use super::layer::Layer;
use super::partial_settings::PartialSettings;
use super::safety::SafetyTable;
use super::settings::{self, Settings};

/// The text in place of a secret.
const SET: &str = "(set)";

/// A key, its value, and the layer that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EffectiveKey {
    pub(crate) key: &'static str,
    /// The value as it was written, a secret as `(set)`; none where there is no value.
    pub(crate) value: Option<String>,
    /// The layer; `defaults` where no layer sets the key, none where it has no value.
    pub(crate) layer: Option<String>,
}

/// All keys, in their order. Credentials and region are those of one layer.
pub(super) fn keys(layers: &[Layer], settings: &Settings) -> Vec<EffectiveKey> {
    let credentials = settings::credentials(layers).ok().map(|(_, layer)| layer);
    let flags = layers.first().filter(|flags| flags.settings.region.is_some());
    let values: Vec<(&Layer, Vec<Option<String>>)> =
        layers.iter().map(|layer| (layer, values(&layer.settings))).collect();
    let numbered = PartialSettings::keys().iter().enumerate();
    numbered
        .map(|(place, key)| {
            let may_set = |layer: &Layer| match (*key, credentials) {
                ("client_id" | "client_secret" | "access_token", Some(owner)) => owner.name == layer.name,
                ("region", Some(owner)) => flags.unwrap_or(owner).name == layer.name,
                _ => true,
            };
            let mut setting = values.iter().filter(|(layer, _)| may_set(layer));
            let set = setting.find_map(|(layer, values)| Some((values.get(place)?.clone()?, layer.name.clone())));
            let default = || Some((default(key, settings)?, "defaults".to_owned()));
            let (value, layer) = set.or_else(default).unzip();
            EffectiveKey { key, value, layer }
        })
        .collect()
}

/// The values of a layer, in the order of the keys.
fn values(settings: &PartialSettings) -> Vec<Option<String>> {
    let PartialSettings {
        region,
        client_id,
        client_secret,
        access_token,
        api_url,
        login_url,
        proxy,
        proxy_login: _,
        proxy_in_parts,
        signs_in_with_browser: _,
        trigger_rules_path,
        sandbox,
        deadline,
        connect_timeout,
        attempt_timeout,
        state_dir,
        ca_file,
        ledger,
        sinks,
        safety,
        log,
    } = settings;
    let secret = |secret: &Option<SecretString>| secret.as_ref().map(|_| SET.to_owned());
    let url = |url: &Option<String>| url.as_deref().map(masked);
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|path| path.display().to_string());
    vec![
        region.clone(),
        client_id.clone(),
        secret(client_secret),
        secret(access_token),
        url(api_url),
        url(login_url),
        url(proxy).or_else(|| proxy_in_parts.as_ref().map(ToString::to_string)),
        trigger_rules_path.clone(),
        sandbox.map(|sandbox| sandbox.to_string()),
        deadline.clone(),
        connect_timeout.clone(),
        attempt_timeout.clone(),
        path(state_dir),
        path(ca_file),
        url(ledger),
        sinks.as_ref().map(|sinks| format!("{} of them", sinks.len())),
        safety.as_ref().map(SafetyTable::shown),
        log.clone(),
    ]
}

/// The value of a key that no layer sets.
fn default(key: &str, settings: &Settings) -> Option<String> {
    let time = |time: std::time::Duration| {
        let exact = jiff::SignedDuration::try_from(time).ok()?;
        Some(format!("{exact:#}"))
    };
    match key {
        "trigger_rules_path" => Some(settings.path.to_string()),
        "sandbox" => Some("false".to_owned()),
        "deadline" => time(settings.deadline),
        "connect_timeout" => time(settings.connection.connect_timeout),
        "attempt_timeout" => time(settings.connection.attempt_timeout),
        "state_dir" => Some(settings.state_dir.display().to_string()),
        "ledger" => Some(settings.ledger.to_string()),
        _ => None,
    }
}

/// A URL with `(set)` in place of its user and password, and of the values of its query.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{SET}@{host}"),
        None => authority.to_owned(),
    };
    let Some((path, query)) = path.split_once(['?', '#']) else {
        return format!("{scheme}://{host}{path}");
    };
    let masked = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => format!("{name}={SET}"),
        None => SET.to_owned(),
    };
    let query: Vec<String> = query.split('&').map(masked).collect();
    format!("{scheme}://{host}{path}?{}", query.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_a_value_in_its_place() {
        assert_eq!(values(&PartialSettings::default()).len(), PartialSettings::keys().len());
        let place = PartialSettings::keys().iter().position(|key| *key == "log");
        let settings = PartialSettings {
            log: Some("debug".to_owned()),
            ..PartialSettings::default()
        };
        assert_eq!(values(&settings)[place.unwrap()].as_deref(), Some("debug"));
    }

    #[test]
    fn what_may_be_secret_in_a_url_is_not_shown() {
        for (url, shown) in [
            ("http://u:p@proxy:3128", "http://(set)@proxy:3128"),
            ("postgres://u:p%40@db/ledger?x=@", "postgres://(set)@db/ledger?x=(set)"),
            (
                "postgres://127.0.0.1:1/db?password=hunter2&sslmode=require",
                "postgres://127.0.0.1:1/db?password=(set)&sslmode=(set)",
            ),
            ("https://h/?hunter2#x", "https://h/?(set)"),
            ("https://api.mypurecloud.de", "https://api.mypurecloud.de"),
            ("sqlite:a@b.db", "sqlite:a@b.db"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
