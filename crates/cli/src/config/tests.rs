//! Tables of flags and variables, and the settings that follow from them.

use std::fs;
use std::path::Path;

use clap::Parser;
use genesys_adapter::Credentials;
use secrecy::ExposeSecret;
use sink_adapter::{SinkKind, SinkSettings};

use super::{Environment, Settings, Target, gc, load};
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
        Ok(Target::Organization(at)) => {
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
        (
            &[],
            &[ID, SECRET, REGION, ("GENESYSCLOUD_GATEWAY_PORT", "8443")],
            "AR0602 the environment: `GENESYSCLOUD_GATEWAY_PORT`: there is no `GENESYSCLOUD_GATEWAY_HOST` that it goes with",
        ),
        (
            &[],
            &[
                ID,
                SECRET,
                REGION,
                ("GENESYSCLOUD_GATEWAY_HOST", "gw.example.com"),
                ("GENESYSCLOUD_GATEWAY_AUTH_PASSWORD", "p"),
            ],
            "AR0602 the environment: `GENESYSCLOUD_GATEWAY_AUTH_PASSWORD`: a gateway that wants a login of its own is not supported",
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
        missing.starts_with("AR0602 `--profile nobody`") && missing.ends_with("no profile of that name"),
        "{missing}"
    );
}

/// FIELD A1 to A3: profiles as `gc` writes them, today and tomorrow.
#[test]
fn a_profile_of_gc_is_read_as_gc_reads_it() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".gc")).unwrap();
    let as_written = "access_token = ''\nclient_credentials = 'id'\nclient_secret = 's'\nenvironment = 'mypurecloud.de'\n\
                      grant_type = '1'\nredirect_uri = ''\nsecure_login_enabled = false\n";
    let frankfurt =
        |name: &str| format!("https://api.mypurecloud.de https://login.mypurecloud.de the gc profile `{name}`");
    let browser = "AR0602 the gc profile `DEFAULT` signs in with a browser; give it a client with client credentials, or \
                   an access token";
    let later = "oauth_token_data = '{\"access_token\": \"t\"}'\nauto_pagination_enabled = true\ninput_format = 'JSON'\n\
                 something = [1, 2]\nelse_enabled = { a = 1 }\n";
    for (flags, text, expected) in [
        (&[][..], format!("[default]\n{as_written}"), frankfurt("DEFAULT")),
        (
            &[],
            format!("\u{feff}[default]\r\n{}", as_written.replace('\n', "\r\n")),
            frankfurt("DEFAULT"),
        ),
        (
            &[],
            format!("logging_enabled = false\nlog_file_path = ''\n[Default]\n{as_written}{later}"),
            frankfurt("DEFAULT"),
        ),
        (
            &["--profile", "Acme.Prod"],
            format!("[default]\nclient_secret = 7\n[acme.prod]\n{as_written}"),
            frankfurt("Acme.Prod"),
        ),
        (
            &["--profile", "acme.prod"],
            format!("['acme.prod']\n{as_written}"),
            frankfurt("acme.prod"),
        ),
        (
            &["--profile", ""],
            format!("[default]\n{as_written}"),
            frankfurt("DEFAULT"),
        ),
        (
            &["--profile", "acme"],
            format!("[acme]\n{as_written}[acme.prod]\nx = 1\n"),
            frankfurt("acme"),
        ),
        (
            &[],
            format!("[default]\n{as_written}").replace("'s'", "'\"s\"'"),
            frankfurt("DEFAULT"),
        ),
        (
            &[],
            format!("[default]\n{as_written}")
                .replace("'s'", "''")
                .replace("'1'", "'2'"),
            browser.to_owned(),
        ),
        (
            &[],
            format!("[default]\n{as_written}")
                .replace("'s'", "''")
                .replace("'1'", "'3'"),
            browser.to_owned(),
        ),
        (
            &[],
            format!("[default]\n{as_written}").replace("'1'", "'3'"),
            frankfurt("DEFAULT"),
        ),
        (
            &[],
            format!("[default]\n{as_written}").replace("'s'", "''"),
            "AR0602 the gc profile `DEFAULT` has a client id and no secret".to_owned(),
        ),
        (
            &[],
            "[default]\naccess_token = ''\n".to_owned(),
            "AR0603 there are no credentials".to_owned(),
        ),
        (&[], String::new(), "AR0603 there are no credentials".to_owned()),
    ] {
        fs::write(home.path().join(".gc").join("config.toml"), &text).unwrap();
        assert_eq!(target(home.path(), flags, &[]), expected, "{text}");
    }
    let nested = "[default]\nx = 1\n[acme.prod]\nx = 1\n[acme.test.east]\nx = 1\n";
    fs::write(home.path().join(".gc").join("config.toml"), nested).unwrap();
    for absent in ["acme", "acme.dev"] {
        let missing = target(home.path(), &["--profile", absent], &[]);
        assert!(missing.ends_with("no profile of that name"), "{missing}");
    }
    let names = gc::profile_names(Some(home.path()));
    assert_eq!(names, ["acme.prod", "acme.test.east", "default"]);
}

