//! Which process something in shared memory belongs to, and whether it still lives.
//!
//! A number alone does not name a process: it is given out again after a death. So the time the process
//! was started at belongs to its name. A process that has ended but was not yet waited for counts as dead.

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

impl Process {
    /// The one that asks.
    pub fn current() -> Self {
        let id = std::process::id();
        let started = started(id).ok().flatten().unwrap_or(0);
        Self { id, started }
    }

    /// Whether it has not ended; true in doubt.
    pub fn is_alive(self) -> bool {
        if !exists(self.id) {
            return false;
        }
        match started(self.id) {
            Ok(Some(started)) => self.started == 0 || self.started == started,
            Ok(None) => false,
            // The kernel's files are not to be seen here: all that is known is that the number is taken.
            Err(_) => true,
        }
    }
}

/// When a process was started; nothing if it has ended.
fn started(id: u32) -> io::Result<Option<u64>> {
    let line = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in parentheses, may hold anything; what follows it does not. State first, start as the 20th.
    let after_name = line.rsplit_once(')').map_or("", |parts| parts.1);
    let mut fields = after_name.split_ascii_whitespace();
    let has_ended = matches!(fields.next(), Some("Z" | "X"));
    let started = fields.nth(18).and_then(|field| field.parse().ok());
    Ok(started.filter(|_| !has_ended))
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
