//! Lists and maps in brackets, of YAML and of JSON.

use super::*;

#[test]
fn entries_in_brackets_come_and_go_with_their_commas() {
    check_all(&[
        ("a: [x, y, z] # c\nb: 1\n", "/a/1 -", "a: [x, z] # c\nb: 1\n"),
        ("a: [x, y, z] # c\nb: 1\n", "/a/0 -", "a: [y, z] # c\nb: 1\n"),
        ("a: [x, y, z] # c\nb: 1\n", "/a/2 -", "a: [x, y] # c\nb: 1\n"),
        ("a: [x, y] # c\nb: 1\n", "/a/0 + \"w\"", "a: [w, x, y] # c\nb: 1\n"),
        ("a: [x, y] # c\nb: 1\n", "/a/2 + \"w\"", "a: [x, y, w] # c\nb: 1\n"),
        ("a: [x, y,]\n", "/a/2 + \"w\"", "a: [x, y, w,]\n"),
        ("a: [x, y,]\n", "/a/1 -", "a: [x,]\n"),
        ("a: [x]\n", "/a/0 -", "a: []\n"),
        ("a: [ x ]\n", "/a/0 = \"y, z\"", "a: [ 'y, z' ]\n"),
        ("a: [x, y, z]\n", "/a/0 - ;; /a/2 + \"x\"", "a: [y, z, x]\n"),
        (
            "a: {b: 1, c: [d]}\n",
            "/a/c/0 + {\"e\":\"f\"}",
            "a: {b: 1, c: [{e: f}, d]}\n",
        ),
        ("a: { b: 1, c: 2 }\n", "/a/b -", "a: { c: 2 }\n"),
        ("a: { b: 1, c: 2 }\n", "/a/c -", "a: { b: 1 }\n"),
        ("a: { b: 1 }\n", "/a/c + \"no\"", "a: { b: 1, c: \"no\" }\n"),
        ("a: {b: 1}\n", "/a/b - ;; /a/c + 5", "a: {c: 5}\n"),
        ("a: {b: }\n", "/a/b = 1", "a: {b: 1 }\n"),
        (
            "a: [\n  x, # x\n  # y\n  y, # yy\n  z\n]\n",
            "/a/1 -",
            "a: [\n  x, # x\n  z\n]\n",
        ),
        ("a: [\n  x, # x\n  z # z\n]\n", "/a/1 -", "a: [\n  x # x\n]\n"),
        (
            "a: [\n  x, # x\n  z # z\n]\n",
            "/a/2 + 5",
            "a: [\n  x, # x\n  z, # z\n  5\n]\n",
        ),
        (
            "a: [\n  x, # x\n  z # z\n]\n",
            "/a/0 - ;; /a/1 + \"x\"",
            "a: [\n  z, # z\n  x # x\n]\n",
        ),
        ("a: [x, # x\n  y, z]\n", "/a/0 -", "a: [\n  y, z]\n"),
        ("a: [x,\n  y, z]\n", "/a/1 -", "a: [x,\n  z]\n"),
    ]);
}

#[test]
fn json_keeps_its_white_space_and_its_digits() {
    let lines =
        "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2}\n    ],\n    \"d\": {}\n}\n";
    for (before, changes, after) in [
        (
            lines,
            "/a = 2",
            "{\n    \"a\": 2,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2}\n    ],\n    \"d\": {}\n}\n",
        ),
        (
            lines,
            "/b/1 -",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1}\n    ],\n    \"d\": {}\n}\n",
        ),
        (
            lines,
            "/b/0 -",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 2}\n    ],\n    \"d\": {}\n}\n",
        ),
        (
            lines,
            "/b/2 + {\"e\":[1]}",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2},\n        {\n            \"e\": [\n                1\n            ]\n        }\n    ],\n    \"d\": {}\n}\n",
        ),
        (
            lines,
            "/d/x + 1",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2}\n    ],\n    \"d\": {\n        \"x\": 1\n    }\n}\n",
        ),
        (
            lines,
            "/d -",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2}\n    ]\n}\n",
        ),
        (
            lines,
            "/z + null",
            "{\n    \"a\": 1.50,\n    \"b\": [\n        {\"c\" : 1},\n        {\"c\" : 2}\n    ],\n    \"d\": {},\n    \"z\": null\n}\n",
        ),
        ("{\"a\":1,\"b\":[1,2]}", "/b/1 -", "{\"a\":1,\"b\":[1]}"),
        (
            "{\"a\":1,\"b\":[1,2]}",
            "/c + {\"d\":[1,2]}",
            "{\"a\":1,\"b\":[1,2],\"c\":{\"d\":[1,2]}}",
        ),
        ("{\"a\":1}", "/a -", "{}"),
        ("{}", "/a + 1", "{\"a\": 1}"),
        (
            "\u{feff}{\"a\":\"x\\ty\"}\r\n",
            "/a = \"y\\nz\"",
            "\u{feff}{\"a\":\"y\\nz\"}\r\n",
        ),
        (
            "{\r\n\t\"a\": 1\r\n}\r\n",
            "/b + [2]",
            "{\r\n\t\"a\": 1,\r\n\t\"b\": [\r\n\t\t2\r\n\t]\r\n}\r\n",
        ),
    ] {
        assert_eq!(
            edited(Syntax::Json, before, 0, changes).map(|it| it.text).as_deref(),
            Ok(after),
            "{changes}\n{before}"
        );
    }
}
