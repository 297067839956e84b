//! Commands, run for what they leave behind.

use std::path::Path;
use std::process::Command as Tool;
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

use super::*;
use crate::samples::{event, event_of, retry_error, sink, soon};
use crate::settings::SinkKind;

fn command(argv: &[&str], timeout: Duration) -> Arc<dyn EventSink> {
    let argv = argv.iter().map(|argument| (*argument).to_owned()).collect();
    sink(SinkKind::Command { argv, timeout })
}

/// Runs a script with two arguments.
async fn run_script(script: &str, first: &Path) -> Result<(), DeliveryError> {
    let first = first.to_str().unwrap();
    let command = command(
        &["sh", "-c", script, "sh", first, "; exit 9"],
        SinkKind::COMMAND_TIMEOUT,
    );
    command.deliver(&event()).await
}

#[tokio::test]
async fn a_command_has_the_event_on_its_input_and_its_arguments_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b'c");
    let script = r#"cat > "$1" && printf '\n%s|%s|%s|%s|%s' "$2" "$EVENT_ID" "$EVENT_SUBJECT" "$EVENT_ENTRY" "$EVENT_TIME" >> "$1""#;
    assert_eq!(run_script(script, &file).await, Ok(()));
    let left = std::fs::read_to_string(&file).unwrap();
    let named = "; exit 9|e1|r1|12|2026-09-21T14:13:32.000000Z";
    assert_eq!(left, format!("{}\n{named}", cloud_event::body(&event())));
}

