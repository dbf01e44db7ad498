//! Which process something in shared memory belongs to, and whether it still lives.
//!
//! A number alone does not name a process: it is given out again after a death. So the time the process
//! was started at belongs to its name. A process that has ended but was not yet waited for counts as dead;
//! one that was stopped lives, but whoever waits for it may wait for ever.

use std::fs;
use std::io;

/// The lasting name of a process on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number; never zero.
    pub id: u32,
    /// When it was started, in the kernel's ticks since boot; zero if the system does not tell.
    pub started: u64,
}

/// What can be expected of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It goes on.
    Moves,
    /// It was stopped, by a signal or a debugger, and goes on when somebody says so.
    Stopped,
    /// It has ended.
    Dead,
    /// The system does not tell.
    Unknown,
}

impl Process {
    /// The one that asks.
    pub fn current() -> Self {
        let id = std::process::id();
        let started = started(id).ok().flatten().unwrap_or(0);
        Self { id, started }
    }

    /// Whether it has not ended; true in doubt.
    pub fn is_alive(self) -> bool {
        self.condition() != Condition::Dead
    }

    /// What can be expected of it.
    pub fn condition(self) -> Condition {
        if !exists(self.id) {
            return Condition::Dead;
        }
        match look(self.id) {
            Ok(Look { state, started }) if self.started == 0 || Some(self.started) == started => {
                state
            }
            Ok(_) => Condition::Dead,
            // The kernel's files are not to be seen here: all that is known is that the number is taken.
            Err(_) => Condition::Unknown,
        }
    }
}

/// What can be expected of a thread of any process, by its number.
pub(super) fn thread(id: u32) -> Condition {
    look(id).map_or(Condition::Unknown, |look| look.state)
}

/// The number of the process that a thread belongs to; that of the thread itself in doubt.
pub(super) fn process_of(thread: u32) -> u32 {
    let status = fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let group = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    let group = group.and_then(|number| number.trim().parse().ok());
    group.unwrap_or(thread)
}

/// What the kernel says of a process or thread.
struct Look {
    state: Condition,
    started: Option<u64>,
}

fn look(id: u32) -> io::Result<Look> {
    let line = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in parentheses, may hold anything; what follows it does not. State first, start as the 20th.
    let after_name = line.rsplit_once(')').map_or("", |parts| parts.1);
    let mut fields = after_name.split_ascii_whitespace();
    let state = match fields.next() {
        Some("Z" | "X") => Condition::Dead,
        Some("T" | "t") => Condition::Stopped,
        _ => Condition::Moves,
    };
    let started = fields.nth(18).and_then(|field| field.parse().ok());
    Ok(Look { state, started })
}

/// When a process was started; nothing if it has ended.
fn started(id: u32) -> io::Result<Option<u64>> {
    let look = look(id)?;
    Ok(look.started.filter(|_| look.state != Condition::Dead))
}

fn exists(id: u32) -> bool {
    let Ok(id) = libc::pid_t::try_from(id) else {
        return false;
    };
    // SAFETY: signal zero is never delivered; the call only looks the process up.
    let found = unsafe { libc::kill(id, 0) } == 0;
    found || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_lives_until_it_ends_even_if_nobody_waits_for_it() {
        let own = Process::current();
        assert!(own.is_alive() && own.started > 0);
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let id = child.id();
        let name = Process {
            id,
            started: started(id).unwrap().unwrap(),
        };
        assert!(name.is_alive());
        child.kill().unwrap();
        while name.is_alive() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(!name.is_alive());
    }

    #[test]
    fn a_process_that_was_stopped_lives_but_does_not_move() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let id = child.id();
        let name = Process { id, started: 0 };
        assert_eq!(name.condition(), Condition::Moves);
        crate::os::signal(id, libc::SIGSTOP).unwrap();
        while name.condition() != Condition::Stopped {
            std::thread::yield_now();
        }
        assert!(name.is_alive());
        assert_eq!((thread(id), process_of(id)), (Condition::Stopped, id));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(name.condition(), Condition::Dead);
        assert_eq!(thread(id), Condition::Unknown);
    }

    #[test]
    fn a_number_given_out_again_is_another_process() {
        let mut other = Process::current();
        other.started += 1;
        assert!(!other.is_alive());
        let impossible = Process {
            id: u32::MAX,
            started: 0,
        };
        assert!(!impossible.is_alive());
    }
}
