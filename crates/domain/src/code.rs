//! The codes of findings and errors: their words stand here and nowhere else.
//!
//! A code is a promise: it keeps its meaning, and a code that goes is not given out again.
//! `AR00` is about text, `AR01` is what keeps a rule from being sent, `AR02` is what looks like a mistake,
//! `AR05` is what can happen while a rule is changed, `AR06` is how the program was called.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::finding::Severity;

macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $title:literal, $page:literal;)*) => {
        /// What kind of finding or error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is written.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// One line that says what it is.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Why it matters and what to do, in full sentences.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $page,)* }
            }

            /// How severe a finding of this kind is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    NotJson = "AR0001", Error, "the text is not JSON",
        "The file does not follow the grammar of JSON (RFC 8259) at the place shown. Comments, trailing commas and single quotes are not JSON. If the file is YAML, give it the ending `.yaml`.";
    NotYaml = "AR0002", Error, "the text is not YAML",
        "The file does not follow YAML 1.2 at the place shown. Tabs in the indentation and a colon inside an unquoted text are the usual reasons.";
    DuplicateMember = "AR0003", Error, "a member stands twice in one object",
        "JSON readers disagree on which of two members of the same name counts, so what the engine would do is not known. Remove one.";
    TooLarge = "AR0004", Error, "the document is too large",
        "A document may have 1 MiB. A rule takes a few kilobytes.";
    TooDeep = "AR0005", Error, "the document is nested too deeply",
        "No more than 64 lists and objects may stand inside each other. A rule needs four.";
    InexactNumber = "AR0006", Error, "a number cannot be held exactly",
        "The number has more digits than a 64-bit integer or a double holds, so programs on the way would alter it. Nothing is written while it stands in the rule, whoever wrote it: a rule is written as a whole, and a silent change of somebody's number is what this program exists to prevent. Write it with fewer digits, or as a text.";
    UnknownOperator = "AR0101", Error, "unknown operator",
        "The engine knows `contains`, `equals`, `starts_with`, `ends_with`, `regex`, `gt` and `lt`, and answers 400 to any other.";
    OperatorMisfit = "AR0102", Error, "operator and value do not fit",
        "`gt` and `lt` take a finite number. `contains`, `starts_with`, `ends_with` and `regex` take a text. `equals` takes a text, a number, or true or false. A number in quotes is a text.";
    TooManyConditions = "AR0103", Error, "too many conditions",
        "A rule may have 50 conditions. Since all of them must hold, a rule that needs more is often several rules.";
    UnknownActionType = "AR0104", Error, "unknown action type",
        "The engine knows `display`, `call` and `webhook`, and answers 400 to any other.";
    MissingMember = "AR0105", Error, "a required member is missing",
        "A rule needs `id`, `ruleType` and `enabled`; a condition needs `type`, `field`, `operator` and `value`; an action needs `type`. A document with none of `id`, `etag` and `ruleType` is a change, and needs none of the three.";
    OtherRuleType = "AR0106", Error, "the rule type is not that of the stored rule",
        "The engine refuses to change the type of a rule. Leave `ruleType` as it is, or make a new rule.";
    OtherId = "AR0107", Error, "the id is not that of the stored rule",
        "The file says that it is another rule than the one it would be written to. Check which one was meant.";
    WrongType = "AR0108", Error, "a value of the wrong type",
        "The member must be of another JSON type: a text in quotes, a number or true or false without quotes, a list in `[]`, an object in `{}`. In YAML, `no` is a text and `false` is not.";
    UnknownMember = "AR0109", Error, "unknown member",
        "The member is not one that a person may write here: a misspelt `enabld` would otherwise change nothing and say so to nobody. A member that the stored rule has, with the value that it has there, is allowed, so that a rule can be fetched, edited and sent back. Actions may carry any member.";
    BadPattern = "AR0110", Error, "the regular expression cannot be used",
        "The pattern is malformed, or so large that matching it would be slow. The place shown is where it breaks.";
    NothingNamed = "AR0111", Error, "the document names nothing to change",
        "A change names at least one of `name`, `description`, `enabled`, `conditions` and `actions`.";
    DuplicateCondition = "AR0201", Warning, "a condition stands twice",
        "Both conditions say the same. Since all conditions must hold, the second changes nothing.";
    Contradiction = "AR0202", Warning, "conditions that cannot hold together",
        "All conditions of a rule must hold for it to fire, and no value satisfies both of these: the ranges exclude each other, or one field would have to equal two values. The rule never fires. That conditions are joined by AND is inferred from the platform's documented example.";
    EmptyText = "AR0203", Warning, "an empty text",
        "Every text contains, starts with and ends with the empty text, so the condition always holds; and `equals` with it holds only where nothing was said.";
    PatternMatchesEmpty = "AR0204", Warning, "a regular expression that matches the empty text",
        "A pattern such as `a*` or `.*` matches anywhere in any text, so the condition always holds. Use `+` in place of `*`, or anchor the pattern.";
    SentimentBound = "AR0205", Warning, "a sentiment bound outside 0 to 1",
        "Sentiment runs from 0 to 1. A comparison with a number outside of that always holds or never does.";
    DisplayWithoutTemplate = "AR0206", Warning, "a display action without a template",
        "`display` shows the template that `templateId` names. Without one the agent sees nothing.";
    WebhookUrl = "AR0207", Warning, "a webhook without an https URL",
        "`webhook` sends what is said in a conversation to `url`. Without one nothing is sent; without https anybody on the way can read it.";
    NoConditions = "AR0208", Warning, "a rule without conditions",
        "Nothing restricts the rule: it fires on everything, or never, depending on the engine.";
    NoActions = "AR0209", Warning, "a rule without actions",
        "The rule may fire, and then does nothing.";
    UnknownConditionType = "AR0210", Warning, "a condition type that is not known",
        "The types seen so far are `keyword` and `sentiment`. The engine may have others; check the spelling.";
    UnknownRuleType = "AR0211", Warning, "a rule type that is not known",
        "The rule type seen so far is `conversation`. The engine may have others; check the spelling.";
    PatternNotChecked = "AR0212", Warning, "a regular expression that cannot be checked here",
        "The pattern uses look-around or back-references. The engine may have them, but the checker does not, so only the rest of the pattern was checked.";
    StoredOtherwise = "AR0213", Warning, "the server stored something else than was sent",
        "The write was accepted, and the answer shows another value than the one that was sent. The engine may have normalised it.";
    NotFound = "AR0501", Error, "the rule was not found",
        "The server has no such rule, or the organisation lacks the trigger-rule contract: it is not part of Genesys Cloud's published API, and an organisation without it answers 404 to every id. `assist-rules doctor` tells which; `trigger_rules_path` sets another path.";
    Conflict = "AR0502", Error, "the rule moved",
        "Somebody changed the rule after the version that this change was made for. Nothing was overwritten. Look at what they did (the report shows base, ours and theirs), and run the command again: it starts from the rule as it is now. A file that was fetched before, and `--if-version`, name a version: fetch the rule anew.";
    Denied = "AR0503", Error, "not allowed",
        "The credentials are valid and lack a permission. The roles of the OAuth client decide: reading needs `agentassist:trigger-rule:view`, changing needs `agentassist:trigger-rule:update`. An administrator adds the permission to a role of the client.";
    Unauthenticated = "AR0504", Error, "not authenticated",
        "The client id, its secret or the token was refused. Check that they belong to the region that is used (a client of one region is unknown in every other), and that the token has not expired.";
    Refused = "AR0505", Error, "the server refused the rule",
        "The server answered 400: it has a limit that this program does not know. Its own words stand in the message; the correlation id is what Genesys support asks for.";
    Throttled = "AR0506", Error, "too many requests",
        "The organisation's limit is spent, and waiting as long as the server asks would go past the deadline. Nothing was changed. Run the command again at the time that the report names, or raise `--deadline`.";
    Unavailable = "AR0507", Error, "the server cannot be reached",
        "No connection was made, or no answer to a read came back whole. Nothing was changed. Check the region, the network and the proxy; `assist-rules doctor` tries each of them.";
    Unclear = "AR0508", Error, "the outcome is not known",
        "A write was sent, and its answer never came or said nothing. It may have been applied, and it may still be. The next command that writes, or `assist-rules reconcile`, finds out as soon as it can be known. The same command is safe to run again: it starts from the rule as it is then.";
    Malformed = "AR0509", Error, "the answer cannot be understood",
        "The server answered with something that is no rule: a proxy's page, half a document, or far too much of it. Check the URL and what stands between here and there.";
    NoVersion = "AR0510", Error, "the rule has no version",
        "The answer carries no strong ETag and no `etag`, so a write could overwrite somebody's change unseen. Nothing is written.";
    Redirected = "AR0511", Error, "the server redirects",
        "Redirects are refused: following one would hand the token to another address. Check the region or the base URL.";
    Untrusted = "AR0512", Error, "the connection is not secure",
        "The certificate of the server cannot be verified. If a proxy of your organisation inspects traffic, name its certificate authority with `ASSIST_RULES_CA_FILE`.";
    WrongServer = "AR0513", Error, "the server answered with another rule",
        "The document in the answer has another id than the one that was asked for. Nothing is written.";
    ServerFailed = "AR0514", Error, "the server failed",
        "The server answered with an error of its own (5xx) each time that it was asked. Nothing was changed.";
    NotRecorded = "AR0515", Error, "the change cannot be recorded",
        "Before a rule is written, the intent is recorded, so that what happened can be told after a crash. If that record cannot be made, nothing is sent. If the outcome cannot be recorded, the rule was changed all the same, and the message says so.";
    Stopped = "AR0516", Error, "stopped before anything was written",
        "The program was told to stop (SIGINT, SIGTERM or SIGHUP) before it had sent the change. Nothing was changed; run the command again.";
    NothingToUndo = "AR0517", Error, "nothing to undo",
        "A rollback undoes what the ledger says was applied to the rule: its last applied entry, or with `--to` all that was applied after that entry. `assist-rules history` lists the entries. Each ledger and each target (API and OAuth client) has its own.";
    NoEntry = "AR0518", Error, "no such entry",
        "The ledger has no entry of that number or, for `reconcile --close`, none whose outcome is not known. `assist-rules history` lists the entries.";
    DeliveryPending = "AR0519", Error, "a delivery is pending",
        "The change was applied and recorded, and at least one sink could not be told of it yet. Nothing is lost: what is undelivered stays in the ledger, and goes out after the next run or by `assist-rules deliver`. `assist-rules doctor` says what keeps a sink from being told.";
    Usage = "AR0601", Error, "the command line is wrong",
        "`assist-rules help COMMAND` shows what a command takes.";
    Configuration = "AR0602", Error, "the configuration is wrong",
        "The message names the key and the layer it stands in: a flag, the environment, a file, or the gc profile. `assist-rules schema config` prints what a file may have, for editors.";
    NoCredentials = "AR0603", Error, "no credentials",
        "There are three ways: `GENESYSCLOUD_OAUTHCLIENT_ID` with `GENESYSCLOUD_OAUTHCLIENT_SECRET`, an access token in `GENESYSCLOUD_ACCESS_TOKEN`, or a profile of the gc CLI (`--profile`). `--sandbox` needs none.";
    UnreadableFile = "AR0604", Error, "the file cannot be read",
        "The file is absent, is a directory, or may not be read by this user.";
    BadRuleId = "AR0605", Error, "the text is no rule id",
        "A rule's id has 1 to 128 letters, digits, `_` and `-`, and starts with a letter or digit. Nothing was sent.";
    Bug = "AR0700", Error, "a bug in this program",
        "Please report it, with the command and what it printed.";
}

impl Code {
    /// The code of that name, in any case.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(text))
    }
}

/// The text is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no code of a finding or an error")]
pub struct ParseCodeError(String);

impl FromStr for Code {
    type Err = ParseCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::find(text).ok_or_else(|| ParseCodeError(text.to_owned()))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_unlike_each_other() {
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()));
    }

    #[test]
    fn a_code_is_found_in_any_case() {
        assert_eq!("ar0101".parse(), Ok(Code::UnknownOperator));
        assert!("AR9999".parse::<Code>().is_err());
    }
}
