//! The program on a terminal, as `script` of util-linux makes one.

use std::process::Command;

use crate::binary::{Ran, feed};

/// Runs a command on a terminal where this is typed; what it prints on either stream is in `stdout`. None, and it says
/// so, where there is no `script`.
pub(crate) fn on_a_terminal(test: &str, command: &Command, typed: &str) -> Option<Ran> {
    if Command::new("script").arg("--version").output().is_err() {
        ports::testing::skip(test, "it needs script (Debian: bsdutils)");
        return None;
    }
    let quoted = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap().replace('\'', r"'\''"));
    let line = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<String> = line.map(quoted).collect();
    let mut terminal = Command::new("script");
    terminal
        .args(["--quiet", "--return", "--command", &line.join(" "), "/dev/null"])
        .current_dir(command.get_current_dir().unwrap())
        .env_clear()
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(feed(&mut terminal, typed))
}
