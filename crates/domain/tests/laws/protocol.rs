//! The update protocol in a world that loses answers, throttles, shows old documents and has other people in it.

use std::time::Duration;

use assist_rules_domain::protocol::{Confirmation, Event, MAX_SENDS, Moment, Outcome, Step, Terms, Update, Verdict};
use assist_rules_domain::{Draft, Failure, FailureClass, RuleId, Stored, TriggerRule, Version};
use proptest::prelude::*;
use proptest::sample::select;

use super::{config, rule};

/// What the world does with the next request.
#[derive(Clone, Debug)]
enum Turn {
    /// Carries it out and answers.
    Answer,
    /// Carries it out and answers without the document.
    AnswerWithoutBody,
    /// Carries it out and answers without the version.
    AnswerWithoutVersion,
    /// Carries it out, and the answer is lost.
    LoseAnswer,
    /// Never sees it; the sender cannot know.
    LoseRequest,
    /// Carries it out only after the requests that come next.
    Delay,
    /// Shows the document as it was some versions ago.
    ShowOld(usize),
    /// Fails in this way, and does nothing.
    Fail(FailureClass),
    /// Lets somebody else write first, then answers.
    Interfere(&'static str, &'static str),
}

fn turn() -> impl Strategy<Value = Turn> {
    let wait = proptest::option::of((0..9_u64).prop_map(Duration::from_secs));
    prop_oneof![
        6 => Just(Turn::Answer),
        1 => Just(Turn::AnswerWithoutBody),
        1 => Just(Turn::AnswerWithoutVersion),
        3 => Just(Turn::LoseAnswer),
        3 => Just(Turn::LoseRequest),
        2 => Just(Turn::Delay),
        2 => (1..4_usize).prop_map(Turn::ShowOld),
        2 => wait.clone().prop_map(|wait| Turn::Fail(FailureClass::Throttled { wait })),
        1 => wait.prop_map(|wait| Turn::Fail(FailureClass::Indeterminate { wait })),
        2 => select(vec![FailureClass::NotSent, FailureClass::NotFound]).prop_map(Turn::Fail),
        1 => select(vec![
            FailureClass::Denied, FailureClass::Unauthenticated, FailureClass::Rejected, FailureClass::Untrusted,
            FailureClass::Malformed, FailureClass::IdMismatch, FailureClass::Redirected,
        ]).prop_map(Turn::Fail),
        3 => select(OTHERS.to_vec()).prop_map(|(name, value)| Turn::Interfere(name, value)),
    ]
}

/// What somebody wants. The last takes something away that stands deep inside an element.
const WISHES: [&str; 4] = [
    r#"{"name": "ours"}"#,
    r#"{"enabled": false, "description": "ours"}"#,
    r#"{"name": "before"}"#,
    r#"{"actions": [{"type": "webhook", "url": "https://example.com", "x": {"a": 1}}]}"#,
];

/// What others write: never what one of the wishes asks for.
const OTHERS: [(&str, &str); 4] = [
    ("description", "\"theirs\""),
    ("name", "\"theirs\""),
    ("dateModified", "\"today\""),
    ("actions", "[]"),
];

const BEFORE: &str = r#"{"id": "r", "ruleType": "conversation", "name": "before", "enabled": true, "stranger": 1.50,
    "conditions": [{"type": "keyword", "field": "f", "operator": "contains", "value": "a"}],
    "actions": [{"type": "webhook", "url": "https://example.com", "x": {"a": 1, "b": 2}}]}"#;

/// A server with one rule.
struct World {
    /// Each version of the document; the index is the version.
    versions: Vec<TriggerRule>,
    delayed: Vec<(TriggerRule, Version)>,
    /// What was sent, with the version and the last version that was read before.
    sent: Vec<(String, Version)>,
    read: Vec<Version>,
    ours_applied: bool,
    was_unclear: bool,
}

type Answer<T> = Result<T, Failure>;

impl World {
    fn new() -> Self {
        Self {
            versions: vec![rule(BEFORE)],
            delayed: Vec::new(),
            sent: Vec::new(),
            read: Vec::new(),
            ours_applied: false,
            was_unclear: false,
        }
    }

