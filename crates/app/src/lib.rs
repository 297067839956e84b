//! The use cases, over ports. Thin: the domain decides, the ports do.

mod apply;
mod base;
mod deliver;
mod drift;
mod known_names;
mod planner;
mod puller;
mod rate_limited;
mod rate_limited_directory;
mod read_only;
mod reconcile;
mod retry;
mod retry_reads;
mod rollback;
mod service;
mod shared_listing;
mod undo;
mod update;

pub use apply::{AppliedPlan, Applier, InSync, ReviewedUpdate};
pub use base::FileContent;
pub use deliver::{Deliverer, DeliveryReport};
pub use drift::{BaseInfo, BaseOrigin, Bases, DocumentDrift, DriftLine, DriftPolicy, FolderBase, KnownChange, OnDrift};
pub use known_names::{
    FindNameError, FoundThing, KnownNames, NameOfError, PortableNames, ReferenceCheck, ResolvedNames, ResolvedOwnName,
    foreign_value,
};
pub use planner::{
    InvalidPlan, KnownBases, PlanProgress, PlanRequest, Planned, PlannedAction, PlannedDocument, Planner,
    RequestSource, SeenEntry, absent_intents_at_last_write, known_bases,
};
pub use puller::{Agreed, PullError, Pulled, PulledDocument, PulledState, Puller, Wanted, record_pulled};
pub use rate_limited::RateLimited;
pub use rate_limited_directory::RateLimitedDirectory;
pub use read_only::ReadOnly;
pub use reconcile::{PersonsWord, Reconciled, Reconciler};
pub use retry::{Retry, WatchWait};
pub use retry_reads::RetryReads;
pub use rollback::{Rollback, RollbackError, RollbackTo, rollback};
pub use service::{Service, ServiceClosedError, ServiceLimits, ServiceStats, UpdateHandle};
pub use shared_listing::SharedListing;
pub use undo::{Undo, UndoError, undo};
pub use update::{DescribeError, Identify, Identity, IdentityError, Progress, Report, Updater, UpdaterBuilder, jitter};
