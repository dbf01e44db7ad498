//! Sending a file to a socket from the system's memory, without a copy of ours.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

/// Sends up to `length` bytes of `file` from `offset` to an open socket that does not block; gives how
/// many. 0 means that the file ends there.
///
/// # Errors
/// `WouldBlock` when the socket takes nothing now; whatever else the system says.
pub fn send_file(socket: RawFd, file: &File, offset: u64, length: usize) -> io::Result<usize> {
    let mut offset = libc::off_t::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the offset is ours and outlives the call, and no other memory is given; a descriptor
    // that is not what it should be is answered with an error.
    let sent = unsafe { libc::sendfile(socket, file.as_raw_fd(), &raw mut offset, length) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Sends some of `bytes`, as a send to an open socket that does not block would; the system keeps back what does
/// not fill a packet, because more follows at once. Where nothing does, it leaves a little later.
///
/// # Errors
/// `WouldBlock` when the socket takes nothing now; whatever else the system says.
pub fn send_more_follows(socket: RawFd, bytes: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_MORE | libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: pointer and length describe `bytes`, which the call only reads; a descriptor that is not
    // what it should be is answered with an error.
    let sent = unsafe { libc::send(socket, bytes.as_ptr().cast(), bytes.len(), flags) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Has the system refuse to send files to this socket, as it does with files of some file systems.
#[cfg(test)]
pub fn refuse_send_file(socket: RawFd) -> io::Result<()> {
    let flags = libc::O_APPEND | libc::O_NONBLOCK;
    // SAFETY: the call takes integers and touches no memory of ours.
    super::descriptor::checked(unsafe { libc::fcntl(socket, libc::F_SETFL, flags) }).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_part_of_a_file_arrives() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"0123456789").unwrap();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let sent = send_file(ours.as_raw_fd(), &file, 3, 4).unwrap();
        assert_eq!(sent, 4);
        drop(ours);
        let mut got = String::new();
        theirs.read_to_string(&mut got).unwrap();
        assert_eq!(got, "3456");
        assert_eq!(
            send_file(theirs.as_raw_fd(), &file, 10, 4).map_err(|_| ()),
            Ok(0)
        );
    }
}
