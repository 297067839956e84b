//! The platform's checks of a Copilot that a client sends, and the members of it that the platform owns.
//!
//! All violations are found. Members that the published API lacks are kept, and so are members of enums, unless the
//! settings say otherwise.

use serde_json::{Map, Value};

use crate::{
    api_error::ApiError,
    copilot_settings::EnumMembers,
    violation::{self, Violation},
};

const MAX_ELEMENTS: usize = 100;
const MAX_ATTRIBUTES: usize = 100;

const NLU_ENGINES: [&str; 1] = ["NluV3"];
const CONDITIONS: [&str; 5] = [
    "Intent",
    "ConversationStart",
    "ConversationTransfer",
    "ConversationEnd",
    "Sentiment",
];
const ACTIONS: [&str; 5] = [
    "KnowledgeArticle",
    "CannedResponse",
    "Script",
    "Checklist",
    "ThirdPartyAction",
];
const FALLBACK_ACTIONS: [&str; 5] = [
    "KnowledgeArticle",
    "CannedResponse",
    "Script",
    "KnowledgeSearch",
    "ThirdPartyAction",
];

/// The members of a Copilot that are objects, and are not looked into.
const OBJECTS: [&str; 6] = [
    "summaryGenerationConfig",
    "wrapupCodePredictionConfig",
    "autoSearchConfig",
    "manualSearchConfig",
    "knowledgeAnswerConfig",
    "answerGenerationConfig",
];

/// The Copilot that is stored for `sent`: what is read-only in it is as it was, whatever was sent.
///
/// # Errors
///
/// 400 for what is no Copilot, or changes the language of `stored`.
pub(crate) fn copilot(
    mut sent: Map<String, Value>,
    stored: Option<&Value>,
    path: &str,
    enums: EnumMembers,
) -> Result<Value, ApiError> {
    let mut check = Check::new(enums);
    check.copilot("", &sent, stored);
    check.finish()?;
    let is_set = |stored: &&Value| stored.as_object().is_some_and(|members| !members.is_empty());
    if let Some(stored) = stored.filter(is_set) {
        keep_members(&mut sent, stored, &["enabled", "selfUri"]);
    } else {
        sent.insert("enabled".to_owned(), true.into());
        sent.insert("selfUri".to_owned(), path.into());
    }
    Ok(Value::Object(sent))
}

/// The variation that is stored for `sent`.
///
/// # Errors
///
/// 400 for what is no variation, or changes the language of the Copilot in `stored`.
pub(crate) fn variation(mut sent: Map<String, Value>, stored: &Value, enums: EnumMembers) -> Result<Value, ApiError> {
    let stored_copilot = stored.get("copilot");
    let mut check = Check::new(enums);
    check.required("", &sent, "name", Type::Text);
    let copilot = check
        .optional("", &sent, "copilot", Type::Object)
        .and_then(Value::as_object);
    if let Some(copilot) = copilot {
        check.copilot("copilot.", copilot, stored_copilot);
    }
    check.finish()?;
    keep_members(&mut sent, stored, &["id", "variationParent", "selfUri"]);
    if let (Some(Value::Object(sent)), Some(stored)) = (sent.get_mut("copilot"), stored_copilot) {
        keep_members(sent, stored, &["enabled", "selfUri"]);
    }
    Ok(Value::Object(sent))
}

/// Gives `sent` these members as `stored` has them, and has not.
fn keep_members(sent: &mut Map<String, Value>, stored: &Value, names: &[&str]) {
    for name in names {
        match stored.get(name) {
            Some(value) => drop(sent.insert((*name).to_owned(), value.clone())),
            None => drop(sent.shift_remove(*name)),
        }
    }
}

/// The types of JSON that members have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Type {
    Boolean,
    Number,
    Text,
    Array,
    Object,
}

impl Type {
    fn has(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Number => value.is_number(),
            Self::Text => value.is_string(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Boolean => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Array => "a list",
            Self::Object => "an object",
        }
    }
}

/// The violations so far. `at` is the path of an object, with the dot after it.
struct Check {
    found: Vec<Violation>,
    enums: EnumMembers,
}

impl Check {
    fn new(enums: EnumMembers) -> Self {
        Self {
            found: Vec::new(),
            enums,
        }
    }

    fn finish(self) -> Result<(), ApiError> {
        violation::require_none(&self.found)
    }

