//! Signals to the master, without races: a signal leaves its mark and then wakes whoever waits.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::os;

/// The signals that came and were not looked at yet.
pub(super) struct Signals {
    /// For each signal the number of its last arrival among all arrivals; 0 when it was taken.
    arrivals: Vec<(i32, Arc<AtomicU64>)>,
    wakeups: UnixStream,
}

/// What the master listens to.
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
    /// Begins to listen, to signals that were held back until now, too.
    ///
    /// # Errors
    /// When the system refuses a handler or descriptors.
    pub(super) fn listen() -> io::Result<Self> {
        let (wakeups, waker) = UnixStream::pair()?;
        wakeups.set_nonblocking(true)?;
        waker.set_nonblocking(true)?;
        let clock = Arc::default();
        let mut arrivals = Vec::new();
        for signal in HANDLED {
            let arrival = Arc::default();
            // Actions run in the order they are registered, so the mark is there before the wakeup.
            os::note_arrivals(signal, Arc::clone(&arrival), Arc::clone(&clock))?;
            signal_hook::low_level::pipe::register(signal, waker.try_clone()?)?;
            arrivals.push((signal, arrival));
        }
        os::admit_signals()?;
        Ok(Self { arrivals, wakeups })
    }

    /// Takes the signals that came, in their order; several of one kind are one, the last.
    pub(super) fn take(&mut self) -> Vec<i32> {
        let mut wakeups = [0; 64];
        while matches!(self.wakeups.read(&mut wakeups), Ok(count) if count > 0) {}
        let taken = |(signal, arrival): &(i32, Arc<AtomicU64>)| {
            let number = arrival.swap(0, Ordering::SeqCst);
            (number > 0).then_some((number, *signal))
        };
        let mut came: Vec<_> = self.arrivals.iter().filter_map(taken).collect();
        came.sort_unstable();
        came.into_iter().map(|(_, signal)| signal).collect()
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

    /// Takes what came of these; other tests have signals of their own.
    fn take(signals: &mut Signals, some: &[i32]) -> Vec<i32> {
        let mut taken = signals.take();
        taken.retain(|signal| some.contains(signal));
        taken
    }

    #[test]
    fn a_signal_wakes_and_is_taken_once() {
        let mut signals = Signals::listen().unwrap();
        for _ in 0..3 {
            os::signal(std::process::id(), libc::SIGUSR2).unwrap();
        }
        assert_eq!(os::wait_readable(&[signals.as_fd()], None).unwrap(), [true]);
        assert_eq!(take(&mut signals, &[libc::SIGUSR2]), [libc::SIGUSR2]);
        assert_eq!(take(&mut signals, &[libc::SIGUSR2]), [0; 0]);
    }

    #[test]
    fn signals_are_taken_in_the_order_they_came() {
        let [winch, hup, quit] = [libc::SIGWINCH, libc::SIGHUP, libc::SIGQUIT];
        let mut signals = Signals::listen().unwrap();
        let arrival = |signals: &Signals, signal| {
            let mut arrivals = signals.arrivals.iter();
            let own = arrivals.find(|(number, _)| *number == signal).unwrap();
            own.1.load(Ordering::SeqCst)
        };
        for signal in [winch, hup, winch, quit] {
            let before = arrival(&signals, signal);
            os::signal(std::process::id(), signal).unwrap();
            while arrival(&signals, signal) == before {
                std::thread::yield_now();
            }
        }
        let all = [winch, hup, quit];
        assert_eq!(take(&mut signals, &all), [hup, winch, quit]);
        assert_eq!(take(&mut signals, &all), [0; 0]);
    }
}
