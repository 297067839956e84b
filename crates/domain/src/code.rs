//! The codes of findings: their words stand here and nowhere else.
//!
//! A code is a promise: it keeps its meaning, and a code that goes is not given out again.
//! `AR00` is about text, `AR01` is what keeps a document from being sent, `AR02` are lints. The program that embeds this
//! crate has the numbers from `AR05` on for its own errors.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::severity::Severity;

/// The input that decides a finding of an author's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JudgedBy {
    /// The authored text alone: nothing that is stored can excuse it.
    Text,
    /// The authored text alone where a whole member is at fault. Inside an element of a list the document that comes out
    /// decides, since the element may be a stored one.
    Member,
    /// The authored text alone if it is a partial edit. A whole document may only repeat what is stored, so the document that
    /// comes out decides.
    PartialEdit,
    /// The authored document against the stored one.
    Stored,
    /// The document that comes out.
    Result,
}

macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $judged_by:ident, $title:literal, $page:literal;)*) => {
        /// The code of a finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is written.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// One line that says what it is.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// Why it matters and what to do, in full sentences.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => $page,)* }
            }

            /// The severity of a finding with this code.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }

            /// The input that decides a finding with this code in an author's document.
            pub fn judged_by(self) -> JudgedBy {
                match self { $(Self::$name => JudgedBy::$judged_by,)* }
            }
        }
    };
}

