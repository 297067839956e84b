//! "Did you mean": the nearest of the words that are known.

/// Words of other tools, each with the word that it means here.
const ALIASES: &[(&str, &str)] = &[
    ("==", "equals"),
    ("=", "equals"),
    ("eq", "equals"),
    ("is", "equals"),
    (">", "gt"),
    ("greaterthan", "gt"),
    ("more", "gt"),
    ("<", "lt"),
    ("lessthan", "lt"),
    ("less", "lt"),
    ("matches", "regex"),
    ("regexp", "regex"),
    ("pattern", "regex"),
    ("prefix", "starts_with"),
    ("suffix", "ends_with"),
    ("includes", "contains"),
    ("show", "display"),
    ("popup", "display"),
    ("http", "webhook"),
];

/// The known word nearest to `word`, if it is near enough that a person may have meant it.
///
/// ```
/// use assist_rules_domain::nearest;
///
/// assert_eq!(nearest("billing-dispute", &["Billing_Dispute", "Refund"]), Some("Billing_Dispute"));
/// assert_eq!(nearest("weather", &["Billing_Dispute", "Refund"]), None);
/// ```
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = plain(word);
    let aliased = ALIASES
        .iter()
        .find(|(alias, _)| *alias == plain)
        .map(|(_, meant)| *meant);
    if let Some(meant) = aliased.and_then(|meant| known.iter().find(|name| **name == meant)) {
        return Some(meant);
    }
    let allowed = (plain.chars().count() / 3).max(1);
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&plain, &self::plain(name)), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Case, `_` and `-` are what people get wrong most. A long word is cut, or comparing would take its square.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|letter| !matches!(letter, '_' | '-' | ' '))
        .take(64)
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_the_one_that_was_meant() {
        let operators = ["contains", "equals", "starts_with", "ends_with", "regex", "gt", "lt"];
        for (word, meant) in [
            ("contain", Some("contains")),
            ("startsWith", Some("starts_with")),
            ("ENDS-WITH", Some("ends_with")),
            (">", Some("gt")),
            ("matches", Some("regex")),
            ("sounds_like", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, &operators), meant, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(1 << 20), &operators), None);
    }
}
