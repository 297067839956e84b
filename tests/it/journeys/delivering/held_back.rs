//! Events that wait in the outbox: of a sink whose secret is in another shell, and of a run that tells no sink.

use super::{Workstation, document, listen, webhook};
use crate::binary::run;
use serde_json::{Value, json};

const DIRECTORY: &str = "[[sinks]]\nname = \"repository\"\nkind = \"directory\"\npath = \"rules\"\n";

fn delivery(ran: &crate::binary::Ran) -> Value {
    document(ran)["delivery"].clone()
}

/// FIELD H5: on call, in a shell that has not every secret, the rule is changed all the same.
#[test]
fn a_sink_without_its_secret_blocks_no_update_and_is_told_later() {
    let (url, posted) = listen("204 No Content");
    let workstation = Workstation::new(&(webhook(&url) + DIRECTORY));
    let mut command = workstation.command(&["update", "--name", "On call", "-o", "json"]);
    let ran = run(command.env_remove("CHAT_SECRET"));
    assert_eq!(ran.code, Some(10), "{ran}");
    assert_eq!(
        delivery(&ran),
        json!({"queued": 2, "delivered": 1, "failed": 1}),
        "{ran}"
    );
    let words = "The sink `chat` is told later, by `assist-rules deliver`";
    assert!(
        ran.stderr.contains(words) && ran.stderr.contains("CHAT_SECRET is not set"),
        "{ran}"
    );
    let mut doctor = workstation.command(&["doctor"]);
    let ran = run(doctor.env_remove("CHAT_SECRET"));
    assert!(
        ran.code == Some(64) && ran.stdout.contains("CHAT_SECRET is not set"),
        "{ran}"
    );
    let mut deliver = workstation.command(&["deliver", "--sink", "chat"]);
    assert_eq!(run(deliver.env_remove("CHAT_SECRET")).code, Some(64));
    assert!(posted.try_recv().is_err(), "nothing was sent");

    let ran = workstation.run(&["deliver"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(posted.recv().unwrap().1.contains("On call"));
}

/// `--no-sinks`: the events are queued, and the run is done.
#[test]
fn a_run_may_leave_its_events_in_the_outbox() {
    let (url, posted) = listen("204 No Content");
    let workstation = Workstation::new(&(webhook(&url) + DIRECTORY));
    let mut command = workstation.command(&["update", "--name", "Later", "--no-sinks", "-o", "json"]);
    let ran = run(command.env_remove("CHAT_SECRET"));
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(
        delivery(&ran),
        json!({"queued": 2, "delivered": 0, "failed": 0}),
        "{ran}"
    );
    assert!(posted.try_recv().is_err(), "nothing was sent");
    let ran = workstation.run(&["update", "--name", "Now", "-o", "json"]);
    assert_eq!(
        (ran.code, delivery(&ran)),
        (Some(0), json!({"queued": 2, "delivered": 2, "failed": 0})),
        "{ran}"
    );
    let names: Vec<bool> = posted.try_iter().map(|(_, body)| body.contains("Later")).collect();
    assert_eq!(names.len(), 2, "both, in their order");
}

/// FIELD J1: what is tried in the sandbox is news to nobody, unless `--sinks` says so.
#[test]
fn the_sandbox_tells_no_sink_unless_it_is_asked_to() {
    let workstation = Workstation::new(DIRECTORY);
    let update = |name: &str, flags: &[&str]| {
        let mut command = workstation.command(&["update", "--sandbox", "-o", "json", "--name", name]);
        let ran = run(command.args(flags));
        assert_eq!(ran.code, Some(0), "{ran}");
        delivery(&ran)
    };
    assert_eq!(update("A", &[]), json!({"queued": 0, "delivered": 0, "failed": 0}));
    assert_eq!(
        update("B", &["--sinks"]),
        json!({"queued": 1, "delivered": 1, "failed": 0})
    );
    let ran = workstation.run(&["deliver", "--no-sinks"]);
    assert!(ran.code == Some(64) && ran.stderr.contains("tells none"), "{ran}");
    let ran = workstation.run(&["update", "--name", "C", "--sinks", "--no-sinks"]);
    assert_eq!(ran.code, Some(64), "{ran}");
}
