//! `sandbox`: the built-in Genesys Cloud in the foreground.

mod starting_rules;

use emulator::{
    Emulator, HostedOrganization, SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Script, Settings,
};
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::{CliError, chain};
use crate::commands::Context;
use crate::error_code::ErrorCode;
use crate::exit::Exit;
use crate::output::FORMAT_VERSION;
use crate::request::SandboxCommand;
use crate::session::listen;
use crate::signals::Signals;

/// The variables that would count before those that are printed, or send requests elsewhere.
const IN_THE_WAY: [&str; 7] = [
    "GENESYSCLOUD_ACCESS_TOKEN",
    "ASSIST_RULES_ACCESS_TOKEN",
    "ASSIST_RULES_CLIENT_ID",
    "ASSIST_RULES_CLIENT_SECRET",
    "ASSIST_RULES_SANDBOX",
    "ASSIST_RULES_PROXY",
    "GENESYSCLOUD_PROXY_HOST",
];

#[derive(Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    api_url: String,
    login_url: String,
    client_id: &'static str,
    client_secret: &'static str,
    rule_id: String,
}

pub(super) async fn run(context: &Context<'_>, command: &SandboxCommand) -> Result<Exit, CliError> {
    if !command.listen.ip().is_loopback() {
        let message = format!("`--listen {}`: the sandbox is for this machine only", command.listen);
        return Err(
            CliError::new(ErrorCode::Usage, message).with_help("name a loopback address, such as 127.0.0.1:8080")
        );
    }
    let settings = Settings {
        requests_per_minute: command.requests_per_minute,
        ..Settings::default()
    };
    let emulator = match &context.global.org {
        None => Emulator::sample_with(settings),
        Some(name) => Emulator::sample_of_with(HostedOrganization::new(name), settings),
    };
    if let Some(file) = &command.faults {
        emulator.load_faults(faults(file)?);
    }
    let rule_id = match &command.rules {
        None => sample_rule_id(&emulator),
        Some(rules) => starting_rules::put(&emulator, rules)?,
    };
    let mut signals = Signals::take()?;
    let running = listen(emulator, command.listen).await?;
    let url = running.url();
    if context.output.format == Format::Human {
        context.output.document(&human(&url, &rule_id))?;
        context.output.info("It runs until Ctrl-C, and its rules end with it.");
    } else if context.output.format == Format::Json {
        let line = serde_json::to_string(&document(&url, rule_id)).unwrap_or_default();
        context.output.document(&(line + "\n"))?;
    } else {
        context.output.data(&document(&url, rule_id))?;
    }
    let exit = signals.received().await;
    running.shutdown().await;
    Ok(exit)
}

/// The id of the rule that the sandbox has.
fn sample_rule_id(emulator: &Emulator) -> String {
    let snapshot = emulator.snapshot();
    let id = snapshot.pointer("/rules/0/id").and_then(serde_json::Value::as_str);
    id.unwrap_or(SAMPLE_RULE_ID).to_owned()
}

fn faults(file: &std::path::Path) -> Result<Script, CliError> {
    let unreadable = |error: std::io::Error| {
        CliError::new(
            ErrorCode::UnreadableFile,
            format!("cannot read `{}`: {error}", file.display()),
        )
    };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    Script::from_json(&text).map_err(|error| {
        CliError::new(
            ErrorCode::Usage,
            format!("`--faults {}`: cannot {}", file.display(), chain(&error)),
        )
    })
}

fn document(url: &str, rule_id: String) -> Document {
    Document {
        format_version: FORMAT_VERSION,
        kind: "sandbox",
        api_url: url.to_owned(),
        login_url: url.to_owned(),
        client_id: SANDBOX_CLIENT_ID,
        client_secret: SANDBOX_CLIENT_SECRET,
        rule_id,
    }
}

fn human(url: &str, rule_id: &str) -> String {
    format!(
        "# Genesys Cloud in a box. In another terminal:\n\
         unset {}\n\
         export ASSIST_RULES_API_URL={url}\n\
         export ASSIST_RULES_LOGIN_URL={url}\n\
         export GENESYSCLOUD_OAUTHCLIENT_ID={SANDBOX_CLIENT_ID}\n\
         export GENESYSCLOUD_OAUTHCLIENT_SECRET={SANDBOX_CLIENT_SECRET}\n\
         export GENESYS_RULE_ID={rule_id}\n",
        IN_THE_WAY.join(" ")
    )
}
