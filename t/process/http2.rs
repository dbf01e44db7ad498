//! HTTP/2 to clients: curl over both doors, raw frames where no library would send them, reloads and floods.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::clients::have;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const UNKNOWN: u8 = 0xbe;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const CALM_DOWN: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = vec![length[1], length[2], length[3], kind, flags];
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The fields of a request, none of them remembered: `GET` or `POST`, http, the path, the host `a`.
fn fields(method: u8, path: &str) -> Vec<u8> {
    let length = u8::try_from(path.len()).unwrap();
    let mut block = vec![method, 0x86, 0x04, length];
    block.extend_from_slice(path.as_bytes());
    block.extend_from_slice(b"\x01\x01a");
    block
}

const GET: u8 = 0x82;
const POST: u8 = 0x83;

fn get(stream: u32, path: &str) -> Vec<u8> {
    frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        stream,
        &fields(GET, path),
    )
}

fn post(stream: u32, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &fields(POST, path))
}

#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

/// A client that sends what it likes.
struct Raw(TcpStream);

impl Raw {
    fn connect(running: &Running, settings: &[u8]) -> Self {
        let stream = TcpStream::connect(running.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        let mut raw = Self(stream);
        raw.send(
            &[
                PREFACE,
                &frame(SETTINGS, 0, 0, settings),
                &frame(SETTINGS, 1, 0, b""),
            ]
            .concat(),
        );
        raw
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// The next frame; `None` at the end of the connection.
    fn next(&mut self) -> Option<Frame> {
        let mut header = [0; 9];
        match self.0.read_exact(&mut header) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return None,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return None,
            read => read.unwrap(),
        }
        let [a, b, c, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)];
        self.0.read_exact(&mut payload).unwrap();
        let stream = u32::from_be_bytes(stream);
        Some(Frame {
            kind,
            flags,
            stream,
            payload,
        })
    }

    /// The frames of a stream, up to its end.
    fn stream(&mut self, id: u32) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(next) = self.next() {
            let is_of_it = next.stream == id && next.kind != WINDOW_UPDATE;
            let is_last = is_of_it && (next.kind == RST_STREAM || next.flags & END_STREAM != 0);
            if is_of_it {
                frames.push(next);
            }
            if is_last {
                return frames;
            }
        }
        panic!("the stream {id} has no end: {frames:?}")
    }

    /// The error that the connection ends with, once it does.
    fn ending(&mut self) -> Option<u32> {
        let mut error = None;
        while let Some(next) = self.next() {
            if next.kind == GOAWAY {
                error = Some(u32::from_be_bytes(next.payload[4..8].try_into().unwrap()));
            }
        }
        error
    }
}

const LOG: &str = "log_format h2 '$request_method $uri $status $bytes_sent $body_bytes_sent $request_length $http2';\n\
                   access_log $DIR/access.log h2;\nkeepalive_requests 1000000;\nhttp2 on;\n";

fn start(config: &str) -> Running {
    let mut site = Site::create().unwrap();
    let script = "* /slow 200 delay=1\n    | late\n* /half 200\n    Content-Length: 99\n    | half\n* /closes close\n* * 200\n    | hello\n";
    site.add_origin("o", script).unwrap();
    site.add_file("html/file", &"f".repeat(50_000)).unwrap();
    Running::start_at(
        site,
        &Parts {
            http_config: format!(
                "{LOG}server {{ listen 127.0.0.1:$PORT2 ssl; ssl_certificate selfsigned:$DIR/c.pem;\n\
                 ssl_certificate_key selfsigned:$DIR/k.pem; {config} }}\n"
            ),
            config: format!("access_log $DIR/access.log h2;\n{config}"),
            ..Parts::default()
        },
    )
}

const PLACES: &str = "client_max_body_size 100k;\nlocation /r { return 200 \"hello $http2\\n\"; }\nlocation /none { return 204; }\n\
                      location /silent { return 444; }\nlocation /p/ { proxy_pass http://$ORIGIN_o/; proxy_read_timeout 2s; }\n\
                      location /u/ { proxy_pass http://$ORIGIN_o/; proxy_request_buffering off; }\n\
                      location /file { }\n";

