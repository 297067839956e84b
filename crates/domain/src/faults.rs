//! The faults that documents of any kind have, in one wording.

use crate::code::Code;
use crate::finding::Finding;
use crate::json::{Node, Value};
use crate::pointer::Pointer;
use crate::suggest::nearest;

/// A value that is not what is wanted there: `a text`, `a list`.
pub(crate) fn wrong_type(pointer: Pointer, wanted: &str, found: Node<'_>) -> Finding {
    let found = match found.value() {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    Finding::new(Code::WrongType, pointer, format!("expected {wanted}, found {found}"))
}

/// A member that is not there, and the thing that needs it: `a condition`.
pub(crate) fn missing(parent: &Pointer, name: &str, whose: &str) -> Finding {
    Finding::new(
        Code::MissingMember,
        parent.member(name),
        format!("{whose} needs `{name}`"),
    )
}

/// A name of what is none of those that are known, with the nearest of them.
pub(crate) fn unknown_name(code: Code, pointer: Pointer, what: &str, name: &str, known: &[&str]) -> Finding {
    let shown: String = name.chars().take(80).collect();
    let help = match nearest(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known here: {}", known.join(", ")),
    };
    Finding::new(code, pointer, format!("unknown {what} `{shown}`")).with_help(help)
}
