//! Tidiness: what a reader may expect of every file.

use std::collections::BTreeMap;

use crate::repository::{Source, assert_none, sources};

/// Lines of one file, its unit tests not counted.
const LONGEST: usize = 500;

/// Names of files that every crate or module has by convention.
const CONVENTIONAL: [&str; 3] = ["lib.rs", "main.rs", "tests.rs"];

/// Files of one name, at most.
const MOST_OF_ONE_NAME: usize = 4;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "utils", "util", "common", "helpers", "helper", "types", "manager", "misc",
];

/// Words of unfinished code, and of leftovers. In halves, or this file would find itself.
const UNFINISHED: [&str; 6] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("dbg", "!("),
];

/// Folders of one person's machine.
const MACHINES: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// The Rust files of the repository.
fn rust() -> Vec<Source> {
    sources(&[".rs"])
}

/// Everything that people write.
fn texts() -> Vec<Source> {
    sources(&[".rs", ".toml", ".md", ".yml", ".yaml", ".json"])
}

/// True if the file holds nothing but tests.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The text above `#[cfg(test)] mod …`.
fn above_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

/// The lines above `#[cfg(test)] mod …`.
fn lines_of_code(text: &str) -> usize {
    above_tests(text).lines().count()
}

/// The name at the beginning of a text.
fn leading_name(text: &str) -> &str {
    let end = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// `path:line: what` for each line that `is_bad` says something about.
fn bad_lines(sources: &[Source], is_bad: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for Source { path, text } in sources {
        for (number, line) in (1..).zip(text.split('\n')) {
            if let Some(what) = is_bad(line) {
                faults.push(format!("{path}:{number}: {what}"));
            }
        }
    }
    faults
}

/// True if the word stands in the line by itself, and not within another one such as `\uXXXX`.
fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line.get(..start).and_then(|before| before.chars().next_back());
        let after = line.get(start + word.len()..).and_then(|after| after.chars().next());
        let joins = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        !joins(before) && (word.ends_with('(') || !joins(after))
    })
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = rust()
        .into_iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path)
        .collect();
    assert_none(&silent, "Begin the file with `//!` and one sentence: what it is for.");
}

#[test]
fn few_files_have_one_name() {
    let mut paths: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in rust() {
        let name = source.path.rsplit('/').next().unwrap_or_default().to_owned();
        paths.entry(name).or_default().push(source.path.clone());
    }
    assert!(paths.len() > 100, "the files are not found");
    let is_crowded = |name: &str, paths: &[String]| !CONVENTIONAL.contains(&name) && paths.len() > MOST_OF_ONE_NAME;
    let crowded = paths.iter().filter(|(name, paths)| is_crowded(name, paths));
    let faults: Vec<String> = crowded
        .map(|(name, paths)| format!("{name}: {}", paths.join(", ")))
        .collect();
    assert_none(&faults, "Name each file after what it defines.");
}

#[test]
fn no_file_is_too_long() {
    let mut faults = Vec::new();
    for Source { path, text } in rust().iter().filter(|source| !is_test(&source.path)) {
        let lines = lines_of_code(text);
        if lines > LONGEST {
            faults.push(format!("{path} has {lines} lines, at most {LONGEST}"));
        }
    }
    assert_none(&faults, "Split it by what it defines: `foo.rs` beside `foo/`.");
}

#[test]
fn file_names_say_what_is_inside() {
    let mut faults = Vec::new();
    for Source { path, .. } in rust() {
        let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        if name == "mod" || EMPTY_NAMES.contains(&name) {
            faults.push(path);
        }
    }
    assert_none(
        &faults,
        "Name a file after the thing that it defines, and put `foo.rs` beside `foo/`.",
    );
}

#[test]
fn nothing_is_left_unfinished() {
    let faults = bad_lines(&rust(), |line| {
        let word = UNFINISHED.iter().find(|word| has_word(line, word))?;
        Some(format!("`{word}`"))
    });
    assert_none(&faults, "Do it now, or open an issue.");
}

#[test]
fn white_space_is_clean() {
    let faults = bad_lines(&texts(), |line| {
        if line.contains('\t') {
            Some("a tab".to_owned())
        } else if line.ends_with([' ', '\r']) {
            Some("white space at the end".to_owned())
        } else {
            None
        }
    });
    assert_none(&faults, "Spaces, none at the end, Unix line ends.");
}

#[test]
fn every_text_ends_in_one_line_end() {
    let ends_badly = |source: &Source| !source.text.ends_with('\n') || source.text.ends_with("\n\n");
    let faults: Vec<String> = texts()
        .into_iter()
        .filter(ends_badly)
        .map(|source| source.path)
        .collect();
    assert_none(&faults, "End the file with exactly one line end.");
}

#[test]
fn no_path_of_a_machine_is_written_down() {
    let faults = bad_lines(&texts(), |line| {
        let folder = MACHINES.iter().find(|folder| line.contains(*folder))?;
        Some(format!("`{folder}`"))
    });
    assert_none(&faults, "It exists on one machine only: use a relative path.");
}

