//! Ledgers of format 1, as a program of that time made them (`tests/fixtures`): they are read, brought up to date, and
//! go on.

mod cuts;
mod fixture;

use domain::OutcomeKind::{self, Applied, Conflict, Unchanged, Unknown};
use ports::testing::ledger_conformance::{intent, outcome};
use ports::{
    Claim, DocumentRef, Entry, EntryId, History, HistoryQuery, Include, JoinRecord, Ledger, LedgerError, Outbox, Tally,
    TallyQuery,
};

use assist_rules_ledger_adapter::{LedgerSettings, SqlLedger, verify_export};

use crate::stores::{Schema, advised, connection, open};
use fixture::{Fixture, TARGET};

const ORG: &str = "b8fa1c5c-6a7e-4d7a-9d4b-0d5b7b5a1c11";

/// All that is known of a ledger to its readers.
#[derive(Debug, PartialEq)]
pub(crate) struct Known {
    head: Option<String>,
    entries: Vec<Entry>,
    tally: Vec<(Option<String>, Tally)>,
    export: String,
    pending: u64,
}

impl Known {
    pub(crate) async fn of(ledger: &SqlLedger) -> Self {
        let report = ledger.verify(None).await.unwrap();
        assert_eq!(report.faults, []);
        let query = HistoryQuery {
            limit: usize::MAX,
            ..HistoryQuery::default()
        };
        let mut export = String::new();
        let line = |line: &str| {
            export.push_str(line);
            export.push('\n');
            Ok(())
        };
        ledger.export(line).await.unwrap();
        let proved = verify_export(export.as_bytes(), report.head.as_deref()).unwrap();
        assert_eq!((proved.faults.as_slice(), &proved.head), ([].as_slice(), &report.head));
        Self {
            head: report.head,
            entries: ledger.entries(&query).await.unwrap(),
            tally: ledger.tally(&TallyQuery::default()).await.unwrap(),
            export,
            pending: ledger.backlog().await.unwrap().iter().map(|sink| sink.pending).sum(),
        }
    }
}

pub(crate) async fn reader(address: &str) -> SqlLedger {
    let settings = LedgerSettings {
        address: address.parse().unwrap(),
        run: None,
        sinks: Vec::new(),
    };
    SqlLedger::open(settings).await.unwrap()
}

/// Runs a test on a file and on a shared ledger, if there is a server.
macro_rules! on_both {
    ($name:ident, $check:ident) => {
        #[tokio::test]
        async fn $name() {
            let folder = tempfile::tempdir().unwrap();
            $check(&Fixture::in_file(folder.path())).await;
            let Some(schema) = Schema::new(stringify!($name)).await else {
                return;
            };
            $check(&Fixture::in_schema(&schema, folder.path()).await).await;
            schema.drop().await;
        }
    };
}

on_both!(readers_take_it_as_it_is, is_read);
on_both!(it_goes_on_when_it_is_up_to_date, goes_on);
on_both!(it_is_not_touched_while_a_run_is_at_work, waits_for_a_run);
on_both!(a_newer_one_is_refused_in_words, is_refused);
on_both!(it_has_the_shape_of_a_new_one, has_the_shape_of_a_new_one);

async fn is_read(fixture: &Fixture) {
    let ledger = reader(&fixture.address).await;
    let known = Known::of(&ledger).await;
    assert_eq!(ledger.format(), 1);
    let outcomes: Vec<(u64, Option<OutcomeKind>)> = known
        .entries
        .iter()
        .map(|entry| (entry.id.0, entry.outcome_kind()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (20, None),
            (18, Some(Applied)),
            (16, Some(Applied)),
            (14, Some(Applied)),
            (13, Some(Conflict)),
            (11, Some(Unknown)),
            (9, Some(Conflict)),
            (7, Some(Applied)),
            (4, Some(Applied)),
            (3, Some(Unchanged)),
            (1, Some(Applied)),
        ]
    );
    let open = ledger.unsettled(TARGET, "rule").await.unwrap();
    assert_eq!(open.iter().map(|entry| entry.id.0).collect::<Vec<_>>(), [11, 20]);
    assert_eq!(known.pending, 6);
    let merged = ledger.entry(EntryId(6)).await.unwrap().unwrap();
    assert_eq!(
        (merged.id, merged.intent.unwrap().follows),
        (EntryId(7), Some(EntryId(6)))
    );
    let refused = advised(&ledger.intend(intent("r1", 1, 0)).await.unwrap_err());
    assert!(refused.contains("audit upgrade"), "{refused}");
    ledger.close().await;
    assert_eq!(fixture.format().await, 1, "it is as it was");
}

