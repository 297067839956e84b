//! Logs go to stderr. No secret is in any of them: secrets have types that do not print.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::args::{Global, LogFormat};

/// Starts logging: what the filter says, or else what the flags ask for.
pub(crate) fn start(global: &Global, filter: Option<&str>) {
    let asked = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,assist_rules=info,assist_rules_app=info,assist_rules_genesys_adapter=info",
        (false, _) => "info,assist_rules=debug,assist_rules_app=debug,assist_rules_genesys_adapter=debug",
    };
    let filter = EnvFilter::try_new(filter.unwrap_or(asked)).unwrap_or_else(|_| EnvFilter::new(asked));
    let spans = if global.verbose > 0 {
        FmtSpan::CLOSE
    } else {
        FmtSpan::NONE
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(spans)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    // Why: a second start, which only tests make, changes nothing.
    let _ = match global.log_format {
        LogFormat::Text => builder.without_time().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}
