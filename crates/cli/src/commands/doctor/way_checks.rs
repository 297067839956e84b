//! Checks of the way to a server: its name, a connection, the proxy before it, and TLS.

use std::net::SocketAddr;

use domain::RequestError;
use genesys_adapter::{Address, ConnectionCause, ConnectionFailure, FailedSide, FirstStop};

use super::check::{Check, fails, skipped, works};
use crate::cli_error::CliError;
use crate::error_code::connection_failure;

/// The names of the checks, in their order.
pub(super) const NAMES: [&str; 4] = [DNS, TCP, PROXY, TLS];

const DNS: &str = "DNS";
const TCP: &str = "TCP";
const PROXY: &str = "proxy";
const TLS: &str = "TLS";

/// The way to a server.
pub(super) struct Way {
    pub(super) server: Address,
    pub(super) stop: FirstStop,
}

impl Way {
    /// Looks up the first stop and connects to it.
    pub(super) async fn reach(&self) -> Vec<Check> {
        let stop = &self.stop;
        let addresses = match stop.look_up().await {
            Ok(addresses) => addresses,
            Err(failure) => return vec![fails(DNS, &problem(failure))],
        };
        let named = if stop.is_an_address() {
            skipped(DNS, format!("not tried: `{}` is an address already", stop.host()))
        } else {
            works(DNS, format!("`{}` has the address {}", stop.host(), listed(&addresses)))
        };
        let place = format!("{}:{} takes connections", stop.host(), stop.port());
        let connected = match stop.connect(&addresses).await {
            Ok(_) if stop.is_an_address() => works(TCP, place),
            Ok(at) => works(TCP, format!("{place}, at {}", at.ip())),
            Err(failure) => fails(TCP, &problem(failure)),
        };
        vec![named, connected]
    }

    /// The rest of the way, as the first request over it shows: the one that failed so, or an answer.
    pub(super) fn of_request(&self, failure: Option<&RequestError>) -> Vec<Check> {
        let lost = failure.and_then(connection_failure);
        let is_answered = failure.is_none_or(|failure| failure.metadata.status.is_some());
        vec![self.proxy(lost, is_answered), self.tls(lost, is_answered)]
    }

    fn proxy(&self, lost: Option<&ConnectionFailure>, is_answered: bool) -> Check {
        let server = &self.server;
        let Some(proxy) = self.stop.proxy() else {
            return skipped(PROXY, format!("none is on the way to {server}"));
        };
        let connects = || works(PROXY, format!("{proxy} connects to {server}"));
        match lost {
            Some(lost) if lost.at == FailedSide::Proxy => fails(PROXY, &problem(lost.clone())),
            // Whose certificate it is can only be told through an open tunnel.
            Some(ConnectionFailure {
                cause: ConnectionCause::Tls(_),
                ..
            }) => connects(),
            None if is_answered => connects(),
            Some(_) | None => skipped(PROXY, format!("not known: no answer came through {proxy}")),
        }
    }

    fn tls(&self, lost: Option<&ConnectionFailure>, is_answered: bool) -> Check {
        let server = &self.server;
        if server.is_plain() {
            return skipped(
                TLS,
                format!("none: {server} is on this machine, and spoken to over plain http"),
            );
        }
        match lost {
            Some(lost) if lost.at == FailedSide::Proxy => skipped(TLS, format!("not tried, since `{PROXY}` failed")),
            Some(lost) => fails(TLS, &problem(lost.clone())),
            None if is_answered => works(TLS, format!("the certificate of {server} is trusted")),
            None => skipped(TLS, format!("not known: no answer came from {server}")),
        }
    }
}

fn problem(failure: ConnectionFailure) -> CliError {
    CliError::of_failure("reach the platform", &failure.into_request_error())
}

/// The first of the addresses, and the number of the others.
fn listed(addresses: &[SocketAddr]) -> String {
    let first = addresses.first().map(|address| address.ip().to_string());
    let first = first.unwrap_or_default();
    match addresses.len().saturating_sub(1) {
        0 => first,
        more => format!("{first}, and {more} more"),
    }
}
