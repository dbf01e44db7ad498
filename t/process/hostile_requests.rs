//! Requests from a small grammar, most of them odd, in front of an origin: it gets exactly the requests that
//! are meant, and the client one answer to each. Whoever reads one of them otherwise than we do would smuggle.
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
use crate::harness::{PATIENCE, Running};

/// What a part of the grammar makes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Fine,
    /// It is answered with this status, and the connection ends.
    Refused(u16),
    /// It never ends.
    Open,
}

use Due::{Fine, Open, Refused};

const METHODS: &[&str] = &["GET", "POST", "HEAD", "PUT", "OPTIONS", "X-ODD"];

/// Behind the path.
const TARGETS: &[(&str, Due)] = &[
    ("", Fine),
    ("?a=%0d%0aX:%20y&b", Fine),
    ("?<>\"{}|^`\\", Fine),
    ("%20%0d%0a%7f", Fine),
    (" x", Refused(400)),
    ("\u{7f}", Refused(400)),
    ("%00", Refused(400)),
];

const FIELDS: &[(&str, Due)] = &[
    ("", Fine),
    ("X-A: b", Fine),
    ("X-A:b\r\nx-a: \tc \t", Fine),
    ("X-Empty:\r\nX-None", Fine),
    (
        "Connection: X-Forwarded-For, Host, X-Gone\r\nX-Forwarded-For: 1.2.3.4\r\nX-Gone: 1",
        Fine,
    ),
    ("Connection: close", Fine),
    ("Connection: Close , x", Fine),
    ("Expect: 100-continue", Fine),
    ("Expect: 100-CONTINUE", Fine),
    ("Expect: something", Fine),
    ("Upgrade: websocket\r\nConnection: Upgrade", Fine),
    ("TE: trailers\r\nKeep-Alive: 9\r\nProxy-Connection: x", Fine),
    ("X-\u{e9}: \u{fc}\u{ff}", Fine),
    ("Cookie: a\r\nCookie: b", Fine),
    ("Host: b", Refused(400)),
    ("X-A : b", Refused(400)),
    (" X-A: b", Refused(400)),
    ("X-A: b\r\n folded", Refused(400)),
    ("X-A\u{1}: b", Refused(400)),
    ("X-A: b\0c", Refused(400)),
    ("X-A: b\rX-B: c", Refused(400)),
    (": b", Refused(400)),
    ("Expect: a\r\nExpect: b", Refused(400)),
];

/// A request within a body, which must stay there.
const INNER: &str = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked";

/// Fields, bytes, content.
type Framed = (String, String, String, Due);

fn framings() -> Vec<Framed> {
    let mut all = fine_framings();
    all.extend(refused_framings());
    all.extend(refused_chunks());
    all
}

fn fine_framings() -> Vec<Framed> {
    let mut all: Vec<Framed> = Vec::new();
    let mut add = |fields: &str, bytes: &str, content: &str, due| {
        all.push((fields.into(), bytes.into(), content.into(), due));
    };
    add("", "", "", Fine);
    add("Content-Length: 0", "", "", Fine);
    for fields in [
        "Content-Length: 5",
        "content-length:5",
        "CONTENT-LENGTH:\t5 \t",
        "Content-Length: 0005",
    ] {
        add(fields, "hello", "hello", Fine);
    }
    let length = INNER.len();
    add(&format!("Content-Length: {length}"), INNER, INNER, Fine);
    for fields in [
        CHUNKED,
        "transfer-encoding:CHUNKED",
        "TRANSFER-ENCODING: \tchunked ",
    ] {
        add(fields, "5\r\nhello\r\n0\r\n\r\n", "hello", Fine);
    }
    for (bytes, content) in [
        ("0\r\n\r\n", ""),
        ("2\r\nhe\r\n03\r\nllo\r\n000\r\n\r\n", "hello"),
        ("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n", "hello"),
        ("5 \t;a\r\nhello\r\n0\r\n\r\n", "hello"),
        ("B\r\nhello\r\n0\r\n\r\r\n0\r\n\r\n", "hello\r\n0\r\n\r"),
        (
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n",
            "hello",
        ),
    ] {
        add(CHUNKED, bytes, content, Fine);
    }
    let inner = format!("{length:x}\r\n{INNER}\r\n0\r\n\r\n");
    add(CHUNKED, &inner, INNER, Fine);
    all
}

