//! A plan as one file for a browser: no script, and nothing from elsewhere.
//!
//! The policy in it refuses all but its own style: a text of others that became a tag by a fault of this program would load
//! nothing and run nothing.

#[cfg(test)]
mod tests;

use std::fmt::{self, Display, Write as _};

use domain::document::ElementDifference;
use domain::plan::{SafetyKind, SafetyLimits};

use crate::output::visible;
use crate::render::counted::counted;
use crate::render::plan_report::{OTHER_VERSION, cannot_be_made, summary};
use crate::render::{difference, mask};
use crate::saved_plan::{Action, ChangeDocument, DiffLine, SavedPlan};

/// The style, in the light and in the dark.
const STYLE: &str = "\
:root{color-scheme:light dark;--text:#1f2328;--page:#fff;--line:#d1d9e0;--soft:#f6f8fa;--old:#82071e;--new:#116329;--warn:#9a6700}\
@media(prefers-color-scheme:dark){:root{--text:#e6edf3;--page:#0d1117;--line:#3d444d;--soft:#151b23;--old:#ffa198;--new:#7ee787;--warn:#e3b341}}\
body{font:16px/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);max-width:72rem;margin:0 auto;padding:1rem}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}\
caption{text-align:left;padding:.25rem 0}\
th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}\
thead th{background:var(--soft)}\
code{font:.875em ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}\
.old{color:var(--old)}.new{color:var(--new)}.warn{color:var(--warn);font-weight:600}\
section{margin:1.5rem 0}";

/// The hash by which the policy knows the style.
const STYLE_HASH: &str = "sha256-gvWXj6/7PwKQdk+m9jlbeqAtHqQ87F527ph11Z9TDUg=";

/// A text of others, escaped.
struct Text<'t>(&'t str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in visible(self.0).chars() {
            match letter {
                '&' => f.write_str("&amp;"),
                '<' => f.write_str("&lt;"),
                '>' => f.write_str("&gt;"),
                '"' => f.write_str("&quot;"),
                '\'' => f.write_str("&#39;"),
                letter => f.write_char(letter),
            }?;
        }
        Ok(())
    }
}

/// A text of others as code.
struct Code<'t>(&'t str);

impl Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<code>{}</code>", Text(self.0))
    }
}

/// The plan.
pub(crate) fn plan(plan: &SavedPlan, limits: SafetyLimits) -> String {
    let document = &plan.document;
    let target = document.target.shown();
    let mut text = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '{STYLE_HASH}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>Plan for {target}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1>Plan for {target}</h1>\n<p><strong>{}</strong></p>\n",
        Text(&summary(document)),
        target = Text(&target),
    );
    for (kind, found) in SafetyKind::ALL.into_iter().zip(document.safety.counts()) {
        let (name, limit) = (kind.name(), limits.limit(kind));
        if found > limit {
            let _ = writeln!(
                text,
                "<p class=\"warn\">Safety stop: {found} to {name}, and {limit} may: <code>apply</code> needs \
                 <code>--allow {name}={found}</code></p>"
            );
        }
    }
    overview(&mut text, plan);
    for change in &document.changes {
        section(&mut text, plan, change);
    }
    facts(&mut text, plan);
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

/// The documents of the plan, a row each.
fn overview(text: &mut String, plan: &SavedPlan) {
    let changes = &plan.document.changes;
    if changes.is_empty() {
        return;
    }
    let caption = counted(changes.len(), "rule");
    let columns = ["action", "rule", "id", "version", "file", "switched off"];
    table(text, &caption, &columns, |text| {
        for (number, change) in changes.iter().enumerate() {
            let id = id(change);
            let version = change.version.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "<tr><td>{}</td><th scope=\"row\"><a href=\"#rule-{number}\">{}</a></th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                change.action,
                Code(&title(change)),
                Code(id),
                Code(version.trim_matches('"')),
                Code(change.file.as_deref().unwrap_or_default()),
                if change.disables.is_empty() { "" } else { "yes" },
            );
        }
    });
}

fn section(text: &mut String, plan: &SavedPlan, change: &ChangeDocument) {
    let changes = plan.document.changes.iter();
    let number = changes.take_while(|other| other.document != change.document).count();
    let name = title(change);
    let _ = writeln!(
        text,
        "<section aria-labelledby=\"rule-{number}\">\n<h2 id=\"rule-{number}\">{}: {}</h2>",
        change.action,
        Code(&name)
    );
    if !change.diff.is_empty() {
        table(
            text,
            &counted(change.diff.len(), "change"),
            &["place", "before", "after"],
            |text| {
                for line in &change.diff {
                    row(text, line, change);
                }
            },
        );
    }
    match change.action {
        Action::Missing => {
            let _ = writeln!(text, "<p>{}</p>", Text(cannot_be_made(&change.document)));
        }
        Action::Conflict => conflict(text, plan, change),
        Action::Update | Action::Unchanged | Action::Invalid | Action::Unread => {}
    }
    for reference in &change.references {
        let (place, name, id) = (&reference.path, &reference.text, reference.shown_id());
        let _ = writeln!(text, "<p>{}: {} is {}</p>", Code(place), Code(name), Code(id));
    }
    for finding in &change.findings {
        let part = |name: &str| {
            finding
                .get(name)
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default()
        };
        let _ = writeln!(
            text,
            "<p class=\"warn\">{} {} at {}: {}</p>",
            Text(part("severity")),
            Code(part("code")),
            Code(part("pointer")),
            Text(part("message"))
        );
    }
    if let Some(message) = change.error.as_ref().and_then(|error| error.get("message")?.as_str()) {
        let _ = writeln!(text, "<p class=\"warn\">{}</p>", Text(message));
    }
    text.push_str("</section>\n");
}

