//! Connections to peers as they are made.

use std::fmt::{self, Debug};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use pingora_core::protocols::Stream;
use socket2::SockRef;
use tokio::net::{TcpSocket, TcpStream, UnixStream};

use super::socket::PlainSocket;
use super::timer::{Timer, deadline};

/// Where a peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerAddress {
    /// A port of a host.
    Inet(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inet(address) => write!(out, "{address}"),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

/// Is told of a connection to a peer as long as it is open.
pub trait Presence: Debug + Send + Sync {
    /// It is open.
    fn begin(&self);
    /// It is closed.
    fn end(&self);
}

/// A connection to a peer that is to be made.
#[derive(Debug)]
pub struct Dial {
    /// Where the peer is.
    pub address: PeerAddress,
    /// How long it may take.
    pub patience: Duration,
    /// The address of ours that it comes from, unless the system chooses.
    pub from: Option<SocketAddr>,
    /// Whether the system asks now and then whether the peer is still there.
    pub asks_if_alive: bool,
    /// Who is told of the connection.
    pub presence: Box<dyn Presence>,
}

impl Dial {
    /// Makes the connection, without a word said on it.
    ///
    /// # Errors
    /// When it comes to nothing; `TimedOut` where the peer did not answer in time.
    pub async fn connect(self, timer: &mut Timer) -> io::Result<Stream> {
        // A patience that is over at once would not leave the system the time to say no.
        let until = deadline(self.patience.max(LEAST));
        let late = poll_fn(|task| timer.poll(task, until));
        tokio::select! {
            biased;
            made = open(self.address, self.from, self.asks_if_alive, self.presence) => made,
            () = late => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

const LEAST: Duration = Duration::from_millis(1);

async fn open(
    address: PeerAddress,
    from: Option<SocketAddr>,
    asks_if_alive: bool,
    presence: Box<dyn Presence>,
) -> io::Result<Stream> {
    Ok(match address {
        PeerAddress::Inet(address) => {
            let stream = match from {
                Some(from) => connect_from(from, address).await?,
                None => TcpStream::connect(address).await?,
            };
            if asks_if_alive {
                SockRef::from(&stream).set_keepalive(true)?;
            }
            // A connection that is gone already says so when it is used.
            let _ = stream.set_nodelay(true);
            let present = Present::begin(presence);
            Box::new(PlainSocket::keeping(stream, Some(address), present))
        }
        PeerAddress::Unix(path) => {
            let stream = UnixStream::connect(path).await?;
            let present = Present::begin(presence);
            Box::new(PlainSocket::keeping(stream, None, present))
        }
    })
}

async fn connect_from(from: SocketAddr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = match from {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    if from.port() > 0 {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(from)?;
    socket.connect(address).await
}

/// An open connection.
#[derive(Debug)]
struct Present(Box<dyn Presence>);

impl Present {
    fn begin(presence: Box<dyn Presence>) -> Self {
        presence.begin();
        Self(presence)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, UnixListener};

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct Open(Arc<AtomicUsize>);

    impl Open {
        fn count(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Presence for Open {
        fn begin(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }

        fn end(&self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }

    async fn connect(address: PeerAddress, ms: u64, open: &Open) -> io::Result<Stream> {
        let dial = Dial {
            address,
            patience: Duration::from_millis(ms),
            from: None,
            asks_if_alive: true,
            presence: Box::new(open.clone()),
        };
        dial.connect(&mut Timer::default()).await
    }

    #[tokio::test]
    async fn a_connection_counts_as_long_as_it_is_open() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("peer");
        let unix = UnixListener::bind(&path).unwrap();
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let open = Open::default();
        let address = PeerAddress::Inet(tcp.local_addr().unwrap());
        let mut first = connect(address, 5000, &open).await.unwrap();
        let second = connect(PeerAddress::Unix(path), 5000, &open).await.unwrap();
        assert_eq!(open.count(), 2);
        drop((second, unix.accept().await.unwrap()));
        assert_eq!(open.count(), 1);
        let (mut peer, _) = tcp.accept().await.unwrap();
        first.write_all(b"hello").await.unwrap();
        drop(first);
        assert_eq!(open.count(), 0);
        let mut got = Vec::new();
        peer.read_to_end(&mut got).await.unwrap();
        assert_eq!(got, b"hello");
    }

    #[tokio::test]
    async fn nobody_there_is_told_from_nobody_answering() {
        let open = Open::default();
        let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = PeerAddress::Inet(gone.local_addr().unwrap());
        drop(gone);
        let refused = connect(address, 0, &open).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);

        // Whoever finds the queue full waits for its turn.
        let busy = tokio::net::TcpSocket::new_v4().unwrap();
        busy.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let busy = busy.listen(1).unwrap();
        let address = PeerAddress::Inet(busy.local_addr().unwrap());
        let mut made = Vec::new();
        let late = loop {
            match connect(address.clone(), 200, &open).await {
                Ok(stream) => made.push(stream),
                Err(error) => break error,
            }
            assert!(made.len() < 20);
        };
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert_eq!(open.count(), made.len());
    }
}