fn refused_framings() -> Vec<Framed> {
    let mut all: Vec<Framed> = Vec::new();
    let mut add = |fields: &str, bytes: &str, due| {
        all.push((fields.into(), bytes.into(), String::new(), due));
    };
    for fields in [
        "Content-Length: 5\r\nContent-Length: 5",
        "Content-Length: 5\r\ncontent-length: 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5, 5",
        "Content-Length: 0x5",
        "Content-Length: 5 5",
        "Content-Length: 5.0",
        "Content-Length:",
        "Content-Length: 18446744073709551616",
        "Content-Length: 5\u{b}",
        "Content-Length : 5",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 5",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "Transfer-Encoding: chunked\0",
        "\u{b}Transfer-Encoding: chunked",
    ] {
        add(fields, "5\r\nhello\r\n0\r\n\r\n", Refused(400));
    }
    for coding in [
        "identity",
        "gzip, chunked",
        "chunked, chunked",
        "xchunked",
        "chunked;a",
        ",chunked",
        "\"chunked\"",
    ] {
        let fields = format!("Transfer-Encoding: {coding}");
        add(&fields, "5\r\nhello\r\n0\r\n\r\n", Refused(501));
    }
    all
}

fn refused_chunks() -> Vec<Framed> {
    let mut all: Vec<Framed> = Vec::new();
    let mut add = |fields: &str, bytes: &str, due| {
        all.push((fields.into(), bytes.into(), String::new(), due));
    };
    for bytes in [
        "x\r\n",
        "\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\rhello\r0\r\r",
        "5\r\nhelloX0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\0\r\nhello\r\n0\r\n\r\n",
        "5 5\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: b\n\r\n",
        "5\r\nhello\r\n0\r\nA\x01: b\r\n\r\n",
    ] {
        add(CHUNKED, bytes, Refused(400));
    }
    add("Content-Length: 5000", "hello", Open);
    add(CHUNKED, "5000\r\nhello", Open);
    all
}

/// A request, and what is to come of it.
pub(crate) struct Variant {
    number: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) method: &'static str,
    pub(crate) content: String,
    due: Due,
    goes_on: bool,
    may_be_told: bool,
}

impl Variant {
    /// Whether it is taken.
    pub(crate) fn is_fine(&self) -> bool {
        self.due == Fine
    }
}

/// Every framing beside all other fields, in clothes that are drawn.
pub(crate) fn variants(random: &mut Random) -> Vec<Variant> {
    let mut all = Vec::new();
    for framing in &framings() {
        for fields in FIELDS {
            let is_old = random.below(7) == 0;
            let line_end = *random.one_of(&["\r\n", "\r\n", "\n"]);
            let target = match random.below(3) {
                0 => *random.one_of(TARGETS),
                _ => TARGETS[0],
            };
            let method = random.one_of(METHODS);
            let clothes = (is_old, line_end);
            all.push(variant(all.len(), method, target, clothes, fields, framing));
        }
    }
    all
}

fn variant(
    number: usize,
    method: &'static str,
    (target, of_target): (&str, Due),
    (is_old, line_end): (bool, &str),
    (fields, of_fields): &(&str, Due),
    (framing, body, content, of_framing): &Framed,
) -> Variant {
    let version = if is_old { "1.0" } else { "1.1" };
    let mut head = format!("{method} /p/{number}{target} HTTP/{version}\r\nHost: a\r\n");
    for lines in [*fields, framing]
        .into_iter()
        .filter(|lines| !lines.is_empty())
    {
        head.push_str(lines);
        head.push_str("\r\n");
    }
    let of_version = match is_old
        && framing
            .to_ascii_lowercase()
            .starts_with("transfer-encoding:")
    {
        true => Refused(400),
        false => Fine,
    };
    let dues = [of_target, *of_fields, of_version, *of_framing];
    let due = dues.into_iter().find(|due| *due != Fine).unwrap_or(Fine);
    let head = head.replace("\r\n", line_end) + line_end;
    let closes = fields.to_ascii_lowercase().contains("connection: close");
    Variant {
        number,
        bytes: latin(&(head + body)),
        method,
        content: content.clone(),
        due,
        goes_on: due == Fine && !is_old && !closes,
        may_be_told: !is_old && fields.to_ascii_lowercase().contains("100-continue"),
    }
}

/// Letters up to U+00FF as one byte each.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|letter| letter as u8).collect()
}

/// Targets and bodies of the requests that have come to an origin as a whole.
type Seen = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

fn start_origin() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let all = Arc::clone(&seen);
    (serving(move |stream, _| serve(stream, &all)), seen)
}

fn serve(mut stream: TcpStream, seen: &Seen) -> std::io::Result<()> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&piece[..read]);
        loop {
            let message = match Message::read(&bytes, Kind::Request, false) {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(problem) => {
                    seen.lock().unwrap().push((problem, bytes));
                    return Ok(());
                }
            };
            bytes.drain(..message.length);
            let mut answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                message.word().len()
            );
            if !message.line.starts_with("HEAD ") {
                answer.push_str(message.word());
            }
            seen.lock()
                .unwrap()
                .push((message.word().to_owned(), message.body));
            stream.write_all(answer.as_bytes())?;
        }
    }
}

