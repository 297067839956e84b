//! The global options: every command takes them, and its help shows those that have an effect on it.
#![expect(clippy::doc_markdown, reason = "these comments are the help text that is printed")]

use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, Args, Command, ValueEnum};

use super::{Format, duration};

/// Flags that mean the same everywhere.
#[derive(Args, Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Global {
    /// The output format
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Human, help_heading = "Global options")]
    pub(crate) output: Format,
    /// A profile of the gc CLI, for credentials and region
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub(crate) profile: Option<String>,
    /// The region: its AWS name (eu-central-1) or its domain (mypurecloud.de)
    #[arg(
        long,
        global = true,
        value_name = "REGION",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub(crate) region: Option<String>,
    /// A configuration file, in place of ./assist-rules.toml
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Use the built-in Genesys Cloud instead of a real one
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) sandbox: bool,
    /// Put the sandbox back to its sample rule first
    #[arg(long, global = true, hide_short_help = true, help_heading = "Global options")]
    pub(crate) reset_sandbox: bool,
    /// The organization of the sandbox: each has other ids, and the same names
    #[arg(long, global = true, value_name = "NAME", value_parser = organization, hide_short_help = true, help_heading = "Global options")]
    pub(crate) org: Option<String>,
    /// The ledger, where changes are recorded: sqlite:PATH or postgres://...
    #[arg(
        long,
        global = true,
        value_name = "URL",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub(crate) ledger: Option<String>,
    /// Leave events in the outbox, and tell no sink in this run
    #[arg(
        long,
        global = true,
        conflicts_with = "sinks",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub(crate) no_sinks: bool,
    /// Tell the sinks of what changes in the sandbox, too
    #[arg(long, global = true, hide_short_help = true, help_heading = "Global options")]
    pub(crate) sinks: bool,
    /// Write the figures of all updates there after the run, for Prometheus
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        hide_short_help = true,
        help_heading = "Global options"
    )]
    pub(crate) metrics_file: Option<PathBuf>,
    /// The time after which to give up: 90s, 2m
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, hide_short_help = true, help_heading = "Global options")]
    pub(crate) deadline: Option<Duration>,
    /// Color on a terminal; NO_COLOR is respected too
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, hide_short_help = true, help_heading = "Global options")]
    pub(crate) color: Color,
    /// Answer every question with yes
    #[arg(long, global = true, hide_short_help = true, help_heading = "Global options")]
    pub(crate) yes: bool,
    /// Say nothing but the result
    #[arg(short, long, global = true, hide_short_help = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Say more on stderr; twice for every request
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// The format of the log on stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, hide_short_help = true, help_heading = "Global options")]
    pub(crate) log_format: LogFormat,
}

impl Global {
    /// The flags of a command line that gives a format and no other.
    pub(crate) fn in_format(output: Format) -> Self {
        Self {
            output,
            profile: None,
            region: None,
            config: None,
            sandbox: false,
            reset_sandbox: false,
            org: None,
            no_sinks: false,
            sinks: false,
            ledger: None,
            metrics_file: None,
            deadline: None,
            color: Color::Auto,
            yes: false,
            quiet: false,
            verbose: 0,
            log_format: LogFormat::Text,
        }
    }
}

/// Reads the name of an organization of the sandbox.
fn organization(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    // Why: it is part of the name of a file.
    if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err("the name of an organization is 1 to 64 letters, digits, `-` and `_`".to_owned())
}

/// The choice of color on a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The formats of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// A JSON object a line
    Json,
}

/// A group of global options that have an effect on the same commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// The configuration, and the deadline: requests, locks and deliveries all have one.
    Configuration,
    /// The organization and the credentials for it.
    Access,
    /// The sandbox in place of an organization.
    Sandbox,
    /// The state of the sandbox, for what sends requests to it.
    SandboxState,
    /// The organization of the sandbox.
    SandboxOrganization,
    /// The sinks of the sandbox.
    SandboxSinks,
    /// The ledger.
    Ledger,
    /// The outbox, for what adds events to it.
    Outbox,
    /// The figures that are written to a file after the run.
    Metrics,
    /// The questions to a person.
    Questions,
}

impl Group {
    /// Every group.
    const ALL: &[Self] = &[
        Self::Configuration,
        Self::Access,
        Self::Sandbox,
        Self::SandboxState,
        Self::SandboxOrganization,
        Self::SandboxSinks,
        Self::Ledger,
        Self::Outbox,
        Self::Metrics,
        Self::Questions,
    ];

