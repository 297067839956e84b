//! The selection of documents by what is known of them: `--select` and `--exclude`.

use std::fmt;
use std::str::FromStr;

use domain::json::Node;
use domain::{DocumentKind, TriggerRule};

use crate::authored::Authored;

/// Documents that are chosen, and documents that are left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    pub(crate) select: Vec<Term>,
    pub(crate) exclude: Vec<Term>,
}

/// One `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Term {
    key: Key,
    value: String,
}

/// The keys of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Kind,
    Id,
    Name,
    Type,
    Enabled,
    File,
}

impl Key {
    const ALL: [(&'static str, Self); 6] = [
        ("kind", Self::Kind),
        ("id", Self::Id),
        ("name", Self::Name),
        ("type", Self::Type),
        ("enabled", Self::Enabled),
        ("file", Self::File),
    ];
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys = Key::ALL.map(|(name, _)| name).join(", ");
        let wrong = || format!("`{text}` is no KEY=VALUE; KEY is one of: {keys}");
        let (key, value) = text.split_once('=').ok_or_else(wrong)?;
        let (_, key) = Key::ALL.into_iter().find(|(name, _)| *name == key).ok_or_else(wrong)?;
        if key == Key::Enabled && !matches!(value, "true" | "false") {
            return Err(format!("`{text}`: `enabled` is true or false"));
        }
        Ok(Self {
            key,
            value: value.to_owned(),
        })
    }
}

/// A document as a selection knows it: a member of the file counts before that of the organization. What neither says is
/// none.
#[derive(Clone, Copy, Debug, Default)]
struct Selectable<'a> {
    kind: &'a str,
    id: &'a str,
    file: &'a str,
    name: Option<&'a str>,
    rule_type: Option<&'a str>,
    enabled: Option<bool>,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Key::ALL.into_iter().find(|(_, key)| *key == self.key);
        write!(f, "{}={}", name.map_or("", |(name, _)| name), self.value)
    }
}

impl Term {
    /// True if the term is about this document; none if that cannot be told yet.
    fn is_about(&self, document: Selectable<'_>) -> Option<bool> {
        let value = self.value.as_str();
        match self.key {
            Key::Kind => Some(value == document.kind),
            Key::Id => Some(value == document.id),
            Key::Name => document.name.map(|name| matches(value, name, Stars::Anything)),
            Key::Type if document.kind != TriggerRule::NAME.as_str() => Some(false),
            Key::Type => document.rule_type.map(|rule_type| rule_type == value),
            Key::Enabled => document.enabled.map(|enabled| enabled.to_string() == value),
            Key::File => Some(matches(value, document.file, Stars::WithinFolder)),
        }
    }
}

impl Selection {
    /// True if it leaves out nothing.
    pub(crate) fn is_everything(&self) -> bool {
        self.select.is_empty() && self.exclude.is_empty()
    }

    /// False if no document of a kind can be chosen.
    pub(crate) fn may_choose(&self, kind: &str) -> bool {
        let is_of = |term: &Term| term.key == Key::Kind && term.value == kind;
        let mut kinds = self.select.iter().filter(|term| term.key == Key::Kind).peekable();
        let is_selected = kinds.peek().is_none() || kinds.any(is_of);
        is_selected && !self.exclude.iter().any(is_of)
    }

    /// True for a document that is chosen, by its file and by the organization where the file does not say; none if that
    /// cannot be told yet. `title` is the name by which people know the document, of one that does not know it itself.
    pub(crate) fn chooses_document<K: DocumentKind>(
        &self,
        file: Option<&Authored<K>>,
        id: &str,
        stored: Option<&K>,
        title: Option<&str>,
    ) -> Option<bool> {
        if self.is_everything() {
            return Some(true);
        }
        let written = file.map(Authored::document);
        let member = |name: &str| {
            let written = written.as_ref().and_then(|document| document.root().get(name));
            written.or_else(|| stored.and_then(|stored| stored.member(name)))
        };
        self.chooses(Selectable {
            kind: K::NAME.as_str(),
            id,
            file: file.map_or("", |file| file.file.as_str()),
            name: K::TITLE.and_then(member).and_then(Node::as_str).or(title),
            rule_type: member("ruleType").and_then(Node::as_str),
            enabled: member("enabled").and_then(Node::as_bool),
        })
    }

    /// True for a document of a file that is not known to be left out, by its kind, its id and its file alone.
    pub(crate) fn may_choose_file(&self, kind: &str, id: &str, file: &str) -> bool {
        let document = Selectable {
            kind,
            id,
            file,
            name: None,
            rule_type: None,
            enabled: None,
        };
        self.chooses(document) != Some(false)
    }

