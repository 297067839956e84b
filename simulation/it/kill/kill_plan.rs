//! The kill plan of a child process, and the point at which it dies.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use domain::RuleId;

/// The point at which the program dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Point {
    BeforeTheIntent,
    AfterTheIntent,
    InMidSend,
    AfterTheServerApplied,
    AfterTheAnswer,
    InsideTheCommit,
    AfterTheCommit,
    AfterTheDispatch,
    AfterTheAcknowledgement,
    /// The program goes on until the test kills it.
    AtAnyTime,
}

impl Point {
    /// Those that are points.
    pub(super) const ALL: [Self; 9] = [
        Self::BeforeTheIntent,
        Self::AfterTheIntent,
        Self::InMidSend,
        Self::AfterTheServerApplied,
        Self::AfterTheAnswer,
        Self::InsideTheCommit,
        Self::AfterTheCommit,
        Self::AfterTheDispatch,
        Self::AfterTheAcknowledgement,
    ];

    /// Dies, if this is where.
    pub(super) fn is_reached(self, here: Self) {
        if self == here {
            std::process::abort();
        }
    }
}

/// The kill plan of a child process.
#[derive(Clone, Debug)]
pub(super) struct KillPlan {
    pub(super) point: Point,
    /// The time from reaching its point to its death, in microseconds; used only inside the commit.
    pub(super) delay: u64,
    /// Which run it is: its number.
    pub(super) run: u64,
    /// The URL of the server.
    pub(super) server: String,
    /// The address of the ledger.
    pub(super) ledger: String,
    /// The folder of its files.
    pub(super) folder: PathBuf,
}

/// The variables that a kill plan is given by.
const VARIABLES: [&str; 6] = [
    "ASSIST_RULES_CHILD_POINT",
    "ASSIST_RULES_CHILD_DELAY",
    "ASSIST_RULES_CHILD_RUN",
    "ASSIST_RULES_CHILD_SERVER",
    "ASSIST_RULES_CHILD_LEDGER",
    "ASSIST_RULES_CHILD_FOLDER",
];

impl KillPlan {
    /// This program, as it carries them out.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([
            "--exact",
            "kill::child::a_run_that_is_killed",
            "--ignored",
            "--nocapture",
        ]);
        command.args(["--test-threads", "2"]);
        let values = [
            format!("{:?}", self.point),
            self.delay.to_string(),
            self.run.to_string(),
            self.server.clone(),
            self.ledger.clone(),
            self.folder.display().to_string(),
        ];
        command.envs(VARIABLES.into_iter().zip(values));
        command
    }

    /// Those that this program was given.
    pub(super) fn given() -> Option<Self> {
        let [point, delay, run, server, ledger, folder] = VARIABLES.map(|name| env::var(name).ok());
        let point = point?;
        let all = Point::ALL.into_iter().chain([Point::AtAnyTime]);
        Some(Self {
            point: all.into_iter().find(|known| format!("{known:?}") == point)?,
            delay: delay?.parse().ok()?,
            run: run?.parse().ok()?,
            server: server?,
            ledger: ledger?,
            folder: folder?.into(),
        })
    }
}

/// The number of rules.
pub(super) const RULES: u64 = 3;

/// The rule that an update is about.
pub(super) fn rule_of(number: u64) -> RuleId {
    format!("rule-{}", number % RULES).parse().unwrap()
}

/// The name of a run in the ledger.
pub(super) fn name_of(run: u64) -> String {
    format!("run-{run}")
}

/// The sink that is told.
pub(super) const SINK: &str = "file";

/// The API and the client, as the ledger tells targets apart: the server's port is another each time.
pub(super) const TARGET: &str = "emulator";
