//! What the first read makes of what is wanted: a change of the document as it is, or of one that moved on since.

use super::{Asked, Made, Mode, Outcome, Step, Update, Verdict, Wanted};
use crate::code::Code;
use crate::finding::{Finding, Findings};
use crate::json::TextError;
use crate::kind::{Collision, Kind};
use crate::pointer::Pointer;
use crate::stored::Stored;
use crate::version::Version;

impl<K: Kind> Update<K> {
    /// Makes the change, and writes it if it is sound and changes something.
    pub(super) fn make(&mut self, read: Stored<K>) -> Step<K> {
        let named = self.named_version();
        let is_as_named = named.is_none() || read.version == named;
        let (change, seen) = match &self.wanted {
            Wanted::WishOf { wish, seen } if !is_as_named && self.terms.expected.is_none() => {
                (seen.change(wish), Some(seen))
            }
            Wanted::Wish(wish) | Wanted::WishOf { wish, .. } => (read.value.change(wish), None),
            Wanted::Change { change, seen } => {
                let moved_on = is_as_named && !seen.diff(&read.value).is_empty();
                (Ok(change.clone()), moved_on.then_some(seen))
            }
        };
        let change = match change {
            Ok(change) => change,
            Err(findings) => return self.rejected(Some(read), findings),
        };
        if let Some(seen) = seen.cloned() {
            self.asked = Some(Asked { base: seen, change });
            return self.moved(read);
        }
        self.make_here(change, read, is_as_named)
    }

    /// Makes the change from what was read.
    fn make_here(&mut self, change: K::Change, base: Stored<K>, is_as_named: bool) -> Step<K> {
        let ours = match base.value.apply(&change) {
            Ok(ours) => ours,
            Err(error) => return self.too_large(base, &error),
        };
        if !is_as_named {
            return self.not_the_expected_version(base, &ours);
        }
        if base.value.diff(&ours).is_empty() {
            return self.done(Verdict {
                findings: ours.check(&base.value).into_vec(),
                base: Some(base),
                ours: Some(ours),
                ..Verdict::of(Outcome::Unchanged)
            });
        }
        self.asked = Some(Asked {
            base: base.value.clone(),
            change: change.clone(),
        });
        self.send(base, change, ours, Vec::new())
    }

    /// Writes `ours` in the place of `base` if it is sound, the intent first. A dry run ends here.
    pub(super) fn send(&mut self, base: Stored<K>, change: K::Change, ours: K, overwrites: Vec<Collision>) -> Step<K> {
        let findings = ours.check(&base.value);
        if findings.reaches(self.terms.fail_on) {
            return self.rejected(Some(base), findings);
        }
        let findings = findings.into_vec();
        let Some(version) = base.version.clone() else {
            return self.no_version(base, findings);
        };
        let made = Made {
            base,
            version,
            change,
            ours,
            findings,
            overwrites,
        };
        match self.terms.mode {
            Mode::Write => self.record(made),
            Mode::DryRun => {
                self.made = Some(made);
                let planned = self.verdict_of_made(Outcome::Planned);
                self.done(planned)
            }
        }
    }

    pub(super) fn too_large(&mut self, base: Stored<K>, error: &TextError) -> Step<K> {
        let mut findings = Findings::default();
        findings.add(Finding::new(Code::TooLarge, Pointer::root(), error.to_string()));
        self.rejected(Some(base), findings)
    }

