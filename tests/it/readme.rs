//! The documents that show commands: every command is run, and prints what the document says that it prints.
//!
//! - A block ` ```console ` has commands after `$ `, each with its output. A line `…` stands for any lines.
//! - A block ` ```json `, ` ```yaml ` or ` ```toml ` after a line that ends in `` `NAME`: `` is a file of that name.
//! - A block ` ```sh ` has settings only: the tests have settings of their own, that point at an emulator.
//! - A block ` ```rust ` is a doctest of `tests/snippets.rs`.

mod markdown;
mod shell;

use std::fs;

use crate::repository::{Source, assert_none, read, sources};
use markdown::{Block, Console, blocks};
use shell::Shell;

/// Names each document that shows commands, and makes a test of it.
macro_rules! documents {
    ($($test:ident: $document:literal,)*) => {
        /// The documents that show commands.
        const DOCUMENTS: &[&str] = &[$($document),*];

        $(
            #[test]
            fn $test() {
                follow($document);
            }
        )*
    };
}

documents! {
    the_commands_of_the_readme_do_what_it_says: "README.md",
    the_commands_about_changing_rules_do_what_the_page_says: "docs/changing-rules.md",
    the_commands_about_configuration_do_what_the_page_says: "docs/configuration.md",
    the_commands_about_copilots_do_what_the_page_says: "docs/copilot.md",
    the_commands_about_credentials_do_what_the_page_says: "docs/credentials.md",
    the_commands_about_the_ledger_do_what_the_page_says: "docs/ledger.md",
    the_commands_about_the_sandbox_do_what_the_page_says: "docs/sandbox.md",
    the_commands_about_promotion_do_what_the_page_says: "docs/promotion.md",
    the_commands_about_rules_as_code_do_what_the_page_says: "docs/rules-as-code.md",
    the_commands_about_scripting_do_what_the_page_says: "docs/scripting.md",
}

/// Does what a reader of the document would do, from top to bottom.
fn follow(document: &str) {
    let mut shell = Shell::new();
    let mut commands = 0;
    for Block {
        language,
        file,
        text,
        line,
    } in blocks(&read(document))
    {
        let at = format!("{document}:{line}");
        match (language.as_str(), file) {
            ("console", _) => {
                for Console { command, output } in markdown::commands(&text) {
                    shell.run(&command, &output, &at);
                    commands += 1;
                }
            }
            ("json" | "yaml" | "toml", Some(name)) => {
                let path = shell.home().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            ("sh", _) => {
                let is_setting = |line: &str| line.is_empty() || line.starts_with('#') || line.starts_with("export ");
                assert!(
                    text.lines().all(is_setting),
                    "{at}: a command in ```sh is run by nobody: use ```console"
                );
            }
            ("rust" | "text" | "json" | "yaml" | "toml", _) => {}
            (other, _) => panic!("{at}: nobody knows what to do with a block of `{other}`"),
        }
    }
    assert!(commands > 0, "{document} shows no command");
}

#[test]
fn every_document_that_shows_commands_is_followed() {
    let shows_commands = |source: &Source| blocks(&source.text).iter().any(|block| block.language == "console");
    let missed: Vec<String> = sources(&[".md"])
        .into_iter()
        .filter(shows_commands)
        .map(|source| source.path)
        .filter(|path| !DOCUMENTS.contains(&path.as_str()))
        .collect();
    assert_none(&missed, "Add it to `documents!` in tests/it/readme.rs.");
}