async fn goes_on(fixture: &Fixture) {
    let before = Known::of(&reader(&fixture.address).await).await;
    let ledger = open(&fixture.address, &fixture.folder).await;
    assert_eq!((ledger.format(), fixture.format().await), (2, 2));
    assert_eq!(Known::of(&ledger).await, before, "nothing is lost, and nothing changed");
    let settings = LedgerSettings {
        address: fixture.address.parse().unwrap(),
        run: None,
        sinks: Vec::new(),
    };
    let again = SqlLedger::upgrade(settings).await.unwrap();
    assert_eq!((again.from, again.to), (2, 2));

    // The organization is found out, and what was settled before is its history; access tokens stay apart.
    let target = |target: &str| JoinRecord {
        target: target.to_owned(),
        organization: ORG.to_owned(),
        author: intent("r1", 1, 1).author,
        at: std::time::SystemTime::now(),
    };
    assert!(ledger.join(target(TARGET)).await.unwrap().is_some());
    let of_tokens = TARGET.replace("sandbox-client", "token");
    let refused = ledger.join(target(&of_tokens)).await.unwrap_err();
    assert!(matches!(refused, LedgerError::OtherOrganization { .. }), "{refused}");
    let rule = DocumentRef {
        target: ORG.to_owned(),
        kind: "rule".to_owned(),
        id: fixture::RULE.to_owned(),
    };
    let query = HistoryQuery {
        target: Some(ORG.to_owned()),
        limit: 100,
        ..HistoryQuery::default()
    };
    let of_org = ledger.entries(&query).await.unwrap();
    assert_eq!(of_org.len(), before.entries.len() - 1);

    // A run that was killed is gone: what it left open is gone on from. What the rule was is known across the border.
    let open = ledger.entry(EntryId(20)).await.unwrap().unwrap();
    let mut next = open.intent.unwrap();
    next.author.shown_target = Some(TARGET.to_owned());
    "another run".clone_into(&mut next.author.run);
    next.at = std::time::SystemTime::now();
    next.leased_until = next.at + std::time::Duration::from_mins(3);
    next.follows = Some(EntryId(20));
    next.undoes = vec![EntryId(18)];
    let id = ledger.intend(next.clone()).await.unwrap();
    let mut applied = outcome(&next, Some(id), OutcomeKind::Applied, 1);
    applied.at = std::time::SystemTime::now();
    ledger.conclude(applied).await.unwrap();
    let seventh = ledger.document_at(&rule, &"\"7\"".parse().unwrap()).await.unwrap();
    let first = before.entries.last().unwrap().intent.as_ref().unwrap();
    assert_eq!(seventh, Some(first.base.clone()), "what the first change was made from");
    let replaced = ledger.replacements(&rule, 50).await.unwrap();
    let replaced: Vec<u64> = replaced.iter().map(|replacement| replacement.entry.0).collect();
    assert_eq!(replaced, [id.0, 18, 16, 7, 4, 1]);
    assert_eq!(ledger.verify(before.head.as_deref()).await.unwrap().faults, []);

    pending_events_go_out_first(&ledger, &rule).await;
}

