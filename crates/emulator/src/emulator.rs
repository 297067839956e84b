//! The state of an emulator, and the ways in which a test or the sandbox may change it behind the client's back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde_json::Value;

use crate::{
    Client, RecordedRequest, RuleError, SAMPLE_RULE, Script, Settings,
    call::Call,
    fault::{FaultAction, Faults},
    platform::State,
    rate::ThrottleBurst,
    reply::Reply,
    rule_store::{RuleStore, Stored},
};

/// The rules, clients, tokens and settings of one emulator. A clone is another handle on the same world.
#[derive(Clone, Debug)]
pub struct Emulator {
    settings: Arc<Settings>,
    state: Arc<Mutex<State>>,
}

impl Emulator {
    /// A world without rules and without clients.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self::with_rules(settings, RuleStore::default())
    }

    /// The world of the sandbox: [`SAMPLE_RULE`] and [`Client::sandbox`], as the platform documents itself.
    #[must_use]
    pub fn sample() -> Self {
        let world = Self::new(Settings::default());
        world.add_client(Client::sandbox());
        if let Some(rule) = serde_json::from_str(SAMPLE_RULE)
            .ok()
            .and_then(|rule| Stored::new(rule).ok())
        {
            world.state().rules.put(rule);
        }
        world
    }

    /// A world with the rules of a [`snapshot`](Self::snapshot), at their versions, and without clients.
    ///
    /// # Errors
    ///
    /// [`RuleError::Snapshot`] or [`RuleError::Shape`] if `snapshot` is none.
    pub fn restore(snapshot: &Value, settings: Settings) -> Result<Self, RuleError> {
        Ok(Self::with_rules(settings, RuleStore::from_snapshot(snapshot)?))
    }

    fn with_rules(settings: Settings, rules: RuleStore) -> Self {
        Self {
            settings: Arc::new(settings),
            state: Arc::new(Mutex::new(State::with_rules(rules))),
        }
    }

    /// All rules with their versions, as JSON; nothing else of the world.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        self.state().rules.snapshot()
    }

    /// Keeps `rule` as if a client had made it, unchecked, at the version of its `etag`, or at `1`.
    ///
    /// # Errors
    ///
    /// [`RuleError::Shape`] if it is no object with a text as `id`.
    pub fn put_rule(&self, rule: Value) -> Result<(), RuleError> {
        let rule = Stored::new(rule)?;
        self.state().rules.put(rule);
        Ok(())
    }

    /// The rule as it would be served.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<Value> {
        self.state()
            .rules
            .find(id)
            .map(|rule| rule.served(self.settings.body_etag))
    }

    /// Edits a rule as another client would, unchecked: it gets a new version.
    ///
    /// `change` must not use this world.
    ///
    /// # Errors
    ///
    /// [`RuleError::Missing`] if there is no such rule; [`RuleError::Shape`] if what is left is no rule of this id.
    pub fn edit_rule(&self, id: &str, change: impl FnOnce(&mut Value)) -> Result<(), RuleError> {
        self.state().rules.edit(id, change)
    }

    /// Deletes a rule as another client would.
    pub fn remove_rule(&self, id: &str) {
        self.state().rules.remove(id);
    }

    /// Lets a client sign in; it takes the place of one with the same id.
    pub fn add_client(&self, client: Client) {
        let clients = &mut self.state().clients;
        clients.retain(|other| other.id != client.id);
        clients.push(client);
    }

    /// Ends the life of every token.
    pub fn expire_tokens(&self) {
        let now = self.settings.clock.now();
        self.state().tokens.expire(now);
    }

    /// Revokes every token.
    pub fn revoke_tokens(&self) {
        self.state().tokens.revoke();
    }

    /// Every token ever issued, so that a test can look for leaks.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<String> {
        self.state().tokens.all()
    }

    /// Answers the next `times` token requests with the token endpoint's own rate limit.
    pub fn limit_sign_ins(&self, times: u32) {
        self.state().limited_sign_ins = times;
    }

    /// Every request so far, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state().log.clone()
    }

    /// Lets the faults of `script` happen, in place of those that are left of an earlier one.
    pub fn load_faults(&self, script: Script) {
        self.state().faults = Faults::new(script.into_faults());
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Notes a request; the number is its place in the log.
    pub(crate) fn note(&self, call: &Call) -> usize {
        let log = &mut self.state().log;
        log.push(RecordedRequest::of(call));
        log.len() - 1
    }

    /// Notes what the client of the request at `place` can see of an answer.
    pub(crate) fn note_answer(&self, place: usize, status: Option<StatusCode>) {
        if let Some(seen) = self.state().log.get_mut(place) {
            seen.status = status.map(|status| status.as_u16());
        }
    }

    /// The fault that is to meet a request.
    pub(crate) fn due(&self, call: &Call) -> Option<FaultAction> {
        self.state().faults.due(call)
    }

    pub(crate) fn begin_storm(&self, requests: u32, retry_after: u32) {
        self.state().storm = ThrottleBurst::new(requests, retry_after);
    }

    pub(crate) fn revoke_token_of(&self, call: &Call) {
        self.state().tokens.revoke_bearer(&call.headers);
    }

    /// Carries a request out.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let reply = self.state().answer(&self.settings, call);
        reply.finished(self.settings.clock.now(), &call.correlation_id)
    }

    /// A thread that panicked leaves the state as it was: each change of it is one assignment.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
