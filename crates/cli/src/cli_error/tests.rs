//! Each error with what a caller learns of it: code, exit, whether to try again, and the advice.

use std::fmt::Write;
use std::time::Duration;

use domain::IndeterminateCause;
use expect_test::expect;
use genesys_adapter::{ConnectionCause, FailedSide, TlsFailure};

use super::*;

/// The name of a class. A new one fails to compile here, and belongs into the table below.
fn name(class: &FailureClass) -> &'static str {
    match class {
        FailureClass::NotFound => "not found",
        FailureClass::PreconditionFailed => "precondition failed",
        FailureClass::Conflict => "conflict",
        FailureClass::TransactionCancelled => "transaction cancelled",
        FailureClass::Denied => "denied",
        FailureClass::Unauthenticated => "unauthenticated",
        FailureClass::Rejected => "rejected",
        FailureClass::Throttled { .. } => "throttled",
        FailureClass::NotSent => "not sent",
        FailureClass::Untrusted => "untrusted",
        FailureClass::Indeterminate {
            cause: IndeterminateCause::NoAnswer,
            ..
        } => "no answer",
        FailureClass::Indeterminate {
            cause: IndeterminateCause::ServerError,
            ..
        } => "server error",
        FailureClass::Malformed => "malformed",
        FailureClass::IdMismatch => "id mismatch",
        FailureClass::OtherOrganization => "other organization",
        FailureClass::Redirected => "redirected",
    }
}

/// The name of a cause, as that of a class.
fn name_of_cause(cause: &ConnectionCause) -> &'static str {
    match cause {
        ConnectionCause::NoAddress(_) => "no address",
        ConnectionCause::Timeout(_) => "timeout",
        ConnectionCause::Network(_) => "network",
        ConnectionCause::Tls(_) => "TLS",
        ConnectionCause::ProxyLogin { was_given: false, .. } => "proxy login wanted",
        ConnectionCause::ProxyLogin { was_given: true, .. } => "proxy login refused",
        ConnectionCause::ProxyRefused { .. } => "proxy refused",
        ConnectionCause::ProxyFailed { .. } => "proxy failed",
        ConnectionCause::Unsendable(_) => "unsendable",
    }
}

fn row(table: &mut String, name: &str, error: &CliError) {
    let parts = error.help().split(' ').scan(0, |length, part| {
        *length += part.len() + 1;
        (*length <= 20).then_some(part)
    });
    let beginning = parts.collect::<Vec<_>>().join(" ");
    let retry = if error.retryable { "again" } else { "" };
    let (code, exit) = (error.code, error.exit().code());
    let line = format!("{name:<38}{code}  {exit:<3} {retry:<6}{beginning}");
    let _ = writeln!(table, "{}", line.trim_end());
}

