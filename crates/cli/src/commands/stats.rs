//! `stats`: how many updates took effect, and how long they took.

use std::path::Path;

use ports::{Tally, TallyOf, TallyQuery};

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::{Context, history};
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::render_error;
use crate::record::{Record, unusable};
use crate::render::status::StatusSummary;
use crate::render::{prometheus, stats};
use crate::request::StatsCommand;

/// The number of rules with figures of their own, those with the most updates first. For Prometheus all have them: a
/// rule that came and went would look like a counter that was set back.
const RULES: usize = 20;

pub(super) async fn run(context: &Context<'_>, command: &StatsCommand) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let record = Record::open_to_read(settings).await?;
    let rules = if context.output.format == Format::Prometheus {
        usize::MAX
    } else {
        RULES
    };
    let target = history::target(context, settings, &record).await?;
    let figures = figures(&record, target.as_deref(), command, rules).await;
    keep_metrics(context, &record, target).await;
    record.close().await;
    let figures = figures?;
    let output = context.output;
    match output.format {
        Format::Human => output.document(&stats::human(&figures))?,
        Format::Prometheus => output.document(&prometheus::text(&figures.rules)?)?,
        Format::Json
        | Format::Yaml
        | Format::Ndjson
        | Format::Sarif
        | Format::Github
        | Format::Junit
        | Format::Markdown
        | Format::Html => {
            output.data(&stats::document(&figures))?;
        }
    }
    Ok(Exit::Done)
}

async fn figures(
    record: &Record,
    target: Option<&str>,
    command: &StatsCommand,
    rules: usize,
) -> Result<stats::Figures, CliError> {
    let query = |of| TallyQuery {
        target: target.map(str::to_owned),
        kind: None,
        of,
        since: command.since,
    };
    let (all, each) = match &command.document {
        None => (TallyOf::All, TallyOf::Each(rules)),
        Some(document) => {
            let one = || TallyOf::One(document.id());
            (one(), one())
        }
    };
    let all = tallies(record, &query(all)).await?;
    let rules = tallies(record, &query(each)).await?;
    Ok(stats::Figures {
        since: command.since,
        all: all.into_iter().next().map(|(_, tally)| tally).unwrap_or_default(),
        rules: rules.into_iter().filter_map(|(id, tally)| Some((id?, tally))).collect(),
    })
}

async fn tallies(record: &Record, query: &TallyQuery) -> Result<Vec<(Option<String>, Tally)>, CliError> {
    record.history.tally(query).await.map_err(|failure| unusable(&failure))
}

/// Writes the figures of all updates to the file that was asked for, for Prometheus to pick up. What happened to a rule
/// is not undone by a file that cannot be written.
pub(super) async fn keep_metrics(context: &Context<'_>, record: &Record, target: Option<String>) {
    let Some(file) = &context.global.metrics_file else {
        return;
    };
    if let Err(problem) = write_metrics(record, target, file).await {
        context.output.warn(&render_error(&problem));
    }
}

async fn write_metrics(record: &Record, target: Option<String>, file: &Path) -> Result<(), CliError> {
    let query = TallyQuery {
        target,
        kind: None,
        of: TallyOf::Each(usize::MAX),
        since: None,
    };
    let tallies = tallies(record, &query).await?;
    let rules: Vec<_> = tallies
        .into_iter()
        .filter_map(|(id, tally)| Some((id?, tally)))
        .collect();
    save(file, &prometheus::text(&rules)?)
}

/// Writes the figures of a status to the file that was asked for.
pub(super) fn keep_status(context: &Context<'_>, summary: &StatusSummary) {
    let Some(file) = &context.global.metrics_file else {
        return;
    };
    let kept = prometheus::status(summary).and_then(|text| save(file, &text));
    if let Err(problem) = kept {
        context.output.warn(&render_error(&problem));
    }
}

fn save(file: &Path, text: &str) -> Result<(), CliError> {
    files::replace_public(file, text.as_bytes()).map_err(|error| {
        let message = format!("cannot write the figures to `{}`: {error}", file.display());
        CliError::new(ErrorCode::UnreadableFile, message)
            .with_help("name a file in a folder that is there; `stats -o prometheus` prints the figures instead")
    })
}