/// The core: it knows a document through its kind only.
const GENERIC: [&str; 5] = [
    "crates/ports/src/",
    "crates/app/src/",
    "crates/ledger-adapter/src/",
    "crates/sink-adapter/src/",
    "crates/domain/src/document",
];

#[test]
fn the_core_names_no_kind_and_no_member_of_one() {
    // Of one kind. `name` and `version` are words of every code, and `id` of every document.
    let words = [
        "TriggerRule",
        "trigger_rule",
        "RuleId",
        "ruleType",
        "rule_type",
        "conditions",
        "actions",
        "templateId",
    ];
    let mut core = rust();
    core.retain(|source| GENERIC.iter().any(|folder| source.path.starts_with(folder)) && !is_test(&source.path));
    assert!(core.len() > 50, "the core has moved");
    for source in &mut core {
        source.text.truncate(above_tests(&source.text).len());
    }
    let faults = bad_lines(&core, |line| {
        let is_doc = line.trim_start().starts_with("//");
        let word = words.iter().find(|word| !is_doc && has_word(line, word))?;
        Some(format!("`{word}`"))
    });
    assert_none(&faults, "Say it of any `DocumentKind`, or move it to the kind.");
}

#[test]
fn names_of_errors_end_in_error() {
    let mut faults = Vec::new();
    for Source { path, text } in rust().iter().filter(|source| !is_test(&source.path)) {
        let mut derives = false;
        for (number, line) in (1..).zip(text.lines()) {
            derives |= line.starts_with("#[derive(") && has_word(line, "Error");
            let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
            let declares = matches!(words.next(), Some("struct" | "enum"));
            if !declares {
                continue;
            }
            let name = leading_name(words.next().unwrap_or_default());
            if derives && !name.ends_with("Error") {
                faults.push(format!("{path}:{number}: {name}"));
            }
            derives = false;
        }
    }
    assert_none(&faults, "Name it after what fails, and end it in `Error`.");
}

/// Words that open a sentence without its subject.
const WITHOUT_SUBJECT: [&str; 9] = ["What", "Who", "Whether", "How", "Where", "When", "It", "Of", "That"];

#[test]
fn doc_comments_begin_with_their_subject() {
    let faults = bad_lines(&rust(), |line| {
        let line = line.trim_start();
        let doc = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"))?;
        let first = leading_name(doc.trim_start());
        WITHOUT_SUBJECT.contains(&first).then(|| format!("`{first}`"))
    });
    assert_none(
        &faults,
        "Name the subject first: \"A patch to a rule\", not \"What is wanted of a rule\".",
    );
}

#[test]
fn no_two_public_types_have_one_name() {
    let mut types: Vec<(String, String)> = Vec::new();
    for Source { path, text } in rust().iter().filter(|source| source.path.starts_with("crates/")) {
        for line in text.lines() {
            let declared = ["pub struct ", "pub enum ", "pub trait ", "pub type "]
                .iter()
                .find_map(|keyword| line.strip_prefix(keyword));
            types.extend(declared.map(|rest| (leading_name(rest).to_owned(), path.clone())));
        }
    }
    types.sort();
    let faults: Vec<String> = types
        .windows(2)
        .filter_map(|pair| match pair {
            [(one, here), (other, there)] if one == other => Some(format!("{one}: {here}, {there}")),
            _ => None,
        })
        .collect();
    assert!(types.len() > 100, "the crates have moved");
    assert_none(&faults, "One name, one meaning.");
}