    fn copilot(&mut self, at: &str, copilot: &Map<String, Value>, stored: Option<&Value>) {
        self.required(at, copilot, "liveOnQueue", Type::Boolean);
        let language = self.required(at, copilot, "defaultLanguage", Type::Text);
        let was = stored
            .and_then(|stored| stored.get("defaultLanguage"))
            .filter(|was| was.is_string());
        if let (Some(language), Some(was)) = (language, was)
            && language != was
        {
            let field = format!("{at}defaultLanguage");
            let message = format!("{field} cannot be changed once it is set.");
            self.found.push(Violation::new("immutable.field", field, message));
        }
        if let Some(engine) = self.optional(at, copilot, "nluEngineType", Type::Text) {
            self.member_of(&format!("{at}nluEngineType"), engine, &NLU_ENGINES);
        }
        for name in OBJECTS {
            self.optional(at, copilot, name, Type::Object);
        }
        if let Some(Value::Object(nlu)) = self.optional(at, copilot, "nluConfig", Type::Object) {
            self.nlu(&format!("{at}nluConfig."), nlu);
        }
        if let Some(Value::Object(rules)) = self.optional(at, copilot, "ruleEngineConfig", Type::Object) {
            self.rule_engine(&format!("{at}ruleEngineConfig."), rules);
        }
    }

    /// The domain may be a bare id: such documents were seen.
    fn nlu(&mut self, at: &str, nlu: &Map<String, Value>) {
        match nlu.get("domain") {
            Some(Value::String(_)) => {}
            Some(Value::Object(domain)) => {
                let at = format!("{at}domain.");
                self.required(&at, domain, "id", Type::Text);
                self.required(&at, domain, "useLatestVersion", Type::Boolean);
                if let Some(Value::Object(version)) = self.optional(&at, domain, "version", Type::Object) {
                    self.required(&format!("{at}version."), version, "id", Type::Text);
                }
            }
            Some(_) | None => drop(self.required(at, nlu, "domain", Type::Object)),
        }
        let threshold = self.required(at, nlu, "intentConfidenceThreshold", Type::Number);
        if threshold
            .and_then(Value::as_f64)
            .is_some_and(|threshold| threshold <= 0.0 || threshold >= 1.0)
        {
            let field = format!("{at}intentConfidenceThreshold");
            self.found
                .push(Violation::invalid(field, "greater than 0 and less than 1"));
        }
    }

    fn rule_engine(&mut self, at: &str, engine: &Map<String, Value>) {
        if let Some(Value::Array(rules)) = self.required(at, engine, "rules", Type::Array) {
            for (at, rule) in self.objects(&format!("{at}rules"), rules) {
                self.rule(&at, rule);
            }
        }
        if let Some(Value::Object(fallback)) = self.optional(at, engine, "fallback", Type::Object) {
            let at = format!("{at}fallback.");
            self.optional(&at, fallback, "enabled", Type::Boolean);
            if let Some(Value::Array(actions)) = self.optional(&at, fallback, "actions", Type::Array) {
                self.actions(&format!("{at}actions"), actions, &FALLBACK_ACTIONS);
            }
        }
    }

    fn rule(&mut self, at: &str, rule: &Map<String, Value>) {
        self.optional(at, rule, "id", Type::Text);
        self.required(at, rule, "enabled", Type::Boolean);
        let Some(Value::Object(rule)) = self.required(at, rule, "rule", Type::Object) else {
            return;
        };
        let at = format!("{at}rule.");
        if let Some(Value::Array(conditions)) = self.required(&at, rule, "conditions", Type::Array) {
            let at = format!("{at}conditions");
            self.count(&at, conditions.len(), 1);
            for (at, condition) in self.objects(&at, conditions) {
                self.condition(&at, condition);
            }
        }
        if let Some(Value::Array(actions)) = self.required(&at, rule, "actions", Type::Array) {
            let at = format!("{at}actions");
            self.count(&at, actions.len(), 1);
            self.actions(&at, actions, &ACTIONS);
        }
    }

    fn condition(&mut self, at: &str, condition: &Map<String, Value>) {
        if let Some(kind) = self.required(at, condition, "conditionType", Type::Text) {
            self.member_of(&format!("{at}conditionType"), kind, &CONDITIONS);
        }
        if let Some(Value::Array(values)) = self.required(at, condition, "conditionValues", Type::Array) {
            for (index, _) in values.iter().enumerate().filter(|(_, value)| !value.is_string()) {
                let field = format!("{at}conditionValues[{index}]");
                self.found.push(Violation::invalid(field, Type::Text.name()));
            }
        }
    }

