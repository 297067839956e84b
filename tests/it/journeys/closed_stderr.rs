//! A stderr that nobody reads: logs are dropped, and everything else is as always.

use std::io::pipe;
use std::process::Stdio;

use serde_json::Value;

use super::{against, writes};
use crate::sandbox::Sandbox;

#[test]
fn a_log_that_nobody_reads_changes_nothing() {
    for arguments in [&["-v", "-v"][..], &["-v"], &["-v", "-v", "--log-format", "json"], &[]] {
        let sandbox = Sandbox::sample();
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = against(&sandbox);
        command.args(["update", "--disable", "-o", "json"]).args(arguments);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(writer)
            .spawn();
        let output = child.unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        let result: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["changes"][0]["outcome"], "applied", "{arguments:?} {output:?}");
        assert_eq!(writes(&sandbox), 1, "{arguments:?}");
    }
}
