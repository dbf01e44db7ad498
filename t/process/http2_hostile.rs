//! Origins that do not keep to HTTP/2, or keep to it in the worst way: the request fails in time, the log says who did
//! what, and neither others nor memory suffer.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::client::{self, Connection};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200`
const OK: &[u8] = &[0x88];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A field that no table holds.
fn field(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| {
        let most = 127;
        assert!(text.len() < most + 128);
        match text.len() {
            short @ 0..127 => vec![u8::try_from(short).unwrap()],
            long => vec![127, u8::try_from(long - most).unwrap()],
        }
    };
    [
        &[0][..],
        &length(name),
        name.as_bytes(),
        &length(value),
        value.as_bytes(),
    ]
    .concat()
}

/// A connection as an origin has it, behind preface and settings.
struct Peer(TcpStream);

impl Peer {
    fn greet(mut stream: TcpStream, settings: &[u8]) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut preface = [0; 24];
        stream.read_exact(&mut preface)?;
        stream.write_all(&frame(SETTINGS, 0, 0, settings))?;
        Ok(Self(stream))
    }

    fn read(&mut self) -> io::Result<(u8, u32, Vec<u8>)> {
        let mut header = [0; 9];
        self.0.read_exact(&mut header)?;
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
        Ok((header[3], stream, payload))
    }

    /// Waits for a request, and says its stream.
    fn request(&mut self) -> io::Result<u32> {
        loop {
            let (kind, stream, _) = self.read()?;
            if kind == HEADERS {
                return Ok(stream);
            }
        }
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        self.0.write_all(&frame(kind, flags, stream, payload))
    }

    /// Sends this until nobody takes it any more, or as often as is said.
    fn flood(&mut self, bytes: &[u8], times: usize) -> io::Result<()> {
        for _ in 0..times {
            self.0.write_all(bytes)?;
        }
        Ok(())
    }
}

/// What an origin does on a connection.
type Conduct = fn(TcpStream) -> io::Result<()>;

fn origin(conduct: Conduct) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let kept = stream.try_clone();
                let _ = conduct(stream);
                // The other side ends it, or time does.
                let mut rest = Vec::new();
                let _ = kept.and_then(|mut kept| {
                    kept.set_read_timeout(Some(Duration::from_secs(3)))?;
                    kept.read_to_end(&mut rest)
                });
            });
        }
    });
    address
}

/// A case: its name, what the origin does, the status (0 for a response that broke off), and what the log says.
type Case = (&'static str, Conduct, u16, &'static str);

const TOO_MANY: &str = "too many HTTP/2 frames that carry nothing";
const RULE: &str = "the peer broke a rule of HTTP/2: ";
/// More than sockets and buffers hold.
const MANY: usize = 10_000;

