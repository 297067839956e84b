//! Looking at a document: one value in it, and the ways from value to value.

use std::fmt;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::parse::after;
use super::{Document, Number, Precision, Shape, Slot, Span, Tape};
use crate::pointer::Pointer;

/// One value in a [`Document`]. It borrows the document and is as cheap as a reference.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    place: u32,
}

/// A JSON value, by its type.
#[derive(Clone, Copy, Debug)]
pub enum Value<'d> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, with the digits it was written with.
    Number(Number<'d>),
    /// A text, without quotes and escapes.
    String(&'d str),
    /// A list.
    Array(Elements<'d>),
    /// An object.
    Object(Members<'d>),
}

/// One member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'d> {
    /// Its name, without quotes and escapes.
    pub name: &'d str,
    /// The span of the name, with its quotes.
    pub name_span: Span,
    /// Its value.
    pub value: Node<'d>,
}

impl<'d> Node<'d> {
    pub(super) fn new(document: &'d Document, place: u32) -> Self {
        Self { document, place }
    }

    /// The value as a document of its own.
    pub(super) fn copied(self) -> Document {
        let tape = &self.document.tape;
        let first = self.slot().start;
        let own = tape.slots.get(self.place as usize..self.after() as usize);
        let mut decoded = Vec::new();
        let mut copy = |slot: &Slot| {
            let link = match slot.shape {
                Shape::EscapedText => {
                    let text = tape.decoded.get(slot.link as usize).cloned();
                    decoded.push(text.unwrap_or_default());
                    u32::try_from(decoded.len() - 1).unwrap_or(u32::MAX)
                }
                Shape::Array | Shape::Object => slot.link - self.place,
                Shape::Null | Shape::False | Shape::True | Shape::Number | Shape::PlainText => slot.link,
            };
            Slot {
                start: slot.start - first,
                end: slot.end - first,
                link,
                ..*slot
            }
        };
        let slots = own.unwrap_or_default().iter().map(&mut copy).collect();
        Document::of(Tape {
            text: self.raw().into(),
            slots,
            decoded,
            all_exact: tape.all_exact,
            all_whole: tape.all_whole,
            precision: tape.precision,
        })
    }

    /// The value as a document of its own, in the text and the index that it stands in.
    pub(super) fn shared(self) -> Document {
        Document {
            tape: self.document.tape.clone(),
            root: self.place,
        }
    }

    pub(super) fn place(self) -> u32 {
        self.place
    }

    #[inline]
    fn slot(self) -> Slot {
        self.document.slot(self.place)
    }

    pub(super) fn shape(self) -> Shape {
        self.slot().shape
    }

    /// The name of the member whose value it is.
    pub(super) fn name(self) -> Self {
        self.at(self.place.saturating_sub(1))
    }

    /// The member whose value it is, as it was written, where that is its canonical text: a text or a literal, without escapes,
    /// right after its name.
    pub(super) fn canonical_member(self) -> Option<&'d str> {
        let (name, value) = (self.name().slot(), self.slot());
        let is_literal = matches!(value.shape, Shape::PlainText | Shape::Null | Shape::False | Shape::True);
        let is_plain = name.shape == Shape::PlainText && is_literal && value.start == name.end + 1;
        is_plain.then(|| self.document.bytes_between(name.start, value.end))
    }

    fn at(self, place: u32) -> Self {
        Self { place, ..self }
    }

    #[inline]
    fn after(self) -> u32 {
        after(&self.document.tape.slots, self.place)
    }

    /// The value, by its type.
    pub fn value(self) -> Value<'d> {
        let slot = self.slot();
        let (next, end) = (self.place + 1, slot.link);
        let document = self.document;
        match slot.shape {
            Shape::Null => Value::Null,
            Shape::False => Value::Bool(false),
            Shape::True => Value::Bool(true),
            Shape::Number => Value::Number(Number::new(self.raw(), document.tape.precision)),
            Shape::PlainText | Shape::EscapedText => Value::String(document.text_of(slot)),
            Shape::Array => Value::Array(Elements { document, next, end }),
            Shape::Object => Value::Object(Members { document, next, end }),
        }
    }

    /// The precision in which the server of the document keeps fractions.
    pub fn precision(self) -> Precision {
        self.document.precision()
    }

    /// The span of the value in the text.
    pub fn span(self) -> Span {
        self.slot().span(self.document.start())
    }

    /// The value as it was written.
    pub fn raw(self) -> &'d str {
        let slot = self.slot();
        self.document.bytes_between(slot.start, slot.end)
    }

    /// The names, texts, numbers and literals in the value, in the order of the text, by their places in [`raw`](Self::raw).
    pub(super) fn scalars(self) -> impl Iterator<Item = Span> + 'd {
        let first = self.slot().start;
        let own = self.place as usize..self.after() as usize;
        let slots = self.document.tape.slots.get(own).unwrap_or_default().iter();
        let scalars = slots.filter(|slot| !matches!(slot.shape, Shape::Array | Shape::Object));
        scalars.map(move |slot| slot.span(first))
    }

    pub(super) fn text_at(self, span: Span) -> &'d str {
        self.document.text().get(span.start..span.end).unwrap_or_default()
    }

    /// The text, if the value is one.
    #[inline]
    pub fn as_str(self) -> Option<&'d str> {
        let slot = self.slot();
        matches!(slot.shape, Shape::PlainText | Shape::EscapedText).then(|| self.document.text_of(slot))
    }

    /// The truth value, if the value is one.
    pub fn as_bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(truth) => Some(truth),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The number, if the value is one.
    pub fn as_number(self) -> Option<Number<'d>> {
        match self.value() {
            Value::Number(number) => Some(number),
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// True if the value is `null`.
    pub fn is_null(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    /// True if the value is an object.
    pub fn is_object(self) -> bool {
        self.slot().shape == Shape::Object
    }

    /// True if the value is a list.
    pub fn is_array(self) -> bool {
        self.slot().shape == Shape::Array
    }

    /// The elements of a list; nothing for any other value.
    pub fn elements(self) -> Elements<'d> {
        match self.value() {
            Value::Array(items) => items,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => Elements {
                document: self.document,
                next: 0,
                end: 0,
            },
        }
    }

    /// The members of an object; nothing for any other value.
    pub fn members(self) -> Members<'d> {
        match self.value() {
            Value::Object(members) => members,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Members {
                document: self.document,
                next: 0,
                end: 0,
            },
        }
    }

    /// The member of that name, if the value is an object that has it.
    pub fn get(self, name: &str) -> Option<Self> {
        self.members()
            .find(|member| member.name == name)
            .map(|member| member.value)
    }

    /// One step of a pointer: the member of that name, or the element with that index.
    pub fn child(self, token: &str) -> Option<Self> {
        if self.is_array() {
            let is_canonical = token == "0" || token.starts_with(|first: char| matches!(first, '1'..='9'));
            let index: usize = token.parse().ok().filter(|_| is_canonical)?;
            return self.elements().nth(index);
        }
        self.get(token)
    }

    /// True if two values are equal: numbers by value, objects whatever the order of their members.
    pub fn eq_value(self, other: Node<'_>) -> bool {
        match (self.value(), other.value()) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(ours), Value::Bool(theirs)) => ours == theirs,
            (Value::Number(ours), Value::Number(theirs)) => ours == theirs,
            (Value::String(ours), Value::String(theirs)) => ours == theirs && self.has_halves_of(other),
            (Value::Array(ours), Value::Array(theirs)) => {
                ours.count() == theirs.count() && ours.zip(theirs).all(|(ours, theirs)| ours.eq_value(theirs))
            }
            (Value::Object(ours), Value::Object(theirs)) => ours.count() == theirs.count() && self.is_subset_of(other),
            (
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
                _,
            ) => false,
        }
    }

    /// True if two texts that read alike have no half of a surrogate pair, or the same ones. Each reads as U+FFFD.
    fn has_halves_of(self, other: Node<'_>) -> bool {
        let are_whole = self.document.tape.all_whole && other.document.tape.all_whole;
        are_whole || self.raw() == other.raw() || !(self.has_lone_surrogate() || other.has_lone_surrogate())
    }

    /// True if the value is a text with half a surrogate pair in it.
    pub(crate) fn has_lone_surrogate(self) -> bool {
        let may_have = |text: &str| text.contains(char::REPLACEMENT_CHARACTER);
        if self.document.tape.all_whole || !self.as_str().is_some_and(may_have) {
            return false;
        }
        let mut escapes = self.raw().split('\\').skip(1);
        let mut is_first_open = false;
        loop {
            let Some(escape) = escapes.next() else {
                return is_first_open;
            };
            if escape.is_empty() {
                // An escaped backslash: what follows it is no escape.
                escapes.next();
            }
            let code = escape.strip_prefix('u').and_then(|digits| digits.get(..4));
            let code = code.and_then(|digits| u32::from_str_radix(digits, 16).ok());
            let is_next_to_it = escape.len() == 5;
            match code {
                Some(0xdc00..0xe000) if is_first_open => is_first_open = false,
                _ if is_first_open => return true,
                Some(0xd800..0xdc00) if is_next_to_it => is_first_open = true,
                Some(0xd800..0xe000) => return true,
                _ => {}
            }
        }
    }

    /// True if each member of this object is in the other with an equal value. The other may have more.
    pub fn is_subset_of(self, other: Node<'_>) -> bool {
        // Both sides usually have the same order, so the search goes on where it last found something.
        let mut ahead = other.members();
        self.members().all(|ours| {
            let found = match ahead.next() {
                Some(theirs) if theirs.name == ours.name => Some(theirs.value),
                _ => other.get(ours.name),
            };
            found.is_some_and(|theirs| ours.value.eq_value(theirs))
        })
    }

    /// Calls `see` for this value and every value in it, in the order of the text.
    pub fn visit(self, pointer: &Pointer, see: &mut dyn FnMut(&Pointer, Node<'d>)) {
        see(pointer, self);
        for (index, item) in self.elements().enumerate() {
            item.visit(&pointer.index(index), see);
        }
        for member in self.members() {
            member.value.visit(&pointer.member(member.name), see);
        }
    }

    /// Calls `see` for the name of every member in this value.
    pub(super) fn visit_names(self, pointer: &Pointer, see: &mut dyn FnMut(&Pointer, Node<'d>)) {
        for (index, item) in self.elements().enumerate() {
            item.visit_names(&pointer.index(index), see);
        }
        for member in self.members() {
            let inside = pointer.member(member.name);
            see(&inside, member.value.name());
            member.value.visit_names(&inside, see);
        }
    }
}

/// By what they say, as [`Node::eq_value`] does.
impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.eq_value(*other)
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.raw())
    }
}

