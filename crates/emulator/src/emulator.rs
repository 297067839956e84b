//! The state of an emulator, and the ways in which a test or the sandbox may change it behind the client's back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde_json::Value;

use crate::{
    Client, HostedOrganization, RecordedRequest, RuleError, SAMPLE_ASSISTANTS, SAMPLE_RULE, Script, Settings,
    call::Call,
    client::Registration,
    fault::{FaultAction, Faults},
    platform::State,
    rate::ThrottleBurst,
    reply::Reply,
    rule_store::Stored,
    tenant::{Tenant, TenantId},
};

/// One organization of an emulated platform. A clone is another handle on the same one.
///
/// Rules, assistants and the organization are those of the handle. Tokens, requests, faults and settings are the platform's:
/// handles that [`add_organization`](Self::add_organization) made share them, and any of them may be served.
#[derive(Clone, Debug)]
pub struct Emulator {
    settings: Arc<Settings>,
    state: Arc<Mutex<State>>,
    tenant: TenantId,
}

impl Emulator {
    /// A world without rules and without clients, with a fresh organization.
    pub fn new(settings: Settings) -> Self {
        Self::of(settings, Tenant::default())
    }

    /// The world of the sandbox: [`SAMPLE_RULE`], [`SAMPLE_ASSISTANTS`], [`Client::sandbox`] and
    /// [`HostedOrganization::sandbox`], as the platform documents itself.
    pub fn sample() -> Self {
        Self::sample_with(Settings::default())
    }

    /// The world of the sandbox with another behavior.
    pub fn sample_with(settings: Settings) -> Self {
        let emulator = Self::of(settings, Tenant::new(HostedOrganization::sandbox()));
        emulator.add_client(Client::sandbox());
        if let Some(rule) = serde_json::from_str(SAMPLE_RULE)
            .ok()
            .and_then(|rule| Stored::new(rule).ok())
        {
            emulator.tenant(|tenant| tenant.rules.put(rule));
        }
        if let Ok(assistants) = serde_json::from_str(SAMPLE_ASSISTANTS) {
            emulator.tenant(|tenant| tenant.load_assistants(&assistants)).ok();
        }
        emulator
    }

    /// A world with all that a [`snapshot`](Self::snapshot) has, rules at their versions, and without clients. A snapshot
    /// from before it had an organization gets a fresh one; from before it had assistants, none.
    ///
    /// # Errors
    ///
    /// [`RuleError::Snapshot`], [`RuleError::Shape`], [`RuleError::Organization`] or [`RuleError::Copilot`] if `snapshot` is
    /// none.
    pub fn restore(snapshot: &Value, settings: Settings) -> Result<Self, RuleError> {
        Ok(Self::of(settings, Tenant::from_snapshot(snapshot)?))
    }

    fn of(settings: Settings, mut home: Tenant) -> Self {
        home.assistants.set_fractions(settings.copilot.fractions);
        Self {
            settings: Arc::new(settings),
            state: Arc::new(Mutex::new(State::new(home))),
            tenant: TenantId::HOME,
        }
    }

    /// Puts one more organization, without rules and without clients, behind this API; the handle is on that one.
    ///
    /// Ids are not compared: an organization with the id of another has rules of its own all the same.
    #[must_use]
    pub fn add_organization(&self, organization: HostedOrganization) -> Self {
        let mut tenant = Tenant::new(organization);
        tenant.assistants.set_fractions(self.settings.copilot.fractions);
        let tenant = self.state().tenants.add(tenant);
        Self { tenant, ..self.clone() }
    }

    /// The organization of this handle.
    pub fn organization(&self) -> HostedOrganization {
        self.tenant(|tenant| tenant.organization.clone())
    }

    /// Gives the organization of this handle another id and name. Its rules, clients and tokens stay with it.
    pub fn set_organization(&self, organization: HostedOrganization) {
        self.tenant(|tenant| tenant.organization = organization);
    }