const CASES: &[Case] = &[
    (
        "other",
        |mut stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        502,
        "the peer does not speak HTTP/2",
    ),
    ("silence", |_| Ok(()), 504, "upstream timed out"),
    (
        "closing",
        |stream| {
            Peer::greet(stream, b"")?
                .0
                .shutdown(std::net::Shutdown::Both)
        },
        502,
        "while reading response header from upstream",
    ),
    (
        "settings",
        |stream| {
            let flood = frame(SETTINGS, 0, 0, b"").repeat(100);
            Peer::greet(stream, b"")?.flood(&flood, MANY)
        },
        502,
        TOO_MANY,
    ),
    (
        "pings",
        |stream| {
            let flood = frame(PING, 0, 0, &[0; 8]).repeat(100);
            Peer::greet(stream, b"")?.flood(&flood, MANY)
        },
        502,
        TOO_MANY,
    ),
    (
        "windows",
        |stream| {
            let flood = frame(WINDOW, 0, 0, &[0, 0, 0, 1]).repeat(100);
            Peer::greet(stream, b"")?.flood(&flood, MANY)
        },
        502,
        TOO_MANY,
    ),
    (
        "unknown frames",
        |stream| {
            let flood = frame(0x77, 0, 0, b"what").repeat(100);
            Peer::greet(stream, b"")?.flood(&flood, MANY)
        },
        502,
        TOO_MANY,
    ),
    (
        "empty data",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, OK)?;
            peer.flood(&frame(DATA, 0, asked, b"").repeat(100), MANY)
        },
        0,
        "while reading upstream",
    ),
    (
        "early responses",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let early = [&[0x08, 3][..], b"103"].concat();
            peer.flood(&frame(HEADERS, END_HEADERS, asked, &early), MANY)
        },
        502,
        "upstream sent too many informational responses",
    ),
    (
        "continuations",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, 0, asked, OK)?;
            peer.flood(&frame(CONTINUATION, 0, asked, &field("a", "b")), MANY)
        },
        502,
        RULE,
    ),
    (
        "a huge head",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let many = field("name", &"x".repeat(200)).repeat(70);
            peer.send(HEADERS, 0, asked, OK)?;
            peer.flood(&frame(CONTINUATION, 0, asked, &many), 30)?;
            peer.send(CONTINUATION, END_HEADERS, asked, &many)
        },
        502,
        RULE,
    ),
    (
        "a long head",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let many = field("name", &"x".repeat(200)).repeat(50);
            peer.send(HEADERS, 0, asked, OK)?;
            peer.send(CONTINUATION, END_HEADERS, asked, &many)
        },
        502,
        "upstream sent too big header",
    ),
    (
        "a bomb of tables",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            // A field of 200 bytes goes into the table, and is named by one byte a thousand times.
            let mut block = OK.to_vec();
            let mut kept = field("name", &"x".repeat(200));
            kept[0] = 0x40;
            block.extend(kept);
            block.extend([0xbe; 10_000]);
            peer.send(HEADERS, END_HEADERS, asked, &block)
        },
        502,
        RULE,
    ),
    (
        "more than the window",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, OK)?;
            peer.flood(&frame(DATA, 0, asked, &[b'x'; 16_384]), MANY)
        },
        0,
        "the peer broke a rule of HTTP/2: FLOW_CONTROL_ERROR) while reading upstream",
    ),
    (
        "a frame too long",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, &[0; 100_000])
        },
        502,
        "the peer broke a rule of HTTP/2: FRAME_SIZE_ERROR",
    ),
    (
        "bad compression",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(
                HEADERS,
                END_HEADERS,
                asked,
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            )
        },
        502,
        RULE,
    ),
    (
        "a stream nobody began",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked + 2, OK)
        },
        502,
        RULE,
    ),
    (
        "a push",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(PUSH, END_HEADERS, asked, &[0, 0, 0, 2, 0x82, 0x84, 0x86])
        },
        502,
        RULE,
    ),
    (
        "a capital letter",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(
                HEADERS,
                END_HEADERS | END_STREAM,
                asked,
                &[OK, &field("Big", "a")].concat(),
            )
        },
        502,
        RULE,
    ),
    (
        "a field of connections",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let field = field("transfer-encoding", "chunked");
            peer.send(
                HEADERS,
                END_HEADERS | END_STREAM,
                asked,
                &[OK, &field].concat(),
            )
        },
        502,
        RULE,
    ),
    (
        "no status",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS | END_STREAM, asked, &field("a", "b"))
        },
        502,
        RULE,
    ),
    (
        "a line within a value",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let field = field("a", "b\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK");
            peer.send(
                HEADERS,
                END_HEADERS | END_STREAM,
                asked,
                &[OK, &field].concat(),
            )
        },
        502,
        RULE,
    ),
    (
        "a line within a trailer",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, OK)?;
            peer.send(DATA, 0, asked, b"hi")?;
            peer.send(
                HEADERS,
                END_HEADERS | END_STREAM,
                asked,
                &field("a", "b\r\n\r\nHTTP/1.1 200 OK"),
            )
        },
        0,
        RULE,
    ),
    (
        "two lengths",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            let fields = [
                OK,
                &field("content-length", "1"),
                &field("content-length", "2"),
            ]
            .concat();
            peer.send(HEADERS, END_HEADERS, asked, &fields)
        },
        502,
        "while reading response header from upstream",
    ),
    (
        "less than the length",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(
                HEADERS,
                END_HEADERS,
                asked,
                &[OK, &field("content-length", "9")].concat(),
            )?;
            peer.send(DATA, END_STREAM, asked, b"hi")
        },
        0,
        "while reading upstream",
    ),
    (
        "more than the length",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(
                HEADERS,
                END_HEADERS,
                asked,
                &[OK, &field("content-length", "1")].concat(),
            )?;
            peer.send(DATA, END_STREAM, asked, b"too much")
        },
        0,
        "while reading upstream",
    ),
    (
        "breaking off",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, OK)?;
            peer.send(DATA, 0, asked, b"half")?;
            peer.0.shutdown(std::net::Shutdown::Both)
        },
        0,
        "while reading upstream",
    ),
    (
        "giving up",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(HEADERS, END_HEADERS, asked, OK)?;
            peer.send(DATA, 0, asked, b"half")?;
            peer.send(RESET, 0, asked, &[0, 0, 0, 2])
        },
        0,
        "the peer reset the stream: INTERNAL_ERROR) while reading upstream",
    ),
    (
        "refusing all",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            let asked = peer.request()?;
            peer.send(RESET, 0, asked, &[0, 0, 0, 7])
        },
        502,
        "the peer reset the stream: REFUSED_STREAM",
    ),
    (
        "leaving at once",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            peer.request()?;
            peer.send(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11])
        },
        502,
        "the peer sent GOAWAY: ENHANCE_YOUR_CALM",
    ),
    (
        "no streams",
        |stream| {
            Peer::greet(stream, &[0, 3, 0, 0, 0, 0])?;
            Ok(())
        },
        504,
        "upstream timed out",
    ),
    (
        "trickling",
        |stream| {
            let mut peer = Peer::greet(stream, b"")?;
            peer.request()?;
            for _ in 0..40 {
                peer.send(PING, 0, 0, &[0; 8])?;
                thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        },
        504,
        "upstream timed out",
    ),
];

