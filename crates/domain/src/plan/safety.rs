//! The safety stop: how many documents one run may change, switch off or empty.

use crate::document::{DocumentKind, ListIdentity};
use crate::json::Node;
use crate::pointer::Pointer;

/// The effects of one update that the safety stop counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The switches that it turns off.
    pub disables: Vec<Pointer>,
    /// The parts with a switch of their own that it takes away; of kinds that have such parts.
    pub removes: Vec<Pointer>,
    /// The lists that it empties. One that was empty before is not emptied.
    pub empties: Vec<Pointer>,
}

impl Effects {
    /// The effects of an update from one document to another.
    pub fn between<K: DocumentKind>(before: &K, after: &K) -> Self {
        let is_switch = |name: &str| {
            let groups = K::MEMBERS.iter().filter_map(|member| member.group);
            groups.filter_map(|group| group.switch).any(|switch| switch == name)
        };
        let is_full = |list: Node<'_>| list.elements().next().is_some();
        let mut effects = Self::default();
        for member in K::MEMBERS {
            let (old, new) = (before.member(member.name), after.member(member.name));
            if is_switch(member.name) && old.is_some_and(is_true) && !new.is_some_and(is_true) {
                effects.disables.push(member.pointer());
            }
            let may_be_list = member.list != ListIdentity::Whole;
            if may_be_list && old.is_some_and(is_full) && !new.is_some_and(is_full) {
                effects.empties.push(member.pointer());
            }
        }
        effects
    }
}

fn is_true(node: Node<'_>) -> bool {
    node.as_bool() == Some(true)
}

/// The kinds of effect that a run is limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SafetyKind {
    /// Documents that are changed.
    Changed,
    /// Documents that are switched off.
    Disabled,
    /// Documents of which a part with a switch of its own is taken away.
    Removed,
    /// Documents of which a list is emptied.
    Emptied,
}

impl SafetyKind {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Disabled, Self::Removed, Self::Emptied];

    /// The name in plans, settings and flags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "change",
            Self::Disabled => "disable",
            Self::Removed => "remove",
            Self::Emptied => "empty",
        }
    }
}

/// The limits of a run, as shares of its documents. The smallest numbers protect small sets too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyLimits {
    change: usize,
    disable: usize,
    remove: usize,
    empty: usize,
}

impl SafetyLimits {
    /// The limits for so many documents: 30 % may be changed and at least 5, 10 % switched off and at least 1, 10 % lose a
    /// part and at least 1, none be emptied.
    pub fn of(documents: usize) -> Self {
        let share = |percent: usize, at_least: usize| (documents.saturating_mul(percent) / 100).max(at_least);
        Self {
            change: share(30, 5),
            disable: share(10, 1),
            remove: share(10, 1),
            empty: 0,
        }
    }

    /// The same limits with another number for one kind, by a person's word.
    #[must_use]
    pub fn with(mut self, kind: SafetyKind, number: usize) -> Self {
        *match kind {
            SafetyKind::Changed => &mut self.change,
            SafetyKind::Disabled => &mut self.disable,
            SafetyKind::Removed => &mut self.remove,
            SafetyKind::Emptied => &mut self.empty,
        } = number;
        self
    }

    /// The limit for a kind of effect.
    pub fn limit(self, kind: SafetyKind) -> usize {
        match kind {
            SafetyKind::Changed => self.change,
            SafetyKind::Disabled => self.disable,
            SafetyKind::Removed => self.remove,
            SafetyKind::Emptied => self.empty,
        }
    }
}

/// A count of a run beside its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SafetyCount {
    /// The kind of effect.
    pub kind: SafetyKind,
    /// The number of documents.
    pub count: usize,
    /// The number that is let through.
    pub limit: usize,
}

impl SafetyCount {
    /// True if the run is stopped.
    pub fn is_exceeded(self) -> bool {
        self.count > self.limit
    }
}

/// The counts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Safety([SafetyCount; 4]);

impl Safety {
    /// The counts of a run with these updates, beside its limits.
    pub fn of<'e>(updates: impl IntoIterator<Item = &'e Effects>, limits: SafetyLimits) -> Self {
        let (mut changed, mut disabled, mut removed, mut emptied) = (0, 0, 0, 0);
        for effects in updates {
            changed += 1;
            disabled += usize::from(!effects.disables.is_empty());
            removed += usize::from(!effects.removes.is_empty());
            emptied += usize::from(!effects.empties.is_empty());
        }
        let count = |kind, count| SafetyCount {
            kind,
            count,
            limit: limits.limit(kind),
        };
        Self([
            count(SafetyKind::Changed, changed),
            count(SafetyKind::Disabled, disabled),
            count(SafetyKind::Removed, removed),
            count(SafetyKind::Emptied, emptied),
        ])
    }

    /// The counts, in the order of [`SafetyKind::ALL`].
    pub fn counts(&self) -> impl Iterator<Item = SafetyCount> {
        self.0.into_iter()
    }

    /// The counts that stop the run.
    pub fn exceeded(&self) -> impl Iterator<Item = SafetyCount> {
        self.counts().filter(|count| count.is_exceeded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

    #[test]
    fn limits_are_shares_that_protect_small_sets_too() {
        for (documents, change, disable) in [(1, 5, 1), (16, 5, 1), (20, 6, 2), (1_000, 300, 100)] {
            let limits = SafetyLimits::of(documents);
            let found = SafetyKind::ALL.map(|kind| limits.limit(kind));
            assert_eq!(found, [change, disable, disable, 0], "{documents}");
        }
    }

    #[test]
    fn a_run_stops_beyond_a_limit_and_a_word_for_one_kind_lets_through_no_other() {
        let off_and_empty = Effects {
            disables: vec![Pointer::root().member("enabled")],
            empties: vec![Pointer::root().member("actions")],
            ..Effects::default()
        };
        let updates = [off_and_empty, Effects::default()];
        let stopped = |limits| {
            let safety = Safety::of(&updates, limits);
            safety.exceeded().map(|count| count.kind).collect::<Vec<_>>()
        };
        let limits = SafetyLimits::of(2);
        assert_eq!(stopped(limits), [SafetyKind::Emptied]);
        assert_eq!(stopped(limits.with(SafetyKind::Emptied, 1)), []);
        let none = limits.with(SafetyKind::Disabled, 0).with(SafetyKind::Changed, 1);
        let all = [SafetyKind::Changed, SafetyKind::Disabled, SafetyKind::Emptied];
        assert_eq!(stopped(none), all);
    }

    #[test]
    fn what_was_off_or_empty_before_is_no_effect() {
        let rule = |enabled: &str, actions: &str| -> TriggerRule {
            format!(r#"{{"id":"r","ruleType":"c","enabled":{enabled},"actions":{actions}}}"#)
                .parse()
                .unwrap()
        };
        let full = r#"[{"type":"call"}]"#;
        for (before, after, disables, empties) in [
            (("true", full), ("false", "[]"), 1, 1),
            (("false", "[]"), ("false", "[]"), 0, 0),
            (("false", "[]"), ("true", full), 0, 0),
            (("true", full), ("true", r#"[{"type":"display"}]"#), 0, 0),
        ] {
            let effects = Effects::between(&rule(before.0, before.1), &rule(after.0, after.1));
            assert_eq!(
                (effects.disables.len(), effects.empties.len()),
                (disables, empties),
                "{before:?} {after:?}"
            );
        }
    }
}
