//! A real server and a real client of gRPC with `grpc_pass` between them: calls of all four kinds, what they end with, and what it takes of them.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::clients::have;
use crate::harness::client::Connection;
use crate::harness::exposition::PYTHON;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};

struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/grpc_server.py");
        let mut process = Command::new(PYTHON)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { process, port }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(server: &Server) -> Running {
    Running::start(&Parts {
        http_config: format!(
            "upstream g {{ server 127.0.0.1:{}; keepalive 8; }}\n",
            server.port
        ),
        config: "http2 on; client_max_body_size 0;\nlocation = /t.Test/Limited { client_max_body_size 1k; grpc_pass g; }\nlocation = /t.Test/Denied { return 403; }\n\
            location /t.Test/ { grpc_set_header X-From $remote_addr; grpc_pass g; }\n".into(),
        ..Parts::default()
    })
}

/// Its own client, in HTTP/2 on both sides.
#[test]
fn a_real_client_and_a_real_server_understand_each_other() {
    if !have(PYTHON) {
        return;
    }
    let server = Server::start();
    let running = start(&server);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/t/process/grpc_client.py");
    let client = Command::new(PYTHON)
        .args([script, &running.address().to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&client.stdout);
    let log = running.site.read("error.log");
    let errors = String::from_utf8_lossy(&client.stderr);
    assert!(
        client.status.success() && said == "fine\n",
        "{said}{errors}\n{log}"
    );
}

fn message(text: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_be_bytes();
    [&[0][..], &length, text].concat()
}

/// One call of a client that speaks HTTP/1.1.
struct Call(Connection);

impl Call {
    fn begin(running: &Running, method: &str) -> Self {
        let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
        let head = format!(
            "POST /t.Test/{method} HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nX-Own: 1\r\n\
             Transfer-Encoding: chunked\r\n\r\n"
        );
        connection.send(head.as_bytes()).unwrap();
        Self(connection)
    }

    fn say(&mut self, text: &[u8]) {
        let message = message(text);
        let head = format!("{:x}\r\n", message.len());
        let chunk = [head.as_bytes(), &message, b"\r\n"].concat();
        self.0.send(&chunk).unwrap();
    }

    /// Reads up to this.
    fn read(&mut self, end: &[u8]) -> Vec<u8> {
        let ends = |got: &[u8]| got.windows(end.len()).any(|part| part == end);
        self.0.read_until(PATIENCE, ends).0
    }

    /// Says that this is all; what comes up to the end.
    fn end(mut self) -> String {
        self.0.send(b"0\r\n\r\n").unwrap();
        let (got, _) = self.0.read_until(PATIENCE, |got| {
            got.ends_with(b"\r\n\r\n")
                && (has(got, b"\r\n0\r\n")
                    || has(got, b"content-length: 0")
                    || has(got, b"Content-Length: 0"))
        });
        String::from_utf8_lossy(&got).into_owned()
    }
}

fn has(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|one| one == part)
}

fn unary(running: &Running, method: &str, text: &[u8]) -> String {
    let mut call = Call::begin(running, method);
    call.say(text);
    call.end()
}

#[test]
fn calls_of_all_kinds_are_answered() {
    if !have(PYTHON) {
        return;
    }
    let server = Server::start();
    let running = start(&server);
    for _ in 0..5 {
        let upper = unary(&running, "Upper", b"hello");
        assert!(
            upper.starts_with("HTTP/1.1 200 OK\r\n") && upper.contains("\0\0\0\0\u{5}HELLO"),
            "{upper}"
        );
        let trailers = &upper[upper.rfind("\r\n0\r\n").unwrap()..];
        assert!(
            trailers.contains("grpc-status: 0\r\n") && trailers.contains("x-seen: 5\r\n"),
            "{upper}"
        );
    }
    let count = unary(&running, "Count", b"100");
    let chunks = (0..100).all(|number: u32| {
        let text = number.to_string();
        has(count.as_bytes(), &message(text.as_bytes()))
    });
    assert!(chunks && count.contains("grpc-status: 0"), "{count}");
    let mut total = Call::begin(&running, "Total");
    let piece = vec![b'x'; 50_000];
    (0..100).for_each(|_| total.say(&piece));
    let total = total.end();
    assert!(
        total.contains("5000000") && total.contains("grpc-status: 0"),
        "{total}"
    );
    let metadata = unary(&running, "Metadata", b"");
    assert!(
        metadata.contains("[('x-from', '127.0.0.1'), ('x-own', '1')]"),
        "{metadata}"
    );
}

#[test]
fn what_a_call_fails_with_gets_to_the_client() {
    if !have(PYTHON) {
        return;
    }
    let server = Server::start();
    let running = start(&server);
    let failed = unary(&running, "Fail", b"x");
    assert!(failed.starts_with("HTTP/1.1 200 OK\r\n"), "{failed}");
    assert!(
        failed.contains("grpc-status: 9\r\n")
            && failed.contains("grpc-message: not %C3%A4 now\r\n"),
        "{failed}"
    );
    let unknown = unary(&running, "Nothing", b"x");
    assert!(unknown.contains("grpc-status: 12\r\n"), "{unknown}");
}

#[test]
fn both_sides_of_a_call_talk_in_turn() {
    if !have(PYTHON) {
        return;
    }
    let server = Server::start();
    let running = start(&server);
    let mut call = Call::begin(&running, "Chat");
    for number in 0..20 {
        let word = format!("word {number}.");
        call.say(word.as_bytes());
        let answer = message(format!("you said {word}").as_bytes());
        let got = call.read(&answer);
        assert!(has(&got, &answer), "{}", String::from_utf8_lossy(&got));
    }
    let end = call.end();
    assert!(
        end.ends_with("\r\n\r\n") && end.contains("0\r\ngrpc-status: 0"),
        "{end}"
    );
}
