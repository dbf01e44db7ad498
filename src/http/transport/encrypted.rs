//! The stream of an encrypted connection, to a client or to a peer.
//!
//! Bytes are counted, limited and lent above it, as those of any connection; whoever asks for the
//! socket underneath is answered by it.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use async_trait::async_trait;
use pingora_core::protocols::raw_connect::ProxyDigest;
use pingora_core::protocols::{
    GetProxyDigest, GetSocketDigest, GetTimingDigest, Peek, Shutdown, SocketDigest, Ssl, Stream,
    TimingDigest, UniqueID, UniqueIDType,
};
use rustls::client::UnbufferedClientConnection;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::FAREWELL;
use super::received::Received;
use super::records::Records;
use super::side::Side;

/// The stream of an encrypted connection.
pub(in crate::http) struct Encrypted<S: Side> {
    stream: Stream,
    records: Records<S>,
}

impl<S: Side> Encrypted<S> {
    /// Has this side agree with the other one, of which so much has been received.
    ///
    /// # Errors
    /// When they do not, or the connection fails.
    pub(in crate::http) async fn begin(
        side: S,
        stream: Stream,
        received: Received,
    ) -> io::Result<Self> {
        let mut fresh = Self {
            stream,
            records: Records::new(side, received),
        };
        let Self { stream, records } = &mut fresh;
        std::future::poll_fn(|task| records.poll_shake(task, stream)).await?;
        Ok(fresh)
    }

    /// The side that is ours.
    pub(in crate::http) fn side(&self) -> &S {
        self.records.side()
    }
}

/// Whether a connection to a peer is encrypted and has ended without its saying that nothing more comes, as anybody can
/// have it end.
pub(super) fn was_cut(stream: &Stream) -> bool {
    let encrypted = (**stream)
        .as_any()
        .downcast_ref::<Encrypted<UnbufferedClientConnection>>();
    encrypted.is_some_and(|encrypted| encrypted.records.was_cut())
}

impl<S: Side> fmt::Debug for Encrypted<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encrypted")
    }
}

impl<S: Side> AsyncRead for Encrypted<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, records } = self.get_mut();
        records.poll_read(task, stream, out)
    }
}

impl<S: Side> AsyncWrite for Encrypted<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(task, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, records } = self.get_mut();
        records.poll_write(task, stream, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, records } = self.get_mut();
        records.poll_push(task, stream)
    }

    fn poll_shutdown(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, records } = self.get_mut();
        records.close()?;
        ready!(records.poll_push(task, stream))?;
        Pin::new(stream).poll_shutdown(task)
    }
}

impl<S: Side> Drop for Encrypted<S> {
    /// A peer is told of the end, as far as that goes without waiting: one that is not may forget the session.
    fn drop(&mut self) {
        let Self { stream, records } = self;
        if S::IS_TO_A_PEER && records.close().is_ok() {
            let mut task = Context::from_waker(Waker::noop());
            let _ = records.poll_push(&mut task, stream);
        }
    }
}

#[async_trait]
impl<S: Side> Shutdown for Encrypted<S> {
    /// The client is told that nothing more comes, unless it does not even take that.
    async fn shutdown(&mut self) {
        let _ = tokio::time::timeout(FAREWELL, AsyncWriteExt::shutdown(self)).await;
    }
}

impl<S: Side> UniqueID for Encrypted<S> {
    fn id(&self) -> UniqueIDType {
        self.stream.id()
    }
}

impl<S: Side> Ssl for Encrypted<S> {}

impl<S: Side> GetTimingDigest for Encrypted<S> {
    fn get_timing_digest(&self) -> Vec<Option<TimingDigest>> {
        self.stream.get_timing_digest()
    }
}

impl<S: Side> GetProxyDigest for Encrypted<S> {
    fn get_proxy_digest(&self) -> Option<Arc<ProxyDigest>> {
        self.stream.get_proxy_digest()
    }
}

