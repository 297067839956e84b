//! The codes of the program's errors: their words stand here and nowhere else.
//!
//! They share one space of numbers with the [findings](domain::Code): `AR05` is what can happen while a rule is changed,
//! `AR06` is how the program was called. A code keeps its meaning, and one that goes is not given out again.

use std::fmt;

use domain::protocol::{Failed, Outcome};
use domain::{Code, DocumentKind, FailureClass, IndeterminateCause, RequestError, Severity};
use genesys_adapter::{ConnectionCause, ConnectionFailure};
use serde::{Serialize, Serializer};

macro_rules! error_codes {
    ($($name:ident = $id:literal, $title:literal, $page:literal;)*) => {
        /// The code of an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum ErrorCode {
            $(#[doc = $title] $name,)*
        }

        impl ErrorCode {
            /// All of them, in order.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is written.
            pub(crate) fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// One line that says what it is.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Why it happens and what to do, in full sentences.
            pub(crate) fn explanation(self) -> &'static str {
                match self { $(Self::$name => $page,)* }
            }
        }
    };
}

error_codes! {
    NotFound = "AR0501", "the rule was not found",
        "The server has no such rule, or the organization lacks the trigger-rule contract: it is not part of Genesys Cloud's published API, and an organization without it answers 404 to every id. `assist-rules doctor` tells which; `trigger_rules_path` sets another path.";
    Conflict = "AR0502", "the rule moved",
        "Somebody changed the rule after the version that this change was made for. Nothing was overwritten. Look at what they did (the report shows base, ours and theirs), and run the command again: it starts from the rule as it is now. A file that was fetched before, and `--if-version`, name a version: fetch the rule anew.";
    Denied = "AR0503", "not allowed",
        "The credentials are valid and lack a permission. The roles of the OAuth client decide: reading needs `agentassist:trigger-rule:view`, changing needs `agentassist:trigger-rule:update`. An administrator adds the permission to a role of the client.";
    Unauthenticated = "AR0504", "not authenticated",
        "The client id, its secret or the token was refused. Check that they belong to the region that is used (a client of one region is unknown in every other), and that the token has not expired.";
    Refused = "AR0505", "the server refused the rule",
        "The server answered 400, or 409 or 412 although the rule had not moved: a name that is taken, a limit that this program does not know, or something on the way that rewrites the version. Nobody else changed the rule, and nothing was written. The server's own words stand in the message; the correlation id is what Genesys support asks for. After 412 the same command may pass a moment later: a replica may lag.";
    Throttled = "AR0506", "too many requests",
        "The organization's limit is spent, and waiting as long as the server asks would go past the deadline. Nothing was changed. Run the command again at the time that the report names, or raise `--deadline`.";
    Unavailable = "AR0507", "the server cannot be reached",
        "No connection was made, or no answer to a read came back whole. Nothing was changed. Check the region, the network and the proxy; `assist-rules doctor` tries each of them.";
    Indeterminate = "AR0508", "the outcome is not known",
        "A write was sent, and its answer never came or said nothing. It may have been applied, and it may still be. The next command that writes, or `assist-rules reconcile`, finds out as soon as it can be known. The same command is safe to run again: it starts from the rule as it is then.";
    Malformed = "AR0509", "the answer cannot be understood",
        "The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.";
    NoVersion = "AR0510", "the rule has no version",
        "The answer carries no strong ETag and no `etag`, so a write could overwrite somebody's change unseen. Nothing is written.";
    Redirected = "AR0511", "the server redirects",
        "Redirects are refused: following one would hand the token to another address. Check the region or the base URL.";
    Untrusted = "AR0512", "the connection is not secure",
        "The message says what keeps the connection from being secure: the certificate of the server, or of the proxy, or what they speak. No try mends it, and nothing was sent. If a proxy of your organization inspects traffic, name its certificate authority with `ASSIST_RULES_CA_FILE`.";
    IdMismatch = "AR0513", "the server answered with another rule",
        "The document in the answer has another id than the one that was asked for. Nothing is written.";
    ServerFailed = "AR0514", "the server failed",
        "The server answered with an error of its own (5xx, or 409 for a transaction that it cancelled) each time that it was asked. Nothing was changed: run the command again later.";
    NotRecorded = "AR0515", "the change cannot be recorded",
        "Before a rule is written, the intent is recorded, so that what happened can be told after a crash. If that record cannot be made, nothing is sent. If the outcome cannot be recorded, the rule was changed all the same, and the message says so.";
    Stopped = "AR0516", "stopped before anything was written",
        "The program was told to stop (SIGINT, SIGTERM or SIGHUP) before it had sent the change. Nothing was changed; run the command again.";
    NothingToUndo = "AR0517", "nothing to undo",
        "A rollback undoes what the ledger says was applied to the rule: its last applied entry, or with `--to` all that was applied after that entry. `assist-rules history` lists the entries. Each ledger and each target (API and OAuth client) has its own.";
    NoEntry = "AR0518", "no such entry",
        "The ledger has no entry of that number or, for `reconcile --close`, none whose outcome is not known. `assist-rules history` lists the entries.";
    DeliveryPending = "AR0519", "a delivery is pending",
        "The change was applied and recorded, and the delivery to at least one sink failed so far. Nothing is lost: what is undelivered stays in the ledger, and goes out after the next run or by `assist-rules deliver`. `assist-rules doctor` says what keeps a sink from receiving it.";
    OtherOrganization = "AR0520", "another organization",
        "The credentials belong to another organization than before: than at the start of the run, where a token had to be renewed, or than the ledger knows for this API and client. Nothing more was sent, so that what is meant for one organization never reaches another. Check which profile and which credentials are used; `--ledger` names another record.";
    ProxyLogin = "AR0521", "the proxy wants a login",
        "A proxy on the way to the server wants a login (407), or refused the one that it was given. Nothing was sent to the server. Name the login in `GENESYSCLOUD_PROXY_AUTH_USERNAME` and `GENESYSCLOUD_PROXY_AUTH_PASSWORD`, in `proxy_username` and `proxy_password` of the gc profile, or in the URL of `HTTPS_PROXY`.";
    ProxyRefused = "AR0522", "the proxy refuses to connect",
        "A proxy on the way to the server does not let this machine connect to it. Nothing was sent to the server. Whoever runs the proxy can allow the host and the port that the message names; `NO_PROXY` names hosts that are reached without one.";
    Unsendable = "AR0523", "the request cannot be sent",
        "The request cannot be written as one of HTTP: a text in it, such as the access token, has a character that no header may have, or an address has another scheme than https. Nothing was sent.";
    UnfitPlan = "AR0524", "the plan cannot be applied",
        "A plan is applied exactly as it was reviewed or not at all. This one was cut, edited or made by another version of the program; or it is older than `--max-age`, is not the one that `--expect` names, or was made for another organization. Nothing was sent. Plan again, review that plan, and apply it.";
    TooMuch = "AR0525", "the safety stop",
        "A run may change, disable or empty only so many of the rules: 30 % (at least 5) may change, 10 % (at least 1) be switched off, none be emptied of conditions or actions. The plan goes beyond that, and nothing was sent. If it is right, `--allow change=N`, `--allow disable=N` or `--allow empty=N` lets so many through; `safety` in the configuration sets limits for good.";
    Usage = "AR0601", "the command line is wrong",
        "`assist-rules help COMMAND` shows what a command takes.";
    Configuration = "AR0602", "the configuration is wrong",
        "The message names the key and the layer it stands in: a flag, the environment, a file, or the gc profile. `assist-rules schema config` prints what a file may have, for editors.";
    NoCredentials = "AR0603", "no credentials",
        "There are three ways: `GENESYSCLOUD_OAUTHCLIENT_ID` with `GENESYSCLOUD_OAUTHCLIENT_SECRET`, an access token in `GENESYSCLOUD_ACCESS_TOKEN`, or a profile of the gc CLI (`--profile`). `--sandbox` needs none.";
    UnreadableFile = "AR0604", "the file cannot be read or written",
        "The file is absent, is a directory, or may not be read by this user; one that is written needs a folder that is there, and no link, folder or device is replaced. Name another one, or make this one readable.";
    InvalidId = "AR0605", "the text is no rule id",
        "A rule's id has 1 to 128 letters, digits, `_` and `-`, and starts with a letter or digit. Nothing was sent.";
    Bug = "AR0700", "a bug in this program",
        "Please report it, with the command and what it printed.";
}

