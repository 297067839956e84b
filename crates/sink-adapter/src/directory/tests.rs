//! Directories, looked at after each event.

use std::fs;

use super::*;
use crate::samples::{event, event_of, event_of_another_kind, retry_error, sink};
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
async fn documents_of_another_kind_have_a_folder_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let directory = directory(folder.path());
    // A rule whose id is the name of the kind is no other's file, and has no other's note.
    let mut rule = event_of("e1", 1, "{}");
    rule.document.id = "toy".to_owned();
    assert_eq!(directory.deliver(&rule).await, Ok(()));
    for (entry, size) in [(3, 3), (2, 2), (4, 4)] {
        let toy = event_of_another_kind(&format!("e{entry}"), entry, &format!(r#"{{"size":{size}}}"#));
        assert_eq!(directory.deliver(&toy).await, Ok(()));
        let text = fs::read_to_string(folder.path().join("toy/r1.json")).unwrap();
        assert_eq!(text, format!("{{\n  \"size\": {}\n}}\n", size.max(3)));
    }
    assert_eq!(names(folder.path()), [".assist-rules", "toy", "toy.json"]);
    assert_eq!(
        names(&folder.path().join(".assist-rules")),
        [".gitignore", "toy", "toy.kind"]
    );
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
        let delivered = directory.deliver(&of_name(&format!("e{entry}"), entry, name)).await;
        assert_eq!(delivered, Ok(()));
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
async fn what_is_no_name_of_a_file_is_never_taken_and_leaves_the_directory() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let long = "x".repeat(129);
    for name in [
        "../r1",
        "a/b",
        "",
        ".assist-rules",
        "/etc/passwd",
        "..",
        "a\\b",
        "a\0",
        "a.kind",
        &long,
    ] {
        let (mut of_id, mut of_kind) = (event(), event());
        of_id.document.id = name.to_owned();
        of_kind.document.kind = name.to_owned();
        for event in [of_id, of_kind] {
            let delivered = directory(&inner).deliver(&event).await;
            assert!(
                matches!(delivered, Err(DeliveryError::Never { .. })),
                "{name}: {delivered:?}"
            );
        }
    }
    assert_eq!(names(folder.path()), ["inner"]);
    assert_eq!(names(&inner), [] as [&str; 0]);
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_tried_again_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unmounted");
    let error = retry_error(directory(&path).deliver(&event()).await);
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
async fn a_link_and_what_it_leads_to_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("outside");
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(&outside, "theirs").unwrap();
    std::os::unix::fs::symlink(&outside, inner.join("r1.json")).unwrap();
    let error = retry_error(directory(&inner).deliver(&event()).await);
    assert!(
        error.ends_with(": it is a link, and only a file is replaced"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs");
    assert!(inner.join("r1.json").symlink_metadata().unwrap().is_symlink());
}

#[tokio::test]
async fn the_parts_of_an_id_are_joined_by_a_dot_and_none_leads_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let of = |id: &str| {
        let mut event = event();
        (event.document.kind, event.document.id) = ("copilot".to_owned(), id.to_owned());
        event
    };
    for id in ["../a", "a/..", "a/../b", "/a", "a/", "a//b", "a/.b", "a.b", "a\\b/c"] {
        let delivered = directory(&inner).deliver(&of(id)).await;
        assert!(
            matches!(delivered, Err(DeliveryError::Never { .. })),
            "{id}: {delivered:?}"
        );
    }
    for id in ["a", "a/b", "a/c"] {
        assert_eq!(directory(&inner).deliver(&of(id)).await, Ok(()), "{id}");
    }
    assert_eq!(names(folder.path()), ["inner"]);
    assert_eq!(names(&inner.join("copilot")), ["a.b.json", "a.c.json", "a.json"]);
}
