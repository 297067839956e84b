//! `config show`: every key of the configuration, its value, and the layer that set it.

use std::fmt::Write;

use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::EffectiveKey;
use crate::exit::Exit;
use crate::output::{DIM, FORMAT_VERSION, visible};

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    kind: &'static str,
    keys: &'a [EffectiveKey],
}

pub(super) fn run(context: &Context<'_>) -> Result<Exit, CliError> {
    let keys = &context.settings()?.keys;
    if context.output.format == Format::Human {
        context.output.document(&human(keys))?;
    } else {
        context.output.data(&Document {
            format_version: FORMAT_VERSION,
            kind: "settings",
            keys,
        })?;
    }
    Ok(Exit::Done)
}

fn human(keys: &[EffectiveKey]) -> String {
    let mut text = String::new();
    for key in keys {
        let value = key.value.as_deref().unwrap_or("-");
        let _ = write!(text, "{:<18} {}", key.key, visible(value).replace('\n', " "));
        if let Some(layer) = &key.layer {
            let _ = write!(text, "  {DIM}from {}{DIM:#}", visible(layer));
        }
        text.push('\n');
    }
    text
}