/// A change as a row. What is not there before or after is said, so that no cell is empty for two reasons.
fn row(text: &mut String, line: &DiffLine, change: &ChangeDocument) {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let (place, old, new) = match (&line.from, &line.before, &line.after) {
        (Some(from), _, _) => {
            let to = difference::number(&line.path).unwrap_or_default();
            let from_number = difference::number(from).unwrap_or_default();
            let place = difference::place(from, before);
            (place, Some(format!("place {from_number}")), Some(format!("place {to}")))
        }
        (None, Some(old), Some(new)) => {
            let (old_text, new_text) = difference::whole_values(&line.path, (before, old), (after, new));
            let hint = difference::hint(old, new).map_or_else(String::new, |hint| format!(" ({hint})"));
            let place = difference::place(&line.path, None) + &hint;
            (place, Some(old_text), Some(new_text))
        }
        (None, old, new) => {
            let whole = |document, value: &Option<_>| {
                value
                    .as_ref()
                    .map(|value| difference::whole(&line.path, document, value))
            };
            (
                difference::place(&line.path, None),
                whole(before, old),
                whole(after, new),
            )
        }
    };
    let cell = |class: &str, value: Option<String>| match value {
        Some(value) => format!("<td class=\"{class}\">{}</td>", Code(&value)),
        None => "<td>nothing</td>".to_owned(),
    };
    let _ = writeln!(
        text,
        "<tr><th scope=\"row\">{}</th>{}{}</tr>",
        Text(&place),
        cell("old", old),
        cell("new", new)
    );
}

fn conflict(text: &mut String, plan: &SavedPlan, change: &ChangeDocument) {
    let conflicts = plan.conflicts().remove(&change.document).unwrap_or_default();
    let documents = [change.before.as_ref(), change.authored.as_ref()];
    let rows = |text: &mut String, path: &str, sides: Vec<Option<String>>| {
        let cells = sides.into_iter().map(|side| match side {
            Some(side) => format!("<td>{}</td>", Code(&side)),
            None => "<td>nothing</td>".to_owned(),
        });
        let place = difference::place(path, None);
        let cells: String = cells.collect();
        let _ = writeln!(text, "<tr><th scope=\"row\">{}</th>{cells}</tr>", Text(&place));
    };
    if !conflicts.collisions.is_empty() {
        table(text, "both changed", &["place", "base", "ours", "theirs"], |text| {
            for found in &conflicts.collisions {
                let sides = [found.base.as_ref(), found.ours.as_ref(), found.theirs.as_ref()];
                let path = found.pointer.as_str();
                rows(text, path, difference::sides(path, &sides, &documents));
            }
        });
        return;
    }
    let _ = writeln!(text, "<p>{}</p>", Text(OTHER_VERSION));
    if !conflicts.theirs_changed.is_empty() {
        table(text, "they changed", &["place", "before", "after"], |text| {
            for ElementDifference {
                difference: theirs,
                from,
            } in &conflicts.theirs_changed
            {
                let path = theirs.pointer.as_str();
                let sides = match from {
                    Some(from) => vec![
                        Some(format!("moved from {}", difference::place(from.as_str(), None))),
                        None,
                    ],
                    None => difference::sides(path, &[theirs.before.as_ref(), theirs.after.as_ref()], &documents),
                };
                rows(text, path, sides);
            }
        });
    }
}

fn facts(text: &mut String, plan: &SavedPlan) {
    let document = &plan.document;
    table(text, "the plan", &["", ""], |text| {
        for (name, value) in [
            ("changes", document.changes_hash.clone()),
            ("plan", plan.hash.to_string()),
            ("made at", document.created_at.clone()),
            ("made by", document.tool.clone()),
        ] {
            let _ = writeln!(text, "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", Code(&value));
        }
    });
}

/// A table with a caption and, unless they are empty, names of its columns.
fn table(text: &mut String, caption: &str, columns: &[&str], rows: impl FnOnce(&mut String)) {
    let _ = writeln!(text, "<table>\n<caption>{caption}</caption>");
    if columns.iter().any(|column| !column.is_empty()) {
        let names = columns.join("</th><th scope=\"col\">");
        let _ = writeln!(text, "<thead><tr><th scope=\"col\">{names}</th></tr></thead>");
    }
    text.push_str("<tbody>\n");
    rows(text);
    text.push_str("</tbody>\n</table>\n");
}

fn id(change: &ChangeDocument) -> &str {
    change
        .document
        .split_once('/')
        .map_or(change.document.as_str(), |(_, id)| id)
}

/// The name of a document, or its id where it has none.
fn title(change: &ChangeDocument) -> String {
    change
        .name
        .as_deref()
        .map_or_else(|| id(change).to_owned(), mask::title)
}
