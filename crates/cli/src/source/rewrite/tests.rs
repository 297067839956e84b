//! Texts before and after an edit: every place where editors break.

mod brackets;
mod comments;
mod laws;
mod lines;
mod refusals;
mod scalars;

use serde_json::Value;

use super::*;

/// One change of a document: `/at = value`, `/at + value` (put in before the element, or as the last member) or `/at -`.
pub(super) fn changed(document: &Document, changes: &str) -> Document {
    let mut value: Value = serde_json::from_str(document.text()).unwrap();
    for change in changes.split(" ;; ") {
        let mut parts = change.splitn(3, ' ');
        let (pointer, sign) = (parts.next().unwrap(), parts.next().unwrap());
        let new = parts.next().map(|json| serde_json::from_str::<Value>(json).unwrap());
        if pointer == "/" {
            value = new.unwrap();
            continue;
        }
        let (holder, name) = pointer.rsplit_once('/').unwrap();
        let holder = value.pointer_mut(holder).unwrap();
        match (sign, holder) {
            ("=", holder) => *holder.pointer_mut(&format!("/{name}")).unwrap() = new.unwrap(),
            ("+", Value::Array(list)) => list.insert(name.parse().unwrap(), new.unwrap()),
            ("+", Value::Object(map)) => {
                map.insert(name.to_owned(), new.unwrap());
            }
            ("-", Value::Array(list)) => {
                list.remove(name.parse().unwrap());
            }
            ("-", Value::Object(map)) => {
                map.shift_remove(name).unwrap();
            }
            (sign, _) => panic!("{sign}"),
        }
    }
    Document::from_serialize(&value).unwrap()
}

/// The result of changes to the document with this index.
pub(super) fn edited(syntax: Syntax, before: &str, index: usize, changes: &str) -> Result<Rewritten, Unsafe> {
    let bare = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
    let documents = read(bare, syntax).unwrap_or_else(|| panic!("{before}"));
    rewrite(before, syntax, index, &changed(&documents[index], changes))
}

/// Holds changes of the first document of YAML against the text that they are to make.
pub(super) fn check_all(cases: &[(&str, &str, &str)]) {
    let mut faults = Vec::new();
    for (before, changes, after) in cases {
        match edited(Syntax::Yaml, before, 0, changes) {
            Ok(rewritten) if rewritten.text == *after => {}
            Ok(rewritten) => faults.push(format!(
                "{changes}\n--- before\n{before}\n--- expected\n{after}\n--- found\n{}\n{:?}",
                rewritten.text, rewritten.text
            )),
            Err(refused) => faults.push(format!("{changes}: {refused:?}\n{before}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n=====\n"));
}
