//! The environment of a command: what programs need to run at all, and what the event is called. A list of what is
//! let through, because a list of secrets is never complete.

use std::ffi::OsString;

use ports::Event;

use crate::cloud_event;

/// The variables that are passed on, besides `LC_…`.
const HARMLESS: &[&str] = &[
    "HOME",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "PATH",
    "SHELL",
    "TEMP",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    // Windows, where few programs start without them.
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATHEXT",
    "PROGRAMDATA",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "USERNAME",
    "USERPROFILE",
    "WINDIR",
];

/// The variables of an environment that are passed on.
pub(super) fn inherited(all: impl Iterator<Item = (OsString, OsString)>) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(|(name, _)| {
        let Some(name) = name.to_str() else { return false };
        // Windows spells them in any case, and elsewhere nobody has them in another.
        let name = name.to_ascii_uppercase();
        HARMLESS.contains(&name.as_str()) || name.starts_with("LC_")
    })
}

/// The variables of an event, named after its attributes.
///
/// Why not `ASSIST_RULES_…`: a command may well be this program again, which takes such variables for settings and
/// refuses those that it does not know.
pub(super) fn of(event: &Event) -> [(&'static str, String); 6] {
    [
        ("EVENT_ID", event.id.clone()),
        (
            "EVENT_SOURCE",
            cloud_event::source(event.author.shown_target(&event.document)),
        ),
        ("EVENT_TYPE", cloud_event::event_type(&event.document.kind)),
        ("EVENT_SUBJECT", event.document.id.clone()),
        ("EVENT_TIME", cloud_event::time(event.at)),
        ("EVENT_ENTRY", event.entry.to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_may_be_a_secret_is_let_through() {
        let all = [
            "PATH",
            "LC_ALL",
            "GENESYSCLOUD_OAUTHCLIENT_SECRET",
            "GENESYS_OAUTH_CLIENT_SECRET",
            "ASSIST_RULES_CLIENT_SECRET",
            "ASSIST_RULES_LEDGER",
            "HTTPS_PROXY",
            "PGPASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "LD_PRELOAD",
            "HOME",
        ];
        let kept: Vec<_> = inherited(all.iter().map(|name| (name.into(), "x".into())))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(kept, ["PATH", "LC_ALL", "HOME"]);
    }
}
