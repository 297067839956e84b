//! The program as a user starts it, in an environment that holds nothing of the user who runs the tests.

use std::{
    env, fmt, fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use cargo_metadata::Message;

use crate::repository::root;

/// Variables that a program needs to start at all, on one system or another.
const KEPT: [&str; 7] = [
    "PATH",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "TEMP",
    "TMP",
    "TMPDIR",
    "LLVM_PROFILE_FILE",
];

/// The result of a program's run.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The text that it printed on stdout.
    pub(crate) stdout: String,
    /// The text that it printed on stderr.
    pub(crate) stderr: String,
}

/// Exit code, stdout and stderr, as one snapshot shows them.
impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "exit {code}")?,
            None => writeln!(f, "ended by a signal")?,
        }
        write!(f, "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// `assist-rules`, built if need be, in an empty folder that is also its home, without credentials, settings, proxies
/// or terminal. Each call has a folder of its own: for a second command on the same state, set `ASSIST_RULES_STATE_DIR`.
pub(crate) fn assist_rules() -> Command {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    clean(BINARY.get_or_init(build), &new_home())
}

/// Runs a command without input.
pub(crate) fn run(command: &mut Command) -> Ran {
    feed(command, "")
}

/// Runs a command that reads `input` on stdin.
pub(crate) fn feed(command: &mut Command, input: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let output = thread::scope(|scope| {
        // A program need not read what it is given: a closed pipe is no fault.
        scope.spawn(move || stdin.write_all(input.as_bytes()).ok());
        child.wait_with_output().unwrap()
    });
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A program with `home` for its folder, and nothing else to hold on to.
pub(crate) fn clean(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(home).env("TERM", "dumb");
    for name in KEPT {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    for (name, folder) in [
        ("HOME", ""),
        ("USERPROFILE", ""),
        ("APPDATA", "config"),
        ("LOCALAPPDATA", "data"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_STATE_HOME", "state"),
        ("ASSIST_RULES_STATE_DIR", "state/assist-rules"),
    ] {
        command.env(name, home.join(folder));
    }
    command
}

/// The same command on a machine whose clock starts at a time in UTC, as in `2019-06-01 12:00:00`.
#[cfg(target_os = "linux")]
pub(crate) fn at_clock(clock: &str, command: &Command) -> Command {
    let mut at_clock = Command::new("faketime");
    at_clock
        .args(["-f", &format!("@{clock}")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TZ", "UTC");
    at_clock
}

/// True if [`at_clock`] can be used; else the test is reported as skipped.
#[cfg(target_os = "linux")]
pub(crate) fn has_faketime(test: &str) -> bool {
    let is_there = Command::new("faketime").arg("--version").output().is_ok();
    if !is_there {
        ports::testing::skip(test, "it needs faketime (Debian: faketime)");
    }
    is_there
}

/// A new, empty folder. It stays under cargo's target folder, where a failed journey can be looked at.
pub(crate) fn new_home() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let homes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("homes");
    let home = homes.join(format!("{}-{number}", process::id()));
    // A process of an earlier run may have had the same number.
    fs::remove_dir_all(&home).ok();
    fs::create_dir_all(&home).unwrap();
    home
}

/// Builds the program as users build it, in the profile of this test, and returns the path of a copy.
///
/// Why: another build of the same file, as a test of the release makes one, takes it away for a moment.
fn build() -> PathBuf {
    let built = built("assist-rules", &["--package", "assist-rules-cli"]);
    let copy = new_home().join(built.file_name().unwrap());
    fs::hard_link(&built, &copy)
        .or_else(|_| fs::copy(&built, &copy).map(drop))
        .unwrap();
    copy
}

/// Builds the targets that `arguments` of `cargo build` name, in the profile of this test, and returns the path of the
/// executable `target`.
pub(crate) fn built(target: &str, arguments: &[&str]) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(arguments);
    if env::current_exe().unwrap().iter().any(|folder| folder == "release") {
        cargo.arg("--release");
    }
    let output = cargo.current_dir(root()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{target} does not build");
    Message::parse_stream(output.stdout.as_slice())
        .find_map(|message| {
            let Message::CompilerArtifact(artifact) = message.unwrap() else {
                return None;
            };
            artifact.executable.filter(|_| artifact.target.name == target)
        })
        .unwrap_or_else(|| panic!("cargo does not tell where {target} is"))
        .into()
}

#[test]
fn a_clean_environment_holds_nothing_of_whoever_runs_the_tests() {
    let home = new_home();
    let names: Vec<_> = clean(Path::new("assist-rules"), &home)
        .get_envs()
        .map(|(name, value)| (name.to_str().unwrap().to_owned(), value.unwrap().to_owned()))
        .filter(|(_, value)| !Path::new(value).starts_with(&home))
        .map(|(name, _)| name)
        .filter(|name| name != "TERM" && !KEPT.contains(&name.as_str()))
        .collect();
    assert_eq!(names, [] as [&str; 0]);
}
