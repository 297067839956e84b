//! Files that people write, as JSON or YAML, with the place of every value in them.

mod rewrite;
mod walk;
mod yaml;

use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use domain::json::{Document, JsonError, MAX_BYTES, Span, TextError};
use domain::{Code, Finding, Pointer};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;

pub(crate) use rewrite::{Rewritten, Unsafe};
pub(crate) use walk::walk;

/// Rewrites the document with this number in the text of a file, in its place.
///
/// # Errors
///
/// If that cannot be done safely.
pub(crate) fn rewrite_document(path: &Path, text: &str, index: usize, wanted: &Document) -> Result<Rewritten, Unsafe> {
    rewrite::rewrite(text, syntax_of(path, text), index, wanted)
}

/// A document and the text that it was written in. A file of YAML may have several.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: String,
    pub(crate) text: Arc<str>,
    pub(crate) document: Document,
    /// Warnings about how values are written.
    pub(crate) warnings: Vec<Finding>,
    places: Places,
}

#[derive(Debug)]
enum Places {
    Json,
    Yaml(yaml::Places),
    /// The document is made of parts of what the file holds.
    Within(Box<Within>),
}

/// The parts of a document in a larger one.
#[derive(Debug)]
struct Within {
    whole: Document,
    places: Places,
    /// The places of each part: in the document, and in the file.
    parts: Vec<(Pointer, Pointer)>,
}

impl Places {
    fn range(&self, document: &Document, pointer: &Pointer) -> Range<usize> {
        match self {
            Self::Json => range(document.span_at(pointer)),
            Self::Yaml(places) => places.range(pointer),
            Self::Within(within) => {
                let in_file = within
                    .parts
                    .iter()
                    .find_map(|(inside, file)| pointer.moved(inside, file));
                within.places.range(&within.whole, &in_file.unwrap_or_default())
            }
        }
    }
}

/// A text that is no document: its findings, and where they are.
#[derive(Debug)]
pub(crate) struct Unparsed {
    pub(crate) file: String,
    pub(crate) text: Arc<str>,
    pub(crate) findings: Vec<(Finding, Range<usize>)>,
}

/// The syntax of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    Json,
    Yaml,
}

impl Source {
    /// The bytes of a value, or of its parent if it is missing.
    pub(crate) fn range(&self, pointer: &Pointer) -> Range<usize> {
        self.places.range(&self.document, pointer)
    }

    /// The same file, of which a document is made of these parts: each with its place in the document and in the file.
    pub(crate) fn within(self, document: Document, parts: Vec<(Pointer, Pointer)>) -> Self {
        let within = Within {
            whole: self.document,
            places: self.places,
            parts,
        };
        Self {
            document,
            places: Places::Within(Box::new(within)),
            ..self
        }
    }
}

/// The name of what comes from stdin, which cannot be read again.
pub(crate) const STDIN: &str = "stdin";

/// Reads a file with one document, or stdin for `-`.
///
/// # Errors
///
/// The outer one if the file cannot be read, the inner one if it cannot be parsed, or has several documents.
pub(crate) fn read(path: &Path) -> Result<Result<Source, Unparsed>, CliError> {
    Ok(read_all_documents(path)?.and_then(only))
}

/// The longest plan that is read: one of ten thousand rules has a few MiB.
const MAX_PLAN: u64 = 1 << 30;

/// Reads the whole text of a file that is no document of an author, or of stdin for `-`.
///
/// # Errors
///
/// If it cannot be read, or is no text.
pub(crate) fn read_text(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_PLAN).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_PLAN).read_to_string(&mut text))
    };
    read.map_err(|error| {
        CliError::new(
            ErrorCode::UnreadableFile,
            format!("cannot read `{}`: {error}", path.display()),
        )
    })?;
    Ok(text)
}

/// Reads a file with any number of documents, or stdin for `-`. A file with none has a single one that is null.
///
/// # Errors
///
/// The outer one if the file cannot be read, the inner one if a document cannot be parsed.
pub(crate) fn read_all_documents(path: &Path) -> Result<Result<Vec<Source>, Unparsed>, CliError> {
    let is_stdin = path == Path::new("-");
    let file = if is_stdin {
        STDIN.to_owned()
    } else {
        path.display().to_string()
    };
    let text = if is_stdin {
        read_all(std::io::stdin().lock(), 0)
    } else {
        std::fs::File::open(path).and_then(|file| {
            let length = file.metadata().map_or(0, |data| data.len());
            read_all(file, length)
        })
    };
    let unreadable =
        |why: &dyn std::fmt::Display| CliError::new(ErrorCode::UnreadableFile, format!("cannot read `{file}`: {why}"));
    let bytes = text.map_err(|error| unreadable(&error))?;
    let bytes = of_utf16(&bytes).map_or(bytes, String::into_bytes);
    // A byte order mark is how some editors say UTF-8.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let text: Arc<str> = match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes).into(),
    };
    let syntax = if is_stdin {
        syntax_of_stdin(&text)
    } else {
        syntax_of(path, &text)
    };
    Ok(match fault_of_bytes(bytes, syntax) {
        None => parse(file, text, syntax),
        Some(fault) => Err(Unparsed {
            file,
            text,
            findings: vec![fault],
        }),
    })
}

