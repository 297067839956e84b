//! The update protocol in a world that loses answers, throttles, shows old documents and has other people in it.

use std::time::Duration;

use assist_rules_domain::protocol::{Completion, MAX_SENDS, Now, Outcome, Step, Update, UpdateOptions, UpdateRequest};
use assist_rules_domain::{
    Code, DocumentKind, Edit, Evidence, FailureClass, IndeterminateCause, RequestError, RuleId, Stored, TriggerRule,
    Version,
};
use proptest::prelude::*;
use proptest::sample::select;

use super::{config, rule};

/// The behavior of the world at the next request.
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
    /// Carries a write out, loses the answer on the way, carries it out again, and gives the second answer.
    Repeat,
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
        1 => wait.prop_map(|wait| Turn::Fail(indeterminate(wait))),
        2 => select(vec![FailureClass::NotSent, FailureClass::NotFound]).prop_map(Turn::Fail),
        1 => select(vec![
            FailureClass::Denied, FailureClass::Unauthenticated, FailureClass::Rejected, FailureClass::Untrusted,
            FailureClass::Conflict, FailureClass::TransactionCancelled,
            FailureClass::Malformed, FailureClass::IdMismatch, FailureClass::OtherOrganization,
            FailureClass::Redirected,
        ]).prop_map(Turn::Fail),
        3 => Just(Turn::Repeat),
        3 => select(OTHERS.to_vec()).prop_map(|(name, value)| Turn::Interfere(name, value)),
    ]
}

/// The edits of the author. The last two remove a member deep inside an element.
const CHANGES: [&str; 5] = [
    r#"{"name": "ours"}"#,
    r#"{"enabled": false, "description": "ours"}"#,
    r#"{"name": "before"}"#,
    r#"{"actions": [{"type": "webhook", "url": "https://example.com", "x": {"a": 1}}]}"#,
    r#"{"name": "theirs", "actions": [{"type": "webhook", "url": "https://example.com", "x": {"a": 1}}]}"#,
];

/// The writes of others: never all that one of the edits asks for.
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
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that happened")]
struct World {
    /// Each version of the document; the index is the version.
    versions: Vec<TriggerRule>,
    delayed: Vec<(TriggerRule, Version)>,
    /// The writes that were sent, each with the version that it names.
    sent: Vec<(String, Version)>,
    read: Vec<Version>,
    ours_applied: bool,
    was_indeterminate: bool,
    was_refused: bool,
    /// True if a write was carried out, and the answer to its repetition was given.
    was_repeated: bool,
    /// The document that the last read showed.
    shown: Option<TriggerRule>,
}

type Answer<T> = Result<T, RequestError>;

