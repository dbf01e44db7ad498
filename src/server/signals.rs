//! Signals to the master, without races: a signal sets its flag and then wakes whoever waits.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The signals that came and were not looked at yet.
pub(super) struct Signals {
    flags: Vec<(i32, Arc<AtomicBool>)>,
    wakeups: UnixStream,
}

/// What the master listens to; the ones that end it come first.
const HANDLED: [i32; 8] = [
    libc::SIGTERM,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGCHLD,
    libc::SIGHUP,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGWINCH,
];

impl Signals {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the system refuses a handler or descriptors.
    pub(super) fn listen() -> io::Result<Self> {
        let (wakeups, waker) = UnixStream::pair()?;
        wakeups.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let mut flags = Vec::new();
        for signal in HANDLED {
            let flag = Arc::new(AtomicBool::new(false));
            // Actions run in the order they are registered, so the flag is set before the wakeup.
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
            flags.push((signal, flag));
        }
        Ok(Self { flags, wakeups })
    }

    /// Takes the signals that came; several of one kind are one.
    pub(super) fn take(&mut self) -> Vec<i32> {
        let mut wakeups = [0; 64];
        while matches!(self.wakeups.read(&mut wakeups), Ok(count) if count > 0) {}
        let came = |(signal, flag): &(i32, Arc<AtomicBool>)| {
            flag.swap(false, Ordering::SeqCst).then_some(*signal)
        };
        self.flags.iter().filter_map(came).collect()
    }
}

impl AsFd for Signals {
    /// Can be read when there may be signals.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wakeups.as_fd()
    }
}

/// What a signal is called in logs.
pub(super) fn name(signal: i32) -> &'static str {
    match signal {
        libc::SIGTERM => "SIGTERM",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGCHLD => "SIGCHLD",
        libc::SIGHUP => "SIGHUP",
        libc::SIGUSR1 => "SIGUSR1",
        libc::SIGUSR2 => "SIGUSR2",
        libc::SIGWINCH => "SIGWINCH",
        _ => "another signal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os;

    #[test]
    fn a_signal_wakes_and_is_taken_once() {
        let mut signals = Signals::listen().unwrap();
        for _ in 0..3 {
            os::signal(std::process::id(), libc::SIGUSR2).unwrap();
        }
        assert_eq!(os::wait_readable(&[signals.as_fd()], None).unwrap(), [true]);
        assert_eq!(signals.take(), [libc::SIGUSR2]);
        assert_eq!(signals.take(), Vec::<i32>::new());
    }
}
