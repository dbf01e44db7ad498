//! Descriptors that cross from one process into the next.
//!
//! Everything is opened so that an executed program does not get it; what a child shall have is named
//! when it is spawned (see `process.rs`), and the child takes each by its number, once. Text is handed
//! over in a sealed memfd: nobody can change it any more, and many may read it at the same time.

use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::time::Duration;

/// A memfd that holds `content` for good; `name` is what the system shows for it.
///
/// # Errors
/// When the system refuses descriptors or memory, or `name` holds a zero byte.
pub fn sealed(name: &str, content: &[u8]) -> io::Result<OwnedFd> {
    let name = CString::new(name)?;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: `name` is a string ended by zero that outlives the call.
    let fd = checked(unsafe { libc::memfd_create(name.as_ptr(), flags) })?;
    // SAFETY: the call above returned this descriptor to us, nobody else owns it.
    let mut file = File::from(unsafe { OwnedFd::from_raw_fd(fd) });
    file.write_all(content)?;
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE | libc::F_SEAL_SEAL;
    // SAFETY: a call on a descriptor we own, with an integer argument.
    checked(unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, seals) })?;
    Ok(file.into())
}

/// Everything in a file, wherever its offset stands; processes that share it do not disturb each other.
///
/// # Errors
/// When it cannot be read.
pub fn content(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let file = File::from(fd.try_clone_to_owned()?);
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut content = vec![0; length];
    file.read_exact_at(&mut content, 0)?;
    Ok(content)
}

/// Takes over a descriptor that the parent process left open for this one.
///
/// # Errors
/// When there is none of this number, or it was taken before.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    static TAKEN: Mutex<BTreeSet<RawFd>> = Mutex::new(BTreeSet::new());
    // SAFETY: the call takes integers; a number that is no descriptor is answered with an error.
    checked(unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    let mut taken = TAKEN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if number <= libc::STDERR_FILENO || !taken.insert(number) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: it is open; the parent names each descriptor for one purpose only, and `taken` shows that
    // nobody in this process owns it yet.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Waits until some of the descriptors can be read (or were closed by their other end), a signal
/// arrives, or the time is over. Tells for each whether it can be read.
///
/// # Errors
/// When the system refuses to wait; a signal is no error.
pub fn wait_readable(
    descriptors: &[BorrowedFd<'_>],
    patience: Option<Duration>,
) -> io::Result<Vec<bool>> {
    let entry = |fd: &BorrowedFd<'_>| libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries: Vec<_> = descriptors.iter().map(entry).collect();
    let milliseconds = patience.map_or(-1, |patience| {
        // Rounded up, so that a wait of less than a millisecond is none in vain.
        libc::c_int::try_from(patience.as_micros().div_ceil(1000)).unwrap_or(libc::c_int::MAX)
    });
    let count = entries.len() as libc::nfds_t;
    // SAFETY: pointer and count describe `entries`, whose descriptors are borrowed and so stay open.
    match checked(unsafe { libc::poll(entries.as_mut_ptr(), count, milliseconds) }) {
        Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
        Err(_) => Ok(vec![false; entries.len()]),
        Ok(_) => Ok(entries.iter().map(|entry| entry.revents != 0).collect()),
    }
}

/// One of the three descriptors every process starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standard {
    /// Standard input.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Makes a standard descriptor mean another file from now on.
///
/// # Errors
/// When the system refuses.
pub fn redirect(standard: Standard, to: impl AsFd) -> io::Result<()> {
    let number = match standard {
        Standard::Input => libc::STDIN_FILENO,
        Standard::Output => libc::STDOUT_FILENO,
        Standard::Error => libc::STDERR_FILENO,
    };
    // SAFETY: both are open; the standard descriptors are owned by nobody and meant to be replaced.
    checked(unsafe { libc::dup2(to.as_fd().as_raw_fd(), number) }).map(drop)
}

pub(super) fn checked(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_text_is_read_whole_and_never_changed() {
        let fd = sealed("test", b"some text").unwrap();
        assert_eq!(content(fd.as_fd()).unwrap(), b"some text");
        assert_eq!(content(fd.as_fd()).unwrap(), b"some text");
        let mut file = File::from(fd);
        assert!(file.write_all(b"x").is_err());
        assert!(file.set_len(0).is_err());
    }

    #[test]
    fn a_descriptor_is_taken_once() {
        let file = std::mem::ManuallyDrop::new(File::open("/dev/null").unwrap());
        assert!(inherited(file.as_raw_fd()).is_ok_and(|fd| {
            std::mem::forget(fd);
            true
        }));
        assert!(inherited(file.as_raw_fd()).is_err());
        assert!(inherited(-1).is_err());
        assert!(inherited(0).is_err());
    }

    #[test]
    fn waiting_tells_which_can_be_read() {
        let (reader, mut writer) = io::pipe().unwrap();
        let (silent, _writer) = io::pipe().unwrap();
        writer.write_all(b"x").unwrap();
        let both = [silent.as_fd(), reader.as_fd()];
        assert_eq!(wait_readable(&both, None).unwrap(), [false, true]);
        let soon = Some(Duration::from_micros(10));
        assert_eq!(wait_readable(&both[..1], soon).unwrap(), [false]);
    }
}
