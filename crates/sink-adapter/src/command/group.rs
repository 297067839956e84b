//! A program and all that it started, to be ended together where the system can do that.

use tokio::process::{Child, Command};

/// The processes of a command. Dropping it ends them.
pub(super) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

#[cfg(unix)]
impl Group {
    /// The group that a child leads.
    pub(super) fn of(child: &Child) -> Self {
        let number = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: number.and_then(rustix::process::Pid::from_raw),
        }
    }

    /// Lets it live: the program ended, and what it left running is meant to.
    pub(super) fn release(mut self) {
        self.leader = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // Why ignored: the only failure is that there is nobody left.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

/// Makes the program that is to be started the leader of a group.
#[cfg(unix)]
pub(super) fn lead(command: &mut Command) {
    command.process_group(0);
}

#[cfg(not(unix))]
impl Group {
    /// No more than the child, which ends when it is dropped.
    pub(super) fn of(_child: &Child) -> Self {
        Self {}
    }

    /// Nothing to let live.
    pub(super) fn release(self) {}
}

/// There are no groups here.
#[cfg(not(unix))]
pub(super) fn lead(_command: &mut Command) {}
