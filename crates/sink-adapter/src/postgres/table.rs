//! The name of a table, which stands in statements as it is.

use std::str::FromStr;

use crate::cloud_event::FIRST_KIND;

/// The most letters of a name: PostgreSQL ignores the rest.
const LONGEST: usize = 63;

/// A table, with or without its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table(Vec<String>);

/// A text that is no name of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a table is `NAME` or `SCHEMA.NAME`, of lower-case letters, digits and `_`, not longer than {LONGEST}: `{0}`")]
pub struct TableNameError(String);

impl Table {
    /// The name in quotes, so that no word of SQL is mistaken in it.
    pub(super) fn quoted(&self) -> String {
        let quoted = self.0.iter().map(|part| format!("\"{part}\""));
        quoted.collect::<Vec<_>>().join(".")
    }
}

impl Table {
    /// The table of events about documents of a kind: the one that is named for rules, and `NAME_KIND` for another.
    pub(super) fn of_kind(&self, kind: &str) -> Result<Self, TableNameError> {
        if kind == FIRST_KIND {
            return Ok(self.clone());
        }
        (self.0.join(".") + "_" + &kind.replace('-', "_")).parse()
    }
}

impl FromStr for Table {
    type Err = TableNameError;

    fn from_str(text: &str) -> Result<Self, TableNameError> {
        let parts: Vec<String> = text.split('.').map(str::to_owned).collect();
        if parts.len() > 2 || !parts.iter().all(|part| is_name(part)) {
            return Err(TableNameError(text.to_owned()));
        }
        Ok(Self(parts))
    }
}

/// Capital letters are no part of it: in quotes they would count, and elsewhere they do not.
fn is_name(text: &str) -> bool {
    let belongs = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= LONGEST
        && text.bytes().all(belongs)
        && text.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_table_of_its_own() {
        let table: Table = "audit.events".parse().unwrap();
        let name = |kind: &str| table.of_kind(kind).map(|table| table.quoted());
        assert_eq!(name("rule").unwrap(), "\"audit\".\"events\"");
        assert_eq!(name("copilot").unwrap(), "\"audit\".\"events_copilot\"");
        for no_kind in ["a\"b", "a.b", &"x".repeat(60)] {
            assert!(name(no_kind).is_err(), "{no_kind}");
        }
    }

    #[test]
    fn names_are_quoted_and_nothing_else_is_one() {
        for (text, quoted) in [
            ("events", Some("\"events\"")),
            ("audit.select", Some("\"audit\".\"select\"")),
            ("_e1", Some("\"_e1\"")),
            ("", None),
            ("a.", None),
            (".a", None),
            ("a.b.c", None),
            ("Events", None),
            ("1a", None),
            ("a-b", None),
            ("a\"; DROP TABLE x; --", None),
            ("é", None),
            (&"a".repeat(64), None),
        ] {
            assert_eq!(
                text.parse::<Table>().ok().map(|table| table.quoted()).as_deref(),
                quoted,
                "{text}"
            );
        }
    }
}
