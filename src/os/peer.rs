//! What the system knows of the other end of a connection.

use std::io;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use super::descriptor::checked;

/// Another descriptor for the same connection.
///
/// # Errors
/// When there is none of this number, or no room for another.
pub fn duplicate(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the call takes integers; a number that is no descriptor is answered with an error.
    let fd = checked(unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) })?;
    // SAFETY: the call above returned this descriptor to us, nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether the connection with this descriptor is over in both directions: nobody is there any
/// more to whom something could be sent.
pub fn is_hung_up(number: RawFd) -> bool {
    reports(number, 0)
}

/// Whether the other end has said that nothing more comes from it, or is gone; also when not all
/// that it sent was read.
pub fn has_left(number: RawFd) -> bool {
    reports(number, libc::POLLRDHUP)
}

/// Whether there is something to read, be it the end.
pub fn has_input(number: RawFd) -> bool {
    let mut byte = 0_u8;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    // SAFETY: pointer and length describe `byte`; a number that is no socket is answered with an error.
    let seen = unsafe { libc::recv(number, (&raw mut byte).cast(), 1, flags) };
    // An error of the connection's is to be met by whoever reads or writes next.
    seen >= 0 || io::Error::last_os_error().kind() != io::ErrorKind::WouldBlock
}

/// Whether one of these events, or an end or an error, is to be reported.
fn reports(number: RawFd, events: libc::c_short) -> bool {
    let mut entry = libc::pollfd {
        fd: number,
        events,
        revents: 0,
    };
    // SAFETY: pointer and count describe `entry`; a number that is no descriptor is reported in it.
    let found = checked(unsafe { libc::poll(&raw mut entry, 1, 0) });
    found.is_ok_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    #[test]
    fn a_connection_is_hung_up_when_both_ends_are_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        client.write_all(b"xy").unwrap();
        server.read_exact(&mut [0]).unwrap();
        assert!(!is_hung_up(server.as_raw_fd()));
        assert!(!has_left(server.as_raw_fd()));
        client.shutdown(Shutdown::Write).unwrap();
        server.read_exact(&mut [0]).unwrap();
        assert_eq!(server.read(&mut [0]).unwrap(), 0);
        assert!(!is_hung_up(server.as_raw_fd()), "it may still read");
        assert!(has_left(server.as_raw_fd()));
        let other = std::fs::File::from(duplicate(server.as_raw_fd()).unwrap());
        assert_ne!(other.as_raw_fd(), server.as_raw_fd());
        server.shutdown(Shutdown::Write).unwrap();
        assert!(is_hung_up(other.as_raw_fd()));
        assert!(duplicate(-1).is_err());
    }
}
