//! The schema of a Copilot document: each member of the right type, each required one there, each limit kept.
//!
//! One walk through the document in its own order. A fault does not end it, so all are found, each with its place. Members
//! and values that no published model has are kept: the platform has more of them every few months.

use super::{Copilot, CopilotLimits, lints};
use crate::code::Code;
use crate::document::{Audience, DocumentKind, Form, is_note};
use crate::faults::{missing, unknown_name, wrong_type};
use crate::finding::{Finding, Findings};
use crate::json::{Member, Node, Value};
use crate::lazy_pointer::LazyPointer;
use crate::pointer::Pointer;

/// The members of the parts of a document that are known by name.
const CONFIG_MEMBERS: [&str; 2] = ["rules", "fallback"];
const RULE_MEMBERS: [&str; 4] = ["id", "enabled", "rule", "participantRoles"];
const BODY_MEMBERS: [&str; 2] = ["conditions", "actions"];
const CONDITION_MEMBERS: [&str; 2] = ["conditionType", "conditionValues"];
const ACTION_MEMBERS: [&str; 2] = ["actionType", "attributes"];
const FALLBACK_MEMBERS: [&str; 3] = ["enabled", "actions", "participantRoles"];

/// Everything wrong with the members of a document, by the published limits.
pub(super) fn validate(
    copilot: &Copilot,
    stored: Option<&Copilot>,
    audience: Audience,
    limits: &CopilotLimits,
) -> Findings {
    let mut validation = Validation {
        stored,
        audience,
        limits,
        findings: Findings::default(),
    };
    validation.document(copilot.document().root());
    validation.findings
}

struct Validation<'s> {
    /// The stored document, if it is known: members of its own are no faults.
    stored: Option<&'s Copilot>,
    audience: Audience,
    limits: &'s CopilotLimits,
    findings: Findings,
}

