//! The formats of what is printed, and those that each command prints.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgMatches, Command, Error, ValueEnum};

/// The output formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON document
    Json,
    /// The same document as YAML
    Yaml,
    /// Findings for code scanning (SARIF 2.1.0)
    Sarif,
    /// Findings as annotations of a GitHub workflow
    Github,
    /// Findings as a JUnit report
    Junit,
    /// One JSON document a line
    Ndjson,
    /// Figures for Prometheus, as text
    Prometheus,
    /// A comment of a pull request
    Markdown,
    /// One file for a browser
    Html,
}

/// The id of the argument that names a format.
const OUTPUT: &str = "output";

/// The formats of a command, by its name with those of its parents before it.
fn formats(path: &str) -> &'static [Format] {
    use Format::{Github, Html, Human, Json, Junit, Markdown, Ndjson, Prometheus, Sarif, Yaml};
    match path {
        "validate" => &[Human, Json, Yaml, Sarif, Github, Junit],
        "history" => &[Human, Json, Yaml, Ndjson],
        "apply" => &[Human, Json, Yaml, Ndjson, Markdown],
        "plan" | "status" => &[Human, Json, Yaml, Markdown],
        "show" => &[Human, Json, Yaml, Markdown, Html],
        "stats" => &[Human, Json, Yaml, Prometheus],
        "audit export" | "schema" => &[Human, Json],
        "completions" | "man" => &[Human],
        _ => &[Human, Json, Yaml],
    }
}

fn names(formats: &[Format]) -> impl Iterator<Item = clap::builder::PossibleValue> {
    formats.iter().filter_map(Format::to_possible_value)
}

/// Gives each command that has none below it an argument of its own for the format, with the formats that it prints. Where
/// that is one alone, the argument is hidden.
pub(super) fn restrict(command: Command) -> Command {
    let output = command.get_arguments().find(|arg| arg.get_id() == OUTPUT).cloned();
    match output {
        Some(output) => command.mut_subcommands(|below| restrict_below(below, &output, "")),
        None => command,
    }
}

fn restrict_below(command: Command, output: &Arg, parents: &str) -> Command {
    let path = format!("{parents}{}", command.get_name());
    if command.has_subcommands() {
        let parents = format!("{path} ");
        return command.mut_subcommands(|below| restrict_below(below, output, &parents));
    }
    let parser = PossibleValuesParser::new(names(formats(&path))).try_map(|name| Format::from_str(&name, false));
    let output = output.clone().global(false).value_parser(parser);
    command.arg(output.hide(formats(&path).len() == 1))
}

/// Refuses a format that the command does not print, where it stands before the command's name: the program itself
/// takes them all.
///
/// # Errors
///
/// The error that the command's own argument would have made.
pub(super) fn check(command: &Command, matches: &ArgMatches) -> Result<(), Error> {
    let (mut command, mut below, mut path) = (command, matches, Vec::new());
    while let Some((name, matches)) = below.subcommand() {
        path.push(name);
        below = matches;
        command = command.find_subcommand(name).unwrap_or(command);
    }
    let printed = formats(&path.join(" "));
    let format = matches.get_one::<Format>(OUTPUT);
    let Some(format) = format.filter(|format| !printed.contains(format)) else {
        return Ok(());
    };
    let strings =
        |formats: &[Format]| -> Vec<String> { names(formats).map(|name| name.get_name().to_owned()).collect() };
    let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
    let argument = command.get_arguments().find(|arg| arg.get_id() == OUTPUT);
    error.insert(
        ContextKind::InvalidArg,
        ContextValue::String(argument.map_or_else(String::new, ToString::to_string)),
    );
    error.insert(
        ContextKind::InvalidValue,
        ContextValue::String(strings(&[*format]).concat()),
    );
    error.insert(ContextKind::ValidValue, ContextValue::Strings(strings(printed)));
    Err(error)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Cli, command, parse_from};
    use super::*;

    /// The names of all commands that have none below them, with those of their parents.
    pub(in crate::args) fn leaves(command: &Command, parents: &str, leaves: &mut Vec<String>) {
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            let path = format!("{parents}{}", below.get_name());
            if below.has_subcommands() {
                self::leaves(below, &format!("{path} "), leaves);
            } else {
                leaves.push(path);
            }
        }
    }

    /// Arguments without which a command is not complete.
    pub(in crate::args) fn required(path: &str) -> &'static [&'static str] {
        match path {
            "validate" | "plan" | "apply" | "status" | "pull" => &["file"],
            "show" => &["plan"],
            "schema" => &["rule"],
            "completions" => &["bash"],
            _ => &[],
        }
    }

    fn parsed(args: &[&str]) -> Result<Cli, ErrorKind> {
        parse_from(["assist-rules"].iter().chain(args)).map_err(|error| error.kind())
    }

    #[test]
    fn each_command_takes_the_formats_that_it_prints_and_no_other_wherever_they_stand() {
        let mut paths = Vec::new();
        leaves(&command(), "", &mut paths);
        assert!(paths.len() > 15, "{paths:?}");
        for path in &paths {
            let args_of: Vec<&str> = path.split(' ').chain(required(path).iter().copied()).collect();
            for format in Format::value_variants() {
                let name = format.to_possible_value().unwrap();
                let flag = ["--output", name.get_name()];
                for args in [[&args_of[..], &flag].concat(), [&flag[..], &args_of].concat()] {
                    let expected = if formats(path).contains(format) {
                        Ok(*format)
                    } else {
                        Err(ErrorKind::InvalidValue)
                    };
                    assert_eq!(parsed(&args).map(|cli| cli.global.output), expected, "{args:?}");
                }
            }
            assert_eq!(
                parsed(&args_of).map(|cli| cli.global.output),
                Ok(Format::Human),
                "{path}"
            );
        }
    }

    #[test]
    fn the_error_is_one_wherever_the_format_stands() {
        let error = |args: &[&str]| parse_from(args).unwrap_err().to_string();
        let expected = "error: invalid value 'sarif' for '--output <OUTPUT>'\n  [possible values: human, json, yaml]\n\n\
                        For more information, try '--help'.\n";
        assert_eq!(error(&["assist-rules", "get", "-o", "sarif"]), expected);
        assert_eq!(error(&["assist-rules", "-o", "sarif", "get"]), expected);
    }
}
