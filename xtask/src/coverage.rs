//! `cargo xtask coverage`: the share of the domain's code that its own tests run, as one line.
//!
//! Prerequisites are cargo-llvm-cov, and LLVM's tools of the version that rustc has: the toolchain's component
//! `llvm-tools`, or a system's own, such as Debian's package `llvm-22`.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::cargo::{self, Lock};

const PACKAGE: &str = "assist-rules-domain";

/// The laws make thousands of cases each, and a few hundred reach what they reach.
const CASES: (&str, &str) = ("PROPTEST_CASES", "256");

/// Strategies for tests are no part of what is tested.
const NOT_COUNTED: &str = r"src[/\\]testing";

/// Runs the tests and prints the figure.
///
/// # Errors
///
/// If a tool is missing, or a test fails.
pub(crate) fn run() -> Result<()> {
    let is_there = cargo::command(&["llvm-cov", "--version"], Lock::MayChange)?
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !is_there.is_ok_and(|status| status.success()) {
        bail!("cargo-llvm-cov is not installed: `cargo install --locked cargo-llvm-cov`");
    }
    let mut cover = cargo::command(&["llvm-cov"], Lock::MustHold)?;
    cover.args(["--package", PACKAGE, "--all-features", "--lib", "--tests"]);
    cover.args(["--summary-only", "--ignore-filename-regex", NOT_COUNTED]);
    cover.env(CASES.0, CASES.1).envs(llvm_tools()?);
    let shown = cargo::args(&cover);
    let output = cover
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{shown}`"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        bail!("`{shown}` failed ({})\n{printed}", output.status);
    }
    let figures = printed
        .lines()
        .find_map(Figures::read)
        .with_context(|| format!("`{shown}` printed no total"))?;
    println!(
        "coverage of {PACKAGE}: {} of lines, {} of regions, {} of functions",
        figures.lines, figures.regions, figures.functions
    );
    Ok(())
}

/// The shares in the last row of llvm-cov's table.
#[derive(Debug, PartialEq)]
struct Figures<'a> {
    regions: &'a str,
    functions: &'a str,
    lines: &'a str,
}

impl<'a> Figures<'a> {
    /// `TOTAL`, then for regions, functions, lines and branches: how many, how many missed, the share.
    fn read(row: &'a str) -> Option<Self> {
        let mut cells = row.strip_prefix("TOTAL ")?.split_whitespace();
        Some(Self {
            regions: cells.nth(2)?,
            functions: cells.nth(2)?,
            lines: cells.nth(2)?,
        })
    }
}

/// The variables that point at LLVM's tools, where the toolchain has none of its own.
fn llvm_tools() -> Result<Vec<(&'static str, String)>> {
    let libraries = PathBuf::from(rustc(&["--print", "target-libdir"])?.trim());
    let own = libraries
        .with_file_name("bin")
        .join(format!("llvm-cov{}", env::consts::EXE_SUFFIX));
    if own.is_file() || env::var_os("LLVM_COV").is_some() {
        return Ok(Vec::new());
    }
    let version = rustc(&["--version", "--verbose"])?;
    let major = version
        .lines()
        .find_map(|line| line.strip_prefix("LLVM version: ")?.split('.').next())
        .context("cannot find the version of LLVM that rustc has")?;
    let tools = [("LLVM_COV", "llvm-cov"), ("LLVM_PROFDATA", "llvm-profdata")];
    let tools = tools.map(|(variable, tool)| (variable, format!("{tool}-{major}")));
    for (_, tool) in &tools {
        let status = Command::new(tool).arg("--version").stdout(Stdio::null()).status();
        if !status.is_ok_and(|status| status.success()) {
            bail!("there is no {tool}: `rustup component add llvm-tools`, or install LLVM {major}");
        }
    }
    Ok(tools.into())
}

fn rustc(args: &[&str]) -> Result<String> {
    let output = Command::new("rustc")
        .args(args)
        .output()
        .context("cannot start rustc")?;
    if !output.status.success() {
        bail!("`rustc {}` failed ({})", args.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::Figures;

    #[test]
    fn the_total_is_read_and_nothing_else() {
        let row = "TOTAL        9511   301  96.84%   901    20  97.78%   5527   119  97.85%    0    0    -";
        let expected = Figures {
            regions: "96.84%",
            functions: "97.78%",
            lines: "97.85%",
        };
        assert_eq!(Figures::read(row), Some(expected));
        assert_eq!(Figures::read("rule.rs   10   0   100.00%"), None);
        assert_eq!(Figures::read("TOTAL 1 2"), None);
    }
}