/// A code of the one space of numbers: of an error, or of a finding that ended the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnyCode {
    Error(ErrorCode),
    Finding(Code),
}

impl From<ErrorCode> for AnyCode {
    fn from(code: ErrorCode) -> Self {
        Self::Error(code)
    }
}

impl From<Code> for AnyCode {
    fn from(code: Code) -> Self {
        Self::Finding(code)
    }
}

impl PartialEq<ErrorCode> for AnyCode {
    fn eq(&self, other: &ErrorCode) -> bool {
        *self == Self::Error(*other)
    }
}

impl AnyCode {
    /// All of them, in order.
    pub(crate) fn all() -> Vec<Self> {
        let findings = Code::ALL.iter().copied().map(Self::Finding);
        findings
            .chain(ErrorCode::ALL.iter().copied().map(Self::Error))
            .collect()
    }

    /// The code of that name, in any case.
    pub(crate) fn find(text: &str) -> Option<Self> {
        Self::all()
            .into_iter()
            .find(|code| code.id().eq_ignore_ascii_case(text))
    }

    /// The code as it is written.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Error(code) => code.id(),
            Self::Finding(code) => code.id(),
        }
    }

    /// One line that says what it is.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Error(code) => code.title(),
            Self::Finding(code) => code.title(),
        }
    }

    /// Why it happens and what to do, in full sentences.
    pub(crate) fn explanation(self) -> &'static str {
        match self {
            Self::Error(code) => code.explanation(),
            Self::Finding(code) => code.explanation(),
        }
    }

    /// The severity.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Error(_) => Severity::Error,
            Self::Finding(code) => code.severity(),
        }
    }
}

