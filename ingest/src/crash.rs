//! Where can a row's walk be cut short? Named doors at which a test makes the process die as by SIGKILL.
//!
//! The doors are compiled always and cost one atomic load; nothing happens unless [`arm`] was called, which
//! only the engine does, on the environment variables `ALLUVIUM_CRASH_AT` (`door:pass`) and `ALLUVIUM_CRASH_LOG`.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The doors in the order in which a row passes them.
pub const DOORS: [&str; 15] = [
    "after_poll",
    "before_append",
    "after_append",
    "before_hydrant",
    "after_hydrant",
    "before_freeze",
    "after_freeze",
    "before_seal",
    "after_seal",
    "before_upload",
    "after_upload",
    "before_commit",
    "after_commit",
    "before_swap",
    "after_swap",
];

#[derive(Debug)]
struct Plan {
    door: String,
    pass: u32,
    log: PathBuf,
    passed: AtomicU32,
}

static PLAN: OnceLock<Plan> = OnceLock::new();

/// Makes the process die at the `pass`-th time (from 1) it comes through `door`, noting the door in `log` first.
///
/// # Errors
/// When there is no such door, or a plan is armed already.
pub fn arm(door: &str, pass: u32, log: PathBuf) -> Result<(), String> {
    if !DOORS.contains(&door) {
        return Err(format!("there is no door `{door}`; the doors are {}", DOORS.join(", ")));
    }
    let plan = Plan { door: door.to_owned(), pass, log, passed: AtomicU32::new(0) };
    PLAN.set(plan).map_err(|_| "a crash is planned already".to_owned())
}

/// A door. Dies here if that is the plan.
pub fn point(door: &'static str) {
    debug_assert!(DOORS.contains(&door), "`{door}` is not among the doors");
    let Some(plan) = PLAN.get() else { return };
    if plan.door != door || plan.passed.fetch_add(1, Ordering::Relaxed) + 1 != plan.pass {
        return;
    }
    if let Ok(mut log) = std::fs::File::create(&plan.log) {
        let _ = writeln!(log, "{door}");
        let _ = log.sync_all();
    }
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort();
}
