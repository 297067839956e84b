//! Lists and maps in lines.

use super::*;

#[test]
fn an_element_touches_its_own_lines() {
    let list = "list:\n  - a: 1\n    b: 2\n  - a: 3\n    b: 4 # four\n\n  - a: 5\n";
    check_all(&[
        (list, "/list/0 -", "list:\n  - a: 3\n    b: 4 # four\n\n  - a: 5\n"),
        (list, "/list/1 -", "list:\n  - a: 1\n    b: 2\n\n  - a: 5\n"),
        (
            list,
            "/list/2 -",
            "list:\n  - a: 1\n    b: 2\n  - a: 3\n    b: 4 # four\n\n",
        ),
        (
            list,
            r#"/list/0 + {"c":1,"d":[1,{"e":2}]}"#,
            "list:\n  - c: 1\n    d:\n      - 1\n      - e: 2\n  - a: 1\n    b: 2\n  - a: 3\n    b: 4 # four\n\n  - a: 5\n",
        ),
        (
            list,
            r#"/list/3 + {"c":1}"#,
            "list:\n  - a: 1\n    b: 2\n  - a: 3\n    b: 4 # four\n\n  - a: 5\n  - c: 1\n",
        ),
        (
            list,
            r#"/list/0 - ;; /list/2 + {"a":1,"b":2}"#,
            "list:\n  - a: 3\n    b: 4 # four\n\n  - a: 5\n  - a: 1\n    b: 2\n",
        ),
        (
            list,
            "/list/1/b = 7",
            "list:\n  - a: 1\n    b: 2\n  - a: 3\n    b: 7 # four\n\n  - a: 5\n",
        ),
        (
            "list:\n- a\n- b\nz: 1\n",
            "/list/1 + \"x\"",
            "list:\n- a\n- x\n- b\nz: 1\n",
        ),
        (
            "list:\n- a\n- b\nz: 1\n",
            "/list/2 + \"x\"",
            "list:\n- a\n- b\n- x\nz: 1\n",
        ),
        ("list:\n- a\n- b\n\nz: 1\n", "/list/0 -", "list:\n- b\n\nz: 1\n"),
        ("list: # here\n- a\n\nz: 1\n", "/list/0 -", "list: [] # here\n\nz: 1\n"),
        ("list:\n  - a\n", "/list/0 -", "list: []\n"),
        (
            "list: [] # none\nz: 1\n",
            "/list/0 + {\"a\":1}",
            "list: # none\n  - a: 1\nz: 1\n",
        ),
        ("list: []\nz: 1\n", "/list/0 + {\"a\":[]}", "list:\n  - a: []\nz: 1\n"),
        ("- - a\n  - b\n- c\n", "/0/0 -", "- - b\n- c\n"),
        ("- - a\n  - b\n- c\n", "/0/0 + \"x\"", "- - x\n  - a\n  - b\n- c\n"),
        ("- - a\n- c\n", "/0/0 -", "- []\n- c\n"),
        ("- - a\n  - b\n- c\n", "/0/0 - ;; /0/1 + \"a\"", "- - b\n  - a\n- c\n"),
        ("- - a\n- c\n", "/0/0 = [1]", "- - - 1\n- c\n"),
        ("-\n  a: 1\n- b: 2\n", "/0/a -", "- {}\n- b: 2\n"),
        ("- a\n- b\n", "/0 = {\"a\":1,\"b\":2}", "- a: 1\n  b: 2\n- b\n"),
        ("- a # x\n- b\n", "/0 = {\"a\":1}", "- # x\n  a: 1\n- b\n"),
    ]);
}

