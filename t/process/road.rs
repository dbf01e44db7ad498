//! The road between clients and origins: what must hold whatever either side does.
//!
//! `ROAD_ROUNDS=1000` makes what is drawn long, `ECHO_MIB=1024` the echo.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::origin::serving as origin;
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::wire::{Kind, Message};
use crate::harness::{PATIENCE, Running, poll};

/// The next request as a whole.
pub(crate) fn request(stream: &mut TcpStream) -> std::io::Result<Message> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 65536]);
    loop {
        match Message::read(&bytes, Kind::Request, false) {
            Ok(Some(message)) => return Ok(message),
            Ok(None) => {}
            Err(problem) => panic!("{problem}"),
        }
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&piece[..read]);
    }
}

pub(crate) fn connect(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// All that comes up to the end.
fn rest(stream: &mut TcpStream) -> String {
    let mut got = Vec::new();
    if let Err(error) = stream.read_to_end(&mut got) {
        got.extend_from_slice(format!("[{error}]").as_bytes());
    }
    String::from_utf8_lossy(&got).into_owned()
}

fn ask(address: SocketAddr, text: &str) -> String {
    rest(&mut connect(address, text))
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

/// Ends a connection so that the other side is told at once.
fn reset(stream: TcpStream) {
    let socket = socket2::Socket::from(stream);
    drop(socket.set_linger(Some(Duration::ZERO)));
}

fn number(name: &str, usual: usize) -> usize {
    let asked = std::env::var(name).ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(usual)
}

fn start(origin: SocketAddr, http_config: &str, config: &str) -> Running {
    Running::start(&Parts {
        http_config: format!(
            "metric_zone under_way:64k gauge; metric_zone ended:64k count;\n\
             upstream o {{ zone o 128k; server {origin}; keepalive 8; }}\n{http_config}"
        ),
        config: format!(
            "location / {{ metric under_way now=1 on=request; metric under_way now=-1 on=end;\n\
             metric ended all on=end; proxy_pass http://o; {config} }}"
        ),
        ..Parts::default()
    })
}

fn peer(running: &Running) -> Value {
    let group = running.status("http/upstreams/o/peers");
    let peers = group.as_object().unwrap();
    peers.values().next().unwrap().clone()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn both_directions_blocked_go_on() {
    let origin = origin(|mut stream, _| {
        let mut head = [0; 1];
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut head)?;
            seen.push(head[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
        // Both directions are full again and again: it reads and writes in one thread.
        let mut piece = vec![0; 300_000];
        loop {
            let read = stream.read(&mut piece)?;
            stream.write_all(&piece[..read])?;
            if read == 0 || piece[..read].ends_with(b"0\r\n\r\n") {
                return Ok(());
            }
        }
    });
    let running = start(
        origin,
        "client_max_body_size 0;",
        "proxy_request_buffering off; proxy_buffering off;",
    );
    let size = number("ECHO_MIB", 48) << 20;
    let mut writing = connect(
        running.address(),
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let mut reading = writing.try_clone().unwrap();
    let reader = thread::spawn(move || {
        let (mut piece, mut sum, mut letters) = (vec![0; 200_000], 0_u64, 0_usize);
        loop {
            let read = reading.read(&mut piece).unwrap();
            if read == 0 {
                return (sum, letters);
            }
            let content = piece[..read].iter().filter(|byte| **byte >= 0x80);
            let (own, count) = content.fold((0, 0), |(sum, count), byte| {
                (sum + u64::from(*byte), count + 1)
            });
            sum += own;
            letters += count;
        }
    });
    let chunk: Vec<u8> = (0..65536_usize).map(|at| 0x80 | (at % 127) as u8).collect();
    let own: u64 = chunk.iter().map(|byte| u64::from(*byte)).sum();
    for _ in 0..size / chunk.len() {
        let framed = [b"10000\r\n", &chunk[..], b"\r\n"].concat();
        writing.write_all(&framed).unwrap();
    }
    writing.write_all(b"0\r\n\r\n").unwrap();
    let (sum, count) = reader.join().unwrap();
    assert_eq!((sum, count), (own * (size / chunk.len()) as u64, size));
    running.server.stop().unwrap();
}

#[test]
fn a_client_may_send_all_before_it_reads() {
    const ANSWER: usize = 24 << 20;
    let origin = origin(|mut stream, _| {
        stream.read_exact(&mut [0; 10])?;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {ANSWER}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(&vec![b'x'; ANSWER])?;
        stream.shutdown(Shutdown::Write)?;
        thread::sleep(PATIENCE);
        Ok(())
    });
    // More than the system holds for a client that does not read.
    let config = "proxy_request_buffering off; proxy_buffering on;";
    let running = start(origin, "client_max_body_size 0;", config);
    let mut stream = connect(
        running.address(),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000000\r\n\r\n",
    );
    // A server that does not take it lets this run into its time-out.
    stream.write_all(&vec![b'y'; 30_000_000]).unwrap();
    assert_eq!(rest(&mut stream).matches('x').count(), ANSWER);
    running.server.stop().unwrap();
}

/// A client that reads nothing has the origin wait, or not, as the response says.
#[test]
fn a_response_says_whether_it_is_read_ahead() {
    // More than the system holds on the way.
    const SIZE: usize = 64 << 20;
    for (buffering, word, is_read_ahead) in [
        ("on", "No", false),
        ("off", "yes", true),
        ("on", "maybe", true),
        ("off", "maybe", false),
    ] {
        let taken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&taken);
        let origin = origin(move |mut stream, _| {
            request(&mut stream)?;
            let head = format!(
                "HTTP/1.1 200 OK\r\nX-Accel-Buffering: {word}\r\nContent-Length: {SIZE}\r\n\r\n"
            );
            stream.write_all(head.as_bytes())?;
            let piece = vec![b'x'; 1 << 16];
            while count.load(Ordering::Relaxed) < SIZE {
                stream.write_all(&piece)?;
                count.fetch_add(piece.len(), Ordering::Relaxed);
            }
            Ok(())
        });
        let running = start(origin, "", &format!("proxy_buffering {buffering};"));
        let mut client = connect(running.address(), &get("/"));
        let mut head = [0; 15];
        client.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        let mut before = 0;
        let settled = poll(PATIENCE, || {
            let now = taken.load(Ordering::Relaxed);
            let rests = std::mem::replace(&mut before, now) == now;
            if rests && !is_read_ahead {
                thread::sleep(Duration::from_secs(1));
            }
            match is_read_ahead {
                true => (now >= SIZE).then_some(()),
                false => (rests && taken.load(Ordering::Relaxed) == now).then_some(()),
            }
        });
        let now = taken.load(Ordering::Relaxed);
        assert!(settled.is_some(), "{buffering} {word}: {now}");
        assert_eq!(now >= SIZE, is_read_ahead, "{buffering} {word}: {now}");
        drop(client);
        running.server.stop().unwrap();
    }
}

#[test]
fn a_stale_connection_is_replaced_once() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let origin = origin(move |mut stream, _| {
        request(&mut stream)?;
        count.fetch_add(1, Ordering::Relaxed);
        stream.write_all(OK)?;
        // The second request on a connection finds it closed.
        request(&mut stream)?;
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let running = start(origin, "", "");
    let post = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    for (text, status, requests) in [
        (get("/"), "200", 1),
        (get("/"), "200", 2),
        (get("/"), "200", 2),
        (post.to_owned(), "502", 1),
        (post.to_owned(), "200", 1),
    ] {
        let before = asked.load(Ordering::Relaxed);
        let got = ask(running.address(), &text);
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status}")),
            "{text} {got}"
        );
        assert_eq!(asked.load(Ordering::Relaxed) - before, requests, "{text}");
    }
    // A request that may not be made twice is the only one that failed.
    let peer = peer(&running);
    assert_eq!(peer["health"]["fails"], json!(1), "{peer}");
    running.server.stop().unwrap();
}

#[test]
fn nothing_is_repeated_that_was_begun() {
    let second = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&second);
    let other = origin(move |mut stream, _| {
        request(&mut stream)?;
        count.fetch_add(1, Ordering::Relaxed);
        stream.write_all(OK)
    });
    let first = origin(|mut stream, _| {
        let target = request(&mut stream)?.word().to_owned();
        stream.write_all(match target.as_str() {
            "/part" => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart",
            "/head" => b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "/chunk" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npart",
            "/half" => b"HTTP/1.1 200 OK\r\nContent-Le",
            _ => b"",
        })?;
        if target != "/part" {
            reset(stream);
        }
        Ok(())
    });
    let running = Running::start(&Parts {
        http_config: format!(
            "upstream two {{ server {first} weight=1000 max_fails=0; server {other} backup; }}"
        ),
        config: "location / { proxy_pass http://two; }".into(),
        ..Parts::default()
    });
    let post = "POST /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    for (text, status, repeated) in [
        (get("/part"), "200", 0),
        (get("/head"), "200", 0),
        (get("/chunk"), "200", 0),
        (get("/half"), "200", 1),
        (get("/none"), "200", 1),
        (post.to_owned(), "502", 0),
    ] {
        let before = second.load(Ordering::Relaxed);
        let got = ask(running.address(), &text);
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status}")),
            "{text} {got}"
        );
        assert_eq!(second.load(Ordering::Relaxed) - before, repeated, "{text}");
        let is_whole = got.ends_with("\r\n\r\nok") || status == "502";
        assert_eq!(is_whole, repeated == 1 || status == "502", "{text} {got}");
    }
    running.server.stop().unwrap();
}

