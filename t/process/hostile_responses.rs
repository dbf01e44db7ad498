//! Responses from a small grammar, most of them odd, behind the server: the client gets what is meant, or 502,
//! or sees that it is not whole; and no byte that was behind a response is ever taken for the next one.
//!
//! `HOSTILE_ROUNDS=100` makes it long, `SEED=N` draws others.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

use crate::harness::origin::serving;
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::wire::{Kind, Message};
use crate::harness::{PATIENCE, Running, poll};
use crate::hostile_requests::rounds;

/// What the client is to get.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Due {
    /// The body.
    Whole(String),
    /// The beginning of the body, and that something is missing.
    Broken(String),
    /// 502
    Refused,
}

/// Behind a response; whoever gets it has read on where nothing was asked for.
const POISON: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON";

/// A version and a status, fields, and what follows; whether the connection ends then.
struct Shape {
    line: &'static str,
    fields: String,
    rest: String,
    ends: bool,
    due: Due,
}

const OK: &str = "HTTP/1.1 200 OK";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

fn shape(line: &'static str, fields: &str, rest: &str, ends: bool, due: Due) -> Shape {
    let (fields, rest) = (fields.to_owned(), rest.to_owned());
    Shape {
        line,
        fields,
        rest,
        ends,
        due,
    }
}

fn whole(text: &str) -> Due {
    Due::Whole(text.to_owned())
}

fn broken(text: &str) -> Due {
    Due::Broken(text.to_owned())
}

fn shapes() -> Vec<Shape> {
    let mut all = sized_shapes();
    all.extend(other_shapes());
    all.extend(broken_shapes());
    all.extend(refused_shapes());
    all.extend(refused_lines());
    all
}

fn sized_shapes() -> Vec<Shape> {
    let mut all = Vec::new();
    for line in [
        OK,
        "HTTP/1.1 200",
        "HTTP/1.1 200 ",
        "HTTP/1.1 404 No\tsuch \u{fc}",
        "HTTP/1.1 999 x",
    ] {
        all.push(shape(
            line,
            "Content-Length: 5\r\n",
            "hello",
            false,
            whole("hello"),
        ));
    }
    for fields in [
        "content-length:5\r\n",
        "Content-Length: \t5 \r\nX-A: b\r\nx-a:\r\n",
        "Content-Length: 005\r\nConnection: X-Gone, x\r\nX-Gone: 1\r\n",
        "Content-Length: 5\r\nConnection: Content-Length\r\n",
        "Content-Length: 5\r\nKeep-Alive: 9\r\nUpgrade: h2c\r\nTE: x\r\nProxy-Connection: y\r\n",
        "Content-Length: 5\r\nConnection: close\r\n",
    ] {
        all.push(shape(OK, fields, "hello", false, whole("hello")));
    }
    let behind = format!("hello{POISON}");
    all.push(shape(
        OK,
        "Content-Length: 5\r\n",
        &behind,
        false,
        whole("hello"),
    ));
    all.push(shape(OK, "Content-Length: 0\r\n", POISON, false, whole("")));
    all
}

fn other_shapes() -> Vec<Shape> {
    let mut all = Vec::new();
    for (rest, content) in [
        ("0\r\n\r\n", ""),
        ("5\r\nhello\r\n0\r\n\r\n", "hello"),
        (
            "2;a=b\r\nhe\r\n3 \r\nllo\r\n0\r\nA: b\r\nContent-Length: 3\r\n\r\n",
            "hello",
        ),
        ("005\r\nhello\r\n000\r\n\r\n", "hello"),
    ] {
        all.push(shape(OK, CHUNKED, rest, false, whole(content)));
        let behind = format!("{rest}{POISON}");
        all.push(shape(OK, CHUNKED, &behind, false, whole(content)));
        all.push(shape(
            OK,
            "transfer-encoding:CHUNKED\r\n",
            rest,
            true,
            whole(content),
        ));
    }
    for line in [OK, "HTTP/1.0 200 OK", "HTTP/1.1 500 x"] {
        all.push(shape(line, "", "hello", true, whole("hello")));
        all.push(shape(
            line,
            "Connection: keep-alive\r\n",
            "",
            true,
            whole(""),
        ));
        all.push(shape(line, "", POISON, true, whole(POISON)));
    }
    let old = "Content-Length: 5\r\nConnection: keep-alive\r\n";
    all.push(shape(
        "HTTP/1.0 200 OK",
        old,
        "hello",
        false,
        whole("hello"),
    ));
    for line in ["HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"] {
        for fields in ["", "Content-Length: 5\r\n", CHUNKED] {
            all.push(shape(line, fields, "", false, whole("")));
            all.push(shape(line, fields, POISON, false, whole("")));
        }
    }
    all
}

