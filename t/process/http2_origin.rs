//! Origins of HTTP/2: what they are asked and how, both directions at once, connections that are used again, and peers
//! that take no more requests.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::client::{self, Connection};
use crate::harness::origin::serving;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// What an origin has seen.
#[derive(Default)]
struct Seen {
    connections: AtomicU64,
    requests: Mutex<Vec<String>>,
    refused: AtomicU64,
}

impl Seen {
    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

struct Origin {
    address: SocketAddr,
    seen: Arc<Seen>,
}

impl Origin {
    /// An origin, with TLS where there is a configuration.
    fn start(tls: Option<rustls::ServerConfig>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Seen> = Arc::default();
        let all = Arc::clone(&seen);
        let acceptor = tls.map(|config| TlsAcceptor::from(Arc::new(config)));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(accept(listener, acceptor, all))
        });
        Self { address, seen }
    }
}

async fn accept(listener: std::net::TcpListener, tls: Option<TlsAcceptor>, seen: Arc<Seen>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, seen) = (tls.clone(), Arc::clone(&seen));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, seen).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, seen).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, seen: Arc<Seen>) {
    let number = seen.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    let mut count = 0;
    while let Some(Ok((request, response))) = connection.accept().await {
        count += 1;
        if request.uri().path() == "/last" {
            connection.graceful_shutdown();
        }
        let place = format!("{number}.{count}");
        tokio::spawn(answer(request, response, place, Arc::clone(&seen)));
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut response: SendResponse<Bytes>,
    place: String,
    seen: Arc<Seen>,
) {
    let (parts, mut body) = request.into_parts();
    let te = parts
        .headers
        .get("te")
        .map_or("-", |te| te.to_str().unwrap());
    seen.requests
        .lock()
        .unwrap()
        .push(format!("{} {} te={te}", parts.method, parts.uri));
    let head = |status: u16| Response::builder().status(status).header("x-place", &place);
    let whole = |text: String| {
        (
            head(200).header("content-length", text.len()),
            Bytes::from(text),
        )
    };
    let (start, text) = match parts.uri.path() {
        "/refused" if seen.refused.fetch_add(1, Ordering::Relaxed) == 0 => {
            return response.send_reset(Reason::REFUSED_STREAM);
        }
        "/reset" => return response.send_reset(Reason::INTERNAL_ERROR),
        "/only" => {
            let only = head(200).header("grpc-status", "12").body(()).unwrap();
            return drop(response.send_response(only, true));
        }
        "/echo" => return echo(body, response, head(200).body(()).unwrap()).await,
        "/early" => {
            response
                .send_informational(
                    Response::builder()
                        .status(103)
                        .header("link", "x")
                        .body(())
                        .unwrap(),
                )
                .unwrap();
            whole("late".into())
        }
        "/trailers" => whole(trailers_of(body).await),
        "/big" => return big(response, head(200).body(()).unwrap()).await,
        _ => {
            let mut length = 0;
            while let Some(Ok(piece)) = body.data().await {
                let _ = body.flow_control().release_capacity(piece.len());
                length += piece.len();
            }
            whole(format!("{place} {length}"))
        }
    };
    if let Ok(mut out) = response.send_response(start.body(()).unwrap(), false) {
        let _ = out.send_data(text, true);
    }
}

/// How long a body is, and what comes behind it.
async fn trailers_of(mut body: RecvStream) -> String {
    let mut length = 0;
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        length += piece.len();
    }
    let mut said = length.to_string();
    for (name, value) in &body.trailers().await.unwrap().unwrap_or_default() {
        said += &format!(" {name}={}", value.to_str().unwrap());
    }
    said
}

