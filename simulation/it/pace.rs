//! The pace of an apply, in virtual time: as fast as a platform allows that takes 300 requests a minute.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use app::{AppliedPlan, Applier, RateLimited, ReviewedUpdate, Updater};
use async_trait::async_trait;
use domain::plan::PlannedUpdate;
use domain::protocol::UpdateOptions;
use domain::{DocumentKind, OutcomeKind, RateWindow, RequestError, RuleId, Stored, TriggerRule, Version};
use ports::{Author, Clock, Cursor, DocumentStore, InMemoryLedger, Page, Response};

use crate::client::{Client, TARGET};
use crate::executor::{Task, drive};
use crate::fault::FaultRate;
use crate::history::{Base, UpdateRun};
use crate::vocabulary::{Vocabulary, id_of};
use crate::world::{Shared, World};

/// Rules that are changed.
const RULES: usize = 600;

/// Requests that a token may make in a minute.
const ALLOWED: u32 = 300;

const WINDOW: Duration = Duration::from_mins(1);

/// A store that counts requests as the platform does, and says so in each answer.
struct Metered {
    client: Client<TriggerRule>,
    /// The start of the window, and the requests in it.
    window: Mutex<(Duration, u32)>,
}

impl Metered {
    fn count(&self) -> RateWindow {
        let now = self.client.elapsed();
        let mut window = self.window.lock().unwrap();
        if now >= window.0 + WINDOW {
            *window = (now, 0);
        }
        window.1 += 1;
        assert!(window.1 <= ALLOWED, "the platform would refuse request {}", window.1);
        RateWindow {
            allowed: ALLOWED,
            count: window.1,
            reset: (window.0 + WINDOW).saturating_sub(now),
        }
    }
}

#[async_trait]
impl DocumentStore<TriggerRule> for Metered {
    async fn get(&self, id: &RuleId) -> Result<Response<Stored<TriggerRule>>, RequestError> {
        let rate = self.count();
        let mut answer = self.client.get(id).await?;
        answer.metadata.rate = Some(rate);
        Ok(answer)
    }

    async fn replace<'v>(
        &self,
        id: &RuleId,
        document: &TriggerRule,
        version: Option<&'v Version>,
    ) -> Result<Response<Option<Stored<TriggerRule>>>, RequestError> {
        let rate = self.count();
        let mut answer = self.client.replace(id, document, version).await?;
        answer.metadata.rate = Some(rate);
        answer.metadata.requests = 1;
        Ok(answer)
    }

    async fn page(&self, cursor: Option<Cursor>) -> Result<Response<Page<TriggerRule>>, RequestError> {
        self.client.page(cursor).await
    }
}

#[test]
fn an_apply_is_as_fast_as_the_platform_allows() {
    let vocabulary = Arc::new(Vocabulary::of_rules());
    let shared = Shared::new(World::new(1, vocabulary.clone(), RULES, FaultRate::Zero));
    let client = Client::<TriggerRule>::new(shared.clone(), 0);
    let rules = RateLimited {
        store: Arc::new(Metered {
            client: client.clone(),
            window: Mutex::default(),
        }),
        limiter: Arc::default(),
        clock: Arc::new(client.clone()),
        sleeper: Arc::new(client.clone()),
        longest_pause: WINDOW,
    };
    let ledger = Arc::new(InMemoryLedger::default());
    let updates: Vec<ReviewedUpdate<TriggerRule>> = (0..RULES)
        .map(|number| {
            let run = UpdateRun::new(0, number, Base::Reviewed(0));
            client.carries_out(number, shared.world().begin(run));
            let before = client.reviewed(&id_of::<TriggerRule>(number), 0);
            let name = format!("\"name {number}\"");
            let after = before
                .value
                .document()
                .with_members(&[("name", name.as_str())])
                .unwrap();
            let after: TriggerRule = after.text().parse().unwrap();
            ReviewedUpdate {
                update: PlannedUpdate::new(before, after).unwrap(),
                seen: None,
                file: None,
                absent_intents: Vec::new(),
            }
        })
        .collect();
    let applier = Applier {
        updater: Updater::builder(Arc::new(rules))
            .ledger(ledger.clone())
            .recorded_as(TARGET, Author::default())
            .build(Arc::new(client.clone())),
        history: ledger,
        plan: AppliedPlan {
            id: "plan".to_owned(),
            created_at: SystemTime::UNIX_EPOCH,
        },
        parallelism: 4,
        stops_on_first: false,
    };
    let started = client.elapsed();
    let ended = Arc::new(Mutex::new(Duration::ZERO));
    let work = {
        let ended = ended.clone();
        async move {
            let options = UpdateOptions {
                deadline: Duration::from_mins(10),
                ..UpdateOptions::default()
            };
            let never = || std::future::pending::<()>();
            let running = applier.apply(updates, &options, &|_, _| (), &|_, _| (), &never);
            let reports = running.await.unwrap();
            let kinds = reports.iter().map(|report| report.completion.outcome.kind());
            assert!(kinds.clone().all(|kind| kind == OutcomeKind::Applied));
            assert_eq!(kinds.count(), RULES);
            *ended.lock().unwrap() = client.elapsed();
        }
    };
    drive(&shared, vec![Task::new(work, None)]);
    let took = ended.lock().unwrap().saturating_sub(started).as_secs_f64();
    let ideal = f64::from(u32::try_from(RULES).unwrap()) / f64::from(ALLOWED) * WINDOW.as_secs_f64();
    let ratio = took / ideal;
    println!("apply of {RULES} rules at {ALLOWED} requests a minute: {ratio:.3} of the ideal (target: at most 1.05)");
    assert!(ratio <= 1.05, "{ratio:.3}");
}