/// The elements of a list.
#[derive(Clone, Copy)]
pub struct Elements<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl Elements<'_> {
    /// True if there are no elements (left).
    pub fn is_empty(&self) -> bool {
        self.next >= self.end
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "a place in a list is as cheap as a reference, and a fresh walk is a copy"
)]
impl<'d> Iterator for Elements<'d> {
    type Item = Node<'d>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let item = Node::new(self.document, self.next);
        self.next = item.after();
        Some(item)
    }
}

impl fmt::Debug for Elements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// The members of an object.
#[derive(Clone, Copy)]
pub struct Members<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl Members<'_> {
    /// True if there are no members (left).
    pub fn is_empty(&self) -> bool {
        self.next >= self.end
    }
}

#[expect(
    clippy::copy_iterator,
    reason = "a place in a list is as cheap as a reference, and a fresh walk is a copy"
)]
impl<'d> Iterator for Members<'d> {
    type Item = Member<'d>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.is_empty() {
            return None;
        }
        let name = self.document.slot(self.next);
        let value = Node::new(self.document, self.next + 1);
        self.next = value.after();
        Some(Member {
            name: self.document.text_of(name),
            name_span: name.span(self.document.start()),
            value,
        })
    }
}

impl fmt::Debug for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.map(|member| (member.name, member.value)))
            .finish()
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value() {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth) => serializer.serialize_bool(truth),
            Value::Number(number) => number.serialize(serializer),
            // Why raw: a text of Rust cannot hold half a character.
            Value::String(_) if self.has_lone_surrogate() => {
                let raw: &RawValue = serde_json::from_str(self.raw()).map_err(S::Error::custom)?;
                raw.serialize(serializer)
            }
            Value::String(text) => serializer.serialize_str(text),
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(None)?;
                for item in items {
                    list.serialize_element(&item)?;
                }
                list.end()
            }
            Value::Object(members) => {
                let mut object = serializer.serialize_map(None)?;
                for member in members {
                    object.serialize_entry(member.name, &member.value)?;
                }
                object.end()
            }
        }
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.root().serialize(serializer)
    }
}
