//! Numbers: only their grammar is read, their digits stay where they are.

use super::Parser;
use crate::json::{JsonError, Number, Precision, Shape};

impl Parser<'_> {
    pub(super) fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.expected("expected a digit")),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        self.add(Shape::Number, start, 0);
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.all_exact &= Number::new(raw, Precision::Exact).is_exact();
        Ok(())
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.expected("expected a digit"));
        }
        self.digits();
        Ok(())
    }
}
