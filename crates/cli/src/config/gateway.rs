//! A gateway in front of the platform, as its own tools name it: host and port, and a path each for the login and the API.
//!
//! All that is asked of the platform goes to the gateway, the client's secret too. A gateway that cannot be used is an error
//! with the key's name: nothing goes past it.

use genesys_adapter::Address;

use super::host_parts::{HostParts, unusable};
use super::partial_settings::PartialSettings;
use crate::cli_error::CliError;

/// The gateway that a layer names.
pub(super) struct Gateway<'a> {
    /// Host, port and protocol.
    pub(super) place: HostParts<'a>,
    /// The key of the paths, and the paths: `login` and `api` with the path of each.
    pub(super) paths: (&'static str, Vec<(String, String)>),
    /// The keys of a login at the gateway itself, and whether they are set.
    pub(super) login: [(&'static str, bool); 2],
}

impl Gateway<'_> {
    /// Makes the gateway the place of both base URLs, where the layer does not name them itself.
    ///
    /// # Errors
    ///
    /// If a part cannot be used, lacks the host that it goes with, or asks for a login at the gateway.
    pub(super) fn add_to(self, settings: &mut PartialSettings) -> Result<(), CliError> {
        let Self { place, paths, login } = self;
        let (layer, [protocol_key, host_key, _]) = (place.layer, place.keys);
        let (paths_key, paths) = paths;
        if let Some((key, _)) = login.iter().find(|(_, is_there)| *is_there) {
            let why = "a gateway that wants a login of its own is not supported";
            return Err(unusable(layer, key, why));
        }
        let Some(base) = place.url(&[(paths_key, !paths.is_empty())])? else {
            return Ok(());
        };
        let path_of = |service: &str| {
            let path = paths.iter().find(|(name, _)| name == service);
            path.map_or_else(String::new, |(_, path)| format!("/{}", path.trim_matches('/')))
        };
        for (service, url) in [("api", &mut settings.api_url), ("login", &mut settings.login_url)] {
            let at = format!("{base}{}", path_of(service));
            if let Err(error) = at.parse::<Address>() {
                let is_plain = base.starts_with("http:");
                let key = if is_plain { protocol_key } else { host_key };
                return Err(unusable(layer, key, &error.to_string()));
            }
            url.get_or_insert(at);
        }
        Ok(())
    }
}

/// The paths of a text such as `{login: /loginpath, api: /apipath}`; nothing if it is another.
pub(super) fn paths_of(text: &str) -> Option<Vec<(String, String)>> {
    let bare = |text: &str| text.trim().trim_matches(['"', '\'']).trim().to_owned();
    let pairs = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    if pairs.is_empty() {
        return Some(Vec::new());
    }
    let pair = |pair: &str| {
        let (name, path) = pair.split_once(':')?;
        let (name, path) = (bare(name), bare(path));
        matches!(name.as_str(), "login" | "api").then_some((name, path))
    };
    pairs.split(',').map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD A4: the paths as `gc` writes them, and texts that name none.
    #[test]
    fn the_paths_of_a_gateway_are_read_or_refused() {
        let paths = |pairs: &[(&str, &str)]| {
            let owned = |(name, path): &(&str, &str)| ((*name).to_owned(), (*path).to_owned());
            Some(pairs.iter().map(owned).collect())
        };
        for (text, expected) in [
            (
                "{login: /loginpath, api: /apipath}",
                paths(&[("login", "/loginpath"), ("api", "/apipath")]),
            ),
            (" {\"api\": \"a/b\"} ", paths(&[("api", "a/b")])),
            ("{}", paths(&[])),
            ("{auth: /x}", None),
            ("{login /x}", None),
            ("/apipath", None),
        ] {
            assert_eq!(paths_of(text), expected, "{text}");
        }
    }
}
