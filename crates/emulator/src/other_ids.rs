//! The same things under other ids: a second organization, as teams have one to try and one to work in.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use uuid::Uuid;

use crate::{Client, Emulator, HostedOrganization, Settings};

/// The ids of the platform.
const ID: &str = "(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/// The bits of an id that say how it was made, which stay.
const FORM: u128 = 0x0000_0000_0000_f000_c000_0000_0000_0000;

impl Emulator {
    /// The world of the sandbox in an organization of its own: all names are those of the [sample](Self::sample), and every id
    /// is another one, always the same for a name of the organization.
    ///
    /// ```
    /// use assist_rules_emulator::{Emulator, HostedOrganization, SAMPLE_RULE_ID};
    ///
    /// let production = Emulator::sample_of(HostedOrganization::new("Production"));
    /// assert!(production.rule(SAMPLE_RULE_ID).is_none());
    /// assert!(production.ids().is_disjoint(&Emulator::sample().ids()));
    /// assert_eq!(production.ids().len(), Emulator::sample().ids().len());
    /// ```
    pub fn sample_of(organization: HostedOrganization) -> Self {
        Self::sample_of_with(organization, Settings::default())
    }

    /// The same with another behavior.
    pub fn sample_of_with(organization: HostedOrganization, settings: Settings) -> Self {
        Self::sample().copied_to(organization, settings)
    }

    /// A world like this one in another organization: all names are the same, and every id is another one.
    #[must_use]
    pub fn copied_to(&self, organization: HostedOrganization, settings: Settings) -> Self {
        let text = with_other_ids(&self.snapshot().to_string(), &organization.name);
        let snapshot: Value = serde_json::from_str(&text).unwrap_or_default();
        let emulator = Self::restore(&snapshot, settings).unwrap_or_else(|_| Self::sample());
        emulator.add_client(Client::sandbox());
        emulator.set_organization(organization);
        emulator
    }

    /// Every id of the rules, assistants and what they refer to, so that a test can look for those of another organization.
    pub fn ids(&self) -> BTreeSet<String> {
        let mut snapshot = self.snapshot();
        if let Some(members) = snapshot.as_object_mut() {
            members.remove("organization");
        }
        let text = snapshot.to_string();
        let ids = ids();
        let found = ids.iter().flat_map(|ids| ids.find_iter(&text));
        found.map(|id| id.as_str().to_owned()).collect()
    }

    /// The parts of what clients wrote here that they must not have: ids of the organization of `other`, which has none in common with this one,
    /// and texts that begin with `@{` where an id stands.
    pub fn foreign_writes(&self, other: &Self) -> Vec<String> {
        let theirs = other.ids();
        let mut found = Vec::new();
        for request in self.requests().iter().filter(|request| request.method == "PUT") {
            let body = String::from_utf8_lossy(&request.body);
            found.extend(theirs.iter().filter(|id| body.contains(id.as_str())).cloned());
            found.extend(theirs.iter().filter(|id| request.path.contains(id.as_str())).cloned());
            if let Ok(document) = serde_json::from_slice(&request.body) {
                names_as_ids(&document, &mut found);
            }
        }
        found
    }
}

/// Adds the texts that begin with `@{` in members that are ids by their name.
fn names_as_ids(document: &Value, found: &mut Vec<String>) {
    match document {
        Value::Object(members) => {
            for (name, value) in members {
                let is_id = name.ends_with("Id") || ["id", "url", "domain"].contains(&name.as_str());
                found.extend(
                    value
                        .as_str()
                        .filter(|text| is_id && text.starts_with("@{"))
                        .map(str::to_owned),
                );
                names_as_ids(value, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| names_as_ids(element, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The text with another id in place of each, one to one.
fn with_other_ids(text: &str, name: &str) -> String {
    let Some(ids) = ids() else { return text.to_owned() };
    // Why an odd number: it changes every id.
    let difference = (hash(name) & !FORM) | 1;
    let other = |found: &regex::Captures<'_>| {
        let id = found.get(0).map_or("", |id| id.as_str());
        id.parse::<Uuid>().map_or(id.to_owned(), |id| {
            Uuid::from_u128(id.as_u128() ^ difference).to_string()
        })
    };
    ids.replace_all(text, other).into_owned()
}

fn ids() -> Option<Regex> {
    Regex::new(ID).ok()
}

/// The hash of a name: FNV-1a.
fn hash(name: &str) -> u128 {
    name.bytes()
        .fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, |hash, byte| {
            (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{HostedDocument, SAMPLE_ASSISTANT_ID};

    /// The names in a world, in order.
    fn names(emulator: &Emulator) -> Vec<String> {
        fn add(value: &Value, names: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    let own = ["name", "title"].iter().filter_map(|name| members.get(*name)?.as_str());
                    names.extend(own.map(str::to_owned));
                    members.values().for_each(|value| add(value, names));
                }
                Value::Array(elements) => elements.iter().for_each(|element| add(element, names)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let mut names = Vec::new();
        let snapshot = emulator.snapshot();
        for part in ["rules", "assistants", "references"] {
            add(&snapshot[part], &mut names);
        }
        names
    }

    #[test]
    fn another_organization_has_the_same_names_and_other_ids_that_stay() {
        let of = |name: &str| Emulator::sample_of(HostedOrganization::new(name));
        let (sample, development, production) = (Emulator::sample(), of("dev"), of("prod"));
        assert_eq!(names(&production), names(&sample));
        assert!(names(&sample).len() > 15);
        for (one, other) in [
            (&sample, &development),
            (&sample, &production),
            (&development, &production),
        ] {
            assert!(one.ids().is_disjoint(&other.ids()));
        }
        assert_eq!(of("prod").ids(), production.ids());
        assert_eq!(production.organization().name, "prod");
    }

    #[test]
    fn each_reference_leads_to_what_it_led_to() {
        let production = Emulator::sample_of(HostedOrganization::new("prod"));
        let snapshot = production.snapshot();
        let copilot = &snapshot["assistants"][0]["assistant"]["copilot"];
        let attributes = &copilot["ruleEngineConfig"]["rules"][0]["rule"]["actions"][0]["attributes"];
        let response = attributes["responseId"].as_str().unwrap();
        let found = production
            .reference(&crate::ReferenceCollection::Responses, response)
            .unwrap();
        assert_eq!(
            (&found["name"], &found["libraries"][0]["id"]),
            (&"Greeting".into(), &attributes["libraryId"])
        );
        let assistant = snapshot["assistants"][0]["assistant"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_ne!(assistant, SAMPLE_ASSISTANT_ID);
        assert!(
            production
                .hosted_document(&HostedDocument::Copilot { assistant })
                .is_some()
        );
    }

    #[test]
    fn a_reference_by_name_is_seen_where_an_id_stands_and_not_in_other_texts() {
        let mut found = Vec::new();
        let body = serde_json::json!({"nluConfig": {"domain": "@{domain:A}"}, "conditions": [{"value": "@{hello}"}],
            "actions": [{"attributes": {"scriptId": "@{script:A}", "pageId": "p"}}]});
        names_as_ids(&body, &mut found);
        assert_eq!(found, ["@{domain:A}", "@{script:A}"]);
    }
}
