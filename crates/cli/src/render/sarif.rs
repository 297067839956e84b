//! Findings as SARIF 2.1.0, which code scanning services read.

use std::fmt::Write;

use domain::{Code, Severity};
use serde_json::{Value, json};

use crate::cli_error::CliError;
use crate::render::findings::File;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The log of one run over all files.
pub(crate) fn of_files(files: &[File], unread: &[CliError]) -> Value {
    let results: Vec<Value> = files.iter().flat_map(results).collect();
    let rules: Vec<Value> = Code::ALL.iter().map(|code| rule(*code)).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "assist-rules",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": unread.iter().map(notification).collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

/// A file that could not be read.
fn notification(fault: &CliError) -> Value {
    json!({"level": "error", "message": {"text": fault.message}})
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.explanation()},
        "help": {"text": code.explanation()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn results(file: &File) -> Vec<Value> {
    let result = |(finding, range): (&domain::Finding, crate::render::lines::TextRange)| {
        let help = finding.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
        json!({
            "ruleId": finding.code.id(),
            "level": level(finding.severity),
            "message": {"text": format!("{}{help}", finding.message)},
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(&file.name)},
                    "region": {
                        "startLine": range.start.line,
                        "startColumn": range.start.column,
                        "endLine": range.end.line,
                        "endColumn": range.end.column,
                    },
                },
                "logicalLocations": [{"fullyQualifiedName": finding.pointer.as_str()}],
            }],
        })
    };
    file.placed().map(result).collect()
}

/// A path as a URI: relative to the working folder where it is in it, as code scanning wants it, else of its own.
fn uri(path: &str) -> String {
    let plain = path.replace('\\', "/");
    let here = std::env::current_dir()
        .unwrap_or_default()
        .display()
        .to_string()
        .replace('\\', "/");
    relative(&plain, &here).map_or_else(
        || {
            let whole = if is_absolute(&plain) {
                plain.clone()
            } else {
                format!("{here}/{plain}")
            };
            format!("file:///{}", encoded(without_steps(&whole).trim_start_matches('/')))
        },
        |inside| encoded(&inside),
    )
}

/// The path below a folder, if it is below it.
fn relative(path: &str, folder: &str) -> Option<String> {
    let whole = if is_absolute(path) {
        without_steps(path)
    } else {
        without_steps(&format!("{folder}/{path}"))
    };
    let inside = whole.strip_prefix(without_steps(folder).as_str())?.strip_prefix('/')?;
    Some(inside.to_owned())
}

/// True for `/…`, and for `C:/…` of Windows.
fn is_absolute(path: &str) -> bool {
    path.starts_with('/') || path.as_bytes().get(1) == Some(&b':')
}

/// The path without `.`, `..` and double slashes.
fn without_steps(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", segments.join("/"))
}

fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte);
    let mut uri = String::new();
    for byte in path.bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIELD G1: code scanning takes paths relative to the repository, without steps.
    #[test]
    fn a_path_below_the_folder_is_relative_to_it() {
        for (path, inside) in [
            ("rules/a.json", Some("rules/a.json")),
            ("./rules//a.json", Some("rules/a.json")),
            ("rules/../b.json", Some("b.json")),
            ("/here/c.json", Some("c.json")),
            ("../here/c.json", Some("c.json")),
            ("../d.json", None),
            ("/elsewhere/d.json", None),
            ("/hereby/d.json", None),
        ] {
            assert_eq!(relative(path, "/here").as_deref(), inside, "{path}");
        }
        assert_eq!(uri("/a b/\u{e9}.json"), "file:///a%20b/%C3%A9.json");
    }
}
