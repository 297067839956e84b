//! The peak memory of a program, as the system's own `time` reports it.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

const TIME: &str = "/usr/bin/time";

/// Runs `command` once more, measured, in MiB. `None` where there is no `time` that can measure it.
///
/// # Errors
///
/// If the measured command fails.
pub(crate) fn of(command: &Command) -> Result<Option<f64>> {
    if !Path::new(TIME).exists() || cfg!(not(any(target_os = "linux", target_os = "macos"))) {
        return Ok(None);
    }
    let arguments = if cfg!(target_os = "macos") {
        &["-l"][..]
    } else {
        &["-f", "%M"]
    };
    let output = under_time(command, arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {TIME}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("the measured run failed ({}): {stderr}", output.status);
    }
    Ok(read(&stderr))
}

/// The same command, measured by the system's `time` with these arguments.
pub(crate) fn under_time(command: &Command, arguments: &[&str]) -> Command {
    let mut measured = Command::new(TIME);
    measured.args(arguments);
    measured.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        measured.current_dir(folder);
    }
    measured
}

/// The last word of GNU's format `%M` (KiB), or BSD's line "maximum resident set size" (bytes).
fn read(stderr: &str) -> Option<f64> {
    let bsd = stderr
        .lines()
        .find_map(|line| line.trim().strip_suffix("maximum resident set size"));
    let (number, unit) = match bsd {
        Some(bytes) => (bytes.trim(), 1024.0 * 1024.0),
        None => (stderr.lines().next_back()?.trim(), 1024.0),
    };
    // Why: a process of more than 4 GiB is no measurement of ours.
    number.parse::<u32>().ok().map(|number| f64::from(number) / unit)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn both_kinds_of_time_are_understood() {
        assert_eq!(read("a warning\n10240\n"), Some(10.0));
        assert_eq!(
            read("        0.01 real\n  11534336  maximum resident set size\n  0  swaps\n"),
            Some(11.0)
        );
        assert_eq!(read("time: no idea\n"), None);
        assert_eq!(read(""), None);
    }
}
