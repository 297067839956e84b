//! The layer rule: which crate of the workspace may depend on which. Arrows point inward only.

use std::collections::BTreeSet;

use cargo_metadata::DependencyKind;

use crate::repository::{assert_none, metadata, sources};

/// A crate of the workspace and the crates of the workspace that it depends on.
struct Layer {
    package: &'static str,
    /// Exactly these.
    depends_on: &'static [&'static str],
    /// In its tests, besides itself: at most these.
    tests_depend_on: &'static [&'static str],
}

const LAYERS: [Layer; 13] = [
    Layer {
        package: "assist-rules-domain",
        depends_on: &[],
        tests_depend_on: &[],
    },
    Layer {
        package: "assist-rules-ports",
        depends_on: &["assist-rules-domain"],
        tests_depend_on: &[],
    },
    Layer {
        package: "assist-rules-app",
        depends_on: &["assist-rules-domain", "assist-rules-ports"],
        tests_depend_on: &[
            "assist-rules-emulator",
            "assist-rules-genesys-adapter",
            "assist-rules-ledger-adapter",
            "assist-rules-ports",
        ],
    },
    // What adapters share: it knows of networks, and nothing of us.
    Layer {
        package: "assist-rules-network",
        depends_on: &[],
        tests_depend_on: &[],
    },
    // It knows of files, and not of what is in them.
    Layer {
        package: "assist-rules-files",
        depends_on: &[],
        tests_depend_on: &[],
    },
    Layer {
        package: "assist-rules-genesys-adapter",
        depends_on: &[
            "assist-rules-domain",
            "assist-rules-files",
            "assist-rules-network",
            "assist-rules-ports",
        ],
        tests_depend_on: &["assist-rules-emulator", "assist-rules-ports"],
    },
    Layer {
        package: "assist-rules-ledger-adapter",
        depends_on: &[
            "assist-rules-domain",
            "assist-rules-files",
            "assist-rules-network",
            "assist-rules-ports",
        ],
        tests_depend_on: &["assist-rules-ports"],
    },
    Layer {
        package: "assist-rules-sink-adapter",
        depends_on: &[
            "assist-rules-domain",
            "assist-rules-files",
            "assist-rules-network",
            "assist-rules-ports",
        ],
        tests_depend_on: &["assist-rules-ports"],
    },
    // It judges the product, so it shares nothing with it.
    Layer {
        package: "assist-rules-emulator",
        depends_on: &[],
        tests_depend_on: &[],
    },
    // The one place where everything meets.
    Layer {
        package: "assist-rules-cli",
        depends_on: &[
            "assist-rules-app",
            "assist-rules-domain",
            "assist-rules-emulator",
            "assist-rules-files",
            "assist-rules-genesys-adapter",
            "assist-rules-ledger-adapter",
            "assist-rules-ports",
            "assist-rules-sink-adapter",
        ],
        tests_depend_on: EVERYTHING,
    },
    Layer {
        package: "xtask",
        depends_on: &[],
        tests_depend_on: &[],
    },
    // It drives the product, and nothing depends on it.
    Layer {
        package: "assist-rules-simulation",
        depends_on: &[],
        tests_depend_on: &[
            "assist-rules-app",
            "assist-rules-domain",
            "assist-rules-emulator",
            "assist-rules-genesys-adapter",
            "assist-rules-ledger-adapter",
            "assist-rules-ports",
        ],
    },
    Layer {
        package: "assist-rules-tests",
        depends_on: &[],
        tests_depend_on: EVERYTHING,
    },
];

const EVERYTHING: &[&str] = &[
    "assist-rules-app",
    "assist-rules-domain",
    "assist-rules-emulator",
    "assist-rules-genesys-adapter",
    "assist-rules-ledger-adapter",
    "assist-rules-ports",
    "assist-rules-sink-adapter",
];

#[test]
fn every_crate_depends_on_exactly_the_layers_that_the_table_gives_it() {
    let mut faults = Vec::new();
    for package in &metadata().packages {
        let name = package.name.as_str();
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == name) else {
            faults.push(format!("{name} is not in the table"));
            continue;
        };
        let ours = |kinds: fn(DependencyKind) -> bool| -> BTreeSet<&str> {
            let dependencies = package.dependencies.iter();
            dependencies
                .filter(|dependency| dependency.path.is_some() && kinds(dependency.kind))
                .map(|dependency| dependency.name.as_str())
                .filter(|dependency| *dependency != name)
                .collect()
        };
        let allowed = layer.depends_on.iter().copied().collect::<BTreeSet<_>>();
        let found = ours(|kind| kind != DependencyKind::Development);
        for edge in found.difference(&allowed) {
            faults.push(format!("{name} -> {edge} is an edge that the table does not have"));
        }
        for edge in allowed.difference(&found) {
            faults.push(format!("{name} -> {edge} stands in the table only"));
        }
        for edge in ours(|kind| kind == DependencyKind::Development) {
            if !layer.tests_depend_on.contains(&edge) {
                faults.push(format!(
                    "the tests of {name} -> {edge} is an edge that the table does not have"
                ));
            }
        }
    }
    assert_none(
        &faults,
        "A new edge is a change of architecture: see \"Invariants\" in ARCHITECTURE.md. If it points inward and is meant, \
         change LAYERS in tests/it/layers.rs and ARCHITECTURE.md together.",
    );
}

#[test]
fn every_layer_of_the_table_exists() {
    let exists = |layer: &&Layer| {
        metadata()
            .packages
            .iter()
            .any(|package| package.name.as_str() == layer.package)
    };
    let gone: Vec<String> = LAYERS
        .iter()
        .filter(|layer| !exists(layer))
        .map(|layer| format!("{} is no crate of the workspace", layer.package))
        .collect();
    assert_none(&gone, "Take it out of LAYERS in tests/it/layers.rs.");
}

/// The places that know no single kind of document: their code is written once for all kinds.
const FOR_EVERY_KIND: [&str; 4] = [
    "crates/domain/src/document",
    "crates/domain/src/protocol",
    "crates/domain/src/settlement",
    "crates/ports/src/",
];

#[test]
fn what_is_for_every_kind_names_none() {
    let mut faults = Vec::new();
    for source in sources(&[".rs"]) {
        let path = source.path.as_str();
        if path.contains("/tests") || !FOR_EVERY_KIND.iter().any(|place| path.starts_with(place)) {
            continue;
        }
        let (shipped, _) = source
            .text
            .split_once("#[cfg(test)]\nmod tests {")
            .unwrap_or((&source.text, ""));
        let names_one = |line: &&str| line.contains("TriggerRule") || line.contains("trigger_rule");
        let code = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
        faults.extend(code.filter(names_one).map(|line| format!("{path}: {}", line.trim())));
    }
    assert_none(
        &faults,
        "Ask `DocumentKind` for it: see \"Invariants\" in ARCHITECTURE.md.",
    );
}