/// Says head and pieces as they come, and trailers at the end.
async fn echo(mut body: RecvStream, mut response: SendResponse<Bytes>, head: Response<()>) {
    let mut out = response.send_response(head, false).unwrap();
    while let Some(Ok(piece)) = body.data().await {
        let _ = body.flow_control().release_capacity(piece.len());
        if out.send_data(piece, false).is_err() {
            return;
        }
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    trailers.insert("x-hidden", HeaderValue::from_static("0"));
    trailers.insert("set-cookie", HeaderValue::from_static("a=b"));
    let _ = out.send_trailers(trailers);
}

const BIG: usize = 5_000_000;

async fn big(mut response: SendResponse<Bytes>, head: Response<()>) {
    let mut out = response.send_response(head, false).unwrap();
    let mut left = BIG;
    while left > 0 {
        out.reserve_capacity(left.min(16_384));
        let room = std::future::poll_fn(|task| out.poll_capacity(task)).await;
        let Some(Ok(room)) = room else { return };
        let now = room.min(left);
        left -= now;
        if out.send_data(vec![b'x'; now].into(), left == 0).is_err() {
            return;
        }
    }
}

fn tls(protocols: &[&[u8]]) -> rustls::ServerConfig {
    let key = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
    let made = made.self_signed(&key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let started = rustls::ServerConfig::builder_with_provider(provider);
    let started = started.with_safe_default_protocol_versions().unwrap();
    let certificate = CertificateDer::from(made.der().to_vec());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = started
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    let mut config = config.unwrap();
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    config
}

fn start(origin: &Origin, more: &str) -> Running {
    Running::start(&Parts {
        http_config: format!(
            "upstream kept {{ server {}; keepalive 4; }}\nlog_format l '$uri $status $upstream_addr $upstream_status \
             $upstream_response_length';\naccess_log $DIR/log l;\n",
            origin.address
        ),
        config: format!(
            "client_max_body_size 0; proxy_http_version 2;\nlocation / {{ proxy_pass http://{0}; }}\n\
             location /kept/ {{ proxy_pass http://kept/; }}\nlocation /grpc/ {{ rewrite ^/grpc(.*) $1 break; \
             grpc_hide_header x-hidden; grpc_pass grpc://kept; }}\n{more}",
            origin.address
        ),
        ..Parts::default()
    })
}

fn open(running: &Running) -> Connection {
    Connection::open(running.address(), PATIENCE).unwrap()
}

fn get(running: &Running, target: &str) -> client::Response {
    open(running).get(target).unwrap()
}

#[test]
fn requests_of_all_kinds_are_answered() {
    let origin = Origin::start(None);
    let more = "location /te { proxy_pass_trailers on; proxy_set_header Host b.test; proxy_pass http://kept; }\n\
                location /one { proxy_http_version 2.0; proxy_pass http://kept; }";
    let running = start(&origin, more);
    assert_eq!(get(&running, "/one").status, 200);
    let fresh = get(&running, "/x?a=b");
    assert_eq!((fresh.status, fresh.text()), (200, "2.1 0".into()));
    assert_eq!(get(&running, "/te").status, 200);
    let early = get(&running, "/early");
    assert_eq!((early.status, early.text()), (200, "late".into()));
    let mut connection = open(&running);
    connection
        .send(&client::head("HEAD", "/kept/h", &[], None))
        .unwrap();
    let head = connection.receive("HEAD").unwrap();
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("5"))
    );
    for (framing, body) in [
        ("Content-Length: 11", "hello world"),
        (
            "Transfer-Encoding: chunked",
            "6\r\nhello \r\n5;x\r\nworld\r\n0\r\n\r\n",
        ),
    ] {
        let head = format!("POST /kept/p HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{body}");
        connection.send(head.as_bytes()).unwrap();
        assert!(connection.receive("POST").unwrap().text().ends_with(" 11"));
    }
    let only = get(&running, "/grpc/only");
    assert_eq!(
        (only.header("grpc-status"), only.body.len()),
        (Some("12"), 0)
    );
    let big = get(&running, "/kept/big");
    assert!(big.body.len() == BIG && big.body.iter().all(|byte| *byte == b'x'));
    let seen = origin.seen.requests();
    let own = origin.address;
    for line in [
        format!("GET http://{own}/x?a=b te=-"),
        "GET http://b.test/te te=trailers".into(),
        "HEAD http://kept/h te=-".into(),
        "POST http://kept/p te=-".into(),
        "GET http://kept/only te=trailers".into(),
    ] {
        assert!(seen.contains(&line), "{line} in {seen:#?}");
    }
}

