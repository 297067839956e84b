//! The sum of what all test binaries counted.

use std::{fmt, ops::AddAssign, process::ExitCode};

/// The number of tests that passed, failed, and could not run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// Adds what a line of output counts: one of libtest's summaries, or a test that says that it is skipped.
    pub(crate) fn add(&mut self, line: &str) {
        if line.starts_with("skipped: ") {
            self.skipped += 1;
        } else if let Some((passed, failed)) = summary(line) {
            self.passed += passed;
            self.failed += failed;
        }
    }

    /// Prints the count as the last line and says whether all is well.
    pub(crate) fn print_last(self) -> ExitCode {
        println!("{self}");
        if self.is_good() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }

    /// No test failed, and there were some: a run that finds no test proves nothing.
    pub(crate) fn is_good(self) -> bool {
        self.failed == 0 && self.passed > self.skipped
    }
}

/// The tests that passed and failed: `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`
fn summary(line: &str) -> Option<(u64, u64)> {
    let counts = line
        .strip_prefix("test result: ok. ")
        .or_else(|| line.strip_prefix("test result: FAILED. "))?;
    let mut counts = counts.split("; ");
    let passed = counts.next()?.strip_suffix(" passed")?.parse().ok()?;
    let failed = counts.next()?.strip_suffix(" failed")?.parse().ok()?;
    Some((passed, failed))
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// A test that says that it is skipped passes for libtest, and does not here.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            passed,
            failed,
            skipped,
        } = self;
        write!(
            f,
            "{} passed, {failed} failed, {skipped} skipped",
            passed.saturating_sub(*skipped)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn summaries_and_skips_add_up_and_nothing_else_counts() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "skipped: a_test: there is no server",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "  test result: ok. 100 passed; 0 failed; 0 ignored",
            "test result: ok. many passed; 0 failed",
            "test tests::result ... ok",
            "it skipped: nothing",
        ] {
            tally.add(line);
        }
        let expected = Tally {
            passed: 13,
            failed: 2,
            skipped: 1,
        };
        assert_eq!(tally, expected);
        assert_eq!(tally.to_string(), "12 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        for (passed, failed, skipped, expected) in [
            (0, 0, 0, false),
            (9, 1, 0, false),
            (9, 0, 0, true),
            (9, 0, 8, true),
            (9, 0, 9, false),
        ] {
            let tally = Tally {
                passed,
                failed,
                skipped,
            };
            assert_eq!(tally.is_good(), expected, "{tally:?}");
        }
    }
}
