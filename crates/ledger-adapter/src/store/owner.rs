//! The process that a lease is of, and whether it is gone.
//!
//! A process is known by the boot of its machine, its PID namespace, its number and when it began. One of another boot
//! or namespace cannot be looked for: only time ends its lease.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The owner in the lease of a run that is known to have ended.
const GONE: &str = "gone";

/// The runs of this process that are at work, and how many ledgers each has open.
static AT_WORK: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// A run of this process is at work from now on.
pub(super) fn begin(run: &str) {
    let mut at_work = AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
    *at_work.entry(run.to_owned()).or_default() += 1;
}

/// Ends one use of a ledger by a run of this process.
pub(super) fn end(run: &str) {
    let mut at_work = AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
    let left = at_work.remove(run).map_or(0, |count| count.saturating_sub(1));
    if left > 0 {
        at_work.insert(run.to_owned(), left);
    }
}

fn is_at_work(run: &str) -> bool {
    let at_work = AT_WORK.lock().unwrap_or_else(PoisonError::into_inner);
    at_work.contains_key(run)
}

/// This process, as a lease names it; nothing where a process cannot be known.
pub(crate) fn this_process() -> &'static str {
    // Why once: it does not change, and every intent asks for it while other writers wait.
    static THIS: LazyLock<String> = LazyLock::new(|| {
        let pid = std::process::id();
        match (&*PLACE, started(pid)) {
            (Some(place), Some(Started::At(began))) => format!("{place} {pid} {began}"),
            (Some(_) | None, _) => String::new(),
        }
    });
    &THIS
}

/// True if the process of a lease has certainly ended, or if it is this process and the run of the lease has ended in
/// it.
pub(crate) fn is_gone(owner: &str, run: &str) -> bool {
    if owner == GONE {
        return true;
    }
    let parts: Vec<&str> = owner.split(' ').collect();
    let &[boot, namespace, pid, began] = parts.as_slice() else {
        return false;
    };
    let (Some(place), Ok(pid)) = (&*PLACE, pid.parse::<u32>()) else {
        return false;
    };
    if *place != format!("{boot} {namespace}") {
        return false;
    }
    match started(pid) {
        Some(Started::At(now)) if now != began => true,
        Some(Started::At(_)) => pid == std::process::id() && !is_at_work(run),
        Some(Started::Ended) => true,
        None => is_nobody(pid),
    }
}

/// The start of a process, in ticks since the boot.
enum Started {
    At(String),
    /// The process has ended: a zombie, whose parent has not yet waited for it.
    Ended,
}

fn started(pid: u32) -> Option<Started> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // proc(5): the name, in parentheses, may have anything in it. The state is field 3, the start field 22.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return Some(Started::Ended);
    }
    fields.nth(18).map(|began| Started::At(began.to_owned()))
}

/// The boot and the PID namespace of this process.
static PLACE: LazyLock<Option<String>> = LazyLock::new(|| {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let place = format!("{} {}", boot.trim(), namespace.display());
    (place.split(' ').count() == 2).then_some(place)
});

/// True if no process has this number. `/proc` does not suffice: it may hide the processes of other users.
#[cfg(unix)]
fn is_nobody(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn is_nobody(_pid: u32) -> bool {
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    /// A process as it stands in a lease.
    fn process(pid: u32) -> String {
        let Some(Started::At(began)) = started(pid) else {
            panic!("it runs")
        };
        format!("{} {pid} {began}", PLACE.as_deref().unwrap())
    }

    #[test]
    fn a_process_is_gone_when_it_ended_and_not_before() {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        let owner = process(child.id());
        assert!(!is_gone(&owner, "run"));
        child.kill().unwrap();
        while matches!(started(child.id()), Some(Started::At(_))) {
            std::thread::yield_now();
        }
        assert!(is_gone(&owner, "run"), "its parent has not asked for its status yet");
        child.wait().unwrap();
        assert!(is_gone(&owner, "run"));
    }

    #[test]
    fn another_process_of_the_same_number_is_another() {
        let own = this_process();
        assert!(!own.is_empty());
        let (place, began) = own.rsplit_once(' ').unwrap();
        let other = format!("{place} {}", began.parse::<u64>().unwrap() + 1);
        assert!(is_gone(&other, "run"));
    }

    #[test]
    fn what_is_elsewhere_cannot_be_told() {
        let own = this_process();
        let (place, of_process) = own.split_at(own.find(" pid").unwrap());
        let ended = "4000000000 1";
        for elsewhere in [
            format!("another-boot{of_process}"),
            format!("{place} pid:[1] {ended}"),
            format!("another-boot pid:[1] {ended}"),
            String::new(),
            "what?".to_owned(),
        ] {
            assert!(!is_gone(&elsewhere, "run"), "{elsewhere}");
        }
    }

    #[test]
    fn a_run_of_this_process_is_gone_when_it_has_ended() {
        let own = this_process();
        begin("a run");
        begin("a run");
        assert!(!is_gone(own, "a run"));
        end("a run");
        assert!(!is_gone(own, "a run"));
        end("a run");
        assert!(is_gone(own, "a run"));
    }
}
