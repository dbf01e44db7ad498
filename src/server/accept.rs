//! Accepts connections, so that each worker gets its share of them.
//!
//! All workers wait at the same sockets, and the one that is awake already is the first to see the
//! next connection: left alone it gets nearly all. So one that has clearly more than the others
//! leaves a connection to them for a moment, and takes it when nobody did.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use pingora_core::protocols::Stream;
use pingora_core::server::ShutdownWatch;
use socket2::{SockAddr, Socket};
use tokio::net::{TcpStream, UnixStream};

use super::drain::Entrance;
use crate::http::plan::counters::Connections;
use crate::http::transport::socket::PlainSocket;
use crate::os::Listening;

/// A socket of the master's to accept at.
pub(super) struct Acceptor(Listening);

impl Acceptor {
    /// Takes the socket. Within the event loop only.
    pub(super) fn new(fd: OwnedFd) -> io::Result<Self> {
        Listening::new(fd).map(Self)
    }

    /// Has `entrance` serve what comes until the worker is to finish.
    pub(super) async fn serve(
        self,
        connections: &'static Connections,
        entrance: Entrance,
        mut watch: ShutdownWatch,
    ) {
        let entrance = Arc::new(entrance);
        loop {
            let accepted = tokio::select! {
                accepted = self.accept(connections) => accepted,
                _ = watch.changed() => return,
            };
            match accepted {
                Ok(stream) => {
                    let (entrance, watch) = (Arc::clone(&entrance), watch.clone());
                    tokio::spawn(async move {
                        entrance.serve(stream, &watch).await;
                    });
                    // It is counted as soon as it begins.
                    tokio::task::yield_now().await;
                }
                Err(error) => {
                    log::error!("accept() failed: {error}");
                    // It may be the lack of descriptors, which others must give back first.
                    if error.kind() != io::ErrorKind::ConnectionAborted {
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    async fn accept(&self, connections: &Connections) -> io::Result<Stream> {
        let leave = || match connections.has_more_than_others() {
            true => LEAVE,
            false => Duration::ZERO,
        };
        self.0.accept(leave).await.and_then(stream)
    }
}

/// A connection as Pingora wants to have it.
fn stream((socket, client): (Socket, SockAddr)) -> io::Result<Stream> {
    socket.set_nonblocking(true)?;
    let client = client.as_socket();
    Ok(match client {
        Some(_) => {
            // A connection that is gone already says so when it is read.
            let _ = socket.set_tcp_nodelay(true);
            let stream = TcpStream::from_std(socket.into())?;
            Box::new(PlainSocket::new(stream, client))
        }
        None => {
            let stream = UnixStream::from_std(socket.into())?;
            Box::new(PlainSocket::new(stream, client))
        }
    })
}

const PAUSE: Duration = Duration::from_millis(500);
/// How long a connection is left to other workers.
const LEAVE: Duration = Duration::from_millis(1);