/// FIELD A1: what is empty is absent, in a file of ours and in the environment.
#[test]
fn an_empty_value_is_an_absent_one() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("mine.toml");
    fs::write(
        &file,
        "region = \"eu-west-2\"\nclient_id = \"id\"\nclient_secret = \"s\"\naccess_token = \"\"\nproxy = \"\"\n\
         deadline = \"\"\napi_url = \"\"\nca_file = \"\"\nstate_dir = \"\"\nledger = \" \"\n",
    )
    .unwrap();
    let flags = ["--config", file.to_str().unwrap(), "--region", ""];
    let of_file = format!(
        "https://api.euw2.pure.cloud https://login.euw2.pure.cloud `{}`",
        file.display()
    );
    assert_eq!(target(home.path(), &flags, &[]), of_file);
    let empty = [
        "GENESYSCLOUD_ACCESS_TOKEN",
        "ASSIST_RULES_CLIENT_ID",
        "ASSIST_RULES_API_URL",
        "GENESYSCLOUD_REGION",
    ];
    let empty = empty.map(|name| (name, ""));
    assert_eq!(target(home.path(), &flags, &empty), of_file);
    let blank = [("GENESYSCLOUD_ACCESS_TOKEN", " \n"), ID, SECRET, REGION];
    assert!(target(home.path(), &[], &blank).ends_with("the environment"));
}

/// FIELD A6: a credential that cannot be one is refused by the name of its variable, and not shown.
#[test]
fn a_credential_that_is_none_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    for (variable, why) in [
        (
            ("GENESYSCLOUD_ACCESS_TOKEN", "to\nken"),
            "has a line break or another control character in it",
        ),
        (("ASSIST_RULES_ACCESS_TOKEN", "two words"), "has a blank in it"),
        (
            ("GENESYS_OAUTH_CLIENT_SECRET", "Bearer abc"),
            "begins with `Bearer `, as an access token does in a header",
        ),
        (
            ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "s\u{e9}cret"),
            "has a character in it that is not ASCII",
        ),
        (
            ("ASSIST_RULES_CLIENT_ID", "i\td"),
            "has a line break or another control character in it",
        ),
    ] {
        let problem = load_with(home.path(), &[], &[variable]).unwrap_err();
        assert_eq!(problem.code, ErrorCode::Configuration);
        assert_eq!(problem.message, format!("the environment: `{}` {why}", variable.0));
    }
    for token in ["Bearer token-canary", "'token-canary'\r\n", " token-canary "] {
        let variables = [("GENESYSCLOUD_ACCESS_TOKEN", token), REGION];
        let settings = load_with(home.path(), &[], &variables).unwrap();
        let Ok(Target::Organization(at)) = settings.target else {
            panic!("{token}")
        };
        let Credentials::Token(found) = at.credentials else {
            panic!("{token}")
        };
        assert_eq!(found.expose_secret(), "token-canary");
    }
}

/// FIELD A7: where every address is given, no region is in the way.
#[test]
fn addresses_that_are_given_need_no_region() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".gc")).unwrap();
    let profile = "[default]\nclient_credentials = 'id'\nclient_secret = 's'\nenvironment = 'mypurecloud.ie'\n";
    fs::write(home.path().join(".gc").join("config.toml"), profile).unwrap();
    let addresses = [
        ID,
        SECRET,
        ("ASSIST_RULES_API_URL", "http://127.0.0.1:1"),
        ("ASSIST_RULES_LOGIN_URL", "http://127.0.0.1:2"),
    ];
    assert_eq!(
        target(home.path(), &[], &addresses),
        "http://127.0.0.1:1 http://127.0.0.1:2 the environment"
    );
    let [_, _, api, _] = addresses;
    let refused = target(home.path(), &[], &[ID, SECRET, api]);
    assert!(refused.ends_with("both must come from one layer"), "{refused}");
}

