//! The error of changing what an emulator has of Copilots.

use thiserror::Error;

use crate::HostedDocument;

/// Why an assistant, a Copilot or what one refers to could not be put or changed.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum CopilotError {
    /// No assistant, or no variation, has this document.
    #[error("change `{}`: it is not there", .0.path())]
    Missing(HostedDocument),
    /// A document that is no object with a text as `id`, or has another id than it had.
    #[error("keep a document that is not an object with its `id`")]
    Shape,
    /// A snapshot whose `assistants` or `references` are broken.
    #[error("read a snapshot whose `assistants` or `references` are not of its form")]
    Snapshot,
}
