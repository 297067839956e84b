//! What a rule says, as a few digits: one for each member that somebody may change. The last is a stranger, which
//! only people in the platform's own pages change.

use std::fmt;
use std::sync::LazyLock;

use domain::json::Document;
use domain::{Draft, Field, RuleChange, TriggerRule};

/// How many members change.
pub(crate) const MEMBERS: usize = 6;

/// Their names, in the order of [`Field::ALL`], then the stranger.
pub(crate) const NAMES: [&str; MEMBERS] = ["name", "description", "enabled", "conditions", "actions", "x-stranger"];

/// The members that make sense only together.
pub(crate) const GROUP: [usize; 3] = [2, 3, 4];

/// Where `enabled` stands in [`NAMES`], and the digit that says no.
pub(crate) const ENABLED: usize = 2;
pub(crate) const DISABLED: u8 = 1;

const VALUES: [&[&str]; MEMBERS] = [
    &[r#""n0""#, r#""n1""#, r#""n2""#, r#""n3""#],
    &[r#""d0""#, r#""d1""#, r#""d2""#],
    &["true", "false"],
    &[
        r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c0"}]"#,
        r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c1"}]"#,
        r#"[{"type":"keyword","field":"conversation.text","operator":"contains","value":"c2"}]"#,
    ],
    &[
        r#"[{"type":"display","templateId":"t0"}]"#,
        r#"[{"type":"display","templateId":"t1"}]"#,
        r#"[{"type":"call"}]"#,
    ],
    &["0", "1", "2"],
];

static DOCUMENTS: LazyLock<Vec<Vec<Document>>> = LazyLock::new(|| {
    let parsed = |text: &&str| text.parse().unwrap();
    VALUES
        .iter()
        .map(|values| values.iter().map(parsed).collect())
        .collect()
});

/// A digit that stands for a value which nobody ever wrote.
const STRANGE: u8 = 9;

/// What a rule says: a digit a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Content(pub(crate) [u8; MEMBERS]);

/// What somebody wants a rule to say: a digit for each member that they name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Wanted(pub(crate) [Option<u8>; MEMBERS]);

impl Content {
    pub(crate) fn of(rule: &TriggerRule) -> Self {
        let mut digits = [STRANGE; MEMBERS];
        for (index, digit) in digits.iter_mut().enumerate() {
            let raw = rule.member(NAMES[index]).map(domain::json::Node::raw);
            let place = VALUES[index].iter().position(|value| Some(*value) == raw);
            *digit = place.and_then(|place| u8::try_from(place).ok()).unwrap_or(STRANGE);
        }
        Self(digits)
    }

    pub(crate) fn rule(self, id: &str) -> TriggerRule {
        let mut text = format!(r#"{{"id":"{id}","ruleType":"conversation""#);
        for (index, digit) in self.0.into_iter().enumerate() {
            text.push_str(",\"");
            text.push_str(NAMES[index]);
            text.push_str("\":");
            text.push_str(VALUES[index][usize::from(digit)]);
        }
        text.push('}');
        text.parse().unwrap()
    }

    pub(crate) fn with(mut self, wanted: Wanted) -> Self {
        for (digit, wanted) in self.0.iter_mut().zip(wanted.0) {
            *digit = wanted.unwrap_or(*digit);
        }
        self
    }

    pub(crate) fn says(self, wanted: Wanted) -> bool {
        self.with(wanted) == self
    }

    /// The members in which it differs from another.
    pub(crate) fn differs(self, other: Self) -> impl Iterator<Item = usize> {
        (0..MEMBERS).filter(move |index| self.0[*index] != other.0[*index])
    }
}

impl Wanted {
    pub(crate) fn names(self, member: usize) -> bool {
        self.0[member].is_some()
    }

    pub(crate) fn change(self) -> RuleChange {
        let mut change = RuleChange::default();
        for (index, field) in Field::ALL.into_iter().enumerate() {
            if let Some(digit) = self.0[index] {
                change.set(field, DOCUMENTS[index][usize::from(digit)].clone());
            }
        }
        change
    }

    pub(crate) fn draft(self) -> Draft {
        Draft::from(&self.change())
    }
}

/// How many values a member may have.
pub(crate) fn values_of(member: usize) -> usize {
    VALUES[member].len()
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Wanted(self.0.map(Some)).fmt(f)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (name, digit) in NAMES.into_iter().zip(self.0) {
            if let Some(digit) = digit {
                write!(f, "{separator}{name}={digit}")?;
                separator = " ";
            }
        }
        Ok(())
    }
}
