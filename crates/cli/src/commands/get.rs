//! `get`: a document as it is stored.

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::absence;
use crate::exit::Exit;
use crate::kind::CliKind;

pub(super) async fn run<K: CliKind>(context: &Context<'_>, id: &K::Id) -> Result<Exit, CliError> {
    let stored = absence::read::<K>(context, id, "get").await?;
    match context.output.format {
        Format::Human => context.output.document(&K::describe(&stored))?,
        Format::Yaml => context.output.data(stored.value.document())?,
        // As it was served, digit for digit: printing it through another JSON library could round a number.
        Format::Json
        | Format::Sarif
        | Format::Github
        | Format::Junit
        | Format::Ndjson
        | Format::Prometheus
        | Format::Markdown
        | Format::Html => {
            context.output.document(&(stored.value.document().pretty() + "\n"))?;
        }
    }
    Ok(Exit::Done)
}
