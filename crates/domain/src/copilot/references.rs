//! The things that a document refers to: its domain and the intents in it, and what its rules show to agents.

use super::Copilot;
use crate::document::{DocumentKind, is_note};
use crate::json::Node;
use crate::pointer::Pointer;
use crate::reference::{IntentDomain, IntentPlace, ReferenceKind, ReferencePlaces, is_id_name};

/// The attributes of an action that are ids of things with a listing, and the attribute that says what each is within.
const ATTRIBUTES: [(&str, ReferenceKind, Option<&str>); 7] = [
    ("responseId", ReferenceKind::Response, Some("libraryId")),
    ("libraryId", ReferenceKind::Library, None),
    ("scriptId", ReferenceKind::Script, None),
    ("pageId", ReferenceKind::Page, Some("scriptId")),
    ("checklistId", ReferenceKind::Checklist, None),
    ("knowledgeBaseId", ReferenceKind::KnowledgeBase, None),
    ("documentId", ReferenceKind::Document, Some("knowledgeBaseId")),
];

/// The member of a rule, a condition or an action that is its own id, if it has one: it means nothing elsewhere.
const OWN_ID: &str = "id";

/// The places of a document where ids and intents stand.
pub(super) fn places(root: Node<'_>) -> ReferencePlaces<'_> {
    let mut places = ReferencePlaces {
        intent_domain: intent_domain(root),
        ..ReferencePlaces::default()
    };
    for member in root.members() {
        let (name, at) = (member.name, Pointer::root().member(member.name));
        match name {
            Copilot::ID_MEMBER => places.listed(at, member.value, ReferenceKind::Assistant, None),
            // Why: an assistant's variations are listed by no name that is unique.
            "variation" if member.value.as_str().is_some() => places.unlisted(at, member.value),
            "nluConfig" => nlu(&mut places, &at, member.value),
            "ruleEngineConfig" => rule_engine(&mut places, &at, member.value),
            _ if Copilot::SERVER_OWNED.contains(&name) => {}
            _ => places.named_as_ids(name, &at, member.value),
        }
    }
    places
}

fn intent_domain(root: Node<'_>) -> Option<IntentDomain> {
    let domain = root.get("nluConfig")?.get("domain")?;
    let id = domain.as_str().or_else(|| domain.get("id")?.as_str());
    let uses_newest = domain.get("useLatestVersion").and_then(Node::as_bool) == Some(true);
    let version = domain.get("version").filter(|_| !uses_newest);
    let version = version.and_then(|version| version.as_str().or_else(|| version.get("id")?.as_str()));
    Some(IntentDomain {
        id: id.filter(|id| !id.is_empty())?.to_owned(),
        version: version.filter(|version| !version.is_empty()).map(str::to_owned),
    })
}

fn nlu<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, config: Node<'d>) {
    for member in config.members() {
        let at = place.member(member.name);
        if member.name == "domain" {
            domain(places, &at, member.value);
        } else {
            places.named_as_ids(member.name, &at, member.value);
        }
    }
}

fn domain<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, domain: Node<'d>) {
    places.listed(place.clone(), domain, ReferenceKind::Domain, None);
    for member in domain.members() {
        let at = place.member(member.name);
        match member.name {
            "id" => places.listed(at, member.value, ReferenceKind::Domain, None),
            "version" if member.value.as_str().is_some() => places.unlisted(at, member.value),
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

fn rule_engine<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, config: Node<'d>) {
    for member in config.members() {
        let at = place.member(member.name);
        match member.name {
            "rules" => {
                for (index, rule) in member.value.elements().enumerate() {
                    self::rule(places, &at.index(index), rule);
                }
            }
            "fallback" => parts(places, &at, member.value),
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

fn rule<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, rule: Node<'d>) {
    for member in rule.members() {
        let at = place.member(member.name);
        match member.name {
            OWN_ID => places.with_own_id.push(rule),
            "rule" => parts(places, &at, member.value),
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

/// The conditions and the actions of a rule, or of the fallback.
fn parts<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, body: Node<'d>) {
    for member in body.members() {
        let at = place.member(member.name);
        let elements = || (0..).zip(member.value.elements());
        match member.name {
            "conditions" => elements().for_each(|(index, element)| condition(places, &at.index(index), element)),
            "actions" => elements().for_each(|(index, element)| action(places, &at.index(index), element)),
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

fn condition<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, condition: Node<'d>) {
    let is_intent = condition.get("conditionType").and_then(Node::as_str) == Some("Intent");
    for member in condition.members() {
        let at = place.member(member.name);
        match member.name {
            "conditionValues" if is_intent => {
                let values = (0..).zip(member.value.elements());
                let named = values.filter_map(|(index, value)| {
                    let name = value.as_str().filter(|name| !name.is_empty())?;
                    let pointer = at.index(index);
                    Some(IntentPlace { pointer, name })
                });
                places.intents.extend(named);
            }
            "conditionValues" | OWN_ID => {}
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

fn action<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, action: Node<'d>) {
    for member in action.members() {
        let at = place.member(member.name);
        match member.name {
            "attributes" => attributes(places, &at, member.value),
            OWN_ID => {}
            name => places.named_as_ids(name, &at, member.value),
        }
    }
}

fn attributes<'d>(places: &mut ReferencePlaces<'d>, place: &Pointer, attributes: Node<'d>) {
    for member in attributes.members() {
        let at = place.member(member.name);
        let known = ATTRIBUTES.iter().find(|(name, ..)| *name == member.name);
        match known {
            Some((_, kind, owner)) => {
                let owner = owner.and_then(|owner| attributes.get(owner));
                places.listed(at, member.value, *kind, owner);
            }
            None if is_note(member.name) => {}
            None if is_id_name(member.name) => places.unlisted(at, member.value),
            None => places.unknown(at, member.value),
        }
    }
}
