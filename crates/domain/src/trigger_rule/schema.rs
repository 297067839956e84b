//! The schema of a rule: each member of the right type, each required one there, each limit kept.
//!
//! One walk through the document in its own order. A fault does not end it, so all are found, each with its place.

use super::action::ActionKind;
use super::comparison::{Comparison, Operator};
use super::condition::{CONDITION_MEMBERS, CONDITION_TYPES, Condition};
use super::{EngineLimits, RULE_MEMBERS, RULE_TYPES, RuleId, TriggerRule, lints, pattern};
use crate::code::Code;
use crate::document::{Audience, DocumentKind, Form};
use crate::faults::{missing, unknown_name, wrong_type};
use crate::finding::{Finding, Findings, Reported};
use crate::json::{Document, Member, Node, Value};
use crate::pointer::Pointer;
use crate::version::Version;

/// Everything wrong with the members of a rule, by the limits of an engine.
///
/// With the rule as it is `stored`, the id and the type must be that one's. [`check`](crate::check) adds what holds for
/// documents of every kind.
#[must_use]
pub fn validate(
    rule: &TriggerRule,
    stored: Option<&TriggerRule>,
    audience: Audience,
    limits: &EngineLimits,
) -> Findings {
    let mut findings = Findings::default();
    let validation = Validation {
        stored,
        audience,
        limits,
    };
    validation.run(rule.document(), &mut findings);
    if let Some(stored) = stored {
        findings.extend(other_identity(rule, stored));
    }
    findings
}

fn other_identity(rule: &TriggerRule, stored: &TriggerRule) -> impl Iterator<Item = Finding> {
    let found = |code, name, what| {
        let (ours, theirs) = (rule.member(name)?, stored.member(name)?);
        let message = format!("the stored rule's {what} is {}, and a rule keeps it", theirs.raw());
        (!ours.eq_value(theirs)).then(|| Finding::new(code, Pointer::root().member(name), message))
    };
    let id = found(Code::OtherId, "id", "id");
    id.into_iter().chain(found(Code::OtherRuleType, "ruleType", "type"))
}

#[derive(Clone, Copy)]
struct Validation<'s> {
    /// The stored rule, if it is known: members of its own are no faults.
    stored: Option<&'s TriggerRule>,
    audience: Audience,
    limits: &'s EngineLimits,
}

