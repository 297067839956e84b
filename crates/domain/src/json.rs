//! JSON text as an immutable document that keeps every byte it was read from.
//!
//! A [`Document`] owns its text and an index into it. Values are looked at through [`Node`]s, which borrow;
//! nothing is copied, so reading costs about what parsing costs, and what was read can always be printed again:
//! members keep their order, numbers keep their digits, unknown members stay. Duplicate members are refused, size and
//! depth are bounded ([`MAX_BYTES`], [`MAX_DEPTH`]).
//!
//! Documents do not change in place: [`Document::with_members`] makes a new one.

mod canonical;
mod compact_object;
mod edit;
mod finite;
mod node;
mod number;
mod parse;
mod print;
mod splice;
mod text_error;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

pub(crate) use canonical::canonical_object;
pub use compact_object::CompactObject;
pub use edit::{DocumentError, array_of};
pub use finite::{Finite, NotFiniteError};
pub use node::{Elements, Member, Members, Node, Value};
pub use number::{Number, Precision};
pub use text_error::{JsonError, TextError};

use crate::pointer::Pointer;

/// The longest text that is read, in bytes (1 MiB): a rule is a few kilobytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The number of lists and objects that may stand inside each other.
pub const MAX_DEPTH: usize = 64;

/// A half-open range of bytes in the text of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// An immutable JSON document. Cloning it copies a pointer.
///
/// ```
/// use assist_rules_domain::json::Document;
///
/// let document: Document = r#"{"id": "r1", "weight": 1.50}"#.parse()?;
/// assert_eq!(document.root().get("weight").map(|node| node.raw()), Some("1.50"));
///
/// let twice = r#"{"id": "r1", "id": "r2"}"#.parse::<Document>().unwrap_err();
/// assert_eq!(twice.to_string(), "the member `id` stands twice in one object");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Document {
    tape: Arc<Tape>,
    /// The place of its value in the index: not the first where it is a part of a larger text.
    root: u32,
}

/// The text and the index into it: one slot a value (and a member's name), in the order of the text.
struct Tape {
    text: Box<str>,
    slots: Vec<Slot>,
    /// The decoded texts of strings with escapes; a slot of [`Shape::EscapedText`] points here.
    decoded: Vec<Box<str>>,
    all_exact: bool,
    /// False if a text has half a surrogate pair in it.
    all_whole: bool,
    /// The precision in which the server of the document keeps fractions.
    precision: Precision,
}

/// One value in the index.
#[derive(Clone, Copy)]
struct Slot {
    shape: Shape,
    start: u32,
    end: u32,
    /// For a list or an object the slot after its last descendant; for an escaped text its place in `decoded`.
    link: u32,
}

impl Slot {
    /// The bytes of the value in a text that begins at this byte of the tape's.
    fn span(self, text: u32) -> Span {
        Span {
            start: self.start.saturating_sub(text) as usize,
            end: self.end.saturating_sub(text) as usize,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Null,
    False,
    True,
    Number,
    /// A string without escapes: its text stands between the quotes.
    PlainText,
    EscapedText,
    Array,
    Object,
}

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// Everything that keeps the text from being a document: the first place where it stops being JSON, or else
    /// every member that stands twice.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        parse::parse(text)
    }

    /// `{}`
    pub fn empty_object() -> Self {
        let slot = Slot {
            shape: Shape::Object,
            start: 0,
            end: 2,
            link: 1,
        };
        Self::of(Tape {
            text: "{}".into(),
            slots: vec![slot],
            decoded: Vec::new(),
            all_exact: true,
            all_whole: true,
            precision: Precision::Exact,
        })
    }

    fn of(tape: Tape) -> Self {
        Self {
            tape: Arc::new(tape),
            root: 0,
        }
    }