/// Reads a text of our own.
pub(crate) fn of_json(name: &str, text: &str) -> Result<Source, Unparsed> {
    parse(name.to_owned(), text.into(), Syntax::Json).and_then(only)
}

/// The document of a text that is to have one.
fn only(sources: Vec<Source>) -> Result<Source, Unparsed> {
    let mut several = match <[Source; 1]>::try_from(sources) {
        Ok([source]) => return Ok(source),
        Err(several) => several,
    };
    several.truncate(2);
    let second = several.pop();
    let message = "the text has more than one document, and one is wanted here";
    let place = second.as_ref().map_or(0..0, |source| source.range(&Pointer::root()));
    let (file, text) = second.map_or_else(Default::default, |source| (source.file, source.text));
    Err(Unparsed {
        file,
        text,
        findings: vec![(Finding::new(Code::NotYaml, Pointer::root(), message), place)],
    })
}

/// The fault that keeps bytes from being a text, and its range in their lossy text.
fn fault_of_bytes(bytes: &[u8], syntax: Syntax) -> Option<(Finding, Range<usize>)> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the text has more than {MAX_BYTES} bytes");
        return Some((Finding::new(Code::TooLarge, Pointer::root(), message), 0..0));
    }
    let at = std::str::from_utf8(bytes).err()?.valid_up_to();
    let code = match syntax {
        Syntax::Json => Code::NotJson,
        Syntax::Yaml => Code::NotYaml,
    };
    let finding = Finding::new(code, Pointer::root(), "the text is not UTF-8").with_help("save the file as UTF-8");
    Some((finding, at..at + char::REPLACEMENT_CHARACTER.len_utf8()))
}

/// The text of UTF-16 with its byte order mark, as PowerShell 5.1 writes it; none if it is something else.
fn of_utf16(bytes: &[u8]) -> Option<String> {
    let (unit, rest): (fn([u8; 2]) -> u16, _) = match bytes.split_at_checked(2)? {
        (b"\xff\xfe", rest) => (u16::from_le_bytes, rest),
        (b"\xfe\xff", rest) => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let (pairs, odd) = rest.as_chunks();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    text.ok().filter(|_| odd.is_empty())
}

/// All bytes of what likely has so many.
fn read_all(reader: impl Read, length: u64) -> std::io::Result<Vec<u8>> {
    // Why twice: in UTF-16 a letter has two bytes. A byte order mark, and more bytes than a document may have, are enough
    // to refuse it.
    const MOST: u64 = 2 * MAX_BYTES as u64 + 4;
    // Why one more: a reader that has room left sees the end without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(MOST)).unwrap_or(0) + 1);
    reader.take(MOST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The syntax of the documents whose names end so, in any case.
fn syntax_of_name(path: &Path) -> Option<Syntax> {
    let extension = path.extension().and_then(|it| it.to_str())?;
    match extension.to_ascii_lowercase().as_str() {
        "json" => Some(Syntax::Json),
        "yaml" | "yml" => Some(Syntax::Yaml),
        _ => None,
    }
}

fn syntax_of(path: &Path, text: &str) -> Syntax {
    syntax_of_name(path).unwrap_or_else(|| syntax_of_stdin(text))
}

fn syntax_of_stdin(text: &str) -> Syntax {
    if text.trim_start().starts_with(['{', '[']) {
        Syntax::Json
    } else {
        Syntax::Yaml
    }
}

fn parse(file: String, text: Arc<str>, syntax: Syntax) -> Result<Vec<Source>, Unparsed> {
    let parsed = match syntax {
        Syntax::Json => Document::parse(&text)
            .map(|document| vec![(document, Places::Json, Vec::new())])
            .map_err(|error| of_text(&error)),
        Syntax::Yaml => yaml::parse(&text).map(|documents| {
            let documents = documents.into_iter();
            documents
                .map(|read| (read.document, Places::Yaml(read.places), read.warnings))
                .collect()
        }),
    };
    let source = |(document, places, warnings)| Source {
        file: file.clone(),
        text: text.clone(),
        document,
        warnings,
        places,
    };
    match parsed {
        Ok(documents) => Ok(documents.into_iter().map(source).collect()),
        Err(findings) => Err(Unparsed { file, text, findings }),
    }
}

fn of_text(error: &TextError) -> Vec<(Finding, Range<usize>)> {
    let finding = |fault: &JsonError| {
        let (code, pointer) = match fault {
            JsonError::TooLarge { .. } => (Code::TooLarge, Pointer::root()),
            JsonError::TooDeep { .. } => (Code::TooDeep, Pointer::root()),
            JsonError::Syntax { .. } => (Code::NotJson, Pointer::root()),
            JsonError::Duplicate { pointer, .. } => (Code::DuplicateMember, pointer.clone()),
        };
        (Finding::new(code, pointer, fault.to_string()), range(fault.span()))
    };
    error.faults().map(finding).collect()
}

fn range(span: Span) -> Range<usize> {
    span.start..span.end
}
