//! Answers about what a Copilot refers to.

use http::StatusCode;
use serde_json::Value;

use crate::{
    ReferenceCollection, Settings,
    api_error::ApiError,
    call::Call,
    listing,
    parameters::{self, Parameters},
    reference_collection::{Paging, Selection},
    reference_store::ReferenceStore,
    reply::Reply,
};

/// A list of a collection, as its parameters ask for it.
///
/// # Errors
///
/// 404 if its owner is not there, 400 for parameters that cannot be.
pub(crate) fn list(
    store: &ReferenceStore,
    settings: &Settings,
    call: &Call,
    collection: &ReferenceCollection,
) -> Result<Reply, ApiError> {
    require_owner(store, collection)?;
    let parameters = call.parameters();
    let selection = collection.selection();
    if selection == Selection::Library && parameters.text("libraryId").is_none() {
        return Err(parameters::invalid("libraryId", "the id of a library"));
    }
    let elements: Vec<&Value> = store
        .list(collection)
        .filter(|element| is_selected(element, selection, parameters))
        .collect();
    let served = |element: &Value| served(element, collection, parameters);
    let list = match collection.paging() {
        Paging::Numbered(largest) => listing::numbered(parameters, largest, elements.into_iter(), served)?,
        Paging::Cursor(largest) => {
            let page = listing::CursorPage::new(parameters, largest, elements.len())?;
            let next = page.next_uri(&settings.copilot.next_uri_base, call);
            listing::with_next_uri(page.of(elements).into_iter().map(served).collect(), next)
        }
        Paging::None => elements.into_iter().map(served).collect(),
    };
    Ok(Reply::json(StatusCode::OK, &list))
}

/// An element of a collection.
///
/// # Errors
///
/// 404 if it, or its owner, is not there.
pub(crate) fn get(
    store: &ReferenceStore,
    call: &Call,
    collection: &ReferenceCollection,
    id: &str,
) -> Result<Reply, ApiError> {
    require_owner(store, collection)?;
    let element = store.find(collection, id).ok_or_else(|| not_found(id))?;
    Ok(Reply::json(
        StatusCode::OK,
        &served(element, collection, call.parameters()),
    ))
}

fn require_owner(store: &ReferenceStore, collection: &ReferenceCollection) -> Result<(), ApiError> {
    match collection.owner() {
        Some((owners, id)) if store.find(&owners, id).is_none() => Err(not_found(id)),
        Some(_) | None => Ok(()),
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::new(404, "not.found", format!("The resource {id} could not be found.")).param("id", id)
}

fn is_selected(element: &Value, selection: Selection, parameters: Parameters<'_>) -> bool {
    let name = element.get("name").and_then(Value::as_str).unwrap_or_default();
    match selection {
        Selection::All => true,
        Selection::Contains(parameter) => parameters.text(parameter).is_none_or(|part| contains(name, &part)),
        Selection::Prefix(parameter) => parameters
            .text(parameter)
            .is_none_or(|prefix| name.to_lowercase().starts_with(&prefix.to_lowercase())),
        Selection::Library => {
            let libraries = element.get("libraries").and_then(Value::as_array);
            libraries
                .into_iter()
                .flatten()
                .any(|library| library.get("id").and_then(Value::as_str) == parameters.text("libraryId").as_deref())
        }
    }
}

/// True if `part` stands in `name`, in any case: the platform's idea of a name that was asked for.
pub(crate) fn contains(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

/// The element as a client gets it: an NLU domain's version may come without the utterances of its intents.
fn served(element: &Value, collection: &ReferenceCollection, parameters: Parameters<'_>) -> Value {
    let mut element = element.clone();
    let without_utterances = parameters.text("includeUtterances").as_deref() == Some("false");
    if without_utterances && matches!(collection, ReferenceCollection::NluDomainVersions { .. }) {
        let intents = element.get_mut("intents").and_then(Value::as_array_mut);
        for intent in intents.into_iter().flatten().filter_map(Value::as_object_mut) {
            intent.shift_remove("utterances");
        }
    }
    element
}
