//! The examples at the end of each command's `--help`. A test runs each of them.

use clap::Command;

/// The names of a command, from the top.
type Names = &'static [&'static str];

/// Purposes, each with a line for it.
type Lines = &'static [(&'static str, &'static str)];

/// The examples of each command.
const EXAMPLES: &[(Names, Lines)] = &[
    (
        &["get"],
        &[
            (
                "Save a rule as a file to edit",
                "assist-rules get 'Credit Card Detection Rule' -o json > rule.json",
            ),
            (
                "Look at the rule that the environment names",
                "GENESYS_RULE_ID=$RULE assist-rules get",
            ),
        ],
    ),
    (
        &["list"],
        &[
            ("Look at all rules", "assist-rules list"),
            ("Take the ids of all rules", "assist-rules list -o json | grep '\"id\"'"),
        ],
    ),
    (
        &["validate"],
        &[
            (
                "Check a folder in CI, warnings included",
                "assist-rules validate rules --fail-on warning",
            ),
            (
                "Show findings in a pull request",
                "assist-rules validate rules -o github",
            ),
        ],
    ),
    (
        &["pull"],
        &[
            ("Begin a repository of rules", "assist-rules pull my-rules"),
            (
                "Take the organization's, edited files too",
                "assist-rules pull my-rules --overwrite",
            ),
        ],
    ),
    (
        &["plan"],
        &[
            (
                "Save for review what a folder of rules would change",
                "assist-rules plan rules --out change.plan",
            ),
            (
                "Exit with 2 if there is something to apply",
                "assist-rules plan rules --detailed-exitcode",
            ),
        ],
    ),
    (
        &["show"],
        &[
            ("Look at a saved plan again", "assist-rules show change.plan"),
            (
                "Take its hash for the approval",
                "assist-rules show change.plan -o json | grep -o 'sha256:[0-9a-f]*\"}$'",
            ),
        ],
    ),
    (
        &["apply"],
        &[
            (
                "Apply the plan that was reviewed",
                "assist-rules apply change.plan --reason 'CS-1234'",
            ),
            (
                "Plan a folder, and apply it without a question",
                "assist-rules apply rules --yes",
            ),
        ],
    ),
    (
        &["status"],
        &[
            ("See who changed what since the last apply", "assist-rules status rules"),
            ("Give the states to a program", "assist-rules status rules -o json"),
        ],
    ),
    (
        &["diff"],
        &[
            (
                "See what a file would change",
                "assist-rules diff $RULE --from change.yaml",
            ),
            (
                "Exit with 2 if it would change anything",
                "assist-rules diff $RULE --disable --detailed-exitcode",
            ),
        ],
    ),
    (
        &["update"],
        &[
            (
                "Try it: the built-in Genesys Cloud, no organization",
                "assist-rules update --sandbox",
            ),
            (
                "Change what a file names",
                "assist-rules update $RULE --from change.yaml --reason 'CS-1234'",
            ),
            (
                "Rename a rule, and say so to programs",
                "assist-rules update $RULE --name 'Refunds' -o json",
            ),
        ],
    ),
    (
        &["enable"],
        &[
            (
                "Switch a rule on",
                "assist-rules enable $RULE --reason 'back from maintenance'",
            ),
            ("See what it would change", "assist-rules enable $RULE --dry-run"),
        ],
    ),
    (
        &["disable"],
        &[
            (
                "Switch a rule off",
                "assist-rules disable $RULE --reason 'too many hits'",
            ),
            (
                "Switch it off without telling the sinks now",
                "assist-rules disable $RULE --no-sinks",
            ),
        ],
    ),
    (
        &["edit"],
        &[
            (
                "Open a rule in an editor with a window",
                "EDITOR='code --wait' assist-rules edit $RULE",
            ),
            ("See what the edit would change", "assist-rules edit $RULE --dry-run"),
        ],
    ),
    (
        &["history"],
        &[
            (
                "Look at the last changes of a rule",
                "assist-rules history $RULE --limit 5",
            ),
            (
                "See what was changed today, in full",
                "assist-rules history --since 24h -o json",
            ),
        ],
    ),
    (
        &["rollback"],
        &[
            (
                "See what undoing the last change would do",
                "assist-rules rollback $RULE --dry-run",
            ),
            (
                "Undo it without a question",
                "assist-rules rollback $RULE --yes --reason 'wrong template'",
            ),
        ],
    ),
    (
        &["reconcile"],
        &[
            ("Find out what became of open changes", "assist-rules reconcile"),
            ("The same for programs", "assist-rules reconcile -o json"),
        ],
    ),
    (
        &["stats"],
        &[
            ("Figures of the last week", "assist-rules stats --since 168h"),
            ("Figures for Prometheus", "assist-rules stats -o prometheus"),
        ],
    ),
    (
        &["deliver"],
        &[
            ("Send what could not be sent", "assist-rules deliver"),
            ("The same for programs", "assist-rules deliver -o json"),
        ],
    ),
    (
        &["audit", "verify"],
        &[
            ("Prove the ledger", "assist-rules audit verify"),
            (
                "Prove an export",
                "assist-rules audit export | assist-rules audit verify --export -",
            ),
        ],
    ),
    (
        &["audit", "export"],
        &[("Keep a copy of the record", "assist-rules audit export > ledger.jsonl")],
    ),
    (
        &["audit", "upgrade"],
        &[("Bring an older ledger up to date", "assist-rules audit upgrade")],
    ),
    (
        &["sandbox"],
        &[
            ("Play with it from another terminal", "assist-rules sandbox"),
            ("On a port of its own", "assist-rules sandbox --listen 127.0.0.1:8080"),
        ],
    ),
    (
        &["auth", "status"],
        &[
            ("See which organization would be changed", "assist-rules auth status"),
            ("Try the credentials", "assist-rules auth status --check"),
        ],
    ),
    (
        &["config", "show"],
        &[
            ("See every key, and who set it", "assist-rules config show"),
            ("The same for programs", "assist-rules config show -o json"),
        ],
    ),
    (
        &["doctor"],
        &[
            ("Try everything but a write", "assist-rules doctor"),
            ("Try to read a rule, too", "assist-rules doctor $RULE"),
        ],
    ),
    (
        &["explain"],
        &[
            ("Look up a finding", "assist-rules explain AR0101"),
            ("List all codes", "assist-rules explain"),
        ],
    ),
    (
        &["schema"],
        &[
            (
                "Help an editor with files of rules",
                "assist-rules schema rule > rule.schema.json",
            ),
            ("See what `update -o json` prints", "assist-rules schema result"),
        ],
    ),
    (
        &["completions"],
        &[
            ("For this bash", "eval \"$(assist-rules completions bash)\""),
            (
                "For fish, for good",
                "assist-rules completions fish > assist-rules.fish",
            ),
        ],
    ),
    (
        &["man"],
        &[
            ("Read the manual", "assist-rules man | head"),
            ("Write the pages of all commands", "mkdir man1 && assist-rules man man1"),
        ],
    ),
];

/// The line at the end of `-h`.
const SEE_MORE: &str = "`--help` has all options, and examples.";

/// The same for the program itself.
const SEE_COMMANDS: &str = "\
`--help` says what each command does, and has all options and the exit codes.
`COMMAND -h` is about one command, `COMMAND --help` has examples of it.";

/// The command line with the examples of each command.
pub(super) fn add(command: Command) -> Command {
    EXAMPLES
        .iter()
        .fold(command.after_help(SEE_COMMANDS), |command, (path, examples)| {
            let text = examples
                .iter()
                .map(|(purpose, line)| format!("  # {purpose}\n  {line}\n"))
                .collect::<Vec<_>>();
            at(command, path, &format!("Examples:\n{}", text.join("\n").trim_end()))
        })
}

fn at(command: Command, path: &[&str], text: &str) -> Command {
    match path {
        [] => command.after_help(SEE_MORE).after_long_help(text.to_owned()),
        [name, rest @ ..] => {
            let (name, rest, text) = ((*name).to_owned(), rest.to_vec(), text.to_owned());
            command.mut_subcommand(name, move |inner| at(inner, &rest, &text))
        }
    }
}