/// Names that this code had, and the folder that they do not come back to: ARCHITECTURE.md has the ones in use.
///
/// Old names that stay, and why:
/// - `Kind` of the emulator is the kind of a recorded request, and `List` of JSON's diff a list of elements.
/// - `of(…)` constructs in private code, where the type before it says of what; `step`, `same`, `body`, `passed`, `another`,
///   `waiting`, `places`, `why`, `written` and `seen` are plain words, right for a local.
/// - `Answer` is how an outcome is known (`confirmed_by` in JSON), and the word for a response in every sentence.
/// - `World` is the state of one simulated run, as turmoil has it; the emulator is `Emulator`.
/// - `Wanted` of the simulation is a patch in its own digits, `Sent` and `Made` are too short to be told from locals.
/// - `Finding` is the domain's. The two of `app` and `ports` are `Settlement` now.
/// - `Theirs` is a side of a merge, and `chance` a share of a thousand.
/// - `Limits` of `app::deliver` are those of one run of deliveries, and `Due` is a variant of `Include`; those of the
///   service are `ServiceLimits`. `Reading` is the progress of an update; the adapter has a `ResponseReader`.
/// - `read_back` answers the step `ReadPurpose::ReadBack`, and `reverse` turns a list, as the standard library has it.
/// - `at`, `at_once` and `meant` are plain words, right for a local; `Purpose` of the simulation is that of a request.
/// - `FailureClass` and `Trust` stay; their old variants are below.
#[rustfmt::skip]
const OLD_NAMES: &[(&str, &[&str])] = &[
    ("crates/", &[
        "RuleRepository", "Proof", "Confirmation", "Ending", "Fate", "Again", "Anytime", "Claimed", "acknowledge", "Desk", "desk",
        "Patient", "Paced", "bring_about", "take_note", "Notes", "Served", "Round", "ENOUGH", "IN_A_ROW", "after_a_run", "Book",
        "BeforeTheLast", "NO_WRITE_IS_OLDER", "TooYoung", "Verdict", "Wish", "WishOf", "Draft", "RuleChange", "made_from",
        "GroupMerge", "Facts", "VersionMoved", "WrongServer", "Pacer", "Ticket", "Misfit", "Errand", "carry_out", "Problem",
        "complain", "take_in", "LeftBehind", "mischief", "tell", "said", "told", "unclear", "Unclear", "Deed", "Terms",
    ]),
    ("crates/domain/", &[
        "missing_in", "lacks_nothing", "write_down", "of_document", "Reversal", "adopt", "Retries", "Retry", "succeeded_at_once",
        "give_back", "senses", "structure", "Examination", "forgive_what_was_there", "certain_faults", "names_nothing", "BadRule",
        "NotARule", "BadVersion", "NotADocument", "as_text", "Items", "has_its_members_in", "LastLook", "Settle", "Failure",
        "Moment", "Asked", "Made", "Taken", "making", "moving", "endings", "lacks", "is_in", "stranger", "strangers", "Wanted",
        "Change", "Purpose", "allows", "learn", "looking", "stopping",
    ]),
    ("crates/ports/", &["Dead", "is_so"]),
    ("crates/app/", &["affordable", "Work", "NothingToUndo", "note", "Back"]),
    ("crates/cli/", &[
        "Ended", "End", "ending", "FAINT", "STRONG", "GOOD", "BAD", "Stranger", "refuse_what_only_its_owner_may_say", "SPOKEN",
        "Keys", "note", "words",
    ]),
    ("crates/genesys-adapter/", &["Exchange", "Sent", "BadAddress", "BadConnection", "UnknownRegion", "counted", "world", "Reading"]),
    ("crates/ledger-adapter/", &["Added", "Broken", "BadLedgerAddress"]),
    ("crates/sink-adapter/", &["remark", "note", "Note", "tail", "Tail", "BadUrl", "BadSecret", "BadCommand", "BadTable", "BadSink"]),
    ("crates/emulator/", &[
        "World", "world", "Shelf", "Takeover", "takeover", "Doorway", "curfew", "Storm", "Standing", "Seen", "Refusal", "note",
    ]),
    ("simulation/", &[
        "weather", "Foul", "Habit", "PutsBack", "Desk", "Verdict", "Wish", "wish", "told", "Told", "telling", "tell", "said",
        "note", "unclear", "Unclear", "Seen", "Sent", "Deadly", "deadly", "Mortal", "mortal", "estate", "Estate", "orders",
        "Orders",
    ]),
    ("tests/it/journeys", &["Desk", "desk", "world", "told", "telling", "proving", "rehearsing"]),
    ("xtask/", &["Verdict", "told", "words"]),
];

/// The code of a line, without the texts in it.
fn code_of(line: &str) -> String {
    let (mut code, mut in_text, mut is_escaped) = (String::new(), false, false);
    for letter in line.chars() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' if in_text => is_escaped = true,
            '"' => in_text = !in_text,
            letter if !in_text => code.push(letter),
            _ => {}
        }
    }
    code
}

/// True if the identifier stands in the code.
fn has_identifier(code: &str, name: &str) -> bool {
    code.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(|word| word == name)
}

#[test]
fn old_names_stay_away() {
    let sources = rust();
    let mut faults = Vec::new();
    for (folder, names) in OLD_NAMES {
        let mut there = sources.clone();
        there.retain(|source| source.path.starts_with(folder));
        assert!(!there.is_empty(), "{folder} has moved");
        faults.extend(bad_lines(&there, |line| {
            if line.trim_start().starts_with("//") {
                return None;
            }
            let code = code_of(line);
            let name = names.iter().find(|name| has_identifier(&code, name))?;
            Some(format!("`{name}`"))
        }));
    }
    assert_none(
        &faults,
        "The glossary in ARCHITECTURE.md has the name that took its place.",
    );
}

#[test]
fn old_names_are_looked_for_in_code_and_not_in_texts() {
    for (line, expected) in [
        ("let told = 1;", true),
        ("f(told, x)", true),
        ("let is_told = 1;", false),
        (r#"panic!("it is told \"told\"");"#, false),
        (r#"f("a", told)"#, true),
    ] {
        assert_eq!(has_identifier(&code_of(line), "told"), expected, "{line}");
    }
}

#[test]
fn code_above_the_unit_tests_is_counted_and_the_tests_are_not() {
    assert_eq!(
        lines_of_code("//! a\nfn b() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"),
        2
    );
    assert_eq!(lines_of_code("//! a\n\n#[cfg(test)]\nmod tests;\n\nfn b() {}\n"), 6);
}