    fn stored(&self, back: usize) -> Stored<TriggerRule> {
        // Nobody is shown what is older than what they were shown first. Versions are opaque, so a client could not tell.
        let first: usize = self.read.first().map_or(0, |first| first.token().parse().unwrap());
        let at = (self.versions.len() - 1).saturating_sub(back).max(first);
        Stored {
            id: "r".parse::<RuleId>().unwrap(),
            version: Some(version(at)),
            value: self.versions[at].clone(),
        }
    }

    fn interfere(&mut self, name: &str, value: &str) {
        let changed = self.stored(0).value.document().with_members(&[(name, value)]).unwrap();
        self.versions.push(TriggerRule::try_from(changed).unwrap());
    }

    fn try_to_apply(&mut self, document: &TriggerRule, under: &Version) -> bool {
        let fits = *under == version(self.versions.len() - 1);
        if fits {
            self.versions.push(document.clone());
            self.ours_applied = true;
        }
        fits
    }

    /// What was under way arrives.
    fn catch_up(&mut self) {
        for (document, under) in std::mem::take(&mut self.delayed) {
            self.try_to_apply(&document, &under);
        }
    }

    fn on_read(&mut self, turn: Turn) -> Answer<Stored<TriggerRule>> {
        let stored = match turn {
            Turn::Answer | Turn::AnswerWithoutBody | Turn::AnswerWithoutVersion | Turn::Delay => self.stored(0),
            Turn::ShowOld(back) => self.stored(back),
            Turn::LoseAnswer | Turn::LoseRequest => return Err(unclear()),
            Turn::Fail(class) => return Err(Failure::new(class, "read")),
            Turn::Interfere(name, value) => {
                self.interfere(name, value);
                self.stored(0)
            }
        };
        self.read.extend(stored.version.clone());
        Ok(stored)
    }

    fn on_write(&mut self, turn: Turn, document: &TriggerRule, under: &Version) -> Answer<Option<Stored<TriggerRule>>> {
        if let Turn::Interfere(name, value) = turn {
            self.interfere(name, value);
        }
        let answer = match turn {
            Turn::Fail(class) => return self.refuse(class),
            Turn::LoseRequest => return self.refuse(FailureClass::Indeterminate { wait: None }),
            Turn::Delay => {
                self.delayed.push((document.clone(), under.clone()));
                return self.refuse(FailureClass::Indeterminate { wait: None });
            }
            Turn::LoseAnswer => {
                self.try_to_apply(document, under);
                return self.refuse(FailureClass::Indeterminate { wait: None });
            }
            Turn::Answer
            | Turn::AnswerWithoutBody
            | Turn::AnswerWithoutVersion
            | Turn::ShowOld(_)
            | Turn::Interfere(..) => self.try_to_apply(document, under),
        };
        if !answer {
            return Err(Failure::new(FailureClass::PreconditionFailed, "412"));
        }
        let stored = self.stored(0);
        if let Turn::AnswerWithoutBody = turn {
            return Ok(None);
        }
        let is_without_version = matches!(turn, Turn::AnswerWithoutVersion);
        let version = stored.version.filter(|_| !is_without_version);
        Ok(Some(Stored { version, ..stored }))
    }

    fn refuse<T>(&mut self, class: FailureClass) -> Answer<T> {
        self.was_unclear |= matches!(class, FailureClass::Indeterminate { .. });
        Err(Failure::new(class, "write"))
    }
}

fn unclear() -> Failure {
    Failure::new(FailureClass::Indeterminate { wait: None }, "lost")
}

fn version(at: usize) -> Version {
    format!("\"{at}\"").parse().unwrap()
}

/// The least time that a request takes.
const A_REQUEST: Duration = Duration::from_millis(50);

