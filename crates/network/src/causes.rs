//! The causes of an error.

use std::error::Error;
use std::io;

/// The error and its causes, from the outside in. An I/O error hides its cause from `source`.
pub fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
        Some(error)
    })
}

/// The message of the last cause, at most 300 characters of it.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let root = causes(error).last().unwrap_or(error).to_string();
    root.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_found_under_the_errors_above_it() {
        let error = io::Error::other(io::Error::other("root"));
        assert_eq!(causes(&error).count(), 3);
        assert_eq!(root_cause(&error), "root");
    }
}
