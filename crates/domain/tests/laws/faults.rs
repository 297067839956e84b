//! Every injected fault is found, where it was injected, and nothing else is.

use assist_rules_domain::{Code, DocumentKind, Edit, Findings, Pointer, Severity, TriggerRule, check, testing};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{config, rule};

type Place = (Code, Pointer);
type Object = Map<String, Value>;

/// Breaks one thing in an object and says what, and at which member of it.
type Fault = fn(&mut Object) -> (Code, &'static str);

fn set(object: &mut Object, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

const IN_A_RULE: [Fault; 9] = [
    |rule| {
        rule.shift_remove("id");
        (Code::MissingMember, "id")
    },
    |rule| {
        set(rule, "id", json!(7));
        (Code::WrongType, "id")
    },
    |rule| {
        rule.shift_remove("ruleType");
        (Code::MissingMember, "ruleType")
    },
    |rule| {
        set(rule, "ruleType", json!(null));
        (Code::WrongType, "ruleType")
    },
    |rule| {
        rule.shift_remove("enabled");
        (Code::MissingMember, "enabled")
    },
    |rule| {
        set(rule, "enabled", json!("yes"));
        (Code::WrongType, "enabled")
    },
    |rule| {
        set(rule, "name", json!([]));
        (Code::WrongType, "name")
    },
    |rule| {
        set(rule, "description", json!(false));
        (Code::WrongType, "description")
    },
    |rule| {
        set(rule, "description", json!({"text": "a"}));
        (Code::WrongType, "description")
    },
];

const IN_A_CONDITION: [Fault; 10] = [
    |condition| {
        set(condition, "operator", json!("contain"));
        (Code::UnknownOperator, "operator")
    },
    |condition| {
        set(condition, "operator", json!("gt"));
        set(condition, "value", json!("0.4"));
        (Code::OperatorMisfit, "value")
    },
    |condition| {
        set(condition, "operator", json!("equals"));
        set(condition, "value", json!(null));
        (Code::OperatorMisfit, "value")
    },
    |condition| {
        set(condition, "operator", json!("regex"));
        set(condition, "value", json!("(a"));
        (Code::BadPattern, "value")
    },
    |condition| {
        condition.shift_remove("type");
        (Code::MissingMember, "type")
    },
    |condition| {
        condition.shift_remove("field");
        (Code::MissingMember, "field")
    },
    |condition| {
        condition.shift_remove("operator");
        (Code::MissingMember, "operator")
    },
    |condition| {
        condition.shift_remove("value");
        (Code::MissingMember, "value")
    },
    |condition| {
        set(condition, "field", json!(1));
        (Code::WrongType, "field")
    },
    |condition| {
        set(condition, "operator", json!({}));
        (Code::WrongType, "operator")
    },
];

const IN_AN_ACTION: [Fault; 3] = [
    |action| {
        set(action, "type", json!("mail"));
        (Code::UnknownActionType, "type")
    },
    |action| {
        action.shift_remove("type");
        (Code::MissingMember, "type")
    },
    |action| {
        set(action, "type", json!(true));
        (Code::WrongType, "type")
    },
];

/// A fault in a document that a person wrote; in one from the server it is no error.
const OF_A_PERSON: Fault = |object| {
    set(object, "x/y", json!(1));
    (Code::UnknownMember, "x/y")
};

/// Breaks what the choices say: at most one fault in the rule, in each condition and in each action.
fn inject(document: &mut Object, choices: &[Option<usize>], of_a_person: Option<Fault>) -> Vec<Place> {
    let mut injected = Vec::new();
    let mut choices = choices.iter().copied().cycle();
    let mut next = |faults: &[Fault]| {
        let all: Vec<Fault> = faults.iter().copied().chain(of_a_person).collect();
        choices.next().flatten().map(|choice| all[choice % all.len()])
    };
    for (list, faults) in [("conditions", &IN_A_CONDITION[..]), ("actions", &IN_AN_ACTION[..])] {
        let elements = document[list].as_array_mut().unwrap();
        let is_open = list == "actions";
        for (index, element) in elements.iter_mut().enumerate() {
            let at = Pointer::root().member(list).index(index);
            let Some(fault) = next(faults) else { continue };
            let (code, name) = fault(element.as_object_mut().unwrap());
            if is_open && code == Code::UnknownMember {
                *element = json!([]);
                injected.push((Code::WrongType, at));
            } else {
                injected.push((code, at.member(name)));
            }
        }
    }
    if let Some(fault) = next(&IN_A_RULE) {
        let (code, name) = fault(document);
        injected.push((code, Pointer::root().member(name)));
    }
    injected
}

fn errors(findings: &Findings) -> Vec<Place> {
    let errors = findings
        .as_slice()
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let mut places: Vec<Place> = errors.map(|finding| (finding.code, finding.pointer.clone())).collect();
    places.sort();
    places
}

fn choices() -> impl Strategy<Value = Vec<Option<usize>>> {
    proptest::collection::vec(proptest::option::of(0..100_usize), 9)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_fault_of_a_served_rule_is_found_once(served in testing::served_rule(), choices in choices()) {
        let mut document: Object = serde_json::from_str(served.document().text()).unwrap();
        let mut injected = inject(&mut document, &choices, None);
        injected.sort();
        let broken = rule(&Value::from(document).to_string());
        prop_assert_eq!(errors(&check(&broken, None)), injected);
    }

    #[test]
    fn each_fault_of_a_draft_is_found_once(sound in testing::authored_rule(), choices in choices()) {
        let mut document: Object = serde_json::from_str(sound.document().text()).unwrap();
        // Without it, a draft that lacks its type is a change.
        set(&mut document, "etag", json!("1"));
        let mut injected = inject(&mut document, &choices, Some(OF_A_PERSON));
        injected.sort();
        let broken = Edit::<TriggerRule>::new(Value::from(document).to_string().parse().unwrap()).unwrap();
        prop_assert_eq!(errors(&broken.check()), injected);
    }

    #[test]
    fn another_id_and_another_type_are_both_found(served in testing::served_rule(), id in any::<bool>(), kind in any::<bool>()) {
        let mut document: Object = serde_json::from_str(served.document().text()).unwrap();
        let mut injected = Vec::new();
        if id {
            set(&mut document, "id", json!("another, which no rule here has"));
            injected.push((Code::OtherId, Pointer::root().member("id")));
        }
        if kind {
            set(&mut document, "ruleType", json!("message"));
            injected.push((Code::OtherRuleType, Pointer::root().member("ruleType")));
        }
        injected.sort();
        let broken = rule(&Value::from(document).to_string());
        prop_assert_eq!(errors(&check(&broken, Some(&served))), injected);
    }

    #[test]
    fn an_old_fault_is_no_error_while_it_is_not_touched(served in testing::served_rule(), choices in choices(), name in "[a-z]{1,5}") {
        let mut document: Object = serde_json::from_str(served.document().text()).unwrap();
        inject(&mut document, &choices, None);
        let stored = rule(&Value::from(document.clone()).to_string());
        set(&mut document, "dateModified", json!(name));
        let ours = rule(&Value::from(document).to_string());
        let before = check(&stored, None).as_slice().len();
        let after = check(&ours, Some(&stored));
        prop_assert_eq!(errors(&after), vec![]);
        prop_assert_eq!(after.as_slice().len(), before);
    }
}
