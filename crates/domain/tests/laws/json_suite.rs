//! The 318 cases of `JSONTestSuite` (Nicolas Seriot, "Parsing JSON is a Minefield"), each by what is in it: texts that
//! every reader accepts are read, those that none accepts are refused, and those that are left to the reader are pinned.

mod accepted;
mod refused;
mod undefined;

use assist_rules_domain::json::{Document, JsonError, MAX_DEPTH, Node};

use accepted::{ACCEPTED, DUPLICATES};
use refused::REFUSED;
use undefined::{Ruling, UNDEFINED};

/// The end that bytes come to.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Read,
    NotUtf8,
    Syntax,
    TooDeep,
    TooLarge,
    Duplicate,
}

/// Reads bytes as the doors of the program do: as UTF-8, and then as a document.
fn end_of(bytes: &[u8]) -> End {
    let Ok(text) = str::from_utf8(bytes) else {
        return End::NotUtf8;
    };
    let Err(error) = Document::parse(text) else {
        return End::Read;
    };
    let first = error.faults().next().unwrap();
    let span = first.span();
    assert!(text.get(span.start..span.end).is_some(), "{first}: {span:?}");
    match first {
        JsonError::Syntax { .. } => End::Syntax,
        JsonError::TooDeep { .. } => End::TooDeep,
        JsonError::TooLarge { .. } => End::TooLarge,
        JsonError::Duplicate { .. } => End::Duplicate,
    }
}

#[test]
fn what_every_reader_accepts_is_read() {
    for (bytes, what) in ACCEPTED {
        let text = str::from_utf8(bytes).unwrap();
        let document: Document = text.parse().unwrap_or_else(|error| panic!("{what}: {error}"));
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        let ours: serde_json::Value = serde_json::from_str(&document.compact()).unwrap();
        assert_eq!(ours, theirs, "{what}");
        assert_eq!(serde_json::to_value(&document).unwrap(), theirs, "{what}");
        assert_eq!(document.text(), text, "{what}");
    }
    for (bytes, what) in DUPLICATES {
        assert_eq!(end_of(bytes), End::Duplicate, "{what}");
    }
    assert_eq!(ACCEPTED.len() + DUPLICATES.len(), 95);
}

#[test]
fn what_no_reader_accepts_is_refused() {
    let mut not_utf8 = 0;
    for (bytes, what) in REFUSED {
        let end = end_of(bytes);
        not_utf8 += usize::from(end == End::NotUtf8);
        assert!(matches!(end, End::Syntax | End::NotUtf8), "{what}: {end:?}");
    }
    let unclosed = ["[".repeat(100_000), r#"[{"":"#.repeat(50_000) + "\n"];
    for text in &unclosed {
        assert_eq!(end_of(text.as_bytes()), End::TooDeep);
    }
    assert_eq!((REFUSED.len() + unclosed.len(), not_utf8), (188, 12));
}

#[test]
fn what_is_left_to_the_reader_is_pinned() {
    for (ruling, bytes, what) in UNDEFINED {
        let expected = match ruling {
            Ruling::Kept | Ruling::LoneSurrogate => End::Read,
            Ruling::NotUtf8 => End::NotUtf8,
            Ruling::LoneSurrogateInName | Ruling::ByteOrderMark => End::Syntax,
        };
        assert_eq!(end_of(bytes), expected, "{what}: {ruling:?}");
    }
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(end_of(nested(500).as_bytes()), End::TooDeep);
    assert_eq!(end_of(nested(MAX_DEPTH).as_bytes()), End::Read);
    assert_eq!(UNDEFINED.len() + 1, 35);
}

#[test]
fn half_a_character_is_kept_as_it_was_written() {
    for (_, bytes, what) in UNDEFINED
        .iter()
        .filter(|(ruling, ..)| matches!(ruling, Ruling::LoneSurrogate))
    {
        let text = str::from_utf8(bytes).unwrap();
        let document: Document = text.parse().unwrap();
        assert_eq!(document.compact(), text, "{what}");
        assert_eq!(serde_json::to_string(&document).unwrap(), text, "{what}");
        assert_eq!(document.lone_surrogates().len(), 1, "{what}");
    }
    let same = |ours: &str, theirs: &str| {
        let [ours, theirs]: [Document; 2] = [ours, theirs].map(|text| text.parse().unwrap());
        ours.root().eq_value(theirs.root())
    };
    assert!(same(r#""\ud800""#, r#""\ud800""#));
    assert!(!same(r#""\ud800""#, r#""\ud801""#));
    assert!(!same(r#""\ud800""#, "\"\u{fffd}\""));
    assert!(same(r#""\ufffd""#, "\"\u{fffd}\""));
}

#[test]
fn a_number_that_no_double_holds_keeps_its_digits() {
    for (_, bytes, what) in UNDEFINED.iter().filter(|(ruling, ..)| matches!(ruling, Ruling::Kept)) {
        let text = str::from_utf8(bytes).unwrap();
        let document: Document = text.parse().unwrap();
        let number = document.root().elements().next().and_then(Node::as_number).unwrap();
        assert_eq!(document.compact(), text, "{what}");
        assert_eq!(serde_json::to_string(&document).unwrap(), text, "{what}");
        let held: f64 = number.raw().parse().unwrap();
        let is_held = format!("[{held:.0}]") == text;
        assert_eq!(number.is_exact(), is_held, "{what}");
    }
}