impl fmt::Display for AnyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for AnyCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// The code of a failed request.
impl From<&RequestError> for ErrorCode {
    fn from(failure: &RequestError) -> Self {
        if let Some(code) = connection_failure(failure).and_then(|failure| Self::of_cause(&failure.cause)) {
            return code;
        }
        // Why here: over plain http a proxy answers in the platform's place.
        if failure.metadata.status == Some(407) {
            return Self::ProxyLogin;
        }
        match failure.class {
            FailureClass::NotFound => Self::NotFound,
            FailureClass::Denied => Self::Denied,
            FailureClass::Unauthenticated => Self::Unauthenticated,
            // Why not `Conflict`: an update that ends with one of these was refused, and the rule had not moved.
            FailureClass::Rejected | FailureClass::PreconditionFailed | FailureClass::Conflict => Self::Refused,
            FailureClass::Throttled { .. } => Self::Throttled,
            FailureClass::NotSent => Self::Unavailable,
            FailureClass::Untrusted => Self::Untrusted,
            FailureClass::TransactionCancelled
            | FailureClass::Indeterminate {
                cause: IndeterminateCause::ServerError,
                ..
            } => Self::ServerFailed,
            FailureClass::Indeterminate {
                cause: IndeterminateCause::NoAnswer,
                ..
            } => Self::Indeterminate,
            FailureClass::Malformed => Self::Malformed,
            FailureClass::IdMismatch => Self::IdMismatch,
            FailureClass::OtherOrganization => Self::OtherOrganization,
            FailureClass::Redirected => Self::Redirected,
        }
    }
}

impl ErrorCode {
    /// The code of a connection that was not made, where the class of the failure does not say it all.
    fn of_cause(cause: &ConnectionCause) -> Option<Self> {
        match cause {
            ConnectionCause::ProxyLogin { .. } => Some(Self::ProxyLogin),
            ConnectionCause::ProxyRefused { .. } => Some(Self::ProxyRefused),
            ConnectionCause::Unsendable(_) => Some(Self::Unsendable),
            ConnectionCause::NoAddress(_)
            | ConnectionCause::Timeout(_)
            | ConnectionCause::Network(_)
            | ConnectionCause::Tls(_)
            | ConnectionCause::ProxyFailed { .. } => None,
        }
    }

    /// The code and the message of an outcome in which something went wrong beside the document.
    pub(crate) fn of_outcome<K: DocumentKind>(outcome: &Outcome<K>) -> Option<(Self, String)> {
        match outcome {
            Outcome::Unknown { failure, .. } => Some((Self::Indeterminate, failure.message.clone())),
            Outcome::Failed(Failed::NoVersion { .. }) => Some((
                Self::NoVersion,
                "the server gave no version to write under, so a write could overwrite somebody's change".to_owned(),
            )),
            Outcome::Failed(Failed::NotRecorded { error, .. }) => Some((
                Self::NotRecorded,
                format!("the intent cannot be recorded, so nothing is written: {error}"),
            )),
            Outcome::Rejected { failure, .. }
            | Outcome::Denied { failure, .. }
            | Outcome::Failed(Failed::Request { failure, .. })
            | Outcome::Deferred { failure, .. } => Some((Self::from(failure), failure.message.clone())),
            Outcome::Applied { .. }
            | Outcome::Overwritten { .. }
            | Outcome::Unchanged { .. }
            | Outcome::Planned(_)
            | Outcome::Conflict(_)
            | Outcome::Invalid { .. }
            | Outcome::NotAttempted { .. } => None,
        }
    }
}

/// The connection that was not made, if a request failed for that.
pub(crate) fn connection_failure(failure: &RequestError) -> Option<&ConnectionFailure> {
    failure.source.as_deref()?.downcast_ref()
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_and_errors_share_one_space_of_numbers() {
        let findings = domain::Code::ALL.iter().map(|code| code.id());
        let all: Vec<&str> = findings.chain(ErrorCode::ALL.iter().map(|code| code.id())).collect();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
    }
}
