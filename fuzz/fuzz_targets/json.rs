//! Any text, held against the oracle of the JSON reader, which the laws of the domain use too.

#![no_main]

#[path = "../../crates/domain/tests/laws/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| oracle::check(text));
