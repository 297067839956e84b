//! The limits of the engine, as data: another engine's limits are another value.

/// The limits that a rule is checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineLimits {
    /// The most conditions that a rule may have.
    pub conditions: usize,
    /// The most bytes that a compiled pattern may take. The engine's own limit is not known; this one keeps a
    /// pattern from using up the machine that checks it.
    pub compiled_pattern_bytes: usize,
}

impl EngineLimits {
    /// The documented limits of the trigger-rule engine.
    pub const TRIGGER_RULES: Self = Self {
        conditions: 50,
        compiled_pattern_bytes: 1 << 20,
    };
}