/// Changes to another protocol whatever is asked, and says back what it hears.
fn change_protocol(mut stream: TcpStream) -> std::io::Result<()> {
    let mut piece = [0; 4096];
    let mut seen = Vec::new();
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read(&mut piece)?;
        seen.extend_from_slice(&piece[..read]);
        if read == 0 {
            return Ok(());
        }
    }
    // Its first words come in one piece with the head.
    let head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nhello ";
    stream.write_all(head.as_bytes())?;
    let begin = seen
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap()
        + 4;
    stream.write_all(&seen[begin..])?;
    loop {
        let read = stream.read(&mut piece)?;
        if read == 0 || stream.write_all(&piece[..read]).is_err() {
            return Ok(());
        }
    }
}

#[test]
fn another_protocol_begins_where_it_is_asked_for() {
    let origin = origin(|stream, _| change_protocol(stream));
    let fields =
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection;";
    let running = start(
        origin,
        "",
        &format!("proxy_request_buffering off; {fields}"),
    );
    let upgrade = "Upgrade: x\r\nConnection: Upgrade\r\n";
    let mut stream = connect(
        running.address(),
        &format!("GET / HTTP/1.1\r\nHost: a\r\n{upgrade}\r\nearly "),
    );
    let mut got = Vec::new();
    let mut piece = [0; 512];
    while !got.ends_with(b"\r\n\r\nhello early ") {
        let read = stream.read(&mut piece).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&got));
        got.extend_from_slice(&piece[..read]);
    }
    stream.write_all(b"later").unwrap();
    stream.read_exact(&mut piece[..5]).unwrap();
    assert_eq!(&piece[..5], b"later");
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(rest(&mut stream), "");
    for unasked in [
        get("/"),
        format!("GET / HTTP/1.0\r\nHost: a\r\n{upgrade}\r\n"),
        // Its body has not been sent yet.
        format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n{upgrade}\r\nx"),
    ] {
        let mut stream = connect(running.address(), &unasked);
        let read = stream.read(&mut piece).unwrap();
        let got = String::from_utf8_lossy(&piece[..read]);
        assert!(got.starts_with("HTTP/1.1 502"), "{unasked} {got}");
    }
    running.expect_status("http/metric_zones/under_way/metrics", &json!({"now": 0}));
    running.server.stop().unwrap();
}

