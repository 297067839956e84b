//! Findings as SARIF 2.1.0, which code scanning services read.

use std::fmt::Write;

use domain::{Code, Severity};
use serde_json::{Value, json};

use crate::render::findings::File;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The log of one run over all files.
pub(crate) fn of_files(files: &[File]) -> Value {
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
            "results": results,
        }],
    })
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.id(),
        "shortDescription": {"text": code.title()},
        "fullDescription": {"text": code.explanation()},
        "defaultConfiguration": {"level": level(code.severity())},
    })
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn results(file: &File) -> Vec<Value> {
    let result = |(finding, range): (&domain::Finding, crate::render::findings::TextRange)| {
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

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let mut uri = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}
