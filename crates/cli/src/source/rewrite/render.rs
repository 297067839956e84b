//! New values as text, as the file writes its others.

use std::iter::repeat_n;

use domain::json::{Node, Value as Json};

use super::Syntax;
use super::lines::Lines;
use super::scalar_text::{Place, TextLines, literal, new_on_a_line};
use super::tree::{Form, Layout, Tree, Value};

/// Texts of several lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Texts {
    /// In lines of their own where they can be.
    Lines,
    /// In quotes.
    Quoted,
}

/// The ways in which a file writes what JSON leaves open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style<'t> {
    pub(super) syntax: Syntax,
    pub(super) eol: &'static str,
    pub(super) texts: Texts,
    /// The blanks by which a map stands further in than its key.
    pub(super) step: usize,
    /// The blanks by which a list stands further in than its key.
    list_step: usize,
    /// The blanks behind `-`.
    dash_gap: usize,
    /// One step of JSON in lines; none of JSON on one line.
    json_step: Option<&'t str>,
    /// The text between a name of JSON and its value.
    json_colon: &'t str,
}

impl<'t> Style<'t> {
    pub(super) fn new(tree: &Tree, lines: &Lines<'t>, syntax: Syntax, texts: Texts) -> Self {
        let mut style = Style {
            syntax,
            eol: if lines.text.contains("\r\n") { "\r\n" } else { "\n" },
            texts,
            step: 0,
            list_step: usize::MAX,
            dash_gap: 0,
            json_step: None,
            json_colon: ": ",
        };
        style.learn(&tree.root, lines);
        if let Some(colon) = first_colon(&tree.root, lines).filter(|_| syntax == Syntax::Json) {
            style.json_colon = colon;
        }
        if style.step == 0 {
            style.step = if (1..usize::MAX).contains(&style.list_step) {
                style.list_step
            } else {
                2
            };
        }
        if style.list_step == usize::MAX {
            style.list_step = style.step;
        }
        style.dash_gap = style.dash_gap.max(1);
        if let [first, ..] = tree.root.entries() {
            let indent = lines.slice(lines.line_start(first.start)..first.start);
            style.json_step = (lines.is_first(first.start) && first.start > 0 && !indent.is_empty()).then_some(indent);
        }
        style
    }

    /// Takes each measure from the first place that shows it.
    fn learn(&mut self, value: &Value, lines: &Lines<'t>) {
        for entry in value.entries() {
            let inner = &entry.value;
            let column = inner.entries().first().map(|first| lines.column(first.start));
            let further = column.and_then(|column| column.checked_sub(lines.column(entry.start)));
            match (&value.form, &inner.form, further) {
                (Form::Map(Layout::Block, _), Form::Map(Layout::Block, _), Some(further)) if self.step == 0 => {
                    self.step = further;
                }
                (Form::Map(Layout::Block, _), Form::List(Layout::Block, _), Some(further))
                    if self.list_step == usize::MAX =>
                {
                    self.list_step = further;
                }
                _ => {}
            }
            let gap = inner.range.start.saturating_sub(entry.mark);
            let is_beside = lines.line_start(inner.range.start) == lines.line_start(entry.start);
            if matches!(value.form, Form::List(Layout::Block, _)) && is_beside && self.dash_gap == 0 {
                self.dash_gap = gap;
            }
            self.learn(inner, lines);
        }
    }

    pub(super) fn is_json(&self) -> bool {
        self.syntax == Syntax::Json
    }

