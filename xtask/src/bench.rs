//! `cargo xtask bench`: speed and memory as ratios in one run, so that they mean the same on each machine.
//!
//! First the domain's own bench (rules and a large Copilot against `serde_json`), then the ledger's (recording against bare
//! durable writes, and reading a long one), then the whole process against one curl that sends the same three requests, what
//! one update of a Copilot sends, its start against git's, much at once (findings, files, a listing), and `plan`, `status`,
//! `pull` and `apply` of thousands of rules, and the requests of a plan of many Copilots. A missed target is said and does not
//! fail the run: a busy machine is no fault.

mod copilot_planning;
mod copilot_requests;
mod figures;
mod flat_json;
mod many;
mod peak_memory;
mod planning;
mod processes;
mod sandbox;
mod scratch;
mod start_up;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::{
    cargo::{self, Lock},
    cli::{self, Profile},
    stopwatch::announce,
};
use figures::TargetResult;

/// At most so many times curl's wall time, where the ledger is there already.
const RATIO_TARGET: f64 = 1.3;
/// At most so many times curl's wall time, where there is no ledger yet.
const FIRST_RATIO_TARGET: f64 = 1.5;
/// At most so many seconds for thousands of findings in one file.
const FINDINGS_TARGET_S: f64 = 1.0;
/// At most so many times jq's wall time, which only parses the same files.
const FILES_TARGET: f64 = 0.5;
/// At most so many times git's wall time for `--version`.
const START_UP_TARGET: f64 = 1.2;
/// At most so many times the processor time of `validate` of the same files.
const PLAN_CPU_TARGET: f64 = 2.0;
/// The same for `status` and `pull`.
const COMPARE_CPU_TARGET: f64 = 3.0;
/// Rules on a page of a listing.
const PAGE: usize = 100;
/// Assistants on a page of their listing.
const ASSISTANTS_ON_A_PAGE: usize = 200;
/// At most so much memory of a `plan`, a `status` or a `pull`.
const COMPARE_MEMORY_TARGET_MIB: f64 = 60.0;
/// At most so many times the time that writes take at least.
const PACE_TARGET: f64 = 1.1;
/// At most so many requests of a plan beside its pages and the rules that change.
const PLAN_REQUESTS_BESIDE: usize = 2;
/// Reads of one update of a Copilot: what is changed, what is compared, and what was written.
const COPILOT_READS: usize = 3;
/// At most so much memory.
const MEMORY_TARGET_MIB: f64 = 20.0;

/// The parts of the bench that are asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// One part, or all.
    part: Option<Part>,
    /// An older binary, which takes turns with the one that is built here.
    before: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Read,
    Ledger,
    Process,
    Many,
    Plan,
}

impl Request {
    /// Reads the arguments of the command.
    ///
    /// # Errors
    ///
    /// The reason why they are none of its arguments.
    pub(crate) fn parse(arguments: &[OsString]) -> Result<Self, String> {
        let mut request = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            request.part = match argument.to_str() {
                Some("--before") => {
                    let binary = rest.next().ok_or("--before needs the path of a binary")?;
                    request.before = Some(binary.into());
                    continue;
                }
                Some("read") => Some(Part::Read),
                Some("ledger") => Some(Part::Ledger),
                Some("process") => Some(Part::Process),
                Some("many") => Some(Part::Many),
                Some("plan") => Some(Part::Plan),
                _ => return Err(format!("no such part of the bench: {}", argument.to_string_lossy())),
            };
        }
        Ok(request)
    }

    fn has(&self, part: Part) -> bool {
        self.part.is_none_or(|only| only == part)
    }
}