impl<S: Side> GetSocketDigest for Encrypted<S> {
    fn get_socket_digest(&self) -> Option<Arc<SocketDigest>> {
        self.stream.get_socket_digest()
    }
}

#[async_trait]
impl<S: Side> Peek for Encrypted<S> {}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use rustls::crypto::ring;
    use rustls::server::UnbufferedServerConnection;
    use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion, version};
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;

    type Client = Encrypted<UnbufferedClientConnection>;
    type Server = Encrypted<UnbufferedServerConnection>;
    type Versions = &'static [&'static SupportedProtocolVersion];

    static OLD: Versions = &[&version::TLS12];
    static NEW: Versions = &[&version::TLS13];
    static BOTH: Versions = &[&version::TLS13, &version::TLS12];

    /// What both sides of a connection work with.
    fn configs(
        versions: Versions,
        record: Option<usize>,
    ) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let provider = Arc::new(ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let server = server.with_protocol_versions(versions).unwrap();
        let server = server.with_no_client_auth();
        let server = server.with_single_cert(vec![made.cert.der().clone()], key);
        let mut server = server.unwrap();
        server.max_fragment_size = record;
        let client = ClientConfig::builder_with_provider(provider);
        let client = client.with_protocol_versions(versions).unwrap();
        let client = client.with_root_certificates(roots).with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    }

    /// The two ends of a connection that takes so much at once.
    fn pair(
        versions: Versions,
        record: Option<usize>,
        room: usize,
    ) -> (
        impl Future<Output = io::Result<Client>>,
        impl Future<Output = io::Result<Server>>,
    ) {
        let (server, client) = configs(versions, record);
        let (ours, theirs) = duplex(room);
        let name = "localhost".try_into().unwrap();
        let client = UnbufferedClientConnection::new(client, name).unwrap();
        let server = UnbufferedServerConnection::new(server).unwrap();
        (
            Encrypted::begin(client, Box::new(ours), Received::default()),
            Encrypted::begin(server, Box::new(theirs), Received::default()),
        )
    }

    /// Agrees, sends this, and reads what the other side sends.
    async fn exchange<S: Side + 'static>(
        end: impl Future<Output = io::Result<Encrypted<S>>>,
        bytes: &[u8],
        sizes: &[usize],
        buffers: &[usize],
    ) -> Vec<u8> {
        let (mut reads, mut writes) = tokio::io::split(end.await.unwrap());
        tokio::join!(
            send(&mut writes, bytes, sizes),
            receive(&mut reads, buffers)
        )
        .1
    }

    /// Sends this in pieces of these sizes, two at a time, and says that nothing follows.
    async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], sizes: &[usize]) {
        let (mut rest, mut turn) = (bytes, 0);
        while !rest.is_empty() {
            let (first, others) = rest.split_at(rest.len().min(sizes[turn % sizes.len()]));
            let second = &others[..others.len().min(sizes[(turn + 1) % sizes.len()])];
            let pieces = [IoSlice::new(first), IoSlice::new(second)];
            let sent = to.write_vectored(&pieces).await.unwrap();
            assert!(sent > 0 && sent <= first.len() + second.len());
            (rest, turn) = (&rest[sent..], turn + 1);
        }
        to.shutdown().await.unwrap();
    }

    /// Reads to the end with buffers of these sizes.
    async fn receive(from: &mut (impl AsyncRead + Unpin), sizes: &[usize]) -> Vec<u8> {
        let (mut got, mut turn) = (Vec::new(), 0);
        loop {
            let mut buffer = vec![0; sizes[turn % sizes.len()]];
            match from.read(&mut buffer).await.unwrap() {
                0 => return got,
                amount => got.extend_from_slice(&buffer[..amount]),
            }
            turn += 1;
        }
    }

    fn text(length: usize) -> Vec<u8> {
        (0..length).map(|at| (at % 251) as u8).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn both_sides_get_what_was_sent(
            is_old in any::<bool>(),
            record in prop_oneof![Just(None), Just(Some(512)), Just(Some(16389))],
            room in prop_oneof![1_usize..100, 10_000_usize..100_000],
            lengths in (0_usize..150_000, 0_usize..150_000),
            sizes in prop::collection::vec(prop_oneof![1_usize..3000, 16_000_usize..70_000], 1..5),
            buffers in prop::collection::vec(prop_oneof![1_usize..100, 1000_usize..40_000], 1..5),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let versions = if is_old { OLD } else { NEW };
                let (client, server) = pair(versions, record, room);
                let (up, down) = (text(lengths.0), text(lengths.1));
                let (got_down, got_up) = tokio::join!(
                    exchange(client, &up, &sizes, &buffers),
                    exchange(server, &down, &sizes, &buffers),
                );
                prop_assert!(got_up == up && got_down == down);
                Ok(())
            })?;
        }
    }

    #[tokio::test]
    async fn a_client_that_leaves_without_a_word_is_told_from_one_that_parts() {
        for (parts, expected) in [(true, Ok(0)), (false, Err(io::ErrorKind::UnexpectedEof))] {
            let (client, server) = pair(NEW, None, 100_000);
            let (client, server) = tokio::join!(client, server);
            let (mut client, mut server) = (client.unwrap(), server.unwrap());
            match parts {
                // A client of ours says so whenever it is dropped.
                true => drop(client),
                false => AsyncWriteExt::shutdown(&mut client.stream).await.unwrap(),
            }
            let read = server.read(&mut [0; 10]).await;
            assert_eq!(read.map_err(|error| error.kind()), expected);
        }
    }

    #[tokio::test]
    async fn a_peer_that_ends_without_a_word_ends_and_is_known_for_it() {
        for parts in [true, false] {
            let (client, server) = pair(NEW, None, 100_000);
            let (client, server) = tokio::join!(client, server);
            let (client, mut server) = (client.unwrap(), server.unwrap());
            let mut client: Stream = Box::new(client);
            server.write_all(b"half").await.unwrap();
            match parts {
                true => AsyncWriteExt::shutdown(&mut server).await.unwrap(),
                false => AsyncWriteExt::shutdown(&mut server.stream).await.unwrap(),
            }
            let mut got = Vec::new();
            client.read_to_end(&mut got).await.unwrap();
            assert_eq!((&got[..], was_cut(&client)), (&b"half"[..], !parts));
        }
    }

    /// What a server answers a client that sends these bytes, and what it comes to.
    async fn answer(bytes: &[u8]) -> (Vec<u8>, io::ErrorKind) {
        let (server, _) = configs(BOTH, None);
        let (mut ours, theirs): (DuplexStream, DuplexStream) = duplex(200_000);
        ours.write_all(bytes).await.unwrap();
        AsyncWriteExt::shutdown(&mut ours).await.unwrap();
        let server = UnbufferedServerConnection::new(server).unwrap();
        let server = Encrypted::begin(server, Box::new(theirs), Received::default());
        let server = tokio::time::timeout(Duration::from_secs(10), server).await;
        let error = server.unwrap().err().unwrap().kind();
        let mut got = Vec::new();
        ours.read_to_end(&mut got).await.unwrap();
        (got, error)
    }

    #[tokio::test]
    async fn what_is_wrong_is_said_and_bounded() {
        let (said, error) = answer(b"GET / HTTP/1.1\r\n\r\n").await;
        assert_eq!(error, io::ErrorKind::InvalidData);
        assert_eq!(said.first(), Some(&21), "an alert");
        assert_eq!(answer(&[22, 3, 1, 1]).await.1, io::ErrorKind::UnexpectedEof);
        // A message that is said to be long, in records that never end it.
        let mut endless = Vec::new();
        for number in 0..20 {
            endless.extend_from_slice(&[22, 3, 1, 0x20, 0]);
            let start: &[u8] = if number == 0 { &[1, 0, 0xff, 0] } else { &[] };
            endless.extend_from_slice(start);
            endless.resize(endless.len() + 0x2000 - start.len(), 0);
        }
        assert_eq!(answer(&endless).await.1, io::ErrorKind::InvalidData);
    }
}
