//! Streams against h2's own client.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Response};
use pingora_core::protocols::Stream;
use socket2::Socket;
use tokio::io::{AsyncRead, AsyncWrite, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::half::Half;
use super::meter::{MAX_UNSENT, Meter, Then};
use super::received::Received;
use super::socket::PlainSocket;
use super::traffic::Traffic;
use super::wire::Shared;

/// Lets whatever is under way go on.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// A stream of ours, and what a client is told of it.
async fn stream(
    request: Request<()>,
    ends: bool,
) -> (
    Half,
    Arc<Traffic>,
    h2::client::ResponseFuture,
    h2::SendStream<Bytes>,
    SendRequest<Bytes>,
) {
    let (ours, theirs) = duplex(1 << 20);
    over(Box::new(ours), theirs, request, ends).await
}

/// The same over a connection that there is.
async fn over(
    ours: Stream,
    theirs: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<()>,
    ends: bool,
) -> (
    Half,
    Arc<Traffic>,
    h2::client::ResponseFuture,
    h2::SendStream<Bytes>,
    SendRequest<Bytes>,
) {
    let shared = Shared::new(ours, Received::default(), 64 * 1024);
    let (asked, mut asks) = tokio::sync::mpsc::unbounded_channel();
    let wire = shared.clone();
    tokio::spawn(async move {
        let mut shaking = Box::pin(h2::server::handshake(wire.wire()));
        let mut connection = poll_fn(|task| {
            let shaken = shaking.as_mut().poll(task);
            let _ = wire.poll_push(task);
            shaken
        })
        .await
        .unwrap();
        poll_fn(|task| {
            while let Poll::Ready(Some(Ok(stream))) = connection.poll_accept(task) {
                asked.send(stream).unwrap();
            }
            let _ = wire.poll_push(task);
            Poll::<()>::Pending
        })
        .await;
    });
    let (mut client, connection) = h2::client::handshake(theirs).await.unwrap();
    tokio::spawn(connection);
    let (response, body) = client.send_request(request, ends).unwrap();
    let (message, out) = asks.recv().await.unwrap();
    let taken = shared.take(out.stream_id().as_u32()).unwrap();
    let half = Half::new(out, message.into_body(), shared);
    (half, taken.traffic, response, body, client)
}

fn get() -> Request<()> {
    Request::get("http://a/").body(()).unwrap()
}

async fn send(half: &mut Half, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let sent = poll_fn(|task| half.poll_send(task, (bytes, b""), true))
            .await
            .unwrap();
        bytes = &bytes[sent..];
    }
}

#[tokio::test]
async fn the_end_rides_on_whatever_is_last() {
    for content in [&b""[..], b"short", &[7; 20_000]] {
        let (mut half, traffic, response, _body, _client) = stream(get(), true).await;
        half.put_head(Box::new(Response::new(())));
        half.end_after();
        let (sent, got) = tokio::join!(
            async {
                send(&mut half, content).await;
                poll_fn(|task| half.poll_flush(task)).await.unwrap();
                traffic.sent.load(Ordering::Relaxed) - traffic.head.load(Ordering::Relaxed)
            },
            async {
                let mut body = response.await.unwrap().into_body();
                let mut got = Vec::new();
                while let Some(data) = body.data().await {
                    let data = data.unwrap();
                    body.flow_control().release_capacity(data.len()).unwrap();
                    assert!(!data.is_empty(), "an empty frame for the end alone");
                    got.extend_from_slice(&data);
                }
                assert!(body.is_end_stream());
                got
            }
        );
        assert_eq!((sent, &got[..]), (content.len() as u64, content));
    }
}

