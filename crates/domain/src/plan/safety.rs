//! The safety stop: how many documents one run may change, switch off or empty.

use std::collections::BTreeSet;

use crate::document::{DocumentKind, Likeness, ListIdentity, Origin, document_changes, origins_by_likeness};
use crate::json::Node;
use crate::pointer::Pointer;

/// The effects of one update that the safety stop counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The changes: one of a document as a whole. Of a document that has rules each rule that comes, goes, moves or changes
    /// is one, and all else together is one.
    pub changes: usize,
    /// The switches that it turns off.
    pub disables: Vec<Pointer>,
    /// The rules that it takes out of a document, of kinds whose documents have rules.
    pub removes: Vec<Pointer>,
    /// The lists that it empties. One that was empty before is not emptied.
    pub empties: Vec<Pointer>,
}

impl Effects {
    /// The effects of an update from one document to another.
    pub fn between<K: DocumentKind>(before: &K, after: &K) -> Self {
        let mut effects = Self::default();
        for switch in K::SWITCHES {
            if is_on(value_at(before, switch)) && !is_on(value_at(after, switch)) {
                effects.disables.push(place_of(switch));
            }
        }
        let mut rules = Vec::new();
        for member in K::MEMBERS {
            let nested = member.nested.unwrap_or_default().iter();
            let lists = nested.filter(|list| list.path.split('/').next() == Some(member.name));
            for (path, identity) in lists
                .map(|list| (list.path, list.identity))
                .chain((member.list != ListIdentity::Whole).then_some((member.name, member.list)))
            {
                let place = place_of(path);
                let [old, new] = [before, after].map(|document| elements(value_at(document, path)));
                if let ListIdentity::Like(likeness) = identity {
                    effects.add_rules(likeness, &place, &old, &new);
                    rules.push(place.clone());
                }
                if !old.is_empty() && new.is_empty() {
                    effects.empties.push(place);
                }
            }
        }
        if rules.is_empty() || differ_beside(&rules, before, after) {
            effects.changes += 1;
        }
        effects
    }

    /// Adds the rules of a list that come, go, move or change.
    fn add_rules(&mut self, likeness: Likeness, place: &Pointer, old: &[Node<'_>], new: &[Node<'_>]) {
        let origins = origins_by_likeness(likeness, old, new);
        let kept: BTreeSet<usize> = origins.iter().copied().filter_map(Origin::index).collect();
        let gone = (0..old.len()).filter(|index| !kept.contains(index));
        self.removes.extend(gone.map(|index| place.index(index)));
        self.changes += old.len() - kept.len();
        for (index, (rule, origin)) in new.iter().zip(origins).enumerate() {
            let before = origin.index().and_then(|index| old.get(index));
            let is_same = before.is_some_and(|before| before.eq_value(*rule));
            self.changes += usize::from(!is_same || matches!(origin, Origin::Moved(_)));
            if let (Some(switch), Some(before)) = (likeness.switch, before)
                && is_on(before.get(switch))
                && !is_on(rule.get(switch))
            {
                self.disables.push(place.index(index).member(switch));
            }
        }
    }
}

/// The place that members joined by `/` lead to.
fn place_of(path: &str) -> Pointer {
    path.split('/')
        .fold(Pointer::root(), |place, member| place.member(member))
}

fn value_at<'d, K: DocumentKind>(document: &'d K, path: &str) -> Option<Node<'d>> {
    let root = document.document().root();
    path.split('/').try_fold(root, Node::get)
}

fn elements(list: Option<Node<'_>>) -> Vec<Node<'_>> {
    list.into_iter().flat_map(Node::elements).collect()
}

fn is_on(switch: Option<Node<'_>>) -> bool {
    switch.and_then(Node::as_bool) == Some(true)
}

/// True if two documents differ in more than these lists.
fn differ_beside<K: DocumentKind>(lists: &[Pointer], before: &K, after: &K) -> bool {
    let is_within = |place: &Pointer| lists.iter().any(|list| place.moved(list, &Pointer::root()).is_some());
    let differences = document_changes(before, after).into_iter();
    let mut places = differences.map(|found| found.difference.pointer);
    places.any(|place| !is_within(&place))
}

/// The kinds of effect that a run is limited in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SafetyKind {
    /// Changes, of documents and of the rules in them.
    Changed,
    /// Documents, and rules in them, that are switched off.
    Disabled,
    /// Rules that are taken out of documents.
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
    /// The number that a run would do.
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
            changed += effects.changes;
            disabled += effects.disables.len();
            removed += effects.removes.len();
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
    use crate::copilot::Copilot;
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
            changes: 1,
            disables: vec![Pointer::root().member("enabled")],
            empties: vec![Pointer::root().member("actions")],
            ..Effects::default()
        };
        let changed = Effects {
            changes: 1,
            ..Effects::default()
        };
        let updates = [off_and_empty, changed];
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
    fn the_rules_in_a_document_count_one_by_one() {
        let rule = |name: &str, is_on: bool| {
            format!(
                r#"{{"enabled":{is_on},"rule":{{"conditions":[{{"conditionType":"Intent","conditionValues":["{name}"]}}],
                    "actions":[{{"actionType":"ThirdPartyAction","attributes":{{"of":"{name}"}}}}]}}}}"#
            )
        };
        let copilot = |live: bool, rules: &[(&str, bool)], fallback: bool| -> Copilot {
            let rules: Vec<String> = rules.iter().map(|(name, is_on)| rule(name, *is_on)).collect();
            let config = format!(
                r#"{{"rules":[{}],"fallback":{{"enabled":{fallback}}}}}"#,
                rules.join(",")
            );
            let text = format!(r#"{{"enabled":true,"liveOnQueue":{live},"ruleEngineConfig":{config}}}"#);
            text.parse().unwrap()
        };
        let before = copilot(true, &[("a", true), ("b", true), ("c", true)], true);
        for (after, changes, disables, removes, empties) in [
            (
                copilot(true, &[("a", true), ("b", true), ("c", true)], true),
                0,
                0,
                0,
                0,
            ),
            (
                copilot(true, &[("a", true), ("b", false), ("c", true)], true),
                1,
                1,
                0,
                0,
            ),
            (copilot(true, &[("b", true), ("c", true)], true), 1, 0, 1, 0),
            (
                copilot(true, &[("c", true), ("a", true), ("b", true)], true),
                1,
                0,
                0,
                0,
            ),
            (
                copilot(true, &[("a", true), ("d", true), ("b", true), ("c", true)], true),
                1,
                0,
                0,
                0,
            ),
            (
                copilot(false, &[("a", true), ("b", true), ("c", true)], false),
                1,
                2,
                0,
                0,
            ),
            (copilot(false, &[("c", false), ("d", true)], true), 5, 2, 2, 0),
            (copilot(true, &[], true), 3, 0, 3, 1),
        ] {
            let effects = Effects::between(&before, &after);
            let found = (
                effects.changes,
                effects.disables.len(),
                effects.removes.len(),
                effects.empties.len(),
            );
            assert_eq!(
                found,
                (changes, disables, removes, empties),
                "{}",
                after.document().compact()
            );
        }
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
