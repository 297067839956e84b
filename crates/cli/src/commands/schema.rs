//! `schema`: JSON Schemas of what is read and printed, for editors and programs.

use crate::args::SchemaKind;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;

/// The schema of a kind, from the folder of schemas.
macro_rules! schema {
    ($kind:literal) => {
        include_str!(concat!("../../schemas/", $kind, ".json"))
    };
}

pub(super) fn run(context: &Context<'_>, kind: SchemaKind) -> Result<Exit, CliError> {
    context.output.document(match kind {
        SchemaKind::Rule => schema!("rule"),
        SchemaKind::Change => schema!("change"),
        SchemaKind::Result => schema!("result"),
        SchemaKind::Error => schema!("error"),
        SchemaKind::Findings => schema!("findings"),
        SchemaKind::Plan => schema!("plan"),
        SchemaKind::Status => schema!("status"),
        SchemaKind::Pulled => schema!("pulled"),
        SchemaKind::Outcome => schema!("outcome"),
        SchemaKind::Rules => schema!("rules"),
        SchemaKind::Copilots => schema!("copilots"),
        SchemaKind::CopilotRules => schema!("copilot-rules"),
        SchemaKind::History => schema!("history"),
        SchemaKind::Stats => schema!("stats"),
        SchemaKind::Doctor => schema!("doctor"),
        SchemaKind::Auth => schema!("auth"),
        SchemaKind::Settings => schema!("settings"),
        SchemaKind::Deliver => schema!("deliver"),
        SchemaKind::Sandbox => schema!("sandbox"),
        SchemaKind::Audit => schema!("audit"),
        SchemaKind::Upgrade => schema!("upgrade"),
        SchemaKind::Explanation => schema!("explanation"),
        SchemaKind::Event => sink_adapter::EVENT_SCHEMA,
        SchemaKind::Config => schema!("config"),
    })?;
    Ok(Exit::Done)
}