/// Both directions of one request: what is sent is answered before more of it is.
#[test]
fn both_directions_go_on_at_once() {
    let origin = Origin::start(None);
    let running = start(&origin, "");
    let mut client = open(&running);
    client
        .send(b"POST /grpc/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let until = |client: &mut Connection, end: &str| {
        let (got, _) = client.read_until(PATIENCE, |got| got.ends_with(end.as_bytes()));
        String::from_utf8(got).unwrap()
    };
    let head = until(&mut client, "\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for word in ["one", "two", "three"] {
        let chunk = format!("{:x}\r\n{word}\r\n", word.len());
        client.send(chunk.as_bytes()).unwrap();
        let got = until(&mut client, word);
        assert!(got.ends_with(word), "{got:?}");
    }
    client.send(b"0\r\n\r\n").unwrap();
    let rest = until(&mut client, "0\r\ngrpc-status: 0\r\n\r\n");
    assert_eq!(rest, "\r\n0\r\ngrpc-status: 0\r\n\r\n");
    // The peer's connection is of use.
    assert_eq!(get(&running, "/kept/x").text(), "1.2 0");
}

#[test]
fn trailers_go_where_they_are_asked_for_and_there_is_room() {
    let origin = Origin::start(None);
    let running = start(&origin, "location /echo { proxy_pass http://kept; }");
    let ask = |head: &str| {
        let mut client = open(&running);
        client.send(head.as_bytes()).unwrap();
        let (got, _) = client.read_until(PATIENCE, |_| false);
        String::from_utf8(got).unwrap()
    };
    let of_old = ask("POST /grpc/echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    assert!(of_old.ends_with("\r\n\r\nhi"), "{of_old}");
    let unasked =
        ask("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    assert!(unasked.ends_with("2\r\nhi\r\n0\r\n\r\n"), "{unasked}");
    let asked = ask(
        "POST /grpc/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
    );
    assert!(
        asked.ends_with("2\r\nhi\r\n0\r\ngrpc-status: 0\r\n\r\n"),
        "{asked}"
    );
}

#[test]
fn connections_are_kept_apart_by_what_is_spoken_on_them() {
    let origin = Origin::start(None);
    let running = start(
        &origin,
        "location /old { proxy_http_version 1.1; proxy_pass http://kept; }",
    );
    for number in 1..5 {
        assert_eq!(get(&running, "/kept/x").text(), format!("1.{number} 0"));
    }
    // One of HTTP/1.1 is a connection of its own, which this origin does not understand.
    assert_eq!(get(&running, "/old").status, 502);
    assert_eq!(get(&running, "/kept/x").text(), "1.5 0");
}

#[test]
fn what_a_peer_did_not_touch_is_asked_again() {
    let origin = Origin::start(None);
    let running = start(&origin, "");
    assert_eq!(get(&running, "/kept/x").text(), "1.1 0");
    let mut client = open(&running);
    let post = |client: &mut Connection, path: &str| {
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
        client.send(head.as_bytes()).unwrap();
        client.receive("POST").unwrap()
    };
    // Nothing was done, so that it is not even unsafe to repeat.
    assert_eq!(post(&mut client, "/kept/refused").text(), "2.1 2");
    // A connection on which the peer said that it leaves is not used again.
    let last = post(&mut client, "/kept/last");
    assert_eq!(last.text(), "2.2 2");
    for _ in 0..3 {
        let next = post(&mut client, "/kept/x");
        assert!(
            next.status == 200 && next.text().starts_with("3."),
            "{}",
            next.text()
        );
    }
    // One that gave up may have done anything.
    assert_eq!(post(&mut client, "/kept/reset").status, 502);
    let log = running.site.read("error.log");
    let line = "recv() failed (the peer reset the stream: INTERNAL_ERROR) while reading response header from upstream";
    assert!(log.contains(line), "{log}");
    assert_eq!(origin.seen.refused.load(Ordering::Relaxed), 2);
}

#[test]
fn tls_agrees_on_http2_or_fails() {
    let right = Origin::start(Some(tls(&[b"h2"])));
    let silent = Origin::start(Some(tls(&[])));
    let other = Origin::start(Some(tls(&[b"http/1.1"])));
    let config = format!(
        "proxy_http_version 2;\nlocation /right {{ proxy_pass https://{0}; }}\n\
         location /silent {{ proxy_pass https://{1}; }}\nlocation /other {{ proxy_pass https://{2}; }}\n\
         location /grpc {{ grpc_pass grpcs://{0}; }}\nlocation /both {{ set $to {0}; grpc_pass grpcs://$to; }}\n",
        right.address, silent.address, other.address
    );
    let parts = Parts {
        config,
        ..Parts::default()
    };
    let running = Running::start(&parts);
    for path in ["/right", "/silent", "/grpc", "/both"] {
        assert_eq!(get(&running, path).status, 200, "{path}");
    }
    assert_eq!(get(&running, "/other").status, 502);
    let log = running.site.read("error.log");
    let line = "the peer refused: NoApplicationProtocol) while SSL handshaking to upstream";
    assert!(log.contains(line), "{log}");
    let asked = format!("GET https://{}/right te=-", right.address);
    assert_eq!(right.seen.requests()[0], asked);
}

#[test]
fn a_client_that_reads_nothing_holds_the_peer_up_and_an_upload_is_bounded() {
    let origin = Origin::start(None);
    let running = start(
        &origin,
        "location /slow/ { proxy_buffering off; proxy_pass http://kept/; }",
    );
    let mut slow = open(&running);
    slow.send(b"GET /slow/big HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // Others are not held up by it.
    for _ in 0..20 {
        assert_eq!(get(&running, "/kept/x").status, 200);
    }
    let (got, _) = slow.read_until(PATIENCE, |got| got.ends_with(b"0\r\n\r\n"));
    assert!(got.len() > BIG);
    let path = running.site.directory.join("upload");
    fs::File::create(&path)
        .unwrap()
        .write_all(&vec![7; BIG])
        .unwrap();
    let mut client = open(&running);
    let head = format!("POST /kept/p HTTP/1.1\r\nHost: a\r\nContent-Length: {BIG}\r\n\r\n");
    client.send(head.as_bytes()).unwrap();
    client.send(&fs::read(&path).unwrap()).unwrap();
    assert!(
        client
            .receive("POST")
            .unwrap()
            .text()
            .ends_with(&format!(" {BIG}"))
    );
}

#[test]
fn counts_and_the_log_know_what_came() {
    let origin = Origin::start(None);
    let running = start(&origin, "");
    get(&running, "/kept/x");
    get(&running, "/kept/only");
    get(&running, "/reset");
    let address = origin.address;
    let expected = [
        format!("/kept/x 200 {address} 200 5"),
        format!("/kept/only 200 {address} 200 0"),
        format!("/reset 502 {address} 502 0"),
    ];
    let logged = poll(PATIENCE, || {
        let log = running.site.read("log");
        expected.iter().all(|line| log.contains(line)).then_some(())
    });
    assert!(logged.is_some(), "{}", running.site.read("log"));
}

/// What may not come behind a body, or only the configuration says, is left out.
#[test]
fn trailers_of_requests_go_to_peers_of_http2() {
    let origin = Origin::start(None);
    let more = "location /trailers { proxy_pass_trailers on; proxy_set_header X-Own $remote_addr; proxy_pass http://kept; }\n\
                location /streamed/ { proxy_pass_trailers on; proxy_request_buffering off; proxy_pass http://kept/; }\n\
                location /none/ { proxy_pass_trailers on; proxy_pass_request_headers off; proxy_pass http://kept/; }\n\
                location /off/ { proxy_pass http://kept/; }\n";
    let running = start(&origin, more);
    let hostile = "X-A: 1\r\nHost: evil\r\nContent-Length: 9\r\nx-own: evil\r\nX-Forwarded-For: evil\r\nIf-Match: x\r\n\
                   Te: gzip\r\nx_b: evil\r\nx-c: hop\r\n:path: /evil\r\nno field\r\nx-d:  d \r\n";
    for (target, body, said) in [
        ("/trailers", "2\r\nhi\r\n", "2 x-a=1 x-d=d"),
        ("/trailers", "", "0 x-a=1 x-d=d"),
        (
            "/streamed/trailers",
            "2\r\nhi\r\n",
            "2 x-a=1 x-own=evil x-d=d",
        ),
        ("/grpc/trailers", "2\r\nhi\r\n", "2 x-a=1 x-own=evil x-d=d"),
        ("/none/trailers", "2\r\nhi\r\n", "2"),
        ("/off/trailers", "2\r\nhi\r\n", "2"),
    ] {
        for step in [1, 7, 10_000] {
            let head = format!(
                "POST {target} HTTP/1.1\r\nHost: a\r\nConnection: close, x-c\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            let mut client = open(&running);
            for piece in format!("{head}{body}0\r\n{hostile}\r\n")
                .as_bytes()
                .chunks(step)
            {
                client.send(piece).unwrap();
            }
            let response = client.receive("POST").unwrap();
            assert_eq!(
                (response.status, response.text()),
                (200, said.into()),
                "{target}"
            );
        }
    }
    let mut client = open(&running);
    let many = "x: y\r\n".repeat(4096);
    let head = "POST /grpc/trailers HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    client.send(format!("{head}{many}\r\n").as_bytes()).unwrap();
    assert_eq!(client.receive("POST").unwrap().status, 400);
}

#[test]
fn trailers_of_streams_go_to_peers_of_http2() {
    let origin = Origin::start(None);
    let more = "http2 on; location /trailers { proxy_pass_trailers on; proxy_pass http://kept; }";
    let running = start(&origin, more);
    let asked = async {
        let stream = tokio::net::TcpStream::connect(running.address())
            .await
            .unwrap();
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        for (target, announced, said) in [
            ("/trailers", false, "5 x-a=1 x-a=2"),
            ("/grpc/trailers", false, "5 x-a=1 x-a=2"),
            ("/trailers", true, "5 x-a=1 x-a=2"),
        ] {
            let mut request = Request::post(format!("http://a{target}"));
            if announced {
                request = request
                    .header("content-length", "5")
                    .header("trailer", "x-a");
            }
            let request = request.body(()).unwrap();
            let (response, mut out) = sender.send_request(request, false).unwrap();
            out.send_data(Bytes::from_static(b"hello"), false).unwrap();
            let mut fields = HeaderMap::new();
            fields.append("x-a", HeaderValue::from_static("1"));
            fields.append("x-a", HeaderValue::from_static("2"));
            fields.append("content-type", HeaderValue::from_static("evil"));
            out.send_trailers(fields).unwrap();
            let mut response = response.await.unwrap();
            let text = response.body_mut().data().await.unwrap().unwrap();
            assert_eq!(
                (response.status().as_u16(), &text[..]),
                (200, said.as_bytes()),
                "{target}"
            );
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(asked);
}

/// Those of HTTP/1.1 have them, too; they are asked for them by fields that are set.
#[test]
fn trailers_of_http1_go_the_same_way() {
    let origin = serving(|mut stream, _| {
        let mut head = Vec::new();
        let mut piece = [0; 1024];
        while !head.ends_with(b"\r\n\r\n") {
            let read = stream.read(&mut piece)?;
            head.extend_from_slice(&piece[..read]);
        }
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-A: 1\r\nHost: evil\r\n\r\n",
        )
    });
    let running = Running::start(&Parts {
        config: format!(
            "location /on {{ proxy_pass_trailers on; proxy_pass http://{origin}; }}\n\
             location /off {{ proxy_pass http://{origin}; }}\n"
        ),
        ..Parts::default()
    });
    for (target, end) in [
        ("/on", "2\r\nhi\r\n0\r\nX-A: 1\r\n\r\n"),
        ("/off", "2\r\nhi\r\n0\r\n\r\n"),
    ] {
        let mut client = open(&running);
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        client.send(head.as_bytes()).unwrap();
        let (got, _) = client.read_until(PATIENCE, |_| false);
        let got = String::from_utf8(got).unwrap();
        assert!(got.ends_with(&format!("\r\n\r\n{end}")), "{got}");
    }
}
