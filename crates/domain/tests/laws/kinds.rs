//! The laws that hold for every kind, for the kinds that are here.

use assist_rules_domain::testing::{Toy, kind_laws};
use assist_rules_domain::{Copilot, TriggerRule};

use super::cases;

#[test]
fn the_laws_hold_for_trigger_rules() {
    kind_laws::<TriggerRule>(cases());
}

#[test]
fn the_laws_hold_for_a_second_kind() {
    kind_laws::<Toy>(cases());
}

#[test]
fn the_laws_hold_for_copilots() {
    kind_laws::<Copilot>(cases());
}
