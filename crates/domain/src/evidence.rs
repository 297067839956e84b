//! The evidence for an outcome.

/// The evidence for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The write's own answer.
    Answer,
    /// A read after it.
    Read,
    /// Its age: no write can be in flight any more.
    Age,
    /// A person's word.
    Person,
}

impl Evidence {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Answer, Self::Read, Self::Age, Self::Person];

    /// The word, as it is recorded and printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Read => "read",
            Self::Age => "age",
            Self::Person => "person",
        }
    }

    /// The evidence that a word stands for.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|evidence| evidence.as_str() == word)
    }
}
