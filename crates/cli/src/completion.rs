//! Completions in a shell: the script that a shell loads, and the candidates that it then asks for.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{EnvCompleter, Shells};

use crate::args::{self, Format, Global};
use crate::config::{self, Environment};
use crate::document_argument::name_of;
use crate::error_code::AnyCode;
use crate::output::visible;
use crate::seen_listing::{self, SeenRule};

/// The variable in which the script of a shell names its shell, to ask for candidates. The line before its name: no key of the
/// configuration begins with one.
const VARIABLE: &str = "_ASSIST_RULES_COMPLETE";

const PROGRAM: &str = "assist-rules";

/// The beginning of the function that bash calls, in the script of `clap_complete`.
const BEGIN_IN_BASH: &str = "    local IFS=$'\\013'\n";

/// Why: the shell would take a name with `*` or `[` in it for the files that match.
const NO_FILES_IN_BASH: &str = r"    local IFS=$'\013' globs=$-
    set -f
";

/// The end of that function.
const END_IN_BASH: &str = "        compopt -o nospace\n    fi\n}\n";

/// Why: bash puts a word into the line as it is given, a name with blanks is one word, and one with a colon is one, too.
const ESCAPES_IN_BASH: &str = r#"        compopt -o nospace
    fi
    [[ "$globs" == *f* ]] || set +f
    local at quote="'"
    for at in "${!COMPREPLY[@]}"; do
        case "${COMP_WORDS[COMP_CWORD]}" in
            \"*) [[ "${COMPREPLY[at]}" == *[\"\$\`\\\!]* ]] && unset 'COMPREPLY[at]' ;;
            \'*) COMPREPLY[at]=${COMPREPLY[at]//$quote/$quote\\$quote$quote} ;;
            *[\"\']*) [[ "${COMPREPLY[at]}" == *[^a-zA-Z0-9_./:=@%+,~-]* ]] && unset 'COMPREPLY[at]' ;;
            *) [[ "${COMPREPLY[at]}" == *[^a-zA-Z0-9_./:=@%+,~-]* ]] && printf -v "COMPREPLY[at]" '%q' "${COMPREPLY[at]}" ;;
        esac
    done
    return 0
}
COMP_WORDBREAKS=${COMP_WORDBREAKS//:}
"#;

/// The script that a shell loads.
///
/// # Errors
///
/// If it cannot be written, for a shell that there is none for.
pub(crate) fn script(shell: &str) -> io::Result<String> {
    let mut script = Vec::new();
    completer(shell)?.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    let script = String::from_utf8_lossy(&script);
    let script = script.replacen(BEGIN_IN_BASH, NO_FILES_IN_BASH, 1);
    Ok(script.replacen(END_IN_BASH, ESCAPES_IN_BASH, 1))
}

/// Answers a shell that asks for the candidates for a half-written command line; false if none does.
///
/// # Errors
///
/// If the shell is none that there is a script for, or does not listen.
pub(crate) fn answer() -> io::Result<bool> {
    let Some(shell) = std::env::var_os(VARIABLE).and_then(|shell| shell.into_string().ok()) else {
        return Ok(false);
    };
    let line: Vec<OsString> = std::env::args_os().skip_while(|arg| arg != "--").skip(1).collect();
    let mut candidates = Vec::new();
    let folder = std::env::current_dir().ok();
    completer(&shell)?.write_complete(&mut command(&shell), line, folder.as_deref(), &mut candidates)?;
    io::stdout().write_all(&candidates)?;
    Ok(true)
}

fn completer(shell: &str) -> io::Result<&'static dyn EnvCompleter> {
    const SHELLS: Shells<'static> = Shells::builtins();
    let known = SHELLS.0.iter().copied().find(|completer| completer.is(shell));
    known.ok_or_else(|| io::Error::other(format!("there are no completions for the shell `{}`", visible(shell))))
}

/// The command line, with the candidates that only this machine knows.
fn command(shell: &str) -> clap::Command {
    with_candidates(args::command(), shell == "powershell")
}

