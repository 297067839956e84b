//! The program's own `-h`: its commands in groups, on one screen. `--help` lists them with their descriptions.

use std::ffi::OsString;
use std::fmt::Write as _;

use anstyle::Style;
use clap::{Command, Error};

/// The commands, in groups by the task that they are for.
const GROUPS: &[(&str, &[&str])] = &[
    ("Read rules", &["get", "list"]),
    (
        "Change rules",
        &["diff", "update", "enable", "disable", "edit", "rollback"],
    ),
    (
        "Rules in files",
        &["pull", "validate", "plan", "show", "apply", "status", "schema"],
    ),
    (
        "Record of changes",
        &["history", "stats", "reconcile", "deliver", "audit"],
    ),
    ("Access and setup", &["auth", "config", "doctor", "completions"]),
    ("Try and learn", &["sandbox", "explain", "man", "help"]),
];

/// The purpose of `--output` in one line: each command has formats of its own.
const OUTPUT: &str = "The format: human, json, yaml; `COMMAND -h` lists all";

/// The overview in place of the program's own short help, which lists each command on a line of its own. Any other error
/// is left as it is.
pub(super) fn in_place_of_list(error: Error, command: &mut Command, args: &[OsString]) -> Error {
    if error.render() != command.render_help() {
        return error;
    }
    match with_overview(super::command()).try_get_matches_from(args) {
        Err(overview) => overview,
        Ok(_) => error,
    }
}

/// The command line whose own help is the overview.
fn with_overview(command: Command) -> Command {
    let styles = command.get_styles();
    let (heading, groups) = (*styles.get_header(), listed(*styles.get_literal()));
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{heading}Commands:{heading:#}\n{groups}\n\
         {heading}Options:{heading:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template).mut_arg("output", |output| {
        output.help(OUTPUT).hide_default_value(true).hide_possible_values(true)
    })
}

/// The groups, each on a line, with the names of commands in a style.
fn listed(name: Style) -> String {
    let width = GROUPS.iter().map(|(task, _)| task.len()).max().unwrap_or_default();
    let mut lines = String::new();
    for (task, commands) in GROUPS {
        let commands = commands.iter().map(|command| format!("{name}{command}{name:#}"));
        let _ = writeln!(lines, "  {task:<width$}  {}", commands.collect::<Vec<_>>().join(", "));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::leaves;
    use super::super::{command, parse_from};
    use super::*;

    /// The size of a small screen: lines, and columns.
    const SCREEN: (usize, usize) = (24, 80);

    /// The beginning of the overview's list, which no other help has.
    const OVERVIEW: &str = "\nCommands:\n  Read rules ";

    /// The help of a command line, or its error.
    fn help(command: Command, args: &[&str]) -> String {
        let args = ["assist-rules"].iter().chain(args);
        command
            .term_width(SCREEN.1)
            .try_get_matches_from(args)
            .unwrap_err()
            .to_string()
    }

    fn assert_fits_the_screen(help: &str) {
        let widest = help.lines().map(|line| line.chars().count()).max();
        let size = (help.lines().count(), widest.unwrap_or_default());
        assert!(size.0 <= SCREEN.0 && size.1 <= SCREEN.1, "{size:?}\n{help}");
    }

    #[test]
    fn the_groups_name_every_visible_command_once() {
        let mut command = command();
        command.build();
        let visible = command.get_subcommands().filter(|below| !below.is_hide_set());
        let mut visible: Vec<&str> = visible.map(Command::get_name).collect();
        let mut named: Vec<&str> = GROUPS.iter().flat_map(|(_, commands)| *commands).copied().collect();
        visible.sort_unstable();
        named.sort_unstable();
        assert_eq!(named, visible);
    }

    #[test]
    fn the_overview_fits_a_small_screen() {
        let overview = help(with_overview(command()), &["-h"]);
        assert!(overview.contains(OVERVIEW), "{overview}");
        assert_fits_the_screen(&overview);
    }

    #[test]
    fn the_short_help_of_every_command_fits_a_small_screen() {
        let mut paths = Vec::new();
        leaves(&command(), "", &mut paths);
        assert!(paths.len() > 15, "{paths:?}");
        for path in paths.iter().map(String::as_str).chain(["audit", "auth", "config"]) {
            let args: Vec<&str> = path.split(' ').chain(["-h"]).collect();
            assert_fits_the_screen(&help(command(), &args));
        }
    }

    #[test]
    fn the_overview_is_the_short_help_of_the_program_and_of_nothing_else() {
        for (args, expected) in [
            (&[][..], true),
            (&["-h"], true),
            (&["--sandbox", "-o", "json", "-h"], true),
            (&["-h", "frob"], true),
            (&["--help"], false),
            (&["help"], false),
            (&["audit"], false),
            (&["update", "-h"], false),
            (&["--sandbox"], false),
            (&["frob"], false),
        ] {
            let error = parse_from(["assist-rules"].iter().chain(args)).unwrap_err().to_string();
            assert_eq!(error.contains(OVERVIEW), expected, "{args:?} {error}");
        }
    }
}