/// FIELD A8: `~` is the home folder, wherever a path is configured.
#[test]
fn a_tilde_at_the_start_of_a_path_is_the_home_folder() {
    let home = tempfile::tempdir().unwrap();
    let variables = [
        ("ASSIST_RULES_STATE_DIR", "~/mine"),
        ("ASSIST_RULES_LEDGER", "sqlite:~/record.db"),
    ];
    let settings = load_with(home.path(), &[], &variables).unwrap();
    assert_eq!(settings.state_dir, home.path().join("mine"));
    assert_eq!(settings.ledger.file(), Some(home.path().join("record.db").as_path()));
    let file = home.path().join("mine.toml");
    let sinks = "[[sinks]]\nkind = \"directory\"\nname = \"a\"\npath = \"~/rules\"\n";
    fs::write(&file, sinks).unwrap();
    let settings = load_with(home.path(), &["--config", file.to_str().unwrap()], &[]).unwrap();
    let sinks = settings.sinks.unwrap();
    let [
        SinkSettings {
            kind: SinkKind::Directory { path },
            ..
        },
    ] = sinks.usable.as_slice()
    else {
        panic!("{sinks:?}")
    };
    assert_eq!(path, &home.path().join("rules"));
    let refused = load_with(home.path(), &[], &[("ASSIST_RULES_LEDGER", "sqlite::memory:")]).unwrap_err();
    assert!(
        refused.message.contains("`ledger`: `sqlite::memory:` is no file"),
        "{}",
        refused.message
    );
}

/// FIELD A4: what a profile says of a gateway is where both base URLs are, or is refused by the key's name.
#[test]
fn the_gateway_of_a_gc_profile_is_used_or_refused() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".gc")).unwrap();
    let of_profile = "the gc profile `DEFAULT`";
    let refused = |key: &str, why: &str| format!("AR0602 {of_profile}: `{key}`: {why}");
    let no_login = "a gateway that wants a login of its own is not supported";
    for (gateway, expected) in [
        (
            "gateway_host = ''\ngateway_port = ''\ngateway_pathparams = ''",
            format!("https://api.mypurecloud.ie https://login.mypurecloud.ie {of_profile}"),
        ),
        (
            "gateway_host = 'gw.example'\ngateway_pathparams = '{login: /loginpath, api: /apipath}'",
            format!("https://gw.example/apipath https://gw.example/loginpath {of_profile}"),
        ),
        (
            "gateway_protocol = 'https'\ngateway_host = 'gw.example'\ngateway_port = '8443'",
            format!("https://gw.example:8443 https://gw.example:8443 {of_profile}"),
        ),
        (
            "gateway_host = 'gw.example'\ngateway_username = 'u'",
            refused("gateway_username", no_login),
        ),
        (
            "gateway_host = 'gw.example'\ngateway_password = 'p'",
            refused("gateway_password", no_login),
        ),
        (
            "gateway_port = '8443'",
            refused("gateway_port", "there is no `gateway_host` that it goes with"),
        ),
        (
            "gateway_pathparams = '{api: /a}'",
            refused("gateway_pathparams", "there is no `gateway_host` that it goes with"),
        ),
        (
            "gateway_host = 'gw.example'\ngateway_pathparams = '/a'",
            refused(
                "gateway_pathparams",
                "the paths are written `{login: /loginpath, api: /apipath}`",
            ),
        ),
        (
            "gateway_protocol = 'http'\ngateway_host = 'gw.example'",
            refused(
                "gateway_protocol",
                "`http://gw.example` would send the token in clear: https is needed, and http is allowed on loopback only",
            ),
        ),
        (
            "gateway_protocol = 'ftp'\ngateway_host = 'gw.example'",
            refused(
                "gateway_protocol",
                "`ftp` is no scheme of a gateway that can be used: `http` and `https` are",
            ),
        ),
        (
            "gateway_host = 'gw.example'\ngateway_port = '99999'",
            refused("gateway_port", "`99999` is no port: it is a number from 1 to 65535"),
        ),
    ] {
        let profile = format!(
            "[default]\nenvironment = 'mypurecloud.ie'\nclient_credentials = 'id'\nclient_secret = 's'\n{gateway}\n"
        );
        fs::write(home.path().join(".gc").join("config.toml"), profile).unwrap();
        assert_eq!(target(home.path(), &[], &[]), expected, "{gateway}");
    }
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
    assert!(matches!(settings.target, Ok(Target::Organization(_))));
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
