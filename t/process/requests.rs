//! What clients see and logs say of requests that take their time, that bring more than is wanted,
//! or whose client has left.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::origin::serving;
use crate::harness::server::signal;
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, poll};

fn start(script: &str, http_config: &str, config: &str) -> Running {
    let mut site = Site::create().unwrap();
    site.add_origin("o", script).unwrap();
    Running::start_at(
        site,
        &Parts {
            http_config: http_config.into(),
            config: config.into(),
            ..Parts::default()
        },
    )
}

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}

/// Everything up to the end of the connection.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
        _ => all,
    }
}

/// Up to and with the end of a response's head.
fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    String::from_utf8(head).unwrap()
}

/// The line of the access log that begins so, once it is there.
fn logged(running: &Running, start: &str) -> String {
    let line = poll(PATIENCE, || {
        let log = running.site.read("access.log");
        let mut lines = log.lines();
        lines
            .find(|line| line.starts_with(start))
            .map(str::to_owned)
    });
    line.unwrap_or_else(|| panic!("no {start:?} in {}", running.site.read("access.log")))
}

/// The number behind the last blank of that line.
fn last_number(running: &Running, start: &str) -> f64 {
    let line = logged(running, start);
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

const PAUSE: Duration = Duration::from_millis(600);
/// What the log shows at least for a pause, unless the machine is so busy that the server sees
/// what stood before and behind it at once.
const PAUSED: f64 = 0.5;

/// Sends requests for a target of its own until the time that the log shows for one is as expected:
/// a busy machine may spoil some.
fn expect_time(
    running: &Running,
    status: u16,
    scenario: impl Fn(&mut TcpStream, &str),
    is_right: impl Fn(f64) -> bool,
) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let mut times = Vec::new();
    let is_well = (0..5).any(|_| {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let target = format!("/number{number}");
        scenario(&mut connect(running), &target);
        let time = last_number(running, &format!("GET {target} HTTP/1.1|{status}"));
        times.push(time);
        is_right(time)
    });
    assert!(is_well, "status {status}: {times:?}");
}

fn send(stream: &mut TcpStream, pieces: &[&[u8]]) {
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            thread::sleep(PAUSE);
        }
        stream.write_all(piece).unwrap();
    }
}

const TIMES: &str = "log_format times '$request|$status $request_time';\n\
    access_log $DIR/access.log times;\n";

#[test]
fn the_time_of_a_request_begins_with_its_first_byte() {
    let running = start(
        "* /slow 200 delay=3\n* * 200\n",
        TIMES,
        "client_header_timeout 3s;\n\
         location / { return 200 x; }\nlocation /slow { proxy_pass http://$ORIGIN_o; }\n",
    );
    let line = |target: &str| format!("GET {target} HTTP/1.1\r\n").into_bytes();
    let in_two = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&line(target), b"Host: a\r\n\r\n"]);
        head(stream);
    };
    expect_time(&running, 200, in_two, |time| time >= PAUSED);
    let later = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&get("/")]);
        head(stream);
        stream.read_exact(&mut [0]).unwrap();
        in_two(stream, target);
    };
    expect_time(&running, 200, later, |time| time >= PAUSED);
    // Time that passes before the first byte of a later request is none of it.
    let after_a_while = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&get("/"), &get(target)]);
        head(stream);
        stream.read_exact(&mut [0]).unwrap();
        head(stream);
    };
    expect_time(&running, 200, after_a_while, |time| time < PAUSED);
    let malformed = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&line(target), b"A b: c\r\n\r\n"]);
        head(stream);
    };
    expect_time(&running, 400, malformed, |time| time >= PAUSED);
    let late = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&line(target)]);
        assert_eq!(rest(stream), b"");
    };
    expect_time(&running, 408, late, |time| time >= 2.9);
    // Empty lines before a request are none of it.
    let behind_a_blank = |stream: &mut TcpStream, target: &str| {
        send(stream, &[b"\r\n", &line(target)]);
        assert_eq!(rest(stream), b"");
    };
    expect_time(&running, 408, behind_a_blank, |time| time < 2.9);
    // A pipelined request begins when the one before it is over.
    let pipelined = |stream: &mut TcpStream, target: &str| {
        send(stream, &[&[get("/slow"), get(target)].concat()]);
        head(stream);
        head(stream);
    };
    expect_time(&running, 200, pipelined, |time| time < 2.0);
    running.server.stop().unwrap();
}

