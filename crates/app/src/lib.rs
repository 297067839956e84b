//! The use cases, over ports. Thin: the domain decides, the ports do.

mod deliver;
mod listing;
mod rate_limited;
mod read_only;
mod reconcile;
mod retry_reads;
mod rollback;
mod service;
mod update;

pub use deliver::{Deliverer, DeliveryReport, SCHEDULE};
pub use listing::every_rule;
pub use rate_limited::{LONGEST_PAUSE, RateLimited};
pub use read_only::ReadOnly;
pub use reconcile::{MAX_WRITE_IN_FLIGHT, Reconciled, Reconciler, Settlement};
pub use retry_reads::RetryReads;
pub use rollback::{Rollback, RollbackError, RollbackTo, rollback};
pub use service::{Closed, Service, ServiceLimits, ServiceStats, UpdateHandle};
pub use update::{Progress, Report, Updater};