    fn actions(&mut self, at: &str, actions: &[Value], allowed: &[&str]) {
        for (at, action) in self.objects(at, actions) {
            if let Some(kind) = self.required(&at, action, "actionType", Type::Text) {
                self.member_of(&format!("{at}actionType"), kind, allowed);
            }
            if let Some(Value::Object(attributes)) = self.optional(&at, action, "attributes", Type::Object) {
                let field = format!("{at}attributes");
                if attributes.len() > MAX_ATTRIBUTES {
                    let message = format!("{field} has at most {MAX_ATTRIBUTES} members.");
                    self.found.push(Violation::new("invalid.size", field.as_str(), message));
                }
                for (name, _) in attributes.iter().filter(|(_, value)| !value.is_string()) {
                    let field = format!("{field}.{name}");
                    self.found.push(Violation::invalid(field, Type::Text.name()));
                }
            }
        }
    }

    fn count(&mut self, field: &str, count: usize, least: usize) {
        if !(least..=MAX_ELEMENTS).contains(&count) {
            let message = format!("{field} has {least} to {MAX_ELEMENTS} elements; this one has {count}.");
            self.found.push(Violation::new("invalid.size", field, message));
        }
    }

    fn member_of(&mut self, field: &str, value: &Value, allowed: &[&str]) {
        let text = value.as_str().unwrap_or_default();
        if self.enums == EnumMembers::Open || allowed.contains(&text) {
            return;
        }
        let allowed = allowed.join(", ");
        let message = format!("Value [{text}] is not valid for field type [{field}]. Allowable values are: {allowed}");
        self.found.push(Violation::new("invalid.value", field, message));
    }

