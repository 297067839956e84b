//! Parts that adapters share which talk over a network: the certificates to trust, the causes of failed connections, and
//! the pauses that answers ask for.
//!
//! Nothing here opens a socket.

mod ca_file;
mod causes;
mod retry_after;
mod tls_failure;

pub use ca_file::{CaFile, CaFileError};
pub use causes::{causes, root_cause};
pub use retry_after::{date, retry_after};
pub use tls_failure::TlsFailure;
