//! The platform itself: a request in, an answer out, and a state that moves. No socket, no waiting.

use http::{
    HeaderValue, StatusCode,
    header::{ALLOW, CACHE_CONTROL},
};
use serde_json::Value;

use crate::{
    Permission, RecordedRequest, Settings,
    api_error::ApiError,
    call::{Call, json_object},
    client::Registration,
    copilot_api, engine, etag,
    fault::Faults,
    listing,
    rate::{Rates, ThrottleBurst},
    reference_api,
    reply::Reply,
    route::Route,
    rule_store::{RuleStore, Stored},
    sign_in,
    tenant::{Tenant, Tenants},
    token::{Issued, Tokens},
};

const MAX_PAGE_SIZE: usize = 100;

/// All that an emulator remembers.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tenants: Tenants,
    pub(crate) clients: Vec<Registration>,
    pub(crate) tokens: Tokens,
    pub(crate) limited_sign_ins: u32,
    pub(crate) log: Vec<RecordedRequest>,
    pub(crate) faults: Faults,
    pub(crate) throttle_burst: ThrottleBurst,
    rates: Rates,
}

impl State {
    pub(crate) fn new(home: Tenant) -> Self {
        Self {
            tenants: Tenants::new(home),
            ..Self::default()
        }
    }

    /// Carries a request out.
    pub(crate) fn answer(&mut self, settings: &Settings, call: &Call) -> Reply {
        if call.route == Route::Token {
            return self
                .sign_in(settings, call)
                .with(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        let now = settings.clock.now();
        let issued = match self.tokens.authenticate(&call.headers, now) {
            Ok(issued) => issued,
            Err(refusal) => return refusal.into_reply(&call.correlation_id),
        };
        let standing = self.rates.count(issued.serial, now, settings.requests_per_minute);
        let answer = standing
            .require(settings.retry_after, now)
            .and_then(|()| self.throttle_burst.pass(settings.retry_after, now))
            .and_then(|()| self.api(settings, call, &issued));
        standing.mark(answer.unwrap_or_else(|refusal| refusal.into_reply(&call.correlation_id)))
    }

    fn sign_in(&mut self, settings: &Settings, call: &Call) -> Reply {
        if self.limited_sign_ins > 0 {
            self.limited_sign_ins -= 1;
            return sign_in::RATE_LIMITED.into();
        }
        match sign_in::grant(&self.clients, call) {
            Ok(registration) => {
                let lifetime = settings.token_lifetime;
                let token = self.tokens.issue(registration, settings.clock.now(), lifetime);
                sign_in::granted(&token, lifetime.as_secs())
            }
            Err(fault) => fault.into(),
        }
    }

    fn api(&mut self, settings: &Settings, call: &Call, issued: &Issued) -> Result<Reply, ApiError> {
        for permission in needed(call) {
            self.permit(issued, permission)?;
        }
        let tenant = self.tenants.get_mut(issued.tenant);
        match &call.route {
            Route::Organization => Ok(Reply::json(StatusCode::OK, &tenant.organization.served())),
            Route::List => list(&tenant.rules, settings, call),
            Route::Get { id } => Ok(found(settings, find(&tenant.rules, id)?)),
            Route::Put { id } => put(&mut tenant.rules, settings, call, id),
            Route::ListAssistants => copilot_api::list(&mut tenant.assistants, settings, call),
            Route::GetAssistant { id } => copilot_api::get_assistant(&mut tenant.assistants, settings, call, id),
            Route::ListVariations { assistant } => {
                copilot_api::list_variations(&mut tenant.assistants, settings, assistant)
            }
            Route::GetDocument(at) => copilot_api::get(&mut tenant.assistants, settings, at),
            Route::PutDocument(at) => copilot_api::put(&mut tenant.assistants, settings, call, &issued.client_id, at),
            Route::ListReferences(collection) => reference_api::list(&tenant.references, settings, call, collection),
            Route::GetReference { collection, id } => reference_api::get(&tenant.references, call, collection, id),
            Route::WrongMethod { allow } => Err(ApiError::new(
                405,
                "method.not.allowed",
                format!("The method {} is not allowed for this resource.", call.method),
            )
            .header(ALLOW, HeaderValue::from_static(allow))),
            Route::Token | Route::Nowhere => Err(ApiError::new(
                404,
                "not.found",
                "The requested resource could not be found.",
            )),
        }
    }

    fn permit(&self, issued: &Issued, permission: Permission) -> Result<(), ApiError> {
        let registration = self.clients.iter().find(|other| other.client.id == issued.client_id);
        if registration.is_some_and(|registration| registration.client.permissions.contains(&permission)) {
            return Ok(());
        }
        Err(refusal(permission))
    }
}

/// The permissions that a request needs, all of them.
fn needed(call: &Call) -> Vec<Permission> {
    match &call.route {
        Route::List | Route::Get { .. } => vec![Permission::View],
        Route::Put { .. } => vec![Permission::Update],
        Route::ListAssistants | Route::GetAssistant { .. } if copilot_api::expands_copilot(call) => {
            vec![Permission::AssistantView, Permission::CopilotView]
        }
        Route::ListAssistants | Route::GetAssistant { .. } => vec![Permission::AssistantView],
        Route::ListVariations { .. } | Route::GetDocument(_) => vec![Permission::CopilotView],
        Route::PutDocument(_) => vec![Permission::CopilotEdit],
        Route::ListReferences(collection) | Route::GetReference { collection, .. } => vec![collection.permission()],
        Route::Token | Route::Organization | Route::WrongMethod { .. } | Route::Nowhere => Vec::new(),
    }
}

/// The 403 that names a permission, and the older one that would do as well.
fn refusal(permission: Permission) -> ApiError {
    let name = permission.name();
    let (code, lack, names) = match permission.alternative() {
        None => (
            "missing.permissions",
            "You are missing the following permission(s)",
            name.to_owned(),
        ),
        Some(alternative) => (
            "missing.any.permissions",
            "You must have at least one of the following permissions assigned",
            format!("{name}, {alternative}"),
        ),
    };
    let message = format!("Unable to perform the requested action. {lack}: [{names}]");
    ApiError::new(403, code, message).param("permissions", names)
}

/// Replaces a rule. Each write makes a new version, whatever it says.
fn put(rules: &mut RuleStore, settings: &Settings, call: &Call, id: &str) -> Result<Reply, ApiError> {
    let body = call.json_bytes()?;
    let stored = find(rules, id)?;
    etag::require(&call.headers, stored.etag())?;
    let rule = json_object(body)?;
    engine::require(&rule, stored.document())?;
    let next = stored
        .succeeded_by(Value::Object(rule))
        .map_err(|error| ApiError::new(400, "invalid.rule", format!("Cannot {error}.")))?;
    let reply = found(settings, &next);
    rules.put(next);
    Ok(reply)
}

fn list(rules: &RuleStore, settings: &Settings, call: &Call) -> Result<Reply, ApiError> {
    let served = |rule: &Stored| rule.served(settings.body_etag);
    let page = listing::numbered(call.parameters(), MAX_PAGE_SIZE, rules.iter(), served)?;
    Ok(Reply::json(StatusCode::OK, &page))
}

fn find<'rules>(rules: &'rules RuleStore, id: &str) -> Result<&'rules Stored, ApiError> {
    rules.find(id).ok_or_else(|| {
        ApiError::new(404, "not.found", format!("The trigger rule {id} could not be found.")).param("id", id)
    })
}

fn found(settings: &Settings, rule: &Stored) -> Reply {
    Reply::json(StatusCode::OK, &rule.served(settings.body_etag))
        .with_etag(etag::header(settings.etag_header, rule.etag()))
}
