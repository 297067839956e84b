//! `docs/errors.md` and the program have the same codes.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    binary::{assist_rules, run},
    repository::root,
};

/// The first cells of the rows of all tables.
fn first_cells() -> Vec<String> {
    let text = fs::read_to_string(root().join("docs/errors.md")).expect("docs/errors.md cannot be read");
    text.lines()
        .filter_map(|line| line.strip_prefix("| ")?.split('|').next())
        .map(|cell| cell.trim().replace('`', ""))
        .collect()
}

/// The codes of findings and errors, as the program lists them.
fn codes() -> BTreeSet<String> {
    let ran = run(assist_rules().args(["explain", "-o", "json"]));
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let pages = told["codes"].as_array().unwrap().iter();
    pages.map(|page| page["code"].as_str().unwrap().to_owned()).collect()
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
    assert_eq!(unique, exit_codes());
}

#[test]
fn every_code_has_a_row_and_every_row_a_code() {
    let documented: Vec<String> = first_cells()
        .into_iter()
        .filter(|cell| cell.starts_with("AR"))
        .collect();
    let unique: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(documented.len(), unique.len(), "a code has two rows in docs/errors.md");
    assert_eq!(unique, codes());
}
