//! Organizations: the name and the id that `GET /api/v2/organizations/me` answers with.
//!
//! An organization here has nothing but these two. Its rules are kept beside it, and any text is taken as an id: a test
//! may want one that the platform would never give out.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{RuleError, SANDBOX_ORGANIZATION_ID, route::ORGANIZATION_PATH};

/// An organization of the platform.
///
/// ```
/// use assist_rules_emulator::HostedOrganization;
///
/// let (acme, other) = (HostedOrganization::new("Acme"), HostedOrganization::new("Acme"));
/// assert_eq!(acme.name, other.name);
/// assert_ne!(acme.id, other.id);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostedOrganization {
    /// The id, a UUID on the platform.
    pub id: String,
    /// The name that administrators gave it.
    pub name: String,
}

impl HostedOrganization {
    /// An organization under a fresh id.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            name: name.into(),
        }
    }

    /// The organization of the sandbox, the same in every run.
    pub fn sandbox() -> Self {
        Self {
            id: SANDBOX_ORGANIZATION_ID.to_owned(),
            name: "Sandbox".to_owned(),
        }
    }

    /// The organization of a snapshot; a fresh one for a snapshot from before there were any.
    ///
    /// # Errors
    ///
    /// [`RuleError::Organization`] if the member is there and is broken.
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, RuleError> {
        let Some(organization) = snapshot.get("organization") else {
            return Ok(Self::default());
        };
        let text = |name| organization.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("id"), text("name")) {
            (Some(id), Some(name)) => Ok(Self { id, name }),
            (None, _) | (_, None) => Err(RuleError::Organization),
        }
    }

    pub(crate) fn to_snapshot(&self) -> Value {
        json!({"id": self.id, "name": self.name})
    }

    /// The organization as a client gets it.
    pub(crate) fn served(&self) -> Value {
        json!({"id": self.id, "name": self.name, "state": "active", "selfUri": ORGANIZATION_PATH})
    }
}

/// A fresh organization, for an emulator that was given none.
impl Default for HostedOrganization {
    fn default() -> Self {
        Self::new("Emulator")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_has_an_organization_or_is_from_before() {
        let acme = HostedOrganization::new("Acme");
        let restored = |organization: Value| HostedOrganization::from_snapshot(&json!({"organization": organization}));
        assert_eq!(restored(acme.to_snapshot()), Ok(acme));
        let before = || HostedOrganization::from_snapshot(&json!({"rules": []})).unwrap();
        assert_ne!(before().id, before().id);
        for broken in [
            json!(null),
            json!("Acme"),
            json!({"id": "a"}),
            json!({"name": "Acme"}),
            json!({"id": 1, "name": "Acme"}),
        ] {
            assert_eq!(restored(broken), Err(RuleError::Organization));
        }
    }
}
