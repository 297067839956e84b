//! Edits that are not safe.

use super::*;

#[test]
fn a_change_within_an_anchor_an_alias_or_a_merge_is_refused() {
    let anchors = "base: &base\n  a: 1\nuse: *base\nmerged:\n  <<: *base\n  b: 2\nfree:\n  c: 3\n";
    for changes in [
        "/base/a = 2",
        "/use = 1",
        "/use/a = 2",
        "/merged/b = 3",
        "/merged/a = 3",
        "/base -",
        "/merged -",
        "/use -",
    ] {
        assert_eq!(
            edited(Syntax::Yaml, anchors, 0, changes),
            Err(Unsafe::Layout),
            "{changes}"
        );
    }
    for (unused, changes) in [
        ("a: &x 1\nb: 2\n", "/a = 2"),
        ("a: &x\n  b: 1\n", "/a/b = 2"),
        ("a: &x [1]\n", "/a/0 -"),
    ] {
        assert_eq!(
            edited(Syntax::Yaml, unused, 0, changes),
            Err(Unsafe::Layout),
            "{unused}"
        );
    }
    check_all(&[
        (anchors, "/free/c = 4", &anchors.replace("c: 3", "c: 4")),
        (anchors, "/free/d + 4", &format!("{anchors}  d: 4\n")),
        (anchors, "/z + 4", &format!("{anchors}z: 4\n")),
    ]);
}

#[test]
fn a_key_that_is_no_word_is_refused() {
    for before in ["? a\n: b\nc: 1\n", "{? a : b, c: 1}\n", "{a, c: 1}\n"] {
        assert_eq!(
            edited(Syntax::Yaml, before, 0, "/c = 2"),
            Err(Unsafe::Layout),
            "{before}"
        );
    }
    check_all(&[("x:\n  ? a\n  : b\nc: 1\n", "/c = 2", "x:\n  ? a\n  : b\nc: 2\n")]);
}

#[test]
fn a_bad_text_or_a_bad_index_is_refused() {
    let wanted = Document::empty_object();
    for (text, syntax, index) in [
        ("a: [", Syntax::Yaml, 0),
        ("{", Syntax::Json, 0),
        ("a: 1", Syntax::Yaml, 1),
        ("{}", Syntax::Json, 1),
        ("", Syntax::Yaml, 0),
        ("", Syntax::Json, 0),
        ("a: 1\rb: 2\n", Syntax::Yaml, 0),
    ] {
        assert_eq!(rewrite(text, syntax, index, &wanted), Err(Unsafe::Layout), "{text:?}");
    }
}

#[test]
fn a_text_that_yaml_cannot_write_is_refused() {
    let wanted: Document = r#"{"a":"\ud800"}"#.parse().unwrap();
    assert_eq!(rewrite("a: 1\n", Syntax::Yaml, 0, &wanted), Err(Unsafe::Layout));
    assert_eq!(
        rewrite("{\"a\":1}", Syntax::Json, 0, &wanted).unwrap().text,
        "{\"a\":\"\\ud800\"}"
    );
}

#[test]
fn the_same_document_is_the_same_text() {
    for text in ["a: 1.50 # x\n\n", "a: &x 1\nb: *x", "a: 1\r\n"] {
        let document = read(text, Syntax::Yaml).unwrap().remove(0);
        assert_eq!(rewrite(text, Syntax::Yaml, 0, &document).unwrap().text, text);
    }
}
