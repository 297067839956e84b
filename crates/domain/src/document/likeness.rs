//! The elements of two lists that are one thing, where some have an id and others have none.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

use super::Matching;
use super::common_sequence::{MAX_PAIRS, common_sequence};
use crate::json::{Node, Value};

/// The identity of elements that are not sure to have an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Likeness {
    /// The member with the id, a text. Where both sides have one, it decides.
    pub id: &'static str,
    /// The members that make out the content of an element: two elements that are equal in them are one thing.
    pub content: &'static [&'static str],
    /// The member that switches an element on and off, if there is one.
    pub switch: Option<&'static str>,
}

impl Likeness {
    /// Matches two versions of a list: for each new element the place of the old one that it is, if it is one.
    ///
    /// Elements are one by their ids; else by their content, those that stand in one order first; else if more than half of
    /// what they say is the same, or a list of objects in them is, the most alike and the nearest first. To match the other
    /// way round gives the same pairs.
    pub fn match_elements(self, old: &[Node<'_>], new: &[Node<'_>]) -> Matching {
        let (old, new) = (Side::new(self, old), Side::new(self, new));
        // Why: where several pairs are as good, which of them is taken must not depend on the side that is called old.
        if old.order() <= new.order() {
            return Matching(Pairs::between(&old, &new).of_new);
        }
        let turned = Pairs::between(&new, &old);
        Matching(turned.of_old)
    }
}

/// One version of a list.
struct Side<'d> {
    likeness: Likeness,
    elements: Vec<Node<'d>>,
    ids: Vec<Option<&'d str>>,
    contents: Vec<String>,
}

impl<'d> Side<'d> {
    fn new(likeness: Likeness, elements: &[Node<'d>]) -> Self {
        let id = |element: &Node<'d>| element.get(likeness.id).and_then(Node::as_str);
        let content = |element: &Node<'d>| {
            let members = likeness.content.iter().map(|name| element.get(name));
            let texts = members.map(|member| member.map_or(Cow::Borrowed("-"), |member| member.identity().into()));
            texts.collect::<Vec<_>>().join("\n")
        };
        Self {
            likeness,
            ids: elements.iter().map(id).collect(),
            contents: elements.iter().map(content).collect(),
            elements: elements.to_vec(),
        }
    }

    fn order(&self) -> (usize, &[String], &[Option<&'d str>]) {
        (self.elements.len(), &self.contents, &self.ids)
    }

    fn content(&self, index: usize) -> Option<&str> {
        self.contents.get(index).map(String::as_str)
    }

    fn id(&self, index: usize) -> Option<&'d str> {
        self.ids.get(index).copied().flatten()
    }