impl Validation<'_> {
    fn run(self, document: &Document, findings: &mut Findings) {
        let root = document.root();
        for member in root.members() {
            self.member(member, findings);
        }
        if self.audience != Audience::Author(Form::Partial) {
            for name in ["id", "ruleType", "enabled"] {
                if root.get(name).is_none() {
                    findings.add(missing(&Pointer::root(), name, "a rule"));
                }
            }
            for (name, code) in [("conditions", Code::NoConditions), ("actions", Code::NoActions)] {
                if root.get(name).is_none() {
                    findings.add(empty(code, name));
                }
            }
        }
    }

    fn member(self, member: Member<'_>, findings: &mut Findings) {
        let pointer = || Pointer::root().member(member.name);
        let value = member.value;
        match member.name {
            "id" => self.id(value, pointer, findings),
            "ruleType" => {
                let known = text(value, pointer, findings).is_ok_and(|name| RULE_TYPES.contains(&name));
                if let (Some(name), false) = (value.as_str(), known) {
                    findings.add(unknown_name(
                        Code::UnknownRuleType,
                        pointer(),
                        "rule type",
                        name,
                        &RULE_TYPES,
                    ));
                }
            }
            "etag" => self.etag(value, pointer, findings),
            // The platform serves an explicit null where nothing was ever written.
            "name" | "description" => match value.value() {
                Value::String(_) | Value::Null => {
                    let is_empty = value.as_str().is_some_and(|text| text.trim().is_empty());
                    if is_empty && member.name == "name" && matches!(self.audience, Audience::Author(_)) {
                        findings.add(Finding::new(Code::EmptyName, pointer(), "the name is empty"));
                    }
                }
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    findings.add(wrong_type(pointer(), "a text", value));
                }
            },
            "enabled" => {
                if value.as_bool().is_none() {
                    findings.add(wrong_type(pointer(), "true or false", value));
                }
            }
            "conditions" => self.conditions(value, findings),
            "actions" => actions(value, findings),
            name => self.unknown_member(name, pointer(), findings, |stored| {
                stored.member(name).is_some_and(|theirs| theirs.eq_value(value))
            }),
        }
    }

    /// An id that a person states must be one; what the server states is judged where it is read.
    fn id(self, value: Node<'_>, pointer: impl Fn() -> Pointer, findings: &mut Findings) {
        if let (Ok(id), Audience::Author(_)) = (text(value, &pointer, findings), self.audience)
            && let Err(why) = id.parse::<RuleId>()
        {
            findings.add(Finding::new(Code::BadId, pointer(), why.to_string()));
        }
    }

    /// A version that a person states must be one; what the server states is judged where it is read.
    fn etag(self, value: Node<'_>, pointer: impl Fn() -> Pointer, findings: &mut Findings) {
        if matches!(self.audience, Audience::Author(_)) {
            let version = text(value, &pointer, findings).map(str::parse::<Version>);
            if let Ok(Err(why)) = version {
                findings.add(Finding::new(Code::WrongType, pointer(), why.to_string()));
            }
        }
    }

    /// A member that is not known: kept, or a fault of an author unless it is the stored rule's own.
    fn unknown_member(
        self,
        name: &str,
        pointer: Pointer,
        findings: &mut Findings,
        is_own: impl Fn(&TriggerRule) -> bool,
    ) {
        let Audience::Author(form) = self.audience else {
            return;
        };
        if self.stored.is_some_and(is_own) {
            return;
        }
        let in_condition = pointer.tokens().nth(1).is_some();
        let of_edit: Vec<&str> = TriggerRule::MEMBERS.iter().map(|member| member.name).collect();
        let known: &[&str] = match (in_condition, form) {
            (true, _) => &CONDITION_MEMBERS,
            (false, Form::Whole) => &RULE_MEMBERS,
            (false, Form::Partial) => &of_edit,
        };
        findings.add(unknown_name(Code::UnknownMember, pointer, "member", name, known));
    }

    fn conditions(self, list: Node<'_>, findings: &mut Findings) {
        let place = || Pointer::root().member("conditions");
        if !list.is_array() {
            findings.add(wrong_type(place(), "a list", list));
            return;
        }
        let mut readable = Vec::with_capacity(self.limits.conditions);
        let mut count = 0;
        for (index, node) in list.elements().enumerate() {
            count += 1;
            if let Ok(condition) = self.condition(node, || place().index(index), findings) {
                readable.push((index, condition));
            }
        }
        if count == 0 {
            findings.add(empty(Code::NoConditions, "conditions"));
        }
        if count > self.limits.conditions {
            let message = format!(
                "the rule has {count} conditions, and {} are allowed",
                self.limits.conditions
            );
            findings.add(Finding::new(Code::TooManyConditions, place(), message));
        }
        lints::lint_conditions(&readable, place, findings);
    }

    fn condition<'d>(
        self,
        node: Node<'d>,
        place: impl Fn() -> Pointer,
        findings: &mut Findings,
    ) -> Result<Condition<'d>, Reported> {
        if !node.is_object() {
            return Err(findings.report(wrong_type(place(), "an object", node)));
        }
        let (mut kind, mut field, mut operator, mut value) = (None, None, None, None);
        for member in node.members() {
            let at = || place().member(member.name);
            match member.name {
                "type" => kind = Some(text(member.value, at, findings)),
                "field" => field = Some(text(member.value, at, findings)),
                "operator" => operator = Some(operator_of(member.value, at, findings)),
                "value" => value = Some(member.value),
                name => self.unknown_member(name, at(), findings, |stored| {
                    let has = |theirs: Node<'_>| theirs.get(name).is_some_and(|theirs| theirs.eq_value(member.value));
                    stored.elements("conditions").any(has)
                }),
            }
        }
        let absent = |name, findings: &mut Findings| findings.report(missing(&place(), name, "a condition"));
        let kind = kind.unwrap_or_else(|| Err(absent("type", findings)));
        let field = field.unwrap_or_else(|| Err(absent("field", findings)));
        let operator = operator.unwrap_or_else(|| Err(absent("operator", findings)));
        let value = value.ok_or_else(|| absent("value", findings));
        if let Ok(kind) = kind
            && !CONDITION_TYPES.contains(&kind)
        {
            let at = place().member("type");
            findings.add(unknown_name(
                Code::UnknownConditionType,
                at,
                "condition type",
                kind,
                &CONDITION_TYPES,
            ));
        }
        let (operator, value) = (operator?, value?);
        let comparison = Comparison::new(operator, value).map_err(|misfit| {
            let mut finding = Finding::new(Code::OperatorMisfit, place().member("value"), misfit.to_string());
            finding.help = without_quotes(operator, value);
            findings.report(finding)
        })?;
        let condition = Condition {
            kind: kind?.into(),
            field: field?.into(),
            comparison,
        };
        let at_value = || place().member("value");
        pattern::check_condition(&condition, at_value, self.limits, findings);
        lints::lint_condition(&condition, at_value, findings);
        Ok(condition)
    }
}

