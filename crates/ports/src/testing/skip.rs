//! A test that cannot run here: it says so, past the capture of output, or fails where every test must run.

use std::{env, io, io::Write as _};

/// The variable that turns a skipped test into a failure, whatever its value. CI sets it.
const REQUIRE_ALL: &str = "ASSIST_RULES_TEST_REQUIRE_ALL";

/// Reports that `test` is skipped, and why, as one line on stderr: `skipped: TEST: WHY`.
///
/// The test harness hides what a passing test prints, but not this line. `cargo xtask test` counts such lines.
///
/// # Panics
///
/// If `ASSIST_RULES_TEST_REQUIRE_ALL` is set.
#[track_caller]
pub fn skip(test: &str, why: &str) {
    report(test, why, env::var_os(REQUIRE_ALL).is_some());
}

#[track_caller]
fn report(test: &str, why: &str, all_must_run: bool) {
    assert!(!all_must_run, "cannot skip {test}, as {REQUIRE_ALL} is set: {why}");
    // Why: written whole, or lines of tests that run at once could mix.
    let line = format!("skipped: {test}: {why}\n");
    drop(io::stderr().lock().write_all(line.as_bytes()));
}

#[cfg(test)]
mod tests {
    use super::report;

    #[test]
    #[should_panic(expected = "cannot skip it, as ASSIST_RULES_TEST_REQUIRE_ALL is set: here")]
    fn a_skipped_test_fails_where_all_must_run() {
        report("it", "here", true);
    }
}
