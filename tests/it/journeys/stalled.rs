//! Platforms that take a connection and say nothing, or no more: `--deadline` ends every command that talks to them.

use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use emulator::{SAMPLE_RULE_ID, SANDBOX_CLIENT_ID, SANDBOX_CLIENT_SECRET, Script};

use super::{against, document, writes};
use crate::{
    binary::{Ran, new_home, run},
    sandbox::Sandbox,
};

/// The behavior of a way to the platform towards a connection.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Everything is passed on.
    Open,
    /// Nothing is said.
    Silent,
    /// The head of an answer begins.
    HalfAHead,
    /// The body of an answer begins.
    HalfABody,
    /// A body comes in drops.
    Drips,
}

impl Way {
    const STALLED: [Self; 4] = [Self::Silent, Self::HalfAHead, Self::HalfABody, Self::Drips];

    /// Answers a client that waits; its errors are those of a client that is gone.
    fn serve(self, mut client: TcpStream, platform: &str) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{";
        match self {
            Self::Open => return forward(&client, &TcpStream::connect(platform)?),
            Self::Silent => {}
            Self::HalfAHead => client.write_all(b"HTTP/1.1 200 OK\r\ncontent-ty")?,
            Self::HalfABody | Self::Drips => client.write_all(head.as_bytes())?,
        }
        if let Self::Drips = self {
            client.set_read_timeout(Some(Duration::from_millis(20)))?;
        }
        loop {
            match client.read(&mut [0; 2048]) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(_) => client.write_all(b" ")?,
            }
        }
    }
}

/// Passes on what both sides say, until one ends.
fn forward(client: &TcpStream, platform: &TcpStream) -> io::Result<()> {
    for (from, to) in [(client, platform), (platform, client)] {
        let (mut from, mut to) = (from.try_clone()?, to.try_clone()?);
        thread::spawn(move || {
            // Why ignored: an end is an end.
            io::copy(&mut from, &mut to).ok();
            to.shutdown(Shutdown::Both).ok();
        });
    }
    Ok(())
}

/// A platform behind a way that can be stalled, and a user with a record of it.
struct Workstation {
    sandbox: Sandbox,
    way: Arc<Mutex<Way>>,
    url: String,
    state: std::path::PathBuf,
}

impl Workstation {
    fn new() -> Self {
        let sandbox = Sandbox::sample();
        let platform = sandbox.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let way = Arc::new(Mutex::new(Way::Open));
        let taken = way.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, platform) = (client.unwrap(), platform.clone());
                let way = *taken.lock().unwrap();
                thread::spawn(move || way.serve(client, &platform));
            }
        });
        Self {
            sandbox,
            way,
            url,
            state: new_home().join("state"),
        }
    }

    fn set(&self, way: Way) {
        *self.way.lock().unwrap() = way;
    }

    fn run(&self, args: &[&str]) -> Ran {
        let mut command = against(&self.sandbox);
        command
            .env("ASSIST_RULES_API_URL", &self.url)
            .env("ASSIST_RULES_LOGIN_URL", &self.url)
            .env("GENESYSCLOUD_OAUTHCLIENT_ID", SANDBOX_CLIENT_ID)
            .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", SANDBOX_CLIENT_SECRET)
            .env("ASSIST_RULES_STATE_DIR", &self.state)
            .env("EDITOR", "true");
        run(command.args(args))
    }

    /// Runs a command on a stalled way: it ends near its deadline.
    #[track_caller]
    fn ends(&self, way: Way, args: &[&str], code: i32) {
        self.set(way);
        let started = Instant::now();
        let ran = self.run(&[args, &["--deadline", "400ms"]].concat());
        assert_eq!(ran.code, Some(code), "{way:?} {args:?} {ran}");
        let took = started.elapsed();
        assert!(took < Duration::from_secs(4), "{way:?} {args:?} took {took:?}");
        self.set(Way::Open);
    }
}

/// FIELD D2: the sign-in stalls, in each of its phases.
#[test]
fn the_deadline_ends_every_command_whose_sign_in_stalls() {
    let workstation = Workstation::new();
    for way in Way::STALLED {
        for args in [
            &["get"] as &[&str],
            &["list"],
            &["update", "--name", "X"],
            &["diff", "--name", "X"],
            &["doctor"],
            #[cfg(unix)]
            &["edit"],
        ] {
            workstation.ends(way, args, 7);
        }
    }
}

/// FIELD D2: signed in, with a record, what is read stalls in each of its phases; nothing is lost by it, and the commands go
/// on from there.
#[test]
fn the_deadline_ends_every_command_that_has_a_record() {
    let workstation = Workstation::new();
    let ran = workstation.run(&["update", "--name", "A"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let lost = r#"{"faults": [{"on": {"kind": "put"}, "times": 4, "do": {"drop_before": {}}}]}"#;
    workstation
        .sandbox
        .emulator
        .load_faults(Script::from_json(lost).unwrap());
    let ran = workstation.run(&["update", "--name", "B"]);
    assert_eq!(ran.code, Some(11), "{ran}");
    let history = || {
        ["applied", "unknown"].map(|outcome| {
            let ran = workstation.run(&["history", SAMPLE_RULE_ID, "--outcome", outcome, "-o", "json"]);
            document(&ran)["entries"].as_array().unwrap().len()
        })
    };
    let (entries, sent) = (history(), writes(&workstation.sandbox));
    assert_eq!(entries, [1, 1]);
    for way in Way::STALLED {
        for (args, code) in [
            (&["get"] as &[&str], 7),
            (&["list"], 7),
            (&["doctor"], 7),
            (&["diff", "--name", "X"], 7),
            (&["rollback"], 7),
            // Why: what became of the entry stays unknown.
            (&["reconcile"], 11),
            (&["deliver"], 0),
        ] {
            workstation.ends(way, args, code);
        }
        assert_eq!((history(), writes(&workstation.sandbox)), (entries, sent), "{way:?}");
    }
    let ran = workstation.run(&["rollback"]);
    assert_eq!(ran.code, Some(0), "{ran}");
}
