//! The requests of a `plan` of many Copilots: pages of the listing, the documents that change, and each thing that they refer to
//! once.

use std::{collections::BTreeSet, fs, path::Path, process::Stdio};

use anyhow::{Context as _, Result, bail};

use super::{sandbox::Sandbox, scratch::Scratch};

/// Assistants, each with a file of its Copilot.
pub(crate) const ASSISTANTS: usize = 200;
/// Files that say otherwise than the organization.
pub(crate) const CHANGED: usize = 10;
/// The assistant of the sandbox whose Copilot is that of each.
const SAMPLE: &str = "7d2b6a54-9999-4888-8777-666655554444";
/// A member that a file can say otherwise.
const SWITCH: [&str; 2] = ["\"liveOnQueue\": true", "\"liveOnQueue\": false"];

/// The requests of the plan.
pub(crate) struct Requests {
    /// Pages of the listing of assistants.
    pub(crate) pages: usize,
    /// Copilots that were read.
    pub(crate) documents: usize,
    /// Requests for what the Copilots refer to.
    pub(crate) references: usize,
    /// The different things among them.
    pub(crate) distinct: usize,
}

/// Plans the files.
///
/// # Errors
///
/// If the plan does not end with 0.
pub(crate) fn measure(binary: &Path) -> Result<Requests> {
    let scratch = Scratch::new()?;
    let home = scratch.folder("home")?;
    let folder = scratch.folder("copilots")?;
    let sample = {
        let sandbox = Sandbox::start(binary, &scratch.folder("sample")?)?;
        let mut get = sandbox.client(binary, &home);
        let output = get.args(["get", &format!("copilot/{SAMPLE}"), "-o", "json"]).output();
        String::from_utf8(output.context("cannot read the sample")?.stdout).context("the sample is no text")?
    };
    for number in 0..ASSISTANTS {
        let id = format!("00000200-0000-4000-8000-{number:012x}");
        let copilot = sample.replace(SAMPLE, &id);
        let text = format!(r#"{{"kind": "copilot", "assistant": "{id}", "copilot": {copilot}}}"#);
        let file = folder.join(format!("assistant-{number:03}.json"));
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let name = folder.to_str().context("the scratch folder has no name in UTF-8")?;
    let sandbox = Sandbox::with_documents_of(binary, &scratch.folder("sandbox")?, &folder)?;
    for number in 0..CHANGED {
        let file = folder.join(format!("assistant-{number:03}.json"));
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let [before, after] = SWITCH;
        if !text.contains(before) {
            bail!("the sample has no `{before}`");
        }
        fs::write(&file, text.replace(before, after)).with_context(|| format!("cannot write {}", file.display()))?;
    }
    let mut plan = sandbox.client(binary, &home);
    let output = plan.args(["plan", name, "-vv"]).stdin(Stdio::null()).output();
    let output = output.context("cannot start the plan")?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the plan failed ({}): {log}", output.status);
    }
    Ok(of_log(&log))
}

/// The requests as the program logs them.
fn of_log(log: &str) -> Requests {
    let mut requests = Requests {
        pages: 0,
        documents: 0,
        references: 0,
        distinct: 0,
    };
    let mut seen = BTreeSet::new();
    let paths = log.lines().filter_map(|line| {
        let (_, rest) = line.split_once("answered method=GET path=\"")?;
        rest.split_once('"').map(|(path, _)| path)
    });
    for path in paths {
        if path == "/api/v2/assistants" {
            requests.pages += 1;
        } else if path.ends_with("/copilot") {
            requests.documents += 1;
        } else if !path.contains("/organizations/") {
            requests.references += 1;
            seen.insert(path);
        }
    }
    requests.distinct = seen.len();
    requests
}
