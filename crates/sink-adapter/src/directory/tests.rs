//! Directories, looked at after each event.

use std::fs;

use domain::check::check;
use domain::{EngineLimits, TriggerRule};

use super::*;
use crate::samples::{event, event_of, sink, why_again};
use crate::settings::SinkKind;

fn directory(path: &Path) -> Arc<dyn EventSink> {
    sink(SinkKind::Directory { path: path.to_owned() })
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn of_name(id: &str, entry: u64, name: &str) -> Event {
    event_of(id, entry, &format!(r#"{{"id":"r1","etag":"8","name":"{name}"}}"#))
}

#[tokio::test]
async fn a_rule_is_a_file_without_its_version_and_with_every_digit() {
    let folder = tempfile::tempdir().unwrap();
    let directory = directory(folder.path());
    for _ in 0..2 {
        assert_eq!(directory.deliver(&event()).await, Ok(()));
        assert_eq!(
            fs::read_to_string(folder.path().join("r1.json")).unwrap(),
            concat!(
                "{\n  \"id\": \"r1\",\n  \"name\": \"Refunds & returns\",\n  \"weight\": 1.50,\n",
                "  \"extra\": {\n    \"é\": []\n  }\n}\n"
            )
        );
        assert_eq!(names(folder.path()), [".assist-rules", "r1.json"]);
        assert_eq!(names(&folder.path().join(".assist-rules")), [".gitignore", "r1"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn who_may_read_a_file_is_said_by_the_users_mask() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    assert_eq!(directory(folder.path()).deliver(&event()).await, Ok(()));
    let any = folder.path().join("any");
    fs::write(&any, "").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&folder.path().join("r1.json")), mode(&any));
}

#[tokio::test]
async fn the_file_is_a_rule_that_can_be_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let rule = r#"{"id":"r1","etag":"8","name":"R","ruleType":"conversation","enabled":true,
        "conditions":[{"type":"keyword","field":"conversation.text","operator":"contains","value":"refund"}],
        "actions":[{"type":"display","templateId":"t1","priority":1}]}"#;
    assert_eq!(directory(folder.path()).deliver(&event_of("e1", 1, rule)).await, Ok(()));
    let written = fs::read_to_string(folder.path().join("r1.json")).unwrap();
    let written: TriggerRule = written.parse().unwrap();
    let findings = check(&written, None, &EngineLimits::TRIGGER_RULES).into_vec();
    assert!(findings.is_empty(), "{findings:?}");
}

#[tokio::test]
async fn an_older_state_is_never_put_over_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let directory = directory(folder.path());
    let file = folder.path().join("r1.json");
    for (entry, name, shown) in [
        (1, "one", "one"),
        (3, "three", "three"),
        // Replayed by hand.
        (1, "one", "three"),
        (2, "two", "three"),
        (3, "three", "three"),
        (4, "four", "four"),
    ] {
        let told = directory.deliver(&of_name(&format!("e{entry}"), entry, name)).await;
        assert_eq!(told, Ok(()));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&format!("\"name\": \"{shown}\"")), "{name}: {text}");
    }
    // A file that was lost comes back with the last event, as does a note that cannot be read.
    fs::remove_file(&file).unwrap();
    assert_eq!(directory.deliver(&of_name("e4", 4, "four")).await, Ok(()));
    assert!(fs::read_to_string(&file).unwrap().contains("four"));
    fs::write(folder.path().join(".assist-rules/r1"), "what?").unwrap();
    assert_eq!(directory.deliver(&of_name("e2", 2, "two")).await, Ok(()));
    assert!(fs::read_to_string(&file).unwrap().contains("two"));
}

#[tokio::test]
async fn what_is_about_no_rule_is_never_taken_and_leaves_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    for document in ["../r1", "a/b", "", ".assist-rules", "/etc/passwd"] {
        let event = Event {
            document: document.to_owned(),
            ..event()
        };
        let told = directory(&inner).deliver(&event).await;
        assert!(matches!(told, Err(DeliveryError::Never { .. })), "{document}: {told:?}");
    }
    assert_eq!(names(folder.path()), ["inner"]);
    assert_eq!(names(&inner), [] as [&str; 0]);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_tried_again_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unmounted");
    let error = why_again(directory(&path).deliver(&event()).await);
    assert!(
        error.starts_with(&format!("cannot write to `{}`: ", path.display())),
        "{error}"
    );
    assert!(!path.exists());
    fs::create_dir(&path).unwrap();
    assert_eq!(directory(&path).deliver(&event()).await, Ok(()));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_replaced_and_what_it_leads_to_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(&outside, "theirs").unwrap();
    std::os::unix::fs::symlink(&outside, inner.join("r1.json")).unwrap();
    assert_eq!(directory(&inner).deliver(&event()).await, Ok(()));
    assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs");
    assert!(inner.join("r1.json").symlink_metadata().unwrap().is_file());
}