    /// The version that must be read, where somebody named one.
    pub(super) fn named_version(&self) -> Option<Version> {
        self.terms.expected.clone().or_else(|| match &self.wanted {
            Wanted::Wish(wish) | Wanted::WishOf { wish, .. } => K::made_from(wish),
            Wanted::Change { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::change::RuleChange;
    use crate::draft::Draft;
    use crate::protocol::{Event, Moment, OnConflict, Terms};
    use crate::rule::TriggerRule;

    const SEEN: &str = r#"{"id":"r","ruleType":"conversation","name":"a","description":"d"}"#;
    /// Made from version 7.
    const FILE: &str = r#"{"id":"r","ruleType":"conversation","etag":"7","name":"ours","description":"d","enabled":true,
        "conditions":[],"actions":[]}"#;

    fn wish() -> Draft {
        Draft::new(FILE.parse().unwrap()).unwrap()
    }

    fn read(members: &str, version: &str) -> Stored<TriggerRule> {
        let rule =
            format!(r#"{{"id":"r","ruleType":"conversation","enabled":true,"conditions":[],"actions":[]{members}}}"#);
        Stored {
            id: "r".parse().unwrap(),
            version: Some(version.parse().unwrap()),
            value: rule.parse().unwrap(),
        }
    }

    /// What comes of the first read: the outcome, or what is written and under which version.
    fn first_step(wanted: Wanted<TriggerRule>, terms: Terms, read: Stored<TriggerRule>) -> String {
        let now = Moment {
            at: Duration::ZERO,
            chance: 0.5,
        };
        let mut update = Update::of(wanted, terms);
        update.next(Event::Started, now);
        match update.next(Event::Read(Ok(read)), now) {
            Step::Record(intent) => {
                let said = |member| {
                    intent
                        .ours
                        .member(member)
                        .map(crate::json::Node::compact)
                        .unwrap_or_default()
                };
                format!("{} {} under {}", said("name"), said("description"), intent.version)
            }
            Step::Done(verdict) => {
                let Outcome::Conflict(conflict) = &verdict.outcome else {
                    return format!("{:?}", verdict.outcome);
                };
                let expected = conflict.expected.as_ref().map(ToString::to_string).unwrap_or_default();
                let places: Vec<_> = conflict.collisions.iter().map(|it| it.pointer.as_str()).collect();
                let theirs: Vec<_> = conflict.theirs_changed.iter().map(|it| it.pointer.as_str()).collect();
                format!("conflict {expected} {places:?} {theirs:?}")
            }
            step @ (Step::Read | Step::Write { .. } | Step::Wait(_)) => format!("{step:?}"),
        }
    }

    #[test]
    fn a_wish_made_from_a_version_that_is_known_is_merged_with_what_was_done_since() {
        use OnConflict::{Fail, Merge, Ours};
        let seen = read(r#","name":"a","description":"d""#, "7").value;
        for (on_conflict, members, version, expected) in [
            (Merge, r#","name":"a","description":"d""#, "7", r#""ours" "d" under 7"#),
            (Fail, r#","name":"a","description":"d""#, "7", r#""ours" "d" under 7"#),
            (
                Merge,
                r#","name":"a","description":"theirs""#,
                "9",
                r#""ours" "theirs" under 9"#,
            ),
            (
                Merge,
                r#","name":"b","description":"d""#,
                "9",
                r#"conflict 7 ["/name"] ["/name"]"#,
            ),
            (Ours, r#","name":"b","description":"d""#, "9", r#""ours" "d" under 9"#),
            (
                Fail,
                r#","name":"a","description":"theirs""#,
                "9",
                r#"conflict 7 [] ["/description"]"#,
            ),
            (Fail, r#","name":"a","description":"d""#, "9", "conflict 7 [] []"),
            (Merge, r#","name":"ours","description":"theirs""#, "9", "Unchanged"),
            // The version is the one that was named: what the server says of it counts.
            (Merge, r#","name":"a","description":"e""#, "7", r#""ours" "d" under 7"#),
        ] {
            let terms = Terms {
                on_conflict,
                ..Terms::default()
            };
            let wanted = Wanted::WishOf {
                wish: wish(),
                seen: seen.clone(),
            };
            let step = first_step(wanted, terms, read(members, version));
            assert_eq!(step, expected, "{on_conflict:?} {members} {version}");
        }
    }

    #[test]
    fn a_version_that_the_terms_name_must_be_the_one_whatever_is_known() {
        let seen = read(r#","name":"a","description":"d""#, "7").value;
        let change = RuleChange::default().name("ours").unwrap();
        for wanted in [
            Wanted::Wish(wish()),
            Wanted::WishOf {
                wish: wish(),
                seen: seen.clone(),
            },
            Wanted::Change { change, seen },
        ] {
            let terms = Terms {
                expected: Some("7".parse().unwrap()),
                on_conflict: OnConflict::Merge,
                ..Terms::default()
            };
            let step = first_step(wanted, terms, read(r#","name":"a","description":"theirs""#, "9"));
            assert!(step.starts_with("conflict 7"), "{step}");
        }
    }

    #[test]
    fn a_change_of_a_document_that_moved_on_is_merged_with_what_was_done_since() {
        let seen: TriggerRule = SEEN.parse().unwrap();
        for (on_conflict, members, expected) in [
            (
                OnConflict::Fail,
                r#","name":"a","description":"d""#,
                r#"conflict  [] ["/enabled", "/conditions", "/actions"]"#,
            ),
            (
                OnConflict::Merge,
                r#","name":"a","description":"d""#,
                r#""ours" "d" under 9"#,
            ),
            (
                OnConflict::Merge,
                r#","name":"a","description":"e""#,
                r#""ours" "e" under 9"#,
            ),
            (OnConflict::Merge, r#","name":"ours","description":"e""#, "Unchanged"),
            (
                OnConflict::Merge,
                r#","name":"b","description":"d""#,
                r#"conflict  ["/name"] ["/name", "/enabled", "/conditions", "/actions"]"#,
            ),
        ] {
            let terms = Terms {
                on_conflict,
                ..Terms::default()
            };
            let wanted = Wanted::Change {
                change: RuleChange::default().name("ours").unwrap(),
                seen: seen.clone(),
            };
            assert_eq!(
                first_step(wanted, terms, read(members, "9")),
                expected,
                "{on_conflict:?} {members}"
            );
        }
    }
}
