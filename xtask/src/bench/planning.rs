//! A plan of thousands of rules, and its apply: requests, memory, and processor time beside `validate` of the same files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{many, peak_memory, sandbox::Sandbox, scratch::Scratch};

/// Rules that the plan changes.
pub(crate) const CHANGED: usize = 100;
/// A run takes as long as the platform's rate limit says, so there are few.
const ROUNDS: usize = 3;

/// The measurements.
pub(crate) struct Planning {
    /// Processor seconds of each `plan`.
    pub(crate) plan_cpu: Vec<f64>,
    /// Processor seconds of each `validate`.
    pub(crate) validate_cpu: Vec<f64>,
    /// The peak memory of a `plan`, in MiB.
    pub(crate) peak: f64,
    /// The requests to the API of a `plan`.
    pub(crate) plan_requests: usize,
    /// The requests to the API of the `apply`.
    pub(crate) apply_requests: usize,
}

/// The processor seconds, the peak memory in MiB, and stderr of a run.
struct Measured {
    cpu: f64,
    peak: f64,
    log: String,
}

/// Plans, validates and applies.
///
/// # Errors
///
/// If there is no GNU time, or a run ends otherwise than it should.
pub(crate) fn measure(binary: &Path) -> Result<Planning> {
    let scratch = Scratch::new()?;
    let home = scratch.folder("home")?;
    let folder = scratch.folder("rules")?;
    let files = many::files(&folder)?;
    let sandbox = Sandbox::with_rules_of(binary, &scratch.folder("sandbox")?, &folder)?;
    let client = |args: &[&str]| {
        let mut client = sandbox.client(binary, &home);
        client.args(args);
        client
    };
    let folder = folder.to_str().context("the scratch folder has no name in UTF-8")?;
    let plan_file = scratch.path().join("p.plan");
    let plan_file = plan_file.to_str().context("the scratch folder has no name in UTF-8")?;
    let mut planning = Planning {
        plan_cpu: Vec::new(),
        validate_cpu: Vec::new(),
        peak: 0.0,
        plan_requests: 0,
        apply_requests: 0,
    };
    // Why: from the second plan on, the record knows that the files are applied.
    run(&client(&["apply", folder]))?;
    change(&files)?;
    for _ in 0..ROUNDS {
        planning.validate_cpu.push(run(&client(&["validate", folder]))?.cpu);
        let plan = run(&client(&["plan", folder, "--out", plan_file]))?;
        planning.plan_cpu.push(plan.cpu);
        planning.peak = planning.peak.max(plan.peak);
    }
    planning.plan_requests = requests(&run(&client(&["plan", folder, "--out", plan_file, "-vv"]))?.log);
    planning.apply_requests = requests(&run(&client(&["apply", plan_file, "-vv"]))?.log);
    Ok(planning)
}

/// Gives every hundredth file another name for its rule.
fn change(files: &[PathBuf]) -> Result<()> {
    for file in files.iter().step_by(files.len() / CHANGED) {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let changed = text.replace("\"name\":\"Rule ", "\"name\":\"Changed ");
        fs::write(file, changed).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn run(command: &Command) -> Result<Measured> {
    let mut measured = peak_memory::under_time(command, &["-f", "%U %S %M"]);
    let output = measured.stdin(Stdio::null()).stdout(Stdio::null()).output();
    let output = output.context("cannot start GNU time")?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        bail!("the measured run failed ({}): {log}", output.status);
    }
    let figures: Vec<f64> = log
        .lines()
        .next_back()
        .unwrap_or_default()
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    let [user, system, kib] = figures.as_slice() else {
        bail!("GNU time tells no times: {log}");
    };
    Ok(Measured {
        cpu: user + system,
        peak: kib / 1024.0,
        log,
    })
}

/// The requests to the resource, as the program logs them.
fn requests(log: &str) -> usize {
    let is_of_rules = |line: &&str| line.contains("answered method=") && line.contains("/trigger-rules");
    log.lines().filter(is_of_rules).count()
}