fn curl(running: &Running, arguments: &[&str]) -> Output {
    let arguments = arguments.iter().map(|one| running.site.substitute(one));
    let curl = Command::new("curl")
        .args(["-sSk", "--max-time", "60"])
        .args(arguments)
        .output();
    curl.unwrap()
}

fn text(output: &Output) -> String {
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn lines(running: &Running, count: usize) -> Vec<String> {
    let read = || {
        let text = running.site.read("access.log");
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        (lines.len() >= count).then_some(lines)
    };
    poll(PATIENCE, read).unwrap_or_else(|| panic!("{}", running.site.read("access.log")))
}

#[test]
fn curl_is_answered_over_both_doors() {
    if !have("curl") {
        return;
    }
    let running = start(PLACES);
    for (door, url, protocol) in [
        ("--http2-prior-knowledge", "http://127.0.0.1:$PORT", "h2c"),
        ("--http2", "https://127.0.0.1:$PORT2", "h2"),
        ("--http1.1", "https://127.0.0.1:$PORT2", ""),
        ("--http1.1", "http://127.0.0.1:$PORT", ""),
    ] {
        let fetch = |more: &[&str], path: &str| {
            let url = format!("{url}{path}");
            text(&curl(
                &running,
                &[
                    &[door, "-w", " %{http_code} %{http_version}"],
                    more,
                    &[&url],
                ]
                .concat(),
            ))
        };
        let version = if protocol.is_empty() { "1.1" } else { "2" };
        assert_eq!(
            fetch(&[], "/r"),
            format!("hello {protocol}\n 200 {version}")
        );
        assert_eq!(fetch(&[], "/none"), format!(" 204 {version}"));
        assert_eq!(
            fetch(&["-I", "-o", "/dev/null"], "/file"),
            format!(" 200 {version}")
        );
        assert_eq!(fetch(&[], "/p/x"), format!("hello 200 {version}"));
        assert_eq!(
            fetch(&["-d", "some=thing"], "/p/x"),
            format!("hello 200 {version}")
        );
        assert_eq!(
            fetch(&["-d", "some=thing"], "/u/x"),
            format!("hello 200 {version}")
        );
        let expect = ["-H", "Expect: 100-continue", "-d", "some=thing"];
        assert_eq!(fetch(&expect, "/u/x"), format!("hello 200 {version}"));
        assert_eq!(
            fetch(&[], "/file"),
            format!("{} 200 {version}", "f".repeat(50_000))
        );
    }
}

#[test]
fn what_is_counted_is_what_the_frames_had() {
    let running = start(PLACES);
    let mut raw = Raw::connect(&running, b"");
    let paths = ["/r", "/none", "/file", "/p/x", "/missing"];
    for (number, path) in paths.into_iter().enumerate() {
        let id = 2 * number as u32 + 1;
        let head = fields(POST, path);
        let request = [
            frame(HEADERS, END_HEADERS, id, &head),
            frame(DATA, PADDED, id, b"\x03body\0\0\0"),
            frame(DATA, END_STREAM, id, b"!"),
        ];
        raw.send(&request.concat());
        let (mut sent, mut content) = (0, 0);
        for frame in raw.stream(id) {
            if frame.kind != RST_STREAM {
                sent += 9 + frame.payload.len();
            }
            if frame.kind == DATA {
                content += frame.payload.len();
            }
        }
        let line = lines(&running, number + 1).pop().unwrap();
        let numbers = format!("{sent} {content} {} h2c", head.len() + 5);
        assert!(
            line.starts_with(&format!("POST {path} ")) && line.ends_with(&numbers),
            "{line}: {numbers}"
        );
    }
}

#[test]
fn streams_end_apart_from_each_other() {
    let running = start(PLACES);
    let mut raw = Raw::connect(&running, b"");
    // One is reset while it waits for its origin, one while it sends its body; others go on.
    raw.send(
        &[
            get(1, "/p/slow"),
            post(3, "/u/x"),
            get(5, "/p/slow"),
            get(7, "/r"),
        ]
        .concat(),
    );
    assert_eq!(raw.stream(7).len(), 2);
    raw.send(
        &[
            frame(RST_STREAM, 0, 1, b"\0\0\0\x08"),
            frame(RST_STREAM, 0, 3, b"\0\0\0\x08"),
        ]
        .concat(),
    );
    assert_eq!(raw.stream(5).last().map(|last| last.kind), Some(DATA));
    // A response that breaks off is seen to be one, and no answer is a reset.
    raw.send(&get(9, "/p/half"));
    let broken = raw.stream(9);
    let content: Vec<_> = broken
        .iter()
        .filter(|one| one.kind == DATA)
        .flat_map(|one| one.payload.clone())
        .collect();
    assert_eq!(content, b"half");
    assert_eq!(
        broken.last().map(|last| last.payload.clone()),
        Some(vec![0, 0, 0, 2])
    );
    raw.send(&get(11, "/silent"));
    assert_eq!(
        raw.stream(11).last().map(|last| last.kind),
        Some(RST_STREAM)
    );
    // A request that is none: the client is told by a reset, and the status of it.
    let block = [&fields(GET, "/r")[..], b"\0\x02te\x04gzip"].concat();
    raw.send(&frame(HEADERS, END_STREAM | END_HEADERS, 13, &block));
    assert_eq!(raw.stream(13).len(), 1);
    raw.send(&frame(GOAWAY, 0, 0, &[0; 8]));
    running.expect_status("http/http2/goaways", &json!({ "received": 1, "sent": 1 }));
    let streams = json!({ "accepted": 6, "active": 0, "refused": 0, "rejected": 1 });
    running.expect_status("http/http2/streams", &streams);
    let resets = json!({ "received": 2, "sent": 3 });
    running.expect_status("http/http2/resets", &resets);
    drop(raw);
    let connections = json!({ "accepted": 1, "active": 0, "errors": 0 });
    running.expect_status("http/http2/connections", &connections);
    let lines = lines(&running, 7);
    let ended = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(ended("GET /p/slow 499"), 1, "{lines:?}");
    assert_eq!(ended("POST /u/x 499"), 1, "{lines:?}");
    assert_eq!(ended("GET /p/slow 200"), 1, "{lines:?}");
    assert_eq!(ended("GET /silent 444"), 1, "{lines:?}");
}

#[test]
fn windows_hold_back_both_sides() {
    let running = start(PLACES);
    // The client grants nothing at first, and then little by little.
    let mut raw = Raw::connect(&running, &[0, 4, 0, 0, 0, 0]);
    raw.send(&[get(1, "/file"), get(3, "/none")].concat());
    assert_eq!(raw.stream(3).len(), 1);
    let mut got = 0;
    while got < 50_000 {
        raw.send(&frame(WINDOW_UPDATE, 0, 1, &20_000_u32.to_be_bytes()));
        raw.send(&frame(WINDOW_UPDATE, 0, 0, &20_000_u32.to_be_bytes()));
        let until = (got + 20_000).min(50_000);
        while got < until {
            let next = raw.next().unwrap();
            got += if next.kind == DATA {
                next.payload.len()
            } else {
                0
            };
        }
        assert_eq!(got, until);
    }
}

/// What a client floods the connection with, piece by piece.
type Flood = (&'static str, fn(u32) -> Vec<u8>);

const FLOODS: &[Flood] = &[
    ("resets", |turn| {
        [
            get(2 * turn + 1, "/r"),
            frame(RST_STREAM, 0, 2 * turn + 1, b"\0\0\0\x08"),
        ]
        .concat()
    }),
    ("resets of proxied requests", |turn| {
        [
            get(2 * turn + 1, "/p/slow"),
            frame(RST_STREAM, 0, 2 * turn + 1, b"\0\0\0\x08"),
        ]
        .concat()
    }),
    ("resets of bodies", |turn| {
        let id = 2 * turn + 1;
        [
            post(id, "/u/x"),
            frame(DATA, 0, id, b"x"),
            frame(RST_STREAM, 0, id, b"\0\0\0\x08"),
        ]
        .concat()
    }),
    ("pings", |_| frame(PING, 0, 0, b"12345678")),
    ("answers to pings", |_| frame(PING, 1, 0, b"12345678")),
    ("settings", |_| frame(SETTINGS, 0, 0, b"")),
    ("windows that flap", |turn| {
        frame(SETTINGS, 0, 0, &[0, 4, 0, 0, (turn % 2) as u8, 0])
    }),
    ("tables that flap", |turn| {
        frame(SETTINGS, 0, 0, &[0, 1, (turn % 2) as u8, 0, 0, 0])
    }),
    ("priorities", |turn| {
        frame(PRIORITY, 0, 2 * turn + 1, b"\0\0\0\0\x10")
    }),
    ("unknown frames", |_| frame(UNKNOWN, 0, 0, b"x")),
    ("window updates", |_| {
        frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\x01")
    }),
    ("empty data", |turn| {
        if turn == 0 {
            post(1, "/p/x")
        } else {
            frame(DATA, 0, 1, b"")
        }
    }),
    ("one byte of data", |turn| {
        if turn == 0 {
            post(1, "/u/slow")
        } else {
            frame(DATA, 0, 1, b"x")
        }
    }),
    ("padding", |turn| {
        if turn == 0 {
            post(1, "/u/slow")
        } else {
            frame(DATA, PADDED, 1, &[255; 256])
        }
    }),
    ("continuations", |turn| {
        if turn == 0 {
            frame(HEADERS, 0, 1, &fields(GET, "/r"))
        } else {
            frame(CONTINUATION, 0, 1, b"\0\x01a\x01b")
        }
    }),
    ("empty continuations", |turn| {
        if turn == 0 {
            frame(HEADERS, 0, 1, &fields(GET, "/r"))
        } else {
            frame(CONTINUATION, 0, 1, b"")
        }
    }),
    ("streams that are refused", |turn| {
        post(2 * turn + 1, "/p/slow")
    }),
    ("requests that are none", |turn| {
        let block = [&fields(GET, "/r")[..], b"\0\x02te\x04gzip"].concat();
        frame(HEADERS, END_STREAM | END_HEADERS, 2 * turn + 1, &block)
    }),
];

#[test]
fn a_flood_ends_its_connection_and_no_other() {
    let running = start(PLACES);
    let mut other = Raw::connect(&running, b"");
    for (number, (name, piece)) in FLOODS.iter().enumerate() {
        let mut raw = Raw::connect(&running, b"");
        let mut writer = raw.0.try_clone().unwrap();
        // What it sends behind that is thrown away for a while, so that it can read why.
        let flood =
            thread::spawn(move || (0..50_000).all(|turn| writer.write_all(&piece(turn)).is_ok()));
        assert_eq!(raw.ending(), Some(CALM_DOWN), "{name}");
        drop(raw.0.shutdown(Shutdown::Both));
        drop(flood.join());
        let id = 2 * number as u32 + 1;
        other.send(&get(id, "/r"));
        assert_eq!(other.stream(id).len(), 2, "{name}");
    }
    let floods = running.status("http/http2/floods");
    let counted: u64 = floods
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert_eq!(counted, FLOODS.len() as u64, "{floods}");
    for (kind, least) in [
        ("resets", 3),
        ("settings", 3),
        ("pings", 1),
        ("continuations", 1),
    ] {
        assert!(floods[kind].as_u64() >= Some(least), "{floods}");
    }
    let workers = running.workers(1);
    other.send(&get(1001, "/r"));
    assert_eq!(other.stream(1001).len(), 2);
    assert_eq!(running.workers(1), workers, "none of them ended the worker");
}

#[test]
fn errors_of_the_protocol_end_what_they_must() {
    let running = start(PLACES);
    for (name, bytes, error) in [
        ("an even number", get(2, "/r"), 1),
        ("a stream that is idle", frame(DATA, 0, 9, b"x"), 1),
        (
            "a number that is not greater",
            [get(5, "/r"), get(3, "/r")].concat(),
            1,
        ),
        (
            "no Huffman code",
            frame(HEADERS, 5, 1, b"\x82\x86\x04\x84\xff\xff\xff\xff"),
            9,
        ),
        (
            "no index",
            frame(HEADERS, 5, 1, b"\xff\xff\xff\xff\xff\xff"),
            9,
        ),
        (
            "a frame that is too long",
            frame(HEADERS, 5, 1, &[0; 16_385]),
            6,
        ),
        ("a ping of seven bytes", frame(PING, 0, 0, b"1234567"), 6),
        ("settings of a stream", frame(SETTINGS, 0, 1, b""), 1),
        (
            "a window beyond all bounds",
            frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff"),
            3,
        ),
        (
            "a frame within a head",
            [
                frame(HEADERS, 0, 1, b"\x82"),
                frame(PING, 0, 0, b"12345678"),
            ]
            .concat(),
            1,
        ),
        ("a push", frame(5, 4, 1, b"\0\0\0\x02\x82"), 1),
    ] {
        let mut raw = Raw::connect(&running, b"");
        raw.send(&bytes);
        let ended = raw.ending();
        // Which of its errors a codec names is its own affair for what is no code.
        assert!(
            ended == Some(error) || ended == Some(1),
            "{name}: {ended:?}"
        );
    }
    let errors = running.status("http/http2/connections/errors");
    assert_eq!(errors, json!(11));
}

#[test]
fn reloads_fail_no_request() {
    if !have("curl") {
        return;
    }
    let running = start(PLACES);
    let list: String = (0..1500)
        .map(|number| {
            let path = ["/p/x", "/r", "/file"][number % 3];
            format!("url = \"https://127.0.0.1:$PORT2{path}\"\noutput = /dev/null\n")
        })
        .collect();
    running
        .site
        .add_file("list", &running.site.substitute(&list))
        .unwrap();
    let result = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let arguments = [
                "--http2",
                "-Z",
                "--parallel-max",
                "30",
                "-K",
                "$DIR/list",
                "-w",
                "%{http_code} %{http_version}\\n",
            ];
            text(&curl(&running, &arguments))
        });
        while !asking.is_finished() {
            running.server.signal("HUP");
            thread::sleep(Duration::from_millis(300));
        }
        asking.join().unwrap()
    });
    assert_eq!(result.lines().count(), 1500);
    assert!(result.lines().all(|line| line == "200 2"), "{result}");
    let lines = lines(&running, 1500);
    assert_eq!(lines.len(), 1500);
    assert!(lines.iter().all(|line| line.contains(" 200 ")));
}

#[test]
fn requests_that_a_worker_may_not_wait_for_have_ended_once() {
    let running = start(PLACES);
    let mut raw = Raw::connect(&running, b"");
    raw.send(&[get(1, "/p/slow"), post(3, "/u/x"), get(5, "/r")].concat());
    assert_eq!(raw.stream(5).len(), 2);
    running.server.signal("TERM");
    let lines = lines(&running, 3);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("GET /p/slow 000 ")),
        "{lines:?}"
    );
    assert!(
        lines.iter().any(|line| line.starts_with("POST /u/x 000 ")),
        "{lines:?}"
    );
}

#[test]
fn one_that_is_idle_is_told_to_go() {
    let running = start(&format!("{PLACES}keepalive_timeout 300ms;\n"));
    let mut raw = Raw::connect(&running, b"");
    raw.send(&get(1, "/r"));
    assert_eq!(raw.stream(1).len(), 2);
    assert_eq!(raw.ending(), Some(0));
    // Half a head does not hold a connection either.
    let running = start(&format!("{PLACES}client_header_timeout 300ms;\n"));
    let mut raw = Raw::connect(&running, b"");
    raw.send(&frame(HEADERS, 0, 1, b"\x82"));
    raw.ending();
}
