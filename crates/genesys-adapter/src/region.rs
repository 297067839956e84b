//! The regions of Genesys Cloud.

use std::fmt;
use std::str::FromStr;

/// AWS name and domain of each region.
const REGIONS: [(&str, &str); 18] = [
    ("us-east-1", "mypurecloud.com"),
    ("us-east-2", "use2.us-gov-pure.cloud"),
    ("us-west-2", "usw2.pure.cloud"),
    ("ca-central-1", "cac1.pure.cloud"),
    ("sa-east-1", "sae1.pure.cloud"),
    ("mx-central-1", "mxc1.pure.cloud"),
    ("eu-west-1", "mypurecloud.ie"),
    ("eu-west-2", "euw2.pure.cloud"),
    ("eu-central-1", "mypurecloud.de"),
    ("eu-central-2", "euc2.pure.cloud"),
    ("eusc-de-east-1", "edee1.eusc-pure.cloud"),
    ("me-central-1", "mec1.pure.cloud"),
    ("ap-south-1", "aps1.pure.cloud"),
    ("ap-southeast-1", "apse1.pure.cloud"),
    ("ap-southeast-2", "mypurecloud.com.au"),
    ("ap-northeast-1", "mypurecloud.jp"),
    ("ap-northeast-2", "apne2.pure.cloud"),
    ("ap-northeast-3", "apne3.pure.cloud"),
];

/// A region: written as its AWS name, with `-` or `_`, as its domain, or as any host or URL of it.
///
/// ```
/// use assist_rules_genesys_adapter::Region;
///
/// let frankfurt: Region = "eu_central_1".parse()?;
/// assert_eq!(frankfurt.domain(), "mypurecloud.de");
/// assert_eq!(frankfurt, "mypurecloud.de".parse()?);
/// assert!("eu-central-9".parse::<Region>().is_err());
/// # Ok::<(), assist_rules_genesys_adapter::UnknownRegionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    name: &'static str,
    domain: &'static str,
}

/// The text names no region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no region of Genesys Cloud{}; the regions are {list}", meant(text), list = list())]
pub struct UnknownRegionError {
    text: String,
}

/// All regions, with both of their names.
fn list() -> String {
    REGIONS.map(|(name, domain)| format!("{name} ({domain})")).join(", ")
}

/// The question whether the nearest region was meant, if one is near.
fn meant(text: &str) -> String {
    let host = host(text);
    let names = REGIONS.iter().flat_map(|(name, domain)| [*name, *domain]);
    let distances = names.map(|name| (strsim::damerau_levenshtein(&host, name), name));
    match distances.min() {
        Some((0..=3, name)) => format!(": did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// The host of a URL or of a host that was pasted, in lower case; a name as it is.
fn host(text: &str) -> String {
    let plain = text.trim().to_ascii_lowercase();
    let rest = plain.split_once("://").map_or(plain.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.trim_end_matches('.').chars().take(100).collect()
}

impl Region {
    /// All of them.
    pub fn all() -> [Self; 18] {
        REGIONS.map(|(name, domain)| Self { name, domain })
    }

    /// The AWS name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The domain under which `api` and `login` are.
    pub fn domain(self) -> &'static str {
        self.domain
    }
}

impl FromStr for Region {
    type Err = UnknownRegionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = host(text);
        let dashed = host.replace('_', "-");
        let named = |region: &Self| {
            let before = host.strip_suffix(region.domain);
            region.name == dashed || before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        Self::all().into_iter().find(named).ok_or_else(|| UnknownRegionError {
            text: text.chars().take(100).collect(),
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_is_found_by_each_of_its_names() {
        for region in Region::all() {
            for text in [
                region.name.to_owned(),
                region.name.replace('-', "_"),
                region.domain.to_uppercase(),
            ] {
                assert_eq!(text.parse(), Ok(region));
            }
        }
    }

    /// FIELD A5: what a person would paste is the region, and what is near one is asked about.
    #[test]
    fn a_host_or_a_url_of_a_region_is_the_region() {
        for (text, domain) in [
            ("https://api.mypurecloud.de", "mypurecloud.de"),
            ("https://apps.mypurecloud.de/directory/#/admin", "mypurecloud.de"),
            ("login.euw2.pure.cloud", "euw2.pure.cloud"),
            ("API.MYPURECLOUD.COM.AU:443", "mypurecloud.com.au"),
            (
                "https://login.use2.us-gov-pure.cloud/oauth/token?x=1",
                "use2.us-gov-pure.cloud",
            ),
            (" mypurecloud.jp. ", "mypurecloud.jp"),
        ] {
            let region: Result<Region, _> = text.parse();
            assert_eq!(region.map(Region::domain), Ok(domain), "{text}");
        }
        for (text, meant) in [
            ("mypurecloud.dee", Some("mypurecloud.de")),
            ("https://api.example.com", None),
            ("eu-central-3", Some("eu-central-1")),
            ("apimypurecloud.de", Some("mypurecloud.de")),
            ("pure.cloud", None),
            ("", None),
        ] {
            let error = text.parse::<Region>().unwrap_err().to_string();
            let question = meant.map(|meant| format!(": did you mean `{meant}`?; the regions are "));
            let expected = question.unwrap_or_else(|| "is no region of Genesys Cloud; the regions are ".to_owned());
            assert!(error.contains(&expected), "{error}");
            assert!(error.contains("eu-central-1 (mypurecloud.de)"), "{error}");
        }
    }
}
