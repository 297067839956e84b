//! The ideal that a run is compared with: requests that flow evenly at the limit, through the same windows, from the
//! first moment on, with nothing to learn and nothing kept back, and not faster than the tasks can ask.

use std::collections::VecDeque;
use std::time::Duration;

use crate::server::{Counting, Server};

const STEP: Duration = Duration::from_millis(50);
const MINUTE: Duration = Duration::from_mins(1);

/// The time at which as many requests have flowed through as we made, plus those of others accepted by then.
///
/// `most` is the rate that the tasks reach if nothing delays them, in requests a second.
pub(crate) fn time_for(requests: u32, most: f64, others: &[Duration], server: &Server) -> Duration {
    let mut time = Duration::ZERO;
    let mut flowed = 0.0;
    let mut in_window = Flow::new(server);
    let mut others_before = 0.0;
    loop {
        let others = others.partition_point(|accepted| *accepted <= time);
        let others = f64::from(u32::try_from(others).unwrap_or(u32::MAX));
        if flowed >= f64::from(requests) + others {
            return time;
        }
        let limit = f64::from(server.limit(time));
        let asked = most * STEP.as_secs_f64() + others - others_before;
        let evenly = limit / MINUTE.as_secs_f64() * STEP.as_secs_f64();
        flowed += in_window.let_through(time, evenly.min(asked), limit);
        others_before = others;
        time += STEP;
    }
}

/// The requests that flowed in the window. The window is full only after a limit was lowered.
struct Flow {
    counting: Counting,
    ends: Duration,
    steps: VecDeque<(Duration, f64)>,
    sum: f64,
}

impl Flow {
    fn new(server: &Server) -> Self {
        Self {
            counting: server.counting,
            ends: server.first_ends,
            steps: VecDeque::new(),
            sum: 0.0,
        }
    }

    fn let_through(&mut self, time: Duration, amount: f64, limit: f64) -> f64 {
        if self.counting != Counting::Sliding && self.ends <= time {
            self.ends += MINUTE;
            self.steps.clear();
            self.sum = 0.0;
        }
        while self.counting == Counting::Sliding
            && let Some((_, left)) = self.steps.pop_front_if(|(then, _)| *then + MINUTE <= time)
        {
            self.sum -= left;
        }
        let amount = amount.min(limit - self.sum).max(0.0);
        self.steps.push_back((time, amount));
        self.sum += amount;
        amount
    }
}
