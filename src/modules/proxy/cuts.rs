//! The road as a whole, in one process: wherever the bytes of a client and of an origin are cut, the client
//! gets the same response and the origin the same requests.

use std::net::{Ipv4Addr, TcpListener as Listener};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream;
use pingora_core::protocols::l4::stream;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::http::client::connection::Application;
use crate::http::message::framing::{Chunks, Framing};
use crate::http::plan::runtime::Runtime;
use crate::modules::core::trial;

const REQUESTS: &[&str] = &[
    "GET {} HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD {} HTTP/1.1\r\nHost: a\r\n\r\nGET {} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET {} HTTP/1.0\r\n\r\n",
    "POST {} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
    "POST {} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "GET {} HTTP/1.0\nHost: a\nX: y\n\n",
];

const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n\r\nhello",
    "HTTP/1.0 404 No\nX: y\n\nhello",
    "HTTP/1.1 103 Early\r\nLink: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "nonsense\r\n\r\n",
];

/// Where the origin listens, and the configuration that leads there.
fn site() -> &'static (Listener, &'static Runtime) {
    static SITE: OnceLock<(Listener, &'static Runtime)> = OnceLock::new();
    SITE.get_or_init(|| {
        let listener = Listener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let origin = listener.local_addr().unwrap();
        let runtime = trial::server(&format!(
            "keepalive_timeout 200ms; location / {{ proxy_pass http://{origin}; }}\n\
             location /s {{ proxy_pass http://{origin}; proxy_request_buffering off; proxy_buffering off; }}"
        ));
        (listener, runtime)
    })
}

async fn say(stream: &mut TcpStream, bytes: &[u8], cut: usize) {
    for piece in bytes.chunks(cut) {
        if stream.write_all(piece).await.is_err() {
            return;
        }
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }
}

type Seen = Arc<Mutex<Vec<u8>>>;

/// Reads a request to its end and answers it.
async fn answer(mut stream: TcpStream, text: &[u8], cut: usize, seen: &Seen) {
    let (mut got, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut piece).await else {
            return;
        };
        got.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&got);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let wanted = match (
            head.contains("Transfer-Encoding"),
            head.contains("Length: 5"),
        ) {
            (true, _) => body.ends_with("0\r\n\r\n"),
            (_, is_long) => body.len() >= if is_long { 5 } else { 0 },
        };
        if wanted {
            break;
        }
    }
    seen.lock().unwrap().extend(plain(&got));
    say(&mut stream, text, cut).await;
}

/// All messages of a stream, without dates and as if their bodies had never been in chunks.
fn plain(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes = &bytes[end + 4..];
        let lines = head
            .split("\r\n")
            .filter(|line| !line.starts_with("Date: "));
        all.extend(lines.collect::<Vec<_>>().join("\n").into_bytes());
        all.push(b'\n');
        if head.contains("Transfer-Encoding: chunked") {
            let mut body = bytes.to_vec();
            let mut framing = Framing::Chunked(Chunks::default());
            let decoded = framing.decode(&mut body).unwrap_or_default();
            all.extend_from_slice(&body[..decoded.content]);
            all.extend(format!("[{}]", framing.is_done()).into_bytes());
            bytes = &bytes[decoded.consumed..];
        }
    }
    all.extend_from_slice(bytes);
    all
}

/// What the client and the origin got.
async fn outcome(request: String, text: &'static str, cuts: [usize; 2]) -> (Vec<u8>, Vec<u8>) {
    let (listener, runtime) = site();
    let origin = TcpListener::from_std(listener.try_clone().unwrap()).unwrap();
    let seen = Seen::default();
    let all = Arc::clone(&seen);
    let answering = tokio::spawn(async move {
        while let Ok((stream, _)) = origin.accept().await {
            answer(stream, text.as_bytes(), cuts[1], &all).await;
        }
    });
    let own = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mut client = TcpStream::connect(own.local_addr().unwrap()).await.unwrap();
    client.set_nodelay(true).unwrap();
    let (accepted, _) = own.accept().await.unwrap();
    let connection: Stream = Box::new(stream::Stream::from(accepted));
    let application = Application::new(runtime, &runtime.listeners[0]);
    let application = Arc::new(application);
    let (_shutdown, watch) = watch::channel(false);
    let serving = tokio::spawn(async move { application.process_new(connection, &watch).await });
    say(&mut client, request.as_bytes(), cuts[0]).await;
    let mut got = Vec::new();
    let patience = Duration::from_secs(20);
    let read = tokio::time::timeout(patience, client.read_to_end(&mut got)).await;
    assert!(
        read.is_ok(),
        "it never ends: {:?}",
        String::from_utf8_lossy(&got)
    );
    drop(client);
    let served = tokio::time::timeout(patience, serving).await;
    assert!(matches!(served, Ok(Ok(_))), "its task is not well");
    answering.abort();
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    (plain(&got), seen)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn it_does_not_matter_where_bytes_are_cut(
        request in prop::sample::select(REQUESTS),
        text in prop::sample::select(ANSWERS),
        target in prop::sample::select(&["/a", "/s"][..]),
        cuts in [prop_oneof![1..4_usize, 1..90_usize], prop_oneof![1..4_usize, 1..90_usize]],
    ) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        let request = request.replace("{}", target);
        let whole = runtime.block_on(outcome(request.clone(), text, [usize::MAX; 2]));
        let cut = runtime.block_on(outcome(request, text, cuts));
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        prop_assert_eq!(shown(&whole.0), shown(&cut.0));
        prop_assert_eq!(shown(&whole.1), shown(&cut.1));
    }
}
