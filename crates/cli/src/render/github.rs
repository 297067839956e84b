//! Findings as annotations of a GitHub workflow: a line each, which GitHub shows in the changed file.

use std::fmt::Write;

use crate::render::findings::File;

/// The annotations of all files.
pub(crate) fn of_files(files: &[File]) -> String {
    let mut text = String::new();
    for file in files {
        for (finding, range) in file.placed() {
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
    }
    text
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
