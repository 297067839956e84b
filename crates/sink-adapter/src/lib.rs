//! Sinks of change events: webhooks, commands, a directory of documents, a table in PostgreSQL.
//!
//! [`SinkSettings`] say which sink and how, and [`SinkSettings::build`] makes an `EventSink` of them. All but the
//! directory receive the same document, a `CloudEvent` ([`EVENT_SCHEMA`]).
//!
//! Sinks do not retry, and do not count attempts: the caller has the schedule.

mod cloud_event;
mod command;
mod directory;
mod error_excerpt;
mod postgres;
mod settings;
mod webhook;

pub use cloud_event::{EVENT_SCHEMA, event_type};
pub use command::CommandSinkError;
pub use postgres::TableNameError;
pub use settings::{DEFAULT_TABLE, ExamineError, SinkKind, SinkSettings, SinkSettingsError};
pub use webhook::{WebhookSecretError, WebhookUrlError};

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod samples;