    /// The same document of a server that keeps fractions in this precision: it decides which numbers are equal. The text
    /// stays.
    ///
    /// ```
    /// use assist_rules_domain::json::{Document, Precision};
    ///
    /// let written: Document = "[0.6]".parse()?;
    /// let stored: Document = "[0.6000000238418579]".parse()?;
    /// assert_ne!(written, stored);
    /// assert_eq!(written, stored.with_precision(Precision::Single));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_precision(mut self, precision: Precision) -> Self {
        if self.precision() == precision {
            return self;
        }
        if Arc::get_mut(&mut self.tape).is_none() {
            self = self.root().copied();
        }
        if let Some(tape) = Arc::get_mut(&mut self.tape) {
            tape.precision = precision;
        }
        self
    }

    /// The precision in which the server of the document keeps fractions.
    pub fn precision(&self) -> Precision {
        self.tape.precision
    }

    /// The value that the document is.
    pub fn root(&self) -> Node<'_> {
        Node::new(self, self.root)
    }

    /// The text, byte for byte as it was read.
    pub fn text(&self) -> &str {
        if self.root == 0 {
            return &self.tape.text;
        }
        self.root().raw()
    }

    /// The byte of the tape's text that the text of the document begins with.
    fn start(&self) -> u32 {
        if self.root == 0 { 0 } else { self.slot(self.root).start }
    }

    /// The value at a pointer.
    pub fn resolve(&self, pointer: &Pointer) -> Option<Node<'_>> {
        pointer.tokens().try_fold(self.root(), |node, token| node.child(&token))
    }

    /// The bytes of the value at a pointer or, when there is none, of the nearest value around it: a member that
    /// is missing is missing from its parent.
    pub fn span_at(&self, pointer: &Pointer) -> Span {
        let mut node = self.root();
        for token in pointer.tokens() {
            let Some(next) = node.child(&token) else { break };
            node = next;
        }
        node.span()
    }

    /// The texts with half a surrogate pair (`\ud800`) in them, in document order: it is no character, and other programs
    /// refuse or alter it.
    pub fn lone_surrogates(&self) -> Vec<Pointer> {
        let mut found = Vec::new();
        if !self.tape.all_whole {
            self.root().visit(&Pointer::root(), &mut |pointer, node| {
                if node.has_lone_surrogate() {
                    found.push(pointer.clone());
                }
            });
        }
        found
    }

    /// The numbers that cannot be held exactly, in document order: an integer beyond 64 bits, a fraction with
    /// more digits than a double has, an exponent out of range. Other programs would alter them.
    pub fn inexact_numbers(&self) -> Vec<Pointer> {
        if self.tape.all_exact {
            return Vec::new();
        }
        let is_inexact = |node: Node<'_>| match node.value() {
            Value::Number(number) => !number.is_exact(),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => false,
        };
        let mut found = Vec::new();
        self.root().visit(&Pointer::root(), &mut |pointer, node| {
            if is_inexact(node) {
                found.push(pointer.clone());
            }
        });
        found
    }

    #[inline]
    fn slot(&self, at: u32) -> Slot {
        let nothing = Slot {
            shape: Shape::Null,
            start: 0,
            end: 0,
            link: 0,
        };
        self.tape.slots.get(at as usize).copied().unwrap_or(nothing)
    }

    /// The text of a string, without quotes and escapes.
    #[inline]
    fn text_of(&self, slot: Slot) -> &str {
        if slot.shape == Shape::EscapedText {
            return self.tape.decoded.get(slot.link as usize).map_or("", |text| text);
        }
        self.bytes_between(slot.start + 1, slot.end.saturating_sub(1))
    }

    #[inline]
    fn bytes_between(&self, start: u32, end: u32) -> &str {
        self.tape.text.get(start as usize..end as usize).unwrap_or_default()
    }
}

impl FromStr for Document {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// Two documents are equal if they say the same: white space, escapes, the order of members and the spelling of
/// a number do not count.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (Arc::ptr_eq(&self.tape, &other.tape) && self.root == other.root) || self.root().eq_value(other.root())
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.text()).finish()
    }
}