#[test]
fn no_value_ends_a_field() {
    let origin = origin(|mut stream, _| {
        let message = request(&mut stream)?;
        let shown = format!("{:?}", (message.line, message.fields));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", shown.len());
        stream.write_all((head + &shown).as_bytes())
    });
    let config = "location ~ ^/(?<part>(?s:.*))$ { set $kept $part;\n\
        proxy_set_header X-Capture $1; proxy_set_header X-Set $kept; proxy_set_header X-Uri $uri;\n\
        proxy_set_header X-Argument $arg_a; proxy_method $part;\n\
        add_header X-Capture $1 always; add_header X-Kept $kept always; proxy_pass http://$ORIGIN/$part; }\n\
        location /to/ { return 302 http://a/$uri; }\n";
    let running = Running::start(&Parts {
        config: config.replace("$ORIGIN", &origin.to_string()),
        ..Parts::default()
    });
    for target in [
        "/a%0d%0aX-Bad:%20b",
        "/a%0aX-Bad:%20b%0a%0aGET%20/%20HTTP/1.1",
        "/a%0dX-Bad:b%01%7f?a=x%0d%0aX-Bad:%20y",
        "/to/%0d%0aX-Bad:%20b",
        "/%20HTTP/1.1%0d%0aX-Bad:%20b",
    ] {
        let got = ask(running.address(), &get(target));
        let message = Message::read(got.as_bytes(), Kind::Response, true);
        let message = message.unwrap_or_else(|problem| panic!("{target}: {problem}"));
        let message = message.unwrap_or_else(|| panic!("{target}: {got}"));
        assert_eq!(message.length, got.len(), "{target}: {got}");
        assert!(matches!(message.status(), 200 | 302), "{target}: {got}");
        assert_eq!(message.field("x-bad"), None, "{target}");
        let body = String::from_utf8(message.body).unwrap();
        assert!(!body.contains("(\"x-bad\""), "{target}: {body}");
    }
    running.server.stop().unwrap();
}

