//! The sockets that the server listens at.
//!
//! The master opens them and keeps them over reloads, so that no connection is lost between two
//! generations; workers get copies. A specific address needs no socket of its own where the same
//! port of all addresses is listened at: the system would refuse it, and connections arrive anyway.

use std::fs::{self, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, SockRef, Socket, Type};

use super::report::Audience;
use crate::conf::reason;
use crate::http::plan::runtime::{Address, Listener};
use crate::modules::process::LogLevel;

/// A socket that is listened at. The file of a UNIX socket goes with it.
pub(super) struct Listening {
    address: Address,
    socket: Socket,
    /// Device and number of the file that was made.
    file: Option<(u64, u64)>,
}

/// A socket as a generation uses it.
#[derive(Clone)]
pub(super) struct Bound {
    pub(super) socket: Rc<Listening>,
    backlog: i32,
}

impl Bound {
    /// Sets the length of the queue anew: a library that takes the socket over sets its own.
    pub(super) fn restore_backlog(&self) {
        if let Err(error) = SockRef::from(&self.socket.socket).listen(self.backlog) {
            log::warn!("listen() on {} failed: {error}", self.socket.address);
        }
    }
}

impl Listening {
    /// Where.
    pub(super) fn address(&self) -> &Address {
        &self.address
    }
}

impl AsFd for Listening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let (Address::Unix(path), Some(made)) = (&self.address, self.file) {
            // Somebody else may have put a file of this name there meanwhile.
            if file_identity(path) == Some(made) {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// Opens what the listeners need and `before` does not have. Problems are told to `audience`.
pub(super) fn open(
    listeners: &[Listener],
    before: &[Bound],
    audience: Audience,
) -> Option<Vec<Bound>> {
    let addresses: Vec<&Address> = listeners.iter().map(|one| &one.address).collect();
    let own = |one: &&Listener| covering(&addresses, &one.address).is_none();
    let mut sockets = Vec::new();
    let mut missing: Vec<&Listener> = Vec::new();
    for listener in listeners.iter().filter(own) {
        let mut known = before.iter().map(|bound| &bound.socket);
        match known.find(|socket| socket.address == listener.address) {
            Some(socket) => sockets.push(bound(Rc::clone(socket), listener)),
            None => missing.push(listener),
        }
    }
    for attempt in 1..=ATTEMPTS {
        if attempt > 1 {
            std::thread::sleep(PAUSE);
        }
        missing = open_each(missing, &mut sockets, audience)?;
        if missing.is_empty() {
            return Some(sockets);
        }
    }
    audience.line(LogLevel::Emerg, "still could not bind()");
    None
}

/// Tries to open each; gives back those whose address is in use. `None` when another try is in vain.
fn open_each<'l>(
    missing: Vec<&'l Listener>,
    sockets: &mut Vec<Bound>,
    audience: Audience,
) -> Option<Vec<&'l Listener>> {
    let mut in_use = Vec::new();
    for listener in missing {
        match Listening::open(&listener.address, listener.backlog) {
            Ok(socket) => sockets.push(bound(Rc::new(socket), listener)),
            Err(error) => {
                audience.line(LogLevel::Emerg, &complaint(&listener.address, &error));
                if error.kind() != io::ErrorKind::AddrInUse {
                    return None;
                }
                in_use.push(listener);
            }
        }
    }
    Some(in_use)
}

/// Tries what [`open`] would do, and closes it again. An address in use is no problem: it may be in
/// use by the server whose next configuration is being checked.
pub(super) fn check(listeners: &[Listener]) -> Vec<String> {
    let addresses: Vec<&Address> = listeners.iter().map(|one| &one.address).collect();
    let try_one = |address: &&Address| {
        if matches!(address, Address::Unix(path) if path.exists()) {
            return None;
        }
        let error = Listening::open(address, 1).err()?;
        (error.kind() != io::ErrorKind::AddrInUse).then(|| complaint(address, &error))
    };
    let own = addresses
        .iter()
        .filter(|one| covering(&addresses, one).is_none());
    own.filter_map(try_one).collect()
}