impl Validation<'_> {
    fn document(&mut self, root: Node<'_>) {
        for member in root.members() {
            self.member(member);
        }
        if self.audience != Audience::Author(Form::Partial) {
            for name in ["liveOnQueue", "defaultLanguage"] {
                if root.get(name).is_none() {
                    self.findings.add(missing(&Pointer::root(), name, "a Copilot"));
                }
            }
        }
    }

    fn member(&mut self, member: Member<'_>) {
        let (name, value) = (member.name, member.value);
        let place = &LazyPointer::of_member(name);
        if Copilot::SERVER_OWNED.contains(&name) {
            self.read_only(name, value, place);
            return;
        }
        let Some(spec) = Copilot::MEMBERS.iter().find(|spec| spec.name == name) else {
            self.unknown_member(name, value, place);
            return;
        };
        if value.is_null() && spec.is_clearable {
            return;
        }
        match name {
            "liveOnQueue" => self.truth(value, place),
            "defaultLanguage" => self.language(value, place),
            "nluEngineType" => {
                if let Some(engine) = self.text(value, place) {
                    lints::known_value(engine, place, "engine", &lints::ENGINES, &mut self.findings);
                }
            }
            "nluConfig" => self.nlu(value, place),
            "ruleEngineConfig" => self.rule_engine(value, place),
            _ => {
                if !value.is_object() {
                    self.findings.add(wrong_type(place.pointer(), "an object", value));
                }
            }
        }
    }

    /// A member that only the server sets may be repeated, and not changed.
    fn read_only(&mut self, name: &str, value: Node<'_>, place: &LazyPointer<'_>) {
        let is_changed = |stored: &Copilot| stored.member(name).is_some_and(|theirs| theirs != value);
        if matches!(self.audience, Audience::Author(_)) && self.stored.is_some_and(is_changed) {
            let message = format!("only the server sets `{name}`");
            self.findings
                .add(Finding::new(Code::ReadOnly, place.pointer(), message));
        }
    }

    fn unknown_member(&mut self, name: &str, value: Node<'_>, place: &LazyPointer<'_>) {
        let is_own = |stored: &Copilot| stored.member(name).is_some_and(|theirs| theirs == value);
        let is_kept = matches!(self.audience, Audience::Server) || name == Copilot::ID_MEMBER;
        if is_kept || self.stored.is_some_and(is_own) {
            return;
        }
        let known: Vec<&str> = Copilot::MEMBERS.iter().map(|member| member.name).collect();
        let fault = unknown_name(Code::UnknownMember, place.pointer(), "member", name, &known);
        self.findings.add(fault);
    }

    /// The members of a part that its author may have misspelled: those that neither this program nor the stored document
    /// knows at such a place.
    fn unknown_parts(&mut self, part: Node<'_>, place: &LazyPointer<'_>, known: &[&str]) {
        if matches!(self.audience, Audience::Server) {
            return;
        }
        for member in part.members() {
            let is_known = known.contains(&member.name) || is_note(member.name);
            let is_own = |stored: &Copilot| {
                let mut has = false;
                let mut look = |_: &Pointer, node: Node<'_>| has |= node.get(member.name).is_some();
                stored.document().root().visit(&Pointer::root(), &mut look);
                has
            };
            if !is_known && !self.stored.is_some_and(is_own) {
                let at = place.member(member.name).pointer();
                let fault = unknown_name(Code::UnknownMember, at, "member", member.name, known);
                self.findings.add(fault);
            }
        }
    }

    fn language(&mut self, value: Node<'_>, place: &LazyPointer<'_>) {
        let Some(language) = self.text(value, place) else {
            return;
        };
        let theirs = self.stored.and_then(Copilot::default_language);
        if let Some(theirs) = theirs.filter(|theirs| *theirs != language) {
            let message = format!("the stored Copilot's language is `{theirs}`, and a Copilot keeps it");
            self.findings
                .add(Finding::new(Code::OtherLanguage, place.pointer(), message));
        }
    }

    fn nlu(&mut self, config: Node<'_>, place: &LazyPointer<'_>) {
        if !self.object(config, place) {
            return;
        }
        if let Some(threshold) = config.get("intentConfidenceThreshold") {
            let at = place.member("intentConfidenceThreshold");
            match threshold.as_number() {
                None => self.findings.add(wrong_type(at.pointer(), "a number", threshold)),
                Some(number) if number.to_f64() > 0.0 && number.to_f64() < 1.0 => {}
                Some(number) => {
                    let message = format!("the threshold is {}, and lies between 0 and 1", number.raw());
                    self.findings
                        .add(Finding::new(Code::ThresholdRange, at.pointer(), message));
                }
            }
        }
    }

    fn rule_engine(&mut self, config: Node<'_>, place: &LazyPointer<'_>) {
        if !self.object(config, place) {
            return;
        }
        self.unknown_parts(config, place, &CONFIG_MEMBERS);
        match config.get("rules") {
            Some(rules) if rules.is_array() => {
                let at = place.member("rules");
                for (index, rule) in rules.elements().enumerate() {
                    self.rule(rule, &at.index(index));
                }
                lints::lint_rules(rules, &at, &mut self.findings);
            }
            Some(other) => self
                .findings
                .add(wrong_type(place.member("rules").pointer(), "a list", other)),
            None => {}
        }
        if let Some(fallback) = config.get("fallback").filter(|fallback| !fallback.is_null()) {
            self.fallback(fallback, &place.member("fallback"));
        }
    }

    fn rule(&mut self, rule: Node<'_>, place: &LazyPointer<'_>) {
        if !self.object(rule, place) {
            return;
        }
        self.unknown_parts(rule, place, &RULE_MEMBERS);
        self.switch(rule, place, "a rule");
        let Some(body) = rule.get("rule") else {
            // Why: what an author leaves out of a stored rule is as it is stored.
            if self.audience == Audience::Server {
                self.findings.add(missing(&place.pointer(), "rule", "a rule"));
            }
            return;
        };
        let place = place.member("rule");
        if !self.object(body, &place) {
            return;
        }
        self.unknown_parts(body, &place, &BODY_MEMBERS);
        for (name, limit) in [("conditions", self.limits.conditions), ("actions", self.limits.actions)] {
            let at = place.member(name);
            match body.get(name) {
                Some(list) if list.is_array() => self.elements(name, list, &at, limit),
                Some(other) => self.findings.add(wrong_type(at.pointer(), "a list", other)),
                None if self.audience == Audience::Server => {
                    self.findings.add(missing(&place.pointer(), name, "a rule"));
                }
                None => {}
            }
        }
    }

    fn elements(&mut self, name: &str, list: Node<'_>, place: &LazyPointer<'_>, limit: usize) {
        let mut count = 0;
        for (index, element) in list.elements().enumerate() {
            count += 1;
            let at = place.index(index);
            if name == "conditions" {
                self.condition(element, &at);
            } else {
                self.action(element, &at, &lints::ACTIONS);
            }
        }
        if count == 0 || count > limit {
            let message = format!("the rule has {count} {name}, and 1 to {limit} are allowed");
            let fault = Finding::new(Code::TooFewOrMany, place.pointer(), message);
            self.findings.add(fault);
        }
    }

    fn condition(&mut self, condition: Node<'_>, place: &LazyPointer<'_>) {
        if !self.object(condition, place) {
            return;
        }
        self.unknown_parts(condition, place, &CONDITION_MEMBERS);
        let kind = self.member_text(condition, place, "conditionType", "a condition");
        if let Some(kind) = kind {
            let at = place.member("conditionType");
            lints::known_value(kind, &at, "condition type", &lints::CONDITIONS, &mut self.findings);
        }
        match condition.get("conditionValues") {
            None => self
                .findings
                .add(missing(&place.pointer(), "conditionValues", "a condition")),
            Some(values) => {
                let at = place.member("conditionValues");
                self.texts(values, &at);
                lints::lint_values(kind, values, &at, &mut self.findings);
            }
        }
    }

    fn action(&mut self, action: Node<'_>, place: &LazyPointer<'_>, known: &[&str]) {
        if !self.object(action, place) {
            return;
        }
        self.unknown_parts(action, place, &ACTION_MEMBERS);
        let Some(kind) = self.member_text(action, place, "actionType", "an action") else {
            return;
        };
        let at = place.member("actionType");
        lints::known_value(kind, &at, "action type", known, &mut self.findings);
        let attributes = action.get("attributes");
        if let Some(attributes) = attributes.filter(|attributes| !attributes.is_null()) {
            let at = place.member("attributes");
            if !self.object(attributes, &at) {
                return;
            }
            for attribute in attributes.members() {
                self.text(attribute.value, &at.member(attribute.name));
            }
            let count = attributes.members().count();
            if count > self.limits.attributes {
                let limit = self.limits.attributes;
                let message = format!("the action has {count} attributes, and {limit} are allowed");
                self.findings
                    .add(Finding::new(Code::TooManyAttributes, at.pointer(), message));
            }
        }
        lints::lint_attributes(kind, attributes, place, &mut self.findings);
    }

    fn fallback(&mut self, fallback: Node<'_>, place: &LazyPointer<'_>) {
        if !self.object(fallback, place) {
            return;
        }
        self.unknown_parts(fallback, place, &FALLBACK_MEMBERS);
        self.switch(fallback, place, "a fallback");
        let Some(actions) = fallback.get("actions") else {
            return;
        };
        let place = place.member("actions");
        if !actions.is_array() {
            self.findings.add(wrong_type(place.pointer(), "a list", actions));
            return;
        }
        for (index, action) in actions.elements().enumerate() {
            let at = place.index(index);
            lints::lint_fallback_action(action, &at, &mut self.findings);
            self.action(action, &at, &lints::FALLBACK_ACTIONS);
        }
    }

    fn switch(&mut self, part: Node<'_>, place: &LazyPointer<'_>, whose: &str) {
        match part.get("enabled") {
            Some(enabled) => self.truth(enabled, &place.member("enabled")),
            None if self.audience == Audience::Server => self.findings.add(missing(&place.pointer(), "enabled", whose)),
            None => {}
        }
        if let Some(roles) = part.get("participantRoles").filter(|roles| !roles.is_null()) {
            self.texts(roles, &place.member("participantRoles"));
        }
    }

    fn member_text<'d>(&mut self, part: Node<'d>, place: &LazyPointer<'_>, name: &str, whose: &str) -> Option<&'d str> {
        let Some(value) = part.get(name) else {
            self.findings.add(missing(&place.pointer(), name, whose));
            return None;
        };
        self.text(value, &place.member(name))
    }

    fn text<'d>(&mut self, value: Node<'d>, place: &LazyPointer<'_>) -> Option<&'d str> {
        let text = value.as_str();
        if text.is_none() {
            self.findings.add(wrong_type(place.pointer(), "a text", value));
        }
        text
    }

    fn texts(&mut self, list: Node<'_>, place: &LazyPointer<'_>) {
        let Value::Array(values) = list.value() else {
            self.findings.add(wrong_type(place.pointer(), "a list of texts", list));
            return;
        };
        for (index, value) in values.enumerate() {
            self.text(value, &place.index(index));
        }
    }

    fn truth(&mut self, value: Node<'_>, place: &LazyPointer<'_>) {
        if value.as_bool().is_none() {
            self.findings.add(wrong_type(place.pointer(), "true or false", value));
        }
    }

    fn object(&mut self, value: Node<'_>, place: &LazyPointer<'_>) -> bool {
        if !value.is_object() {
            self.findings.add(wrong_type(place.pointer(), "an object", value));
        }
        value.is_object()
    }
}