    /// The ids of its options.
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Configuration => &["config", "deadline"],
            Self::Access => &["profile", "region"],
            Self::Sandbox => &["sandbox"],
            Self::SandboxState => &["reset_sandbox"],
            Self::SandboxOrganization => &["org"],
            Self::SandboxSinks => &["sinks"],
            Self::Ledger => &["ledger"],
            Self::Outbox => &["no_sinks"],
            Self::Metrics => &["metrics_file"],
            Self::Questions => &["yes"],
        }
    }
}

/// The groups that have an effect on a command, by its name with those of its parents before it; for a parent, those of
/// all commands below it. None for a command that is not in the table: it shows all options.
fn groups(path: &str) -> Option<&'static [Group]> {
    use Group::{Access, Configuration, Ledger, Metrics, Sandbox, SandboxOrganization, SandboxSinks, SandboxState};
    Some(match path {
        "update" | "enable" | "disable" | "edit" | "apply" | "rollback" | "reconcile" => Group::ALL,
        "get" | "list" | "auth" | "auth status" => &[Configuration, Access, Sandbox, SandboxState, SandboxOrganization],
        "diff" | "stats" | "status" => &[
            Configuration,
            Access,
            Sandbox,
            SandboxState,
            SandboxOrganization,
            Ledger,
            Metrics,
        ],
        "history" | "plan" | "pull" => &[
            Configuration,
            Access,
            Sandbox,
            SandboxState,
            SandboxOrganization,
            Ledger,
        ],
        "doctor" => &[
            Configuration,
            Access,
            Sandbox,
            SandboxState,
            SandboxOrganization,
            SandboxSinks,
            Ledger,
        ],
        "deliver" => &[Configuration, Sandbox, SandboxSinks, Ledger],
        "audit" | "audit verify" | "audit export" | "audit upgrade" => &[Configuration, Ledger],
        "config" | "config show" => &[Configuration, Access, Sandbox, Ledger],
        "sandbox" => &[SandboxOrganization],
        "validate" | "show" | "explain" | "schema" | "completions" | "man" => &[],
        _ => return None,
    })
}

/// True if an option may have an effect on a command. One that is in no group has one on every command.
fn has_effect(option: &str, path: &str) -> bool {
    let is_in = |group: &Group| group.options().contains(&option);
    !Group::ALL.iter().any(is_in) || groups(path).is_none_or(|groups| groups.iter().any(is_in))
}

/// Gives each command hidden arguments of its own for the global options that have no effect on it: it takes them, since
/// scripts give them to every command, and shows the others. Its `-h` is without `--version`, which is the program's.
pub(super) fn hide_without_effect(command: Command) -> Command {
    let options: Vec<Arg> = command
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .cloned()
        .collect();
    command.mut_subcommands(|below| hide_below(below, &options, ""))
}

fn hide_below(command: Command, options: &[Arg], parents: &str) -> Command {
    let path = format!("{parents}{}", command.get_name());
    let parents = format!("{path} ");
    let command = command.mut_subcommands(|below| hide_below(below, options, &parents));
    let hidden = options
        .iter()
        .filter(|option| !has_effect(option.get_id().as_str(), &path));
    let command = command.disable_version_flag(true).arg(version());
    command.args(hidden.map(|option| option.clone().global(false).hide(true)))
}

