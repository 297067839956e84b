//! The Rust that the documents of the repository show, compiled and run as doctests.

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
