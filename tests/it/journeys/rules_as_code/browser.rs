//! A saved plan in a browser: its rows are there, its style counts, and it asks for nothing.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::json;

use super::Repository;
use crate::binary::{new_home, run};

/// The browser; none, and it says so, where there is none.
fn chromium(test: &str) -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        ports::testing::skip(test, "it needs a browser (Debian: chromium)");
    }
    found
}

/// A page on this machine, and the paths that were asked for.
fn served(page: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = asked.clone();
    let own = address.clone();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (page, seen) = (page.replace("HERE/", &own), seen.clone());
            // Why a thread each: a browser opens connections on which it asks nothing.
            thread::spawn(move || {
                let mut head = [0; 4096];
                let length = stream.read(&mut head).unwrap_or(0);
                let head = String::from_utf8_lossy(&head[..length]).into_owned();
                let Some(path) = head.split(' ').nth(1) else { return };
                seen.lock().unwrap().push(path.to_owned());
                let length = page.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
                );
                drop(stream.write_all(answer.as_bytes()));
            });
        }
    });
    (address, asked)
}

/// The document that a browser makes of a page, and what it says about it.
fn opened(browser: &Path, address: &str) -> (String, String) {
    let profile = new_home();
    let mut command = Command::new(browser);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        .args(["--enable-logging=stderr", "--timeout=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(address)
        .current_dir(&profile)
        .env("HOME", &profile);
    let ran = run(&mut command);
    assert_eq!(ran.code, Some(0), "{ran}");
    (ran.stdout, ran.stderr)
}

#[test]
fn a_plan_in_a_browser_has_its_rows_and_asks_for_nothing() {
    let Some(browser) = chromium("a_plan_in_a_browser_has_its_rows_and_asks_for_nothing") else {
        return;
    };
    let repository = Repository::of(3);
    let name = "<img src=HERE/leak> <script>document.title = 'run'</script> <link rel=stylesheet href=HERE/leak>";
    repository.edit("r1", |rule| {
        rule["name"] = json!(name);
        rule["description"] = json!("\"><iframe src=HERE/leak></iframe><style>@import url(HERE/leak)</style>");
        rule["enabled"] = json!(false);
    });
    repository.rename(&["r2"], "New");
    repository.plan();
    let page = repository.run(&["show", "p.plan", "-o", "html"]);
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""), "{page}");
    let (address, asked) = served(page.stdout);
    let (document, log) = opened(&browser, &address);
    assert_eq!(*asked.lock().unwrap(), ["/"], "{document}");
    // Why: a browser reports what a policy refuses, a style that it does not know included.
    for complaint in ["Content Security Policy", "Refused to", "CONSOLE"] {
        assert!(!log.contains(complaint), "{log}");
    }
    let rows = document.matches("<tr><td>update</td><th scope=\"row\"").count();
    assert_eq!(rows, 2, "{document}");
    assert!(
        document.contains("<title>Plan for the organization Sandbox"),
        "{document}"
    );
    assert!(document.contains("<th scope=\"row\">name</th>"), "{document}");
    assert!(document.contains("&lt;img src="), "{document}");
    assert!(
        !document.contains("<img") && !document.contains("<script"),
        "{document}"
    );
}

/// The same check sees what a page asks for, and what a policy refuses.
#[test]
fn a_page_that_asks_for_something_is_found_out() {
    let Some(browser) = chromium("a_page_that_asks_for_something_is_found_out") else {
        return;
    };
    let (address, asked) = served("<!doctype html><title>x</title><img src=HERE/leak>".to_owned());
    opened(&browser, &address);
    assert!(asked.lock().unwrap().iter().any(|path| path.ends_with("/leak")));
    let policy = "<!doctype html><meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">\
                  <title>x</title><style>p{color:red}</style><img src=HERE/leak>";
    let (address, asked) = served(policy.to_owned());
    let (_, log) = opened(&browser, &address);
    assert_eq!(*asked.lock().unwrap(), ["/"]);
    assert!(log.contains("Content Security Policy"), "{log}");
}

/// A file on a disk is what a reviewer opens.
#[test]
fn the_page_is_one_file() {
    let repository = Repository::of(1);
    repository.rename(&["r1"], "New");
    repository.plan();
    let page = repository.run(&["show", "p.plan", "-o", "html"]).stdout;
    let file = repository.folder.join("p.html");
    fs::write(&file, &page).unwrap();
    assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">\n"), "{page}");
    for absent in ["<script", " src=", "href=\"http", "<link", "@import", "url("] {
        assert!(!page.contains(absent), "{absent}\n{page}");
    }
    let (_, style) = page.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let hash = BASE64_STANDARD.encode(digest(&SHA256, style.as_bytes()));
    let policy = format!("content=\"default-src 'none'; style-src 'sha256-{hash}'\"");
    assert!(page.contains(&policy), "the hash of the style is {hash}\n{page}");
}
