//! The pages and the program have the same codes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    binary::{assist_rules, run},
    repository::{assert_none, read},
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

/// The exit codes with their meanings, as the program's own help lists them: that list is made of `Exit` itself.
fn exit_codes() -> BTreeMap<u8, String> {
    let help = run(assist_rules().arg("--help")).stdout;
    let (_, list) = help.split_once("Exit codes:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let lines = list.lines().map(|line| line.trim().split_once("  ").unwrap());
    lines
        .map(|(code, meaning)| (code.parse().unwrap(), meaning.to_owned()))
        .collect()
}

#[test]
fn both_pages_have_every_exit_code_with_its_meaning() {
    let codes = exit_codes();
    let mut faults = Vec::new();
    for page in ["docs/errors.md", "docs/scripting.md"] {
        let text = read(page);
        let rows = text.lines().filter_map(|line| {
            let (code, meaning) = line.strip_prefix("| ")?.split_once(" | ")?;
            Some((code.parse::<u8>().ok()?, meaning))
        });
        let rows: Vec<(u8, &str)> = rows.collect();
        for (code, meaning) in &codes {
            match rows
                .iter()
                .filter(|(row, _)| row == code)
                .collect::<Vec<_>>()
                .as_slice()
            {
                [(_, found)] if found.starts_with(meaning) => {}
                [] => faults.push(format!("{page} has no row of {code}: {meaning}")),
                [(_, found)] => faults.push(format!("{page}: {code} is `{meaning}`, and the row says `{found}`")),
                _ => faults.push(format!("{page} has several rows of {code}")),
            }
        }
        let unknown = rows.iter().filter(|(row, _)| !codes.contains_key(row));
        faults.extend(unknown.map(|(row, _)| format!("{page} has a row of {row}, with which nothing ends")));
    }
    assert_none(
        &faults,
        "The meaning of an exit code is that of `exits!` in crates/cli/src/exit.rs.",
    );
}

#[test]
fn every_code_has_a_row_and_every_row_a_code() {
    let documented: Vec<String> = first_cells()
        .into_iter()
        .filter(|cell| cell.starts_with("AR"))
        .collect();
    let unique: BTreeSet<String> = documented.iter().cloned().collect();
    assert_eq!(documented.len(), unique.len(), "a code has two rows in docs/errors.md");
    let codes = codes();
    let without_row = codes.difference(&unique).map(|code| format!("{code} has no row"));
    let without_code = unique
        .difference(&codes)
        .map(|code| format!("the row {code} has no code"));
    let faults: Vec<String> = without_row.chain(without_code).collect();
    assert_none(
        &faults,
        "docs/errors.md has each code of code.rs and error_code.rs once.",
    );
}
