//! The configuration as it counts: which value, and who set it.

use serde_json::{Value, json};

use super::{against, document, file};
use crate::{binary::run, sandbox::Sandbox};

#[test]
fn each_key_is_shown_with_the_layer_that_set_it_and_no_secret() {
    let sandbox = Sandbox::sample();
    let command = || {
        let mut command = against(&sandbox);
        command.args(["config", "show", "--deadline", "90s"]);
        command
    };
    let mut json = command();
    file(&json, "assist-rules.toml", "log = \"debug\"\ndeadline = \"5s\"\n");
    let ran = run(json
        .args(["-o", "json"])
        .env("ASSIST_RULES_PROXY", "http://ann:hunter22@127.0.0.1:9"));
    let shown = document(&ran);
    assert_eq!((ran.code, &shown["kind"]), (Some(0), &json!("settings")), "{ran}");
    let of = |key: &str| {
        let keys = shown["keys"].as_array().unwrap();
        let found = keys.iter().find(|shown| shown["key"] == key).unwrap();
        [found["value"].clone(), found["layer"].clone()]
    };
    assert_eq!(of("client_secret"), [json!("(set)"), json!("the environment")]);
    assert_eq!(
        of("proxy"),
        [json!("http://(set)@127.0.0.1:9"), json!("the environment")]
    );
    assert_eq!(of("deadline"), [json!("90000ms"), json!("the flags")]);
    assert_eq!(of("log"), [json!("debug"), json!("`assist-rules.toml`")]);
    assert_eq!(of("attempt_timeout"), [json!("15s"), json!("defaults")]);
    assert_eq!(of("region"), [Value::Null, Value::Null]);
    let secret = emulator::SANDBOX_CLIENT_SECRET;
    assert!(
        !ran.stdout.contains(secret) && !ran.stdout.contains("hunter22"),
        "{ran}"
    );

    let ran = run(&mut command());
    assert!(
        ran.stdout.contains("client_secret      (set)  from the environment"),
        "{ran}"
    );
    assert!(!ran.stdout.contains(secret), "{ran}");
}
