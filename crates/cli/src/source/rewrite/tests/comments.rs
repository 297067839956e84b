//! Comments: those that go with their element, and those that stay.

use super::*;

#[test]
fn a_comment_goes_with_its_element_alone() {
    let list = "list:\n  # first\n  - a: 1 # one\n  # not for VIP\n  - a: 2 # two\n    b: 3 # three\n\n  # legal asked for this\n  - a: 3\n  # last\nz: 1\n";
    for (before, changes, after, removed) in [
        (
            list,
            "/list/1 -",
            "list:\n  # first\n  - a: 1 # one\n\n  # legal asked for this\n  - a: 3\n  # last\nz: 1\n",
            &["# not for VIP", "# two", "# three"][..],
        ),
        (
            list,
            "/list/0 -",
            "list:\n  # not for VIP\n  - a: 2 # two\n    b: 3 # three\n\n  # legal asked for this\n  - a: 3\n  # last\nz: 1\n",
            &["# first", "# one"],
        ),
        (
            list,
            "/list/1/a -",
            "list:\n  # first\n  - a: 1 # one\n  # not for VIP\n  - b: 3 # three\n\n  # legal asked for this\n  - a: 3\n  # last\nz: 1\n",
            &["# two"],
        ),
        (
            list,
            "/list -",
            "  # last\nz: 1\n",
            &[
                "# first",
                "# one",
                "# not for VIP",
                "# two",
                "# three",
                "# legal asked for this",
            ],
        ),
        (
            list,
            "/list/1/a = 5",
            "list:\n  # first\n  - a: 1 # one\n  # not for VIP\n  - a: 5 # two\n    b: 3 # three\n\n  # legal asked for this\n  - a: 3\n  # last\nz: 1\n",
            &[],
        ),
        (
            list,
            r#"/list/1 - ;; /list/2 + {"a":2,"b":3}"#,
            "list:\n  # first\n  - a: 1 # one\n\n  # legal asked for this\n  - a: 3\n  # not for VIP\n  - a: 2 # two\n    b: 3 # three\n  # last\nz: 1\n",
            &[],
        ),
        (
            "# about a\n# and more\na: 1\n# about b\nb: 2\n",
            "/a -",
            "# about b\nb: 2\n",
            &["# about a", "# and more"],
        ),
        ("# of the file\n\na: 1\nb: 2\n", "/a -", "# of the file\n\nb: 2\n", &[]),
        ("a: '#1' # x\nb: |\n  # text\n", "/a -", "b: |\n  # text\n", &["# x"]),
        (
            "a:\n  # detached\n\n  - x # y\nb: 1\n",
            "/a/0 -",
            "a: []\n  # detached\n\nb: 1\n",
            &["# y"],
        ),
        (
            "a: | # why\n  x\nb: 1\n",
            "/a = \"y\\nz\\n\"",
            "a: | # why\n  y\n  z\nb: 1\n",
            &[],
        ),
        ("a: | # why\n  x\nb: 1\n", "/a = 5", "a: 5 # why\nb: 1\n", &[]),
        ("a: >- # why\n  x\nb: 1\n", "/a = [1]", "a: # why\n  - 1\nb: 1\n", &[]),
        (
            "a: x # why\nb: 1\n",
            "/a = \"y\\nz\"",
            "a: |- # why\n  y\n  z\nb: 1\n",
            &[],
        ),
    ] {
        let rewritten = edited(Syntax::Yaml, before, 0, changes)
            .unwrap_or_else(|refused| panic!("{refused:?} {changes}\n{before}"));
        let found: Vec<&str> = rewritten.removed_comments.iter().map(String::as_str).collect();
        assert_eq!(
            (rewritten.text.as_str(), found),
            (after, removed.to_vec()),
            "{changes}\n{before}"
        );
    }
}

#[test]
fn a_comment_never_becomes_a_text() {
    check_all(&[
        (
            "- |\n  text\n- a: 1\n  # deep\n- b\n",
            "/1 -",
            "- |\n  text\n# deep\n- b\n",
        ),
        (
            "- a: 1\n    # deep\n- b\n",
            "/0/a = \"x\\ny\"",
            "- a: \"x\\ny\"\n    # deep\n- b\n",
        ),
        ("- |+\n  text\n\n- a\n\n- b\n", "/1 -", "- |+\n  text\n\n- b\n"),
    ]);
}
