//! An author's document that follows a stored one: it gets the stored values, and keeps what its author alone has.

use super::edit::is_as_stored;
use super::{DocumentKind, Edit, parts};
use crate::json::{Document, Node, TextError, array_of};

/// The author's document with the stored value of each member that it names. Members that its author left out stay out;
/// the author's notes stay, those in elements of lists that are still there too.
///
/// ```
/// use assist_rules_domain::document::follow;
/// use assist_rules_domain::json::Document;
/// use assist_rules_domain::TriggerRule;
///
/// let file = Document::parse(r#"{"id": "r1", "x-owner": "ops", "name": "old"}"#)?;
/// let stored: TriggerRule = r#"{"id": "r1", "ruleType": "x", "enabled": true, "name": "new"}"#.parse()?;
/// let followed = follow(&file, &stored)?;
/// assert_eq!(followed.compact(), r#"{"id":"r1","x-owner":"ops","name":"new"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// If the document would be larger than a document may be.
pub fn follow<K: DocumentKind>(authored: &Document, stored: &K) -> Result<Document, TextError> {
    let edit = Edit::<K>::new(authored.clone()).unwrap_or_default();
    let (mut set, mut removed) = (Vec::new(), Vec::new());
    for (member, meant) in edit.named_members() {
        if is_as_stored(member, meant, stored) {
            continue;
        }
        let written = authored.root().get(member.name).unwrap_or(meant);
        match stored.member(member.name) {
            None => removed.push(member.name),
            Some(theirs) if let Some(lists) = member.nested => {
                let text = parts::follow(&parts::Place::new(lists, member.name), written, meant, theirs);
                set.push((member.name, Document::parse(&text)?));
            }
            Some(theirs) if theirs.is_array() && written.is_array() => {
                set.push((member.name, list::<K>(member.name, written, meant, theirs)?));
            }
            Some(theirs) => set.push((member.name, Document::from_node(theirs)?)),
        }
    }
    let set: Vec<(&str, &str)> = set.iter().map(|(name, value)| (*name, value.text())).collect();
    let followed = authored.with_members(&set)?;
    if removed.is_empty() {
        return Ok(followed);
    }
    followed.without_members(&removed)
}

/// The stored list, with the elements that its author wrote for those that they mean.
fn list<K: DocumentKind>(
    member: &str,
    written: Node<'_>,
    meant: Node<'_>,
    stored: Node<'_>,
) -> Result<Document, TextError> {
    let places = K::match_elements(member, meant, stored).0;
    let written: Vec<Node<'_>> = written.elements().collect();
    let elements = stored.elements().enumerate().map(|(place, theirs)| {
        let ours = places.iter().position(|found| *found == Some(place));
        let ours = ours.and_then(|ours| written.get(ours));
        ours.map_or_else(|| theirs.raw(), |ours| ours.raw())
    });
    array_of(elements)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{rule_edit, served_rule};
    use crate::trigger_rule::TriggerRule;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// A file that was pulled is in sync, names what it named, and no more.
        #[test]
        fn a_file_that_follows_says_what_is_stored(edit in rule_edit(), stored in served_rule()) {
            let followed = follow(edit.document(), &stored).unwrap();
            let again = Edit::<TriggerRule>::new(followed.clone()).unwrap();
            for (member, value) in again.named_members() {
                prop_assert!(is_as_stored(member, value, &stored), "{}", member.name);
            }
            let named = |document: &Document| -> Vec<String> {
                document.root().members().map(|member| member.name.to_owned()).collect()
            };
            let before = named(edit.document());
            prop_assert!(named(&followed).iter().all(|name| before.contains(name)));
            prop_assert_eq!(follow(&followed, &stored).unwrap(), followed);
        }
    }

    #[test]
    fn elements_that_stay_keep_what_their_author_wrote() {
        let condition = |value: &str, more: &str| {
            format!(r#"{{"type":"keyword","field":"f","operator":"contains","value":"{value}"{more}}}"#)
        };
        let file = format!(
            r#"{{"id":"r","description":null,"conditions":[{},{}]}}"#,
            condition("a", r#","x-why":"legal""#),
            condition("b", "")
        );
        let stored = format!(
            r#"{{"id":"r","ruleType":"x","enabled":true,"conditions":[{},{}]}}"#,
            condition("c", ""),
            condition("a", r#","weight":1"#)
        );
        let stored: TriggerRule = stored.parse().unwrap();
        let followed = follow(&Document::parse(&file).unwrap(), &stored).unwrap();
        let expected = format!(
            r#"{{"id":"r","description":null,"conditions":[{},{}]}}"#,
            condition("c", ""),
            condition("a", r#","x-why":"legal""#)
        );
        assert_eq!(followed.compact(), expected);
        let again = Edit::<TriggerRule>::new(followed).unwrap();
        assert!(
            again
                .named_members()
                .all(|(member, value)| is_as_stored(member, value, &stored))
        );
    }
}