/// Runs the parts that are asked for.
pub(crate) fn run(request: &Request) -> Result<ExitCode> {
    if request.has(Part::Read) {
        read_and_check()?;
    }
    if request.has(Part::Ledger) {
        ledger()?;
    }
    if request.has(Part::Process) {
        process(request.before.as_deref())?;
    }
    if request.has(Part::Many) {
        many()?;
    }
    if request.has(Part::Plan) {
        plan()?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_and_check() -> Result<()> {
    announce("read and check, against serde_json");
    cargo::succeed(&mut cargo::command(
        &[
            "bench",
            "--package",
            "assist-rules-domain",
            "--bench",
            "read",
            "--",
            "--ratios",
        ],
        Lock::MayChange,
    )?)
}

fn ledger() -> Result<()> {
    announce("the ledger, against bare durable writes");
    cargo::succeed(&mut cargo::command(
        &["bench", "--package", "assist-rules-ledger-adapter", "--bench", "record"],
        Lock::MayChange,
    )?)
}

fn process(before: Option<&Path>) -> Result<()> {
    announce("the binary as users get it");
    let binary = cli::build(Profile::Release, Lock::MayChange)?;

    announce("whole process, against curl");
    let measured = processes::measure(&binary, before)?;
    let update = figures::median_ms(&measured.updates);
    let curl = figures::median_ms(&measured.curls);
    let ratio = update / curl;
    println!("rounds: {}, interleaved, token cache cold", measured.updates.len());
    println!("update: {update:.2} ms (median)");
    println!("curl:   {curl:.2} ms (median; token, GET and PUT in one process)");
    println!(
        "update / curl: {ratio:.2} (target: at most {RATIO_TARGET}; {})",
        TargetResult::of(ratio, RATIO_TARGET)
    );
    let first = figures::median_ms(&measured.firsts);
    let ratio = first / curl;
    println!(
        "first update, without a ledger: {first:.2} ms; / curl: {ratio:.2} (target: at most {FIRST_RATIO_TARGET}; {})",
        TargetResult::of(ratio, FIRST_RATIO_TARGET)
    );
    if !measured.before.is_empty() {
        let before = figures::median_ms(&measured.before);
        println!("before: {before:.2} ms (median)");
        println!("update / before: {:.2}", update / before);
    }
    match measured.peak {
        Some(mib) => println!(
            "peak memory of update: {mib:.1} MiB (target: at most {MEMORY_TARGET_MIB}; {})",
            TargetResult::of(mib, MEMORY_TARGET_MIB)
        ),
        None => println!("peak memory of update: not measured (no /usr/bin/time that tells it)"),
    }

    announce("one update of a Copilot");
    let sent = copilot_requests::measure(&binary)?;
    let (reads, writes) = (sent.reads, sent.writes);
    let is_met = reads == COPILOT_READS && writes == 1;
    println!(
        "requests: {reads} reads, {writes} writes (target: {COPILOT_READS}, of which one is the read back, and 1; {})",
        if is_met {
            TargetResult::Met
        } else {
            TargetResult::Missed
        }
    );

    announce("--version, against git");
    let started = start_up::measure(&binary)?;
    let ours = figures::median_ms(&started.ours);
    let git = figures::median_ms(&started.git);
    let ratio = ours / git;
    println!("rounds: {}, interleaved", started.ours.len());
    println!("assist-rules --version: {ours:.2} ms (median)");
    println!("git --version:          {git:.2} ms (median)");
    println!(
        "assist-rules / git: {ratio:.2} (target: at most {START_UP_TARGET}; {})",
        TargetResult::of(ratio, START_UP_TARGET)
    );
    Ok(())
}

fn many() -> Result<()> {
    announce("the binary as users get it");
    let binary = cli::build(Profile::Release, Lock::MayChange)?;

    announce("much at once");
    let measured = many::measure(&binary)?;
    for (format, times) in [("human", &measured.findings_human), ("JSON", &measured.findings_json)] {
        let seconds = figures::median_ms(times) / 1_000.0;
        println!(
            "{} findings in one file, {format}: {seconds:.2} s (target: at most {FINDINGS_TARGET_S}; {})",
            many::FINDINGS,
            TargetResult::of(seconds, FINDINGS_TARGET_S)
        );
    }
    let (ours, jq) = (figures::median_ms(&measured.files), figures::median_ms(&measured.jq));
    let ratio = ours / jq;
    println!("validate of {} files: {ours:.0} ms (median)", many::FILES);
    println!("jq -e .id of them:     {jq:.0} ms (median)");
    println!(
        "validate / jq: {ratio:.2} (target: at most {FILES_TARGET}; {})",
        TargetResult::of(ratio, FILES_TARGET)
    );
    println!(
        "list of {} rules: {} requests for pages of 100, {:.0} ms (median)",
        many::RULES,
        measured.requests,
        figures::median_ms(&measured.listings)
    );
    Ok(())
}

fn plan() -> Result<()> {
    announce("the binary as users get it");
    let binary = cli::build(Profile::Release, Lock::MayChange)?;

    announce("plan, status, pull and apply of thousands of rules");
    let measured = planning::measure(&binary)?;
    let json = &measured.json;
    let validate = figures::median(&json.validate_cpu);
    println!(
        "{} rules, {} of them changed; rounds: {}, interleaved; validate takes {validate:.2} s of processor time (median)",
        many::FILES,
        planning::CHANGED,
        json.validate_cpu.len()
    );
    let pages = many::FILES.div_ceil(PAGE);
    for (name, compared, cpu_target, beside) in [
        ("plan", &json.plan, PLAN_CPU_TARGET, PLAN_REQUESTS_BESIDE),
        ("status", &json.status, COMPARE_CPU_TARGET, 0),
        ("pull", &json.pull, COMPARE_CPU_TARGET, 0),
    ] {
        let cpu = figures::median(&compared.cpu);
        let ratio = cpu / validate;
        println!("{name} takes {cpu:.2} s of processor time (median)");
        println!(
            "{name} / validate of the same files, processor time: {ratio:.2} (target: at most {cpu_target}; {})",
            TargetResult::of(ratio, cpu_target)
        );
        println!(
            "peak memory of {name}: {:.1} MiB (target: at most {COMPARE_MEMORY_TARGET_MIB}; {})",
            compared.peak,
            TargetResult::of(compared.peak, COMPARE_MEMORY_TARGET_MIB)
        );
        let most = pages + planning::CHANGED + beside;
        println!(
            "requests of {name}: {} (target: at most {most}, of which {pages} for pages; {})",
            compared.requests,
            TargetResult::of_count(compared.requests, most)
        );
    }
    let yaml = &measured.yaml;
    let validate = figures::median(&yaml.validate_cpu);
    println!(
        "the same rules as YAML, as `pull` writes them, none changed: validate takes {validate:.2} s of processor time (median)"
    );
    for (name, compared, target) in [
        ("plan", &yaml.plan, PLAN_CPU_TARGET),
        ("status", &yaml.status, COMPARE_CPU_TARGET),
        ("pull", &yaml.pull, COMPARE_CPU_TARGET),
    ] {
        let ratio = figures::median(&compared.cpu) / validate;
        println!(
            "{name} / validate of the same YAML files, processor time: {ratio:.2} (target: at most {target}; {})",
            TargetResult::of(ratio, target)
        );
    }
    let (sent, changed) = (measured.apply_requests, planning::CHANGED);
    println!(
        "requests of apply for {changed} changed rules: {sent} (target: {changed}; {})",
        TargetResult::of_count(sent, changed)
    );
    let pace = figures::median(&measured.pace);
    println!(
        "apply at 20 ms a write / the ideal of 4 at a time: {pace:.2} (target: at most {PACE_TARGET}; {})",
        TargetResult::of(pace, PACE_TARGET)
    );
    println!(
        "apply: {:.2} ms of processor time for a rule (median)",
        figures::median(&measured.apply_cpu_ms)
    );
    plan_of_copilots(&binary)
}

fn plan_of_copilots(binary: &Path) -> Result<()> {
    announce("plan of the Copilots of many assistants");
    let sent = copilot_planning::measure(binary)?;
    let (assistants, changed) = (copilot_planning::ASSISTANTS, copilot_planning::CHANGED);
    // Why one more: the sandbox has assistants of its own.
    let pages = assistants.div_ceil(ASSISTANTS_ON_A_PAGE) + 1;
    let most = pages + changed + sent.distinct;
    let all = sent.pages + sent.documents + sent.references;
    println!(
        "{assistants} assistants, {changed} of their Copilots changed: {} pages, {} documents, {} requests for {} things that they \
         refer to",
        sent.pages, sent.documents, sent.references, sent.distinct
    );
    println!(
        "requests of plan: {all} (target: at most {most}; {})",
        TargetResult::of_count(all, most)
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Part, Request};

    #[test]
    fn a_part_and_an_older_binary_are_asked_for_in_any_order() {
        let parse = |text: &str| Request::parse(&text.split_whitespace().map(Into::into).collect::<Vec<_>>());
        let asked = |part, before: Option<&str>| {
            Ok(Request {
                part,
                before: before.map(Into::into),
            })
        };
        assert_eq!(parse(""), asked(None, None));
        assert_eq!(parse("ledger"), asked(Some(Part::Ledger), None));
        assert_eq!(parse("--before old process"), asked(Some(Part::Process), Some("old")));
        assert_eq!(parse("process --before old"), asked(Some(Part::Process), Some("old")));
        assert!(parse("--before").is_err());
        assert!(parse("everything").is_err());
    }
}
