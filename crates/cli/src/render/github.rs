//! Findings as annotations of a GitHub workflow: a line each, which GitHub shows in the changed file.

use std::fmt::Write;

use domain::{Finding, Severity};

use crate::cli_error::CliError;
use crate::output::visible;
use crate::render::counted::counted;
use crate::render::findings::{File, Summary};
use crate::render::lines::TextRange;

/// The annotations of a severity that GitHub shows of one step.
const MOST_SHOWN: usize = 10;

/// The annotations of all files: those that GitHub shows, the most severe first, and a line with the counts.
///
/// A file that could not be read has one too, in front of them.
pub(crate) fn of_files(files: &[File], unread: &[CliError]) -> String {
    let mut text = String::new();
    let mut left_out = unread.len().saturating_sub(MOST_SHOWN);
    for fault in unread.iter().take(MOST_SHOWN) {
        let _ = writeln!(text, "::error title={}::{}", fault.code, message(&fault.message));
    }
    for severity in [Severity::Error, Severity::Warning] {
        let of_file = |file| File::placed(file).map(move |(finding, range)| (file, finding, range));
        let all = files.iter().flat_map(of_file);
        let (mut shown, mut of_severity) = (0, all.filter(|(_, finding, _)| finding.severity == severity));
        for (file, finding, range) in of_severity.by_ref().take(MOST_SHOWN) {
            shown += 1;
            annotation(&mut text, file, finding, range);
        }
        left_out += if shown == MOST_SHOWN { of_severity.count() } else { 0 };
    }
    let Summary { errors, warnings, .. } = Summary::of(files);
    let errors = errors + unread.len();
    if errors + warnings == 0 {
        return text;
    }
    let rest = match left_out {
        0 => String::new(),
        more => format!("; {more} are not shown above, since GitHub shows {MOST_SHOWN} of a severity"),
    };
    let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
    let _ = writeln!(text, "{errors}, {warnings}{rest}");
    text
}

fn annotation(text: &mut String, file: &File, finding: &Finding, range: TextRange) {
    let help = finding.help.as_ref().map_or(String::new(), |help| format!(" ({help})"));
    let _ = writeln!(
        text,
        "::{} file={},line={},col={},endLine={},endColumn={},title={}::{}",
        finding.severity.as_str(),
        property(&file.name),
        range.start.line,
        range.start.column,
        range.end.line,
        range.end.column,
        finding.code,
        message(&format!("{}{help}", finding.message)),
    );
}

/// People read it in a log: what reverses a line or cannot be seen is written as its code point.
fn message(text: &str) -> String {
    encoded(&text.lines().map(visible).collect::<Vec<_>>().join("\n"))
}

fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    encoded(text).replace(':', "%3A").replace(',', "%2C")
}
