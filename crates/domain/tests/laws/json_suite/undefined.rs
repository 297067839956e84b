//! Texts that RFC 8259 leaves to the reader, with what ours does and why.

use Ruling::{ByteOrderMark, Kept, LoneSurrogate, LoneSurrogateInName, NotUtf8};

/// The decision on a text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ruling {
    /// Read, and printed with every digit: a number is its text, whatever a double would hold. It is found to be
    /// inexact where a double holds another value.
    Kept,
    /// Read, and printed as it was written: half a pair is no character, and must not keep a whole list from being read.
    LoneSurrogate,
    /// Refused: a name is compared and looked for, and a Rust string has no place for half a pair.
    LoneSurrogateInName,
    /// Refused before the reader, which takes a string: the CLI (`source.rs`) says that the file is not UTF-8, the
    /// adapter (`answer.rs`) that the answer is not.
    NotUtf8,
    /// Refused: a byte order mark is no white space. The CLI takes it off a file; the server has no business with it.
    ByteOrderMark,
}

/// Each with its ruling. Missing here, for its length: 500 arrays inside each other are refused. A rule has a handful of
/// levels, and a bound keeps every walk off the end of the stack.
#[rustfmt::skip]
pub(super) const UNDEFINED: &[(Ruling, &[u8], &str)] = &[
    // Numbers.
    (Kept, b"[123.456e-789]", "an exponent that no double has, below"),
    (Kept, b"[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999969999999006]", "an exponent of 129 digits"),
    (Kept, b"[-1e+9999]", "a negative number that no double reaches"),
    (Kept, b"[1.5e+9999]", "a fraction that no double reaches"),
    (Kept, b"[-123123e100000]", "a negative exponent form beyond any double"),
    (Kept, b"[123123e100000]", "an exponent form beyond any double"),
    (Kept, b"[123e-10000000]", "a number nearer to zero than any double"),
    (Kept, b"[-123123123123123123123123123123]", "a negative integer beyond 64 bits"),
    (Kept, b"[100000000000000000000]", "an integer beyond 64 bits"),
    (Kept, b"[-237462374673276894279832749832423479823246327846]", "a negative integer of 48 digits"),

    // Objects.
    (LoneSurrogateInName, br#"{"\uDFAA":0}"#, "the second half of a pair as a key"),

    // Strings.
    (LoneSurrogate, br#"["\uDADA"]"#, "the first half of a pair"),
    (LoneSurrogate, br#"["\uD888\u1234"]"#, "the first half of a pair, then another character"),
    (NotUtf8, b"\xff\xfe[\x00\"\x00\xe9\x00\"\x00]\x00", "UTF-16, little end first, with its mark"),
    (NotUtf8, b"[\"\xe6\x97\xa5\xd1\x88\xfa\"]", "a stray byte after letters"),
    (NotUtf8, b"[\"\xed\xa0\x80\"]", "a surrogate in three bytes"),
    (LoneSurrogate, br#"["\uD800\n"]"#, "the first half of a pair, then a short escape"),
    (LoneSurrogate, br#"["\uDd1ea"]"#, "the first half of a pair, then a letter"),
    (LoneSurrogate, br#"["\uD800\uD800\n"]"#, "two first halves, then a short escape"),
    (LoneSurrogate, br#"["\ud800"]"#, "the first surrogate"),
    (LoneSurrogate, br#"["\ud800abc"]"#, "the first surrogate, then letters"),
    (NotUtf8, b"[\"\xff\"]", "a byte that UTF-8 does not have"),
    (LoneSurrogate, br#"["\uDd1e\uD834"]"#, "a pair, second half first"),
    (NotUtf8, b"[\"\xe9\"]", "a letter of Latin-1"),
    (LoneSurrogate, br#"["\uDFAA"]"#, "the second half of a pair"),
    (NotUtf8, b"[\"\x81\"]", "a continuation byte"),
    (NotUtf8, b"[\"\xf4\xbf\xbf\xbf\"]", "four bytes beyond the last code point"),
    (NotUtf8, b"[\"\xc0\xaf\"]", "a slash in two bytes"),
    (NotUtf8, b"[\"\xfc\x83\xbf\xbf\xbf\xbf\"]", "six bytes, as UTF-8 once had"),
    (NotUtf8, b"[\"\xfc\x80\x80\x80\x80\x80\"]", "a NUL in six bytes"),
    (NotUtf8, b"[\"\xe0\xff\"]", "a sequence that breaks off"),
    (NotUtf8, b"\x00[\x00\"\x00\xe9\x00\"\x00]", "UTF-16, big end first, without its mark"),
    (NotUtf8, b"[\x00\"\x00\xe9\x00\"\x00]\x00", "UTF-16, little end first, without its mark"),

    // Structure.
    (ByteOrderMark, b"\xef\xbb\xbf{}", "a byte order mark before an object"),
];