#[tokio::test]
async fn a_command_is_given_none_of_our_environment_but_a_few_harmless_variables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("environment");
    assert_eq!(run_script(r#"env > "$1""#, &file).await, Ok(()));
    let left = std::fs::read_to_string(&file).unwrap();
    let names: Vec<_> = left
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert!(names.contains(&"EVENT_TYPE"), "{left}");
    // Why CARGO: tests are run with many of those, and PWD, _ and SHLVL are the shell's own.
    assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO")));
    let kept = [
        "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TEMP", "TMP", "TMPDIR", "TZ", "USER",
    ];
    for name in names {
        let is_ours = kept.contains(&name) || name.starts_with("LC_") || name.starts_with("EVENT_");
        assert!(is_ours || ["PWD", "OLDPWD", "_", "SHLVL"].contains(&name), "{name}");
    }
}

#[tokio::test]
async fn a_command_that_does_not_read_is_no_failure() {
    let long = format!(r#"{{"id":"r1","name":"{}"}}"#, "x".repeat(500_000));
    for script in ["exit 0", "exec 0<&-; exit 0", "head -c 1 > /dev/null"] {
        let command = command(&["sh", "-c", script], SinkKind::COMMAND_TIMEOUT);
        assert_eq!(command.deliver(&event_of("e1", 1, &long)).await, Ok(()), "{script}");
    }
}

#[tokio::test]
async fn what_fails_is_told_with_the_end_of_its_last_words() {
    for (script, expected) in [
        ("exit 3", "`sh` ended with exit status: 3".to_owned()),
        (
            "cat; echo out; echo 'no luck' >&2; exit 1",
            "`sh` ended with exit status: 1: no luck".to_owned(),
        ),
        (
            "printf 'a\\033[2Jb\\nc' >&2; exit 1",
            "`sh` ended with exit status: 1: a\\u{1b}[2Jb c".to_owned(),
        ),
        (
            "head -c 10000000 /dev/zero | tr '\\0' x >&2; printf ' end' >&2; exit 1",
            format!("`sh` ended with exit status: 1: …{} end", "x".repeat(296)),
        ),
        ("kill -9 $$", "`sh` ended with signal: 9 (SIGKILL)".to_owned()),
        // Something in the background holds the error output, and may go on.
        (
            "tail -f /dev/null & echo $! >&2; exit 1",
            "`sh` ended with exit status: 1: ".to_owned(),
        ),
    ] {
        let error = retry_error(
            command(&["sh", "-c", script], SinkKind::COMMAND_TIMEOUT)
                .deliver(&event())
                .await,
        );
        assert!(error.starts_with(&expected), "{script}: {error}");
        if let Some(left_running) = error.strip_prefix("`sh` ended with exit status: 1: ")
            && left_running.parse::<u32>().is_ok()
        {
            assert!(Tool::new("kill").arg(left_running).status().unwrap().success());
        }
    }
}

/// A named pipe that a script writes to and holds open.
struct Held {
    _folder: tempfile::TempDir,
    path: String,
    from: Receiver,
    /// Without a writer there would be an end before the script has begun.
    writer: Sender,
}

impl Held {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Tool::new("mkfifo").arg(&path).status().unwrap().success());
        let from = OpenOptions::new().open_receiver(&path).unwrap();
        Self {
            path: path.to_str().unwrap().to_owned(),
            from,
            writer: OpenOptions::new().open_sender(&path).unwrap(),
            _folder: folder,
        }
    }

    /// A script that says that it is up, and has something in the background that does not want to end.
    fn script(&self) -> [&str; 4] {
        let script = r#"exec 3> "$0"; echo up >&3; (trap '' TERM INT; tail -f /dev/null; tail -f /dev/null) & wait"#;
        ["sh", "-c", script, &self.path]
    }

    async fn is_up(&mut self) {
        let mut word = [0; 3];
        self.from.read_exact(&mut word).await.unwrap();
        assert_eq!(&word, b"up\n");
    }

    /// Waits until the last process that holds the pipe has closed it.
    async fn ends(mut self) {
        drop(self.writer);
        assert_eq!(
            soon(self.from.read_u8()).await.unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
    }
}

#[tokio::test]
async fn when_the_time_is_over_a_command_ends_with_all_that_it_started() {
    let mut held = Held::new();
    let limited = command(&held.script(), Duration::from_secs(1));
    let error = retry_error(soon(limited.deliver(&event())).await);
    assert_eq!(error, "`sh` ran for more than 1s and was stopped");
    held.is_up().await;
    held.ends().await;
}

#[tokio::test]
async fn whoever_gives_up_waiting_ends_the_command_too() {
    let mut held = Held::new();
    let command = command(&held.script(), SinkKind::COMMAND_TIMEOUT);
    let event = event();
    tokio::select! {
        delivered = command.deliver(&event) => panic!("{delivered:?}"),
        () = held.is_up() => {}
    }
    held.ends().await;
}

#[tokio::test]
async fn a_program_that_is_not_there_is_tried_again_and_found_out_before() {
    let error = retry_error(
        command(&["no-such-program"], SinkKind::COMMAND_TIMEOUT)
            .deliver(&event())
            .await,
    );
    assert!(error.starts_with("`no-such-program` cannot be run: "), "{error}");
    let find = |argv: &[&str]| {
        let argv: Vec<String> = argv.iter().map(|argument| (*argument).to_owned()).collect();
        CommandSink::new("audit".to_owned(), &argv, SinkKind::COMMAND_TIMEOUT)?.find()
    };
    for missing in ["no-such-program", "./no/such"] {
        assert_eq!(find(&[missing]), Err(CommandSinkError::Missing(missing.to_owned())));
    }
    assert_eq!(find(&["sh", "x"]), Ok(()));
    assert_eq!(find(&["/bin/sh"]), Ok(()));
}

#[test]
fn what_no_system_can_run_is_refused() {
    for (argv, fault) in [
        (&[] as &[&str], CommandSinkError::Empty),
        (&[""], CommandSinkError::Empty),
        (&["a", "b\0"], CommandSinkError::Nul(1)),
    ] {
        let argv: Vec<_> = argv.iter().map(|argument| (*argument).to_owned()).collect();
        let made = CommandSink::new("audit".to_owned(), &argv, SinkKind::COMMAND_TIMEOUT);
        assert_eq!(made.err(), Some(fault));
    }
}
