//! Rendering of results: for people, and for other programs.

pub(crate) mod copilot;
pub(crate) mod counted;
pub(crate) mod delivery;
pub(crate) mod diff;
pub(crate) mod difference;
pub(crate) mod ended_update;
pub(crate) mod entries;
pub(crate) mod findings;
pub(crate) mod github;
pub(crate) mod html;
pub(crate) mod junit;
pub(crate) mod lines;
pub(crate) mod markdown;
pub(crate) mod mask;
pub(crate) mod plan_report;
pub(crate) mod prometheus;
pub(crate) mod pulled;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod rule;
#[cfg(test)]
pub(crate) mod sample_plan;
pub(crate) mod sarif;
pub(crate) mod snippet;
pub(crate) mod stats;
pub(crate) mod status;
