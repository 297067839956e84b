//! Scalars: each keeps its style where the new value allows.

use super::*;

#[test]
fn a_scalar_keeps_its_style() {
    check_all(&[
        ("a: x # c\n", "/a = \"y\"", "a: y # c\n"),
        ("a: 'x'\n", "/a = \"it's\"", "a: 'it''s'\n"),
        ("a: \"x\"\n", "/a = \"a \\\"b\\\"\"", "a: \"a \\\"b\\\"\"\n"),
        ("a: x\n", "/a = \"true\"", "a: 'true'\n"),
        ("a: x\n", "/a = true", "a: true\n"),
        ("a: 'x'\n", "/a = 1.50", "a: 1.5\n"),
        ("a: yes\n", "/a = \"no\"", "a: no\n"),
        ("a: x\n", "/a = \"\"", "a: ''\n"),
        ("a: x\n", "/a = null", "a: null\n"),
        ("a: !!str 5\nb: 1\n", "/a = \"6\"", "a: '6'\nb: 1\n"),
        ("a: |\n  x\n  y\nb: 1\n", "/a = \"x\\nz\\n\"", "a: |\n  x\n  z\nb: 1\n"),
        (
            "a: |\n  x\n  y\n\n# c\nb: 1\n",
            "/a = \"z\"",
            "a: |-\n  z\n\n# c\nb: 1\n",
        ),
        (
            "a: |-\n    x\nb: 1\n",
            "/a = \"z\\n\\ny\"",
            "a: |-\n    z\n\n    y\nb: 1\n",
        ),
        (
            "a: |2-\n    x\n   y\nb: 1\n",
            "/a = \"   x\\ny\"",
            "a: |2-\n     x\n  y\nb: 1\n",
        ),
        ("a: |-\n  x\nb: 1\n", "/a = \" x\\ny\"", "a: |2-\n   x\n  y\nb: 1\n"),
        ("- a: |\n    x\n  b: 1\n", "/0/a = \" y\"", "- a: |2-\n     y\n  b: 1\n"),
        ("- |\n  x\n- b\n", "/0 = \"y\"", "- |-\n  y\n- b\n"),
        ("a: |+\n  x\n\nb: 1\n", "/a = \"y\\n\"", "a: |\n  y\n\nb: 1\n"),
        ("a: |\n  x\nb: 1\n", "/a = \"y\\n\\n\"", "a: \"y\\n\\n\"\nb: 1\n"),
        ("a: |\n  x\n", "/a = \"\"", "a: \"\"\n"),
        (
            "a: >-\n  one two\n  three four\n  five\nb: 1\n",
            "/a = \"one two three six seven eight\"",
            "a: >-\n  one two three six\n  seven eight\nb: 1\n",
        ),
        (
            "a: >-\n  one\n  two\nb: 1\n",
            "/a = \"one\\n two\"",
            "a: |-\n  one\n   two\nb: 1\n",
        ),
        ("a: \"x\n  y\"\nb: 1\n", "/a = \"z\"", "a: \"z\"\nb: 1\n"),
        ("a: x\n  y\nb: 1\n", "/a = \"z\"", "a: z\nb: 1\n"),
        ("a: x\nb: |\n  last", "/b = \"new\\n\"", "a: x\nb: |\n  new"),
        ("a: x\nb: |\n  last", "/c + 1", "a: x\nb: |\n  last\nc: 1"),
        (
            "a: |\r\n  x\r\n  y\r\nb: 1\r\n",
            "/a = \"x\\nz\\n\"",
            "a: |\r\n  x\r\n  z\r\nb: 1\r\n",
        ),
        ("a: x\n", "/a = \"a\\tb\"", "a: a\tb\n"),
    ]);
    let long = "word ".repeat(200) + "end";
    let (before, after) = (format!("a: {long}\nb: 1\n"), format!("a: {long}!\nb: 1\n"));
    check_all(&[(&before, &format!("/a = \"{long}!\""), &after)]);
}
