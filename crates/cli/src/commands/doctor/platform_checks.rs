//! Checks of the platform: the way to it, the sign-in, the organization and its rules.

use std::time::SystemTime;

use domain::{FailureClass, RequestError, ResponseMetadata};
use genesys_adapter::{Address, Organization};

use super::DocumentToTry;
use super::check::{Check, State, fails, skipped, works};
use super::way_checks::Way;
use crate::cli_error::CliError;
use crate::config::Settings;
use crate::exit::Exit;
use crate::kind::CliKind;
use crate::session::Session;
use crate::within_deadline::within;

/// By how much clocks may differ before it matters to tokens and records, in seconds.
const TOLERATED_SKEW: i64 = 30;

/// The names of the checks, in their order. Each of them needs those before.
pub(super) fn names<K: CliKind>() -> [&'static str; 6] {
    [
        "sign-in",
        "organization",
        K::NAME.as_str(),
        LIST,
        "clock",
        "permission to update",
    ]
}

/// The name of the check of the listing.
const LIST: &str = "list";

/// A read, as far as the checks look at it.
type Read = Result<ResponseMetadata, RequestError>;

/// Adds the checks of the platform, up to the first failure of one that all others need.
pub(super) async fn add<K: CliKind>(
    session: &Session,
    settings: &Settings,
    named: DocumentToTry<'_, K>,
    checks: &mut Vec<Check>,
) {
    let api = session.api();
    let login = session.signs_in().then(|| way(session, session.login())).flatten();
    if let Some(login) = &login {
        checks.extend(login.reach().await);
        if has_failed(checks) {
            return;
        }
    }
    let signed_in = session.sign_in_anew().await;
    if let Some(login) = &login {
        checks.extend(login.of_request(signed_in.as_ref().err()));
        if has_failed(checks) {
            return;
        }
    }
    checks.push(match &signed_in {
        Ok(true) => works(
            "sign-in",
            format!(
                "a new token was given, for credentials from {}",
                session.credentials_from
            ),
        ),
        Ok(false) => skipped(
            "sign-in",
            "not tried: an access token is configured, which the checks below use",
        ),
        Err(failure) => fails("sign-in", &CliError::of_failure("sign in", failure)),
    });
    if has_failed(checks) {
        return;
    }
    let server = way(session, api).filter(|_| login.is_none_or(|login| login.server != *api));
    if let Some(server) = &server {
        checks.extend(server.reach().await);
        if has_failed(checks) {
            return;
        }
    }
    let organization = session.organization.organization().await;
    if let Some(server) = &server {
        checks.extend(server.of_request(organization.as_ref().err()));
        if has_failed(checks) {
            return;
        }
    }
    checks.push(match &organization {
        Ok(Some(organization)) => works("organization", shown(organization)),
        Ok(None) => skipped(
            "organization",
            "the platform does not tell it to this client: API and client stand for it",
        ),
        Err(failure) => fails(
            "organization",
            &CliError::of_failure("tell which organization this is", failure),
        ),
    });
    let store = session.store::<K>(settings);
    let document = match named {
        DocumentToTry::None | DocumentToTry::Unresolved(_) => None,
        DocumentToTry::Id(id) => {
            let read = within(settings.deadline, store.get(id)).await;
            Some(read.map(|answer| answer.metadata))
        }
    };
    let list = within(settings.deadline, store.page(None)).await;
    let list = list.map(|answer| answer.metadata);
    let dates = [document.as_ref(), Some(&list)].map(|read| read.and_then(date));
    let name = K::NAME.as_str();
    checks.push(match (named, document) {
        (DocumentToTry::Id(id), Some(read)) => reading::<K>(name, read, || format!("`{id}` can be read at {api}")),
        (DocumentToTry::Unresolved(problem), _) => fails(name, problem),
        (DocumentToTry::None | DocumentToTry::Id(_), _) => {
            skipped(name, "not tried: none was named; `assist-rules doctor RULE` tries one")
        }
    });
    checks.push(reading::<K>(LIST, list, || {
        format!("{}s can be listed at {api}", K::LISTED.noun)
    }));
    checks.push(match dates.into_iter().flatten().next() {
        None => skipped("clock", "the server did not tell its time"),
        Some(theirs) => clock(theirs, session.clock.now()),
    });
    checks.push(skipped("permission to update", "not tried: it would take a write"));
}

fn way(session: &Session, server: &Address) -> Option<Way> {
    let server = server.clone();
    let stop = session.first_stop(&server)?;
    Some(Way { server, stop })
}

fn has_failed(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.state == State::Fails)
}

fn shown(organization: &Organization) -> String {
    let name = organization.name.as_ref();
    name.map_or_else(
        || format!("`{}`", organization.id),
        |name| format!("{name} (`{}`)", organization.id),
    )
}

/// The result of a read of documents.
fn reading<K: CliKind>(name: &'static str, read: Read, what: impl FnOnce() -> String) -> Check {
    let Err(failure) = read else {
        return works(name, what());
    };
    let mut problem = CliError::of_failure(K::LISTED.reading, &failure);
    if failure.class == FailureClass::NotFound && name == LIST {
        problem = problem.with_help(K::LISTED.without_listing);
    }
    fails(name, &problem)
}

/// The time of the server at its answer, if one came.
fn date(read: &Read) -> Option<SystemTime> {
    match read {
        Ok(metadata) => metadata.date,
        Err(failure) => failure.metadata.date,
    }
}

fn clock(theirs: SystemTime, ours: SystemTime) -> Check {
    let seconds = |time: SystemTime| {
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
            .cast_signed()
    };
    let skew = seconds(ours) - seconds(theirs);
    if skew.abs() <= TOLERATED_SKEW {
        return works("clock", format!("within {} s of the server's", skew.abs().max(1)));
    }
    let side = if skew > 0 { "ahead of" } else { "behind" };
    let message = format!("{} s {side} the server's", skew.abs());
    Check {
        state: State::Fails,
        help: Some("set this machine's clock: tokens would be renewed too early or too late".to_owned()),
        exit: Exit::Failed,
        ..works("clock", message)
    }
}