/// Those of format 1 go out before newer ones of their rule, as they were.
async fn pending_events_go_out_first(ledger: &SqlLedger, rule: &DocumentRef) {
    let mut delivered = Vec::new();
    loop {
        let claim = Claim {
            sink: "hub".to_owned(),
            include: Include::All,
            after: 0,
            now: std::time::SystemTime::now(),
            lease: std::time::Duration::from_mins(1),
            limit: 10,
        };
        let leased = ledger.claim(&claim).await.unwrap();
        if leased.is_empty() {
            break;
        }
        for leased in leased {
            delivered.push((leased.event.document.target.clone(), leased.event.entry.0));
            let delivered = ports::DeliveryOutcome::Delivered;
            ledger.complete(&leased, &delivered).await.unwrap();
        }
    }
    let of_client: Vec<u64> = delivered
        .iter()
        .filter(|(target, _)| target == TARGET)
        .map(|(_, entry)| *entry)
        .collect();
    assert_eq!(of_client, [1, 4, 7, 16, 18]);
    assert_eq!(delivered.len(), 6, "and one of a token: {delivered:?}");
    // The new one is told to the sinks of this run.
    let claim = Claim {
        sink: "a".to_owned(),
        include: Include::Due,
        after: 0,
        now: std::time::SystemTime::now(),
        lease: std::time::Duration::from_mins(1),
        limit: 10,
    };
    let leased = ledger.claim(&claim).await.unwrap();
    assert_eq!(
        leased.iter().map(|leased| &leased.event.document).collect::<Vec<_>>(),
        [rule]
    );
}

async fn waits_for_a_run(fixture: &Fixture) {
    let at_work = fixture.a_run_is_at_work().await;
    let settings = |run: &str| LedgerSettings {
        address: fixture.address.parse().unwrap(),
        run: Some((run.to_owned(), fixture.folder.join("runs"))),
        sinks: Vec::new(),
    };
    let refused = SqlLedger::open(settings("a-run")).await.err();
    let why = refused.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(matches!(refused, Some(LedgerError::Busy(_))), "{refused:?}");
    assert!(why.contains("at work") && why.contains("at the latest"), "{why}");
    let by_hand = LedgerSettings {
        run: None,
        ..settings("nobody")
    };
    let refused = SqlLedger::upgrade(by_hand).await.err();
    assert!(matches!(refused, Some(LedgerError::Busy(_))), "{refused:?}");
    assert_eq!(fixture.format().await, 1);
    drop(at_work);
    let ledger = fixture.open_when_it_is_gone(settings("another-run")).await;
    assert_eq!(ledger.format(), 2);
}

async fn is_refused(fixture: &Fixture) {
    fixture.run("UPDATE ledger_format SET version = 3").await;
    for run in [None, Some(("a-run".to_owned(), fixture.folder.join("runs")))] {
        let settings = LedgerSettings {
            address: fixture.address.parse().unwrap(),
            run,
            sinks: Vec::new(),
        };
        let refused = advised(&SqlLedger::open(settings).await.err().unwrap());
        assert!(
            refused.contains("format 3") && refused.contains("use a newer version"),
            "{refused}"
        );
        let place = fixture
            .address
            .split_once('?')
            .map_or(fixture.address.as_str(), |(place, _)| place);
        assert!(refused.contains(place), "{refused}");
    }
    assert_eq!(fixture.format().await, 3);
}

async fn has_the_shape_of_a_new_one(fixture: &Fixture) {
    open(&fixture.address, &fixture.folder).await.close().await;
    let upgraded = fixture.shape().await;
    if let Some(file) = fixture.address.strip_prefix("sqlite:") {
        let new = format!("{file}.new");
        open(&format!("sqlite:{new}"), &fixture.folder).await.close().await;
        assert_eq!(upgraded, fixture::shape_of(&format!("sqlite:{new}"), "").await);
    } else {
        let schema = Schema::new("").await.unwrap();
        open(&schema.url, &fixture.folder).await.close().await;
        assert_eq!(upgraded, fixture::shape_of(&schema.url, &schema.name).await);
        schema.drop().await;
    }
    assert!(upgraded.len() > 50, "{upgraded:?}");
}

