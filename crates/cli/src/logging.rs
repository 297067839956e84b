//! Logs go to stderr. No secret is in any of them: secrets have types that do not print.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use crate::args::{Global, LogFormat};
use crate::output::visible;

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
        // Why: it would report on stderr that stderr cannot be written to, and panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        // Why: it would say so on stderr, and panic where that takes nothing.
        .log_internal_errors(false)
        .with_ansi(false)
        .with_target(false);
    // Why: a second start, which only tests make, changes nothing.
    let _ = match global.log_format {
        LogFormat::Text => builder.with_writer(|| Line(io::stderr())).without_time().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
}

/// A writer of events, each of which is one line whatever is in it.
struct Line(io::Stderr);

impl io::Write for Line {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = visible(text.trim_end_matches('\n')) + "\n";
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