fn broken_shapes() -> Vec<Shape> {
    let mut all = vec![shape(
        OK,
        "Content-Length: 50\r\n",
        "hello",
        true,
        broken("hello"),
    )];
    for rest in [
        "",
        "5",
        "5\r\nhel",
        "5\r\nhello",
        "5\r\nhello\r\n",
        "5\r\nhello\r\n0\r\n",
        "5\r\nhello\r\n0\r\nA: b\r\n",
    ] {
        let content = rest.get(3..8.min(rest.len())).unwrap_or_default();
        all.push(shape(OK, CHUNKED, rest, true, broken(content)));
    }
    for (rest, content) in [
        ("x\r\n", ""),
        ("\r\n", ""),
        ("-1\r\n", ""),
        (" 5\r\nhello\r\n0\r\n\r\n", ""),
        ("5\nhello\n0\n\n", ""),
        ("5;a\nhello\r\n0\r\n\r\n", ""),
        ("fffffffffffffffff\r\n", ""),
        ("5\r\nhello0\r\n\r\n", "hello"),
        ("5\r\nhello\n0\r\n\r\n", "hello"),
        ("5\r\nhello\r\n\r\n\r\n", "hello"),
        ("5\r\nhello\r\n0\r\n\n", "hello"),
        ("5\r\nhello\r\n0\r\nA: b\n\r\n", "hello"),
        ("5\r\nhello\r\n0\r\nA: b\r\r\n\r\n", "hello"),
    ] {
        let behind = format!("{rest}{POISON}");
        all.push(shape(OK, CHUNKED, &behind, false, broken(content)));
    }
    all
}

fn refused_shapes() -> Vec<Shape> {
    let mut all = Vec::new();
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\ncontent-length: 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length : 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 5\r\n folded: x\r\n",
        "Content-Length: 5\r\nX-A: b\0c\r\n",
        "Content-Length: 5\r\nX-A: b\rc\r\n",
        "Content-Length: 5\r\nX A: b\r\n",
        "Content-Length: 5\r\nX-A\r\n",
        "Content-Length: 5\r\n: b\r\n",
        "Content-Length: 5\r\nX-\u{1}: b\r\n",
    ] {
        all.push(shape(OK, fields, "hello", false, Due::Refused));
    }
    all
}

fn refused_lines() -> Vec<Shape> {
    let mut all = Vec::new();
    let long = format!("Content-Length: 5\r\nX-Long: {}\r\n", "x".repeat(8200));
    all.push(shape(OK, &long, "hello", false, Due::Refused));
    all.push(shape(
        "HTTP/1.0 200 OK",
        CHUNKED,
        "0\r\n\r\n",
        false,
        Due::Refused,
    ));
    for line in [
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 099 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  200 OK",
        "HTTP/2.0 200 OK",
        "HTTP/1.1x 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        "200 OK",
        "GET / HTTP/1.1",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 101 Switching Protocols",
    ] {
        all.push(shape(
            line,
            "Content-Length: 5\r\n",
            "hello",
            false,
            Due::Refused,
        ));
    }
    all
}