    /// The comma between two entries on a line.
    pub(super) fn comma(&self) -> &'static str {
        let is_tight = self.is_json() && !self.json_colon.ends_with(' ');
        if is_tight { "," } else { ", " }
    }

    /// The blanks behind the indicator of an element.
    pub(super) fn column_gap(&self) -> usize {
        self.dash_gap
    }

    /// A value of JSON within a line that is indented so: in lines, if the file is.
    pub(super) fn json_at(&self, value: Node<'_>, indent: &str) -> String {
        self.json(value, Some(indent))
    }

    /// The column of the first byte of a list or a map in lines, below a key or behind a dash in that column.
    pub(super) fn column_inside(&self, holder: Holder, value: Node<'_>) -> usize {
        match holder {
            Holder::Root => 0,
            Holder::Key(column) if value.is_array() => column + self.list_step,
            Holder::Key(column) => column + self.step,
            Holder::Dash(column) => column + 1 + self.dash_gap,
        }
    }

    /// A value as it stands behind its indicator.
    pub(super) fn value(&self, value: Node<'_>, holder: Holder) -> Rendered {
        match value.value() {
            Json::Array(elements) if !elements.is_empty() => {
                let column = self.column_inside(holder, value);
                Rendered::Lines(self.collection_lines(value, column))
            }
            Json::Object(members) if !members.is_empty() => {
                let column = self.column_inside(holder, value);
                Rendered::Lines(self.collection_lines(value, column))
            }
            Json::String(text) if text.contains('\n') && self.texts == Texts::Lines => {
                let indent = holder.column() + self.step;
                match literal(text, indent, self.step, self.eol) {
                    Some(TextLines { header, body }) => Rendered::Text { header, body },
                    None => Rendered::OnALine(self.flow(value)),
                }
            }
            Json::String(text) => Rendered::OnALine(new_on_a_line(text, Place::Block)),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                Rendered::OnALine(self.flow(value))
            }
        }
    }

    /// The lines of a list or a map that is not empty, each indented and with its break.
    pub(super) fn collection_lines(&self, value: Node<'_>, column: usize) -> String {
        let mut out = String::new();
        for element in value.elements() {
            out.push_str(&self.entry_lines(None, element, column));
        }
        for member in value.members() {
            out.push_str(&self.entry_lines(Some(member.name), member.value, column));
        }
        out
    }

    /// The lines of an element or a member in this column.
    pub(super) fn entry_lines(&self, name: Option<&str>, value: Node<'_>, column: usize) -> String {
        let mut out: String = repeat_n(' ', column).collect();
        let holder = if let Some(name) = name {
            out.push_str(&new_on_a_line(name, Place::Key));
            out.push(':');
            Holder::Key(column)
        } else {
            out.push('-');
            Holder::Dash(column)
        };
        match self.value(value, holder) {
            Rendered::OnALine(text) => {
                out.push(' ');
                out.push_str(&text);
                out.push_str(self.eol);
            }
            Rendered::Text { header, body } => {
                out.push(' ');
                out.push_str(&header);
                out.push_str(self.eol);
                out.push_str(&body);
            }
            Rendered::Lines(lines) if name.is_none() => {
                out.extend(repeat_n(' ', self.dash_gap));
                out.push_str(lines.trim_start_matches(' '));
            }
            Rendered::Lines(lines) => {
                out.push_str(self.eol);
                out.push_str(&lines);
            }
        }
        out
    }

    /// A value on one line, within brackets or for them.
    pub(super) fn flow(&self, value: Node<'_>) -> String {
        if self.syntax == Syntax::Json {
            return self.json(value, None);
        }
        match value.value() {
            Json::Null | Json::Bool(_) | Json::Number(_) => value.raw().to_owned(),
            Json::String(text) => new_on_a_line(text, Place::Flow),
            Json::Array(elements) => {
                let elements: Vec<String> = elements.map(|element| self.flow(element)).collect();
                format!("[{}]", elements.join(", "))
            }
            Json::Object(members) => {
                let members: Vec<String> = members
                    .map(|member| self.flow_entry(Some(member.name), member.value, None))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }
        }
    }

    /// An element or a member within brackets. JSON that is indented so stands in lines.
    pub(super) fn flow_entry(&self, name: Option<&str>, value: Node<'_>, indent: Option<&str>) -> String {
        let written = match self.syntax {
            Syntax::Json => self.json(value, indent),
            Syntax::Yaml => self.flow(value),
        };
        let Some(name) = name else { return written };
        match self.syntax {
            Syntax::Json => format!("{}{}{written}", serde_json::Value::from(name), self.json_colon),
            Syntax::Yaml => format!("{}: {written}", new_on_a_line(name, Place::FlowKey)),
        }
    }

    /// A value of JSON; in lines if it stands in one that begins with `indent`.
    fn json(&self, value: Node<'_>, indent: Option<&str>) -> String {
        let mut parts = Vec::new();
        let inside = indent
            .zip(self.json_step)
            .map(|(indent, step)| format!("{indent}{step}"));
        let brackets = match value.value() {
            Json::Array(elements) => {
                parts.extend(elements.map(|element| self.flow_entry(None, element, inside.as_deref())));
                ("[", "]")
            }
            Json::Object(members) => {
                parts.extend(members.map(|member| self.flow_entry(Some(member.name), member.value, inside.as_deref())));
                ("{", "}")
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return value.raw().to_owned(),
        };
        let (open, close) = brackets;
        match (&inside, indent) {
            (Some(inside), Some(indent)) if !parts.is_empty() => {
                let eol = self.eol;
                let parts = parts.join(&format!(",{eol}{inside}"));
                format!("{open}{eol}{inside}{parts}{eol}{indent}{close}")
            }
            _ => {
                format!("{open}{}{close}", parts.join(self.comma()))
            }
        }
    }
}

/// The text between the first name and its value.
fn first_colon<'t>(value: &Value, lines: &Lines<'t>) -> Option<&'t str> {
    value.entries().iter().find_map(|entry| {
        if entry.name.is_none() {
            return first_colon(&entry.value, lines);
        }
        let from = lines.slice(entry.start..entry.value.range.start);
        // Why from its end: the name may have quotes in it.
        from.rfind('"').and_then(|quote| from.get(quote + 1..))
    })
}

/// The indicator that a value stands behind, with its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// None: the value is the document.
    Root,
    Key(usize),
    Dash(usize),
}

impl Holder {
    pub(super) fn column(self) -> usize {
        match self {
            Self::Root => 0,
            Self::Key(column) | Self::Dash(column) => column,
        }
    }
}

/// A value as text.
#[derive(Debug)]
pub(super) enum Rendered {
    OnALine(String),
    /// A text in lines: the header behind the indicator, and whole lines below.
    Text {
        header: String,
        body: String,
    },
    /// The whole lines of a list or a map.
    Lines(String),
}
