//! The official Python SDK of the platform, from `PyPI`: what most scripts that change a Copilot are made with.
//!
//! A virtual environment under `target/tools` keeps it, made by the first test that needs it.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use emulator::{SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET};
use serde_json::{Value, json};

use crate::{
    binary::{clean, feed, new_home},
    repository::root,
    sandbox::Sandbox,
};

/// The package and the version that the figures in the docs are of.
const PACKAGE: &str = "PureCloudPlatformClientV2";
const VERSION: &str = "269.0.0";

const SCRIPT: &str = "tests/it/sdk_put.py";

/// Lets the SDK sign in at a sandbox, list its assistants, read the Copilot of one of them and write it back unchanged,
/// which loses what the SDK does not know; gives what it saw. Nothing, and it says so, where it cannot be had.
pub(crate) fn get_and_put(sandbox: &Sandbox, assistant: &str, test: &str) -> Option<Value> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let python = match PYTHON.get_or_init(interpreter) {
        Ok(python) => python,
        Err(why) => {
            ports::testing::skip(test, why);
            return None;
        }
    };
    let question = json!({
        "url": sandbox.url(),
        "client_id": SANDBOX_CLIENT_ID,
        "client_secret": SANDBOX_CLIENT_SECRET,
        "assistant": assistant,
    });
    // Why: the SDK reads settings from the home of its user.
    let mut command = clean(python, &new_home());
    // Why: without `-I` it would read what the user has installed.
    command.args(["-I", "-X", "utf8"]).arg(root().join(SCRIPT));
    let ran = feed(&mut command, &question.to_string());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(answer["version"], VERSION);
    // Why: past the capture of output, so that a log of CI says what the platform's side was held against.
    let line = format!("{test}: driven by {PACKAGE} {VERSION}\n");
    drop(io::stderr().lock().write_all(line.as_bytes()));
    Some(answer)
}

/// The interpreter of the environment that has the SDK, made where it is missing; or the reason why there is none.
fn interpreter() -> Result<PathBuf, String> {
    let environment = root().join(format!("target/tools/genesys-sdk-{VERSION}"));
    let python = environment.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    // Why: an installation that was broken off has an interpreter, too.
    let whole = environment.join("whole");
    if whole.is_file() && python.is_file() {
        return Ok(python);
    }
    let mut make = Command::new(if cfg!(windows) { "python" } else { "python3" });
    succeeds(
        make.args(["-m", "venv", "--clear"]).arg(&environment),
        "Python with venv",
    )?;
    let package = format!("{PACKAGE}=={VERSION}");
    succeeds(
        install(&python).arg(&package),
        &format!("{package} from a package registry"),
    )?;
    fs::write(&whole, "").map_err(|error| format!("it cannot write {}: {error}", whole.display()))?;
    Ok(python)
}

fn install(python: &Path) -> Command {
    let mut install = Command::new(python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--retries",
        "1",
    ]);
    install
}

/// Runs a command, and says what the test needs where it fails.
fn succeeds(command: &mut Command, needs: &str) -> Result<(), String> {
    let last_line = |output: Output| {
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = printed.lines().rev().find(|line| !line.trim().is_empty());
        last.unwrap_or("nothing was printed").trim().to_owned()
    };
    let failure = match command.output() {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => last_line(output),
        Err(error) => error.to_string(),
    };
    Err(format!("it needs {needs}: {failure}"))
}