/// Sends a variant and a marker behind it, and gives all that comes back.
fn exchange(address: SocketAddr, variant: &Variant, cut: usize) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let marker = format!(
        "GET /marker/{} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        variant.number
    );
    let bytes = [&variant.bytes, marker.as_bytes()].concat();
    for piece in bytes.chunks(cut) {
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    if variant.due == Open {
        drop(stream.shutdown(std::net::Shutdown::Write));
    }
    let mut got = Vec::new();
    if let Err(error) = stream.read_to_end(&mut got) {
        got.extend_from_slice(format!("[{error}]").as_bytes());
    }
    got
}

/// What the client got, without what it was told before.
fn answers(variant: &Variant, mut bytes: &[u8]) -> Result<Vec<Message>, String> {
    let mut all: Vec<Message> = Vec::new();
    while !bytes.is_empty() {
        let kind = match all.is_empty() && variant.method == "HEAD" && variant.due == Fine {
            true => Kind::Bodiless,
            false => Kind::Response,
        };
        let message = Message::read(bytes, kind, true)?;
        let message = message.ok_or_else(|| "an answer that is not whole".to_owned())?;
        bytes = &bytes[message.length..];
        match message.status() {
            100 if variant.may_be_told && all.is_empty() => {}
            _ => all.push(message),
        }
    }
    Ok(all)
}

fn judge(variant: &Variant, got: &[u8], seen: &[(String, Vec<u8>)]) -> Result<(), String> {
    let answers = match variant.due {
        // A HEAD may be refused before it is known for one.
        Refused(_) if variant.method == "HEAD" => refused_head(variant, got)?,
        _ => answers(variant, got)?,
    };
    let statuses: Vec<u16> = answers.iter().map(Message::status).collect();
    let expected: &[u16] = match variant.due {
        Fine if variant.goes_on => &[200, 200],
        Fine => &[200],
        Refused(status) => &[status],
        Open if statuses.is_empty() => &[],
        Open => &[400],
    };
    if statuses != expected {
        return Err(format!("{statuses:?} instead of {expected:?}"));
    }
    let own = format!("/p/{}", variant.number);
    let marker = format!("/marker/{}", variant.number);
    let is_own = |target: &str| {
        let rest = target.strip_prefix(&own);
        rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
    };
    let mut left = seen.to_vec();
    if variant.due == Fine {
        let first = (!left.is_empty()).then(|| left.remove(0));
        let is_due = first
            .is_some_and(|(target, body)| is_own(&target) && body == variant.content.as_bytes());
        if !is_due {
            return Err("the origin did not get it as it is".to_owned());
        }
    }
    if variant.goes_on && left.first().is_some_and(|(target, _)| *target == marker) {
        left.remove(0);
        if answers
            .last()
            .is_some_and(|answer| answer.body != marker.as_bytes())
        {
            return Err("the answer of another".to_owned());
        }
    }
    match left.is_empty() {
        true => Ok(()),
        false => Err("smuggled".to_owned()),
    }
}

fn refused_head(variant: &Variant, mut got: &[u8]) -> Result<Vec<Message>, String> {
    const TOLD: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
    if variant.may_be_told {
        got = got.strip_prefix(TOLD).unwrap_or(got);
    }
    let kinds = [Kind::Bodiless, Kind::Response];
    let read = kinds.map(|kind| Message::read(got, kind, true));
    for message in read.into_iter().flatten().flatten() {
        if message.length == got.len() {
            return Ok(vec![message]);
        }
    }
    Err("no plain refusal".to_owned())
}

#[test]
fn nothing_is_smuggled() {
    let (origin, seen) = start_origin();
    let running = Running::start(&Parts {
        http_config: format!(
            "keepalive_requests 1000000; large_client_header_buffers 4 16k;\n\
             upstream o {{ server {origin}; keepalive 4; keepalive_requests 100000; }}\n\
             server {{ listen 8080; location / {{ proxy_pass http://o; proxy_request_buffering off; }} }}"
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
    for _ in 0..rounds() {
        let variants = variants(&mut random);
        assert!(variants.len() >= 800, "{}", variants.len());
        for variant in &variants {
            let way = random.below(2);
            for cut in [usize::MAX, 1, 2 + random.below(60)] {
                seen.lock().unwrap().clear();
                let got = exchange(addresses[way ^ (cut & 1)], variant, cut);
                let seen = std::mem::take(&mut *seen.lock().unwrap());
                if let Err(problem) = judge(variant, &got, &seen) {
                    let shown = format!(
                        "{:?} in pieces of {cut}\n  got {:?}\n  the origin saw {seen:?}",
                        String::from_utf8_lossy(&variant.bytes),
                        String::from_utf8_lossy(&got)
                    );
                    failures.entry(problem).or_default().push(shown);
                }
            }
        }
    }
    for (problem, all) in &failures {
        eprintln!("{} times {problem}, as in\n  {}", all.len(), all[0]);
    }
    assert!(failures.is_empty());
    running.server.stop().unwrap();
}

/// How often the grammar is gone through.
pub(crate) fn rounds() -> usize {
    let asked = std::env::var("HOSTILE_ROUNDS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(1)
}
