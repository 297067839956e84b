//! Failures of TLS, by what is to be done about them.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

use crate::causes::causes;

/// A failure of TLS that the next try meets again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFailure {
    /// The certificate has ended, by the clock of this machine.
    Expired {
        /// The end, if it is known.
        end: Option<SystemTime>,
        /// The time by the clock of this machine.
        clock: SystemTime,
    },
    /// The certificate has not begun, by the clock of this machine.
    NotYetValid {
        /// The begin, if it is known.
        begin: Option<SystemTime>,
        /// The time by the clock of this machine.
        clock: SystemTime,
    },
    /// Nobody who is trusted signed the certificate.
    UnknownAuthority,
    /// The certificate is for others.
    WrongName {
        /// The names of those that it is for, as far as they are known.
        names: Vec<String>,
    },
    /// The authority took the certificate back.
    Revoked,
    /// The server shows the certificate of an authority in place of its own.
    AuthorityAsServer,
    /// Another fault of the certificate.
    Certificate(String),
    /// The answer is none of TLS.
    NoTls,
    /// The two sides have no version of TLS, or no cipher, in common.
    NothingInCommon(String),
    /// The other side ended the handshake.
    Refused(String),
}

impl TlsFailure {
    /// The failure of TLS among the causes of an error, if there is one that the next try meets again.
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error).find_map(|cause| cause.downcast_ref().and_then(Self::of))
    }

    fn of(error: &TlsError) -> Option<Self> {
        if let TlsError::InvalidCertificate(fault) = error {
            return Some(Self::of_certificate(fault));
        }
        if matches!(error, TlsError::InvalidMessage(InvalidMessage::InvalidContentType)) {
            return Some(Self::NoTls);
        }
        if let TlsError::PeerIncompatible(_) = error {
            return Some(Self::NothingInCommon(error.to_string()));
        }
        let TlsError::AlertReceived(alert) = error else {
            return None;
        };
        if matches!(
            alert,
            AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity
        ) {
            return Some(Self::NothingInCommon(error.to_string()));
        }
        let passes = matches!(
            alert,
            AlertDescription::InternalError | AlertDescription::CloseNotify | AlertDescription::UserCanceled
        );
        (!passes).then(|| Self::Refused(error.to_string()))
    }

    fn of_certificate(fault: &CertificateError) -> Self {
        // Why `matches!` and `if let`: others of its variants come with the next version of the library.
        if let CertificateError::ExpiredContext { time, not_after } = fault {
            return Self::Expired {
                end: Some(moment(*not_after)),
                clock: moment(*time),
            };
        }
        if let CertificateError::NotValidYetContext { time, not_before } = fault {
            return Self::NotYetValid {
                begin: Some(moment(*not_before)),
                clock: moment(*time),
            };
        }
        if let CertificateError::NotValidForNameContext { presented, .. } = fault {
            let names = presented.iter().map(|name| plain_name(name)).collect();
            return Self::WrongName { names };
        }
        let clock = SystemTime::now();
        let is = |one: &CertificateError| fault == one;
        if is(&CertificateError::Expired) {
            Self::Expired { end: None, clock }
        } else if is(&CertificateError::NotValidYet) {
            Self::NotYetValid { begin: None, clock }
        // A signature that does not fit is that of another authority of the same name.
        } else if is(&CertificateError::UnknownIssuer) || is(&CertificateError::BadSignature) {
            Self::UnknownAuthority
        } else if is(&CertificateError::NotValidForName) {
            Self::WrongName { names: Vec::new() }
        } else if is(&CertificateError::Revoked) {
            Self::Revoked
        } else if fault.to_string().contains("CaUsedAsEndEntity") {
            Self::AuthorityAsServer
        } else {
            Self::Certificate(fault.to_string().chars().take(300).collect())
        }
    }

    /// The failure in words, about the server of that name.
    pub fn message(&self, host: &str) -> String {
        match self {
            Self::Expired { end, clock } => format!(
                "the certificate of {host} has expired{}: this machine's clock says {}",
                dated(" on", *end),
                minute(*clock)
            ),
            Self::NotYetValid { begin, clock } => format!(
                "the certificate of {host} is not valid yet{}: this machine's clock says {}",
                dated(", but from", *begin),
                minute(*clock)
            ),
            Self::UnknownAuthority => {
                format!("the certificate of {host} is signed by an authority that is not trusted here")
            }
            Self::WrongName { names } if names.is_empty() => {
                format!("the certificate that {host} shows is for another name")
            }
            Self::WrongName { names } => {
                format!("the certificate that {host} shows is for {}", names.join(", "))
            }
            Self::Revoked => format!("the certificate of {host} was revoked by its authority"),
            Self::AuthorityAsServer => {
                format!("{host} shows the certificate of an authority, and no server may use one as its own")
            }
            Self::Certificate(why) => format!("the certificate of {host} cannot be accepted: {why}"),
            Self::NoTls => format!("{host} does not speak TLS (https) on that port"),
            Self::NothingInCommon(why) => {
                format!("{host} offers no version of TLS, or no cipher, that is used here: {why}")
            }
            Self::Refused(why) => format!("{host} refused the secure connection: {why}"),
        }
    }

    /// Advice about the failure.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Expired { .. } | Self::NotYetValid { .. } => {
                "set this machine's clock if it is wrong; or else the server needs another certificate"
            }
            Self::UnknownAuthority => {
                "name the authority's certificate, as PEM, in one of three ways: `ca_file` (ASSIST_RULES_CA_FILE) beside \
                 the system's; SSL_CERT_FILE in place of them; or the system's own store. The certificate of a server \
                 that signed itself goes there too"
            }
            Self::WrongName { .. } => {
                "check the URL and the region, or have the server show a certificate for that name"
            }
            Self::Revoked | Self::Certificate(_) => "the server needs another certificate",
            Self::AuthorityAsServer => {
                "give the server a certificate that is no authority's, such as one that `openssl req -x509` makes with \
                 `-addext basicConstraints=critical,CA:FALSE`, and name that in `ca_file`"
            }
            Self::NoTls => "check the port; a proxy that speaks plain http has a URL that begins with `http://`",
            Self::NothingInCommon(_) => "the server has to offer TLS 1.2 or 1.3",
            Self::Refused(_) => "see what the server, or what inspects traffic on the way, wants of its clients",
        }
    }
}

