//! The Rust that the documents of the repository show, compiled and run as doctests.

/// The examples of the page for programs that embed the crates.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
