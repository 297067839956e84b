//! Numbers of things, for people.

use std::fmt::Display;

/// `1 rule`, `2 rules`: a number of any type, and what is counted.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(number: N, what: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {what}{plural}")
}