/// A read that fails, by class.
#[test]
fn every_class_of_failure_has_its_code_exit_and_advice() {
    let wait = Some(Duration::from_secs(9));
    let mut table = String::new();
    for class in [
        FailureClass::NotFound,
        FailureClass::PreconditionFailed,
        FailureClass::Conflict,
        FailureClass::TransactionCancelled,
        FailureClass::Denied,
        FailureClass::Unauthenticated,
        FailureClass::Rejected,
        FailureClass::Throttled { wait },
        FailureClass::NotSent,
        FailureClass::Untrusted,
        FailureClass::Indeterminate {
            wait,
            cause: IndeterminateCause::NoAnswer,
        },
        FailureClass::Indeterminate {
            wait,
            cause: IndeterminateCause::ServerError,
        },
        FailureClass::Malformed,
        FailureClass::IdMismatch,
        FailureClass::OtherOrganization,
        FailureClass::Redirected,
    ] {
        let error = CliError::of_failure("read it", &RequestError::new(class.clone(), "why"));
        row(&mut table, name(&class), &error);
    }
    expect![[r"
        not found                             AR0501  1         The server has no
        precondition failed                   AR0505  1   again The server answered
        conflict                              AR0505  1         The server answered
        transaction cancelled                 AR0514  7   again The server answered
        denied                                AR0503  8         The credentials are
        unauthenticated                       AR0504  8         The client id, its
        rejected                              AR0505  1         The server answered
        throttled                             AR0506  7   again The organization's
        not sent                              AR0507  7   again No connection was
        untrusted                             AR0512  1         The message says
        no answer                             AR0507  7   again nothing was
        server error                          AR0514  7   again The server answered
        malformed                             AR0509  1         The server answered
        id mismatch                           AR0513  1         The document in the
        other organization                    AR0520  9         The credentials
        redirected                            AR0511  1         Redirects are
    "]]
    .assert_eq(&table);
}

/// FIELD C3 to C5: a connection that is not made, by cause.
#[test]
fn every_cause_of_a_failed_connection_has_its_code_exit_and_advice() {
    let (end, begin, clock) = (None, None, SystemTime::UNIX_EPOCH);
    let tls = [
        TlsFailure::Expired { end, clock },
        TlsFailure::NotYetValid { begin, clock },
        TlsFailure::UnknownAuthority,
        TlsFailure::WrongName { names: Vec::new() },
        TlsFailure::Revoked,
        TlsFailure::AuthorityAsServer,
        TlsFailure::Certificate("why".to_owned()),
        TlsFailure::NoTls,
        TlsFailure::NothingInCommon("why".to_owned()),
        TlsFailure::Refused("why".to_owned()),
    ];
    let status = 407;
    let others = [
        ConnectionCause::NoAddress("why".to_owned()),
        ConnectionCause::Timeout(Duration::from_secs(3)),
        ConnectionCause::Network("why".to_owned()),
        ConnectionCause::ProxyLogin {
            status,
            was_given: false,
        },
        ConnectionCause::ProxyLogin {
            status,
            was_given: true,
        },
        ConnectionCause::ProxyRefused { status: 403 },
        ConnectionCause::ProxyFailed { status: Some(502) },
        ConnectionCause::Unsendable("why".to_owned()),
    ];
    let mut table = String::new();
    for cause in others.into_iter().chain(tls.map(ConnectionCause::Tls)) {
        let failure = ConnectionFailure {
            host: "api.example.com".to_owned(),
            proxy: Some("http://proxy.example.com:3128".to_owned()),
            at: FailedSide::Server,
            cause: cause.clone(),
        };
        let error = CliError::of_failure("read it", &failure.into_request_error());
        assert!(error.message.contains("api.example.com"), "{}", error.message);
        row(&mut table, name_of_cause(&cause), &error);
    }
    expect![[r"
        no address                            AR0507  7   again No connection was
        timeout                               AR0507  7   again No connection was
        network                               AR0507  7   again No connection was
        proxy login wanted                    AR0521  8         A proxy on the way
        proxy login refused                   AR0521  8         A proxy on the way
        proxy refused                         AR0522  1         A proxy on the way
        proxy failed                          AR0507  7   again No connection was
        unsendable                            AR0523  1         The request cannot
        TLS                                   AR0512  1         set this machine's
        TLS                                   AR0512  1         set this machine's
        TLS                                   AR0512  1         name the
        TLS                                   AR0512  1         check the URL and
        TLS                                   AR0512  1         the server needs
        TLS                                   AR0512  1         give the server a
        TLS                                   AR0512  1         the server needs
        TLS                                   AR0512  1         check the port; a
        TLS                                   AR0512  1         the server has to
        TLS                                   AR0512  1         see what the
    "]]
    .assert_eq(&table);
}

/// An error of the program itself, by code.
#[test]
fn every_code_has_its_exit_and_advice() {
    let mut table = String::new();
    for code in ErrorCode::ALL {
        row(&mut table, code.title(), &CliError::new(*code, "why"));
    }
    expect![[r"
        the rule was not found                AR0501  1         The server has no
        the rule moved                        AR0502  4         Somebody changed
        not allowed                           AR0503  8         The credentials are
        not authenticated                     AR0504  8         The client id, its
        the server refused the rule           AR0505  1         The server answered
        too many requests                     AR0506  7         The organization's
        the server cannot be reached          AR0507  7         No connection was
        the outcome is not known              AR0508  11        A write was sent,
        the answer cannot be understood       AR0509  1         The server answered
        the rule has no version               AR0510  1         The answer carries
        the server redirects                  AR0511  1         Redirects are
        the connection is not secure          AR0512  1         The message says
        the server answered with another rule AR0513  1         The document in the
        the server failed                     AR0514  7         The server answered
        the change cannot be recorded         AR0515  1         Before a rule is
        stopped before anything was written   AR0516  1         The program was
        nothing to undo                       AR0517  1         A rollback undoes
        no such entry                         AR0518  1         The ledger has no
        a delivery is pending                 AR0519  10        The change was
        another organization                  AR0520  9         The credentials
        the proxy wants a login               AR0521  8         A proxy on the way
        the proxy refuses to connect          AR0522  1         A proxy on the way
        the request cannot be sent            AR0523  1         The request cannot
        the plan cannot be applied            AR0524  9         A plan is applied
        the safety stop                       AR0525  6         A run may change,
        the command line is wrong             AR0601  64        `assist-rules help
        the configuration is wrong            AR0602  64        The message names
        no credentials                        AR0603  64        There are three
        the file cannot be read or written    AR0604  64        The file is absent,
        the text is no rule id                AR0605  64        A rule's id has 1
        a bug in this program                 AR0700  70        Please report it,
    "]]
    .assert_eq(&table);
}
