//! `assist-rules sandbox` as a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::flat_json;
use crate::cli;

/// A running sandbox; it ends when dropped.
pub(crate) struct Sandbox {
    process: Child,
    /// Base URL of the API.
    pub(crate) api_url: String,
    /// Base URL of the sign-in.
    pub(crate) login_url: String,
    /// The OAuth client that it knows.
    pub(crate) client_id: String,
    /// The secret of this client.
    pub(crate) client_secret: String,
    /// The sample rule.
    pub(crate) rule_id: String,
}

impl Sandbox {
    /// Starts it on a free port and waits until it says where.
    ///
    /// # Errors
    ///
    /// If it does not start, or does not say so in one line of JSON.
    pub(crate) fn start(binary: &Path, state: &Path) -> Result<Self> {
        Self::with(binary, state, &[])
    }

    /// The same with so many made rules.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::start`].
    pub(crate) fn with_rules(binary: &Path, state: &Path, rules: usize) -> Result<Self> {
        Self::with(binary, state, &["--rules", &rules.to_string()])
    }

    /// The same with the rules in the files of a folder, a script of faults, and no rate limit that is felt.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::start`].
    pub(crate) fn with_rules_of(binary: &Path, state: &Path, folder: &Path, faults: &Path) -> Result<Self> {
        let [folder, faults] = [folder, faults].map(Path::to_str);
        let (folder, faults) = folder.zip(faults).context("a path has no name in UTF-8")?;
        let arguments = [
            "--rules",
            folder,
            "--faults",
            faults,
            "--requests-per-minute",
            "1000000",
        ];
        Self::with(binary, state, &arguments)
    }

    /// The same with the documents in the files of a folder.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::start`].
    pub(crate) fn with_documents_of(binary: &Path, state: &Path, folder: &Path) -> Result<Self> {
        let folder = folder.to_str().context("a path has no name in UTF-8")?;
        Self::with(binary, state, &["--rules", folder])
    }

    fn with(binary: &Path, state: &Path, arguments: &[&str]) -> Result<Self> {
        let mut sandbox = Command::new(binary);
        sandbox
            .args(["sandbox", "--listen", "127.0.0.1:0", "-o", "json"])
            .args(arguments);
        cli::forget_credentials(&mut sandbox);
        let mut process = sandbox
            .env("ASSIST_RULES_STATE_DIR", state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the sandbox")?;
        let output = process.stdout.take();
        let mut sandbox = Self {
            process,
            api_url: String::new(),
            login_url: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            rule_id: String::new(),
        };
        let mut line = String::new();
        BufReader::new(output.context("cannot read what the sandbox prints")?)
            .read_line(&mut line)
            .context("cannot read what the sandbox prints")?;
        let text = |member| flat_json::text(&line, member).map(str::to_owned);
        sandbox.api_url = text("api_url")?;
        sandbox.login_url = text("login_url")?;
        sandbox.client_id = text("client_id")?;
        sandbox.client_secret = text("client_secret")?;
        sandbox.rule_id = text("rule_id")?;
        Ok(sandbox)
    }
}

impl Sandbox {
    /// The program, pointed at the sandbox and at nothing else, with a home of its own.
    pub(crate) fn client(&self, binary: &Path, home: &Path) -> Command {
        let mut client = Command::new(binary);
        cli::forget_credentials(&mut client);
        for elsewhere in [
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "http_proxy",
            "https_proxy",
            "all_proxy",
        ] {
            client.env_remove(elsewhere);
        }
        client
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("ASSIST_RULES_STATE_DIR", home.join("state"))
            .env("ASSIST_RULES_API_URL", &self.api_url)
            .env("ASSIST_RULES_LOGIN_URL", &self.login_url)
            .env("GENESYSCLOUD_OAUTHCLIENT_ID", &self.client_id)
            .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", &self.client_secret);
        client
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("cannot end the sandbox: {error}");
        }
    }
}
