//! Documents over Genesys Cloud's HTTP API.
//!
//! Requests are built and answers are read by pure functions ([`request`], [`answer`]); one small loop talks to the
//! network. The adapter renews a token once when it is refused, and repeats nothing else: what to do about a failure
//! is the protocol's business.

pub mod answer;
pub mod request;

mod address;
mod api;
mod connection;
mod connection_failure;
mod credentials;
mod directory;
mod first_stop;
mod next_uri;
mod organization;
mod platform_error;
mod proxy;
mod rate_window;
mod redact;
mod region;
mod resource;
mod response_body;
mod store;
mod tags;
mod token;
mod token_cache;
mod tunnel;

pub use address::{Address, AddressError, RulesPath};
pub use connection::{Connection, ConnectionError, ConnectionSettings};
pub use connection_failure::{ConnectionCause, ConnectionFailure, FailedSide};
pub use credentials::{ClientCredentials, Credentials};
pub use directory::GenesysDirectory;
pub use first_stop::FirstStop;
pub use network::{CaFile, CaFileError, TlsFailure};
pub use organization::{Organization, about_organization};
pub use proxy::{Proxy, ProxyError};
pub use region::{Region, UnknownRegionError};
pub use resource::{Copilots, ListedParts, NotTheDocument, PageParts, Resource, TriggerRules};
pub use store::GenesysStore;
pub use token::TokenSource;
pub use token_cache::TokenCache;
