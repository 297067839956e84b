//! The blocks of a Markdown document, and the commands in them.

/// The text between two fences.
#[derive(Debug, PartialEq)]
pub(crate) struct Block {
    /// The text after the fence.
    pub(crate) language: String,
    /// The name that the line before ends in.
    pub(crate) file: Option<String>,
    /// The lines of the block.
    pub(crate) text: String,
    /// The line of the fence.
    pub(crate) line: usize,
}

/// A command and what it prints.
#[derive(Debug, PartialEq)]
pub(crate) struct Console {
    pub(crate) command: String,
    pub(crate) output: String,
}

/// All blocks of a document.
pub(crate) fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = (1..).zip(document.lines());
    while let Some((line, text)) = lines.next() {
        if let Some(language) = text.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```");
            found.push(Block {
                language: language.to_owned(),
                file: file_name(before),
                text: inside.map(|text| text.to_owned() + "\n").collect(),
                line,
            });
            before = "";
        } else if !text.is_empty() {
            before = text;
        }
    }
    found
}

/// `NAME` of a line that ends in `` `NAME`: ``.
fn file_name(line: &str) -> Option<String> {
    let (_, name) = line.strip_suffix("`:")?.rsplit_once('`')?;
    Some(name.to_owned())
}

/// The commands of a block.
pub(crate) fn commands(text: &str) -> Vec<Console> {
    let mut found: Vec<Console> = Vec::new();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Console {
                command: command.to_owned(),
                output: String::new(),
            });
        } else {
            let last = found.last_mut().expect("output without a command before it");
            last.output.push_str(line);
            last.output.push('\n');
        }
    }
    found
}

#[test]
fn blocks_have_a_language_and_maybe_a_name() {
    let found = blocks("See `a` and `b/c.json`:\n\n```json\n{}\n```\n\n```console\n$ x\ny\n\n$ z\n```\n");
    let (file, console) = (&found[0], &found[1]);
    assert_eq!(
        (file.file.as_deref(), file.text.as_str(), file.line),
        (Some("b/c.json"), "{}\n", 3)
    );
    assert_eq!((console.file.as_deref(), console.language.as_str()), (None, "console"));
    let commands: Vec<_> = commands(&console.text)
        .into_iter()
        .map(|it| (it.command, it.output))
        .collect();
    let expected = [("x", "y\n\n"), ("z", "")].map(|(command, output)| (command.to_owned(), output.to_owned()));
    assert_eq!(commands, expected);
}
