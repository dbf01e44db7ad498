//! How much the system takes in advance of what it can send.

use std::io;
use std::os::fd::RawFd;

use super::descriptor::checked;

/// Has a TCP connection take more only while less than `bytes` of what it took wait to be sent.
///
/// # Errors
/// When the descriptor is none of a TCP connection.
pub fn limit_unsent(socket: RawFd, bytes: usize) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: pointer and length describe `bytes`, which outlives the call and is only read; a descriptor
    // that is not what it should be is answered with an error.
    checked(unsafe {
        libc::setsockopt(
            socket,
            libc::IPPROTO_TCP,
            libc::TCP_NOTSENT_LOWAT,
            (&raw const bytes).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    /// How much is taken for a client that reads nothing, once the system says that it waits.
    fn taken(limit: Option<usize>) -> usize {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        server.set_nonblocking(true).unwrap();
        if let Some(limit) = limit {
            limit_unsent(server.as_raw_fd(), limit).unwrap();
        }
        let mut taken = 0;
        while let Ok(sent) = server.write(&[0; 4096]) {
            taken += sent;
        }
        taken
    }

    #[test]
    fn a_limited_connection_takes_less() {
        let (limited, free) = (taken(Some(128 * 1024)), taken(None));
        assert!(limited < free, "{limited} of {free}");
        let (other, _end) = UnixStream::pair().unwrap();
        assert!(limit_unsent(other.as_raw_fd(), 1).is_err());
    }
}
