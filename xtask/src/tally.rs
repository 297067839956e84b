//! The sum of what all test binaries counted.

use std::{fmt, process::ExitCode};

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// Adds what a line of output counts, if it is one of libtest's summaries.
    pub(crate) fn add(&mut self, line: &str) {
        if let Some(other) = Self::read(line) {
            self.passed += other.passed;
            self.failed += other.failed;
        }
    }

    /// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s`
    fn read(line: &str) -> Option<Self> {
        let counts = line
            .strip_prefix("test result: ok. ")
            .or_else(|| line.strip_prefix("test result: FAILED. "))?;
        let mut counts = counts.split("; ");
        let passed = counts.next()?.strip_suffix(" passed")?.parse().ok()?;
        let failed = counts.next()?.strip_suffix(" failed")?.parse().ok()?;
        Some(Self { passed, failed })
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
        self.failed == 0 && self.passed > 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn summaries_add_up_and_nothing_else_counts() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "  test result: ok. 100 passed; 0 failed; 0 ignored",
            "test result: ok. many passed; 0 failed",
            "test tests::result ... ok",
        ] {
            tally.add(line);
        }
        assert_eq!(tally, Tally { passed: 13, failed: 2 });
        assert_eq!(tally.to_string(), "13 passed, 2 failed");
    }

    #[test]
    fn no_test_at_all_is_not_good() {
        assert!(!Tally::default().is_good());
        assert!(!Tally { passed: 9, failed: 1 }.is_good());
        assert!(Tally { passed: 9, failed: 0 }.is_good());
    }
}
