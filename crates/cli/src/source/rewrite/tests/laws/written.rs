//! Documents in every layout that people write: the text, and which lines and comments are whose.

use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::select;

/// A value, with the way in which it is written.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Scalar(usize),
    List(Look, Vec<(Decoration, Shape)>),
    Map(Look, Vec<(Decoration, Shape)>),
    /// An alias of the last anchor, if there is one.
    Alias,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// In lines; in a list beside its dash, or below.
    Beside,
    Below,
    /// In brackets, on one line or on several.
    Flow,
    FlowLines,
}

/// The things around an entry.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is there or not, whatever the others are"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoration {
    blank: bool,
    free: bool,
    above: usize,
    behind: bool,
    tail: bool,
    anchor: bool,
}

/// The layout of a whole file.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is there or not, whatever the others are"
)]
#[derive(Clone, Copy, Debug)]
pub(super) struct FileLook {
    step: usize,
    list_step: usize,
    dash_gap: usize,
    crlf: bool,
    mark: bool,
    last_break: bool,
    directive: bool,
    before: bool,
    after: bool,
    dots: bool,
}

/// A node of the document in the text.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) pointer: String,
    /// Its lines, with the comments above.
    pub(super) lines: Range<usize>,
    /// Its comments, with those of the nodes in it.
    pub(super) comments: Vec<String>,
    pub(super) is_in_flow: bool,
    /// True if it begins beside the dash of another one.
    pub(super) is_beside: bool,
}

/// A text, and what stands where.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) text: String,
    pub(super) index: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) has_anchors: bool,
    open: String,
    line: usize,
    number: usize,
    file: Option<FileLook>,
}

/// One scalar for lines: what stands behind the indicator, and the lines below. `%` stands for a number, so that no two
/// are equal.
const SCALARS: [(&str, &[&str]); 24] = [
    ("w%", &[]),
    ("two words %", &[]),
    ("'it''s %'", &[]),
    ("'# no comment %'", &[]),
    ("\"a \\\"%\\\" \\t # b\"", &[]),
    ("%", &[]),
    ("%.50", &[]),
    ("true", &[]),
    ("~", &[]),
    ("", &[]),
    ("no", &[]),
    ("http://x/#%", &[]),
    ("with\ttab %", &[]),
    ("é – % ✓", &[]),
    (
        "a very long line % that goes on and on and on, and on, and on, beyond what any printer would leave on one line, for sure, at all",
        &[],
    ),
    ("plain", &["in lines %"]),
    ("\"double", &["", "in lines %\""]),
    ("'single", &["in lines %'"]),
    ("|", &["text %", "  further", "", "# no comment"]),
    ("|-", &["text %"]),
    ("|2-", &["  text %", "back"]),
    (">-", &["one %", "two", "three and more"]),
    (">", &["one %", "", "two"]),
    ("|+", &["text %", ""]),
];

/// Scalars for brackets.
const FLOW_SCALARS: [&str; 6] = ["w%", "'a, b %'", "\"c] %\"", "%", "true", "two words %"];

pub(super) fn shape(anchors: bool) -> impl Strategy<Value = Shape> {
    let leaf = if anchors {
        prop_oneof![5 => (0..SCALARS.len()).prop_map(Shape::Scalar), 1 => Just(Shape::Alias)].boxed()
    } else {
        (0..SCALARS.len()).prop_map(Shape::Scalar).boxed()
    };
    let nested = leaf.prop_recursive(4, 24, 4, move |inner| {
        let look = select(vec![
            Look::Beside,
            Look::Beside,
            Look::Below,
            Look::Flow,
            Look::FlowLines,
        ]);
        let entries = proptest::collection::vec((decoration(anchors), inner), 0..5);
        (any::<bool>(), look, entries).prop_map(|(is_list, look, entries)| {
            if is_list {
                Shape::List(look, entries)
            } else {
                Shape::Map(look, entries)
            }
        })
    });
    let entries = proptest::collection::vec((decoration(anchors), nested), 1..5);
    (0..8, entries).prop_map(|(which, entries)| match which {
        0 => Shape::List(Look::Beside, entries),
        1 => Shape::Map(Look::Flow, entries),
        _ => Shape::Map(Look::Beside, entries),
    })
}

fn decoration(anchors: bool) -> impl Strategy<Value = Decoration> {
    let often = |one_in: u32| (0..one_in).prop_map(move |number| number + 1 == one_in);
    let all = (
        often(5),
        often(8),
        prop_oneof![3 => Just(0), 1 => 1..3_usize],
        often(4),
        often(8),
        often(6),
    );
    all.prop_map(move |(blank, free, above, behind, tail, anchor)| Decoration {
        blank,
        free,
        above,
        behind,
        tail,
        anchor: anchor && anchors,
    })
}

