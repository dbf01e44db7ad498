//! Handshakes that nobody means well, by clients and by origins: each ends soon, and others do not notice.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, StreamOwned};

use super::authority::{Authority, for_host};
use super::clients::have;
use crate::harness::client::Connection;
use crate::harness::origin::serving;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running};

/// Believes everybody.
#[derive(Debug)]
struct Credulous(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        let algorithms = self.0.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// A client that shows this many certificates, if any.
fn client(shown: Option<usize>) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let started = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(provider)));
    match shown {
        None => started.with_no_client_auth(),
        Some(count) => {
            let (chain, key) = chain(count);
            started.with_client_auth_cert(chain, key).unwrap()
        }
    }
}

/// So many certificates, one as good as the other.
fn chain(count: usize) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let own = Authority::own(for_host("a.test", 1));
    let key = PrivateKeyDer::try_from(own.key.serialize_der()).unwrap();
    (vec![own.der.clone(); count], key)
}

/// The first record of a client that asks for `name`.
fn hello(name: &'static str, protocols: &[&[u8]]) -> Vec<u8> {
    let mut config = client(None);
    config.alpn_protocols = protocols.iter().map(|one| one.to_vec()).collect();
    let name = ServerName::try_from(name).unwrap();
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    connection.write_tls(&mut bytes).unwrap();
    bytes
}

/// The message of a record in records of so many bytes.
fn cut(record: &[u8], size: usize) -> Vec<u8> {
    let pieces = record[5..].chunks(size);
    let records = pieces.flat_map(|piece| [&[22, 3, 1, 0, piece.len() as u8], piece].concat());
    records.collect()
}

/// What a server says to these bytes: the type of its first record, or nothing.
fn said(address: SocketAddr, bytes: &[u8], step: usize) -> Option<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for piece in bytes.chunks(step) {
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    let mut first = [0];
    match stream.read(&mut first) {
        Ok(1) => Some(first[0]),
        Ok(_) => None,
        Err(error) => {
            let is_over = error.kind() == io::ErrorKind::ConnectionReset;
            assert!(is_over, "neither answered nor closed: {error}");
            None
        }
    }
}

fn start(more: &str) -> Running {
    Running::start(&Parts {
        http_config: format!(
            "client_header_timeout 2s; keepalive_timeout 5s;\n\
             server {{ listen 127.0.0.1:$PORT2 ssl; http2 on; ssl_certificate selfsigned:$DIR/c.pem;\n\
             ssl_certificate_key selfsigned:$DIR/k.pem; {more}\n\
             location / {{ return 200 \"served $ssl_client_verify\"; }} }}\n"
        ),
        ..Parts::default()
    })
}

fn second(site: &Site) -> SocketAddr {
    site.address(site.second_port)
}

/// Somebody else is served, and nothing has gone wrong within.
fn expect_health(running: Running) {
    let url = running.site.substitute("https://127.0.0.1:$PORT2/");
    let output = Command::new("curl")
        .args(["-sk", "--max-time", "20", &url])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("served"), "{text}");
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
    running.server.stop().unwrap();
}

const ANSWER: Option<u8> = Some(22);
const ALERT: Option<u8> = Some(21);
/// The beginning of an answer of HTTP.
const PAGE: Option<u8> = Some(b'H');

/// What may be said to something: types of the first record, or nothing.
type Said = &'static [Option<u8>];

