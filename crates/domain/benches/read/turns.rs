//! Ways that take turns, so that a busy machine slows all of them.

use std::time::Instant;

/// The median time of each way, in seconds.
pub(crate) fn medians<const N: usize>(rounds: usize, ways: [&dyn Fn(); N]) -> [f64; N] {
    let mut times = ways.map(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (way, times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            way();
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times.get(rounds / 2).copied().unwrap_or(f64::NAN)
    })
}