    /// True for a document that is chosen; none if that cannot be told without the organization.
    ///
    /// Terms of one key are alternatives, keys are conditions, and what is excluded is out.
    fn chooses(&self, document: Selectable<'_>) -> Option<bool> {
        let mut is_known = true;
        for (_, key) in Key::ALL {
            let mut terms = self.select.iter().filter(|term| term.key == key).peekable();
            if terms.peek().is_none() {
                continue;
            }
            let answers: Vec<Option<bool>> = terms.map(|term| term.is_about(document)).collect();
            if answers.iter().all(|answer| *answer == Some(false)) {
                return Some(false);
            }
            is_known &= answers.contains(&Some(true));
        }
        for term in &self.exclude {
            match term.is_about(document) {
                Some(true) => return Some(false),
                Some(false) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(true)
    }
}

/// The reach of a `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stars {
    /// Any letters.
    Anything,
    /// Any letters but `/`; `**` is any letters.
    WithinFolder,
}

/// True if a text matches a pattern of `*`, `**` and `?`. Nothing else is special, and case counts.
fn matches(pattern: &str, text: &str, stars: Stars) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    // The places of the pattern that the letters so far lead to.
    let mut reached = vec![false; pattern.len() + 1];
    pass_stars(&pattern, &mut reached, 0);
    for letter in text {
        let mut next = vec![false; pattern.len() + 1];
        for (at, sign) in pattern.iter().enumerate() {
            if !reached.get(at).copied().unwrap_or(false) {
                continue;
            }
            if *sign == '*' {
                let is_double = pattern.get(at + 1) == Some(&'*') || (at > 0 && pattern.get(at - 1) == Some(&'*'));
                if stars == Stars::Anything || is_double || letter != '/' {
                    pass_stars(&pattern, &mut next, at);
                }
            } else if *sign == letter || (*sign == '?' && (stars == Stars::Anything || letter != '/')) {
                pass_stars(&pattern, &mut next, at + 1);
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

/// Marks a place of the pattern as reached, and those after the stars that stand there.
fn pass_stars(pattern: &[char], reached: &mut [bool], mut at: usize) {
    loop {
        if let Some(place) = reached.get_mut(at) {
            *place = true;
        }
        if pattern.get(at) != Some(&'*') {
            return;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stop_at_folders_and_two_do_not() {
        for (pattern, text, stars, is_match) in [
            ("rules/*.yaml", "rules/a.yaml", Stars::WithinFolder, true),
            ("rules/*.yaml", "rules/b/a.yaml", Stars::WithinFolder, false),
            ("rules/**.yaml", "rules/b/a.yaml", Stars::WithinFolder, true),
            ("**/a.yaml", "rules/b/a.yaml", Stars::WithinFolder, true),
            ("*", "a/b", Stars::Anything, true),
            ("R?fund*", "Refunds (VIP)", Stars::Anything, true),
            ("refund*", "Refunds", Stars::Anything, false),
            ("[ab]", "a", Stars::Anything, false),
            ("", "", Stars::Anything, true),
            ("*", "", Stars::Anything, true),
            ("a", "", Stars::Anything, false),
        ] {
            assert_eq!(matches(pattern, text, stars), is_match, "{pattern} {text}");
        }
    }

    #[test]
    fn terms_of_one_key_are_alternatives_keys_are_conditions_and_excluded_is_out() {
        let terms = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let rule = Selectable {
            kind: "rule",
            id: "r1",
            file: "rules/a.yaml",
            name: Some("Refund"),
            rule_type: None,
            enabled: Some(true),
        };
        for (select, exclude, expected) in [
            (&[][..], &[][..], Some(true)),
            (&["id=r1", "id=r2"], &[], Some(true)),
            (&["id=r2"], &[], Some(false)),
            (&["id=r1", "enabled=false"], &[], Some(false)),
            (&["id=r1", "kind=rule", "name=Ref*"], &["file=rules/**"], Some(false)),
            (&["type=conversation"], &[], None),
            (&["type=conversation", "id=r2"], &[], Some(false)),
            (&[], &["type=conversation"], None),
            (&["kind=copilot"], &[], Some(false)),
        ] {
            let selection = Selection {
                select: terms(select),
                exclude: terms(exclude),
            };
            assert_eq!(selection.chooses(rule), expected, "{select:?} {exclude:?}");
        }
        for wrong in ["id", "size=3", "enabled=yes"] {
            assert!(wrong.parse::<Term>().is_err(), "{wrong}");
        }
    }
}
