//! The last line of a terminal, which shows what is waited for and is gone afterwards.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// The letters that fit on the narrowest terminals: a line that wraps cannot be erased as one.
const WIDTH: usize = 78;

/// True while a line stands there. One for the process, as there is one terminal.
static IS_SHOWN: AtomicBool = AtomicBool::new(false);

/// True where a person sits who can see such a line.
pub(crate) fn is_possible() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Shows a text in place of the last one.
pub(crate) fn show(text: &str) {
    let mut text = text.to_owned();
    if text.chars().count() > WIDTH {
        text = text.chars().take(WIDTH - 1).chain(['…']).collect();
    }
    IS_SHOWN.store(true, Ordering::Relaxed);
    let mut stderr = io::stderr().lock();
    // Why ignored: a terminal that is gone shows nothing to anybody.
    let _ = write!(stderr, "\r\u{1b}[2K{text}").and_then(|()| stderr.flush());
}

/// Takes the line away, before anything else is printed.
pub(crate) fn erase() {
    if IS_SHOWN.swap(false, Ordering::Relaxed) {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r\u{1b}[2K").and_then(|()| stderr.flush());
    }
}
