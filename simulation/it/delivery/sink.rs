//! A sink that fails three times in ten, and checks what it is told.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ports::{DeliveryError, Event, EventSink};

use super::RULES;
use crate::rng::Rng;

/// After so many failures of one event the sink takes it: giving up is no part of this.
const AT_MOST: u32 = 9;

/// A sink that is not to be relied on.
pub(super) struct Unreliable {
    name: &'static str,
    rng: Arc<Mutex<Rng>>,
    received: Mutex<Received>,
}

#[derive(Default)]
struct Received {
    /// The number of changes of each rule that it has.
    rules: BTreeMap<String, u64>,
    /// The id of each event that it has, and what its words come to.
    events: BTreeMap<u64, (String, u64)>,
    /// The number of deliveries of events that it already had.
    again: u64,
    /// The number of delivery attempts of each event, failed or not.
    failures: BTreeMap<u64, u32>,
}

impl Unreliable {
    pub(super) fn new(name: &'static str, rng: Arc<Mutex<Rng>>) -> Self {
        Self {
            name,
            rng,
            received: Mutex::default(),
        }
    }

    /// Asserts that it has all events, and returns the number of repeated deliveries.
    pub(super) fn has_all(&self, events: u64) -> u64 {
        let received = self.received.lock().unwrap();
        assert_eq!(received.events.len() as u64, events, "{}", self.name);
        let changes_of = |rule: u64| events / RULES + u64::from(rule < events % RULES);
        for rule in 0..RULES.min(events) {
            assert_eq!(
                received.rules[&format!("r{rule}")],
                changes_of(rule),
                "{}: r{rule}",
                self.name
            );
        }
        received.again
    }

    /// Takes an event in. The versions of a rule count its changes.
    fn take(&self, event: &Event) {
        let mut received = self.received.lock().unwrap();
        let content = (event.id.clone(), sum(event));
        if let Some(before) = received.events.get(&event.entry.0) {
            assert_eq!(*before, content, "{}: the same event in other words", self.name);
            received.again += 1;
            return;
        }
        let changes = received.rules.entry(event.document.id.clone()).or_default();
        let expected = changes.to_string();
        assert_eq!(
            event.version_before.as_ref().unwrap().to_string(),
            expected,
            "{}: {} is not told in order",
            self.name,
            event.document.id
        );
        *changes += 1;
        received.events.insert(event.entry.0, content);
    }
}

#[async_trait]
impl EventSink for Unreliable {
    fn name(&self) -> &str {
        self.name
    }

    async fn deliver(&self, event: &Event) -> Result<(), DeliveryError> {
        let again = |wait| {
            let error = "down".to_owned();
            Err(DeliveryError::Retry { error, wait })
        };
        let failed = {
            let mut received = self.received.lock().unwrap();
            let failures = received.failures.entry(event.entry.0).or_default();
            *failures += 1;
            *failures <= AT_MOST && self.rng.lock().unwrap().in_thousand(300)
        };
        if !failed {
            self.take(event);
            return Ok(());
        }
        let how = self.rng.lock().unwrap().below(6);
        match how {
            0 | 1 => again(None),
            2 => again(Some(Duration::from_mins(90))),
            // It has it, and says that it failed.
            3 | 4 => {
                self.take(event);
                again(None)
            }
            // It has it, and never says so.
            _ => {
                self.take(event);
                std::future::pending().await
            }
        }
    }
}

/// A hash of an event; its differences and overwrites are only counted. All events in full would take too much memory.
fn sum(event: &Event) -> u64 {
    let mut sum = DefaultHasher::new();
    (event.at, event.entry, &event.head, &event.author.run).hash(&mut sum);
    (event.before.text(), event.after.text()).hash(&mut sum);
    (event.diff.len(), event.overwrites.len()).hash(&mut sum);
    event.version_after.as_ref().map(ToString::to_string).hash(&mut sum);
    sum.finish()
}
