//! Much at once: thousands of findings in one file, thousands of files, a listing of thousands of rules.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{sandbox::Sandbox, scratch::Scratch};
use crate::stopwatch::timed;

/// Findings in one file.
pub(crate) const FINDINGS: usize = 8_000;
/// Files in one folder.
pub(crate) const FILES: usize = 10_000;
/// Rules in one listing.
pub(crate) const RULES: usize = 10_000;
const LIST: [&str; 3] = ["list", "-o", "json"];
/// Each takes a good part of a second.
const ROUNDS: usize = 5;

/// The measurements.
pub(crate) struct Many {
    /// Wall times of `validate` of one file with [`FINDINGS`], for people.
    pub(crate) findings_human: Vec<Duration>,
    /// The same as JSON.
    pub(crate) findings_json: Vec<Duration>,
    /// Wall times of `validate` of [`FILES`] sound files.
    pub(crate) files: Vec<Duration>,
    /// Wall times of `jq -e .id` of the same files.
    pub(crate) jq: Vec<Duration>,
    /// Wall times of `list` of [`RULES`].
    pub(crate) listings: Vec<Duration>,
    /// The requests to the API of one such `list`.
    pub(crate) requests: usize,
}

/// Runs all in turns.
///
/// # Errors
///
/// If there is no jq, or one run ends otherwise than it should.
pub(crate) fn measure(binary: &Path) -> Result<Many> {
    let scratch = Scratch::new()?;
    let home = scratch.folder("home")?;
    let faulty = scratch.path().join("faulty.yaml");
    fs::write(&faulty, file_with_findings()).context("cannot write the file with findings")?;
    let files = files(&scratch.folder("rules")?)?;
    let sandbox = Sandbox::with_rules(binary, &scratch.folder("sandbox")?, RULES)?;
    let client = || sandbox.client(binary, &home);
    let mut many = Many {
        findings_human: Vec::new(),
        findings_json: Vec::new(),
        files: Vec::new(),
        jq: Vec::new(),
        listings: Vec::new(),
        requests: 0,
    };
    // Why: the first round of each warms the file cache, and is not counted.
    for round in 0..=ROUNDS {
        let human = time(client().arg("validate").arg(&faulty), 3)?;
        let json = time(client().args(["validate", "-o", "json"]).arg(&faulty), 3)?;
        let ours = time(client().arg("validate").arg(scratch.path().join("rules")), 0)?;
        let jq = time(Command::new("jq").args(["-e", ".id"]).args(&files), 0)?;
        let listing = time(client().args(LIST), 0)?;
        if round > 0 {
            many.findings_human.push(human);
            many.findings_json.push(json);
            many.files.push(ours);
            many.jq.push(jq);
            many.listings.push(listing);
        }
    }
    many.requests = requests(client().args(LIST))?;
    Ok(many)
}

/// A change whose actions each have an unknown type, a line each.
fn file_with_findings() -> String {
    let mut text = "actions:\n".to_owned();
    for number in 0..FINDINGS {
        // Why ignored: a text takes everything.
        let _ = writeln!(text, "- {{type: unknown{number}}}");
    }
    text
}

/// Rules of 20 conditions, a file each.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let condition = r#"{"type":"keyword","field":"conversation.text","operator":"contains","value":"refund NUMBER"}"#;
    let conditions: Vec<String> = (0..20)
        .map(|number| condition.replace("NUMBER", &format!("{number}")))
        .collect();
    let conditions = conditions.join(",\n  ");
    (0..FILES)
        .map(|number| {
            let rule = format!(
                r#"{{"id":"rule-{number:05}","ruleType":"conversation","enabled":true,"name":"Rule {number}",
 "conditions":[
  {conditions}],
 "actions":[{{"type":"display","templateId":"tmpl_{number}","priority":1}}]}}
"#
            );
            let file = folder.join(format!("rule-{number:05}.json"));
            fs::write(&file, rule).with_context(|| format!("cannot write {}", file.display()))?;
            Ok(file)
        })
        .collect()
}

fn time(command: &mut Command, expected: i32) -> Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let (status, took) = timed(|| command.status());
    let status = status.with_context(|| format!("cannot start {}", command.get_program().display()))?;
    if status.code() != Some(expected) {
        bail!(
            "{} ended with {status}, not {expected}",
            command.get_program().display()
        );
    }
    Ok(took)
}

/// The requests for pages, as the program logs them.
fn requests(list: &mut Command) -> Result<usize> {
    let output = list
        .arg("-vv")
        .stdin(Stdio::null())
        .output()
        .context("cannot start list")?;
    let log = String::from_utf8_lossy(&output.stderr);
    let is_page = |line: &&str| line.contains("answered method=GET") && line.contains("/trigger-rules\"");
    Ok(log.lines().filter(is_page).count())
}
