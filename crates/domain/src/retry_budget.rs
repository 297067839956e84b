//! The retries that are affordable: against a server that fails all clients, retries only make it worse.

/// The capacity of the bucket, which starts full.
const CAPACITY: u32 = 500;

/// A bucket that retries draw from and that requests fill which succeed at the first attempt. All clients of one host
/// share one; it only accounts, and the client that is refused decides what that means.
///
/// ```
/// use assist_rules_domain::{RetryBudget, RetryCost};
///
/// let mut budget = RetryBudget::default();
/// // 35 retries of 14 leave 10 of 500.
/// assert!((0..35).all(|_| budget.try_acquire(RetryCost::Failed)));
/// assert!(!budget.try_acquire(RetryCost::Failed));
/// assert!(budget.try_acquire(RetryCost::Throttled));
///
/// for _ in 0..9 {
///     budget.credit();
/// }
/// assert!(budget.try_acquire(RetryCost::Failed));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    left: u32,
}

/// The reason for a retry, which sets its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryCost {
    /// The request failed, or nothing is known of it.
    Failed,
    /// The request came too soon: the server is well and said so.
    Throttled,
}

impl RetryCost {
    fn cost(self) -> u32 {
        match self {
            Self::Failed => 14,
            Self::Throttled => 5,
        }
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self { left: CAPACITY }
    }
}

impl RetryBudget {
    /// True if the request may be tried again. If so, the cost has been paid.
    #[must_use = "what is allowed has been paid for"]
    pub fn try_acquire(&mut self, cost: RetryCost) -> bool {
        let left = self.left.checked_sub(cost.cost());
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// A request succeeded at its first try.
    pub fn credit(&mut self) {
        self.left = (self.left + 1).min(CAPACITY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of retries in a row that are allowed.
    fn affordable(budget: &RetryBudget, cost: RetryCost) -> usize {
        let mut budget = budget.clone();
        std::iter::from_fn(|| budget.try_acquire(cost).then_some(())).count()
    }

    #[test]
    fn a_retry_costs_14_and_a_throttled_one_5_of_500() {
        let full = RetryBudget::default();
        assert_eq!(affordable(&full, RetryCost::Failed), 35);
        assert_eq!(affordable(&full, RetryCost::Throttled), 100);
    }

    #[test]
    fn a_refusal_costs_nothing() {
        let mut budget = RetryBudget { left: 13 };
        assert!(!budget.try_acquire(RetryCost::Failed));
        assert_eq!(budget.left, 13);
    }

    #[test]
    fn a_first_try_that_succeeds_gives_1_up_to_what_the_bucket_holds() {
        let mut budget = RetryBudget { left: 13 };
        budget.credit();
        assert!(budget.try_acquire(RetryCost::Failed));
        let mut full = RetryBudget::default();
        full.credit();
        assert_eq!(full, RetryBudget::default());
    }
}
