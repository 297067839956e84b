//! Certificates that are trusted or not, over real TLS on this machine.

use std::net::SocketAddr;

use super::{Platform, answering, ends, get, pointed_at};
use crate::binary::run;
use crate::journeys::{document, file};
use crate::sandbox::Sandbox;
use crate::secure::{Authority, Made, TlsFront};

/// FIELD C4: each fault of a certificate, over real TLS on this machine.
#[test]
fn a_certificate_that_is_not_trusted_is_told_by_its_fault() {
    let authorities = [
        "`ca_file` (ASSIST_RULES_CA_FILE)",
        "SSL_CERT_FILE",
        "the system's own store",
    ];
    let other = Authority::new().file();
    for (made, ca_file, code, words) in [
        (Made::Well, None, 0, &[][..]),
        (Made::BySelf, None, 0, &[]),
        (
            Made::Expired,
            None,
            1,
            &[
                "the certificate of localhost:",
                "has expired on 2002-01-01",
                "clock says 20",
            ],
        ),
        (
            Made::NotYetValid,
            None,
            1,
            &["is not valid yet, but from 2901-01-01", "clock says 20"],
        ),
        (
            Made::ForAnotherName,
            None,
            1,
            &["that localhost:", "is for other.example.com"],
        ),
        (
            Made::Well,
            Some(&other),
            1,
            &["signed by an authority that is not trusted here"],
        ),
        (
            Made::BySelfAsAuthority,
            None,
            1,
            &["shows the certificate of an authority"],
        ),
    ] {
        let platform = Platform::new(made);
        let mut command = platform.command();
        if let Some(file) = ca_file {
            command.env("ASSIST_RULES_CA_FILE", file);
        }
        let ran = get(&mut command);
        if code == 0 {
            assert_eq!(ran.code, Some(0), "{made:?} {ran}");
            continue;
        }
        ends(&ran, code, "AR0512", words);
        assert_eq!(platform.front.accepted(), 1, "no try mends it");
        let human = run(platform
            .command()
            .env("ASSIST_RULES_CA_FILE", ca_file.unwrap_or(&platform.ca_file))
            .arg("get"));
        if made == Made::Well {
            for way in authorities {
                assert!(human.stderr.contains(way), "{human}");
            }
        }
        assert!(human.stderr.contains("\n  help: "), "{human}");
        assert!(platform.sandbox.emulator.requests().is_empty());
    }
}

/// FIELD C4: the store of the system counts on this machine too.
#[cfg(target_os = "linux")]
#[test]
fn the_authority_that_ssl_cert_file_names_is_trusted_here() {
    let platform = Platform::new(Made::Well);
    let ran = get(pointed_at(&platform.front.url()).env("SSL_CERT_FILE", platform.authority.file()));
    assert_eq!(ran.code, Some(0), "{ran}");
}

/// FIELD C4: a file that is none of certificates, with its path and what it is.
#[test]
fn a_ca_file_that_is_none_is_told_with_what_it_is() {
    let platform = Platform::new(Made::Well);
    let empty = platform.ca_file.with_file_name("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let key = platform.authority.makes(Made::Well).key_file();
    for (path, is) in [
        (platform.authority.der_file(), "is DER"),
        (key, "is a private key"),
        (empty, "is empty"),
        (platform.ca_file.with_file_name("absent.pem"), "cannot read"),
    ] {
        let ran = get(platform.command().env("ASSIST_RULES_CA_FILE", &path));
        let path = path.display().to_string();
        ends(&ran, 64, "AR0602", &["`ca_file`", &path, is]);
    }
}

/// FIELD C4: `ca_file` counts for webhooks too.
#[test]
fn a_webhook_of_an_own_authority_is_reached_with_its_ca_file() {
    let (sandbox, authority) = (Sandbox::sample(), Authority::new());
    let (receiver, _) = answering(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    let front = TlsFront::new(
        &authority.makes(Made::Well),
        SocketAddr::from(([127, 0, 0, 1], receiver)),
    );
    let other = Authority::new().file();
    for (ca_file, code, delivered) in [(other, 10, 0), (authority.file(), 0, 1)] {
        let mut command = crate::journeys::against(&sandbox);
        let sink = format!(
            "[[sinks]]\nkind = \"webhook\"\nname = \"told\"\nurl = \"{}\"\nsecrets_from = [\"env:CHAT\"]\nallow_private = true\n",
            front.url()
        );
        let config = file(&command, "own.toml", sink);
        command
            .env("ASSIST_RULES_CA_FILE", ca_file)
            .env("CHAT", format!("whsec_{}", "k".repeat(32)))
            .arg("--config")
            .arg(config);
        let name = format!("Ours {code}");
        let ran = run(command.args(["update", "-o", "json", "--name", &name]));
        let found = document(&ran);
        assert_eq!(
            (ran.code, found["delivery"]["delivered"].as_u64()),
            (Some(code), Some(delivered)),
            "{ran}"
        );
        let is_named = ran.stderr.contains("signed by an authority that is not trusted here");
        assert_eq!(is_named, delivered == 0, "{ran}");
    }
}

/// FIELD C4: a clock that is wrong is named, with the time that it tells.
#[cfg(target_os = "linux")]
#[test]
fn a_clock_that_is_years_off_is_named() {
    use crate::binary::{at_clock, has_faketime};

    if !has_faketime("a_clock_that_is_years_off_is_named") {
        return;
    }
    let platform = Platform::new(Made::Well);
    for (clock, words) in [
        (
            "2019-06-01 12:00:00",
            "is not valid yet, but from 2020-01-01 00:00 UTC: this machine's clock says 2019-06-01",
        ),
        ("2019-12-31 12:00:00", "this machine's clock says 2019-12-31"),
    ] {
        let mut command = at_clock(clock, &platform.command());
        ends(&get(&mut command), 1, "AR0512", &[words]);
    }
}