#[test]
fn a_member_touches_its_own_lines() {
    check_all(&[
        ("a: 1\nb: 2\n", "/c + 3", "a: 1\nb: 2\nc: 3\n"),
        ("a: 1\nb: 2", "/c + 3", "a: 1\nb: 2\nc: 3"),
        ("a: 1\nb: 2", "/b = 3", "a: 1\nb: 3"),
        ("a: 1\nb: 2", "/b -", "a: 1"),
        (
            "a:\n  b: 1\n\n# c\nc: 2\n",
            "/a/d + 3",
            "a:\n  b: 1\n  d: 3\n\n# c\nc: 2\n",
        ),
        (
            "a:\n    b: 1\nc: 2\n",
            "/a/d + {\"e\":[1]}",
            "a:\n    b: 1\n    d:\n        e:\n            - 1\nc: 2\n",
        ),
        ("a:\n  b: 1\nc: 2\n", "/a/b -", "a: {}\nc: 2\n"),
        ("a: 1\n", "/a -", "{}\n"),
        ("a: {}\n", "/a/b + 1", "a:\n  b: 1\n"),
        ("- a: 1\n  b: 2\n", "/0/a -", "- b: 2\n"),
        ("- a: 1\n\n  # own\n  b: 2\n", "/0/a -", "-\n\n  # own\n  b: 2\n"),
        ("- a: 1\n  b: 2\n  c: 3\n", "/0/a - ;; /0/b -", "- c: 3\n"),
        ("- a: 1\n- b: 1\n", "/0/a - ;; /0/c + 3", "- c: 3\n- b: 1\n"),
        ("a:\nb: 1\n", "/a = 5", "a: 5\nb: 1\n"),
        ("a:\nb: 1\n", "/a = [5]", "a:\n  - 5\nb: 1\n"),
        ("a: 5 # c\nb: 1\n", "/a = [5]", "a: # c\n  - 5\nb: 1\n"),
        ("a:\n  x: 1\n  y: 2\nb: 1\n", "/a = 5", "a: 5\nb: 1\n"),
        ("a:\n  x: 1\nb: 1\n", "/a = [1,2]", "a:\n  - 1\n  - 2\nb: 1\n"),
        (
            "a:\n  long\n  text # c\nb: 1\n",
            "/a = \"new\"",
            "a:\n  new # c\nb: 1\n",
        ),
        ("a: 1\nb: 2\n", "/true + \"true\"", "a: 1\nb: 2\n\"true\": \"true\"\n"),
        ("a:\tb\nc: x\n", "/a = \"d\\te\"", "a:\td\te\nc: x\n"),
        ("# head\n\na: 1\n", "/a = 2", "# head\n\na: 2\n"),
    ]);
}

#[test]
fn what_is_around_a_document_stays() {
    check_all(&[
        (
            "---\r\na: 1\r\nb:\r\n  - x\r\n",
            "/b/1 + \"w\"",
            "---\r\na: 1\r\nb:\r\n  - x\r\n  - w\r\n",
        ),
        ("\u{feff}a: 1\nb: 2\n", "/a = 3", "\u{feff}a: 3\nb: 2\n"),
        ("\u{feff}a: 1\r\nb: 2", "/a -", "\u{feff}b: 2"),
        ("%YAML 1.2\n---\na: 1\n...\n", "/a = 2", "%YAML 1.2\n---\na: 2\n...\n"),
        (
            "%YAML 1.2\n---\na: 1\n...\n",
            "/b + 2",
            "%YAML 1.2\n---\na: 1\nb: 2\n...\n",
        ),
        ("--- # c\na: 1\n", "/a -", "--- # c\n{}\n"),
        ("--- {}\n", "/a + 1", "---\na: 1\n"),
        ("{}\n", "/a + 1", "a: 1\n"),
    ]);
    let three = "# one\n---\na: 1\n---\n# two\na: 1 # x\n# end\n...\n---\na: 1\n";
    for (index, after) in [
        (0, "# one\n---\na: 2\n---\n# two\na: 1 # x\n# end\n...\n---\na: 1\n"),
        (1, "# one\n---\na: 1\n---\n# two\na: 2 # x\n# end\n...\n---\na: 1\n"),
        (2, "# one\n---\na: 1\n---\n# two\na: 1 # x\n# end\n...\n---\na: 2\n"),
    ] {
        assert_eq!(edited(Syntax::Yaml, three, index, "/a = 2").unwrap().text, after);
    }
    let after_nothing = "---\n---\na: 1\n";
    assert_eq!(
        edited(Syntax::Yaml, after_nothing, 0, "/a = 2").unwrap().text,
        "---\n---\na: 2\n"
    );
}