impl World {
    fn new() -> Self {
        Self {
            versions: vec![rule(BEFORE)],
            delayed: Vec::new(),
            sent: Vec::new(),
            read: Vec::new(),
            ours_applied: false,
            was_indeterminate: false,
            was_refused: false,
            was_repeated: false,
            shown: None,
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

    /// True if the document that the last read showed has all that the author asks for.
    fn shows(&self, change: &str) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            let patch = edit(change).resolve(shown).unwrap();
            patch.apply(shown).unwrap().has_content_of(shown)
        })
    }

    fn interfere(&mut self, name: &str, value: &str) {
        let changed = self.stored(0).value.document().with_members(&[(name, value)]).unwrap();
        self.versions.push(TriggerRule::from_document(changed).unwrap());
    }

    fn try_to_apply(&mut self, document: &TriggerRule, under: &Version) -> bool {
        let fits = *under == version(self.versions.len() - 1);
        if fits {
            self.versions.push(document.clone());
            self.ours_applied = true;
        }
        fits
    }

    /// Delivers the delayed writes.
    fn catch_up(&mut self) {
        for (document, under) in std::mem::take(&mut self.delayed) {
            self.try_to_apply(&document, &under);
        }
    }

    fn on_read(&mut self, turn: Turn) -> Answer<Stored<TriggerRule>> {
        let stored = match turn {
            Turn::Answer | Turn::AnswerWithoutBody | Turn::AnswerWithoutVersion | Turn::Delay | Turn::Repeat => {
                self.stored(0)
            }
            Turn::ShowOld(back) => self.stored(back),
            Turn::LoseAnswer | Turn::LoseRequest => return Err(no_answer()),
            Turn::Fail(class) => return Err(RequestError::new(class, "read")),
            Turn::Interfere(name, value) => {
                self.interfere(name, value);
                self.stored(0)
            }
        };
        self.read.extend(stored.version.clone());
        self.shown = Some(stored.value.clone());
        Ok(stored)
    }

    fn on_write(&mut self, turn: Turn, document: &TriggerRule, under: &Version) -> Answer<Option<Stored<TriggerRule>>> {
        if let Turn::Interfere(name, value) = turn {
            self.interfere(name, value);
        }
        let answer = match turn {
            Turn::Fail(class) => return self.refuse(class),
            Turn::LoseRequest => return self.refuse(indeterminate(None)),
            Turn::Delay => {
                self.delayed.push((document.clone(), under.clone()));
                return self.refuse(indeterminate(None));
            }
            Turn::LoseAnswer => {
                self.try_to_apply(document, under);
                return self.refuse(indeterminate(None));
            }
            Turn::Repeat => {
                self.was_repeated |= self.try_to_apply(document, under);
                false
            }
            Turn::Answer
            | Turn::AnswerWithoutBody
            | Turn::AnswerWithoutVersion
            | Turn::ShowOld(_)
            | Turn::Interfere(..) => self.try_to_apply(document, under),
        };
        if !answer {
            self.was_refused = true;
            return Err(RequestError::new(FailureClass::PreconditionFailed, "412"));
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
        self.was_indeterminate |= matches!(class, FailureClass::Indeterminate { .. });
        self.was_refused |= matches!(
            class,
            FailureClass::Conflict
                | FailureClass::TransactionCancelled
                | FailureClass::PreconditionFailed
                | FailureClass::Malformed
                | FailureClass::IdMismatch
                | FailureClass::Redirected
        );
        Err(RequestError::new(class, "write"))
    }
}

fn indeterminate(wait: Option<Duration>) -> FailureClass {
    FailureClass::Indeterminate {
        wait,
        cause: IndeterminateCause::NoAnswer,
    }
}

fn no_answer() -> RequestError {
    RequestError::new(indeterminate(None), "lost")
}

fn version(at: usize) -> Version {
    format!("\"{at}\"").parse().unwrap()
}

/// The least time that a request takes.
const A_REQUEST: Duration = Duration::from_millis(50);

fn edit(text: &str) -> Edit<TriggerRule> {
    Edit::new(text.parse().unwrap()).unwrap()
}

/// Executes an update in a world, and says how it ended.
fn execute(
    world: &mut World,
    change: &str,
    options: UpdateOptions,
    turns: &[(Turn, f64)],
) -> Result<Completion<TriggerRule>, TestCaseError> {
    let deadline = options.deadline;
    // Each wait that is not zero uses the deadline up, and so does each request.
    let most_steps = 2 * (deadline.as_millis() / A_REQUEST.as_millis()) + 40;
    let mut turns = turns.iter().cloned().cycle();
    let mut elapsed = Duration::ZERO;
    let mut intended = None;
    let mut step = Update::start(UpdateRequest::Edit(edit(change)), options);
    for _ in 0..most_steps {
        let (turn, jitter) = turns.next().unwrap();
        let now = |elapsed| Now { elapsed, jitter };
        let late = std::mem::take(&mut world.delayed);
        step = match step {
            Step::Read(read) => {
                elapsed += A_REQUEST;
                read.answered(world.on_read(turn), now(elapsed))
            }
            Step::Write(write) => {
                elapsed += A_REQUEST;
                let version = write.version().cloned().unwrap();
                prop_assert_eq!(
                    Some(&version),
                    intended.as_ref(),
                    "under another version than was intended"
                );
                prop_assert_eq!(Some(&version), world.read.last(), "the document is known to have moved");
                let document = write.document().clone();
                let answer = world.on_write(turn, &document, &version);
                let is_no_send = matches!(
                    &answer,
                    Err(RequestError {
                        class: FailureClass::NotSent | FailureClass::Throttled { .. },
                        ..
                    })
                );
                if !is_no_send {
                    world.sent.push((document.document().text().to_owned(), version));
                }
                write.answered(answer, now(elapsed))
            }
            Step::Record(record) => {
                let version = record.intent().precondition.version().cloned();
                prop_assert_eq!(version.as_ref(), world.read.last(), "an intent for another version");
                intended = version;
                record.recorded()
            }
            Step::Wait(wait) => {
                elapsed += wait.duration();
                prop_assert!(elapsed <= deadline, "waits past the deadline");
                wait.over()
            }
            Step::Done(completion) => {
                world.delayed.extend(late);
                return Ok(*completion);
            }
        };
        let newer = std::mem::replace(&mut world.delayed, late);
        world.catch_up();
        world.delayed = newer;
    }
    Err(TestCaseError::fail("it does not end"))
}

