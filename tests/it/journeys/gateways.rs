//! A gateway that a profile of the gc CLI names: everything goes to it, the client's secret too.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    thread,
};

use emulator::SAMPLE_RULE_ID;

use super::file;
use crate::binary::{assist_rules, run};

/// A gateway that signs everybody in, has nothing else, and passes on the first line of each request. Its port.
fn gateway() -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let mut lines = client.by_ref().lines().map_while(Result::ok);
            let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
            let length = head.iter().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse().unwrap())
            });
            client.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
            let first = head.first().cloned().unwrap_or_default();
            let (status, body) = if first.contains("/oauth/token") {
                (
                    "200 OK",
                    "{\"access_token\":\"t\",\"token_type\":\"bearer\",\"expires_in\":3600}",
                )
            } else {
                (
                    "404 Not Found",
                    "{\"message\":\"nothing is here\",\"code\":\"not.found\",\"status\":404}",
                )
            };
            write!(
                client.get_mut(),
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            if sender.send(first).is_err() {
                return;
            }
        }
    });
    (port, receiver)
}

/// FIELD A4: the login goes to the gateway's path for it, and the API to its own; nothing goes to the region's hosts.
#[test]
fn everything_goes_to_the_gateway_of_the_profile() {
    let (port, asked) = gateway();
    let mut command = assist_rules();
    let profile = format!(
        "[default]\naccess_token = ''\nclient_credentials = 'id'\nclient_secret = 'a-secret-of-this-test'\n\
         environment = 'mypurecloud.de'\ngateway_protocol = 'http'\ngateway_host = '127.0.0.1'\ngateway_port = '{port}'\n\
         gateway_username = ''\ngateway_password = ''\n\
         gateway_pathparams = '{{login: /loginpath, api: /apipath}}'\n"
    );
    file(&command, ".gc/config.toml", profile);
    let ran = run(command.args(["get", SAMPLE_RULE_ID]));
    assert_eq!(ran.code, Some(1), "{ran}");
    let lines: Vec<String> = asked.try_iter().collect();
    let (login, api) = lines.split_first().unwrap();
    assert!(login.starts_with("POST /loginpath/oauth/token "), "{lines:?}");
    let rule = format!("GET /apipath/api/v2/agent-assist/trigger-rules/{SAMPLE_RULE_ID} ");
    assert!(api.iter().any(|line| line.starts_with(&rule)), "{lines:?}");
    assert!(api.iter().all(|line| line.starts_with("GET /apipath/")), "{lines:?}");
}
