//! Names of the files that documents are pulled into: what people recognize, and what every disk takes.

use std::collections::{BTreeMap, BTreeSet};

use domain::ContentHash;
use unicode_normalization::UnicodeNormalization;

/// The most bytes of the part that comes from a document's name.
const MOST_BYTES: usize = 80;

/// The characters of an id that tell two documents of one name apart.
const SHORT_ID: usize = 8;

/// The names that Windows keeps for devices.
const RESERVED: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The names of files of documents, by their ids. Whatever the order, and whichever of them are pulled, a document gets
/// the same name.
pub(super) struct FileNames(BTreeMap<String, String>);

impl FileNames {
    /// The names for documents, each with its id and the name that people know it by.
    pub(super) fn new(documents: &BTreeMap<String, Option<String>>) -> Self {
        let short = |id: &str, name: &str| format!("{name}-{}", id.chars().take(SHORT_ID).collect::<String>());
        let base: BTreeMap<&str, String> = documents
            .iter()
            .map(|(id, title)| (id.as_str(), base(id, title.as_deref())))
            .collect();
        let met = repeated(base.values().map(|name| folded(name)));
        let with_id: BTreeMap<&str, String> = base
            .iter()
            .map(|(id, name)| {
                let is_alone = !met.contains(&folded(name)) && !is_reserved(name);
                (*id, if is_alone { name.clone() } else { short(id, name) })
            })
            .collect();
        let met = repeated(with_id.values().map(|name| folded(name)));
        let with_whole_id: BTreeMap<&str, String> = with_id
            .iter()
            .map(|(id, name)| {
                let base = base.get(id).cloned().unwrap_or_default();
                let is_alone = !met.contains(&folded(name));
                (*id, if is_alone { name.clone() } else { format!("{base}-{id}") })
            })
            .collect();
        // Ids that are equal but for case are two files on a disk that ignores case, too.
        let met = repeated(with_whole_id.values().map(|name| folded(name)));
        let names = with_whole_id.into_iter().map(|(id, name)| {
            let is_alone = !met.contains(&folded(&name));
            let hash = ContentHash::of(id.as_bytes());
            let digits: String = hash.digits().chars().take(SHORT_ID).collect();
            (id.to_owned(), if is_alone { name } else { format!("{name}-{digits}") })
        });
        Self(names.collect())
    }

    /// The name for a document, without an ending.
    pub(super) fn of(&self, id: &str) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }
}

/// The name of a document in letters and digits; its id where nothing is left.
fn base(id: &str, title: Option<&str>) -> String {
    let name = in_letters_and_digits(title.unwrap_or_default());
    if name.is_empty() { id.to_owned() } else { name }
}

/// A text in letters and digits, with `-` for all else.
pub(super) fn in_letters_and_digits(title: &str) -> String {
    let title: String = title.nfc().collect();
    let mut name = String::new();
    let mut is_gap = false;
    for letter in title.chars().flat_map(char::to_lowercase).collect::<String>().nfc() {
        if !letter.is_alphanumeric() {
            is_gap = true;
            continue;
        }
        let gap = if is_gap && !name.is_empty() { "-" } else { "" };
        if name.len() + gap.len() + letter.len_utf8() > MOST_BYTES {
            break;
        }
        name.push_str(gap);
        name.push(letter);
        is_gap = false;
    }
    name
}

/// A name as a disk that ignores case sees it.
fn folded(name: &str) -> String {
    name.to_lowercase()
}

fn is_reserved(name: &str) -> bool {
    let numbered = |prefix: &str| {
        let number = name.strip_prefix(prefix);
        number.is_some_and(|number| number.len() == 1 && number.chars().all(|digit| ('1'..='9').contains(&digit)))
    };
    RESERVED.contains(&name) || numbered("com") || numbered("lpt")
}

fn repeated(names: impl Iterator<Item = String>) -> BTreeSet<String> {
    let (mut seen, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for name in names {
        if !seen.insert(name.clone()) {
            repeated.insert(name);
        }
    }
    repeated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(documents: &[(&str, &str)]) -> Vec<String> {
        let documents_by_id = documents
            .iter()
            .map(|(id, title)| ((*id).to_owned(), Some((*title).to_owned())))
            .collect();
        let names = FileNames::new(&documents_by_id);
        documents.iter().map(|(id, _)| names.of(id)).collect()
    }

    #[test]
    fn a_file_has_the_name_of_its_rule_as_every_disk_takes_it() {
        let long = "a".repeat(300);
        for (title, expected) in [
            ("Q&A: refunds / returns", "q-a-refunds-returns"),
            ("-x", "x"),
            ("  Refund!  ", "refund"),
            ("CON", "con-r1"),
            ("Lpt1", "lpt1-r1"),
            ("com10", "com10"),
            ("Gru\u{308}ße", "grüße"),
            ("😀 🎉", "r1"),
            ("", "r1"),
            (&long, &"a".repeat(80)),
            ("../../etc/passwd", "etc-passwd"),
            ("ÄÖ", "äö"),
        ] {
            assert_eq!(names(&[("r1", title)]), [expected], "{title}");
        }
    }

    /// FIELD M5.
    #[test]
    fn names_that_meet_all_carry_the_id_whatever_the_order() {
        let met = [("a1b2c3d4e5", "Refund"), ("b1", "refund"), ("c1", "REFUND!")];
        assert_eq!(names(&met), ["refund-a1b2c3d4", "refund-b1", "refund-c1"]);
        let turned = [met[2], met[0], met[1]];
        assert_eq!(names(&turned), ["refund-c1", "refund-a1b2c3d4", "refund-b1"]);
        let alike = [("12345678a", "x"), ("12345678b", "x")];
        assert_eq!(names(&alike), ["x-12345678a", "x-12345678b"]);
        let but_for_case = names(&[("abc", "x"), ("ABC", "x")]);
        assert_ne!(
            but_for_case.first().map(|name| folded(name)),
            but_for_case.get(1).map(|name| folded(name))
        );
    }
}
