//! The wait before the next attempt.

use std::time::Duration;

use crate::request_error::{FailureClass, RequestError};

/// The first wait after a transient failure, before jitter: it doubles with each, and jitter takes any part of it.
const TRANSIENT: Duration = Duration::from_millis(200);
const TRANSIENT_CAP: Duration = Duration::from_secs(20);

/// The first wait after "too many requests" without a time, before jitter: it doubles, and half of it is always waited.
const THROTTLED: Duration = Duration::from_secs(1);
const THROTTLED_CAP: Duration = Duration::from_mins(1);

/// The number of failed attempts, by the kind of failure, and so the wait before the next one.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    transient: u32,
    throttled: u32,
}

impl Backoff {
    /// The wait after this failure: the one that the server asked for, or else a longer one each time, spread by jitter
    /// so that clients do not all retry at once.
    pub fn wait_for(&mut self, failure: &RequestError, jitter: f64) -> Duration {
        let jitter = jitter.clamp(0.0, 1.0);
        match failure.class {
            FailureClass::Throttled { wait: Some(asked) } if !asked.is_zero() => asked,
            FailureClass::Throttled { .. } => {
                let full = doubled(THROTTLED, self.throttled, THROTTLED_CAP);
                self.throttled += 1;
                full / 2 + (full / 2).mul_f64(jitter)
            }
            FailureClass::Indeterminate { wait, .. } => self.transient(jitter).max(wait.unwrap_or_default()),
            FailureClass::NotFound
            | FailureClass::PreconditionFailed
            | FailureClass::Conflict
            | FailureClass::TransactionCancelled
            | FailureClass::Denied
            | FailureClass::Unauthenticated
            | FailureClass::Rejected
            | FailureClass::NotSent
            | FailureClass::Untrusted
            | FailureClass::Malformed
            | FailureClass::IdMismatch
            | FailureClass::OtherOrganization
            | FailureClass::Redirected => self.transient(jitter),
        }
    }

    fn transient(&mut self, jitter: f64) -> Duration {
        let full = doubled(TRANSIENT, self.transient, TRANSIENT_CAP);
        self.transient += 1;
        full.mul_f64(jitter)
    }
}

fn doubled(first: Duration, times: u32, cap: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request_error::IndeterminateCause;

    fn waits(class: &FailureClass, jitter: f64, count: usize) -> Vec<u128> {
        let mut retries = Backoff::default();
        let failure = RequestError::new(class.clone(), "");
        (0..count)
            .map(|_| retries.wait_for(&failure, jitter).as_millis())
            .collect()
    }

    #[test]
    fn waits_double_up_to_their_cap() {
        let capped = [200, 400, 800, 1600, 3200, 6400, 12800, 20000, 20000];
        assert_eq!(waits(&FailureClass::NotSent, 1.0, 9), capped);
        assert_eq!(waits(&FailureClass::NotSent, 0.0, 3), [0, 0, 0]);
        let throttled = FailureClass::Throttled { wait: None };
        assert_eq!(
            waits(&throttled, 0.0, 8),
            [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]
        );
        assert_eq!(waits(&throttled, 1.0, 2), [1000, 2000]);
        let at_once = FailureClass::Throttled {
            wait: Some(Duration::ZERO),
        };
        assert_eq!(
            waits(&at_once, 0.0, 2),
            [500, 1000],
            "a limit that is spent is not knocked at"
        );
    }

    #[test]
    fn what_the_server_says_is_waited() {
        let asked = Some(Duration::from_secs(7));
        assert_eq!(waits(&FailureClass::Throttled { wait: asked }, 0.0, 2), [7000, 7000]);
        assert_eq!(
            waits(
                &FailureClass::Indeterminate {
                    wait: asked,
                    cause: IndeterminateCause::NoAnswer,
                },
                1.0,
                2
            ),
            [7000, 7000]
        );
    }
}