    /// The elements that are objects, each with its path; all others are violations.
    fn objects<'list>(&mut self, at: &str, elements: &'list [Value]) -> Vec<(String, &'list Map<String, Value>)> {
        let mut objects = Vec::new();
        for (index, element) in elements.iter().enumerate() {
            let field = format!("{at}[{index}]");
            match element {
                Value::Object(object) => objects.push((format!("{field}."), object)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    self.found.push(Violation::invalid(field, Type::Object.name()));
                }
            }
        }
        objects
    }

    /// A member that must be there; null is as good as absent.
    fn required<'object>(
        &mut self,
        at: &str,
        object: &'object Map<String, Value>,
        name: &str,
        expected: Type,
    ) -> Option<&'object Value> {
        if object.get(name).is_none_or(Value::is_null) {
            self.found.push(Violation::missing(format!("{at}{name}")));
        }
        self.optional(at, object, name, expected)
    }

    /// A member of this type, if it is there and is not null.
    fn optional<'object>(
        &mut self,
        at: &str,
        object: &'object Map<String, Value>,
        name: &str,
        expected: Type,
    ) -> Option<&'object Value> {
        let value = object.get(name).filter(|value| !value.is_null())?;
        if expected.has(value) {
            return Some(value);
        }
        self.found
            .push(Violation::invalid(format!("{at}{name}"), expected.name()));
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(copilot: &Value, stored: &Value, enums: EnumMembers) -> Vec<(&'static str, String)> {
        let mut check = Check::new(enums);
        check.copilot("", copilot.as_object().unwrap(), Some(stored));
        let found = check.found.into_iter();
        found.map(|violation| (violation.code, violation.field)).collect()
    }

    #[test]
    fn every_violation_is_found_where_it_stands() {
        let copilot = json!({
            "liveOnQueue": "yes",
            "defaultLanguage": "en-US",
            "nluEngineType": "NluV9",
            "autoSearchConfig": [],
            "nluConfig": {"domain": {"useLatestVersion": 1, "version": {}}, "intentConfidenceThreshold": 1},
            "ruleEngineConfig": {
                "rules": [
                    {"enabled": true, "rule": {
                        "conditions": [{"conditionType": "Weather", "conditionValues": ["x", 1]}, 7, {}],
                        "actions": [{"actionType": "Checklist", "attributes": {"checklistId": 1}}, {}],
                    }, "participantRoles": 1},
                    {"id": 1, "rule": {"conditions": [], "actions": null}},
                    [],
                ],
                "fallback": {"enabled": null, "actions": [{"actionType": "Checklist"}, {"actionType": 1}]},
            },
            "stranger": 1,
        });
        let stored = json!({"defaultLanguage": "de-DE"});
        let expected = [
            ("invalid.value", "liveOnQueue"),
            ("immutable.field", "defaultLanguage"),
            ("invalid.value", "autoSearchConfig"),
            ("missing.field", "nluConfig.domain.id"),
            ("invalid.value", "nluConfig.domain.useLatestVersion"),
            ("missing.field", "nluConfig.domain.version.id"),
            ("invalid.value", "nluConfig.intentConfidenceThreshold"),
            ("invalid.value", "ruleEngineConfig.rules[2]"),
            ("invalid.value", "ruleEngineConfig.rules[0].rule.conditions[1]"),
            (
                "invalid.value",
                "ruleEngineConfig.rules[0].rule.conditions[0].conditionValues[1]",
            ),
            (
                "missing.field",
                "ruleEngineConfig.rules[0].rule.conditions[2].conditionType",
            ),
            (
                "missing.field",
                "ruleEngineConfig.rules[0].rule.conditions[2].conditionValues",
            ),
            (
                "invalid.value",
                "ruleEngineConfig.rules[0].rule.actions[0].attributes.checklistId",
            ),
            ("missing.field", "ruleEngineConfig.rules[0].rule.actions[1].actionType"),
            ("invalid.value", "ruleEngineConfig.rules[1].id"),
            ("missing.field", "ruleEngineConfig.rules[1].enabled"),
            ("invalid.size", "ruleEngineConfig.rules[1].rule.conditions"),
            ("missing.field", "ruleEngineConfig.rules[1].rule.actions"),
            ("invalid.value", "ruleEngineConfig.fallback.actions[1].actionType"),
        ]
        .map(|(code, field)| (code, field.to_owned()));
        assert_eq!(found(&copilot, &stored, EnumMembers::Open), expected);

        let closed = found(&copilot, &stored, EnumMembers::Published);
        let of_enums: Vec<_> = closed
            .iter()
            .filter(|violation| !expected.contains(violation))
            .collect();
        let fields: Vec<_> = of_enums.iter().map(|(_, field)| &**field).collect();
        assert_eq!(
            fields,
            [
                "nluEngineType",
                "ruleEngineConfig.rules[0].rule.conditions[0].conditionType",
                "ruleEngineConfig.fallback.actions[0].actionType",
            ]
        );
    }

    #[test]
    fn the_hundredth_element_is_the_last() {
        let copilot = |conditions: usize, actions: usize, attributes: usize| {
            let attributes: Map<_, _> = (0..attributes).map(|index| (index.to_string(), json!(""))).collect();
            let condition = json!({"conditionType": "Intent", "conditionValues": []});
            let action = json!({"actionType": "Script", "attributes": attributes});
            json!({"liveOnQueue": true, "defaultLanguage": "de-DE", "ruleEngineConfig": {"rules": [
                {"enabled": true, "rule": {"conditions": vec![condition; conditions], "actions": vec![action; actions]}},
            ]}})
        };
        let count = |copilot| found(&copilot, &Value::Null, EnumMembers::Open).len();
        assert_eq!(count(copilot(100, 100, 100)), 0);
        assert_eq!(count(copilot(101, 1, 0)), 1);
        assert_eq!(count(copilot(1, 101, 0)), 1);
        assert_eq!(count(copilot(1, 0, 0)), 1);
        assert_eq!(count(copilot(1, 1, 101)), 1);
    }

    #[test]
    fn a_threshold_lies_between_its_bounds() {
        for (threshold, violations) in [
            ("0", 1),
            ("0.0001", 0),
            ("0.9999", 0),
            ("1.0", 1),
            ("-1", 1),
            ("\"0.5\"", 1),
        ] {
            let text = format!(
                r#"{{"liveOnQueue":true,"defaultLanguage":"de-DE","nluConfig":{{"domain":"a","intentConfidenceThreshold":{threshold}}}}}"#
            );
            let copilot = serde_json::from_str(&text).unwrap();
            assert_eq!(
                found(&copilot, &Value::Null, EnumMembers::Open).len(),
                violations,
                "{threshold}"
            );
        }
    }

    #[test]
    fn read_only_members_stay_as_they_were() {
        let sent = || {
            json!({"enabled": false, "liveOnQueue": true, "defaultLanguage": "de-DE"})
                .as_object()
                .unwrap()
                .clone()
        };
        for (stored, enabled, self_uri) in [
            (json!({"enabled": true, "selfUri": "/x"}), json!(true), json!("/x")),
            (json!({"liveOnQueue": true}), Value::Null, Value::Null),
            (json!({}), json!(true), json!("/made")),
            (Value::Null, json!(true), json!("/made")),
        ] {
            let kept = copilot(sent(), Some(&stored), "/made", EnumMembers::Open).unwrap();
            assert_eq!((&kept["enabled"], &kept["selfUri"]), (&enabled, &self_uri), "{stored}");
        }
    }
}
