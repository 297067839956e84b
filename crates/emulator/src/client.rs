//! OAuth clients of the platform.

use std::{collections::BTreeSet, fmt};

use crate::{Permission, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, tenant::TenantId};

/// A client of the client-credentials grant.
#[derive(Clone)]
pub struct Client {
    /// Its id.
    pub id: String,
    /// Its secret; `Debug` does not show it.
    pub secret: String,
    /// The permissions of its roles.
    pub permissions: BTreeSet<Permission>,
}

impl Client {
    /// The client of the sandbox, with every permission.
    pub fn sandbox() -> Self {
        Self {
            id: SANDBOX_CLIENT_ID.to_owned(),
            secret: SANDBOX_CLIENT_SECRET.to_owned(),
            permissions: Permission::ALL.into(),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("id", &self.id)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}

/// A client and the tenant that it signs in to.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) client: Client,
    pub(crate) tenant: TenantId,
}
