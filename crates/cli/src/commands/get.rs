//! `get`: a document as it is stored.

use ports::DocumentStore;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::commands::absence::Absence;
use crate::exit::Exit;
use crate::kind::CliKind;

pub(super) async fn run<K: CliKind>(context: &Context<'_>, id: &K::Id) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let session = context.open(settings).await?;
    let read = session.reader::<K>(settings).get(id).await;
    let absence = Absence::after::<K>(read.as_ref().err(), &id.to_string(), &session, settings).await;
    session.close().await?;
    let stored = read.map_err(|failure| {
        let error = CliError::of_failure(&format!("get `{id}`"), &failure);
        absence.map_or(error.clone(), |absence| absence.explain::<K>(error))
    });
    let stored = stored?.content;
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
