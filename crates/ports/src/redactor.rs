//! Keeping secrets out of what others said.

mod decoding;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::ops::Range;

use secrecy::{ExposeSecret, SecretSlice, SecretString};

use decoding::{Decoded, Spacing};

/// The text that stands in place of a secret.
const REDACTED: &str = "[secret]";

/// A shorter secret would blot out half of every text.
const SHORTEST: usize = 4;

/// A shorter piece, or a shorter secret that blanks split, may be a word of anybody's.
const SHORTEST_PIECE: usize = 8;

/// The secrets in hand, to be searched for in a text of others before it is shown, recorded or sent: as they are,
/// percent-encoded, as strings of JSON, pages of HTML and mails have them, split by markup or blanks, in hex, and inside
/// of base64, as HTTP's Basic scheme sends them.
///
/// A text that is to be cut is redacted before, so that no piece of a secret is left. Where somebody else cut it, the
/// beginning of a secret at its end is found if it has eight bytes or more.
///
/// ```
/// use assist_rules_ports::Redactor;
///
/// let mut redactor = Redactor::default();
/// redactor.add(&"hunter2/".into());
/// assert_eq!(redactor.redact("hunter2/ hunter2%2f Basic aWQ6aHVudGVyMi8="), "[secret] [secret] Basic [secret]");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Redactor(Vec<SecretString>);

impl Redactor {
    /// Adds a secret. One of fewer than four bytes is not searched for.
    pub fn add(&mut self, secret: &SecretString) {
        self.0.push(secret.clone());
    }

    /// The text without the secrets.
    pub fn redact(&self, text: &str) -> String {
        let mut clean = String::with_capacity(text.len());
        let mut end = 0;
        for found in self.places(text, Pieces::Found) {
            clean.push_str(text.get(end..found.start).unwrap_or_default());
            clean.push_str(REDACTED);
            end = found.end;
        }
        clean.push_str(text.get(end..).unwrap_or_default());
        clean
    }

    /// True if a whole secret is in the text.
    pub fn finds_secret(&self, text: &str) -> bool {
        !self.places(text, Pieces::Ignored).is_empty()
    }

    /// The places of secrets, in order, none of which overlap.
    fn places(&self, text: &str, pieces: Pieces) -> Vec<Range<usize>> {
        let long_enough = |secret: &&SecretString| secret.expose_secret().len() >= SHORTEST;
        let secrets: Vec<&SecretString> = self.0.iter().filter(long_enough).collect();
        if secrets.is_empty() {
            return Vec::new();
        }
        let squeezed = |secret: &&SecretString| SecretSlice::from(Decoded::squeezed_bytes(secret.expose_secret()));
        let squeezed: Vec<SecretSlice<u8>> = secrets.iter().map(squeezed).collect();
        let mut whole = HashSet::new();
        let mut beginnings = Vec::new();
        Decoded::visit(text, &mut |view| {
            for (nth, (secret, squeezed)) in secrets.iter().zip(&squeezed).enumerate() {
                let (secret, shortest) = match view.spacing {
                    Spacing::Kept => (secret.expose_secret().as_bytes(), SHORTEST),
                    Spacing::Squeezed => (squeezed.expose_secret(), SHORTEST_PIECE),
                };
                if secret.len() >= shortest {
                    whole.extend(view.find(secret).map(|place| (nth, place)));
                    beginnings.extend(view.find_beginning(secret, SHORTEST_PIECE).map(|place| (nth, place)));
                }
            }
        });
        // A secret that stands there as a whole was not cut, whatever another view has behind its beginning.
        let is_cut = |(nth, cut): &(usize, Range<usize>)| {
            !whole
                .iter()
                .any(|(other, place)| other == nth && place.contains(&cut.start))
        };
        let cut: Vec<_> = match pieces {
            Pieces::Found => beginnings.into_iter().filter(is_cut).collect(),
            Pieces::Ignored => Vec::new(),
        };
        let mut found: Vec<Range<usize>> = whole.into_iter().chain(cut).map(|(_, place)| place).collect();
        found.sort_by_key(|place| place.start);
        let mut apart: Vec<Range<usize>> = Vec::new();
        for place in found {
            match apart.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                Some(_) | None => apart.push(place),
            }
        }
        apart
    }
}

/// The treatment of the beginning of a secret at the end of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pieces {
    Found,
    Ignored,
}

impl FromIterator<SecretString> for Redactor {
    fn from_iter<T: IntoIterator<Item = SecretString>>(secrets: T) -> Self {
        Self(secrets.into_iter().collect())
    }
}