/// The name itself, of a text such as `DnsName("example.com")`.
fn plain_name(presented: &str) -> String {
    let inside = presented.split_once('"').and_then(|(_, rest)| rest.split_once('"'));
    inside.map_or(presented, |(name, _)| name).to_owned()
}

fn moment(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(time.as_secs())
}

fn dated(before: &str, time: Option<SystemTime>) -> String {
    time.map_or_else(String::new, |time| format!("{before} {}", minute(time)))
}

fn minute(time: SystemTime) -> impl fmt::Display {
    let time = Timestamp::try_from(time).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;

    /// FIELD C4 and C5: failures that no try mends, and those that pass.
    #[test]
    fn a_failure_is_found_under_the_errors_above_it_and_told_from_one_that_passes() {
        for (error, expected) in [
            (
                TlsError::InvalidCertificate(CertificateError::UnknownIssuer),
                Some(TlsFailure::UnknownAuthority),
            ),
            (
                TlsError::InvalidCertificate(CertificateError::Revoked),
                Some(TlsFailure::Revoked),
            ),
            (
                TlsError::InvalidCertificate(CertificateError::NotValidForName),
                Some(TlsFailure::WrongName { names: Vec::new() }),
            ),
            (
                TlsError::InvalidMessage(InvalidMessage::InvalidContentType),
                Some(TlsFailure::NoTls),
            ),
            (
                TlsError::AlertReceived(AlertDescription::AccessDenied),
                Some(TlsFailure::Refused("received fatal alert: AccessDenied".to_owned())),
            ),
            (TlsError::AlertReceived(AlertDescription::InternalError), None),
            (TlsError::HandshakeNotComplete, None),
        ] {
            let error = io::Error::other(io::Error::other(error));
            assert_eq!(TlsFailure::find(&error), expected, "{error}");
        }
    }

    #[test]
    fn words_name_the_server_and_the_clock() {
        let clock = SystemTime::UNIX_EPOCH + Duration::from_hours(464_592);
        let begin = Some(clock + Duration::from_hours(24));
        assert_eq!(
            TlsFailure::NotYetValid { begin, clock }.message("api.example.com"),
            "the certificate of api.example.com is not valid yet, but from 2023-01-02 00:00 UTC: this machine's clock \
             says 2023-01-01 00:00 UTC"
        );
        let names = vec![plain_name("DnsName(\"a.example.com\")")];
        assert_eq!(
            TlsFailure::WrongName { names }.message("b.example.com"),
            "the certificate that b.example.com shows is for a.example.com"
        );
    }
}