/// What a client begins with, and what may be said to it.
type Beginning = (&'static str, Vec<u8>, Said);

/// Beginnings with a whole hello in them, or a part of it.
fn of_hellos() -> Vec<Beginning> {
    let whole = hello("a.test", &[]);
    let changes = [20, 3, 3, 0, 1, 1].repeat(5000);
    vec![
        ("whole", whole.clone(), &[ANSWER]),
        ("in records of a byte", cut(&whole, 1), &[ANSWER, ALERT]),
        ("in records of 100", cut(&whole, 100), &[ANSWER]),
        ("half", whole[..whole.len() / 2].to_vec(), &[None]),
        ("a byte", whole[..1].to_vec(), &[None]),
        ("twice", whole.repeat(2), &[ANSWER, ALERT]),
        (
            "changes behind",
            [whole, changes].concat(),
            &[ANSWER, ALERT],
        ),
    ]
}

/// Beginnings in the records of handshakes that are none.
fn of_records() -> Vec<Beginning> {
    let refused: Said = &[ALERT, None];
    let long = [&[22, 3, 3, 0xff, 0xff][..], &[1; 70_000]].concat();
    let first = [&[22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff][..], &[0; 16_380]].concat();
    let more = [&[22, 3, 1, 0x40, 0][..], &[0; 16_384]].concat();
    let beat = [22, 3, 1, 0, 3, 1, 0xff, 0xff, 24, 3, 1, 0xff, 0xff];
    let garbage = [&[22, 3, 1, 1, 0][..], &[0xa5; 256]].concat();
    vec![
        ("empty records", [22, 3, 1, 0, 0].repeat(5000), refused),
        ("a long record", long, refused),
        (
            "an endless message",
            [first, more.repeat(64)].concat(),
            refused,
        ),
        ("a heartbeat", beat.to_vec(), refused),
        ("garbage", garbage, refused),
    ]
}

/// Beginnings that are taken for another protocol.
fn of_others() -> Vec<Beginning> {
    let taken: Said = &[PAGE, None];
    let old = [0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10];
    vec![
        (
            "changes of ciphers",
            [20, 3, 3, 0, 1, 1].repeat(5000),
            taken,
        ),
        ("an alert", vec![21, 3, 3, 0, 2, 2, 0], taken),
        ("warnings", [21, 3, 3, 0, 2, 1, 90].repeat(5000), taken),
        ("content", vec![23, 3, 3, 0, 5, 1, 2, 3, 4, 5], taken),
        ("of old", old.to_vec(), taken),
    ]
}

#[test]
fn beginnings_of_all_kinds_are_answered_or_refused() {
    if !have("curl") {
        return;
    }
    let running = start("");
    let address = second(&running.site);
    let cases = [of_hellos(), of_records(), of_others()].concat();
    thread::scope(|scope| {
        for (name, bytes, expected) in &cases {
            for step in [1 << 20, 7] {
                scope.spawn(move || {
                    let answer = said(address, bytes, step);
                    assert!(expected.contains(&answer), "{name} by {step}: {answer:?}");
                });
            }
        }
    });
    expect_health(running);
}

#[test]
fn names_and_protocols_of_all_bytes_are_taken_or_refused() {
    if !have("curl") {
        return;
    }
    let running = start("server_name *.test;");
    let address = second(&running.site);
    let plain = hello("aaaaaaaa.test", &[]);
    let place = plain
        .windows(8)
        .position(|eight| eight == b"aaaaaaaa")
        .unwrap();
    for byte in 0..=u8::MAX {
        for at in [0, 4] {
            let mut bytes = plain.clone();
            bytes[place + at] = byte;
            let answer = said(address, &bytes, 1 << 20);
            assert!(
                [ANSWER, ALERT, None].contains(&answer),
                "{byte} at {at}: {answer:?}"
            );
            if byte.is_ascii_alphanumeric() {
                assert_eq!(answer, ANSWER, "{byte} at {at}");
            }
        }
    }
    let long = [b'x'; 255];
    let many: Vec<&[u8]> = vec![b"x"; 10_000];
    let mut known = many.clone();
    known.push(b"http/1.1");
    let cases: [(&str, &[&[u8]], Said); 7] = [
        ("h2 and h2", &[b"h2", b"h2"], &[ANSWER]),
        ("another case", &[b"H2"], &[ALERT, ANSWER]),
        ("unknown", &[b"x"], &[ALERT, ANSWER]),
        ("a long name", &[&long, b"http/1.1"], &[ANSWER]),
        ("zeros", &[b"\0\0", b"http/1.1"], &[ANSWER]),
        ("many", &many, &[ALERT, ANSWER]),
        ("many and a known one", &known, &[ANSWER, ALERT]),
    ];
    for (name, protocols, expected) in cases {
        let answer = said(address, &hello("a.test", protocols), 1 << 20);
        assert!(expected.contains(&answer), "{name}: {answer:?}");
    }
    let mut empty = hello("a.test", &[b"qqqq"]);
    let place = empty.windows(4).position(|four| four == b"qqqq").unwrap();
    empty[place - 1] = 0;
    assert_eq!(said(address, &empty, 1 << 20), ALERT);
    expect_health(running);
}

/// Each is closed when its time is over, and nobody waits for it.
#[test]
fn half_handshakes_by_the_hundred_hold_up_nobody() {
    if !have("curl") {
        return;
    }
    let running = start("");
    let address = second(&running.site);
    let whole = hello("a.test", &[]);
    let mut waiting = Vec::new();
    for count in 0..400 {
        let mut stream = TcpStream::connect(address).unwrap();
        // Some have got an answer, and say nothing to it.
        let end = if count % 2 == 0 {
            whole.len()
        } else {
            1 + count % 200
        };
        stream.write_all(&whole[..end]).unwrap();
        waiting.push(stream);
    }
    let served = ask(address, client(None), |_| Ok(())).unwrap();
    assert!(served.contains("served NONE"), "{served}");
    for mut stream in waiting {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let ended = stream.read_to_end(&mut Vec::new());
        let is_late = ended.is_err_and(|error| error.kind() != io::ErrorKind::ConnectionReset);
        assert!(!is_late, "a half handshake goes on");
    }
    expect_health(running);
}

/// What comes of a request over a connection that `meddle` has had its way with.
fn ask(
    address: SocketAddr,
    config: ClientConfig,
    meddle: impl FnOnce(&mut StreamOwned<ClientConnection, TcpStream>) -> io::Result<()>,
) -> io::Result<String> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let name = ServerName::try_from("a.test").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock)?;
    }
    meddle(&mut stream)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")?;
    let mut text = Vec::new();
    match stream.read_to_end(&mut text) {
        Err(error) if text.is_empty() => Err(error),
        _ => Ok(String::from_utf8_lossy(&text).into_owned()),
    }
}

