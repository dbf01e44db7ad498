//! When signals come in: held back while nobody could take them, and known in the order they came.
//!
//! A process that was just started is ended by nearly every signal until it has said what it does about them.
//! So whoever starts one holds signals back meanwhile, which the new process inherits, and that one lets
//! them in as soon as it can take them.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Signals are held back in this thread, and in processes that it starts, until this is dropped.
pub struct SignalsHeld(libc::sigset_t);

/// Holds back every signal that can be.
///
/// # Errors
/// Never, on a system that works.
pub fn hold_signals() -> io::Result<SignalsHeld> {
    let mut before = MaybeUninit::uninit();
    let all = set(libc::sigfillset)?;
    // SAFETY: `all` is a filled set that is only read, `before` a place for another.
    accepted(unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, before.as_mut_ptr())
    })?;
    // SAFETY: the call succeeded and so filled it.
    Ok(SignalsHeld(unsafe { before.assume_init() }))
}

/// Lets all signals in, whatever this process began with.
///
/// # Errors
/// Never, on a system that works.
pub fn admit_signals() -> io::Result<()> {
    let none = set(libc::sigemptyset)?;
    // SAFETY: `none` is a filled set that is only read.
    accepted(unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut()) })
}

impl Drop for SignalsHeld {
    fn drop(&mut self) {
        // SAFETY: the set is one that the system gave, and only read.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, ptr::null_mut()) };
    }
}

/// Has each arrival of a signal leave its number, counted by `clock` over all signals, in `place`.
///
/// # Errors
/// When the system does not let the signal be handled.
pub fn note_arrivals(signal: i32, place: Arc<AtomicU64>, clock: Arc<AtomicU64>) -> io::Result<()> {
    let note = move || place.store(clock.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    // SAFETY: the action makes two atomic operations, takes no lock, no memory, and cannot panic.
    unsafe { signal_hook::low_level::register(signal, note) }.map(drop)
}

fn set(
    fill: unsafe extern "C" fn(*mut libc::sigset_t) -> libc::c_int,
) -> io::Result<libc::sigset_t> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: both functions that come here only write to the set they are given.
    match unsafe { fill(set.as_mut_ptr()) } {
        // SAFETY: the call succeeded and so filled it.
        0 => Ok(unsafe { set.assume_init() }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Functions of threads return their error.
fn accepted(code: libc::c_int) -> io::Result<()> {
    match code {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use super::super::process::{Session, signal, spawn};
    use super::*;

    #[test]
    fn a_process_is_not_ended_by_a_signal_before_it_lets_it_in() {
        // It lets nothing in by itself.
        let mut command = Command::new("sleep");
        command.arg("0.2");
        let mut child = spawn(&mut command, &[], Session::Same).unwrap();
        signal(child.id(), libc::SIGTERM).unwrap();
        assert!(child.wait().unwrap().success());
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "kill -s TERM $$; exit 7"]);
        let status = command.status().unwrap();
        assert_eq!(
            status.signal(),
            Some(libc::SIGTERM),
            "signals are held here"
        );
    }

    #[test]
    fn signals_are_held_until_the_hold_is_dropped() {
        let (place, clock) = (Arc::default(), Arc::default());
        note_arrivals(libc::SIGIO, Arc::clone(&place), Arc::clone(&clock)).unwrap();
        let arrived = || place.load(Ordering::SeqCst) > 0;
        let held = hold_signals().unwrap();
        // SAFETY: the call takes an integer.
        unsafe { libc::raise(libc::SIGIO) };
        assert!(!arrived());
        drop(held);
        assert!(arrived());
        place.store(0, Ordering::SeqCst);
        let held = hold_signals().unwrap();
        // SAFETY: the call takes an integer.
        unsafe { libc::raise(libc::SIGIO) };
        admit_signals().unwrap();
        assert!(arrived());
        drop(held);
        admit_signals().unwrap();
    }
}