pub(super) fn file_look() -> impl Strategy<Value = FileLook> {
    let sizes = (select(vec![2_usize, 4]), any::<bool>(), select(vec![1_usize, 1, 3]));
    (sizes, any::<[bool; 7]>()).prop_map(|((step, is_indented, dash_gap), flags)| {
        let [crlf, mark, last_break, directive, before, after, dots] = flags;
        FileLook {
            step,
            list_step: if is_indented { step } else { 0 },
            dash_gap,
            crlf,
            mark,
            last_break,
            directive: directive && !before,
            before,
            after,
            dots,
        }
    })
}

pub(super) fn written(shape: &Shape, file: FileLook) -> Written {
    let mut out = Written {
        file: Some(file),
        index: usize::from(file.before),
        ..Written::default()
    };
    if file.before {
        out.push("# first\nother: 1 # one\n---");
        out.end_line();
    }
    if file.directive {
        out.push("%YAML 1.2\n---");
        out.end_line();
    }
    let is_flow = matches!(shape, Shape::List(look, _) | Shape::Map(look, _) if is_flow(*look));
    let mut comments = Vec::new();
    if is_flow {
        out.flow(shape, "", 0, &mut comments);
        out.end_line();
    } else {
        out.collection(shape, 0, "", &mut comments);
    }
    if file.dots {
        out.push("...");
        out.end_line();
    }
    if file.after {
        out.push("---\n# last\nother: [1,\n  2]");
        out.end_line();
    }
    if !file.last_break {
        out.text.pop();
    }
    if file.crlf {
        out.text = out.text.replace('\n', "\r\n");
    }
    if file.mark {
        out.text.insert(0, '\u{feff}');
    }
    out
}

fn is_flow(look: Look) -> bool {
    matches!(look, Look::Flow | Look::FlowLines)
}

impl Written {
    fn look(&self) -> FileLook {
        self.file.unwrap()
    }