fn decent(stream: TcpStream) -> io::Result<()> {
    let mut peer = Peer::greet(stream, b"")?;
    loop {
        let asked = peer.request()?;
        peer.send(HEADERS, END_HEADERS, asked, OK)?;
        peer.send(DATA, END_STREAM, asked, b"fine")?;
    }
}

fn start(locations: &str) -> Running {
    let parts = Parts {
        config: format!(
            "proxy_http_version 2; proxy_send_timeout 1s;\n{locations}\
             location /decent {{ proxy_pass http://{}; }}\n",
            origin(decent)
        ),
        ..Parts::default()
    };
    Running::start(&parts)
}

/// Kilobytes that a process has of its own.
fn memory(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    line.unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
}

#[test]
fn whatever_an_origin_does_the_request_ends_and_the_log_says_why() {
    let locations: String = CASES
        .iter()
        .enumerate()
        .map(|(number, (.., conduct, _, _))| {
            format!(
                "location /{number} {{ proxy_pass http://{}; }}\n",
                origin(*conduct)
            )
        })
        .collect();
    let running = start(&format!("proxy_read_timeout 1s;\n{locations}"));
    let get = |target: &str| {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection.get(target)
    };
    assert_eq!(get("/decent").unwrap().text(), "fine");
    let worker = running.workers(1)[0];
    let before = memory(worker);
    for (number, (name, _, status, log)) in CASES.iter().enumerate() {
        match get(&format!("/{number}")) {
            Ok(response) => assert_eq!(response.status, *status, "{name}"),
            // The body broke off, which the client sees.
            Err(_) => assert_eq!(*status, 0, "{name}"),
        }
        let request = format!("\"GET /{number} HTTP");
        let said = poll(PATIENCE, || {
            let all = running.site.read("error.log");
            let mut lines = all.lines();
            lines
                .any(|line| {
                    line.contains(&request)
                        && line.contains(log)
                        && line.contains("upstream: \"http://127.0.0.1:")
                })
                .then_some(())
        });
        assert!(said.is_some(), "{name}: {}", running.site.read("error.log"));
        assert_eq!(get("/decent").unwrap().text(), "fine", "{name}");
    }
    // Whatever comes, little of it is kept.
    let after = memory(worker);
    assert!(after < before + 16 * 1024, "{before} kB became {after} kB");
}

