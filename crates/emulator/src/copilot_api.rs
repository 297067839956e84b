//! Answers about assistants, their Copilots and their variations.

use http::StatusCode;
use serde_json::Value;

use crate::{
    HostedDocument, Settings, Writer,
    api_error::ApiError,
    assistant_store::AssistantStore,
    call::{Call, json_object},
    copilot_engine, etag, listing,
    reference_api::contains,
    reply::Reply,
};

const MAX_PAGE_SIZE: usize = 200;

/// True if the Copilots are to be in the answer.
pub(crate) fn expands_copilot(call: &Call) -> bool {
    let parameters = call.parameters();
    parameters
        .iter()
        .filter(|(name, _)| name == "expand")
        .any(|(_, fields)| fields.split(',').any(|field| field == "copilot"))
}

/// A page of assistants.
///
/// # Errors
///
/// 400 for a page that cannot be.
pub(crate) fn list(store: &mut AssistantStore, settings: &Settings, call: &Call) -> Result<Reply, ApiError> {
    let parameters = call.parameters();
    let part = parameters.text("name").unwrap_or_default();
    let ids: Vec<String> = store
        .names()
        .filter(|(_, name)| contains(name, &part))
        .map(|(id, _)| id.to_owned())
        .collect();
    let page = listing::CursorPage::new(parameters, MAX_PAGE_SIZE, ids.len())?;
    let entities = page
        .of(ids)
        .iter()
        .filter_map(|id| assistant(store, settings, call, id))
        .collect();
    let body = listing::with_next_uri(entities, page.next_uri(&settings.copilot.next_uri_base, call));
    Ok(reply(store, settings, body))
}

/// An assistant, without its Copilot unless that is asked for.
///
/// # Errors
///
/// 404 if it is not there.
pub(crate) fn get_assistant(
    store: &mut AssistantStore,
    settings: &Settings,
    call: &Call,
    id: &str,
) -> Result<Reply, ApiError> {
    let assistant = assistant(store, settings, call, id).ok_or_else(|| not_found("assistant", id))?;
    Ok(reply(store, settings, assistant))
}

/// All variations of an assistant.
///
/// # Errors
///
/// 404 if it is not there.
pub(crate) fn list_variations(
    store: &mut AssistantStore,
    settings: &Settings,
    assistant: &str,
) -> Result<Reply, ApiError> {
    let variations = store.read_variations(assistant, settings.clock.now());
    let variations = variations.ok_or_else(|| not_found("assistant", assistant))?;
    Ok(reply(store, settings, listing::with_next_uri(variations, None)))
}

/// A Copilot or a variation.
///
/// # Errors
///
/// 404 if it is not there.
pub(crate) fn get(store: &mut AssistantStore, settings: &Settings, at: &HostedDocument) -> Result<Reply, ApiError> {
    let document = store.read_document(at, settings.clock.now()).cloned();
    let document = document.ok_or_else(|| missing(at))?;
    Ok(tagged_reply(store, settings, document))
}

/// Replaces a Copilot or a variation. There is no lock, unless a gateway makes one.
///
/// # Errors
///
/// 404 if there is no such assistant or variation, 412 by the gateway, 400 for a document that may not be written.
pub(crate) fn put(
    store: &mut AssistantStore,
    settings: &Settings,
    call: &Call,
    client: &str,
    at: &HostedDocument,
) -> Result<Reply, ApiError> {
    let body = call.json_bytes()?;
    if store.assistant(at.assistant()).is_none() {
        return Err(missing(at));
    }
    let stored = store.document(at);
    etag::require_of_gateway(settings.copilot.etag, &call.headers, stored)?;
    let sent = json_object(body)?;
    let enums = settings.copilot.enum_members;
    let document = match at {
        HostedDocument::Copilot { .. } => copilot_engine::copilot(sent, stored, &at.path(), enums)?,
        HostedDocument::Variation { .. } => {
            let stored = stored.ok_or_else(|| missing(at))?;
            copilot_engine::variation(sent, stored, enums)?
        }
    };
    let writer = Writer::Client {
        id: client.to_owned(),
        correlation_id: call.correlation_id.clone(),
    };
    let lag = settings.copilot.staleness.lag(settings.clock.now());
    store.write(at, document, writer, lag).map_err(|_| missing(at))?;
    let document = store.document(at).cloned().unwrap_or_default();
    Ok(tagged_reply(store, settings, document))
}

fn assistant(store: &mut AssistantStore, settings: &Settings, call: &Call, id: &str) -> Option<Value> {
    if expands_copilot(call) {
        return store.read_assistant(id, settings.clock.now()).cloned();
    }
    let mut assistant = store.assistant(id)?.clone();
    if let Some(members) = assistant.as_object_mut() {
        members.shift_remove("copilot");
    }
    Some(assistant)
}

fn reply(store: &mut AssistantStore, settings: &Settings, body: Value) -> Reply {
    Reply::json(StatusCode::OK, &store.shown(settings.copilot.member_order, body))
}

fn tagged_reply(store: &mut AssistantStore, settings: &Settings, document: Value) -> Reply {
    let etag = etag::of_gateway(settings.copilot.etag, &document);
    reply(store, settings, document).with_etag(etag)
}

fn missing(at: &HostedDocument) -> ApiError {
    match at {
        HostedDocument::Copilot { assistant } => not_found("Copilot of the assistant", assistant),
        HostedDocument::Variation { variation, .. } => not_found("variation", variation),
    }
}

fn not_found(subject: &str, id: &str) -> ApiError {
    ApiError::new(404, "not.found", format!("The {subject} {id} could not be found.")).param("id", id)
}
