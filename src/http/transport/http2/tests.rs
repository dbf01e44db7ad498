//! Requests and responses through both languages, and what peers say beside them.

use h2::server::SendResponse;
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;
use crate::http::transport::fault::{self, Kind};

fn outline(head: &str) -> io::Result<outgoing::Outline> {
    outgoing::read(head.as_bytes(), &Scheme::HTTP)
}

#[test]
fn a_head_is_said_in_http2() {
    let head = "POST /a?b HTTP/1.1\r\nHost: h:81\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\
                Keep-Alive: 5\r\nTE: gzip\r\nX-A: 1\r\nX-A: 2\r\nTE: trailers\r\n\r\n";
    let read = outline(head).unwrap();
    let request = read.request;
    assert_eq!(
        (request.method().as_str(), read.framing.is_done()),
        ("POST", false)
    );
    assert_eq!(request.uri().to_string(), "http://h:81/a?b");
    let fields: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    assert_eq!(fields, ["x-a: \"1\"", "x-a: \"2\"", "te: \"trailers\""]);
    let read = outline("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").unwrap();
    assert!(read.framing.is_done());
    assert_eq!(read.request.headers()["content-length"], "0");
}

#[test]
fn paths_that_may_not_stand_there_are_encoded() {
    for (written, said) in [
        ("/a<b>\"|`{}", "/a%3Cb%3E%22%7C%60%7B%7D"),
        ("/%41?a=[1]&b='", "/%41?a=[1]&b='"),
        ("*", "*"),
    ] {
        let read = outline(&format!("OPTIONS {written} HTTP/1.1\r\nHost: h\r\n\r\n")).unwrap();
        assert_eq!(read.request.uri().path_and_query().unwrap(), said);
    }
    let head = b"GET /\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n";
    let read = outgoing::read(head, &Scheme::HTTPS).unwrap();
    assert_eq!(read.request.uri().to_string(), "https://h/%FF%FE");
}

#[test]
fn what_cannot_be_said_is_told() {
    for head in [
        "G(T / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\u{1}b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nno field\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    ] {
        let error = outline(head).err().unwrap();
        assert_eq!(fault::of(&error).unwrap().kind, Kind::Unsayable, "{head}");
    }
}

#[test]
fn a_host_that_is_no_authority_is_said_as_it_came() {
    for host in ["%41", "a{b", "a b", "<>"] {
        let request = outline(&format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let request = request.unwrap().request;
        assert_eq!(
            (request.uri().to_string(), request.uri().authority()),
            ("/x".into(), None)
        );
        assert_eq!(request.headers()["host"], host);
    }
    let request = outline("GET /x HTTP/1.1\r\n\r\n").unwrap().request;
    assert!(request.headers().is_empty());
}

type Asked = (http::Request<h2::RecvStream>, SendResponse<Bytes>);

/// A connection, and a peer at its other end that `answer` answers for.
async fn open<F>(answer: fn(Asked) -> F) -> Stream
where
    F: Future<Output = ()> + Send + 'static,
{
    let (ours, theirs) = duplex(4096);
    tokio::spawn(async move {
        let mut peer = h2::server::handshake(theirs).await.unwrap();
        while let Some(Ok(asked)) = peer.accept().await {
            tokio::spawn(answer(asked));
        }
    });
    Http2::open(Box::new(ours), false).await.unwrap()
}

async fn echo((request, mut response): Asked) {
    let mut body = request.into_body();
    let head = http::Response::builder()
        .header("x-a", "b")
        .body(())
        .unwrap();
    let mut out = response.send_response(head, false).unwrap();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        body.flow_control().release_capacity(piece.len()).unwrap();
        out.send_data(piece, false).unwrap();
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    out.send_trailers(trailers).unwrap();
}

async fn read_to(stream: &mut Stream, end: &[u8]) -> String {
    let mut got = Vec::new();
    while !got.ends_with(end) {
        let mut piece = [0; 100];
        let read = stream.read(&mut piece).await.unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&piece[..read]);
    }
    String::from_utf8(got).unwrap()
}

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn both_directions_go_on_at_once_and_trailers_come_last() {
    let mut stream = open(echo).await;
    for _ in 0..3 {
        // Wherever it is cut.
        for byte in CHUNKED.as_bytes() {
            stream.write_all(&[*byte]).await.unwrap();
        }
        let head = read_to(&mut stream, b"\r\n\r\n").await;
        assert_eq!(
            head,
            "HTTP/1.1 200 OK\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        stream.write_all(b"5\r\nhello\r").await.unwrap();
        assert_eq!(read_to(&mut stream, b"hello").await, "5\r\nhello");
        stream.write_all(b"\n2\r\n, \r\n0\r\n\r\n").await.unwrap();
        let rest = read_to(&mut stream, b"\r\n\r\n").await;
        assert_eq!(rest, "\r\n2\r\n, \r\n0\r\ngrpc-status: 0\r\n\r\n");
    }
}

async fn two_bytes((_, mut response): Asked) {
    let head = http::Response::builder()
        .header("content-length", "2")
        .body(())
        .unwrap();
    let mut out = response.send_response(head, false).unwrap();
    out.send_data("ok".into(), false).unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    out.send_trailers(trailers).unwrap();
}

#[tokio::test]
async fn trailers_come_behind_a_length_where_they_are_asked_for() {
    let mut stream = open(two_bytes).await;
    let asked = b"GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\n\r\n";
    stream.write_all(asked).await.unwrap();
    let got = read_to(&mut stream, b"status: 0\r\n\r\n").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n";
    assert_eq!(
        got,
        format!("{head}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\ngrpc-status: 0\r\n\r\n")
    );
    let unasked = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(unasked).await.unwrap();
    let got = read_to(&mut stream, b"ok").await;
    assert_eq!(got, format!("{head}\r\nok"));
}

#[tokio::test]
async fn an_upload_larger_than_every_window_arrives() {
    let mut stream = open(echo).await;
    stream.write_all(CHUNKED.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let sending = tokio::spawn(async move {
        for _ in 0..1000 {
            let chunk = [&b"1000\r\n"[..], &[b'#'; 4096], b"\r\n"].concat();
            writer.write_all(&chunk).await.unwrap();
        }
        writer.write_all(b"0\r\n\r\n").await.unwrap();
        writer
    });
    let (mut content, mut got, mut piece) = (0, Vec::new(), vec![0; 10_000]);
    while !got.ends_with(b"0\r\ngrpc-status: 0\r\n\r\n") {
        let read = reader.read(&mut piece).await.unwrap();
        assert!(read > 0);
        content += piece[..read].iter().filter(|byte| **byte == b'#').count();
        got.extend_from_slice(&piece[..read]);
        got.drain(..got.len().saturating_sub(100));
    }
    assert_eq!(content, 4096 * 1000);
    sending.await.unwrap();
}

async fn refuse((_, mut response): Asked) {
    response.send_reset(h2::Reason::REFUSED_STREAM);
}

#[tokio::test]
async fn a_refusal_says_that_nothing_was_done() {
    let mut stream = open(refuse).await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        .await
        .unwrap();
    let error = stream.read(&mut [0; 100]).await.unwrap_err();
    let fault = fault::of(&error).unwrap();
    assert_eq!(fault.kind, Kind::Untouched);
    assert_eq!(
        fault.to_string(),
        "the peer reset the stream: REFUSED_STREAM"
    );
}
