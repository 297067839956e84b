//! Tenants: the organizations behind one API, each with rules of its own.
//!
//! The first is the home of the emulator and is always there. A tenant is never removed, so that a token and a handle
//! keep theirs for good.

use serde_json::{Value, json};

use crate::{HostedOrganization, RuleError, rule_store::RuleStore};

/// The place of a tenant; only [`Tenants::add`] makes one besides [`TenantId::HOME`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct TenantId(usize);

impl TenantId {
    /// The first tenant.
    pub(crate) const HOME: Self = Self(0);
}

/// An organization and its rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) organization: HostedOrganization,
    pub(crate) rules: RuleStore,
}

impl Tenant {
    /// An organization without rules.
    pub(crate) fn new(organization: HostedOrganization) -> Self {
        Self {
            organization,
            rules: RuleStore::default(),
        }
    }

    /// # Errors
    ///
    /// [`RuleError::Snapshot`], [`RuleError::Shape`] or [`RuleError::Organization`] if `snapshot` is none.
    pub(crate) fn from_snapshot(snapshot: &Value) -> Result<Self, RuleError> {
        Ok(Self {
            rules: RuleStore::from_snapshot(snapshot)?,
            organization: HostedOrganization::from_snapshot(snapshot)?,
        })
    }

    pub(crate) fn snapshot(&self) -> Value {
        json!({"organization": self.organization.to_snapshot(), "rules": self.rules.snapshot()})
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

    pub(crate) fn get(&self, id: TenantId) -> &Tenant {
        let other = id.0.checked_sub(1).and_then(|index| self.others.get(index));
        other.unwrap_or(&self.home)
    }

    pub(crate) fn get_mut(&mut self, id: TenantId) -> &mut Tenant {
        let other = id.0.checked_sub(1).and_then(|index| self.others.get_mut(index));
        other.unwrap_or(&mut self.home)
    }
}
