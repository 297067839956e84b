//! A shell that knows just what the documents show, on each system alike.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufRead as _, BufReader, PipeReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use emulator::SAMPLE_RULE_ID;
use regex::Regex;

use crate::{
    binary::{assist_rules, new_home},
    repository::root,
    sandbox::Sandbox,
};

/// A terminal in a folder of its own, with settings that point at an emulator.
pub(crate) struct Shell {
    home: PathBuf,
    settings: BTreeMap<String, String>,
    /// The exit code of the last command.
    code: i32,
    /// `assist-rules sandbox`, in its own terminal.
    in_foreground: Option<Child>,
    _organization: Sandbox,
}

impl Shell {
    pub(crate) fn new() -> Self {
        let organization = Sandbox::sample();
        let settings = organization
            .env()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut settings = BTreeMap::from(settings);
        settings.insert("GENESYS_RULE_ID".to_owned(), SAMPLE_RULE_ID.to_owned());
        Self {
            home: new_home(),
            settings,
            code: 0,
            in_foreground: None,
            _organization: organization,
        }
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// Runs a command and holds what it prints, on stdout and stderr in turn, against `expected`.
    #[track_caller]
    pub(crate) fn run(&mut self, command: &str, expected: &str, at: &str) {
        let (line, redirected) = match command.split_once(" > ") {
            Some((line, file)) => (line, Some(self.home.join(file))),
            None => (command, None),
        };
        let words = words(line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let printed = match words.as_slice() {
            // These very tests are part of it.
            ["cargo", "xtask", "test"] => return,
            ["cargo", "xtask", arguments @ ..] => {
                let mut cargo = Command::new(env!("CARGO"));
                cargo.arg("xtask").args(arguments).current_dir(root());
                cargo.env("ASSIST_RULES_STATE_DIR", self.home.join("state"));
                cargo.env("CARGO_TERM_COLOR", "never").env("NO_COLOR", "1");
                self.finish(cargo, None)
            }
            ["assist-rules", "sandbox", arguments @ ..] => self.open_terminal(arguments),
            ["assist-rules", arguments @ ..] => {
                let program = self.assist_rules(arguments);
                self.finish(program, redirected.as_deref())
            }
            ["echo", "$?"] => format!("{}\n", self.code),
            ["$EDITOR", file] => self.edit(file),
            _ => panic!("{at}: this shell does not know `{command}`"),
        };
        check(&redacted(&printed), &redacted(expected), &format!("{at}: $ {command}"));
    }

    fn assist_rules(&self, arguments: &[&str]) -> Command {
        let mut program = assist_rules();
        program
            .args(arguments)
            .current_dir(&self.home)
            .env("ASSIST_RULES_STATE_DIR", self.home.join("state/assist-rules"))
            .envs(&self.settings);
        program
    }

    /// Runs a command to its end. What is not redirected is as a terminal would show it.
    fn finish(&mut self, mut command: Command, redirected: Option<&Path>) -> String {
        let (mut reader, writer) = io::pipe().unwrap();
        match redirected {
            Some(file) => command.stdout(fs::File::create(file).unwrap()),
            None => command.stdout(writer.try_clone().unwrap()),
        };
        let mut child = command.stdin(Stdio::null()).stderr(writer).spawn().unwrap();
        // It holds the other end of the pipe.
        drop(command);
        let mut printed = String::new();
        reader.read_to_string(&mut printed).unwrap();
        self.code = child.wait().unwrap().code().unwrap();
        printed
    }

    /// Starts a program that stays, and exports the settings that it prints, as its reader is asked to.
    fn open_terminal(&mut self, arguments: &[&str]) -> String {
        self.close_terminal();
        let (reader, writer) = io::pipe().unwrap();
        let mut sandbox = self.assist_rules(&["sandbox"]);
        sandbox.args(arguments).stdin(Stdio::null());
        let sandbox = sandbox.stdout(writer.try_clone().unwrap()).stderr(writer);
        self.in_foreground = Some(sandbox.spawn().unwrap());
        let printed = until_it_waits(reader);
        for line in printed.lines() {
            if let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) {
                self.settings.insert(name.to_owned(), value.to_owned());
            }
        }
        printed
    }

    fn close_terminal(&mut self) {
        if let Some(mut child) = self.in_foreground.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Switches the rule in a file off, as its reader is asked to.
    fn edit(&self, file: &str) -> String {
        let path = self.home.join(file);
        let before = fs::read_to_string(&path).unwrap();
        let after = before.replace("\"enabled\": true", "\"enabled\": false");
        assert_ne!(before, after, "{file} has nothing to edit");
        fs::write(path, after).unwrap();
        String::new()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.close_terminal();
    }
}

/// The output of a sandbox until it has said that it runs.
fn until_it_waits(reader: PipeReader) -> String {
    let mut printed = String::new();
    let mut lines = BufReader::new(reader).lines();
    while !printed.contains("until Ctrl-C") {
        let line = lines.next().unwrap_or_else(|| panic!("the sandbox ended:\n{printed}"));
        printed.push_str(&line.unwrap());
        printed.push('\n');
    }
    printed
}

/// The words of a command line; quotes keep one together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// A text without what is another each time, and without what cargo says while it builds.
fn redacted(text: &str) -> String {
    let changing = [
        (
            r"(?m)^ +(Adding|Blocking|Compiling|Downloaded|Downloading|Finished|Locking|Updating) .*\n",
            "",
        ),
        (r"https?://(api\.[a-z0-9.-]+|127\.0\.0\.1:[0-9]+)", "URL"),
        (r"127\.0\.0\.1:[0-9]+", "PLACE"),
        (r"[0-9.]+ ms", "N ms"),
        (r#""(latency|waited)_ms": [0-9.]+"#, "\"${1}_ms\": N"),
        (r"[0-9.]+ s of the server", "N s of the server"),
        (r"(correlation id:?) +[0-9a-f-]{36}", "$1 ID"),
        (r"head [0-9a-f]{64}", "head HASH"),
        (r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z", "TIME"),
        (r"(?m) (BY|[a-z_][a-z0-9_-]*@[A-Za-z0-9.-]+) +", " USER "),
        (r"sqlite:[^ ]+ledger.db", "sqlite:LEDGER"),
        (r"state is kept in `[^`]+`", "state is kept in `FOLDER`"),
    ];
    let mut text = text.replace('\\', "/");
    for (pattern, stands_in) in changing {
        text = Regex::new(pattern).unwrap().replace_all(&text, stands_in).into_owned();
    }
    text
}

/// Holds a text against another in which a line `…` stands for any lines.
#[track_caller]
fn check(printed: &str, expected: &str, at: &str) {
    if !expected.lines().any(|line| line.trim() == "…") {
        assert!(
            printed == expected,
            "{at}\n--- printed\n{printed}--- expected\n{expected}"
        );
        return;
    }
    let mut lines = printed.lines();
    let mut any = false;
    for line in expected.lines() {
        if line.trim() == "…" {
            any = true;
        } else {
            let found = if any {
                lines.any(|other| other == line)
            } else {
                lines.next() == Some(line)
            };
            assert!(
                found,
                "{at}\n--- printed\n{printed}--- expected, but not there\n{line}\n"
            );
            any = false;
        }
    }
    assert!(
        any || lines.next().is_none(),
        "{at}\n--- printed more than expected\n{printed}"
    );
}

#[test]
fn a_command_line_has_words() {
    assert_eq!(words("a  --b 'c d' \"e\" ''"), ["a", "--b", "c d", "e", ""]);
}

#[test]
fn any_lines_may_stand_where_it_says_so() {
    check("a\nb\nc\n", "a\n…\nc\n", "");
    check("a\nb\n", "a\n  …\n", "");
    for expected in ["b\n…\n", "a\n…\nd\n", "…\na\n"] {
        assert!(
            std::panic::catch_unwind(|| check("a\nb\n", expected, "")).is_err(),
            "{expected}"
        );
    }
}