#[test]
fn long_chains_and_keys_that_change_are_bounded() {
    if !have("curl") {
        return;
    }
    let running = start("ssl_verify_client optional_no_ca;");
    let address = second(&running.site);
    for (count, is_judged) in [(1, true), (100, true), (400, false)] {
        let asked = ask(address, client(Some(count)), |_| Ok(()));
        match is_judged {
            true => {
                let text = asked.unwrap();
                let is_judged = text.contains("served FAILED") || text.contains(" 400 ");
                assert!(is_judged, "{count}: {text}");
            }
            // What is longer than 64 KiB is no list of certificates.
            false => assert!(asked.is_err(), "{count}: {asked:?}"),
        }
    }
    let changed = ask(address, client(None), |stream| {
        for _ in 0..2000 {
            stream
                .conn
                .refresh_traffic_keys()
                .map_err(io::Error::other)?;
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(())
    });
    if let Ok(text) = changed {
        assert!(text.contains("served NONE"), "{text}");
    }
    expect_health(running);
}

/// What an origin does instead of a handshake.
type Way = (&'static str, fn(TcpStream) -> io::Result<()>, u16);

fn repeat(mut stream: TcpStream, bytes: &[u8]) -> io::Result<()> {
    loop {
        stream.write_all(bytes)?;
    }
}

fn wait(mut stream: TcpStream) -> io::Result<()> {
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// A handshake by rustls with so many certificates, then an answer.
fn showing(mut stream: TcpStream, count: usize) -> io::Result<()> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (chain, key) = chain(count);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    let mut stream = rustls::Stream::new(&mut connection, &mut stream);
    let mut head = [0; 4096];
    let _ = stream.read(&mut head)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
    stream.flush()?;
    let _ = stream.read(&mut head);
    Ok(())
}

const WAYS: &[Way] = &[
    ("closes", |_| Ok(()), 502),
    (
        "alert",
        |mut stream| {
            stream
                .write_all(&[21, 3, 3, 0, 2, 2, 40])
                .and_then(|()| wait(stream))
        },
        502,
    ),
    (
        "warnings",
        |stream| repeat(stream, &[21, 3, 3, 0, 2, 1, 90]),
        502,
    ),
    (
        "plain",
        |mut stream| {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
                .and_then(|()| wait(stream))
        },
        502,
    ),
    ("empty", |stream| repeat(stream, &[22, 3, 3, 0, 0]), 502),
    (
        "changes",
        |stream| repeat(stream, &[20, 3, 3, 0, 1, 1]),
        502,
    ),
    (
        "long",
        |stream| {
            repeat(
                stream,
                &[&[22, 3, 3, 0xff, 0xff][..], &[0; 65_535]].concat(),
            )
        },
        502,
    ),
    (
        "endless",
        |mut stream| {
            stream.write_all(&[22, 3, 3, 0, 4, 2, 0xff, 0xff, 0xff])?;
            repeat(stream, &[&[22, 3, 3, 0x40, 0][..], &[0; 16_384]].concat())
        },
        502,
    ),
    (
        "content",
        |mut stream| {
            stream
                .write_all(&[23, 3, 3, 0, 1, 0])
                .and_then(|()| wait(stream))
        },
        502,
    ),
    (
        "half",
        |mut stream| {
            stream
                .write_all(&[22, 3, 3, 0, 50, 2])
                .and_then(|()| wait(stream))
        },
        504,
    ),
    ("silent", wait, 504),
    (
        "slow",
        |mut stream| {
            stream.write_all(&[22, 3, 3, 0x40, 0, 2, 0, 0x3f])?;
            loop {
                stream.write_all(&[0])?;
                thread::sleep(Duration::from_millis(50));
            }
        },
        504,
    ),
    ("hundred", |stream| showing(stream, 100), 200),
    ("thousand", |stream| showing(stream, 1000), 502),
];

#[test]
fn origins_that_do_not_shake_hands_are_given_up() {
    let mut places = String::from("proxy_connect_timeout 2s; proxy_next_upstream off;\n");
    for (name, serve, _) in WAYS {
        let address = serving(move |stream, _| serve(stream));
        places += &format!("location /{name} {{ proxy_pass https://{address}; }}\n");
    }
    let running = Running::start(&Parts {
        config: places + "location /fine { return 200; }\n",
        ..Parts::default()
    });
    thread::scope(|scope| {
        for (name, _, status) in WAYS {
            let address = running.address();
            scope.spawn(move || {
                let mut connection = Connection::open(address, PATIENCE).unwrap();
                let response = connection.get(&format!("/{name}")).unwrap();
                assert_eq!(response.status, *status, "{name}");
            });
        }
        let mut other = Connection::open(running.address(), PATIENCE).unwrap();
        assert_eq!(other.get("/fine").unwrap().status, 200);
    });
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
    let failed = WAYS.iter().filter(|(_, _, status)| *status != 200).count();
    let told = log.matches("while SSL handshaking to upstream").count();
    assert_eq!(told, failed, "{log}");
    running.server.stop().unwrap();
}
