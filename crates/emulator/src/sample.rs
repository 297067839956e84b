//! The first state of the sandbox: one rule, one change to it, three assistants, one OAuth client, one organization.

/// The rule of the platform's documented example, as a JSON document at version 7.
pub const SAMPLE_RULE: &str = include_str!("../samples/trigger-rule.json");

/// A change to [`SAMPLE_RULE`]: new conditions and actions, as a user would write them in a file.
pub const SAMPLE_CHANGE: &str = include_str!("../samples/billing-dispute.change.json");

/// The `id` of [`SAMPLE_RULE`].
pub const SAMPLE_RULE_ID: &str = "a1b2c3d4-e5f6-7890-abcd-ef1234567890";

/// The assistants of the sandbox and what their Copilots refer to, as a [`snapshot`](crate::Emulator::snapshot) has them.
/// The first has a Copilot and a variation, the second a Copilot, the third none.
pub const SAMPLE_ASSISTANTS: &str = include_str!("../samples/assistants.json");

/// The `id` of the first assistant of [`SAMPLE_ASSISTANTS`].
pub const SAMPLE_ASSISTANT_ID: &str = "7d2b6a54-9999-4888-8777-666655554444";

/// The `id` of the variation of [`SAMPLE_ASSISTANT_ID`].
pub const SAMPLE_VARIATION_ID: &str = "7d2b6a54-9999-4888-8777-666655554447";

/// The id of the OAuth client that [`Emulator::sample`](crate::Emulator::sample) knows.
pub const SANDBOX_CLIENT_ID: &str = "sandbox-client";

/// The secret of [`SANDBOX_CLIENT_ID`]. It opens nothing but an emulator.
pub const SANDBOX_CLIENT_SECRET: &str = "sandbox-secret-opens-nothing";

/// The id of the organization of [`Emulator::sample`](crate::Emulator::sample).
pub const SANDBOX_ORGANIZATION_ID: &str = "5a4db0c5-0000-4000-8000-0123456789ab";
