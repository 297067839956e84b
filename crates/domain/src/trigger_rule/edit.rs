//! Edits of a trigger rule, member by member.

use super::{Action, Condition, Element, TriggerRule};
use crate::document::Edit;
use crate::json::{TextError, array_of};

impl Edit<TriggerRule> {
    /// Sets the name.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn name(self, name: &str) -> Result<Self, TextError> {
        self.with_text("name", name)
    }

    /// Sets the description.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn description(self, description: &str) -> Result<Self, TextError> {
        self.with_text("description", description)
    }

    /// Switches the rule on or off.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn enabled(self, enabled: bool) -> Result<Self, TextError> {
        self.with_member("enabled", if enabled { "true" } else { "false" })
    }

    /// Sets all conditions: those of a rule ([`TriggerRule::conditions`]) as they are written, and new ones.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn conditions<'c>(
        self,
        conditions: impl IntoIterator<Item = impl Into<Element<'c, Condition<'c>>>>,
    ) -> Result<Self, TextError> {
        let elements: Vec<_> = conditions.into_iter().map(Into::into).collect();
        self.with_elements("conditions", &elements)
    }

    /// Sets all actions: those of a rule ([`TriggerRule::actions`]) as they are written, and new ones.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn actions<'a>(
        self,
        actions: impl IntoIterator<Item = impl Into<Element<'a, Action<'a>>>>,
    ) -> Result<Self, TextError> {
        let elements: Vec<_> = actions.into_iter().map(Into::into).collect();
        self.with_elements("actions", &elements)
    }

    fn with_text(&self, member: &str, text: &str) -> Result<Self, TextError> {
        self.with_member(member, &serde_json::Value::from(text).to_string())
    }

    fn with_elements<T>(&self, member: &str, elements: &[Element<'_, T>]) -> Result<Self, TextError> {
        let list = array_of(elements.iter().map(Element::text))?;
        self.with_member(member, list.text())
    }
}
