//! `schema`: JSON Schemas, for editors.

use crate::args::SchemaKind;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;

const RULE: &str = include_str!("../../schemas/rule.json");
const CHANGE: &str = include_str!("../../schemas/change.json");
const RESULT: &str = include_str!("../../schemas/result.json");
const CONFIG: &str = include_str!("../../schemas/config.json");

pub(super) fn run(context: &Context<'_>, kind: SchemaKind) -> Result<Exit, CliError> {
    context.output.document(match kind {
        SchemaKind::Rule => RULE,
        SchemaKind::Change => CHANGE,
        SchemaKind::Result => RESULT,
        SchemaKind::Event => sink_adapter::EVENT_SCHEMA,
        SchemaKind::Config => CONFIG,
    })?;
    Ok(Exit::Done)
}
