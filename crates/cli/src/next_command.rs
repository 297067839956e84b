//! A command that goes on where a report ends, ready to be pasted into a shell.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use domain::Severity;
use domain::document::CrossFieldMerge;
use domain::protocol::OnConflict;

use crate::args::{Color, Global, LogFormat};
use crate::output::letters;
use crate::request::ChangeTerms;

/// A command of this program as words, in order.
#[derive(Clone, Debug)]
pub(crate) struct NextCommand(Vec<String>);

impl NextCommand {
    /// A command by its name.
    pub(crate) fn new(name: &str) -> Self {
        Self(vec!["assist-rules".to_owned(), name.to_owned()])
    }

    /// The same with a word.
    pub(crate) fn word(mut self, word: impl Into<String>) -> Self {
        self.0.push(word.into());
        self
    }

    /// The same with a flag that has a value, if there is one.
    pub(crate) fn option(self, flag: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.word(flag).word(value),
            None => self,
        }
    }

    /// The same with a flag, if it is given.
    pub(crate) fn switch(self, flag: &str, is_given: bool) -> Self {
        if is_given { self.word(flag) } else { self }
    }

    /// The same with the flags of this run that mean the same everywhere. The sandbox is not reset again, and no question
    /// is answered before it is asked.
    pub(crate) fn with_global(self, global: &Global) -> Self {
        let path = |path: &std::path::PathBuf| path.display().to_string();
        let deadline = global.deadline.map(|deadline| format!("{}ms", deadline.as_millis()));
        let color = match global.color {
            Color::Auto => None,
            Color::Always => Some("always"),
            Color::Never => Some("never"),
        };
        let log_format = match global.log_format {
            LogFormat::Text => None,
            LogFormat::Json => Some("json"),
        };
        let next = self
            .option("--profile", global.profile.clone())
            .option("--region", global.region.clone())
            .option("--config", global.config.as_ref().map(path))
            .option("--ledger", global.ledger.clone())
            .option("--metrics-file", global.metrics_file.as_ref().map(path))
            .option("--deadline", deadline)
            .switch("--sandbox", global.sandbox)
            .option("--org", global.org.as_deref())
            .switch("--sinks", global.sinks)
            .switch("--no-sinks", global.no_sinks)
            .option("--color", color)
            .option("--log-format", log_format)
            .switch("--quiet", global.quiet);
        (0..global.verbose).fold(next, |next, _| next.word("--verbose"))
    }

    /// The same on these terms.
    pub(crate) fn with_terms(self, terms: &ChangeTerms) -> Self {
        let on_conflict = match terms.on_conflict {
            OnConflict::Merge => None,
            OnConflict::Fail => Some("fail"),
            OnConflict::Ours => Some("ours"),
        };
        self.option("--if-version", terms.if_version.as_ref().map(ToString::to_string))
            .switch("--detailed-exitcode", terms.detailed_exitcode)
            .option("--fail-on", (terms.fail_on == Severity::Warning).then_some("warning"))
            .option("--on-conflict", on_conflict)
            .switch(
                "--accept-group-merge",
                terms.cross_field_merge == CrossFieldMerge::Accept,
            )
    }
}

impl Display for NextCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|part| quoted(part)).collect();
        f.write_str(&parts.join(" "))
    }
}

/// A word as a shell takes it for one. In single quotes nothing has a meaning but the quote itself; what a terminal does not
/// show is written by its bytes.
#[cfg(unix)]
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    if !letters(word).any(|(_, is_harmful)| is_harmful) {
        return Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")));
    }
    let mut format = String::new();
    for (letter, is_harmful) in letters(word) {
        if is_harmful || "%\\'".contains(letter) {
            for byte in letter.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(format, "\\{byte:03o}");
            }
        } else {
            format.push(letter);
        }
    }
    Cow::Owned(format!("\"$(printf '{}')\"", format.replace("\\045", "%%")))
}

#[cfg(not(unix))]
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:=,+@\\".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("\"{}\"", word.replace('"', "\\\"")))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_each_word_as_it_was() {
        for word in [
            "a",
            "",
            "it's; `x` $HOME \"",
            "a\nb\tc",
            "50 % \\n \u{202e}it's\u{7}",
            "é ü",
        ] {
            let line = format!("printf %s {}", quoted(word));
            let read = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), word, "{line}");
            assert!(!letters(&line).any(|(_, is_harmful)| is_harmful), "{line}");
        }
    }
}