#[test]
fn a_client_cannot_have_fields_dropped_that_others_rely_on() {
    let origin = origin(|mut stream, _| {
        let message = request(&mut stream)?;
        let shown = format!("{:?}", message.fields);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", shown.len());
        stream.write_all((head + &shown).as_bytes())
    });
    let running = start(origin, "", "proxy_set_header X-Real-IP $remote_addr;");
    let got = ask(
        running.address(),
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Gone: 1\r\nCookie: c\r\n\
         Connection: close, X-Gone, Host , x-forwarded-for,X-Real-IP, Cookie\r\n\r\n",
    );
    assert!(!got.contains("x-gone"), "{got}");
    for kept in [
        "\"x-forwarded-for\", \"1.2.3.4\"",
        "(\"host\"",
        "(\"x-real-ip\"",
        "\"cookie\"",
    ] {
        assert!(got.contains(kept), "{kept}: {got}");
    }
    running.server.stop().unwrap();
}

/// What one side does once it has said what it says.
fn leave(stream: TcpStream, random: &mut Random) {
    match random.below(4) {
        0 => reset(stream),
        1 => drop(stream),
        2 => {
            drop(stream.shutdown(Shutdown::Write));
            drop((&stream).read(&mut [0; 64]));
        }
        _ => {
            drop(stream.set_read_timeout(Some(Duration::from_millis(20))));
            while matches!((&stream).read(&mut [0; 4096]), Ok(1..)) {}
        }
    }
}

const REQUESTS: &[&str] = &[
    "GET /n HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /n HTTP/1.1\r\nHost: a\r\n\r\nGET /n HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /n HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789abcdefghij",
    "POST /n HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n",
    "POST /n HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
    "GET /n HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nmore of it",
    "HEAD /n HTTP/1.0\r\nHost: a\r\n\r\n",
];

const ANSWERS: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789abcdefghij",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n",
    "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nmore of it",
    "HTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\nx",
];

/// Files that a process has open.
fn open_files(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd"))
        .unwrap()
        .count()
}