/// An origin that lets nothing in.
#[test]
fn an_upload_that_no_window_lets_in_is_given_up() {
    let conduct: Conduct = |stream| {
        let mut peer = Peer::greet(stream, &[0, 4, 0, 0, 0, 0])?;
        while peer.read().is_ok() {}
        Ok(())
    };
    let running = start(&format!(
        "location /up {{ proxy_pass http://{}; }}\n",
        origin(conduct)
    ));
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let body = vec![b'x'; 100_000];
    connection
        .send(&client::head("POST", "/up", &[], Some(&body)))
        .unwrap();
    assert_eq!(connection.receive("POST").unwrap().status, 504);
    let log = running.site.read("error.log");
    assert!(
        log.contains("upstream timed out while sending request to upstream"),
        "{log}"
    );
}

/// An origin that has its say before it has heard all, as RFC 9113 §8.1 allows.
fn hasty(stream: TcpStream, farewell: &[u8]) -> io::Result<()> {
    let mut peer = Peer::greet(stream, b"")?;
    let asked = peer.request()?;
    let told = [
        frame(HEADERS, END_HEADERS, asked, OK),
        frame(DATA, 0, asked, b"enough"),
        frame(DATA, END_STREAM, asked, b"!"),
        match farewell {
            b"" => Vec::new(),
            farewell => frame(RESET, 0, asked, farewell),
        },
    ];
    peer.0.write_all(&told.concat())?;
    while peer.read().is_ok() {}
    Ok(())
}

#[test]
fn an_answer_that_comes_early_arrives() {
    let silent: Conduct = |stream| hasty(stream, b"");
    let polite: Conduct = |stream| hasty(stream, &[0, 0, 0, 0]);
    let locations = format!(
        "client_max_body_size 0; proxy_request_buffering off;\nlocation /silent {{ proxy_pass http://{}; }}\n\
         location /polite {{ proxy_pass http://{}; }}\n",
        origin(silent),
        origin(polite)
    );
    let running = start(&locations);
    for target in ["/silent", "/polite"] {
        for length in [10, 1_000_000] {
            let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
            let body = vec![b'x'; length];
            connection
                .send(&client::head("POST", target, &[], Some(&body)))
                .unwrap();
            let response = connection.receive("POST").unwrap();
            assert_eq!(
                (response.status, response.text()),
                (200, "enough!".into()),
                "{target} {length}"
            );
        }
    }
}

/// A client that leaves is nobody whose request goes on.
#[test]
fn an_origin_hears_of_a_client_that_leaves() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let conduct: Conduct = |stream| {
        let mut peer = Peer::greet(stream, b"")?;
        peer.request()?;
        ASKED.fetch_add(1, Ordering::Relaxed);
        while peer.read().is_ok() {}
        ENDED.fetch_add(1, Ordering::Relaxed);
        Ok(())
    };
    let running = start(&format!(
        "proxy_read_timeout 1h; location /left {{ proxy_pass http://{}; }}\n",
        origin(conduct)
    ));
    for number in 1..4 {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        connection
            .send(b"GET /left HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        let reaches = |count: &AtomicUsize| {
            poll(PATIENCE, || {
                (count.load(Ordering::Relaxed) == number).then_some(())
            })
            .is_some()
        };
        assert!(reaches(&ASKED), "{number}");
        drop(connection);
        assert!(reaches(&ENDED), "{number}");
    }
}