#[test]
fn an_answer_and_a_body_pass_each_other() {
    const FILE: usize = 8_000_000;
    const BODY: usize = 16_000_000;
    let running = start("* * 200\n", TIMES, "client_max_body_size 0;\n");
    let text = "f".repeat(FILE);
    running.site.add_file("html/large", &text).unwrap();
    for framing in ["Content-Length: 16000000", "Transfer-Encoding: chunked"] {
        let mut stream = connect(&running);
        let request = format!("GET /large HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        let is_chunked = framing.contains("chunked");
        stream.write_all(request.as_bytes()).unwrap();
        // All of it is sent before anything is read.
        for _ in 0..BODY / 1000 {
            if is_chunked {
                stream.write_all(b"3e8\r\n").unwrap();
            }
            stream.write_all(&[b'b'; 1000]).unwrap();
            if is_chunked {
                stream.write_all(b"\r\n").unwrap();
            }
        }
        if is_chunked {
            stream.write_all(b"0\r\nT: v\r\n\r\n").unwrap();
        }
        stream.write_all(&get("/none")).unwrap();
        let first = head(&mut stream);
        assert!(
            first.starts_with("HTTP/1.1 200") && first.contains("keep-alive"),
            "{first}"
        );
        stream.read_exact(&mut vec![0; FILE]).unwrap();
        assert!(head(&mut stream).starts_with("HTTP/1.1 404"));
    }
    running.server.stop().unwrap();
}

#[test]
fn a_client_that_leaves_is_noticed_behind_what_it_sent_on() {
    let running = start(
        "* /slow* 200 delay=60\n* * 200\n",
        TIMES,
        "location / { proxy_pass http://$ORIGIN_o; }\n",
    );
    // Behind one request, and behind more than is read ahead.
    for (number, count) in [1, 2000].into_iter().enumerate() {
        let slow = format!("/slow{number}");
        let mut stream = connect(&running);
        stream.set_write_timeout(Some(PAUSE)).unwrap();
        stream.write_all(&get(&slow)).unwrap();
        thread::sleep(PAUSE);
        // What does not fit is not sent.
        let _ = stream.write(&get(&format!("/next{number}")).repeat(count));
        thread::sleep(PAUSE);
        drop(stream);
        logged(&running, &format!("GET {slow} HTTP/1.1|499"));
    }
    running.server.stop().unwrap();
}

#[test]
fn what_a_client_that_left_had_sent_on_is_not_carried_out() {
    let running = start(
        "* /slow 200 delay=0.5\n    | answer\n* * 200\n",
        TIMES,
        "location / { proxy_pass http://$ORIGIN_o; }\n\
         location /slow { proxy_ignore_client_abort on; proxy_pass http://$ORIGIN_o; }\n\
         location /local { return 200 x; }\n",
    );
    for _ in 0..20 {
        let mut stream = connect(&running);
        let all = [get("/slow"), get("/local"), get("/next")].concat();
        stream.write_all(&all).unwrap();
    }
    let ended = || running.site.read("access.log").matches("GET /slow").count();
    let all = poll(PATIENCE, || (ended() == 20).then_some(()));
    assert!(all.is_some(), "{}", running.site.read("access.log"));
    // Whoever only says that nothing more comes gets what can be had at once.
    let mut stream = connect(&running);
    let both = [get("/local?first"), get("/local?last")].concat();
    stream.write_all(&both).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answers = rest(&mut stream);
    let count = String::from_utf8_lossy(&answers)
        .matches("HTTP/1.1 200")
        .count();
    assert_eq!(count, 2);
    logged(&running, "GET /local?last");
    let log = running.site.read("access.log");
    assert!(
        !log.contains("GET /local HTTP") && !log.contains("/next"),
        "{log}"
    );
    running.server.stop().unwrap();
}

/// Answers every connection with the same bytes.
fn answering(bytes: &'static [u8]) -> SocketAddr {
    serving(move |mut stream, _| {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            request.extend_from_slice(&byte);
        }
        stream.write_all(bytes)
    })
}

