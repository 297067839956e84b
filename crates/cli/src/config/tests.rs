//! Tables of flags and variables, and the settings that follow from them.

use std::fs;
use std::path::Path;

use clap::Parser;

use super::{Environment, Settings, Target, load};
use crate::args::Cli;
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

/// Loads the configuration of these flags and variables, in a home of its own.
fn load_with(home: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Result<Settings, CliError> {
    let command_line = ["assist-rules", "list"].iter().chain(flags);
    let cli = Cli::parse_from(command_line);
    let home = ("HOME".to_owned(), home.display().to_string());
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load(&cli.global, &variables.chain([home]).collect::<Environment>())
}

/// The target in a line, or the error's words.
fn target(home: &Path, flags: &[&str], variables: &[(&str, &str)]) -> String {
    let settings = load_with(home, flags, variables);
    match settings.and_then(|settings| settings.target) {
        Err(problem) => format!("{} {}", problem.code, problem.message),
        Ok(Target::Sandbox) => "sandbox".to_owned(),
        Ok(Target::Organisation(at)) => {
            let login = at.login.map_or("-".to_owned(), |login| login.to_string());
            format!("{} {login} {}", at.api, at.from)
        }
    }
}

const ID: (&str, &str) = ("GENESYSCLOUD_OAUTHCLIENT_ID", "id");
const SECRET: (&str, &str) = ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "secret-canary");
const REGION: (&str, &str) = ("GENESYSCLOUD_REGION", "eu_central_1");

#[test]
fn the_target_comes_of_the_layers() {
    let home = tempfile::tempdir().unwrap();
    let local = ("ASSIST_RULES_API_URL", "http://127.0.0.1:1");
    let local_login = ("ASSIST_RULES_LOGIN_URL", "http://127.0.0.1:2");
    let token = ("GENESYSCLOUD_ACCESS_TOKEN", "token-canary");
    let frankfurt = "https://api.mypurecloud.de https://login.mypurecloud.de the environment";
    for (flags, variables, expected) in [
        (&[][..], &[ID, SECRET, REGION][..], frankfurt),
        (
            &[],
            &[
                ("GENESYS_OAUTH_CLIENT_ID", "id"),
                ("GENESYS_OAUTH_CLIENT_SECRET", "s"),
                REGION,
            ],
            frankfurt,
        ),
        (&["--region", "mypurecloud.de"], &[ID, SECRET], frankfurt),
        (
            &[],
            &[ID, SECRET, local, local_login],
            "http://127.0.0.1:1 http://127.0.0.1:2 the environment",
        ),
        (&[], &[token, local], "http://127.0.0.1:1 - the environment"),
        (&["--sandbox"], &[ID, SECRET, REGION], "sandbox"),
        (&[], &[("ASSIST_RULES_SANDBOX", "true")], "sandbox"),
        (&[], &[], "AR0603 there are no credentials"),
        (&[], &[ID], "AR0602 the environment has a client id and no secret"),
        (
            &[],
            &[ID, SECRET],
            "AR0602 the environment has credentials and no region, so the API address is not known",
        ),
        (
            &[],
            &[token, ("ASSIST_RULES_API_URL", "http://example.com")],
            "AR0602 the environment: `api_url`: `http://example.com` would send the token in clear: https is needed, and http is allowed on loopback only",
        ),
        (
            &[],
            &[("ASSIST_RULES_APIURL", "x")],
            "AR0602 the environment (`ASSIST_RULES_APIURL`) has the unknown key `apiurl`",
        ),
        (
            &[],
            &[("ASSIST_RULES_DEADLINE", "soon")],
            "AR0602 the environment: `deadline`: `soon` is no time: write 90s, 2m or 1m 30s",
        ),
        (
            &[],
            &[
                ID,
                SECRET,
                ("GENESYSCLOUD_GATEWAY_HOST", "gw.example.com"),
                ("GENESYSCLOUD_GATEWAY_PATH_NAME", "login"),
                ("GENESYSCLOUD_GATEWAY_PATH_VALUE", "auth"),
            ],
            "https://gw.example.com https://gw.example.com/auth the environment",
        ),
    ] {
        assert_eq!(
            target(home.path(), flags, variables),
            expected,
            "{flags:?} {variables:?}"
        );
    }
}

#[test]
fn a_gc_profile_is_a_layer() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".gc")).unwrap();
    let profiles = "[DEFAULT]\nenvironment = \"mypurecloud.ie\"\nclient_credentials = \"id\"\nclient_secret = \"s\"\n\
                    [prod]\nenvironment = \"us-west-2\"\naccess_token = \"t\"\n";
    fs::write(home.path().join(".gc").join("config.toml"), profiles).unwrap();
    for (flags, variables, expected) in [
        (
            &[][..],
            &[][..],
            "https://api.mypurecloud.ie https://login.mypurecloud.ie the gc profile `DEFAULT`",
        ),
        (
            &["--profile", "prod"],
            &[ID, SECRET, REGION],
            "https://api.usw2.pure.cloud https://login.usw2.pure.cloud the gc profile `prod`",
        ),
        (
            &[],
            &[ID, SECRET, REGION],
            "https://api.mypurecloud.de https://login.mypurecloud.de the environment",
        ),
        (
            &[],
            &[REGION],
            "AR0602 the environment names the region eu-central-1, and the credentials come from the gc profile `DEFAULT`: both must come from one layer",
        ),
    ] {
        assert_eq!(
            target(home.path(), flags, variables),
            expected,
            "{flags:?} {variables:?}"
        );
    }
    let missing = target(home.path(), &["--profile", "nobody"], &[]);
    assert!(
        missing.starts_with("AR0602 `--profile nobody`") && missing.ends_with("the profiles DEFAULT, prod"),
        "{missing}"
    );
}

#[test]
fn a_named_file_may_say_everything_and_a_wrong_key_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    let flags = ["--config", file.to_str().unwrap()];
    fs::write(
        &file,
        "region = \"eu-west-2\"\nclient_id = \"id\"\nclient_secret = \"s\"\ndeadline = \"5s\"\n",
    )
    .unwrap();
    let settings = load_with(home.path(), &flags, &[]).unwrap();
    assert_eq!(settings.deadline.as_secs(), 5);
    assert!(matches!(settings.target, Ok(Target::Organisation(_))));
    fs::write(&file, "dedline = \"5s\"\n").unwrap();
    let problem = load_with(home.path(), &flags, &[]).unwrap_err();
    assert_eq!(problem.code, ErrorCode::Configuration);
    assert!(
        problem.message.contains("mine.toml") && problem.message.ends_with("unknown key `dedline`"),
        "{}",
        problem.message
    );
    assert_eq!(problem.help.as_deref(), Some("did you mean `deadline`?"));
}

#[test]
fn no_secret_is_in_debug() {
    let home = tempfile::tempdir().unwrap();
    let settings = load_with(
        home.path(),
        &[],
        &[ID, SECRET, REGION, ("GENESYSCLOUD_PROXY_HOST", "p")],
    )
    .unwrap();
    assert!(!format!("{settings:?}").contains("secret-canary"));
}
