//! `list`: the rules of the organization.

use comfy_table::{ContentArrangement, Table, presets};
use domain::{FailureClass, RequestError, TriggerRule, Version};
use ports::{Listed, Listing, listing};
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::output::{FORMAT_VERSION, visible};
use crate::seen_listing;
use crate::within_deadline::within;

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    rules: Vec<Row>,
    total: Option<u64>,
}

#[derive(Serialize)]
struct Row {
    id: String,
    name: Option<String>,
    #[serde(rename = "type")]
    rule_type: Option<String>,
    enabled: Option<bool>,
    conditions: usize,
    actions: usize,
    version: Option<Version>,
}

pub(super) async fn run(context: &Context<'_>) -> Result<Exit, CliError> {
    let rules = rules(context).await?.map_err(|failure| {
        let problem = CliError::of_failure("list the rules", &failure);
        if failure.class == FailureClass::NotFound {
            return problem.with_help(
                "the listing of trigger rules is assumed, not documented, and this organization does not have it; \
                 `get` and `update` work on a rule's id",
            );
        }
        problem
    })?;
    if let Some(warning) = warning(&rules) {
        context.output.warn(&warning);
    }
    let total = rules.total;
    let rows: Vec<Row> = rules.documents.into_iter().map(row).collect();
    if context.output.format == Format::Human {
        context.output.document(&table(&rows))?;
    } else {
        context.output.data(&Document {
            format_version: FORMAT_VERSION,
            kind: "rules",
            rules: rows,
            total,
        })?;
    }
    Ok(Exit::Done)
}

/// All rules of the organization, within the deadline.
pub(super) async fn rules(context: &Context<'_>) -> Result<Result<Listing<TriggerRule>, RequestError>, CliError> {
    let listed = documents(context).await?;
    if let Ok(listing) = &listed {
        seen_listing::keep(&context.settings()?.state_dir, listing);
    }
    Ok(listed)
}

/// All documents of a kind in the organization, within the deadline.
pub(super) async fn documents<K: CliKind>(context: &Context<'_>) -> Result<Result<Listing<K>, RequestError>, CliError> {
    let settings = context.settings()?;
    let session = context.open(settings).await?;
    let reader = session.reader::<K>(settings);
    let listed = within(settings.deadline, listing(&reader)).await;
    session.close().await?;
    Ok(listed)
}

/// The warning about a listing that shows less than the server counts.
pub(super) fn warning(rules: &Listing<TriggerRule>) -> Option<String> {
    let unseen = rules.unseen();
    let total = rules.total.filter(|_| unseen > 0)?;
    Some(format!(
        "the listing is not whole: the server counts {total} rules and showed {}, as happens while others delete rules; \
         run the command again",
        rules.documents.len()
    ))
}

fn row(listed: Listed<TriggerRule>) -> Row {
    let rule = &listed.value;
    Row {
        name: rule.name().map(str::to_owned),
        rule_type: rule.rule_type().map(str::to_owned),
        enabled: rule.is_enabled(),
        conditions: rule.elements("conditions").count(),
        actions: rule.elements("actions").count(),
        version: listed.version,
        id: listed.stated_id,
    }
}

fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "There are no rules.\n".to_owned();
    }
    let mut table = plain_table();
    table.set_header(["ID", "NAME", "TYPE", "ENABLED", "CONDITIONS", "ACTIONS", "VERSION"]);
    for row in rows {
        let enabled = match row.enabled {
            Some(true) => "yes",
            Some(false) => "no",
            None => "?",
        };
        table.add_row([
            visible(&row.id),
            visible(row.name.as_deref().unwrap_or_default()),
            visible(row.rule_type.as_deref().unwrap_or_default()),
            enabled.to_owned(),
            row.conditions.to_string(),
            row.actions.to_string(),
            row.version.as_ref().map_or(String::new(), ToString::to_string),
        ]);
    }
    text(&table)
}

/// A table without lines between its cells.
pub(super) fn plain_table() -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table
}

/// The lines of a table, without blanks at their ends.
pub(super) fn text(table: &Table) -> String {
    let lines: Vec<String> = table.to_string().lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n") + "\n"
}
