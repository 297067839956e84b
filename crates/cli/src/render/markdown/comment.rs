//! The comment of a pull request that a report in Markdown becomes: which one, and how long.

use std::sync::OnceLock;

use domain::ContentHash;

use super::page::units;
use crate::args::{ApplyArgs, Command, CommentArgs, PlanArgs, ShowArgs, StatusArgs};
use crate::cli_error::CliError;
use crate::output::Output;
use crate::render::result::TargetDocument;
use crate::saved_plan::identity;

/// The most characters of a comment, where no flag says otherwise. GitHub takes 65,536, and a bot may add a few.
pub(crate) const MAX_CHARS: u32 = 60_000;

/// The comment that a run prints.
#[derive(Debug, Default)]
pub(crate) struct Comment {
    command: &'static str,
    key: Option<String>,
    max_chars: Option<u32>,
    /// The short hash of the target, once it is known.
    target: OnceLock<String>,
}

/// The commands that print a comment, each with its subject. The result of `apply` takes the place of its plan.
const SUBJECTS: [(&str, &str); 4] = [
    ("plan", "plan"),
    ("show", "plan"),
    ("apply", "plan"),
    ("status", "status"),
];

impl Comment {
    /// The comment of a command line.
    pub(crate) fn of(command: &Command) -> Self {
        if let Command::Plan(PlanArgs { comment, .. }) = command {
            return Self::with("plan", comment);
        }
        if let Command::Show(ShowArgs { comment, .. }) = command {
            return Self::with("show", comment);
        }
        if let Command::Apply(ApplyArgs { comment, .. }) = command {
            return Self::with("apply", comment);
        }
        if let Command::Status(StatusArgs { comment, .. }) = command {
            return Self::with("status", comment);
        }
        Self::default()
    }

    /// The comment of a command line that cannot be read; none if it names no command that prints one.
    pub(crate) fn of_arguments(arguments: &[String]) -> Option<Self> {
        let command = |argument: &String| {
            SUBJECTS
                .iter()
                .map(|(command, _)| *command)
                .find(|command| command == argument)
        };
        let command = arguments.iter().find_map(command)?;
        let mut arguments = arguments.iter();
        let mut key = None;
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix("--comment-key") {
                Some("") => arguments.next().map(String::as_str),
                Some(value) => value.strip_prefix('='),
                None => continue,
            };
            key = value.and_then(|value| comment_key(value).ok());
        }
        Some(Self {
            command,
            key,
            ..Self::default()
        })
    }

    fn with(command: &'static str, args: &CommentArgs) -> Self {
        Self {
            command,
            key: args.comment_key.clone(),
            max_chars: Some(args.max_chars),
            ..Self::default()
        }
    }

    /// Takes note of the target, as soon as it is known. The first one stays.
    pub(crate) fn set_target(&self, target: &TargetDocument) {
        let short = || {
            let hash = ContentHash::of(identity(target).as_bytes()).to_string();
            let digits = hash.trim_start_matches("sha256:").chars();
            digits.take(8).collect()
        };
        self.target.get_or_init(short);
    }

    /// The line by which a bot finds the comment. With a key it is the same before the target is known and after, so that a
    /// failure takes the place of yesterday's plan.
    pub(super) fn marker(&self) -> String {
        let subject = SUBJECTS.iter().find(|(command, _)| *command == self.command);
        let subject = subject.map_or("plan", |(_, subject)| subject);
        let target = self.target.get().filter(|_| self.key.is_none());
        let [target, key] = [target, self.key.as_ref()].map(|part| part.map_or("-", String::as_str));
        format!("<!-- assist-rules {subject} {target} {key} -->\n")
    }

    /// Prints a report, and says so if it is longer than the comment may be: what is never cut is that long by itself.
    ///
    /// # Errors
    ///
    /// If stdout cannot be written to.
    pub(crate) fn print(&self, output: Output, report: &str) -> Result<(), CliError> {
        output.document(report)?;
        let (length, most) = (units(report), self.max_chars());
        if length > most {
            output.warn(&format!(
                "The comment has {length} characters, and `--max-chars` is {most}: what a reviewer must not miss is not cut."
            ));
        }
        Ok(())
    }

    /// The command that prints it.
    pub(super) fn command(&self) -> &'static str {
        self.command
    }

    /// The most characters.
    pub(super) fn max_chars(&self) -> usize {
        self.max_chars.unwrap_or(MAX_CHARS) as usize
    }
}

/// Reads the key of a comment: a word that ends no HTML comment.
///
/// # Errors
///
/// If it has another character than those that all systems take.
pub(crate) fn comment_key(text: &str) -> Result<String, String> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@+=".contains(letter);
    let is_key = (1..=100).contains(&text.len()) && text.chars().all(is_allowed) && text != "-";
    if is_key {
        return Ok(text.to_owned());
    }
    Err("a key has 1 to 100 letters, digits and `-_./:@+=`, and is not `-`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Comment {
        /// The comment of a plan with a key.
        pub(in super::super) fn keyed(key: Option<&str>) -> Self {
            Self {
                command: "plan",
                key: key.map(str::to_owned),
                ..Self::default()
            }
        }

        /// The comment of a plan in at most so many characters.
        pub(in super::super) fn limited(max: u32) -> Self {
            Self {
                max_chars: Some(max),
                ..Self::keyed(None)
            }
        }
    }

    fn target(id: &str) -> TargetDocument {
        serde_json::from_str(&format!(
            r#"{{"api": "a", "org": {{"id": "{id}", "name": null}}, "sandbox": false}}"#
        ))
        .unwrap()
    }

    /// FIELD O1.
    #[test]
    fn a_comment_is_known_by_subject_target_and_key() {
        let (one, other) = (Comment::keyed(None), Comment::keyed(None));
        assert_eq!(one.marker(), "<!-- assist-rules plan - - -->\n");
        one.set_target(&target("abc"));
        one.set_target(&target("other"));
        assert_eq!(one.marker(), "<!-- assist-rules plan ba7816bf - -->\n");
        other.set_target(&target("other"));
        assert_ne!(one.marker(), other.marker());
    }

    /// FIELD O4.
    #[test]
    fn with_a_key_it_is_the_same_before_the_target_is_known_and_after() {
        let keyed = Comment::keyed(Some("prod/rules"));
        let before = keyed.marker();
        keyed.set_target(&target("abc"));
        assert_eq!(keyed.marker(), before);
        assert_eq!(before, "<!-- assist-rules plan - prod/rules -->\n");
    }

    #[test]
    fn a_key_ends_no_comment() {
        for key in ["", "-", "a b", "-->", "a\nb", "é", &"a".repeat(101)] {
            assert!(comment_key(key).is_err(), "{key}");
        }
        assert!(comment_key("prod/rules-1@x").is_ok());
    }

    #[test]
    fn a_command_line_that_cannot_be_read_still_has_its_comment() {
        let marker = |line: &str| {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            Comment::of_arguments(&arguments).map(|comment| comment.marker())
        };
        let expected = Some("<!-- assist-rules plan - k -->\n".to_owned());
        assert_eq!(marker("plan --comment-key k --no-such"), expected);
        assert_eq!(marker("apply --comment-key=k --no-such"), expected);
        assert_eq!(marker("get --comment-key k"), None);
    }
}