fn actions(list: Node<'_>, findings: &mut Findings) {
    let place = || Pointer::root().member("actions");
    if !list.is_array() {
        findings.add(wrong_type(place(), "a list", list));
        return;
    }
    if list.elements().next().is_none() {
        findings.add(empty(Code::NoActions, "actions"));
    }
    for (index, node) in list.elements().enumerate() {
        action(node, || place().index(index), findings);
    }
}

fn action(node: Node<'_>, place: impl Fn() -> Pointer, findings: &mut Findings) {
    if !node.is_object() {
        findings.add(wrong_type(place(), "an object", node));
        return;
    }
    let Some(kind) = node.get("type") else {
        findings.add(missing(&place(), "type", "an action"));
        return;
    };
    let at = || place().member("type");
    if let Ok(name) = text(kind, at, findings) {
        match ActionKind::from_name(name) {
            Some(kind) => lints::lint_action(kind, node, place, findings),
            None => {
                findings.add(unknown_name(
                    Code::UnknownActionType,
                    at(),
                    "action type",
                    name,
                    &ActionKind::NAMES,
                ));
            }
        }
    }
}

#[inline]
fn text<'d>(value: Node<'d>, pointer: impl Fn() -> Pointer, findings: &mut Findings) -> Result<&'d str, Reported> {
    value
        .as_str()
        .ok_or_else(|| findings.report(wrong_type(pointer(), "a text", value)))
}

fn operator_of(value: Node<'_>, pointer: impl Fn() -> Pointer, findings: &mut Findings) -> Result<Operator, Reported> {
    let name = text(value, &pointer, findings)?;
    Operator::from_name(name).ok_or_else(|| {
        findings.report(unknown_name(
            Code::UnknownOperator,
            pointer(),
            "operator",
            name,
            &Operator::NAMES,
        ))
    })
}

/// The advice for a number in quotes.
fn without_quotes(operator: Operator, value: Node<'_>) -> Option<String> {
    let number = value.as_str()?.trim().parse::<f64>().ok()?;
    let wants_number = matches!(operator, Operator::GreaterThan | Operator::LessThan);
    (wants_number && number.is_finite()).then(|| format!("write it without quotes: {number}"))
}

fn empty(code: Code, list: &str) -> Finding {
    Finding::new(code, Pointer::root().member(list), format!("the rule has no {list}"))
}

#[cfg(test)]
mod tests;
