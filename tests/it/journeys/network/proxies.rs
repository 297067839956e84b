//! Proxies on the way to the platform: named, used, and told with their answers.

use std::process::Command;

use super::{Platform, answering, ends, get, pointed_at};
use crate::binary::run;
use crate::journeys::{document, file};
use crate::proxies::{Answer, TestProxy};
use crate::refusing::Refusing;
use crate::secure::{Authority, Made};

/// FIELD C3: each answer of a proxy, and one that is not there.
#[test]
fn a_proxy_that_opens_no_tunnel_is_named_with_its_status() {
    let platform = Platform::new(Made::Well);
    for (answer, code, error, words, connections) in [
        (
            "HTTP/1.1 407 Who are you\r\n\r\n",
            8,
            "AR0521",
            "wants a login before it connects to localhost:",
            Some(1),
        ),
        (
            "HTTP/1.1 403 Forbidden\r\n\r\n",
            1,
            "AR0522",
            "refuses to connect to localhost:",
            Some(2),
        ),
        ("HTTP/1.1 404 Not Found\r\n\r\n", 1, "AR0522", "(404)", Some(2)),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", 7, "AR0507", "(502)", None),
        ("HTTP/1.1 503 Away\r\n\r\n", 7, "AR0507", "(503)", None),
        ("HTTP/1.1 504 Gateway Timeout\r\n\r\n", 7, "AR0507", "(504)", None),
        ("HTTP/1.1 429 Slow Down\r\n\r\n", 7, "AR0507", "(429)", None),
        ("SSH-2.0-OpenSSH\r\n", 7, "AR0507", "did not say why", None),
        ("", 7, "AR0507", "did not say why", None),
    ] {
        let proxy = TestProxy::new(Answer::Bytes(answer));
        let mut command = platform.command();
        command
            .env("GENESYSCLOUD_PROXY_HOST", "127.0.0.1")
            .env("GENESYSCLOUD_PROXY_PORT", proxy.port.to_string());
        ends(&get(&mut command), code, error, &[words, &proxy.url()]);
        if let Some(connections) = connections {
            assert_eq!(proxy.heads().len(), connections, "{answer}: {:?}", proxy.heads());
        }
    }
    let refusing = Refusing::new();
    let refused = refusing.address();
    let (plain, _) = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    for (proxy, code, error, words) in [
        (
            format!("http://{refused}"),
            7,
            "AR0507",
            format!("no connection to the proxy http://{refused} on the way to localhost:"),
        ),
        (
            format!("http://{}.example", "a".repeat(64)),
            7,
            "AR0507",
            "the name has no address".to_owned(),
        ),
        (
            format!("https://127.0.0.1:{plain}"),
            1,
            "AR0512",
            format!("the proxy https://127.0.0.1:{plain} does not speak TLS"),
        ),
    ] {
        let mut command = platform.command();
        ends(&get(command.env("ASSIST_RULES_PROXY", &proxy)), code, error, &[&words]);
    }
    assert_eq!(platform.front.accepted(), 0, "nothing went past a proxy");
}

/// FIELD C3: a write meets the same proxy, with the same exit code.
#[test]
fn an_update_through_a_proxy_that_opens_no_tunnel_ends_as_a_read_does() {
    let platform = Platform::new(Made::Well);
    for (answer, code, outcome, error) in [
        ("HTTP/1.1 407 Who are you\r\n\r\n", 8, "denied", "AR0521"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", 1, "failed", "AR0522"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", 7, "deferred", "AR0507"),
    ] {
        let proxy = TestProxy::new(Answer::Bytes(answer));
        let mut command = platform.command();
        command.env("ASSIST_RULES_PROXY", proxy.url());
        let ran = run(command.args(["update", "--name", "X", "-o", "json", "--deadline", "2s"]));
        let change = &document(&ran)["changes"][0];
        assert_eq!(
            (ran.code, change["outcome"].as_str(), change["error"]["code"].as_str()),
            (Some(code), Some(outcome), Some(error)),
            "{ran}"
        );
    }
}

