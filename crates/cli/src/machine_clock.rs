//! The clock of this machine.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::time::to_the_second;

/// Refuses to work by a clock of which nothing can be recorded, and no certificate judged: one before 1970, or past the
/// last day of the calendar.
pub(crate) fn refuse_a_wrong_clock() -> Result<(), CliError> {
    refuse_clock_at(SystemTime::now())
}

fn refuse_clock_at(now: SystemTime) -> Result<(), CliError> {
    let says = match to_the_second(now) {
        Some(_) if now >= UNIX_EPOCH => return Ok(()),
        Some(time) => format!("it is {time}"),
        None => "a time that no calendar has".to_owned(),
    };
    let message = format!("this machine's clock says {says}");
    let help = "set the clock: the record, tokens and certificates go by it, from 1970 to 9999-12-30";
    Err(CliError::new(ErrorCode::Configuration, message).with_help(help))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_of_which_nothing_can_be_recorded_is_refused() {
        let day = Duration::from_hours(24);
        for (now, expected) in [
            (UNIX_EPOCH - day * 3_653, Some("it is 1960-01-01T00:00:00Z")),
            (UNIX_EPOCH - Duration::from_secs(1), Some("it is 1969-12-31T23:59:59Z")),
            (UNIX_EPOCH, None),
            (UNIX_EPOCH + day * 20_000, None),
            (UNIX_EPOCH + Duration::from_secs(253_402_207_199), None),
            (
                UNIX_EPOCH + Duration::from_secs(253_402_300_799),
                Some("a time that no calendar has"),
            ),
        ] {
            let refused = refuse_clock_at(now).err().map(|error| error.message);
            assert_eq!(
                refused,
                expected.map(|says| format!("this machine's clock says {says}")),
                "{now:?}"
            );
        }
    }
}