codes! {
    NotJson = "AR0001", Error, Text, "the text is not JSON",
        "The file does not follow the grammar of JSON (RFC 8259) at the place shown. Comments, trailing commas and single quotes are not JSON. If the file is YAML, give it the ending `.yaml`.";
    NotYaml = "AR0002", Error, Text, "the text is not YAML",
        "The file does not follow YAML 1.2 at the place shown. Tabs in the indentation and a colon inside an unquoted text are the usual reasons.";
    DuplicateMember = "AR0003", Error, Text, "a member stands twice in one object",
        "JSON readers disagree on which of two members of the same name counts, so what the engine would do is not known. Remove one.";
    TooLarge = "AR0004", Error, Text, "the document is too large",
        "A document may have 1 MiB. A rule takes a few kilobytes.";
    TooDeep = "AR0005", Error, Text, "the document is nested too deeply",
        "No more than 64 lists and objects may stand inside each other. A rule needs four.";
    InexactNumber = "AR0006", Error, Text, "a number cannot be held exactly",
        "The number has more digits than a 64-bit integer or a double holds, so programs on the way would alter it. Nothing is written while it stands in the rule, whoever wrote it: a rule is written as a whole, and a silent change of somebody's number is what this program exists to prevent. Write it with fewer digits, or as a text.";
    UnknownOperator = "AR0101", Error, Result, "unknown operator",
        "The engine knows `contains`, `equals`, `starts_with`, `ends_with`, `regex`, `gt` and `lt`, and answers 400 to any other.";
    OperatorMisfit = "AR0102", Error, Result, "operator and value do not fit",
        "`gt` and `lt` take a finite number. `contains`, `starts_with`, `ends_with` and `regex` take a text. `equals` takes a text, a number, or true or false. A number in quotes is a text.";
    TooManyConditions = "AR0103", Error, PartialEdit, "too many conditions",
        "A rule may have 50 conditions. Since all of them must hold, a rule that needs more is often several rules.";
    UnknownActionType = "AR0104", Error, Result, "unknown action type",
        "The engine knows `display`, `call` and `webhook`, and answers 400 to any other.";
    MissingMember = "AR0105", Error, Member, "a required member is missing",
        "A rule needs `id`, `ruleType` and `enabled`; a condition needs `type`, `field`, `operator` and `value`; an action needs `type`. A document with neither `etag` nor `ruleType` is a change, and needs none of the three.";
    OtherRuleType = "AR0106", Error, Stored, "the rule type is not that of the stored rule",
        "The engine refuses to change the type of a rule. Leave `ruleType` as it is, or make a new rule.";
    OtherId = "AR0107", Error, Stored, "the id is not that of the stored rule",
        "The file says that it is another rule than the one it would be written to. Check which one was meant.";
    WrongType = "AR0108", Error, Member, "a value of the wrong type",
        "The member must be of another JSON type: a text in quotes, a number or true or false without quotes, a list in `[]`, an object in `{}`. In YAML, `no` is a text and `false` is not.";
    UnknownMember = "AR0109", Error, Stored, "unknown member",
        "The member is not one that a person may write here: a misspelt `enabld` would otherwise change nothing and say so to nobody. A member that the stored rule has, with the value that it has there, is allowed, so that a rule can be fetched, edited and sent back. Actions may carry any member.";
    BadPattern = "AR0110", Error, Result, "the regular expression cannot be used",
        "The pattern is malformed, or so large that matching it would be slow. The place shown is where it breaks.";
    NothingNamed = "AR0111", Error, PartialEdit, "the document names nothing to change",
        "A change names at least one of `name`, `description`, `enabled`, `conditions` and `actions`.";
    BadId = "AR0112", Error, Member, "the text is no id",
        "A rule's id has 1 to 128 letters, digits, `_` and `-`, and starts with a letter or digit. No rule can have another one.";
    SameRule = "AR0113", Error, Text, "two documents are about one thing",
        "Both are about the same rule or the same assistant, and each would undo what the other says. Keep one of them, or give the other the id of its own.";
    MaskedValue = "AR0114", Error, Text, "a masked value of a report",
        "Reports for people show `(masked)` or `(masked, changed)` in place of secrets. Such a text was copied from one into the document, and would be stored in place of the secret. Write the value itself, or leave the member out so that it stays as it is.";
    TooFewOrMany = "AR0115", Error, PartialEdit, "too few or too many conditions or actions",
        "Each rule of a Copilot has 1 to 100 conditions and 1 to 100 actions. Since any one condition is enough, a long list of them can be several rules with the same actions.";
    TooManyAttributes = "AR0116", Error, PartialEdit, "too many attributes",
        "An action of a Copilot's rule has at most 100 attributes.";
    ThresholdRange = "AR0117", Error, Member, "a threshold that is not between 0 and 1",
        "`intentConfidenceThreshold` is the confidence from which an intent counts as recognized: more than 0 and less than 1. At either end every intent would count, or none.";
    OtherLanguage = "AR0118", Error, Stored, "the default language is not that of the stored Copilot",
        "The platform keeps the `defaultLanguage` of a Copilot once it is set. Leave it as it is, or use a variation for another language.";
    ReadOnly = "AR0119", Error, Stored, "a member that only the server sets",
        "The platform passes over what is written here, so the change would be lost without a word. Leave the member out, or leave it as it is stored.";
    BadReference = "AR0120", Error, Text, "a text that begins as a reference and is none",
        "Where an id stands, a text that begins with `@{` is a reference: `@{kind:name}`, with `\\}` for `}` and `\\\\` for `\\` in the name, and the kind of the thing that belongs there. A text that means itself is written `@@{`.";
    UnresolvedReference = "AR0121", Error, Text, "a reference that becomes no id",
        "The target has nothing of that name, or several things, or its listing cannot be read. Names count exactly, with case, blanks and Unicode form. What is deleted, archived or unpublished counts only if nothing else has the name.";
    ForeignValue = "AR0122", Error, Text, "a value that another organization has otherwise",
        "The file comes from another organization, and the value names something there that has no listing here: a template, an address, a version. Write `@{value:NAME}` and give the value of each organization by `--values FILE`.";
    DuplicateCondition = "AR0201", Warning, Result, "a condition stands twice",
        "Both conditions say the same. Since all conditions must hold, the second changes nothing.";
    Contradiction = "AR0202", Warning, Result, "conditions that cannot hold together",
        "All conditions of a rule must hold for it to fire, and no value satisfies both of these: the ranges exclude each other, or one field would have to equal two values. The rule never fires. That conditions are joined by AND is inferred from the platform's documented example.";
    EmptyText = "AR0203", Warning, Result, "an empty text",
        "Every text contains, starts with and ends with the empty text, so the condition always holds; and `equals` with it holds only where nothing was said.";
    PatternMatchesEmpty = "AR0204", Warning, Result, "a regular expression that matches the empty text",
        "A pattern such as `a*` or `.*` matches anywhere in any text, so the condition always holds. Use `+` in place of `*`, or anchor the pattern.";
    SentimentBound = "AR0205", Warning, Result, "a sentiment bound outside 0 to 1",
        "Sentiment runs from 0 to 1. A comparison with a number outside of that always holds or never does.";
    DisplayWithoutTemplate = "AR0206", Warning, Result, "a display action without a template",
        "`display` shows the template that `templateId` names. Without one the agent sees nothing.";
    WebhookUrl = "AR0207", Warning, Result, "a webhook without an https URL",
        "`webhook` sends what is said in a conversation to `url`. Without one nothing is sent; without https anybody on the way can read it.";
    NoConditions = "AR0208", Warning, Result, "a rule without conditions",
        "Nothing restricts the rule: it fires on everything, or never, depending on the engine.";
    NoActions = "AR0209", Warning, Result, "a rule without actions",
        "The rule may fire, and then does nothing.";
    UnknownConditionType = "AR0210", Warning, Result, "a condition type that is not known",
        "The types seen so far are `keyword` and `sentiment`. The engine may have others; check the spelling.";
    UnknownRuleType = "AR0211", Warning, Result, "a rule type that is not known",
        "The rule type seen so far is `conversation`. The engine may have others; check the spelling.";
    PatternNotChecked = "AR0212", Warning, Result, "a regular expression that cannot be checked here",
        "The pattern uses look-around or back-references. The engine may have them, but the checker does not, so only the rest of the pattern was checked.";
    StoredOtherwise = "AR0213", Warning, Result, "the server stored something else than was sent",
        "The write was accepted, and the answer shows another value than the one that was sent. The engine may have normalized it.";
    NotReadBack = "AR0214", Warning, Result, "the write could not be read back",
        "The write was accepted, and the document could not be read after it. Where only its content guards a document, that read is what shows whether others wrote over it in the same moment.";
    ConfirmedByRead = "AR0215", Warning, Result, "applied by this run, or identically by another",
        "The answer to the write was lost, or the server refused it, and a read then showed all that was to be written. A gateway that repeats a request whose answer it lost gives the answer to the second one: the change is made, and the answer says that somebody else was faster. So the change counts as applied. It cannot be told from an identical edit that another person made in the same moment, which is why `rollback` asks before it undoes such an entry.";
    HalfCharacter = "AR0216", Warning, Result, "a text with half a character",
        "The escape stands for half of a surrogate pair, which is no character: no text that is typed matches it, and other programs refuse or alter it. It is kept as it is written. Write both halves, or take it out.";
    LeadingZeros = "AR0217", Warning, Text, "a number with leading zeros",
        "YAML takes `0042` for the number 42, and the zeros are lost. Put it in quotes if it is a text, such as an id or an extension; leave the zeros out if it is a number.";
    BlankAtEnd = "AR0218", Warning, Result, "a text that begins or ends with a blank",
        "The text matches only where the blank or the line break stands too, which is seldom meant. In YAML, `|` adds a line break at the end: `|-` does not.";
    UnseenCharacter = "AR0219", Warning, Result, "a character that is seldom typed",
        "The text has a character that cannot be seen, or a typographic quote where people type a plain one, as office programs put them in. What is said in a conversation does not have it, so the condition does not match.";
    EmptyName = "AR0220", Warning, Member, "an empty name",
        "A rule without a name is hard to find. To leave the name as it is, leave the member out.";
    ActionMemberType = "AR0221", Warning, Result, "a value of another type than the member has in other actions",
        "In every action seen so far `templateId` and `url` are texts and `priority` is a number. Actions are open, so the engine decides; check for quotes that are missing, or too many.";
    UnknownEnumValue = "AR0222", Warning, Result, "a value that is not known here",
        "The platform's lists of condition types, action types and engines grow. The value is kept and sent as it is; check the spelling, since one that the platform does not know may do nothing.";
    ChecklistInFallback = "AR0223", Warning, Result, "a checklist in the fallback",
        "The fallback is what agents see if no rule fires. The published model has no `Checklist` among its actions.";
    MissingAttribute = "AR0224", Warning, Result, "an action without an attribute that it usually has",
        "In every document seen so far the action names what it shows: `responseId` and `libraryId` of a canned response, `scriptId` and `pageId` of a script, `checklistId` of a checklist. Without it the agent may see nothing.";
    IntentWithoutValues = "AR0225", Warning, Result, "an intent condition without intents",
        "The condition fires on the intents that `conditionValues` names. Without one it never does.";
    SameRuleTwice = "AR0226", Warning, Result, "two rules with the same conditions for the same participants",
        "Both rules fire at the same moment. Two rules that differ in `participantRoles` are two rules; these do not.";
    NoRuleEnabled = "AR0227", Warning, Result, "no rule is switched on",
        "The Copilot has rules, and all of them are switched off: agents see the fallback alone.";
    UnknownIntent = "AR0228", Warning, Result, "an intent that the NLU domain does not have",
        "The platform takes any name, and a condition on an intent that the domain does not have never holds. Check the spelling, or publish the intent; after that the Copilot has to be saved again before a rule with it fires.";
    BrokenReference = "AR0229", Warning, Result, "a reference to something that does not exist",
        "The organization has no such canned response, script, page, checklist, knowledge document or NLU domain, so agents see nothing when the rule fires. It may have been deleted, or the id is another organization's.";
    RetiredReference = "AR0230", Warning, Result, "a reference to something that is deleted, archived or unpublished",
        "The platform still lists what the document refers to, and marks it as out of use. Agents may see nothing.";
    ReferenceNotChecked = "AR0231", Warning, Result, "references that could not be checked",
        "The listing of what documents refer to could not be read; most often the role of the OAuth client lacks the permission to view it. Everything else is checked, and nothing is kept from being written.";
    IntentSinceSaved = "AR0232", Warning, Result, "an intent that is newer than the saved Copilot",
        "A Copilot has to be saved again before a rule with an intent fires that the NLU domain did not have when it was saved. The record of this program knows that the intent was absent at its last write of this Copilot; without that nothing is said.";
    RenamedReference = "AR0233", Warning, Result, "a name that the organization has changed",
        "Nothing has the name that the file has in place of an id any more. The record of this program knows which thing had it when the file was last applied or pulled, so that one is taken. Write its name of today into the file, or `pull`.";
    SentAgain = "AR0234", Warning, Result, "sent again after an earlier run whose outcome is not known",
        "An earlier run of the plan was stopped or lost the answer to its write, and three reads over some seconds show the document as it was before. Where the platform checks no version, this cannot be told from a change that was made and then put back by others; if it was, their change is undone. `history` shows both writes.";
}

impl Code {
    /// The code of that name, in any case.
    pub fn find(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.id().eq_ignore_ascii_case(text))
    }
}

/// The text is no code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no code of a finding")]
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
