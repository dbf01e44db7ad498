//! Small questions to the kernel: the time, a random number, which boot this is, a barrier on all processors.
//!
//! The monotonic clock is asked here and not through `std::time::Instant`, because its value is compared
//! between processes: it must be a plain number with one origin for the whole machine.

use std::io;
use std::time::Duration;

/// Nanoseconds of the machine's monotonic clock; comparable between processes of one boot.
pub fn monotonic() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the call to fill; CLOCK_MONOTONIC always exists on Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// The same at the last tick of the system's: some milliseconds behind, and cheap to read.
pub fn coarse_monotonic() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the call to fill; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    (time.tv_sec as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(time.tv_nsec as u64)
}

/// The clock that tells how long this thread has computed, for other threads of the process.
pub(super) fn thread_clock() -> libc::clockid_t {
    let mut clock = libc::CLOCK_THREAD_CPUTIME_ID;
    // SAFETY: asks about the thread itself; the place is ours.
    let thread = unsafe { libc::pthread_self() };
    // SAFETY: as above; where it fails, nothing is written.
    unsafe { libc::pthread_getcpuclockid(thread, &raw mut clock) };
    clock
}

/// What a clock says.
pub(super) fn time_of(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the call to fill; where there is no such clock it stays as it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// How far apart those ticks are.
pub fn coarse_tick() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the call to fill; the clock exists on every Linux.
    unsafe { libc::clock_getres(libc::CLOCK_MONOTONIC_COARSE, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Seconds since 1970, by the clock that the kernel advances with its ticks: some milliseconds late, and
/// cheap to read.
pub fn seconds() -> u64 {
    milliseconds() / 1000
}

/// Milliseconds since 1970, by the same clock.
pub fn milliseconds() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid timespec for the call to fill; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME_COARSE, &raw mut time) };
    let (seconds, rest) = (u64::try_from(time.tv_sec), u64::try_from(time.tv_nsec));
    seconds.unwrap_or(0) * 1000 + rest.unwrap_or(0) / 1_000_000
}

/// A number nobody can guess, from the kernel's generator.
///
/// # Errors
/// When the kernel has no random numbers to give, which on a running system does not happen.
pub fn random() -> io::Result<u64> {
    let mut bytes = [0u8; 8];
    // SAFETY: the pointer and the length describe `bytes`, which the call only writes to.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if got == bytes.len() as isize {
        return Ok(u64::from_ne_bytes(bytes));
    }
    Err(io::Error::last_os_error())
}

/// The identity of the running boot: two different values mean that the monotonic clock began anew.
/// Zero when the system does not tell.
pub fn boot_id() -> u128 {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16).unwrap_or(0)
}

/// Lets this process be reached by [`memory_barrier`] of others; to be called once at its start.
///
/// # Errors
/// When the kernel does not know expedited barriers; [`memory_barrier`] then takes the slow kind.
pub fn register_memory_barrier() -> io::Result<()> {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)
}

/// A full memory barrier on every processor that runs a registered process.
///
/// # Errors
/// When the kernel has no such call at all.
pub fn memory_barrier() -> io::Result<()> {
    membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
        .or_else(|_| membarrier(libc::MEMBARRIER_CMD_GLOBAL))
}

fn membarrier(command: libc::c_int) -> io::Result<()> {
    // SAFETY: the call takes three integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_forward() {
        let first = monotonic();
        assert!(first > 0);
        assert!(monotonic() >= first);
    }

    #[test]
    fn random_numbers_differ() {
        assert_ne!(random().unwrap(), random().unwrap());
    }

    #[test]
    fn a_boot_has_one_identity() {
        assert_eq!(boot_id(), boot_id());
    }

    #[test]
    fn barriers_work_or_say_why_not() {
        if register_memory_barrier().is_ok() {
            memory_barrier().unwrap();
        }
    }
}
