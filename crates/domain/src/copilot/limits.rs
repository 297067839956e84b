//! The limits of the published model.

/// The limits that a document is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopilotLimits {
    /// Conditions of one rule, at most. Each rule has at least one.
    pub conditions: usize,
    /// Actions of one rule, at most. Each rule has at least one.
    pub actions: usize,
    /// Attributes of one action, at most.
    pub attributes: usize,
}

impl CopilotLimits {
    /// The limits of the published API model `Copilot`.
    pub const PUBLISHED: Self = Self {
        conditions: 100,
        actions: 100,
        attributes: 100,
    };
}