fn with_candidates(command: clap::Command, in_powershell: bool) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get_id().as_str() {
        "rule" => arg.add(ArgValueCompleter::new(move |word: &OsStr| rules(word, in_powershell))),
        "profile" => arg.add(ArgValueCompleter::new(|word: &OsStr| beginning_with(word, profiles()))),
        "code" => arg.add(ArgValueCompleter::new(|word: &OsStr| beginning_with(word, codes()))),
        _ => arg,
    });
    command.mut_subcommands(|subcommand| with_candidates(subcommand, in_powershell))
}

/// The rules of the listing that was seen last, by id and by name.
fn rules(word: &OsStr, in_powershell: bool) -> Vec<CompletionCandidate> {
    let environment = Environment::of_process();
    let Ok(settings) = config::load(&Global::in_format(Format::Human), &environment) else {
        return Vec::new();
    };
    let seen = seen_listing::last(&settings.state_dir);
    let is_name = unquoted(&word.to_string_lossy()).starts_with("name:");
    let names = seen.iter().filter_map(|rule| by_name(rule, is_name, in_powershell));
    let ids = seen.iter().filter_map(|rule| {
        let name = rule.name.as_deref().map(visible);
        is_typed(&rule.id).then(|| (rule.id.clone(), name))
    });
    beginning_with(word, names.chain(ids))
}

fn by_name(rule: &SeenRule, is_name: bool, in_powershell: bool) -> Option<(String, Option<String>)> {
    let name = rule.name.as_deref().filter(|name| is_typed(name))?;
    let word = match name_of(name) {
        Some(_) if !is_name && !name.starts_with("name:") => name.to_owned(),
        Some(_) | None => format!("name:{name}"),
    };
    let word = if in_powershell {
        format!("'{}'", word.replace('\'', "''"))
    } else {
        word
    };
    Some((word, Some(visible(&rule.id))))
}

/// False for what does something else in a command line than to stand in it.
fn is_typed(text: &str) -> bool {
    !text.is_empty() && visible(text) == text
}

fn profiles() -> impl Iterator<Item = (String, Option<String>)> {
    let names = config::profile_names(&Environment::of_process());
    names.into_iter().map(|name| (name, None))
}

fn codes() -> impl Iterator<Item = (String, Option<String>)> {
    AnyCode::all()
        .into_iter()
        .map(|code| (code.to_string(), Some(code.title().to_owned())))
}

/// The candidates, each with its description, that begin with what is written so far.
fn beginning_with(
    written: &OsStr,
    candidates: impl IntoIterator<Item = (String, Option<String>)>,
) -> Vec<CompletionCandidate> {
    let written = unquoted(&written.to_string_lossy());
    let offered = candidates.into_iter().filter(|(word, _)| {
        let word = word.strip_prefix('\'').unwrap_or(word);
        word.starts_with(&written)
    });
    offered
        .map(|(word, about)| CompletionCandidate::new(word).help(about.map(Into::into)))
        .collect()
}

/// A word without what quotes it: shells hand over a half-written word as it stands in the line.
fn unquoted(word: &str) -> String {
    let quote = word.chars().next().filter(|first| ['"', '\''].contains(first));
    let mut text = String::new();
    let mut letters = word.chars().skip(usize::from(quote.is_some()));
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quote != Some('\'') => text.extend(letters.next()),
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_word_is_read_as_the_shell_would_read_it() {
        for (written, meant) in [
            ("Cred", "Cred"),
            (r"Credit\ C", "Credit C"),
            ("\"Credit C", "Credit C"),
            ("'Credit C", "Credit C"),
            (r"'a\b", r"a\b"),
            ("", ""),
        ] {
            assert_eq!(unquoted(written), meant, "{written}");
        }
    }

    #[test]
    fn the_script_of_bash_has_the_place_where_names_are_escaped() {
        let script = script("bash").unwrap();
        assert!(script.contains("printf -v") && script.contains("set -f"), "{script}");
    }
}
