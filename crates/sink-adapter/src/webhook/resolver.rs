//! Names to addresses, of which none is let through that may not be connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::target::Reach;

/// A resolver of host names.
#[async_trait]
pub(crate) trait Names: Send + Sync {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's names.
pub(crate) struct SystemNames;

#[async_trait]
impl Names for SystemNames {
    async fn look_up(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A resolver for the HTTP client: the addresses that it gives out are those that are connected to, so that a name
/// cannot stand for another address by then.
pub(crate) struct Guarded {
    names: Arc<dyn Names>,
    reach: Reach,
}

/// A name stands for an address that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` stands for {address}, which is no address of {place}; `allow_private` would allow it")]
struct ForbiddenAddressError {
    name: String,
    address: IpAddr,
    place: &'static str,
}

impl Guarded {
    pub(crate) fn new(names: Arc<dyn Names>, reach: Reach) -> Self {
        Self { names, reach }
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (self.names.clone(), self.reach);
        Box::pin(async move {
            let found = names.look_up(name.as_str()).await?;
            // Why all: a name with one public and one private address is no honest one.
            if let Some(address) = found.iter().find(|address| !reach.has(**address)) {
                return Err(ForbiddenAddressError {
                    name: name.as_str().to_owned(),
                    address: *address,
                    place: match reach {
                        Reach::Public | Reach::Anywhere => "the public internet",
                        Reach::Loopback => "this machine",
                    },
                }
                .into());
            }
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