    fn push(&mut self, text: &str) {
        self.open.push_str(text);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.open);
        self.line += line.matches('\n').count() + 1;
        self.text.push_str(&line);
        self.text.push('\n');
    }

    fn next_number(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    fn comment(&mut self, comments: &mut Vec<String>) -> String {
        let comment = format!("# c{}: 'x\" [", self.next_number());
        comments.push(comment.clone());
        comment
    }

    /// Ends a line, with a comment or without.
    fn end_with(&mut self, decoration: &Decoration, comments: &mut Vec<String>) {
        if decoration.behind {
            let comment = self.comment(comments);
            self.push(&format!("  {comment}"));
        }
        self.end_line();
    }

    /// The entries of a list or a map in lines. The first one may stand beside a dash that is written already.
    fn collection(&mut self, shape: &Shape, column: usize, pointer: &str, comments: &mut Vec<String>) {
        let (entries, is_list) = match shape {
            Shape::List(_, entries) => (entries, true),
            Shape::Map(_, entries) => (entries, false),
            Shape::Scalar(_) | Shape::Alias => return,
        };
        let indent = " ".repeat(column);
        for (index, (decoration, value)) in entries.iter().enumerate() {
            let is_beside = !self.open.is_empty();
            let mut own = Vec::new();
            let mut first = self.line;
            if !is_beside {
                if decoration.blank || decoration.free {
                    self.end_line();
                }
                if decoration.free {
                    self.push(&format!("{indent}# free {}", self.number));
                    self.end_line();
                    self.end_line();
                }
                first = self.line;
                for _ in 0..decoration.above {
                    let comment = self.comment(&mut own);
                    self.push(&format!("{indent}{comment}"));
                    self.end_line();
                }
                self.push(&indent);
            }
            let (name, inner) = if is_list {
                self.push("-");
                (index.to_string(), format!("{pointer}/{index}"))
            } else {
                let number = self.next_number();
                let names = [format!("k{number}"), format!("'k {number}'"), format!("\"k:{number}\"")];
                let name = names[number % 3].clone();
                self.push(&format!("{name}:"));
                let name = name.trim_matches(['\'', '"']).to_owned();
                let inner = format!("{pointer}/{name}");
                (name, inner)
            };
            let _ = name;
            self.value(value, decoration, column, is_list, &inner, &mut own);
            let lines = first..self.line;
            self.nodes.push(Node {
                pointer: inner,
                lines,
                comments: own.clone(),
                is_in_flow: false,
                is_beside,
            });
            comments.extend(own);
        }
    }

    /// The value behind an indicator, to the end of its last line.
    fn value(
        &mut self,
        value: &Shape,
        decoration: &Decoration,
        column: usize,
        in_list: bool,
        pointer: &str,
        own: &mut Vec<String>,
    ) {
        let look = self.look();
        if decoration.anchor && !matches!(value, Shape::Alias) {
            let number = self.next_number();
            self.push(&format!(" &a{}", number % 3));
            self.has_anchors = true;
        }
        match value {
            Shape::Alias if self.has_anchors => {
                // An anchor of this name may be missing: the text is no document then, and is not used.
                let number = self.next_number();
                self.push(&format!(" *a{}", number % 3));
                self.end_with(decoration, own);
            }
            Shape::Alias => {
                self.push(" none");
                self.end_with(decoration, own);
            }
            Shape::Scalar(which) => self.scalar(*which, decoration, column, in_list, own),
            // Elements are told from each other.
            Shape::List(_, entries) | Shape::Map(_, entries) if entries.is_empty() && in_list => {
                self.scalar(0, decoration, column, in_list, own);
            }
            Shape::List(flow, _) | Shape::Map(flow, _) if is_flow(*flow) => {
                self.push(" ");
                self.flow(value, pointer, column, own);
                self.end_with(decoration, own);
            }
            Shape::List(_, entries) | Shape::Map(_, entries) if entries.is_empty() => {
                self.push(if matches!(value, Shape::List(..)) { " []" } else { " {}" });
                self.end_with(decoration, own);
            }
            Shape::List(flow, _) | Shape::Map(flow, _) => {
                let inside = match (in_list, matches!(value, Shape::List(..))) {
                    (true, _) => column + 1 + look.dash_gap,
                    (false, true) => column + look.list_step,
                    (false, false) => column + look.step,
                };
                if in_list && *flow == Look::Beside && !decoration.behind && !decoration.anchor {
                    self.push(&" ".repeat(look.dash_gap));
                } else {
                    self.end_with(decoration, own);
                }
                self.collection(value, inside, pointer, own);
                if decoration.tail && inside > column {
                    let number = self.number;
                    self.push(&format!("{}# tail {number}", " ".repeat(inside)));
                    self.end_line();
                }
            }
        }
    }

    fn scalar(&mut self, which: usize, decoration: &Decoration, column: usize, in_list: bool, own: &mut Vec<String>) {
        let step = self.look().step;
        let number = self.next_number().to_string();
        let (mut first, lines) = SCALARS[which];
        // Elements are told from each other.
        if in_list && !first.contains('%') && lines.is_empty() {
            first = "w%";
        }
        if !first.is_empty() {
            self.push(" ");
        }
        let is_block = first.starts_with(['|', '>']);
        let first = if first == "|2-" {
            format!("|{step}-")
        } else {
            first.replace('%', &number)
        };
        self.push(&first);
        if lines.is_empty() {
            self.end_with(decoration, own);
            return;
        }
        if is_block {
            self.end_with(decoration, own);
        } else {
            self.end_line();
        }
        for (index, line) in lines.iter().enumerate() {
            if !line.is_empty() {
                self.push(&" ".repeat(column + step));
            }
            self.push(&line.replace('%', &number));
            if index + 1 == lines.len() && !is_block {
                self.end_with(decoration, own);
            } else {
                self.end_line();
            }
        }
    }

    /// A value in brackets, without the end of its line.
    fn flow(&mut self, shape: &Shape, pointer: &str, column: usize, own: &mut Vec<String>) {
        let (look, entries, is_list) = match shape {
            Shape::List(look, entries) => (*look, entries, true),
            Shape::Map(look, entries) => (*look, entries, false),
            Shape::Scalar(which) => {
                let number = self.next_number().to_string();
                let scalar = FLOW_SCALARS[which % FLOW_SCALARS.len()];
                // As in lines: no two elements are equal.
                let scalar = if scalar.contains('%') { scalar } else { "w%" };
                self.push(&scalar.replace('%', &number));
                return;
            }
            Shape::Alias => {
                self.push("none");
                return;
            }
        };
        let in_lines = look == Look::FlowLines && !entries.is_empty();
        let indent = " ".repeat(column + self.look().step);
        self.push(if is_list { "[" } else { "{" });
        let opening = self.line;
        let mut added = Vec::new();
        for (index, (decoration, value)) in entries.iter().enumerate() {
            let mut inner_comments = Vec::new();
            if in_lines {
                if index == 0 {
                    self.end_line();
                }
                for _ in 0..decoration.above {
                    let comment = self.comment(&mut inner_comments);
                    self.push(&format!("{indent}{comment}"));
                    self.end_line();
                }
                self.push(&indent);
            }
            let inner = if is_list {
                format!("{pointer}/{index}")
            } else {
                let number = self.next_number();
                self.push(&format!("k{number}: "));
                format!("{pointer}/k{number}")
            };
            let is_empty = matches!(value, Shape::List(_, entries) | Shape::Map(_, entries) if entries.is_empty());
            let value = if is_empty && is_list { &Shape::Scalar(0) } else { value };
            self.flow(value, &inner, column + self.look().step, &mut inner_comments);
            if index + 1 < entries.len() {
                self.push(",");
            }
            if in_lines {
                self.end_with(decoration, &mut inner_comments);
            } else if index + 1 < entries.len() {
                self.push(" ");
            }
            added.push((inner, inner_comments));
        }
        if in_lines {
            self.push(&" ".repeat(column));
            if column == 0 && !pointer.is_empty() {
                self.push(" ");
            }
        }
        self.push(if is_list { "]" } else { "}" });
        for (pointer, comments) in added {
            own.extend(comments.clone());
            self.nodes.push(Node {
                pointer,
                lines: opening..self.line + 1,
                comments,
                is_in_flow: true,
                is_beside: false,
            });
        }
    }
}