fn hold(world: &World, change: &str, completion: &Completion<TriggerRule>) -> Result<(), TestCaseError> {
    let sends = u32::try_from(world.sent.len()).unwrap();
    prop_assert_eq!(completion.attempts, sends);
    for of_one_version in world.sent.chunk_by(|(_, before), (_, after)| before == after) {
        prop_assert!(
            of_one_version.len() <= MAX_SENDS as usize,
            "{} sends",
            of_one_version.len()
        );
        prop_assert!(of_one_version.windows(2).all(|pair| pair[0] == pair[1]), "other bytes");
    }
    match &completion.outcome {
        Outcome::Applied {
            write,
            version_after,
            evidence,
            warnings,
            ..
        } => {
            prop_assert!(world.ours_applied, "said to be applied, and was not: {completion:?}");
            let is_warned = warnings.iter().any(|warning| warning.code == Code::ConfirmedByRead);
            prop_assert_eq!(is_warned, *evidence == Evidence::Read);
            prop_assert!(*evidence == Evidence::Answer || world.was_indeterminate || world.was_refused);
            if let Some(after) = version_after {
                let at: usize = after.token().parse().unwrap();
                prop_assert!(write.ours.has_content_of(&world.versions[at]));
            }
        }
        Outcome::Unknown { .. } => {
            prop_assert!(
                world.was_indeterminate || world.was_refused,
                "unknown, and nothing was indeterminate"
            );
        }
        Outcome::Unchanged { .. } => prop_assert!(world.sent.is_empty(), "unchanged, and a write was sent"),
        Outcome::Invalid { .. }
        | Outcome::Rejected { .. }
        | Outcome::Denied { .. }
        | Outcome::Failed(_)
        | Outcome::Deferred { .. }
        | Outcome::NotAttempted { .. }
        | Outcome::Conflict(_) => {
            // Where ours was carried out, and its repetition refused, a document that was read since does not have it.
            prop_assert!(
                !world.ours_applied || world.was_repeated && !world.shows(change),
                "was applied, and is said not to be: {completion:?}"
            );
            prop_assert!(!world.was_indeterminate, "something was indeterminate: {completion:?}");
        }
        Outcome::Planned(_) => prop_assert!(world.sent.is_empty()),
        Outcome::Overwritten { .. } => prop_assert!(false, "a version guards the write"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_update_says_what_became_of_it(
        change in select(CHANGES.to_vec()),
        seconds in 0..120_u64,
        turns in proptest::collection::vec((turn(), 0.0..=1.0), 1..24),
    ) {
        let mut world = World::new();
        let options = UpdateOptions { deadline: Duration::from_secs(seconds), ..UpdateOptions::default() };
        let completion = execute(&mut world, change, options, &turns)?;
        hold(&world, change, &completion)?;
        if let Outcome::Unchanged { .. } = completion.outcome {
            prop_assert!(world.shows(change), "said to be so, and is not");
        }
    }

    #[test]
    fn without_faults_an_update_is_applied(change in select(CHANGES.to_vec())) {
        let mut world = World::new();
        let completion = execute(&mut world, change, UpdateOptions::default(), &[(Turn::Answer, 0.5)])?;
        hold(&world, change, &completion)?;
        let is_applied = matches!(completion.outcome, Outcome::Applied { .. });
        prop_assert_eq!(is_applied, change != CHANGES[2]);
    }
}
