//! The pages and the program have the same codes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    binary::{assist_rules, run},
    repository::read,
};

/// The first cells of the rows of all tables of `docs/errors.md`.
fn first_cells() -> Vec<String> {
    read("docs/errors.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .map(|cell| cell.trim().replace('`', ""))
        .collect()
}

/// The codes of findings and errors, as the program lists them.
fn codes() -> BTreeSet<String> {
    let ran = run(assist_rules().args(["explain", "-o", "json"]));
    let listed: Value = serde_json::from_str(&ran.stdout).unwrap();
    let pages = listed["codes"].as_array().unwrap().iter();
    pages.map(|page| page["code"].as_str().unwrap().to_owned()).collect()
}

/// The numbers of `Exit`, as its declaration gives them.
fn declared_exit_codes() -> BTreeSet<u8> {
    let source = read("crates/cli/src/exit.rs");
    let (_, variants) = source.split_once("enum Exit {\n").expect("`Exit` has moved");
    let (variants, _) = variants.split_once("\n}").unwrap();
    let lines = variants.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .map(|line| {
            let number = line.trim_end_matches(',').split(" = ").nth(1);
            number
                .and_then(|number| number.parse().ok())
                .unwrap_or_else(|| panic!("no `NAME = NUMBER`: {line}"))
        })
        .collect()
}

/// The exit codes, as the program's own help lists them.
fn exit_codes() -> BTreeSet<u8> {
    let help = run(assist_rules().arg("--help")).stdout;
    let (_, list) = help.split_once("Exit codes:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    // Two columns, each of `code  words`; no word is a number.
    let numbers = list.split([' ', ',', '\n']).filter_map(|word| word.parse().ok());
    numbers.collect()
}

#[test]
fn every_exit_code_has_a_row_and_every_row_an_exit_code() {
    let documented: Vec<u8> = first_cells().iter().filter_map(|cell| cell.parse().ok()).collect();
    let unique: BTreeSet<u8> = documented.iter().copied().collect();
    assert_eq!(
        documented.len(),
        unique.len(),
        "an exit code has two rows in docs/errors.md"
    );
    assert_eq!(unique, exit_codes(), "docs/errors.md, and `EXIT_CODES` of args.rs");
}

#[test]
fn help_and_the_page_for_scripts_list_every_exit_code_of_the_program() {
    let declared = declared_exit_codes();
    assert_eq!(exit_codes(), declared, "`EXIT_CODES` of args.rs, and `Exit` of exit.rs");

    let page = read("docs/scripting.md");
    let (_, table) = page
        .split_once("| exit | |\n|---|---|\n")
        .expect("the page has a table of exit codes");
    let cells = table
        .lines()
        .map_while(|line| line.strip_prefix("| ")?.split('|').next());
    let on_page: BTreeSet<u8> = cells
        .flat_map(|cell| cell.split([' ', ',']))
        .filter_map(|number| number.parse().ok())
        .collect();
    assert_eq!(on_page, declared, "docs/scripting.md, and `Exit` of exit.rs");
}

#[test]
fn every_code_has_a_row_and_every_row_a_code() {
    let documented: Vec<String> = first_cells()
        .into_iter()
        .filter(|cell| cell.starts_with("AR"))
        .collect();
    let unique: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(documented.len(), unique.len(), "a code has two rows in docs/errors.md");
    assert_eq!(
        unique,
        codes(),
        "docs/errors.md, and the tables of code.rs and error_code.rs"
    );
}

#[test]
fn no_exit_code_is_reserved() {
    let text = read("docs/errors.md");
    let line = text.lines().find(|line| line.contains("are reserved for commands"));
    let reserved: BTreeSet<u8> = line
        .expect("the page says which are reserved")
        .split([' ', ','])
        .filter_map(|word| word.parse().ok())
        .collect();
    assert!(!reserved.is_empty(), "{line:?}");
    assert!(reserved.is_disjoint(&exit_codes()), "{line:?}");
}
