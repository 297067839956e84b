//! Findings as a `JUnit` report: a test case a file.

use std::fmt::Write;

use domain::Severity;

use crate::cli_error::CliError;
use crate::render::findings::File;

/// The report of all files. What does not fail the run stands in the output of its case; a file that could not be read is a
/// case with an error.
pub(crate) fn of_files(files: &[File], unread: &[CliError], fail_on: Severity) -> String {
    let mut cases = String::new();
    let mut failures = 0;
    for file in files {
        let _ = write!(
            cases,
            "    <testcase classname=\"assist-rules\" name=\"{}\"",
            escaped(&file.name)
        );
        if file.findings.is_empty() {
            cases.push_str("/>\n");
            continue;
        }
        cases.push_str(">\n");
        let mut others = Vec::new();
        let mut fails = false;
        for (finding, range) in file.placed() {
            let place = format!("{}:{}", range.start.line, range.start.column);
            let title = format!("{place}: {}", finding.message);
            if finding.severity >= fail_on {
                fails = true;
                let help = finding.help.as_deref().unwrap_or_default();
                let _ = writeln!(
                    cases,
                    "      <failure type=\"{}\" message=\"{}\">{}</failure>",
                    finding.code,
                    escaped(&title),
                    escaped(help)
                );
            } else {
                others.push(format!("{} {}", finding.code, escaped(&title)));
            }
        }
        // Why so: a case that fails counts once, and what it printed stands behind its failures.
        failures += usize::from(fails);
        if !others.is_empty() {
            let _ = writeln!(cases, "      <system-out>{}</system-out>", others.join("\n"));
        }
        cases.push_str("    </testcase>\n");
    }
    for fault in unread {
        let (code, message) = (fault.code, escaped(&fault.message));
        let _ = writeln!(
            cases,
            "    <testcase classname=\"assist-rules\" name=\"{message}\">\n      <error type=\"{code}\" \
             message=\"{message}\">{}</error>\n    </testcase>",
            escaped(fault.help.as_deref().unwrap_or_default())
        );
    }
    let (count, errors) = (files.len() + unread.len(), unread.len());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"assist-rules validate\" \
         tests=\"{count}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

/// XML has no way to hold most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            letter if letter.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
