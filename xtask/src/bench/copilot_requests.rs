//! The requests of one update of a Copilot: nothing locks it, so it is read before the write and after it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use super::{sandbox::Sandbox, scratch::Scratch};

/// An assistant of the sandbox.
const ASSISTANT: &str = "7d2b6a54-9999-4888-8777-666655554444";

/// The requests to the document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Requests {
    pub(crate) reads: usize,
    pub(crate) writes: usize,
}

/// Updates a Copilot by a file, once.
///
/// # Errors
///
/// If the update does not end with 0.
pub(crate) fn measure(binary: &Path) -> Result<Requests> {
    let scratch = Scratch::new()?;
    let sandbox = Sandbox::start(binary, &scratch.folder("sandbox")?)?;
    let home = scratch.folder("copilot")?;
    let change = r#"{"nluConfig": {"intentConfidenceThreshold": 0.7}}"#;
    fs::write(home.join("change.json"), change).context("cannot write the change")?;
    let mut update: Command = sandbox.client(binary, &home);
    let id = format!("copilot/{ASSISTANT}");
    update.args(["update", &id, "--from", "change.json", "-vv"]);
    let output = update
        .stdin(Stdio::null())
        .output()
        .context("cannot start the update")?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the update failed ({}): {log}", output.status);
    }
    Ok(of_log(&log))
}

/// The requests as the program logs them.
fn of_log(log: &str) -> Requests {
    let count = |method: &str| {
        let method = format!("answered method={method} ");
        let is_one = |line: &&str| line.contains(&method) && line.contains("/copilot");
        log.lines().filter(is_one).count()
    };
    Requests {
        reads: count("GET"),
        writes: count("PUT"),
    }
}