/// Carries an update out in a world, and says how it ended.
fn carry_out(
    world: &mut World,
    wish: &str,
    terms: Terms,
    turns: &[(Turn, f64)],
) -> Result<Verdict<TriggerRule>, TestCaseError> {
    let deadline = terms.deadline;
    // Each wait that is not zero uses the deadline up, and so does each request.
    let most_steps = 2 * (deadline.as_millis() / A_REQUEST.as_millis()) + 40;
    let mut update = Update::new(Draft::new(wish.parse().unwrap()).unwrap(), terms);
    let mut turns = turns.iter().cloned().cycle();
    let (mut event, mut now) = (Event::Started, Duration::ZERO);
    let mut intended = None;
    for _ in 0..most_steps {
        let (turn, chance) = turns.next().unwrap();
        let late = std::mem::take(&mut world.delayed);
        event = match update.next(event, Moment { at: now, chance }) {
            Step::Read => {
                now += A_REQUEST;
                Event::Read(world.on_read(turn))
            }
            Step::Write { document, version } => {
                now += A_REQUEST;
                prop_assert_eq!(
                    Some(&version),
                    intended.as_ref(),
                    "under another version than was intended"
                );
                prop_assert_eq!(Some(&version), world.read.last(), "the document is known to have moved");
                let answer = world.on_write(turn, &document, &version);
                let is_no_send = matches!(
                    &answer,
                    Err(Failure {
                        class: FailureClass::NotSent | FailureClass::Throttled { .. },
                        ..
                    })
                );
                if !is_no_send {
                    world.sent.push((document.document().text().to_owned(), version));
                }
                Event::Written(answer)
            }
            Step::Record(intent) => {
                prop_assert_eq!(
                    Some(&intent.version),
                    world.read.last(),
                    "an intent for another version"
                );
                intended = Some(intent.version);
                Event::Recorded(Ok(()))
            }
            Step::Wait(wait) => {
                now += wait;
                prop_assert!(now <= deadline, "waits past the deadline");
                Event::Waited
            }
            Step::Done(verdict) => {
                world.delayed.extend(late);
                return Ok(*verdict);
            }
        };
        let newer = std::mem::replace(&mut world.delayed, late);
        world.catch_up();
        world.delayed = newer;
    }
    Err(TestCaseError::fail("it does not end"))
}

fn hold(world: &World, verdict: &Verdict<TriggerRule>) -> Result<(), TestCaseError> {
    let sends = u32::try_from(world.sent.len()).unwrap();
    prop_assert_eq!(verdict.attempts, sends);
    for of_one_version in world.sent.chunk_by(|(_, before), (_, after)| before == after) {
        prop_assert!(
            of_one_version.len() <= MAX_SENDS as usize,
            "{} sends",
            of_one_version.len()
        );
        prop_assert!(of_one_version.windows(2).all(|pair| pair[0] == pair[1]), "other bytes");
    }
    match &verdict.outcome {
        Outcome::Applied => {
            prop_assert!(world.ours_applied, "said to be applied, and was not: {verdict:?}");
            prop_assert!(verdict.confirmed_by == Some(Confirmation::Answer) || world.was_unclear);
            if let Some(after) = &verdict.version_after {
                let at: usize = after.token().parse().unwrap();
                prop_assert!(verdict.ours.as_ref().unwrap().diff(&world.versions[at]).is_empty());
            }
        }
        Outcome::Unknown => prop_assert!(world.was_unclear, "unknown, and nothing was unclear"),
        Outcome::Unchanged
        | Outcome::Rejected
        | Outcome::Denied
        | Outcome::Failed
        | Outcome::Deferred { .. }
        | Outcome::NotAttempted
        | Outcome::Conflict(_) => {
            prop_assert!(!world.ours_applied, "was applied, and is said not to be: {verdict:?}");
            prop_assert!(!world.was_unclear, "something was unclear: {verdict:?}");
        }
        Outcome::Planned => prop_assert!(world.sent.is_empty()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_update_says_what_became_of_it(
        wish in select(WISHES.to_vec()),
        seconds in 0..120_u64,
        turns in proptest::collection::vec((turn(), 0.0..=1.0), 1..24),
    ) {
        let mut world = World::new();
        let terms = Terms { deadline: Duration::from_secs(seconds), ..Terms::default() };
        let verdict = carry_out(&mut world, wish, terms, &turns)?;
        hold(&world, &verdict)?;
        if matches!(verdict.outcome, Outcome::Unchanged) {
            let base = verdict.base.unwrap().value;
            let change = Draft::new(wish.parse().unwrap()).unwrap().change(&base, &assist_rules_domain::EngineLimits::TRIGGER_RULES);
            prop_assert!(change.unwrap().apply(&base).unwrap().diff(&base).is_empty(), "said to be so, and is not");
        }
    }

    #[test]
    fn in_a_world_without_mischief_an_update_is_applied(wish in select(WISHES.to_vec())) {
        let mut world = World::new();
        let verdict = carry_out(&mut world, wish, Terms::default(), &[(Turn::Answer, 0.5)])?;
        hold(&world, &verdict)?;
        let is_applied = matches!(verdict.outcome, Outcome::Applied);
        prop_assert_eq!(is_applied, wish != WISHES[2]);
    }
}