/// Names a proxy on this machine, at a port.
type Name = fn(&mut Command, u16);

/// FIELD C3: the tunnel is used, with the login, however the proxy is named.
#[test]
fn requests_go_through_the_proxy_that_is_named() {
    let platform = Platform::new(Made::Well);
    let gc = |port: u16| {
        format!(
            "[default]\nproxy_protocol = 'http'\nproxy_host = '127.0.0.1'\nproxy_port = '{port}'\nproxy_username = 'user'\n\
             proxy_password = 'let-me-out'\n"
        )
    };
    let ways: [(&str, Name); 3] = [
        ("GENESYSCLOUD_PROXY_…", |command, port| {
            command
                .env("GENESYSCLOUD_PROXY_HOST", "127.0.0.1")
                .env("GENESYSCLOUD_PROXY_PORT", port.to_string())
                .env("GENESYSCLOUD_PROXY_PROTOCOL", "HTTP")
                .env("GENESYSCLOUD_PROXY_AUTH_USERNAME", "user")
                .env("GENESYSCLOUD_PROXY_AUTH_PASSWORD", "let-me-out");
        }),
        ("proxy", |command, port| {
            command.env("ASSIST_RULES_PROXY", format!("http://user:let-me-out@127.0.0.1:{port}"));
        }),
        ("the gc profile", |_, _| ()),
    ];
    for (way, name) in ways {
        let proxy = TestProxy::new(Answer::Tunnel);
        let mut command = platform.command();
        name(&mut command, proxy.port);
        if way == "the gc profile" {
            file(&command, ".gc/config.toml", gc(proxy.port));
        }
        let ran = get(&mut command);
        assert_eq!(ran.code, Some(0), "{way}: {ran}");
        let heads = proxy.heads();
        assert!(!heads.is_empty(), "{way}");
        for head in heads {
            assert!(
                head.starts_with(&format!("CONNECT localhost:{} ", platform.front.port)),
                "{head}"
            );
            assert!(
                head.contains("\r\nproxy-authorization: Basic dXNlcjpsZXQtbWUtb3V0\r\n"),
                "{head}"
            );
        }
    }
}

/// FIELD C3: `HTTPS_PROXY` and `NO_PROXY`, for a host that is not this machine.
#[test]
fn the_proxy_of_the_environment_is_asked_for_all_hosts_but_those_of_no_proxy() {
    for (no_proxy, asked) in [("", true), ("other.example", true), (".invalid", false), ("*", false)] {
        let proxy = TestProxy::new(Answer::Bytes("HTTP/1.1 403 Forbidden\r\n\r\n"));
        let mut command = pointed_at("https://api.invalid");
        command
            .env("ASSIST_RULES_CA_FILE", Authority::new().file())
            .env("HTTPS_PROXY", proxy.url())
            .env("NO_PROXY", no_proxy);
        let ran = get(&mut command);
        assert_eq!(
            (ran.code, proxy.heads().is_empty()),
            (Some(if asked { 1 } else { 7 }), !asked),
            "{ran}"
        );
        assert_eq!(ran.stdout.contains("the proxy http://"), asked, "{ran}");
    }
}

