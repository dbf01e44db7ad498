//! Hearing from the system that files were written, whoever does it (inotify).

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::descriptor::checked;

/// Files of which is heard whenever they are written.
#[derive(Debug)]
pub struct FileWatch(AsyncFd<OwnedFd>);

/// The number of a file among those that are watched; none is given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Watched(i32);

/// What one event takes in front of a name, of which files that are watched themselves have none.
const EVENT: usize = 16;

impl FileWatch {
    /// Watches nothing yet. Within a runtime.
    ///
    /// # Errors
    /// When the system has no more of them.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes a number and gives one.
        let fd = checked(unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) })?;
        // SAFETY: the descriptor was just made and is nobody else's.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        // SAFETY: an `OwnedFd` stays open, and the same, as long as it lives, and nothing here hands
        // it out to be changed.
        let registered = unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?;
        Ok(Self(registered))
    }

    /// Watches an open file, wherever it is moved. One that is watched already has the number that it had.
    ///
    /// # Errors
    /// When the system watches no more files.
    pub fn add(&self, file: &File) -> io::Result<Watched> {
        let path = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        let events = libc::IN_MODIFY | libc::IN_CLOSE_WRITE;
        let fd = self.0.get_ref().as_raw_fd();
        // SAFETY: the path is a text with a zero at its end, which the call only reads.
        let number = unsafe { libc::inotify_add_watch(fd, path.as_ptr(), events) };
        checked(number).map(Watched)
    }

    /// Watches a file no more.
    pub fn remove(&self, watched: Watched) {
        let fd = self.0.get_ref().as_raw_fd();
        // SAFETY: the call takes numbers; one that means nothing is answered with an error.
        let _ = unsafe { libc::inotify_rm_watch(fd, watched.0) };
    }

    /// Waits until something was written, and gives the numbers of what was, some perhaps more than once.
    ///
    /// # Errors
    /// When the system says so.
    pub async fn next(&self) -> io::Result<Vec<Watched>> {
        let mut events = [0; 256 * EVENT];
        let read = |fd: &OwnedFd| {
            // SAFETY: pointer and length describe `events`, which the call writes to.
            let read =
                unsafe { libc::read(fd.as_raw_fd(), events.as_mut_ptr().cast(), events.len()) };
            usize::try_from(read).map_err(|_| io::Error::last_os_error())
        };
        let read = self.0.async_io(Interest::READABLE, read).await?;
        Ok(events[..read].chunks_exact(EVENT).map(number).collect())
    }
}

fn number(event: &[u8]) -> Watched {
    let mut number = [0; 4];
    number.copy_from_slice(&event[..4]);
    Watched(i32::from_ne_bytes(number))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_written_is_heard_of() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let path = |name: &str| directory.path().join(name);
            let mut one = File::create(path("one")).unwrap();
            let other = File::create(path("other")).unwrap();
            let watch = FileWatch::new().unwrap();
            let number = watch.add(&File::open(path("one")).unwrap()).unwrap();
            assert_eq!(watch.add(&one).unwrap(), number);
            assert_ne!(watch.add(&other).unwrap(), number);
            std::fs::rename(path("one"), path("moved")).unwrap();
            one.write_all(b"x").unwrap();
            assert_eq!(watch.next().await.unwrap(), [number]);
            drop(one);
            assert_eq!(watch.next().await.unwrap(), [number]);
        });
    }
}