#[test]
fn bytes_of_a_body_are_those_that_followed_the_head() {
    let origin = answering(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n\
          5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    );
    let running = start(
        "* * 200\n",
        "log_format sent '$request|$bytes_sent $body_bytes_sent';\n\
         access_log $DIR/access.log sent;\nmetric_zone z:1m count;\n",
        &format!(
            "location /count {{ metric z $arg_k on=request; return 204; }}\n\
             location /p {{ proxy_http_version 1.1; proxy_pass http://{origin}; }}\n"
        ),
    );
    let mut stream = connect(&running);
    for number in 0..500 {
        stream
            .write_all(&get(&format!("/count?k=a{number}")))
            .unwrap();
        head(&mut stream);
    }
    for (target, more) in [
        ("/p", ""),
        ("/p?1", "Expect: 100-continue\r\nContent-Length: 1\r\n"),
        ("/none", ""),
        ("/status/", ""),
        ("/status/http/metric_zones/z/", ""),
    ] {
        let mut stream = connect(&running);
        let body = if more.is_empty() { "" } else { "x" };
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{more}\r\n{body}");
        stream.write_all(request.as_bytes()).unwrap();
        let mut heads = head(&mut stream);
        if heads.starts_with("HTTP/1.1 100") {
            heads += &head(&mut stream);
        }
        let body = rest(&mut stream).len();
        let line = logged(&running, &format!("GET {target} HTTP/1.1|"));
        let expected = format!("GET {target} HTTP/1.1|{} {body}", heads.len() + body);
        assert_eq!(line, expected, "{heads}");
    }
    running.server.stop().unwrap();
}

#[test]
fn what_was_sent_on_is_not_carried_out_once_the_connection_is_over() {
    const ROUNDS: usize = 30;
    let running = start("* * 200\n", TIMES, "location / { return 200 x; }\n");
    let worker = running.workers(1)[0].to_string();
    for _ in 0..ROUNDS {
        // The worker finds both requests and the end of the connection at once.
        signal(&worker, "STOP");
        let mut stream = connect(&running);
        stream.write_all(&[get("/a"), get("/b")].concat()).unwrap();
        drop(stream);
        signal(&worker, "CONT");
    }
    let count = |start: &str| running.site.read("access.log").matches(start).count();
    let all = poll(PATIENCE, || (count("GET /a") == ROUNDS).then_some(()));
    assert!(all.is_some(), "{}", running.site.read("access.log"));
    // The first answer is what tells that nobody is there, as a rule before the next one is due.
    assert!(count("GET /b") < ROUNDS / 2, "{}", count("GET /b"));
    running.server.stop().unwrap();
}

#[test]
fn a_connection_begins_with_the_limits_of_the_default_server_whoever_was_served_before() {
    let http = "server { listen 127.0.0.1:$PORT default_server; server_name a;
            large_client_header_buffers 4 8k; return 200 a; }
        server { listen 127.0.0.1:$PORT; server_name b;
            large_client_header_buffers 2 1k; return 200 b; }";
    let running = Running::start(&Parts {
        http: Some(http.into()),
        ..Parts::default()
    });
    let ask = |host: &str, field: usize| {
        let mut stream = connect(&running);
        let field = "x".repeat(field);
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Long: {field}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        head(&mut stream).lines().next().unwrap().to_owned()
    };
    for _ in 0..3 {
        assert_eq!(ask("a", 3000), "HTTP/1.1 200 OK");
        assert_eq!(ask("b", 10), "HTTP/1.1 200 OK");
    }
}
