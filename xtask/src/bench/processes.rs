//! The whole program against one curl, round by round on one sandbox.
//!
//! Both send the same three requests: a token, the rule, the rule back under its version with another name. curl gets
//! what it cannot know (a token, the version, the body) beforehand and unmeasured, so that nothing is held against it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{flat_json, peak_memory, sandbox::Sandbox, scratch::Scratch};
use crate::stopwatch::timed;

const ROUNDS: usize = 30;
/// The path of the contract; the sandbox keeps the default.
const RULES: &str = "/api/v2/agent-assist/trigger-rules/";
/// For each request of a command line: `--next` forgets them.
const CURL: [&str; 6] = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--ipv4"];

/// The measurements.
pub(crate) struct Measured {
    /// Wall times of `assist-rules update`.
    pub(crate) updates: Vec<Duration>,
    /// Wall times of the first `assist-rules update` of a user, who has no ledger yet.
    pub(crate) firsts: Vec<Duration>,
    /// Wall times of curl.
    pub(crate) curls: Vec<Duration>,
    /// Wall times of `update` by an older binary, if there is one to compare with.
    pub(crate) before: Vec<Duration>,
    /// Peak memory of one more update in MiB, where it can be measured.
    pub(crate) peak: Option<f64>,
}

/// Runs all in turns.
///
/// # Errors
///
/// If there is no curl, or one run fails.
pub(crate) fn measure(binary: &Path, before: Option<&Path>) -> Result<Measured> {
    let scratch = Scratch::new()?;
    let sandbox = Sandbox::start(binary, &scratch.folder("sandbox")?)?;
    let home = scratch.folder("update")?;
    let older = before.map(|binary| Ok::<_, anyhow::Error>((binary, scratch.folder("before")?)));
    let older = older.transpose()?;
    let mut olders = Vec::new();
    let mut updates = Vec::with_capacity(ROUNDS);
    let mut firsts = Vec::with_capacity(ROUNDS);
    let mut curls = Vec::with_capacity(ROUNDS);
    // Why: the first round of each warms the file cache and makes the ledger, and is not counted.
    for round in 0..=ROUNDS {
        let new_home = scratch.folder(&format!("first-{round}"))?;
        let first = time(&mut update(binary, &sandbox, &new_home, &name("first", round))?)?;
        let ours = time(&mut update(binary, &sandbox, &home, &name("update", round))?)?;
        let theirs = time(&mut curl(&sandbox, &scratch, round)?)?;
        if round > 0 {
            firsts.push(first);
            updates.push(ours);
            curls.push(theirs);
        }
        if let Some((binary, home)) = &older {
            let took = time(&mut update(binary, &sandbox, home, &name("before", round))?)?;
            if round > 0 {
                olders.push(took);
            }
        }
    }
    let peak = peak_memory::of(&update(binary, &sandbox, &home, &name("update", ROUNDS + 1))?)?;
    Ok(Measured {
        updates,
        firsts,
        curls,
        before: olders,
        peak,
    })
}

fn time(command: &mut Command) -> Result<Duration> {
    let (output, took) = timed(|| command.stdin(Stdio::null()).output());
    succeeded(
        command,
        &output.with_context(|| format!("cannot start {}", command.get_program().display()))?,
    )?;
    Ok(took)
}

fn succeeded(command: &Command, output: &std::process::Output) -> Result<()> {
    if !output.status.success() {
        bail!(
            "{} failed ({})\n{}{}",
            command.get_program().display(),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// One update by a user whose ledger is there, as it is for every run but the first, and who has to sign in, as curl
/// has.
fn update(binary: &Path, sandbox: &Sandbox, home: &Path, name: &str) -> Result<Command> {
    let tokens = home.join("state/tokens");
    if tokens.exists() {
        fs::remove_dir_all(&tokens).with_context(|| format!("cannot empty {}", tokens.display()))?;
    }
    let mut update = sandbox.client(binary, home);
    update.args(["update", &sandbox.rule_id, "--name", name, "-o", "json"]);
    Ok(update)
}

fn name(who: &str, round: usize) -> String {
    format!("{who} {round:02}")
}

/// The same three requests in one curl.
fn curl(sandbox: &Sandbox, scratch: &Scratch, round: usize) -> Result<Command> {
    let token = answer(&mut token_request(sandbox))?;
    let authorization = format!("Authorization: Bearer {}", flat_json::text(&token, "access_token")?);
    let url = format!("{}{RULES}{}", sandbox.api_url, sandbox.rule_id);

    let mut read = Command::new("curl");
    read.arg("--disable")
        .args(CURL)
        .args(["--header", &authorization, &url]);
    let rule = answer(&mut read)?;
    let if_match = format!("If-Match: \"{}\"", flat_json::text(&rule, "etag")?);
    let old_name = format!("\"{}\"", name("update", round));
    let body = rule.replacen(&old_name, &format!("\"{}\"", name("curl", round)), 1);
    if body == rule {
        bail!("the update before did not rename the rule: {rule}");
    }
    let file = scratch.path().join("body.json");
    std::fs::write(&file, body).with_context(|| format!("cannot write {}", file.display()))?;

    let mut all = token_request(sandbox);
    all.arg("--next").args(CURL).args(["--header", &authorization, &url]);
    all.arg("--next").args(CURL);
    all.args(["--request", "PUT", "--header", &authorization, "--header", &if_match]);
    all.args(["--header", "Content-Type: application/json", "--data-binary"]);
    all.arg(format!("@{}", file.display())).arg(&url);
    Ok(all)
}

fn token_request(sandbox: &Sandbox) -> Command {
    let mut curl = Command::new("curl");
    // Why: `--fail-early` is for all; without it only the last request's failure would show.
    curl.args(["--disable", "--fail-early"]).args(CURL);
    curl.args(["--user", &format!("{}:{}", sandbox.client_id, sandbox.client_secret)]);
    curl.args([
        "--data",
        "grant_type=client_credentials",
        &format!("{}/oauth/token", sandbox.login_url),
    ]);
    curl
}

fn answer(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("cannot start curl, which this bench compares with")?;
    succeeded(command, &output)?;
    String::from_utf8(output.stdout).context("the sandbox does not answer in UTF-8")
}