/// The address among `addresses` whose socket gets the connections to `address`, too.
pub(super) fn covering<'a>(addresses: &[&'a Address], address: &Address) -> Option<&'a Address> {
    let Address::Tcp(specific) = address else {
        return None;
    };
    let covers = |one: &SocketAddr| {
        one.ip().is_unspecified()
            && one.port() == specific.port()
            && one.is_ipv4() == specific.is_ipv4()
            && one != specific
    };
    let mut all = addresses.iter().copied();
    all.find(|one| matches!(one, Address::Tcp(one) if covers(one)))
}

fn bound(socket: Rc<Listening>, listener: &Listener) -> Bound {
    Bound {
        socket,
        backlog: listener.backlog,
    }
}

fn complaint(address: &Address, error: &io::Error) -> String {
    format!("bind() to {address} failed ({})", reason(error))
}

impl Listening {
    fn open(address: &Address, backlog: i32) -> io::Result<Self> {
        let (socket, file) = match address {
            Address::Tcp(address) => (bind_tcp(*address)?, None),
            Address::Unix(path) => (bind_unix(path)?, file_identity(path)),
        };
        let listening = Self {
            address: address.clone(),
            socket,
            file,
        };
        if let Address::Unix(path) = address {
            // Who may connect is a matter of the directory, as with nginx.
            fs::set_permissions(path, Permissions::from_mode(0o666))?;
        }
        listening.socket.listen(backlog)?;
        listening.socket.set_nonblocking(true)?;
        Ok(listening)
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bind_unix(path: &Path) -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    let address = SockAddr::unix(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_stale(path) => {
            fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        result => result?,
    }
    Ok(socket)
}

/// Whether a file is a socket that nobody listens at any more.
fn is_stale(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_socket());
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    is_socket && UnixStream::connect(path).is_err_and(refused)
}

fn file_identity(path: &Path) -> Option<(u64, u64)> {
    let about = fs::symlink_metadata(path).ok()?;
    Some((about.dev(), about.ino()))
}

/// How often an address in use is tried, and the pause between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use std::net::{Ipv6Addr, TcpListener};

    use super::*;

    fn tcp(text: &str) -> Address {
        Address::Tcp(text.parse().unwrap())
    }

    #[test]
    fn all_addresses_cover_specific_ones_of_their_port_and_kind() {
        let all = [tcp("0.0.0.0:80"), tcp("127.0.0.1:80"), tcp("[::1]:80")];
        let all: Vec<&Address> = all.iter().collect();
        assert_eq!(covering(&all, &tcp("127.0.0.1:80")), Some(all[0]));
        for alone in ["0.0.0.0:80", "127.0.0.1:81", "[::1]:80"] {
            assert_eq!(covering(&all, &tcp(alone)), None, "{alone}");
        }
        assert_eq!(covering(&all, &Address::Unix("/s".into())), None);
    }

    #[test]
    fn an_address_in_use_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Address::Tcp(taken.local_addr().unwrap());
        let error = Listening::open(&address, 1).err().unwrap();
        let message = complaint(&address, &error);
        let expected = format!("bind() to {address} failed (98: Address already in use)");
        assert_eq!(message, expected);
    }

    #[test]
    fn both_kinds_of_all_addresses_may_have_one_port() {
        let Ok(six) = Listening::open(&Address::Tcp((Ipv6Addr::UNSPECIFIED, 0).into()), 1) else {
            return;
        };
        let port = six.socket.local_addr().unwrap().as_socket().unwrap().port();
        Listening::open(&Address::Tcp(([0, 0, 0, 0], port).into()), 1).unwrap();
    }

    #[test]
    fn a_stale_file_is_replaced_and_a_living_one_is_not() {
        let path = std::env::temp_dir().join(format!("listen-{}", std::process::id()));
        let address = Address::Unix(path.clone());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let first = Listening::open(&address, 1).unwrap();
        let error = Listening::open(&address, 1).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        drop(first);
        assert!(!path.exists());
    }
}
