//! `doctor` on the way to the platform: each step of it is tried, and the one that fails is told.

use std::process::Command;

use super::{Platform, answering, pointed_at};
use crate::binary::run;
use crate::proxies::{Answer, TestProxy};
use crate::refusing::Refusing;
use crate::secure::{Authority, Made};

/// The states of the steps: those that are `ok`, then the one that fails, if one does.
#[track_caller]
fn ends(command: &mut Command, code: i32, works: &[&str], fails: Option<(&str, &str)>) {
    let ran = run(command.args(["doctor", "--deadline", "5s"]));
    assert_eq!(ran.code, Some(code), "{ran}");
    let starting = |state: &str| -> Vec<&str> {
        let lines = ran.stdout.lines().filter_map(|line| line.strip_prefix(state));
        lines.map(str::trim_start).collect()
    };
    for name in works {
        assert!(
            starting("ok").iter().any(|line| line.starts_with(name)),
            "{name}: {ran}"
        );
    }
    let failed = starting("fail");
    match fails {
        None => assert_eq!(failed, Vec::<&str>::new(), "{ran}"),
        Some((step, why)) => assert!(
            failed.len() == 1 && failed[0].starts_with(step) && failed[0].contains(why),
            "{ran}"
        ),
    }
}

/// FIELD I5: DNS, TCP and TLS.
#[test]
fn doctor_tells_the_step_that_the_way_to_the_platform_ends_at() {
    let refusing = Refusing::new();
    let (plain, _) = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let (closing, _) = answering(b"");
    for (url, code, works, fails) in [
        (
            "https://nowhere.invalid".to_owned(),
            7,
            &["credentials"] as &[&str],
            ("DNS", "the name has no address"),
        ),
        (
            format!("https://{}", refusing.address()),
            7,
            &["credentials"],
            ("TCP", "refused"),
        ),
        (
            format!("https://localhost:{plain}"),
            1,
            &["DNS", "TCP"],
            ("TLS", "does not speak TLS"),
        ),
        (
            format!("https://localhost:{closing}"),
            7,
            &["DNS", "TCP"],
            ("TLS", "no connection to localhost:"),
        ),
    ] {
        let mut command = pointed_at(&url);
        command
            .env("ASSIST_RULES_CA_FILE", Authority::new().file())
            .env("ASSIST_RULES_CONNECT_TIMEOUT", "2s");
        ends(&mut command, code, works, Some(fails));
    }
    let platform = Platform::new(Made::Well);
    let all = ["DNS", "TCP", "TLS", "sign-in", "organization", "rule", "list"];
    ends(&mut platform.command(), 0, &all, None);
    let mut untrusted = platform.command();
    untrusted.env("ASSIST_RULES_CA_FILE", Authority::new().file());
    let fails = ("TLS", "signed by an authority that is not trusted here");
    ends(&mut untrusted, 1, &["DNS", "TCP"], Some(fails));
    let expired = Platform::new(Made::Expired);
    ends(&mut expired.command(), 1, &["DNS", "TCP"], Some(("TLS", "has expired")));
}

/// FIELD I5: the API is another server than the login, and each has its way.
#[test]
fn doctor_tries_the_way_to_the_login_and_that_to_the_api() {
    let platform = Platform::new(Made::Well);
    let refusing = Refusing::new();
    let mut command = platform.command();
    command.env("ASSIST_RULES_API_URL", format!("https://{}", refusing.address()));
    ends(
        &mut command,
        7,
        &["DNS", "TCP", "TLS", "sign-in"],
        Some(("TCP", "refused")),
    );
}

/// FIELD I5: the proxy is the first stop, and its refusal is told from that of the server behind it.
#[test]
fn doctor_tells_a_proxy_from_the_server_behind_it() {
    let platform = Platform::new(Made::Well);
    let through = |proxy: &str, platform: &Platform| {
        let mut command = platform.command();
        command.env("ASSIST_RULES_PROXY", proxy);
        command
    };
    let tunnel = TestProxy::new(Answer::Tunnel);
    let all = ["TCP", "proxy", "TLS", "sign-in", "list"];
    ends(&mut through(&tunnel.url(), &platform), 0, &all, None);
    let expired = Platform::new(Made::Expired);
    ends(
        &mut through(&tunnel.url(), &expired),
        1,
        &["TCP", "proxy"],
        Some(("TLS", "has expired")),
    );
    let login = TestProxy::new(Answer::Bytes("HTTP/1.1 407 Who are you\r\n\r\n"));
    ends(
        &mut through(&login.url(), &platform),
        8,
        &["TCP"],
        Some(("proxy", "wants a login")),
    );
    let refusing = Refusing::new();
    ends(
        &mut through(&format!("http://{}", refusing.address()), &platform),
        7,
        &["credentials"],
        Some(("TCP", "on the way to localhost:")),
    );
}
