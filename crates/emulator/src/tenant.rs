//! Tenants: the organizations behind one API, each with rules and assistants of its own.
//!
//! The first is the home of the emulator and is always there. A tenant is never removed, so that a token and a handle
//! keep theirs for good.

use serde_json::{Value, json};

use crate::{
    CopilotError, HostedOrganization, RuleError, assistant_store::AssistantStore, reference_store::ReferenceStore,
    rule_store::RuleStore,
};

/// The place of a tenant; only [`Tenants::add`] makes one besides [`TenantId::HOME`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TenantId(usize);

impl TenantId {
    /// The first tenant.
    pub(crate) const HOME: Self = Self(0);
}

/// An organization, its rules, its assistants and what they refer to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) organization: HostedOrganization,
    pub(crate) rules: RuleStore,
    pub(crate) assistants: AssistantStore,
    pub(crate) references: ReferenceStore,
}

impl Tenant {
    /// An organization without rules and assistants.
    pub(crate) fn new(organization: HostedOrganization) -> Self {
        Self {
            organization,
            ..Self::default()
        }
    }

    /// # Errors
    ///
    /// [`RuleError::Snapshot`], [`RuleError::Shape`], [`RuleError::Organization`] or [`RuleError::Copilot`] if `snapshot`
    /// is none.
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, RuleError> {
        let mut tenant = Self {
            rules: RuleStore::from_snapshot(snapshot)?,
            organization: HostedOrganization::from_snapshot(snapshot)?,
            ..Self::default()
        };
        tenant.load_assistants(snapshot)?;
        Ok(tenant)
    }

    pub(crate) fn snapshot(&self) -> Value {
        json!({
            "organization": self.organization.to_snapshot(),
            "rules": self.rules.snapshot(),
            "assistants": self.assistants.snapshot(),
            "references": self.references.snapshot(),
        })
    }

    /// Puts the assistants of a snapshot, and what they refer to, in place of those that are there. A snapshot from before
    /// there were any has none.
    ///
    /// # Errors
    ///
    /// [`CopilotError::Snapshot`] or [`CopilotError::Shape`] if one of them is broken.
    pub(crate) fn load_assistants(&mut self, snapshot: &Value) -> Result<(), CopilotError> {
        let assistants = snapshot.get("assistants").map(AssistantStore::from_snapshot);
        let references = snapshot.get("references").map(ReferenceStore::from_snapshot);
        self.assistants = assistants.transpose()?.unwrap_or_default();
        self.references = references.transpose()?.unwrap_or_default();
        Ok(())
    }
}

/// All tenants of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Tenants {
    home: Tenant,
    others: Vec<Tenant>,
}

impl Tenants {
    pub(crate) fn new(home: Tenant) -> Self {
        Self {
            home,
            others: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, tenant: Tenant) -> TenantId {
        self.others.push(tenant);
        TenantId(self.others.len())
    }

    pub(crate) fn get_mut(&mut self, id: TenantId) -> &mut Tenant {
        let other = id.0.checked_sub(1).and_then(|index| self.others.get_mut(index));
        other.unwrap_or(&mut self.home)
    }
}
