//! The log of writes to Copilots, from which a test may tell what was lost.

use serde_json::Value;

use crate::HostedDocument;

/// One write, as it took effect. The order of the log is the order of the writes.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedWrite {
    /// The document.
    pub document: HostedDocument,
    /// The one who wrote it.
    pub writer: Writer,
    /// The document right before, whatever the writer had read; null if there was none.
    pub before: Value,
    /// The document as it is stored now.
    pub after: Value,
}

/// The one who wrote a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Writer {
    /// A client, by a PUT.
    Client {
        /// The id of the client.
        id: String,
        /// The correlation id of the answer, as in [`RecordedRequest`](crate::RecordedRequest).
        correlation_id: String,
    },
    /// Somebody in the platform's own pages: a test, or a fault on demand.
    Administrator,
}
