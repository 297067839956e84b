//! Sinks: an event is of its organization, whoever delivers it, and waits for no event of another.

use std::{fs, path::PathBuf};

use emulator::SAMPLE_RULE_ID;
use serde_json::{Value, json};

use super::{OURS, THEIRS, TwoOrganizations};
use crate::{
    binary::{Ran, new_home, run},
    journeys::document,
};

/// Two organizations whose changes are delivered to one sink, as one ledger and one configuration have it.
struct OneSink {
    two: TwoOrganizations,
    home: PathBuf,
}

impl OneSink {
    /// With the script of the sink, which runs in `home` and has the event on its standard input.
    fn by(script: &str) -> Self {
        let sink = Self {
            two: TwoOrganizations::new(),
            home: new_home(),
        };
        sink.sink(&format!("kind = \"command\"\nargv = [\"sh\", \"-c\", '{script}']"));
        sink
    }

    fn sink(&self, settings: &str) {
        let sink = format!("[[sinks]]\nname = \"hub\"\n{settings}\n");
        fs::write(self.home.join("mine.toml"), sink).unwrap();
    }

    fn run(&self, client: &str, args: &[&str]) -> Ran {
        let mut command = self.two.command(client, args);
        run(command.current_dir(&self.home).args(["--config", "mine.toml"]))
    }

    /// The organization and the name after each event that was delivered, in order.
    fn events(&self) -> Vec<(Value, Value)> {
        let lines = fs::read_to_string(self.home.join("got.ndjson")).unwrap_or_default();
        let event = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap();
            (
                event["data"]["org"]["id"].clone(),
                event["data"]["after"]["name"].clone(),
            )
        };
        lines.lines().map(event).collect()
    }
}

/// Appends each event to a file.
const TAKES_ALL: &str = "cat >> got.ndjson; echo >> got.ndjson";

/// As long as there is a file `down`, the first name is not taken.
const REFUSES_OURS: &str =
    "event=$(cat); test -e down && case $event in *\"ours\"*) exit 1;; esac; echo \"$event\" >> got.ndjson";

#[test]
fn each_event_carries_its_own_organization_on_every_try() {
    let sink = OneSink::by(TAKES_ALL);
    let mut heads = Vec::new();
    for client in [OURS, THEIRS] {
        let ran = sink.run(client, &["update", "--name", client, "-o", "json"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        heads.push(document(&ran)["head"].as_str().unwrap().to_owned());
    }
    let [ours, theirs] = sink.two.ids();
    let once = [(ours.clone(), json!(OURS)), (theirs, json!(THEIRS))];
    assert_eq!(sink.events(), once);
    // The outbox is the ledger's: whoever may write to it delivers what is in it, in the words of the organization.
    let ran = sink.run(THEIRS, &["deliver", "--replay", &heads[0]]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(sink.events()[2..], once[..1]);
    let [first, _, again] = fs::read_to_string(sink.home.join("got.ndjson"))
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(first, again);
}

#[test]
fn a_pending_event_holds_back_its_own_organization_only() {
    let sink = OneSink::by(REFUSES_OURS);
    fs::write(sink.home.join("down"), "").unwrap();
    let ran = sink.run(OURS, &["update", "--name", "ours"]);
    assert_eq!(ran.code, Some(10), "{ran}");
    let ran = sink.run(OURS, &["update", "--name", "then"]);
    assert_eq!(ran.code, Some(10), "it waits for the one before it: {ran}");
    let ran = sink.run(THEIRS, &["update", "--name", "theirs", "-o", "json"]);
    let result = document(&ran);
    assert_eq!(
        (ran.code, &result["delivery"]),
        (Some(0), &json!({"queued": 1, "delivered": 1, "failed": 0})),
        "{ran}"
    );
    let [ours, theirs] = sink.two.ids();
    assert_eq!(sink.events(), [(theirs.clone(), json!("theirs"))]);
    fs::remove_file(sink.home.join("down")).unwrap();
    // What is pending of one goes out by the other's hand too, in order.
    let ran = sink.run(THEIRS, &["deliver"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let rest = [(ours.clone(), json!("ours")), (ours, json!("then"))];
    assert_eq!(sink.events()[1..], rest);
}

#[test]
fn a_directory_keeps_the_file_of_its_own_organization() {
    let sink = OneSink::by(TAKES_ALL);
    fs::create_dir(sink.home.join("rules")).unwrap();
    sink.sink("kind = \"directory\"\npath = \"rules\"");
    let file = sink.home.join(format!("rules/{SAMPLE_RULE_ID}.json"));
    let ran = sink.run(OURS, &["update", "--name", "ours"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let before = fs::read_to_string(&file).unwrap();
    let ran = sink.run(THEIRS, &["update", "--name", "theirs"]);
    assert_eq!(ran.code, Some(10), "{ran}");
    let [ours, _] = sink.two.ids();
    let words = format!("is of the organization `{}`", ours.as_str().unwrap());
    assert!(
        ran.stderr.contains(&words) && ran.stderr.contains("a directory of its own"),
        "{ran}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    let ran = sink.run(OURS, &["update", "--name", "again"]);
    assert_eq!(ran.code, Some(0), "what is given up holds back nothing: {ran}");
    assert!(fs::read_to_string(&file).unwrap().contains("again"));
}