/// Both sides leave in every way at every place; nothing is left of it.
#[test]
fn wherever_either_side_leaves_nothing_stays_behind() {
    let seed = Random::seeded().next();
    let origin = origin(move |mut stream, number| {
        let mut random = Random(seed ^ (number as u64 + 1) << 20);
        let mut piece = [0; 4096];
        for _ in 0..random.below(4) {
            if stream.read(&mut piece)? == 0 {
                return Ok(());
            }
            let answer = *random.one_of(ANSWERS);
            let cut = random.below(2 * answer.len()).min(answer.len());
            stream.write_all(&answer.as_bytes()[..cut])?;
        }
        leave(stream, &mut random);
        Ok(())
    });
    for (buffering, outlives) in [("on", "off"), ("off", "off"), ("off", "on")] {
        let config = format!(
            "proxy_buffering {buffering}; proxy_request_buffering {buffering};\n\
             proxy_ignore_client_abort {outlives}; proxy_set_header Upgrade $http_upgrade;\n\
             proxy_set_header Connection $http_connection;\n\
             proxy_read_timeout 500ms; client_body_timeout 500ms; send_timeout 500ms;"
        );
        let running = start(
            origin,
            "client_header_timeout 500ms; keepalive_timeout 1s;",
            &config,
        );
        let worker = running.workers(1)[0];
        let before = open_files(worker);
        let mut random = Random::seeded();
        let mut clients = Vec::new();
        for _ in 0..number("ROAD_ROUNDS", 150) {
            let address = running.address();
            let mut own = Random(random.next());
            clients.push(thread::spawn(move || {
                let text = *own.one_of(REQUESTS);
                let mut stream = connect(address, "");
                let cut = own.below(2 * text.len()).min(text.len());
                for piece in text.as_bytes()[..cut].chunks(1 + own.below(100)) {
                    drop(stream.write_all(piece));
                }
                if own.below(2) == 0 {
                    drop(stream.read(&mut [0; 40]));
                }
                leave(stream, &mut own);
            }));
            if clients.len() >= 16 {
                clients.drain(..).for_each(|client| client.join().unwrap());
            }
        }
        clients.drain(..).for_each(|client| client.join().unwrap());
        expect_quiet(&running, worker, before);
        running.server.stop().unwrap();
    }
}

fn expect_quiet(running: &Running, worker: u32, before: usize) {
    running.expect_status("http/metric_zones/under_way/metrics", &json!({"now": 0}));
    let mut busy = Value::Null;
    let free = poll(PATIENCE, || {
        busy = peer(running)["selected"]["current"].clone();
        (busy == json!(0)).then_some(())
    });
    assert!(
        free.is_some(),
        "{busy} requests are under way with the peer"
    );
    let mut open = 0;
    let closed = poll(PATIENCE, || {
        open = open_files(worker);
        // Idle connections to the peer are kept, and the status is asked over one.
        (open <= before + 8 + 2).then_some(())
    });
    assert!(closed.is_some(), "{before} files were open, and now {open}");
    assert_eq!(running.workers(1), [worker]);
    let log = running.site.read("error.log");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn connections_to_peers_that_are_gone_are_closed() {
    let left = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&left);
    let first = origin(move |mut stream, _| {
        while request(&mut stream).is_ok() {
            stream.write_all(OK)?;
        }
        count.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    let second = origin(|mut stream, _| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")
    });
    let parts = |origin: SocketAddr| Parts {
        http_config: format!("upstream o {{ server {origin}; keepalive 8; }}"),
        config: "location / { proxy_pass http://o; }".into(),
        ..Parts::default()
    };
    let running = Running::start(&parts(first));
    assert!(ask(running.address(), &get("/")).ends_with("ok"));
    assert_eq!(left.load(Ordering::Relaxed), 0);
    running.reload(&parts(second));
    assert!(ask(running.address(), &get("/")).ends_with("new"));
    let closed = poll(PATIENCE, || {
        (left.load(Ordering::Relaxed) == 1).then_some(())
    });
    assert!(closed.is_some());
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_only_ended_its_side_is_answered_where_leaving_ends_nothing() {
    let origin = origin(|mut stream, _| {
        request(&mut stream)?;
        thread::sleep(Duration::from_millis(50));
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")?;
        stream.write_all(&[b'x'; 300_000])
    });
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for (outlives, count) in [("on", 300_000), ("off", 0)] {
        for buffering in ["on", "off"] {
            let config = format!(
                "proxy_ignore_client_abort {outlives}; proxy_request_buffering {buffering};"
            );
            let running = start(origin, "", &config);
            for text in [get("/").as_str(), post] {
                let mut stream = connect(running.address(), text);
                stream.shutdown(Shutdown::Write).unwrap();
                let got = rest(&mut stream);
                assert_eq!(got.matches('x').count(), count, "{outlives} {text}");
            }
            running.server.stop().unwrap();
        }
    }
}