/// FIELD C3: a proxy that cannot be used is refused with the key's name, and nothing goes past it.
#[test]
fn a_proxy_that_cannot_be_used_is_refused_by_name() {
    let platform = Platform::new(Made::Well);
    let host = ("GENESYSCLOUD_PROXY_HOST", "p.example");
    for (variables, key) in [
        (&[("HTTPS_PROXY", "htpp://p:3128")][..], "`HTTPS_PROXY`"),
        (&[("HTTPS_PROXY", "socks5://p:1080")], "`HTTPS_PROXY`"),
        (&[("https_proxy", "http://p:99999")], "`https_proxy`"),
        (&[("ALL_PROXY", "ftp://p")], "`ALL_PROXY`"),
        (&[("ASSIST_RULES_PROXY", "socks5://user:let-me-out@p")], "`proxy`"),
        (
            &[("GENESYSCLOUD_PROXY_HOST", "http://p.example")],
            "`GENESYSCLOUD_PROXY_HOST`",
        ),
        (
            &[("GENESYSCLOUD_PROXY_HOST", "user:let-me-out@p")],
            "`GENESYSCLOUD_PROXY_HOST`",
        ),
        (
            &[host, ("GENESYSCLOUD_PROXY_PROTOCOL", "socks5")],
            "`GENESYSCLOUD_PROXY_PROTOCOL`",
        ),
        (
            &[host, ("GENESYSCLOUD_PROXY_PORT", "70000")],
            "`GENESYSCLOUD_PROXY_PORT`",
        ),
        (&[host, ("GENESYSCLOUD_PROXY_PORT", "0")], "`GENESYSCLOUD_PROXY_PORT`"),
        (&[("GENESYSCLOUD_PROXY_PORT", "3128")], "`GENESYSCLOUD_PROXY_PORT`"),
        (
            &[host, ("GENESYSCLOUD_PROXY_AUTH_USERNAME", "u")],
            "`GENESYSCLOUD_PROXY_AUTH_USERNAME`",
        ),
    ] {
        let is_of_environment = variables[0].0.to_lowercase().ends_with("s_proxy") || variables[0].0 == "ALL_PROXY";
        let is_ours = variables[0].0 == "ASSIST_RULES_PROXY";
        // The environment's own proxies are for other machines only.
        let mut command = if is_of_environment && !is_ours {
            pointed_at("https://api.invalid")
        } else {
            platform.command()
        };
        let ran = get(command.envs(variables.iter().copied()));
        ends(&ran, 64, "AR0602", &["the environment", key]);
        assert!(!ran.to_string().contains("let-me-out"), "{ran}");
    }
    let mut command = platform.command();
    file(
        &command,
        ".gc/config.toml",
        "[default]\nproxy_host = 'p'\nproxy_port = '99999'\n",
    );
    ends(&get(&mut command), 64, "AR0602", &["the gc profile", "`proxy_port`"]);
    assert_eq!(platform.front.accepted(), 0);
}

/// FIELD C3 with tinyproxy: its login, a wrong one, none, and a port that it lets nobody reach.
#[cfg(unix)]
#[test]
fn a_stock_tinyproxy_lets_in_who_has_a_login_and_is_named_when_it_does_not() {
    use crate::proxies::Tinyproxy;

    let platform = Platform::new(Made::Well);
    let test = "a_stock_tinyproxy_lets_in_who_has_a_login_and_is_named_when_it_does_not";
    let Some(proxy) = Tinyproxy::start(platform.front.port, test) else {
        return;
    };
    let through = |command: &mut Command, password: Option<&str>| {
        command
            .env("GENESYSCLOUD_PROXY_HOST", "127.0.0.1")
            .env("GENESYSCLOUD_PROXY_PORT", proxy.port().to_string());
        if let Some(password) = password {
            command
                .env("GENESYSCLOUD_PROXY_AUTH_USERNAME", "user")
                .env("GENESYSCLOUD_PROXY_AUTH_PASSWORD", password);
        }
        get(command)
    };
    let ran = through(&mut platform.command(), Some("let-me-out"));
    assert_eq!(ran.code, Some(0), "{ran}");
    ends(
        &through(&mut platform.command(), None),
        8,
        "AR0521",
        &["wants a login", "(407)"],
    );
    let wrong = through(&mut platform.command(), Some("wrong"));
    ends(&wrong, 8, "AR0521", &["refused the login that it was given", "(401)"]);
    // Over plain http the proxy answers in the platform's place.
    let sandbox = crate::sandbox::Sandbox::sample();
    let mut plain = crate::journeys::against(&sandbox);
    ends(&through(&mut plain, None), 8, "AR0521", &["answered 407"]);
    let mut elsewhere = pointed_at("https://localhost:1");
    elsewhere.env("ASSIST_RULES_CA_FILE", &platform.ca_file);
    ends(
        &through(&mut elsewhere, Some("let-me-out")),
        1,
        "AR0522",
        &["refuses to connect to localhost:1"],
    );
}
