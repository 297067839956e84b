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

/// A region: written as its AWS name, with `-` or `_`, or as its domain.
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
#[error("`{0}` is no region of Genesys Cloud; the regions are {list}", list = names())]
pub struct UnknownRegionError(String);

fn names() -> String {
    REGIONS.map(|(name, _)| name).join(", ")
}

impl Region {
    /// All of them.
    #[must_use]
    pub fn all() -> [Self; 18] {
        REGIONS.map(|(name, domain)| Self { name, domain })
    }

    /// The AWS name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The domain under which `api` and `login` are.
    #[must_use]
    pub fn domain(self) -> &'static str {
        self.domain
    }
}

impl FromStr for Region {
    type Err = UnknownRegionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.trim().to_ascii_lowercase();
        let dashed = plain.replace('_', "-");
        let named = |region: &Self| region.name == dashed || region.domain == plain;
        Self::all()
            .into_iter()
            .find(named)
            .ok_or_else(|| UnknownRegionError(text.to_owned()))
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
}
