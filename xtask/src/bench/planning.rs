//! `plan`, `status`, `pull` and `apply` of thousands of rules: requests, memory, processor time beside `validate` of the same
//! files, and the time that writes take beside the shortest that they could.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{many, peak_memory, sandbox::Sandbox, scratch::Scratch};
use crate::stopwatch::timed;

/// Rules of which the files say otherwise than the organization.
pub(crate) const CHANGED: usize = 100;
/// The time that the platform takes for a write.
const WRITE: Duration = Duration::from_millis(20);
/// The updates that `apply` has under way at a time.
const PARALLELISM: u32 = 4;
/// The rules of a short `apply` and of a long one. What both take beside their writes is in neither's difference.
const APPLIED: [u32; 2] = [200, 1_200];
/// The rounds of the commands whose processor time is compared: other work on the machine is in each of them.
const CPU_ROUNDS: usize = 7;
/// The rounds of a short `apply` and a long one.
const PACE_ROUNDS: usize = 3;

/// The rounds of the same with files as `pull` writes them, which take longer.
const PULLED_ROUNDS: usize = 3;

/// The measurements.
pub(crate) struct Planning {
    /// Those of compact JSON, than which nothing is read faster.
    pub(crate) json: Comparisons,
    /// Those of YAML, as `pull` writes it.
    pub(crate) yaml: Comparisons,
    /// The requests to the API of the `apply` of the changed rules.
    pub(crate) apply_requests: usize,
    /// The times that the writes of [`APPLIED`] took, by the shortest that they could.
    pub(crate) pace: Vec<f64>,
    /// The processor milliseconds that each of them took for a rule.
    pub(crate) apply_cpu_ms: Vec<f64>,
}

/// The measurements of the commands that compare all files with the organization, and of `validate` of the same files.
#[derive(Default)]
pub(crate) struct Comparisons {
    /// Processor seconds of each `validate`.
    pub(crate) validate_cpu: Vec<f64>,
    /// The measurements of `plan`.
    pub(crate) plan: Compared,
    /// Those of `status`.
    pub(crate) status: Compared,
    /// Those of `pull`.
    pub(crate) pull: Compared,
}

/// The measurements of a command that compares all files with the organization.
#[derive(Default)]
pub(crate) struct Compared {
    /// Processor seconds of each run.
    pub(crate) cpu: Vec<f64>,
    /// The peak memory of a run, in MiB.
    pub(crate) peak: f64,
    /// The requests to the API of a run.
    pub(crate) requests: usize,
}

/// The processor seconds, the peak memory in MiB, and stderr of a run.
struct Measured {
    cpu: f64,
    peak: f64,
    log: String,
}

/// Validates, plans, compares, pulls and applies.
///
/// # Errors
///
/// If there is no GNU time, or a run ends otherwise than it should.
pub(crate) fn measure(binary: &Path) -> Result<Planning> {
    let scratch = Scratch::new()?;
    let home = scratch.folder("home")?;
    let folder = scratch.folder("rules")?;
    let files = many::files(&folder)?;
    let faults = scratch.path().join("faults.json");
    fs::write(&faults, slow_writes()).context("cannot write the script of faults")?;
    let sandbox = Sandbox::with_rules_of(binary, &scratch.folder("sandbox")?, &folder, &faults)?;
    let client = |args: &[&str]| {
        let mut client = sandbox.client(binary, &home);
        client.args(args);
        client
    };
    let folder = folder.to_str().context("the scratch folder has no name in UTF-8")?;
    let plan_file = scratch.path().join("p.plan");
    let plan_file = plan_file.to_str().context("the scratch folder has no name in UTF-8")?;
    let plan = ["plan", folder, "--out", plan_file];
    let mut planning = Planning {
        json: Comparisons::default(),
        yaml: Comparisons::default(),
        apply_requests: 0,
        pace: Vec::new(),
        apply_cpu_ms: Vec::new(),
    };
    // Why: from the second run on, record and folder know that the files are applied.
    run(&client(&["apply", folder]))?;
    run(&client(&["pull", folder]))?;
    rename(&files, CHANGED, "Changed")?;
    for _ in 0..CPU_ROUNDS {
        planning.json.add(&client, folder, &plan)?;
    }
    let pulled = scratch.path().join("pulled");
    let pulled = pulled.to_str().context("the scratch folder has no name in UTF-8")?;
    run(&client(&["pull", pulled]))?;
    run(&client(&["apply", pulled]))?;
    for _ in 0..PULLED_ROUNDS {
        planning.yaml.add(&client, pulled, &["plan", pulled])?;
    }
    let logged = |args: &[&str]| Ok::<_, anyhow::Error>(requests(&run(client(args).arg("-vv"))?.log));
    planning.json.status.requests = logged(&["status", folder])?;
    planning.json.pull.requests = logged(&["pull", folder])?;
    planning.json.plan.requests = logged(&plan)?;
    planning.apply_requests = logged(&["apply", plan_file])?;
    for round in 0..PACE_ROUNDS {
        let mut took = [(Duration::ZERO, 0.0); APPLIED.len()];
        for (took, rules) in took.iter_mut().zip(APPLIED) {
            rename(&files, usize::try_from(rules)?, &format!("Round {round} of {rules}:"))?;
            run(&client(&plan))?;
            let (ran, time) = timed(|| run(&client(&["apply", plan_file, "--allow", &format!("change={rules}")])));
            *took = (time, ran?.cpu);
        }
        let [(short, short_cpu), (long, long_cpu)] = took;
        let [few, many] = APPLIED;
        let ideal = WRITE * (many - few) / PARALLELISM;
        let beyond = long.saturating_sub(short).as_secs_f64();
        planning.pace.push(beyond / ideal.as_secs_f64());
        let cpu_ms = (long_cpu - short_cpu) * 1_000.0;
        planning.apply_cpu_ms.push(cpu_ms.max(0.0) / f64::from(many - few));
    }
    Ok(planning)
}

impl Comparisons {
    /// Runs each command once.
    fn add(&mut self, client: &dyn Fn(&[&str]) -> Command, folder: &str, plan: &[&str]) -> Result<()> {
        self.validate_cpu.push(run(&client(&["validate", folder]))?.cpu);
        self.plan.add(&run(&client(plan))?);
        self.status.add(&run(&client(&["status", folder]))?);
        self.pull.add(&run(&client(&["pull", folder]))?);
        Ok(())
    }
}

impl Compared {
    fn add(&mut self, run: &Measured) {
        self.cpu.push(run.cpu);
        self.peak = self.peak.max(run.peak);
    }
}

/// A script of faults by which each write takes its time.
fn slow_writes() -> String {
    let ms = WRITE.as_millis();
    format!(r#"{{"faults":[{{"on":{{"kind":"put"}},"times":1000000,"do":{{"delay":{{"ms":{ms}}}}}}}]}}"#)
}

/// Gives so many files another name for their rule.
fn rename(files: &[PathBuf], count: usize, name: &str) -> Result<()> {
    for (number, file) in files.iter().enumerate().step_by(files.len() / count).take(count) {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let (before, rest) = text.split_once(NAME).context("the file names no rule")?;
        let (_, after) = rest.split_once('"').context("the name has no end")?;
        let changed = format!("{before}{NAME}{name} {number}\"{after}");
        fs::write(file, changed).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

const NAME: &str = "\"name\":\"";

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