    /// The organization, all its rules with their versions, its assistants and what they refer to, as JSON; nothing else
    /// of the world.
    pub fn snapshot(&self) -> Value {
        self.tenant(|tenant| tenant.snapshot())
    }

    /// Keeps `rule` as if a client had made it, unchecked, at the version of its `etag`, or at `1`.
    ///
    /// # Errors
    ///
    /// [`RuleError::Shape`] if it is no object with a text as `id`.
    pub fn put_rule(&self, rule: Value) -> Result<(), RuleError> {
        let rule = Stored::new(rule)?;
        self.tenant(|tenant| tenant.rules.put(rule));
        Ok(())
    }

    /// The rule as it would be served.
    pub fn rule(&self, id: &str) -> Option<Value> {
        self.tenant(|tenant| {
            let rule = tenant.rules.find(id)?;
            Some(rule.served(self.settings.body_etag))
        })
    }

    /// Edits a rule as another client would, unchecked: it gets a new version.
    ///
    /// `change` must not use this world.
    ///
    /// # Errors
    ///
    /// [`RuleError::Missing`] if there is no such rule; [`RuleError::Shape`] if what is left is no rule of this id.
    pub fn edit_rule(&self, id: &str, change: impl FnOnce(&mut Value)) -> Result<(), RuleError> {
        self.tenant(|tenant| tenant.rules.edit(id, change))
    }

    /// Deletes a rule as another client would.
    pub fn remove_rule(&self, id: &str) {
        self.tenant(|tenant| tenant.rules.remove(id));
    }

    /// Lets a client sign in to the organization of this handle; it takes the place of one with the same id.
    ///
    /// A client of another organization moves: its later tokens belong to this one, its earlier tokens to the other.
    pub fn add_client(&self, client: Client) {
        let clients = &mut self.state().clients;
        clients.retain(|other| other.client.id != client.id);
        clients.push(Registration {
            client,
            tenant: self.tenant,
        });
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
    pub fn issued_tokens(&self) -> Vec<String> {
        self.state().tokens.all()
    }

    /// Answers the next `times` token requests with the token endpoint's own rate limit.
    pub fn limit_sign_ins(&self, times: u32) {
        self.state().limited_sign_ins = times;
    }

    /// Every request so far, in the order in which they came.
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
    pub(crate) fn record(&self, call: &Call) -> usize {
        let log = &mut self.state().log;
        log.push(RecordedRequest::of(call));
        log.len() - 1
    }

    /// Notes what the client of the request at `place` can see of an answer.
    pub(crate) fn record_answer(&self, place: usize, status: Option<StatusCode>) {
        if let Some(seen) = self.state().log.get_mut(place) {
            seen.status = status.map(|status| status.as_u16());
        }
    }

    /// The fault that is to meet a request.
    pub(crate) fn due(&self, call: &Call) -> Option<FaultAction> {
        self.state().faults.due(call)
    }

    /// The organization that a request's token belongs to; this handle's, if it carries none.
    pub(crate) fn tenant_of<T>(&self, call: &Call, look: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut state = self.state();
        let tenant = state.tokens.tenant_of_bearer(&call.headers).unwrap_or(self.tenant);
        look(state.tenants.get_mut(tenant))
    }

    pub(crate) fn begin_throttle_burst(&self, requests: u32, retry_after: u32) {
        self.state().throttle_burst = ThrottleBurst::new(requests, retry_after);
    }

    pub(crate) fn revoke_token_of(&self, call: &Call) {
        self.state().tokens.revoke_bearer(&call.headers);
    }

    /// Carries a request out.
    pub(crate) fn answer(&self, call: &Call) -> Reply {
        let reply = self.state().answer(&self.settings, call);
        reply.finished(self.settings.clock.now(), &call.correlation_id)
    }

    /// The tenant of this handle, under the lock of the state.
    pub(crate) fn tenant<T>(&self, look: impl FnOnce(&mut Tenant) -> T) -> T {
        look(self.state().tenants.get_mut(self.tenant))
    }

    /// A thread that panicked leaves the state as it was: each change of it is one assignment.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
