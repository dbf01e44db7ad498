//! Threads that shall wait for the others.
//!
//! On Linux every thread has a niceness of its own. A process without rights can raise it and never
//! lower it again, so a thread that was made to wait has to end once its work is done.

use std::io;

use super::process::thread_id;

/// Raises the niceness of the calling thread by `steps`, at most to the highest there is, and has it ask for long
/// turns: the system (Linux 6.12 and later) interrupts those at once for a thread that asks for shorter ones, as all
/// others do, where it would else let a turn of some milliseconds end first.
///
/// # Errors
/// When the system refuses.
pub fn yield_to_others(steps: i32) -> io::Result<()> {
    // SAFETY: the call takes integers; a number that is no thread is answered with an error.
    let now = unsafe { libc::getpriority(libc::PRIO_PROCESS, thread_id()) };
    let attributes = Attributes {
        size: size_of::<Attributes>() as u32,
        policy: 0,
        flags: KEEP_POLICY,
        nice: now.saturating_add(steps).min(HIGHEST),
        priority: 0,
        runtime: LONG_TURN,
        deadline: 0,
        period: 0,
    };
    let (itself, none) = (0, 0);
    // SAFETY: the pointer is to attributes of the size that stands in them, which the call only reads.
    let set =
        unsafe { libc::syscall(libc::SYS_sched_setattr, itself, &raw const attributes, none) };
    match set {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `struct sched_attr`, as it was first.
#[repr(C)]
struct Attributes {
    size: u32,
    policy: u32,
    flags: u64,
    nice: i32,
    priority: u32,
    runtime: u64,
    deadline: u64,
    period: u64,
}

/// `SCHED_FLAG_KEEP_POLICY`
const KEEP_POLICY: u64 = 8;
/// The longest that the system grants, in nanoseconds.
const LONG_TURN: u64 = 100_000_000;
const HIGHEST: i32 = 19;

#[cfg(test)]
mod tests {
    use super::*;

    fn niceness(thread: u32) -> i32 {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap();
        let fields = stat.rsplit_once(')').unwrap().1;
        // What follows the name is field 3; the niceness is field 19.
        fields
            .split_ascii_whitespace()
            .nth(16)
            .unwrap()
            .parse()
            .unwrap()
    }

    #[test]
    fn one_thread_waits_and_the_others_do_not() {
        let before = niceness(thread_id());
        let lowered = std::thread::spawn(|| {
            yield_to_others(3).unwrap();
            let first = niceness(thread_id());
            yield_to_others(100).unwrap();
            (first, niceness(thread_id()))
        });
        let expected = ((before + 3).min(HIGHEST), HIGHEST);
        assert_eq!(lowered.join().unwrap(), expected);
        assert_eq!(niceness(thread_id()), before);
    }
}
