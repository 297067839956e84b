//! The flags of commands that read the record, settle it, or pass it on.

use domain::OutcomeKind;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{ArgAction, Args, Subcommand, ValueEnum};

use super::RuleArg;

/// Which entries to show.
#[derive(Args, Clone, Debug)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    /// At most so many, the newest first
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
    /// Not older than that: 7d, 12h, 2026-11-25, 2026-11-25T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only those that ended so: applied, unchanged, conflict, ...
    #[arg(long, value_name = "OUTCOME", value_parser = outcome_kind)]
    pub(crate) outcome: Option<OutcomeKind>,
    /// One entry, with all that is known of it
    #[arg(long, value_name = "ENTRY", conflicts_with_all = ["limit", "since", "outcome"])]
    pub(crate) entry: Option<u64>,
}

/// The arguments of `reconcile`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReconcileArgs {
    /// Close this entry by your own word
    #[arg(long, value_name = "ENTRY", requires_all = ["closing", "reason"])]
    pub(crate) close: Option<u64>,
    /// The outcome of the entry
    #[arg(long = "as", id = "closing", value_name = "OUTCOME", value_enum, requires = "close")]
    pub(crate) closing: Option<Closing>,
    /// The evidence that you have, for the record
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// The outcome of a change by a person's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Closing {
    /// The write took effect
    Applied,
    /// The write never took effect
    NotApplied,
}

/// The arguments of `stats`.
#[derive(Args, Clone, Debug)]
pub(crate) struct StatsArgs {
    #[command(flatten)]
    pub(crate) rule: RuleArg,
    /// Only updates that are not older than that: 7d, 12h, 2026-11-25, 2026-11-25T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,
}

/// The arguments of `deliver`.
#[derive(Args, Clone, Debug)]
pub(crate) struct DeliverArgs {
    /// Deliver this event once more, although it was delivered or given up
    #[arg(long, value_name = "EVENT")]
    pub(crate) replay: Option<String>,
    /// Only to this sink
    #[arg(long, value_name = "NAME")]
    pub(crate) sink: Option<String>,
    /// Take up again a sink that wanted no more, or asked for a pause
    #[arg(long, value_name = "NAME", action = ArgAction::Append)]
    pub(crate) enable: Vec<String>,
}

/// The subcommands of `audit`.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AuditArgs {
    /// Hash every entry and document again, and say what was changed since
    ///
    /// An edit, a deletion and a swap show by themselves. An end that was cut off, or a record that was made anew
    /// from the start, shows only against a head that was noted elsewhere: every report and every event has it.
    Verify(VerifyArgs),
    /// Print the whole record as JSON lines
    ///
    /// Each document stands before the first entry that names it, and the head stands at the end. `audit verify
    /// --export FILE` proves such a file without the ledger.
    Export,
    /// Bring a ledger of an older format up to date
    ///
    /// A run that records does so by itself where it may. In a shared database it takes the owner of the tables.
    Upgrade,
}

/// The arguments of `audit verify`.
#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    /// A head that was noted earlier: one of the entries must have it
    #[arg(long, value_name = "HASH")]
    pub(crate) head: Option<String>,
    /// Prove an export in place of the ledger; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) export: Option<PathBuf>,
}

/// A time in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(pub(crate) SystemTime);

/// Reads a time in the past: how long ago, a day, or an instant. A day begins at midnight UTC, as entries are dated.
fn since(text: &str) -> Result<Since, String> {
    let wrong = || format!("`{text}` is no time: write 12h, 7d, 2026-11-25 or 2026-11-25T10:00:00Z");
    let then = if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        Ok(instant)
    } else if let Ok(day) = text.parse::<jiff::civil::Date>() {
        day.to_zoned_datetime(jiff::tz::TimeZone::UTC)
            .map(|midnight| midnight.timestamp())
    } else {
        let ago: jiff::Span = text.parse().map_err(|_| wrong())?;
        let now = now_by_calendar()?.to_zoned_datetime(jiff::tz::TimeZone::UTC);
        now.checked_sub(ago).map(|then| then.timestamp())
    };
    let then = then.and_then(SystemTime::try_from).map_err(|_| wrong())?;
    if then > SystemTime::now() {
        let now = now_by_calendar()?.strftime("%FT%TZ");
        return Err(format!("`{text}` is still to come: it is {now} now"));
    }
    Ok(Since(then))
}

fn now_by_calendar() -> Result<jiff::Timestamp, String> {
    jiff::Timestamp::try_from(SystemTime::now())
        .map_err(|_| "this machine's clock says a time that no calendar has".to_owned())
}

fn outcome_kind(text: &str) -> Result<OutcomeKind, String> {
    OutcomeKind::from_word(text).ok_or_else(|| {
        let names: Vec<&str> = OutcomeKind::ALL
            .iter()
            .map(|outcome_kind| outcome_kind.as_str())
            .collect();
        format!("`{text}` is no outcome: one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_in_the_past_is_an_instant_a_day_or_how_long_ago() {
        let at = |text: &str| {
            let Since(time) = since(text).unwrap();
            jiff::Timestamp::try_from(time).unwrap().to_string()
        };
        assert_eq!(at("2026-11-25T10:00:00Z"), "2026-11-25T10:00:00Z");
        assert_eq!(at("2026-11-25"), "2026-11-25T00:00:00Z");
        let Since(time) = since("7d").unwrap();
        let ago = SystemTime::now().duration_since(time).unwrap().as_secs();
        assert!((7 * 86_400..7 * 86_400 + 60).contains(&ago), "{ago}");
        assert!(since("yesterday").is_err());
        for text in ["9000-01-01", "9000-01-01T00:00:00Z", "-7d"] {
            let refused = since(text).unwrap_err();
            assert!(
                refused.starts_with(&format!("`{text}` is still to come: it is 2")),
                "{refused}"
            );
        }
    }
}