#[tokio::test]
async fn nothing_is_sent_that_nobody_grants() {
    let (mut half, traffic, response, _body, _client) = stream(get(), true).await;
    half.put_head(Box::new(Response::new(())));
    let sending = tokio::spawn(async move {
        send(&mut half, &[7; 200_000]).await;
        half.end_after();
        poll_fn(|task| half.poll_flush(task)).await
    });
    let mut body = response.await.unwrap().into_body();
    settle().await;
    let sent = || traffic.sent.load(Ordering::Relaxed) - traffic.head.load(Ordering::Relaxed);
    assert_eq!(sent(), 65_535);
    let mut got = 0;
    while let Some(data) = body.data().await {
        let length = data.unwrap().len();
        body.flow_control().release_capacity(length).unwrap();
        got += length;
    }
    assert_eq!((got, sent()), (200_000, 200_000));
    sending.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_received_is_granted_again_once_it_is_used() {
    let post = Request::post("http://a/").body(()).unwrap();
    let (mut half, _, _response, mut body, _client) = stream(post, false).await;
    body.reserve_capacity(200_000);
    let mut taken = 0;
    while taken < 65_535 {
        let granted = poll_fn(|task| body.poll_capacity(task))
            .await
            .unwrap()
            .unwrap();
        taken += granted;
        body.send_data(vec![7; granted].into(), false).unwrap();
    }
    let mut received = Received::default();
    while received.len() < 65_535 {
        poll_fn(|task| half.poll_receive(task, &mut received))
            .await
            .unwrap();
    }
    settle().await;
    assert_eq!(body.capacity(), 0);
    half.release(40_000);
    let granted = poll_fn(|task| body.poll_capacity(task))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(granted, 40_000);
    body.send_data(Bytes::new(), true).unwrap();
    let ended = poll_fn(|task| half.poll_receive(task, &mut received)).await;
    assert_eq!(ended.unwrap(), 0);
}

#[tokio::test]
async fn a_reset_is_noticed_whatever_is_waited_for() {
    for way in 0..3 {
        let (mut half, _, response, mut body, client) = stream(get(), true).await;
        let waiting = tokio::spawn(async move {
            half.put_head(Box::new(Response::new(())));
            let all = match way {
                0 => return poll_fn(|task| half.poll_left(task)).await,
                1 => vec![7; 200_000],
                _ => vec![7; 65_535],
            };
            let mut rest = &all[..];
            loop {
                half.is_gone();
                let sent = match rest.is_empty() {
                    false => poll_fn(|task| half.poll_send(task, (rest, b""), true)).await,
                    true => {
                        half.end_after();
                        poll_fn(|task| half.poll_flush(task)).await.map(|()| 0)
                    }
                };
                match sent {
                    Ok(sent @ 1..) => rest = &rest[sent..],
                    // The last of it has left before the reset came.
                    Ok(_) => return,
                    Err(_) => return assert!(half.is_gone()),
                }
            }
        });
        settle().await;
        body.send_reset(h2::Reason::CANCEL);
        drop(response);
        let over = tokio::time::timeout(Duration::from_secs(10), waiting).await;
        over.unwrap_or_else(|_| panic!("{way}")).unwrap();
        drop(client);
    }
}

#[derive(Debug)]
struct Deaf;

impl Meter for Deaf {
    fn received(&self, _: u64, _: &Traffic) {}

    fn sent(&self, _: u64, _: Then, _: &Traffic) {}
}

#[tokio::test]
async fn what_a_meter_counts_is_not_far_ahead_of_what_has_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let server = accepted.unwrap().0.into_std().unwrap();
    let socket = Socket::from(server.try_clone().unwrap());
    let server = PlainSocket::new(TcpStream::from_std(server).unwrap(), None);
    let (half, ..) = over(Box::new(server), client.unwrap(), get(), true).await;
    let limit = || socket.tcp_notsent_lowat().unwrap() as usize;
    half.set_meter(None);
    assert_ne!(limit(), MAX_UNSENT);
    let meter: Arc<dyn Meter> = Arc::new(Deaf);
    half.set_meter(Some(&meter));
    assert_eq!(limit(), MAX_UNSENT);
}