/// Before a response; whether it is one too many.
fn before(random: &mut Random) -> (String, bool) {
    const TOLD: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    const GO_ON: &str = "HTTP/1.1 100 Continue\r\n\r\n";
    match random.below(8) {
        0 => (GO_ON.to_owned(), false),
        1 => (TOLD.to_owned(), false),
        2 => (
            format!("{GO_ON}{TOLD}HTTP/1.1 199\r\nContent-Length: 5\r\n\r\n"),
            false,
        ),
        3 => (TOLD.repeat(16), false),
        4 => (TOLD.repeat(17), true),
        _ => (String::new(), false),
    }
}

struct Variant {
    bytes: Vec<u8>,
    ends: bool,
    due: Due,
    is_head: bool,
    is_old: bool,
    /// How the origin cuts it.
    cut: usize,
}

fn variant(shape: &Shape, random: &mut Random) -> Variant {
    let (before, is_too_much) = before(random);
    let is_head = random.below(5) == 0;
    let line_end = if random.below(6) == 0 { "\n" } else { "\r\n" };
    let head = format!("{}\r\n{}\r\n", shape.line, shape.fields).replace("\r\n", line_end);
    let due = match &shape.due {
        _ if is_too_much => Due::Refused,
        Due::Refused => Due::Refused,
        _ if is_head => whole(""),
        due => due.clone(),
    };
    let text = format!("{before}{head}{}", shape.rest);
    Variant {
        bytes: text.chars().map(|letter| letter as u8).collect(),
        ends: shape.ends,
        due,
        is_head,
        is_old: random.below(6) == 0,
        cut: *random.one_of(&[usize::MAX, 1, 2, 7, 100]),
    }
}

/// What the origin says next.
#[derive(Clone, Default)]
struct Speech {
    bytes: Vec<u8>,
    /// In pieces of this size.
    cut: usize,
    /// Whether it ends the connection then.
    ends: bool,
    is_said: bool,
}

type Next = Arc<Mutex<Speech>>;

fn start_origin() -> (SocketAddr, Next) {
    let next = Next::default();
    let all = Arc::clone(&next);
    (serving(move |stream, _| serve(stream, &all)), next)
}

fn serve(mut stream: TcpStream, next: &Next) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
        while let Ok(Some(message)) = Message::read(&bytes, Kind::Request, false) {
            bytes.drain(..message.length);
            if message.word() == "/marker" {
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmarker")?;
                continue;
            }
            let speech = next.lock().unwrap().clone();
            let mut pieces = speech.bytes.chunks(speech.cut);
            let all_written = pieces.all(|piece| stream.write_all(piece).is_ok());
            next.lock().unwrap().is_said = true;
            if speech.ends || !all_written {
                return Ok(());
            }
        }
    }
}

/// Asks for a variant, and for the marker once that is said or at once; gives all that comes.
fn exchange(address: SocketAddr, variant: &Variant, next: &Next, waits: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let method = if variant.is_head { "HEAD" } else { "GET" };
    let version = if variant.is_old { "1.0" } else { "1.1" };
    let text = format!("{method} /p HTTP/{version}\r\nHost: a\r\n\r\n");
    let marker = "GET /marker HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    if waits {
        stream.write_all(text.as_bytes()).unwrap();
        let said = poll(PATIENCE, || next.lock().unwrap().is_said.then_some(()));
        assert!(said.is_some());
        drop(stream.write_all(marker.as_bytes()));
    } else {
        stream.write_all((text + marker).as_bytes()).unwrap();
    }
    let mut got = Vec::new();
    if let Err(error) = stream.read_to_end(&mut got) {
        got.extend_from_slice(format!("[{error}]").as_bytes());
    }
    got
}

