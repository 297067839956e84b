//! The progress of long work: a bar on a terminal, a line each ten seconds elsewhere.

use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::output::Output;
use crate::status_line;
use crate::waits::Waits;

/// The time between two lines where nobody looks.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// The progress of one piece of work.
pub(crate) struct Progress {
    output: Output,
    doing: &'static str,
    total: usize,
    bar: Option<ProgressBar>,
    last_line: Mutex<Instant>,
}

impl Progress {
    /// Begins to show the progress of so many documents. Waits are shown in the bar from now on.
    pub(crate) fn start(output: Output, waits: &Waits, doing: &'static str, total: usize) -> Self {
        let is_shown = status_line::is_possible() && !output.is_quiet() && total > 1;
        let bar = is_shown.then(|| {
            let length = u64::try_from(total).unwrap_or(u64::MAX);
            let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:24} {pos}/{len} {prefix}, {rate}, {eta} left {msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                // Why ignored: a bar that cannot be drawn ends nothing.
                let _ = write!(out, "{:.1}/s", state.per_sec());
            }));
            bar.set_prefix(doing);
            bar
        });
        waits.show_in(bar.clone());
        Self {
            output,
            doing,
            total,
            bar,
            last_line: Mutex::new(Instant::now()),
        }
    }

    /// Shows that so many are done.
    pub(crate) fn set(&self, done: usize) {
        if let Some(bar) = &self.bar {
            let is_first = bar.position() == 0;
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
            bar.set_message("");
            if is_first {
                // Why: what a listing answers at once is no rate of what is to come.
                bar.reset_eta();
            }
            return;
        }
        let mut last = self.last_line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.elapsed() >= BETWEEN_LINES {
            *last = Instant::now();
            self.output.info(&format!("{} {done} of {}", self.doing, self.total));
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