    /// All that an element says in the members of its content: each value with the members that it stands under.
    fn statements(&self, index: usize) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(element) = self.elements.get(index) {
            for name in self.likeness.content {
                if let Some(member) = element.get(name) {
                    state(name, member, &mut found);
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// The lists of objects in the content of an element, each with the members that it stands under.
    fn lists(&self, index: usize) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(element) = self.elements.get(index) {
            for name in self.likeness.content {
                if let Some(member) = element.get(name) {
                    list(name, member, &mut found);
                }
            }
        }
        found
    }
}

fn state(place: &str, node: Node<'_>, found: &mut Vec<String>) {
    match node.value() {
        Value::Object(members) => {
            for member in members {
                state(&format!("{place}/{}", member.name), member.value, found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                state(place, element, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(format!("{place}={}", node.identity()));
        }
    }
}

fn list(place: &str, node: Node<'_>, found: &mut Vec<String>) {
    for member in node.members() {
        list(&format!("{place}/{}", member.name), member.value, found);
    }
    if node.elements().next().is_some_and(Node::is_object) {
        found.push(format!("{place}={}", node.identity()));
    }
}

/// The pairs that were found, by both of their places.
struct Pairs {
    of_old: Vec<Option<usize>>,
    of_new: Vec<Option<usize>>,
}

impl Pairs {
    fn between(old: &Side<'_>, new: &Side<'_>) -> Self {
        let mut pairs = Self {
            of_old: vec![None; old.elements.len()],
            of_new: vec![None; new.elements.len()],
        };
        pairs.find_by_id(old, new);
        pairs.find_by_content(old, new);
        pairs.find_alike(old, new);
        pairs
    }

    fn put(&mut self, old: usize, new: usize) {
        if let (Some(of_old), Some(of_new)) = (self.of_old.get_mut(old), self.of_new.get_mut(new))
            && of_old.is_none()
            && of_new.is_none()
        {
            *of_old = Some(new);
            *of_new = Some(old);
        }
    }

    fn free_old(&self) -> Vec<usize> {
        free(&self.of_old)
    }

    fn free_new(&self) -> Vec<usize> {
        free(&self.of_new)
    }

    fn find_by_id(&mut self, old: &Side<'_>, new: &Side<'_>) {
        let places = |side: &Side<'_>| -> BTreeMap<String, Vec<usize>> {
            let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
            for (index, id) in side.ids.iter().enumerate() {
                if let Some(id) = id {
                    places.entry((*id).to_owned()).or_default().push(index);
                }
            }
            places
        };
        let new = places(new);
        for (id, ours) in places(old) {
            if let ([one], Some([other])) = (ours.as_slice(), new.get(&id).map(Vec::as_slice)) {
                self.put(*one, *other);
            }
        }
    }

    /// First those in one order, then those that moved.
    fn find_by_content(&mut self, old: &Side<'_>, new: &Side<'_>) {
        let (free_old, free_new) = (self.free_old(), self.free_new());
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for content in free_old
            .iter()
            .filter_map(|index| old.content(*index))
            .chain(free_new.iter().filter_map(|index| new.content(*index)))
        {
            let next = known.len();
            known.entry(content).or_insert(next);
        }
        let numbers = |side: &Side<'_>, free: &[usize]| -> Vec<usize> {
            let contents = free.iter().filter_map(|index| side.content(*index));
            contents.filter_map(|content| known.get(content).copied()).collect()
        };
        for (one, other) in common_sequence(&numbers(old, &free_old), &numbers(new, &free_new), MAX_PAIRS) {
            if let (Some(one), Some(other)) = (free_old.get(one), free_new.get(other))
                && may_be_one(old.id(*one), new.id(*other))
            {
                self.put(*one, *other);
            }
        }
        let mut moved: BTreeMap<&str, VecDeque<usize>> = BTreeMap::new();
        for one in self.free_old() {
            moved
                .entry(old.content(one).unwrap_or_default())
                .or_default()
                .push_back(one);
        }
        for other in self.free_new() {
            let Some(places) = new.content(other).and_then(|content| moved.get_mut(content)) else {
                continue;
            };
            let place = places.iter().position(|one| may_be_one(old.id(*one), new.id(other)));
            if let Some(one) = place.and_then(|place| places.remove(place)) {
                self.put(one, other);
            }
        }
    }

    fn find_alike(&mut self, old: &Side<'_>, new: &Side<'_>) {
        let (free_old, free_new) = (self.free_old(), self.free_new());
        if free_old.len().saturating_mul(free_new.len()) > MAX_PAIRS {
            return;
        }
        let described = |side: &Side<'_>, free: &[usize]| -> Vec<(usize, Vec<String>, Vec<String>)> {
            free.iter()
                .map(|index| (*index, side.statements(*index), side.lists(*index)))
                .collect()
        };
        let others = described(new, &free_new);
        let mut found = Vec::new();
        for (one, statements, lists) in described(old, &free_old) {
            for (other, theirs, their_lists) in &others {
                let shared = shared(&statements, theirs);
                let all = statements.len() + theirs.len() - shared;
                let is_alike = shared * 2 > all || lists.iter().any(|list| their_lists.contains(list));
                if is_alike && may_be_one(old.id(one), new.id(*other)) {
                    // Per thousand, so that pairs of any size compare.
                    let likeness = shared * 1_000 / all.max(1);
                    found.push((Reverse(likeness), one.abs_diff(*other), one, *other));
                }
            }
        }
        found.sort_unstable();
        for (_, _, one, other) in found {
            self.put(one, other);
        }
    }
}

fn free(places: &[Option<usize>]) -> Vec<usize> {
    let free = places.iter().enumerate().filter(|(_, place)| place.is_none());
    free.map(|(index, _)| index).collect()
}

/// True unless both have an id, and another one.
fn may_be_one(one: Option<&str>, other: Option<&str>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        (Some(_) | None, None) | (None, Some(_)) => true,
    }
}

/// The number of texts that two sorted lists have in common.
fn shared(ours: &[String], theirs: &[String]) -> usize {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut count = 0;
    while let (Some(one), Some(other)) = (ours.peek(), theirs.peek()) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => drop(ours.next()),
            std::cmp::Ordering::Greater => drop(theirs.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                ours.next();
                theirs.next();
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::Document;

    const RULES: Likeness = Likeness {
        id: "id",
        content: &["rule", "roles"],
        switch: None,
    };

    /// A list of rules, each word one: its id or `-`, its condition, its action, its roles, in letters.
    fn list(words: &str) -> Document {
        let element = |word: &str| {
            let letters: Vec<char> = word.chars().collect();
            let [id, condition, action, roles] = letters.as_slice() else {
                panic!("{word}")
            };
            let id = if *id == '-' {
                String::new()
            } else {
                format!(r#""id":"{id}","#)
            };
            format!(
                r#"{{{id}"enabled":true,"rule":{{"conditions":[{{"type":"Intent","values":["{condition}"]}}],
                "actions":[{{"type":"Script","attributes":{{"scriptId":"{action}","pageId":"{action}"}}}}]}},"roles":["{roles}"]}}"#
            )
        };
        let elements: Vec<String> = words.split_whitespace().map(element).collect();
        format!("[{}]", elements.join(",")).parse().unwrap()
    }

    fn matched(old: &Document, new: &Document) -> Vec<Option<usize>> {
        let nodes = |document: &'_ Document| document.root().elements().count();
        let (old_count, new_count) = (nodes(old), nodes(new));
        let (old, new): (Vec<_>, Vec<_>) = (old.root().elements().collect(), new.root().elements().collect());
        let found = RULES.match_elements(&old, &new).0;
        let back = RULES.match_elements(&new, &old).0;
        assert_eq!((found.len(), back.len()), (new_count, old_count));
        for (other, one) in found.iter().enumerate() {
            if let Some(one) = one {
                assert_eq!(back[*one], Some(other), "the same pairs the other way round");
            }
        }
        assert_eq!(found.iter().flatten().count(), back.iter().flatten().count());
        found
    }

    #[test]
    fn ids_decide_where_both_have_one_and_else_what_the_rules_say() {
        for (old, new, expected) in [
            ("-abc -dec", "-abc -dec", &[Some(0), Some(1)][..]),
            ("-abc -dec", "-dec -abc", &[Some(1), Some(0)]),
            // A changed condition, a changed action, other roles.
            ("-abc -dec", "-xbc -dec", &[Some(0), Some(1)]),
            ("-abc -dec", "-axc -dec", &[Some(0), Some(1)]),
            ("-abc -dec", "-abx -dec", &[Some(0), Some(1)]),
            // Another rule altogether.
            ("-abc", "-xyc", &[None]),
            ("1abc 2dec", "2dec 1abc", &[Some(1), Some(0)]),
            ("1abc 2dec", "2abc 1dec", &[Some(1), Some(0)]),
            ("1abc", "2abc", &[None]),
            ("1abc", "-abc", &[Some(0)]),
            ("1abc -dec", "-abc 2dec", &[Some(0), Some(1)]),
            // One of two equal ones is gone.
            ("-abc -dec -abc", "-dec -abc", &[Some(1), Some(2)]),
            ("-abc -dec -abc", "-abc -dec", &[Some(0), Some(1)]),
            ("-abc", "-abc -abq", &[Some(0), None]),
            ("", "-abc", &[None]),
        ] {
            assert_eq!(matched(&list(old), &list(new)), expected, "{old} → {new}");
        }
    }

    fn rules() -> impl Strategy<Value = String> {
        let rule = ("[-12]", "[abc]", "[xyz]", "[pq]")
            .prop_map(|(id, condition, action, role)| id + &condition + &action + &role);
        proptest::collection::vec(rule, 0..6).prop_map(|rules| rules.join(" "))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        /// Whatever two lists there are, the pairs are the same from both sides, and no id is paired with another one.
        #[test]
        fn matching_is_symmetric(old in rules(), new in rules()) {
            let (old, new) = (list(&old), list(&new));
            let found = matched(&old, &new);
            for (element, one) in new.root().elements().zip(found) {
                if let Some(theirs) = one.and_then(|one| old.root().elements().nth(one)) {
                    let ids = [element, theirs].map(|element| element.get("id").and_then(Node::as_str));
                    prop_assert!(may_be_one(ids[0], ids[1]));
                }
            }
        }

        /// A list in another order is the same list: each element is found, and is equal.
        #[test]
        fn a_permutation_is_found(words in proptest::collection::btree_set("[abc][xyz][pq]", 0..7), seed in any::<u64>()) {
            let old: Vec<String> = words.iter().map(|word| format!("-{word}")).collect();
            let mut new = old.clone();
            new.sort_by_key(|word| (word.bytes().map(u64::from).product::<u64>() ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let found = matched(&list(&old.join(" ")), &list(&new.join(" ")));
            for (word, one) in new.iter().zip(found) {
                prop_assert_eq!(one.and_then(|one| old.get(one)), Some(word));
            }
        }
    }
}
