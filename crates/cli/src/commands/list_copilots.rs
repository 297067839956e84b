//! `list --kind copilot`: the assistants and their Copilots; `list copilot/ASSISTANT --rules`: the rules in one.

use domain::copilot::rule_hash;
use domain::json::Node;
use domain::{Copilot, CopilotId, DocumentKind};
use ports::Listed;
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::list::{documents, plain_table, text};
use crate::commands::{Context, absence};
use crate::exit::Exit;
use crate::output::{FORMAT_VERSION, visible};
use crate::render::copilot::{actions, condition, short_hash};

#[derive(Serialize)]
struct AssistantsDocument {
    format_version: &'static str,
    kind: &'static str,
    copilots: Vec<AssistantRow>,
}

#[derive(Serialize)]
struct AssistantRow {
    /// The id of the assistant.
    id: String,
    name: Option<String>,
    /// False for an assistant without a Copilot.
    has_copilot: bool,
    language: Option<String>,
    live_on_queue: Option<bool>,
    rules: usize,
    enabled_rules: usize,
}

#[derive(Serialize)]
struct RulesDocument {
    format_version: &'static str,
    kind: &'static str,
    document: String,
    rules: Vec<RuleRow>,
}

#[derive(Serialize)]
struct RuleRow {
    hash: String,
    id: Option<String>,
    enabled: Option<bool>,
    conditions: Vec<String>,
    actions: Vec<String>,
    participant_roles: Vec<String>,
}

pub(super) async fn run(context: &Context<'_>) -> Result<Exit, CliError> {
    let listed = documents::<Copilot>(context).await?;
    let listed = listed.map_err(|failure| CliError::of_failure("list the assistants", &failure))?;
    let rows: Vec<AssistantRow> = listed.documents.into_iter().map(assistant_row).collect();
    if context.output.format == Format::Human {
        context.output.document(&assistants_table(&rows))?;
    } else {
        context.output.data(&AssistantsDocument {
            format_version: FORMAT_VERSION,
            kind: "copilots",
            copilots: rows,
        })?;
    }
    Ok(Exit::Done)
}

pub(super) async fn rules_of(context: &Context<'_>, id: &CopilotId) -> Result<Exit, CliError> {
    let copilot = absence::read::<Copilot>(context, id, "get").await?.value;
    if context.output.format == Format::Human {
        context.output.document(&rules_table(&copilot))?;
    } else {
        context.output.data(&RulesDocument {
            format_version: FORMAT_VERSION,
            kind: "copilot_rules",
            document: format!("{}/{id}", Copilot::NAME),
            rules: copilot.rules().map(rule_row).collect(),
        })?;
    }
    Ok(Exit::Done)
}

fn assistant_row(listed: Listed<Copilot>) -> AssistantRow {
    let copilot = &listed.value;
    AssistantRow {
        name: listed.title,
        has_copilot: copilot.document().root().members().next().is_some(),
        language: copilot.default_language().map(str::to_owned),
        live_on_queue: copilot.member("liveOnQueue").and_then(Node::as_bool),
        rules: copilot.rules().count(),
        enabled_rules: copilot.rules().filter(|rule| is_on(*rule) == Some(true)).count(),
        id: listed.stated_id,
    }
}

fn rule_row(rule: Node<'_>) -> RuleRow {
    let list = |holder: Option<Node<'_>>, name: &str| -> Vec<String> {
        let list = holder.and_then(|holder| holder.get(name));
        let texts = list.into_iter().flat_map(Node::elements);
        texts
            .map(|node| node.as_str().map_or_else(|| node.compact(), str::to_owned))
            .collect()
    };
    let body = rule.get("rule");
    let conditions = body.and_then(|body| body.get("conditions"));
    let kinds = |node: Node<'_>| node.get("actionType").and_then(Node::as_str).unwrap_or("?").to_owned();
    let actions = body.and_then(|body| body.get("actions"));
    RuleRow {
        hash: rule_hash(rule).digits(),
        id: rule.get("id").and_then(Node::as_str).map(str::to_owned),
        enabled: is_on(rule),
        conditions: conditions.into_iter().flat_map(Node::elements).map(condition).collect(),
        actions: actions.into_iter().flat_map(Node::elements).map(kinds).collect(),
        participant_roles: list(Some(rule), "participantRoles"),
    }
}

fn is_on(rule: Node<'_>) -> Option<bool> {
    rule.get("enabled").and_then(Node::as_bool)
}

fn assistants_table(rows: &[AssistantRow]) -> String {
    if rows.is_empty() {
        return "There are no assistants.\n".to_owned();
    }
    let mut table = plain_table();
    table.set_header(["ID", "NAME", "LANGUAGE", "LIVE", "RULES", "ON"]);
    for row in rows {
        let cells = if row.has_copilot {
            let language = row.language.clone().unwrap_or_default();
            [
                language,
                yes_or_no(row.live_on_queue),
                row.rules.to_string(),
                row.enabled_rules.to_string(),
            ]
        } else {
            ["(no Copilot)".to_owned(), String::new(), String::new(), String::new()]
        };
        let named = [row.id.as_str(), row.name.as_deref().unwrap_or_default()].map(visible);
        table.add_row(named.into_iter().chain(cells.iter().map(|cell| visible(cell))));
    }
    text(&table)
}

fn rules_table(copilot: &Copilot) -> String {
    if copilot.rules().next().is_none() {
        return "The Copilot has no rules.\n".to_owned();
    }
    let mut table = plain_table();
    table.set_header(["HASH", "ID", "ENABLED", "WHEN ANY OF", "THEN", "PARTICIPANTS"]);
    for rule in copilot.rules() {
        let row = rule_row(rule);
        let then = rule.get("rule").map_or(String::new(), actions);
        table.add_row(
            [
                short_hash(rule),
                row.id.unwrap_or_default(),
                yes_or_no(row.enabled),
                row.conditions.join(" or "),
                then,
                row.participant_roles.join(", "),
            ]
            .map(|cell| visible(&cell)),
        );
    }
    text(&table)
}

fn yes_or_no(truth: Option<bool>) -> String {
    match truth {
        Some(true) => "yes",
        Some(false) => "no",
        None => "?",
    }
    .to_owned()
}