#[tokio::test]
async fn what_the_sandbox_recorded_goes_on_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sandbox.db");
    std::fs::write(&file, include_bytes!("../fixtures/format-1/sandbox.db")).unwrap();
    let address = format!("sqlite:{}", file.display());
    let before = Known::of(&reader(&address).await).await;
    assert_eq!(before.entries.len(), 4);
    let ledger = open(&address, folder.path()).await;
    assert_eq!(Known::of(&ledger).await, before);
}

/// The role that may read and write the rows, and no more.
#[tokio::test]
async fn a_role_that_may_not_alter_tables_is_told_what_the_owner_has_to_run() {
    let name = "a_role_that_may_not_alter_tables_is_told_what_the_owner_has_to_run";
    let Some(schema) = Schema::new(name).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::in_schema(&schema, folder.path()).await;
    let role = format!("{}_writer", schema.name);
    let grants = "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {schema} TO {role};
        GRANT SELECT, INSERT ON {schema}.entries, {schema}.documents TO {role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.updates, {schema}.tallies, {schema}.activity,
        {schema}.outbox, {schema}.disabled_sinks TO {role}; GRANT SELECT ON {schema}.ledger_format TO {role}";
    let grants = grants.replace("{schema}", &schema.name).replace("{role}", &role);
    fixture.run(&grants).await;
    let as_writer = format!("{}%20-crole%3D{role}", schema.url);
    let settings = || LedgerSettings {
        address: as_writer.parse().unwrap(),
        run: Some(("a-run".to_owned(), folder.path().join("runs"))),
        sinks: Vec::new(),
    };
    let refused = advised(&SqlLedger::open(settings()).await.err().unwrap());
    assert!(refused.contains("assist-rules audit upgrade"), "{refused}");
    assert_eq!(fixture.format().await, 1);
    let as_owner = LedgerSettings {
        address: schema.url.parse().unwrap(),
        run: None,
        sinks: Vec::new(),
    };
    let upgraded = SqlLedger::upgrade(as_owner).await.unwrap();
    assert_eq!((upgraded.from, upgraded.to), (1, 2));
    // What the role may do with the old tables, it may do with the new ones.
    let ledger = SqlLedger::open(settings()).await.unwrap();
    let wanted = intent("r1", 7, 0);
    let id = ledger.intend(wanted.clone()).await.unwrap();
    ledger
        .conclude(outcome(&wanted, Some(id), OutcomeKind::Applied, 1))
        .await
        .unwrap();
    assert_eq!(ledger.verify(None).await.unwrap().faults, []);
    ledger.close().await;
    schema.drop().await;
    let mut owner = connection(&fixture.address).await;
    let dropped = format!("DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(dropped))
        .execute(&mut owner)
        .await
        .unwrap();
}

/// Names the ledger of the process that may only read it.
const COPY: &str = "ASSIST_RULES_TEST_COPY";

#[test]
#[ignore = "it is a process of the test of copies"]
fn reads_a_copy() {
    let address = std::env::var(COPY).unwrap();
    crate::stores::in_a_runtime(async {
        let ledger = reader(&address).await;
        assert_eq!(Known::of(&ledger).await.entries.len(), 11);
        assert_eq!(ledger.format(), 1);
    });
}

/// Whoever may write to nothing reads it all the same.
#[test]
fn a_copy_that_may_only_be_read_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Fixture::in_file(folder.path());
    // Root may write to everything; anybody else may read what everybody may.
    let exe = folder.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &exe).unwrap();
    let allow = "chmod 755 . it && chmod 444 ledger.db && chmod 555 .";
    let allowed = std::process::Command::new("sh")
        .args(["-c", allow])
        .current_dir(folder.path())
        .status();
    assert!(allowed.unwrap().success());
    let output = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&exe)
        .args(["format_1::reads_a_copy", "--exact", "--ignored", "--test-threads=1"])
        .env(COPY, &fixture.address)
        .output();
    match output {
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("setpriv:") => {
            ports::testing::skip(
                "a_copy_that_may_only_be_read_is_read",
                "it needs root, to be somebody else",
            );
        }
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => ports::testing::skip("a_copy_that_may_only_be_read_is_read", "it needs setpriv"),
    }
}
