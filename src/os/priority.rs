//! Threads that shall wait for the others.
//!
//! On Linux every thread has a niceness of its own. A process without rights can raise it and never
//! lower it again, so a thread that was made to wait has to end once its work is done.

use std::io;

use super::process::thread_id;

/// Raises the niceness of the calling thread by `steps`, at most to the highest there is.
///
/// # Errors
/// When the system refuses.
pub fn yield_to_others(steps: i32) -> io::Result<()> {
    let thread = thread_id();
    // SAFETY: the call takes integers; a number that is no thread is answered with an error.
    let now = unsafe { libc::getpriority(libc::PRIO_PROCESS, thread) };
    let wanted = now.saturating_add(steps).min(HIGHEST);
    // SAFETY: as above; the thread is the one that calls.
    match unsafe { libc::setpriority(libc::PRIO_PROCESS, thread, wanted) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

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