/// The flag of a command for the version of the program.
fn version() -> Arg {
    let flag = Arg::new("version")
        .short('V')
        .long("version")
        .action(ArgAction::Version);
    flag.help("Print version").hide_short_help(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use super::super::format::tests::{leaves, required};
    use super::super::{Cli, command, parse_from};
    use super::*;

    /// The options that have an effect on every command.
    const EVERYWHERE: [&str; 5] = ["output", "color", "quiet", "verbose", "log_format"];

    fn global_options() -> Vec<Arg> {
        let command = Cli::command();
        let options = command.get_arguments().filter(|arg| arg.is_global_set());
        options.cloned().collect()
    }

    /// A command line for each command that has none below it, by its name with those of its parents.
    fn lines() -> Vec<(String, Vec<String>)> {
        let mut paths = Vec::new();
        leaves(&command(), "", &mut paths);
        assert!(paths.len() > 15, "{paths:?}");
        let line = |path: &String| {
            path.split(' ')
                .chain(required(path).iter().copied())
                .map(str::to_owned)
                .collect()
        };
        paths.iter().map(|path| (path.clone(), line(path))).collect()
    }

    /// The global options of a command line, or the kind of the error.
    fn parsed(args: &[String]) -> Result<String, ErrorKind> {
        let args = [&["assist-rules".to_owned()][..], args].concat();
        let cli = parse_from(args).map_err(|error| error.kind())?;
        Ok(format!("{:?}", cli.global))
    }

    /// An option as it is written, and a part of the options that are then parsed.
    fn written(option: &Arg) -> (Vec<String>, String) {
        let flag = format!("--{}", option.get_long().unwrap());
        let id = option.get_id();
        if let ArgAction::SetTrue = option.get_action() {
            return (vec![flag], format!("{id}: true"));
        }
        if let ArgAction::Count = option.get_action() {
            return (vec![flag.clone(), flag], format!("{id}: 2"));
        }
        let values = option.get_possible_values();
        // Why the first of the formats: it is the only one that every command prints.
        let value = if id == "output" { values.first() } else { values.last() };
        let value = value.map_or("17s", |value| value.get_name()).to_owned();
        (vec![flag, value.clone()], value)
    }

    #[test]
    fn every_command_takes_every_global_option_before_its_name_and_after_it() {
        for (path, line) in lines() {
            let default = parsed(&line).unwrap();
            for option in global_options() {
                let (flag, value) = written(&option);
                let before = parsed(&[&flag[..], &line].concat()).unwrap();
                let after = parsed(&[&line[..], &flag].concat()).unwrap();
                assert_eq!(before, after, "{path} {flag:?}");
                assert!(after.to_lowercase().contains(&value), "{path} {flag:?}: {after}");
                assert!(
                    after != default || option.get_id() == "output",
                    "{path} {flag:?}: {after}"
                );
            }
        }
    }

    #[test]
    fn options_that_exclude_each_other_do_so_on_every_command() {
        for (path, line) in lines() {
            for flags in [["--sinks", "--no-sinks"], ["--no-sinks", "--sinks"]] {
                let flags = flags.map(str::to_owned);
                for args in [[&flags[..], &line].concat(), [&line[..], &flags].concat()] {
                    assert_eq!(parsed(&args), Err(ErrorKind::ArgumentConflict), "{path} {args:?}");
                }
            }
        }
    }

    #[test]
    fn every_global_option_is_in_one_group_or_has_an_effect_everywhere() {
        let grouped = Group::ALL.iter().flat_map(|group| group.options()).copied();
        let mut named: Vec<&str> = grouped.chain(EVERYWHERE).collect();
        let options = global_options();
        let mut options: Vec<&str> = options.iter().map(|option| option.get_id().as_str()).collect();
        named.sort_unstable();
        options.sort_unstable();
        assert_eq!(named, options);
    }

    /// The ids of the options that the help of a command hides, or does not.
    fn global_options_of(command: &Command, is_hidden: bool) -> BTreeSet<String> {
        let ids: Vec<String> = global_options()
            .iter()
            .map(|option| option.get_id().to_string())
            .collect();
        let options = command
            .get_arguments()
            .filter(|option| option.is_hide_set() == is_hidden);
        options
            .map(|option| option.get_id().to_string())
            .filter(|id| ids.contains(id))
            .collect()
    }

    /// Holds each command below one against its groups, and a parent against those of its commands.
    fn check(command: &Command, parents: &str) -> BTreeSet<String> {
        let mut shown = BTreeSet::new();
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = format!("{parents}{}", below.get_name());
            let groups = groups(&path).unwrap_or_else(|| panic!("`{path}` is to say which global options it uses"));
            let used = groups.iter().flat_map(|group| group.options()).copied();
            let used: BTreeSet<String> = used.map(str::to_owned).collect();
            let everywhere = EVERYWHERE.map(str::to_owned).into();
            assert_eq!(&global_options_of(below, false) - &everywhere, used, "{path}");
            if below.has_subcommands() {
                assert_eq!(check(below, &format!("{path} ")), used, "{path}");
            }
            shown.extend(used);
        }
        shown
    }

    #[test]
    fn every_command_shows_the_global_options_that_have_an_effect_on_it() {
        let mut command = command();
        command.build();
        let shown = check(&command, "");
        assert_eq!(global_options_of(&command, true), BTreeSet::new());
        let of_groups = Group::ALL.iter().flat_map(|group| group.options()).copied();
        assert_eq!(shown, of_groups.map(str::to_owned).collect());
    }
}