fn judge(variant: &Variant, mut got: &[u8]) -> Result<(), String> {
    let kind = match variant.is_head {
        true => Kind::Bodiless,
        false => Kind::Response,
    };
    let mut answer = Message::read(got, kind, true)?;
    while let Some(told) = answer.as_ref().filter(|one| one.status() < 200) {
        if variant.is_old || told.status() == 100 {
            return Err(format!("told {}", told.status()));
        }
        got = &got[told.length..];
        answer = Message::read(got, kind, true)?;
    }
    if let Due::Broken(content) = &variant.due {
        return judge_broken(variant, answer.as_ref(), content, got);
    }
    let answer = answer.ok_or_else(|| "it is not whole".to_owned())?;
    let rest = &got[answer.length..];
    match &variant.due {
        Due::Whole(body) if answer.body != body.as_bytes() => Err("another body".to_owned()),
        Due::Whole(_) if answer.status() == 502 => Err("refused".to_owned()),
        Due::Refused if answer.status() != 502 => Err("not refused".to_owned()),
        _ if answer.field("connection") == Some("close") => match rest.is_empty() {
            true => Ok(()),
            false => Err("something behind the last answer".to_owned()),
        },
        _ => judge_marker(rest),
    }
}

fn judge_marker(rest: &[u8]) -> Result<(), String> {
    let marker = Message::read(rest, Kind::Response, true)?;
    match marker {
        Some(marker) if marker.body == b"marker" && marker.length == rest.len() => Ok(()),
        _ => Err("the marker is not answered as it is".to_owned()),
    }
}

/// A client of HTTP/1.0 cannot see it where there is no length.
fn judge_broken(
    variant: &Variant,
    answer: Option<&Message>,
    content: &str,
    got: &[u8],
) -> Result<(), String> {
    let is_unseen = answer.is_some_and(|one| one.field("content-length").is_none());
    if answer.is_some() && !(variant.is_old && is_unseen) {
        return Err("what is broken looks whole".to_owned());
    }
    let end = got.windows(4).position(|four| four == b"\r\n\r\n");
    let body = &got[end.ok_or("not even a head")? + 4..];
    let letters = body.iter().filter(|byte| byte.is_ascii_alphabetic());
    let text: String = letters.map(|byte| char::from(*byte)).collect();
    match text.contains(content) && !text.contains("POISON") {
        true => Ok(()),
        false => Err("what came before it broke off is lost".to_owned()),
    }
}

#[test]
fn no_answer_is_wrong() {
    let (origin, next) = start_origin();
    let running = Running::start(&Parts {
        http_config: format!(
            "keepalive_requests 1000000;\n\
             upstream o {{ server {origin}; keepalive 4; keepalive_requests 100000; }}\n\
             server {{ listen 8080; location / {{ proxy_pass http://o; proxy_buffering off; }} }}"
        ),
        config: "location / { proxy_pass http://o; }".into(),
        ..Parts::default()
    });
    let addresses = [
        running.address(),
        running.site.address(running.site.second_port),
    ];
    let mut random = Random::seeded();
    let mut failures: HashMap<String, Vec<String>> = HashMap::new();
    let mut count = 0;
    for _ in 0..4 * rounds() {
        for shape in shapes() {
            let variant = variant(&shape, &mut random);
            *next.lock().unwrap() = Speech {
                bytes: variant.bytes.clone(),
                cut: variant.cut,
                ends: variant.ends,
                is_said: false,
            };
            // What comes behind an answer can be known of only once it has come.
            let waits = variant.cut < usize::MAX || random.below(2) == 0;
            let got = exchange(*random.one_of(&addresses), &variant, &next, waits);
            count += 1;
            if let Err(problem) = judge(&variant, &got) {
                let shown = format!(
                    "{:?} in pieces of {}, to a HEAD {}, of old {}, due {:?}\n  got {:?}",
                    String::from_utf8_lossy(&variant.bytes),
                    variant.cut,
                    variant.is_head,
                    variant.is_old,
                    variant.due,
                    String::from_utf8_lossy(&got)
                );
                failures.entry(problem).or_default().push(shown);
            }
        }
    }
    for (problem, all) in &failures {
        eprintln!(
            "{} of {count} times {problem}, as in\n  {}",
            all.len(),
            all[0]
        );
    }
    assert!(failures.is_empty());
    assert!(count >= 200);
    running.server.stop().unwrap();
}
