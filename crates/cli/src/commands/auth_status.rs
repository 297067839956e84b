//! `auth status`: the organization that is about to be changed, by whom, by which way, and where each of it is said.

use std::fmt::Write;

use genesys_adapter::{FirstStop, Organization};
use serde::Serialize;

use crate::args::Format;
use crate::cli_error::CliError;
use crate::commands::Context;
use crate::config::{Settings, Target};
use crate::exit::Exit;
use crate::output::{DIM, FORMAT_VERSION, visible};
use crate::render::result::TargetDocument;
use crate::request::SignIn;
use crate::time::to_the_second;

/// A value, and the layer that set it.
#[derive(Debug, Default, Serialize)]
struct Sourced {
    value: Option<String>,
    from: Option<String>,
}

#[derive(Debug, Serialize)]
struct Document {
    format_version: &'static str,
    kind: &'static str,
    exit_code: u8,
    target: TargetDocument,
    /// True if the credentials were tried in this run.
    checked: bool,
    region: Sourced,
    api_url: Sourced,
    login_url: Sourced,
    proxy: Sourced,
    credentials: Credentials,
    token: Token,
}

#[derive(Debug, Serialize)]
struct Credentials {
    /// `client`, `token`, or `sandbox`.
    kind: &'static str,
    client_id: Option<String>,
    from: String,
}

/// The access token that is kept from an earlier run, or was given now.
#[derive(Debug, Serialize)]
struct Token {
    kept: bool,
    ends_at: Option<String>,
}

pub(super) async fn run(context: &Context<'_>, sign_in: SignIn) -> Result<Exit, CliError> {
    let settings = context.settings()?;
    let target = settings.target.clone()?;
    let session = context.open(settings).await?;
    let organization = match sign_in {
        SignIn::Kept => Ok(session.organization.at_hand().await),
        SignIn::Anew => match session.sign_in_anew().await {
            Ok(_) => session.organization.organization().await,
            Err(failure) => Err(failure),
        },
    };
    let token = session.kept_token_end().await.map(to_the_second);
    let proxy = session.first_stop(session.api());
    let shown = session.target(organization.as_ref().ok().and_then(Option::as_ref));
    let login = session.login().to_string();
    session.close().await?;
    let problem = organization
        .err()
        .map(|failure| CliError::of_failure("sign in", &failure));
    // Why for people alone: a program gets one document, and here that is the error.
    if let (Some(problem), true) = (&problem, context.output.format != Format::Human) {
        return Err(problem.clone());
    }
    let document = Document {
        format_version: FORMAT_VERSION,
        kind: "auth",
        exit_code: Exit::Done.code(),
        checked: sign_in == SignIn::Anew,
        region: if shown.sandbox {
            Sourced::default()
        } else {
            key(settings, "region", None)
        },
        api_url: address(settings, "api_url", shown.api.clone()),
        login_url: address(settings, "login_url", Some(login)),
        proxy: key(
            settings,
            "proxy",
            proxy.as_ref().and_then(FirstStop::proxy).map(str::to_owned),
        ),
        credentials: credentials(&target),
        token: Token {
            kept: token.is_some(),
            ends_at: token.flatten(),
        },
        target: shown,
    };
    if context.output.format == Format::Human {
        context.output.document(&human(&document, problem.is_some()))?;
    } else {
        context.output.data(&document)?;
    }
    problem.map_or(Ok(Exit::Done), Err)
}

/// A key of the configuration, as it counts; the value that follows from others where no layer sets it.
fn key(settings: &Settings, name: &str, used: Option<String>) -> Sourced {
    let key = settings.keys.iter().find(|key| key.key == name);
    let (value, from) = key.map_or((None, None), |key| (key.value.clone(), key.layer.clone()));
    Sourced {
        from: from.filter(|_| value.is_some()),
        value: used.or(value),
    }
}

/// An address, which follows from the region where no layer sets it.
fn address(settings: &Settings, name: &str, used: Option<String>) -> Sourced {
    let address = key(settings, name, used);
    let follows = !settings.is_sandbox();
    Sourced {
        from: address.from.or_else(|| follows.then(|| "the region".to_owned())),
        value: address.value,
    }
}

fn credentials(target: &Target) -> Credentials {
    let (kind, client_id, from) = match target {
        Target::Sandbox => ("sandbox", None, "the sandbox".to_owned()),
        Target::Organization(at) => match &at.credentials {
            genesys_adapter::Credentials::Client(client) => ("client", Some(client.id.clone()), at.from.clone()),
            genesys_adapter::Credentials::Token(_) => ("token", None, at.from.clone()),
        },
    };
    Credentials { kind, client_id, from }
}

fn human(document: &Document, has_failed: bool) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str, from: Option<&str>| {
        let _ = write!(text, "{name:<13} {}", visible(value));
        if let Some(from) = from {
            let _ = write!(text, "  {DIM}from {}{DIM:#}", visible(from));
        }
        text.push('\n');
    };
    let unknown = if has_failed {
        "not known: the sign-in failed"
    } else if document.checked {
        "the platform does not tell it to this client"
    } else {
        "not known before the first request; --check asks"
    };
    let organization = document.target.org.as_ref().map_or(unknown.to_owned(), named);
    line("organization", &organization, None);
    for (name, key) in [
        ("API", &document.api_url),
        ("login", &document.login_url),
        ("region", &document.region),
        ("proxy", &document.proxy),
    ] {
        line(name, key.value.as_deref().unwrap_or("-"), key.from.as_deref());
    }
    let who = match (&document.credentials.client_id, document.credentials.kind) {
        (Some(id), _) => format!("the client {id}"),
        (None, "sandbox") => "none are needed".to_owned(),
        (None, _) => "an access token".to_owned(),
    };
    line("credentials", &who, Some(&document.credentials.from));
    let token = match (&document.token.ends_at, document.checked) {
        (_, true) if has_failed => "none was given".to_owned(),
        (Some(ends), true) => format!("given now, ends {ends}"),
        (Some(ends), false) => format!("kept from an earlier run, ends {ends}"),
        (None, _) => "-".to_owned(),
    };
    line("token", &token, None);
    text
}

fn named(organization: &Organization) -> String {
    match &organization.name {
        Some(name) => format!("{name} ({})", organization.id),
        None => organization.id.clone(),
    }
}
