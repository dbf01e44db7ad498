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

/// A signal that the master listens to.
pub(super) struct Row {
    pub(super) signal: i32,
    /// What it is called in logs.
    pub(super) name: &'static str,
    /// The word of `-s` that sends it.
    pub(super) word: Option<&'static str>,
    /// What the master does then.
    pub(super) master: &'static str,
    /// What a worker does that gets it by itself.
    pub(super) worker: &'static str,
}

/// What the master listens to.
pub(super) const ROWS: &[Row] = &[
    Row {
        signal: libc::SIGTERM,
        name: "SIGTERM",
        word: Some("stop"),
        master: "Ends at once: what is under way is broken off, counted and logged.",
        worker: "The same; another worker takes its place.",
    },
    Row {
        signal: libc::SIGINT,
        name: "SIGINT",
        word: None,
        master: "The same as TERM; a terminal sends it for Ctrl-C.",
        worker: "The same as TERM.",
    },
    Row {
        signal: libc::SIGQUIT,
        name: "SIGQUIT",
        word: Some("quit"),
        master: "Takes no new connections, finishes the requests under way, and ends.",
        worker: "The same; another worker takes its place.",
    },
    Row {
        signal: libc::SIGHUP,
        name: "SIGHUP",
        word: Some("reload"),
        master: "Reads the configuration again. If it can be used, new workers take over with all values of zones, and the \
                 old ones finish their requests; if not, the log says why and nothing changes.",
        worker: "Nothing.",
    },
    Row {
        signal: libc::SIGUSR1,
        name: "SIGUSR1",
        word: Some("reopen"),
        master: "Opens the log files anew, after they were renamed.",
        worker: "The same.",
    },
    Row {
        signal: libc::SIGUSR2,
        name: "SIGUSR2",
        word: None,
        master: "Nothing: the program is not replaced while it runs.",
        worker: "Nothing.",
    },
    Row {
        signal: libc::SIGWINCH,
        name: "SIGWINCH",
        word: None,
        master: "A daemon alone: its workers finish their requests and end, the master stays; HUP starts workers again.",
        worker: "Nothing.",
    },
    Row {
        signal: libc::SIGCHLD,
        name: "SIGCHLD",
        word: None,
        master: "Looks which of its workers have ended, and replaces those that should not have.",
        worker: "Nothing.",
    },
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
        for signal in ROWS.iter().map(|row| row.signal) {
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
    let row = ROWS.iter().find(|row| row.signal == signal);
    row.map_or("another signal", |row| row.name)
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
